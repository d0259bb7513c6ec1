//! What a run has left: its record, and where it stands.

use std::path::Path;
use std::process::{Command, Output};

use super::home::Home;

/// The standard output of a program that ended well.
///
/// # Panics
///
/// When it did not, showing everything that it said.
pub fn well(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", told(output));
    text
}

/// How a program ended and all that it said.
pub fn told(output: &Output) -> String {
    format!(
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The record is whole for both verifiers, and a report is written in both forms; gives the Markdown.
pub fn assert_recorded(home: &Home) -> String {
    let run = assert_verified(home);
    let markdown = home.path().join("report.md");
    let json = home.path().join("report.json");
    for (format, path) in [("markdown", &markdown), ("json", &json)] {
        let path = path.to_str().expect("a plain path");
        well(&home.runsheet(&["report", &run, "--format", format, "--output", path]));
    }
    let text = std::fs::read_to_string(&json).expect("read the report");
    serde_json::from_str::<serde_json::Value>(&text).expect("the report is JSON");
    std::fs::read_to_string(&markdown).expect("read the report")
}

/// The record is whole for both verifiers; gives the run's id.
pub fn assert_verified(home: &Home) -> String {
    let folder = home.only_run();
    let run = folder
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a run's folder");
    well(&home.runsheet(&["verify", run]));
    let python = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify_journal.py"))
        .arg(&folder)
        .output()
        .expect("start python3");
    well(&python);
    run.to_owned()
}

/// The step that a run has stopped at; none where nothing is left to do.
pub fn stopped_at(home: &Home, run: &str) -> Option<String> {
    let shown = well(&home.runsheet(&["show", run, "--format", "json"]));
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let steps = shown["steps"].as_array().expect("steps");
    let id = |step: &serde_json::Value| step["id"].as_str().map(str::to_owned);
    let stopped = |step: &&serde_json::Value| {
        matches!(step["state"].as_str(), Some("stuck" | "unknown" | "open"))
    };
    // One that was refused at its gate has not begun.
    let waits = |step: &&serde_json::Value| step["state"].as_str() == Some("not-reached");
    steps
        .iter()
        .find(stopped)
        .or_else(|| steps.iter().find(waits))
        .and_then(id)
}

//! The Pryv.io core migration in the lab, from the first key to the last proof: once without anybody, once
//! by the wizard in a terminal.
//!
//! Needs root and about five minutes, so it runs only where `RUNSHEET_LAB=1`; see tests/lab/README.md.

#[path = "lab/e2e/mod.rs"]
mod e2e;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use e2e::home::Home;
use e2e::terminal::Terminal;
use e2e::walk::{CTRL_D, at_gate, go_on_until, look_back, words_to_type, write_note};
use e2e::world::Lab;

const RUNBOOK: &str = "runbooks/pryv-core-migration.toml";
const ANSWERS: &str = "tests/lab/pryv-answers.toml";
const NOTE: [&str; 2] = ["the customer was told at 02:14", "and asked us to go on"];

/// There is one lab, and a test has it for itself.
static LAB: Mutex<()> = Mutex::new(());

/// Gives a test the lab, fresh, and takes it down afterwards; or says loudly why there is none.
fn in_the_lab(test: &str, body: impl FnOnce(&Lab)) {
    if std::env::var_os("RUNSHEET_LAB").is_none_or(|value| value != "1") {
        return skipped(
            test,
            "RUNSHEET_LAB=1 is not set (it needs root, and takes minutes)",
        );
    }
    let _one = LAB.lock().unwrap_or_else(PoisonError::into_inner);
    struct Down<'a>(&'a Lab);
    impl Drop for Down<'_> {
        fn drop(&mut self) {
            self.0.down();
        }
    }
    match Lab::up() {
        Ok(lab) => {
            let lab = Down(&lab);
            body(lab.0);
        }
        Err(why) => skipped(test, &why),
    }
}

fn skipped(test: &str, why: &str) {
    // Not eprintln!, which the test harness keeps to itself while tests pass.
    let line = format!("\n*** SKIPPED {test}: {why} ***\n\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

fn well(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// The record is whole for both verifiers, and a report is written in both forms; gives the Markdown.
fn assert_recorded(home: &Home) -> String {
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
    let markdown = home.path().join("report.md");
    let json = home.path().join("report.json");
    for (format, path) in [("markdown", &markdown), ("json", &json)] {
        let path = path.to_str().expect("a plain path");
        well(&home.runsheet(&["report", run, "--format", format, "--output", path]));
    }
    let text = std::fs::read_to_string(&json).expect("read the report");
    serde_json::from_str::<serde_json::Value>(&text).expect("the report is JSON");
    std::fs::read_to_string(&markdown).expect("read the report")
}

#[test]
fn the_migration_runs_without_anybody_and_leaves_everything_proved() {
    in_the_lab("the migration without anybody", |lab| {
        let (home, before) = (Home::new(), lab.look());
        let words = [
            "run",
            RUNBOOK,
            "--env",
            "lab",
            "--unattended",
            "--answers",
            ANSWERS,
        ];
        well(&home.runsheet(&words));
        lab.assert_migrated(&before);
        let report = assert_recorded(&home);
        assert!(report.contains("Pryv.io core migration"), "{report}");
    });
}

#[test]
fn an_operator_walks_the_migration_in_the_wizard_from_the_first_key_to_the_last_proof() {
    in_the_lab("the migration in the wizard", |lab| {
        let (home, before) = (Home::new(), lab.look());
        walk(&home);
        lab.assert_migrated(&before);
        let report = assert_recorded(&home);
        for line in NOTE {
            assert!(
                report.contains(line),
                "`{line}` is not in the report:\n{report}"
            );
        }
    });
}

fn walk(home: &Home) {
    let patience = Duration::from_secs(60);
    let words = ["run", RUNBOOK, "--env", "lab", "--as", "ana"];
    let mut ana = Terminal::start("ana", home.in_terminal(&words), 24, 80);
    ana.wait_for("REHEARSAL", patience);
    ana.wait_for("you ana", patience);

    // The first key, and on to the gate before customers notice.
    go_on_until(&ana, "the gate of stop-nginx", |screen| {
        words_to_type(screen).is_some_and(|words| words == "stop nginx on source")
    });
    assert!(
        ana.has_shown("let source log in"),
        "the key's gate was not seen"
    );
    // Letters belong to the field that wants the words; Esc gives them back to the keys.
    ana.press("\x1b");
    ana.wait_for("n note", patience);
    write_note(&ana, &NOTE);

    let watch = ["attach", "--watch", "--as", "ben"];
    let mut ben = Terminal::start("ben", home.in_terminal(&watch), 24, 80);
    ben.wait_for("you ben, watching", patience);
    ana.wait_for("ben watches", patience);

    // Into the downtime, past both dumps, to the largest copy.
    for (gate, printed) in [
        ("Transfer Mongo data", "done dumping pryv-node.users"),
        ("Transfer InfluxDB data", ".manifest"),
    ] {
        go_on_until(&ana, gate, |screen| at_gate(screen, gate));
        ana.wait_for("DOWN ", patience);
        look_back(&ana, printed);
    }
    go_on_until(&ana, "the gate of transfer-data", |screen| {
        at_gate(screen, "Transfer other user data")
    });

    // Leave in the middle of it, and come back; ben sees it go on.
    ana.press("\r");
    ben.wait_until("the copy or its end", patience, |screen| {
        screen.contains("● running")
            || screen.contains("○ proving")
            || screen.contains("permissions")
    });
    ana.press(CTRL_D);
    assert_eq!(ana.wait_exit(patience), 0, "detaching is a good end");
    ben.wait_until("ana to be gone", patience, |screen| {
        !screen.contains("· ana")
    });
    ben.wait_for("ensure-permissions-core", patience);
    let mut ana = Terminal::start(
        "ana again",
        home.in_terminal(&["attach", "--as", "ana"]),
        24,
        80,
    );
    ana.wait_for("you ana", patience);
    let progress = |screen: &str| screen.contains(" % ") && screen.contains("MB/s");
    assert!(
        ben.count_shown(progress) > 0,
        "no progress of a copy was seen"
    );

    // A large screen up to the point of no return, and a small one from there to the end.
    ana.resize(60, 200);
    go_on_until(&ana, "the gate of reload-nginx", |screen| {
        words_to_type(screen).is_some_and(|words| words == "send customers to dest")
    });
    ana.resize(24, 80);
    go_on_until(&ana, "the end", |screen| {
        screen.contains("The run is finished.")
    });
    ben.wait_for("The run is finished.", patience);
    ana.press("\r");
    assert_eq!(ana.wait_exit(patience), 0, "a finished run is a good end");
    ben.press(CTRL_D);
    assert_eq!(ben.wait_exit(patience), 0, "so is leaving it");
}

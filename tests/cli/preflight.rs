//! What is looked at on the machines before a run.

use super::home::Home;

const RUNBOOK: &str = r#"
format = 1
title = "Copy"
[hosts]
source = "where it is"
[[phase]]
id = "all"
title = "All"
[[step]]
id = "copy"
phase = "all"
title = "Copy"
on = "source"
do.rsync = { path = "/etc/ssl/", to-path = "/tmp/runsheet-test-of-nothing/" }
undo.never = "a test"
[[step]]
id = "hello"
phase = "all"
title = "Hello"
on = "source"
do.command = { run = "true", shell = "bash" }
undo.nothing = "a test"
"#;

/// A folder with every program of this machine but one.
fn without(home: &Home, program: &str) -> String {
    let folder = home.path().join("programs");
    std::fs::create_dir(&folder).expect("make a folder");
    for from in ["/usr/bin", "/bin", "/usr/sbin", "/sbin"] {
        for entry in std::fs::read_dir(from).into_iter().flatten().flatten() {
            let to = folder.join(entry.file_name());
            if entry.file_name() != program && !to.exists() {
                std::os::unix::fs::symlink(entry.path(), to).expect("make a link");
            }
        }
    }
    folder.display().to_string()
}

#[test]
fn problems_are_told_before_a_run_is_opened_and_keep_it_from_starting_with_nobody_to_ask() {
    let home = Home::new();
    home.file("copy.toml", RUNBOOK);
    let environment = "[here]\nkind = \"rehearsal\"\nhosts.source = \"local\"\n";
    home.file("environments.toml", environment);
    home.file("answers.toml", "format = 1\n");
    let path = without(&home, "rsync");
    let variables = [("PATH", path.as_str())];

    let plan = ["plan", "copy.toml", "--env", "here"];
    let said = home.with(&plan, &variables).ends(1).out;
    assert!(
        said.ends_with("\nthe machines have a problem, told above\n"),
        "{said}"
    );
    for wanted in [
        "problem  source       programs: not there: rsync",
        "ok       source       reached: in ",
        "warning  source       room: how much copy will copy cannot be known yet",
        ". certain, by the runbook\n     command on source:\n       true",
        ". not known before: what it changes; how it ends and what it prints",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let said = home.runsheet(&plan).ends(0).out;
    let computed = ". computed from the machine now, changing nothing\n     lands:";
    assert!(said.contains(computed), "{said}");

    let run = [
        "run",
        "copy.toml",
        "--env",
        "here",
        "--unattended",
        "--answers",
        "answers.toml",
        "--end-when-stuck",
    ];
    let said = home.with(&run, &variables).ends(1);
    assert!(said.err.contains("not there: rsync"), "{}", said.err);
    assert!(said.err.contains("--despite-problems"), "{}", said.err);
    home.with(&["show", "latest"], &variables).ends(1);

    let all_the_same = [&run[..], &["--despite-problems"]].concat();
    let said = home.with(&all_the_same, &variables).ends(4);
    assert!(said.out.contains("1 problem"), "{}", said.out);
    let report = home.runsheet(&["report", "latest"]).ends(0).out;
    assert!(
        report.contains("**problem** | source | programs"),
        "{report}"
    );
    assert!(report.contains("Known before the run"), "{report}");
    home.runsheet(&["verify", "latest"]).ends(0);
}

//! The command line, as scripts and reviewers meet it.

#[path = "cli/guard.rs"]
mod guard;
#[path = "cli/home.rs"]
mod home;
#[path = "cli/interactive.rs"]
mod interactive;
#[path = "cli/preflight.rs"]
mod preflight;
#[path = "cli/record.rs"]
mod record;
#[path = "cli/shape.rs"]
mod shape;
#[path = "sshd/mod.rs"]
mod sshd;

use runsheet::probe::Holds;
use runsheet::problem::hidden;
use runsheet::run::{Decision, Finding, Intent};

use home::Home;
use record::{Record, id, web};

const RUN: &str = "20261121-020000-restart-k3f9";

const RUNBOOK: &str = r#"
format = 1
title  = "Restart the web server"
about  = "Nothing but a restart."
window = "1h"

[hosts]
web = "the machine that serves the site"

[[phase]]
id    = "restart"
title = "Restart"

[[step]]
id    = "look"
phase = "restart"
title = "See that it runs"
on    = "web"
do.command.run = "pgrep nginx"
undo   = { never = "it only looks" }
verify = [{ command = "pgrep nginx" }]

[[step]]
id    = "stop"
phase = "restart"
title = "Stop it"
on    = "web"
gate  = { type-back = "stop it" }
downtime = "starts"
do.command.run   = "systemctl stop nginx"
undo.command.run = "systemctl start nginx"
verify = [{ command = "pgrep nginx", exit = 1 }]

[[step]]
id    = "clean"
phase = "restart"
title = "Empty the cache"
on    = "web"
do.command.run = "rm -r /var/cache/nginx"
undo   = { never = "it fills again" }

[[step]]
id    = "start"
phase = "restart"
title = "Start it"
on    = "web"
downtime = "ends"
do.command.run   = "systemctl start nginx"
undo.command.run = "systemctl stop nginx"
verify = [{ command = "pgrep nginx" }]
"#;

const ENVIRONMENTS: &str = "[staging]\nkind = \"rehearsal\"\nhosts.web = \"local\"\n";

/// A night on which almost everything happened.
fn night(home: &Home) -> Record {
    let mut record = Record::begin(&home.runs(), RUN, RUNBOOK);
    record.engine().after(2).attach("ana");
    record
        .reach("look")
        .shown("look", "pgrep nginx", &[true])
        .after(5);
    record.approve("ana", "look", None).starts("look").after(1);
    record
        .ends("look", 0, b"812\n")
        .proves("look", Holds::Yes, "exit 0");

    record
        .reach("stop")
        .shown("stop", "systemctl stop nginx", &[false])
        .after(30);
    record
        .approve("ana", "stop", Some("stop it"))
        .starts("stop")
        .after(3);
    record
        .ends("stop", 1, b"Failed to stop nginx.service\n")
        .after(60)
        .attach("ben");
    let intent = Intent::Retry {
        step: id("stop"),
        attempt: 1,
    };
    record
        .wish("ben", intent)
        .shown("stop", "systemctl stop nginx", &[false])
        .after(4);
    record
        .approve("ben", "stop", Some("stop it"))
        .starts("stop")
        .after(2);
    let machine = web();
    let why = "connection reset".to_owned();
    record.found(Finding::LinkLost { machine, why }).after(20);
    record.found(Finding::LinkBack { machine: web() });
    record
        .is_lost("stop", "web was restarted while this ran")
        .after(40);
    let intent = Intent::Settle {
        step: id("stop"),
        attempt: 2,
        lane: web(),
        decision: Decision::Happened,
        reason: "the machine is up and nginx is not".into(),
    };
    record
        .wish("ana", intent)
        .proves("stop", Holds::Yes, "exit 1")
        .after(5);

    record.engine().attach("ana");
    let intent = Intent::Note {
        step: Some(id("clean")),
        text: "the disk is full\nof other things".into(),
    };
    record
        .reach("clean")
        .shown("clean", "rm -r /var/cache/nginx", &[])
        .wish("ana", intent);
    let reason = "not worth the risk tonight".to_owned();
    record
        .wish(
            "ana",
            Intent::Skip {
                step: id("clean"),
                reason,
            },
        )
        .after(10);

    record
        .reach("start")
        .shown("start", "systemctl start nginx", &[false])
        .after(2);
    record
        .approve("ana", "start", None)
        .starts("start")
        .after(4);
    record
        .ends("start", 0, b"\x1b[32mok\x1b[0m\n")
        .proves("start", Holds::No, "no process");
    let note = "it serves; pgrep is not installed".to_owned();
    let intent = Intent::Attest {
        step: id("start"),
        attempt: 1,
        note,
    };
    record.after(90).wish("ana", intent).after(1);
    record.wish(
        "ana",
        Intent::End {
            reason: String::new(),
        },
    );
    record
}

#[test]
fn a_report_tells_the_night_to_somebody_who_was_not_there() {
    let home = Home::new();
    night(&home);
    let report = home.runsheet(&["report", RUN]).ends(0).out;
    insta::with_settings!({snapshot_path => "cli/said", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("report", report);
    });
}

#[test]
fn the_json_report_says_the_same() {
    let home = Home::new();
    let record = night(&home);
    let out = home
        .runsheet(&["report", "latest", "--format", "json"])
        .ends(0)
        .out;
    let story: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(story["format"], 1);
    assert_eq!(story["chain"]["head"], record.head());
    assert_eq!(story["outcome"]["kind"], "finished");
    assert_eq!(story["shared-account"], true);
    assert_eq!(story["when"]["downtime"][0]["from-step"], "stop");
    let kinds: Vec<&str> = story["look"]
        .as_array()
        .unwrap()
        .iter()
        .map(|look| look["kind"].as_str().unwrap())
        .collect();
    let wanted = [
        "may-run",
        "unknown",
        "settled",
        "skipped",
        "attested",
        "held-before",
        "failed",
        "unproved",
        "retried",
        "link-lost",
        "engine-restarted",
        "shared-account",
    ];
    assert_eq!(kinds, wanted);
}

#[test]
fn nothing_that_others_wrote_moves_the_cursor_or_ends_its_fence() {
    let home = Home::new();
    let evil =
        "\u{1b}]52;c;eA==\u{7}```\n# owned\n````\n<script>alert(1)</script>|\u{202e}\u{200b}";
    let mut record = Record::begin(&home.runs(), RUN, RUNBOOK);
    record.engine().attach("a\u{202e}na|<b>");
    record.reach("look").shown("look", evil, &[false]);
    record
        .approve("a\u{202e}na|<b>", "look", None)
        .starts("look");
    record
        .ends("look", 0, evil.as_bytes())
        .proves("look", Holds::Yes, evil);
    record.wish(
        "a\u{202e}na|<b>",
        Intent::Note {
            step: None,
            text: evil.into(),
        },
    );
    let reason = evil.to_owned();
    record.wish("a\u{202e}na|<b>", Intent::End { reason });
    for words in [
        ["report", RUN, "--format", "markdown"],
        ["report", RUN, "--format", "json"],
        ["show", RUN, "--format", "text"],
        ["show", RUN, "--format", "json"],
    ] {
        let out = home.runsheet(&words).ends(0).out;
        let bad: Vec<char> = out.chars().filter(|c| hidden(*c) && *c != '\n').collect();
        assert!(bad.is_empty(), "{words:?}: {bad:?}");
    }
    let report = home.runsheet(&["report", RUN]).ends(0).out;
    let mut fence: Option<String> = None;
    for line in report.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if ticks == *open && line.len() == ticks.len() => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                assert!(!line.starts_with("# owned"), "{line}");
                // Text in code is text; everywhere else a tag would be one.
                let outside: String = line.split('`').step_by(2).collect();
                assert!(!outside.replace("\\<", "").contains('<'), "{line}");
            }
        }
    }
    assert_eq!(fence, None, "every fence is closed");
}

#[test]
fn verify_agrees_with_what_was_written_and_sees_what_was_changed() {
    let home = Home::new();
    let record = night(&home);
    let head = record.head();
    let said = home.runsheet(&["verify", "latest"]).ends(0).out;
    assert!(said.ends_with("completeness NOT established\n"), "{said}");
    let said = home
        .runsheet(&["verify", "2026", "--head", &head])
        .ends(0)
        .out;
    assert!(said.ends_with("which is the last record\n"), "{said}");
    let journal = record.folder.join("journal");
    let folder = record.folder.to_str().unwrap();
    home.runsheet(&["verify", folder, "--head", &head]).ends(0);
    home.runsheet(&["verify", journal.to_str().unwrap(), "--head", &head])
        .ends(0);
    home.runsheet(&["verify", "latest", "--head", &"0".repeat(64)])
        .ends(1);
    home.runsheet(&["verify", "latest", "--head", "xyz"])
        .ends(2);

    std::fs::write(record.folder.join("output/stop.1.web.0"), "all is well").unwrap();
    home.runsheet(&["verify", "latest"]).ends(1);
    let report = home.runsheet(&["report", "latest"]).ends(1).out;
    assert!(
        report.contains("- **The record:** line 14: output/stop.1.web.0 is shorter"),
        "{report}"
    );

    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(
        &journal,
        text.replace("not worth the risk", "not worth the wait"),
    )
    .unwrap();
    let said = home
        .runsheet(&["verify", "latest", "--head", &head])
        .ends(1);
    assert!(said.out.contains("damage      line "), "{}", said.out);
    let said = home.runsheet(&["report", "latest"]).ends(1);
    assert!(
        said.out.is_empty() && said.err.contains("hint: "),
        "{}",
        said.err
    );
}

#[test]
fn check_finds_every_problem_and_says_so_to_people_and_to_programs() {
    let home = Home::new();
    home.file("environments.toml", ENVIRONMENTS);
    home.file("good.toml", RUNBOOK);
    let said = home.runsheet(&["check", "good.toml"]).ends(0);
    assert!(
        said.out.contains("warning: nothing proves this step"),
        "{}",
        said.out
    );
    assert_eq!(said.err, "1 file: 1 warning\n");

    let bad = RUNBOOK
        .replace("gate  =", "gat   =")
        .replace("downtime = \"ends\"", "downtime = \"end\"");
    home.file("bad.toml", &bad);
    let said = home.runsheet(&["check", "good.toml", "bad.toml"]).ends(1);
    assert!(
        said.out.contains("bad.toml:28:1") && said.out.contains("^^^"),
        "{}",
        said.out
    );
    assert!(!said.out.contains('\u{1b}'), "no colour without a terminal");
    let said = home
        .runsheet(&["check", "--color", "always", "bad.toml"])
        .ends(1);
    assert!(said.out.contains('\u{1b}'), "colour where it is asked for");
    let said = home
        .runsheet(&["check", "--format", "json", "bad.toml"])
        .ends(1);
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told.as_array().unwrap().len(), 3, "{}", said.out);
    assert_eq!(told[0]["line"], 28);
    assert_eq!(told[0]["hint"], "did you mean `gate`?");
    home.runsheet(&["check", "nowhere.toml"]).ends(1);
}

#[test]
fn wrong_words_are_wrong_usage_and_say_what_is_right() {
    let home = Home::new();
    home.file("environments.toml", ENVIRONMENTS);
    home.file("good.toml", RUNBOOK);
    home.runsheet(&["frobnicate"]).ends(2);
    home.runsheet(&["--help"]).ends(0);
    for (words, wanted) in [
        (
            &["run", "good.toml", "--env", "staging"][..],
            "this is none",
        ),
        (
            &["run", "good.toml", "--env", "stagin", "--detach"],
            "it has staging",
        ),
        (&["attach"], "no run is open"),
        (&["run", "good.toml", "--detach"], "--env NAME"),
        (&["plan", "good.toml"], "environments.toml has "),
        (
            &["plan", "environments.toml", "--env", "staging"],
            "is no runbook",
        ),
        (&["show", "2026"], "there is no run `2026`"),
        (&["show", "latest"], "runsheet demo"),
        (
            &["plan", "good.toml", "--env", "staging", "--set", "NOPE"],
            "NAME=VALUE",
        ),
        (
            &["run", "good.toml", "--env", "staging", "--unattended"],
            "--answers",
        ),
    ] {
        let said = home.runsheet(words);
        assert!(
            matches!(said.code, Some(1 | 2)) && said.err.contains(wanted),
            "{words:?}: {said:?}"
        );
        assert!(said.out.is_empty(), "{words:?}: {}", said.out);
    }
}

#[test]
fn a_secret_is_taken_from_a_variable_and_never_from_an_argument() {
    let home = Home::new();
    let params = "[params.TOKEN]\nask = \"The token\"\nkind = \"secret\"\n\n\
                  [params.NAME]\nask = \"The name\"\nkind = \"text\"\n\n[hosts]";
    let runbook = RUNBOOK.replace("[hosts]", params).replace(
        "pgrep nginx\"\nundo",
        "curl -H \\\"$TOKEN\\\" \\\"$NAME\\\"\"\nundo",
    );
    home.file("environments.toml", ENVIRONMENTS);
    home.file("secret.toml", &runbook);
    let plan = ["plan", "secret.toml", "--env", "staging", "--offline"];
    let said = home.runsheet(&plan).ends(2);
    assert!(said.err.contains("RUNSHEET_SECRET_TOKEN=…"), "{}", said.err);
    assert!(said.err.contains("--set NAME=…"), "{}", said.err);

    let told = [&plan[..], &["--set", "TOKEN=hunter2", "--set", "NAME=x"]].concat();
    let said = home.runsheet(&told).ends(2);
    assert!(
        said.err.contains("is a secret") && !said.err.contains("hunter2"),
        "{}",
        said.err
    );

    let told = [&plan[..], &["--set", "NAME=x"]].concat();
    let said = home
        .with(&told, &[("RUNSHEET_SECRET_TOKEN", "hunter2")])
        .ends(0);
    assert!(
        said.out.contains("TOKEN = (secret)") && !said.out.contains("hunter2"),
        "{}",
        said.out
    );
}

#[test]
fn a_reader_who_goes_early_is_no_error() {
    let home = Home::new();
    night(&home);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_runsheet"))
        .args(["report", RUN])
        .env("XDG_STATE_HOME", home.path().join("state"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_run_without_anybody_goes_to_its_end_or_says_why_not() {
    let home = Home::new();
    let runbook = RUNBOOK
        .replace("pgrep nginx\", exit = 1", "! test -e here\"")
        .replace("pgrep nginx", "test -e here")
        .replace("systemctl stop nginx", "rm here")
        .replace("systemctl start nginx", "touch here")
        .replace("rm -r /var/cache/nginx", "exit 3")
        .replace("= \"rm here\"", "= 'rm \"$WHERE/here\"'")
        .replace("= \"touch here\"", "= 'touch \"$WHERE/here\"'")
        .replace("test -e here", "test -e $WHERE/here")
        .replace(
            "[hosts]",
            "[params.WHERE]\nask = \"Where\"\nkind = \"path\"\n\n[hosts]",
        );
    home.file("environments.toml", ENVIRONMENTS);
    home.file("small.toml", &runbook);
    home.file("here", "");
    let place = format!("WHERE={}", home.path().display());
    let answers = "format = 1\napprove = [\"*\"]\n[step.stop]\ntype = \"stop it\"\n";
    home.file("answers.toml", answers);
    let run = [
        "run",
        "small.toml",
        "--env",
        "staging",
        "--set",
        &place,
        "--unattended",
    ];
    let told = [&run[..], &["--answers", "answers.toml", "--end-when-stuck"]].concat();
    let said = home.runsheet(&told).ends(4);
    assert!(said.err.contains("step clean failed"), "{}", said.err);
    assert!(said.err.contains("[step.clean] attest"), "{}", said.err);
    home.runsheet(&["verify", "latest"]).ends(0);

    home.file("here", "");
    home.file(
        "answers.toml",
        &format!("{answers}[step.clean]\nskip = \"not in this test\"\n"),
    );
    let told = [&run[..], &["--answers", "answers.toml", "--as", "ci"]].concat();
    let said = home.runsheet(&told).ends(0);
    assert!(
        said.out.contains("3 clean: skipped: not in this test (ci)"),
        "{}",
        said.out
    );
    let head = said
        .out
        .lines()
        .last()
        .and_then(|line| line.strip_prefix("head "))
        .unwrap();
    home.runsheet(&["verify", "latest", "--head", head]).ends(0);
    let said = home.runsheet(&["runs"]).ends(0).out;
    assert!(
        said.contains("finished") && said.contains("ended early"),
        "{said}"
    );
}

#[test]
fn a_run_without_anybody_names_what_was_already_true_and_sums_up_what_it_watched() {
    let home = Home::new();
    home.file("environments.toml", ENVIRONMENTS);
    let runbook = r#"
format = 1
title  = "Vain"

[params.WHERE]
ask  = "Where"
kind = "path"

[hosts]
web = "the web server"

[[phase]]
id    = "all"
title = "All"

[[step]]
id     = "vain"
phase  = "all"
title  = "Prove nothing"
on     = "web"
do.command.run = "true"
undo   = { nothing = "it does nothing" }
verify = [{ command = "test -d /" }]

[[step]]
id     = "catch-up"
phase  = "all"
title  = "Catch up"
on     = "web"
do.wait = { until = { command = 'echo x >>"$WHERE/asked"; echo $((5 - $(wc -l <"$WHERE/asked")))', at-most = 2 }, within = "1m", every = "100ms", falling = true }
"#;
    home.file("vain.toml", runbook);
    home.file("answers.toml", "format = 1\napprove = [\"*\"]\n");
    let place = format!("WHERE={}", home.path().display());
    let run = [
        "run",
        "vain.toml",
        "--env",
        "staging",
        "--set",
        &place,
        "--unattended",
        "--answers",
        "answers.toml",
    ];
    let said = home.runsheet(&run).ends(0).out;
    for wanted in [
        "; already true before it, and so proving nothing: `test -d /` works",
        "proof: 1 of 1 hold, 1 of them before the step too, which proves nothing",
        "came: 2 (3 numbers in ",
        " s, first 4, lowest 2, highest 4)",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let report = home.runsheet(&["report", "latest"]).ends(0).out;
    assert!(report.contains("Proof held before"), "{report}");
}

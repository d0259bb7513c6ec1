//! A packet filter that may cut its operator off, on a machine with a real one: kept where somebody can come in
//! over a new connection, taken back by the machine where nobody can.

use std::time::Duration;

use crate::e2e::home::Home;
use crate::e2e::lab::{Lab, in_the_lab, state};
use crate::e2e::record::{assert_verified, well};
use crate::e2e::terminal::Terminal;
use crate::e2e::walk::{CTRL_D, choose};

/// The connections that are there go on, as with most filters: whoever is logged in notices nothing.
const FILTER: &str = r#"
format = 1
title  = "Change the packet filter"
hosts  = { dest = "the new core" }
phase  = [{ id = "all", title = "All" }]

[params.PORT]
ask = "The port by which nobody comes in any more"

[[step]]
id    = "filter"
phase = "all"
title = "Close a port"
on    = "dest"
confirm-within = "20s"
do.command.run = '''
nft -f - <<END
table inet door {
    chain in {
        type filter hook input priority 0
        ct state established accept
        tcp dport $PORT drop
    }
}
END'''
undo.command.run = 'nft delete table inet door && echo the port is open again'
verify = [{ command = 'nft list table inet door', contains = "drop" }]
"#;

const DOOR: &str = "nft list table inet door";

#[test]
fn a_filter_that_lets_nobody_in_is_taken_back_and_another_is_kept() {
    in_the_lab("pryv", "a guarded packet filter", |lab| {
        kept(lab);
        lab.on("dest", "nft delete table inet door");
        taken_back(lab);
    });
}

fn home() -> (Home, String) {
    let home = Home::new();
    let book = home.path().join("filter.toml");
    std::fs::write(&book, FILTER).expect("write the runbook");
    let config = format!("{}/ssh_config", state());
    let environments = format!(
        "[lab]\nkind = \"rehearsal\"\nhosts.dest = {{ ssh = \"dest\", user = \"root\", config = \"{config}\" }}\n"
    );
    std::fs::write(home.path().join("environments.toml"), environments)
        .expect("write the environments");
    let book = book.to_str().expect("a plain path").to_owned();
    (home, book)
}

fn kept(lab: &Lab) {
    let (home, book) = home();
    let answers = home.path().join("answers.toml");
    std::fs::write(&answers, "format = 1\napprove = [\"*\"]\n").expect("write the answers");
    let answers = answers.to_str().expect("a plain path");
    let words = ["run", &book, "--env", "lab", "--unattended", "--answers"];
    let words = [&words[..], &[answers, "--set", "PORT=2222"]].concat();
    let done = home.runsheet(&words);
    assert!(done.status.success(), "{done:?}");
    assert!(lab.on("dest", DOOR).contains("dport 2222 drop"));
    let report = well(&home.runsheet(&["report", &assert_verified(&home)]));
    assert!(report.contains("let go of the guard"), "{report}");
}

/// The operator sees a proof that holds, keeps the change, and is wrong.
fn taken_back(lab: &Lab) {
    let patience = Duration::from_secs(90);
    let (home, book) = home();
    let words = ["run", &book, "--env", "lab", "--as", "ana"];
    let words = [&words[..], &["--set", "PORT=22"]].concat();
    let mut ana = Terminal::start("ana", home.in_terminal(&words), 24, 80);
    ana.wait_for("Enter says yes to exactly this", patience);
    ana.still();
    ana.press("\r");
    ana.wait_for("Enter keeps the change", patience);
    assert!(lab.on("dest", DOOR).contains("dport 22 drop"));
    ana.still();
    ana.press("\r");
    ana.wait_for("Keep the change on dest?", patience);
    choose(&ana, "Keep it");
    ana.wait_for("its guard has taken the step", patience);
    let gone = lab.tried("dest", DOOR);
    assert!(gone.is_err(), "the port is open again: {gone:?}");
    ana.press(CTRL_D);
    assert_eq!(ana.wait_exit(patience), 0, "detaching is a good end");
    let report = well(&home.runsheet(&["report", &assert_verified(&home)]));
    assert!(report.contains("the port is open again"), "{report}");
    assert!(
        !report.contains("let go of the guard on dest: exit code 0"),
        "{report}"
    );
}

//! The Pryv.io core migration in the lab, from the first key to the last proof: once without anybody, once
//! by the wizard in a terminal, and once back from the middle of the downtime.

use std::time::Duration;

use crate::e2e::home::Home;
use crate::e2e::lab::{Lab, in_the_lab};
use crate::e2e::record::assert_recorded;
use crate::e2e::rehearsal::{Hazard, Rehearsal};
use crate::e2e::terminal::Terminal;
use crate::e2e::walk::{
    CTRL_D, ESC, at_gate, end, go_back_until, go_on_until, look_back, words_to_type, write_note,
};

const RUNBOOK: &str = "pryv-core-migration";
const ANSWERS: &str = "tests/lab/worlds/pryv/answers.toml";
const NOTE: [&str; 2] = ["the customer was told at 02:14", "and asked us to go on"];

#[test]
fn the_migration_runs_without_anybody_and_leaves_everything_proved() {
    in_the_lab("pryv", "the migration without anybody", |lab| {
        let before = lab.look();
        let report = rehearsal(lab).to_the_end(&[]);
        lab.assert_migrated(&before);
        assert!(report.contains("Pryv.io core migration"), "{report}");
    });
}

#[test]
fn an_operator_walks_the_migration_in_the_wizard_from_the_first_key_to_the_last_proof() {
    in_the_lab("pryv", "the migration in the wizard", |lab| {
        let (home, before) = (Home::new(), lab.look());
        walk(lab, &home);
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

fn rehearsal(lab: &Lab) -> Rehearsal<'_> {
    Rehearsal {
        lab,
        runbook: RUNBOOK,
        environment: "lab",
        answers: ANSWERS,
    }
}

/// Two that a window has been lost to; the selftest of the lab falls into many more.
#[test]
fn what_is_missing_is_found_before_customers_notice() {
    in_the_lab("pryv", "hazards of the migration", |lab| {
        const SERVES: &str = "docker inspect -f '{{.State.Running}}' pryvio_nginx | grep -qx true";
        rehearsal(lab).stops_before_harm(&[
            Hazard::new("the scripts are not on dest", "dest-ready")
                .switch("dest", "rm /var/pryv/run-config-follower")
                .unharmed("source", SERVES),
            Hazard::new("the account to compare with is not there", "record-account")
                .words(&["--set", "ACCOUNT_URL=https://co1.pryv.lab/nobody/events"])
                .unharmed("source", SERVES),
        ]);
    });
}

/// The sentence of the procedure that is true only until customers write to dest, made true.
#[test]
fn going_back_before_the_point_of_no_return_serves_customers_from_source_again() {
    in_the_lab("pryv", "the way back", |lab| {
        let (home, before) = (Home::new(), lab.look());
        let patience = Duration::from_secs(60);
        let runbook = lab.runbook(&home, RUNBOOK);
        let words = ["run", &runbook, "--env", "lab", "--as", "ana"];
        let mut ana = Terminal::start("ana", home.in_terminal(&words), 24, 80);
        go_on_until(&ana, "the gate of redirect-nginx", |screen| {
            at_gate(screen, "Set NGINX on source to proxy")
        });
        lab.assert_source_refuses();
        go_back_until(&ana, "the end of what can be taken back", |screen| {
            screen.contains("nothing to take back")
        });
        end(&ana, "the window was called off");
        ana.wait_for("ended before its last step", patience);
        ana.press("\r");
        assert_eq!(ana.wait_exit(patience), 3, "ended before the last step");
        lab.assert_untouched(&before);
        let report = assert_recorded(&home);
        assert!(report.contains("the window was called off"), "{report}");
    });
}

fn walk(lab: &Lab, home: &Home) {
    let patience = Duration::from_secs(60);
    let runbook = lab.runbook(home, RUNBOOK);
    let words = ["run", &runbook, "--env", "lab", "--as", "ana"];
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
    ana.press(ESC);
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

    // Leave in the middle of it, and come back; ben sees it go on. The link lets the copy last for some seconds.
    lab.slow("dest", "80mbit");
    ana.press("\r");
    ben.wait_until("the copy to tell how far it is", patience, |screen| {
        screen.contains(" % ") && screen.contains("MB/s") && screen.contains(" left")
    });
    ana.press(CTRL_D);
    assert_eq!(ana.wait_exit(patience), 0, "detaching is a good end");
    ben.wait_until("ana to be gone", patience, |screen| {
        !screen.contains("· ana")
    });
    ben.wait_until("the copy to go on without ana", patience, |screen| {
        screen.contains("100 %") || screen.contains("ensure-permissions-core")
    });
    lab.mend("dest");
    ben.wait_for("ensure-permissions-core", patience);
    let mut ana = Terminal::start(
        "ana again",
        home.in_terminal(&["attach", "--as", "ana"]),
        24,
        80,
    );
    ana.wait_for("you ana", patience);

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

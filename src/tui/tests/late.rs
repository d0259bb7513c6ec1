//! The later moments of the night: going back, many lanes, the end.

use super::night::{failed, gate, production, unproved};
use super::runbook::{command, leg, rsync};
use super::stage::{Stage, machine, step};
use crate::client::Update;
use crate::kinds::{Exhibit, Progress, Proposal};
use crate::probe::Holds;
use crate::run::{Intent, LaneOutcome};
use crate::tui::Look;

pub(super) fn taking_back(look: Look) -> Stage {
    let mut stage = unproved(look);
    stage.wish(
        1,
        Intent::GoBack {
            step: step("copy-users"),
        },
    );
    stage.show(
        vec![("source", command("ssh dest rm -r -- /var/pryv/data"))],
        &[],
    );
    stage
}

pub(super) fn no_way_back(look: Look) -> Stage {
    let mut stage = production(look);
    for _ in 0..7 {
        stage.does();
    }
    let change = |server: &str| Proposal {
        exhibits: vec![Exhibit::Diff {
            at: machine(server),
            path: "/etc/pryv/dns.yaml".into(),
            unified: "@@ -3,1 +3,1 @@\n-  core1: 10.0.0.11\n+  core1: 10.0.0.12  # was 10.0.0.11\n"
                .into(),
        }],
        legs: vec![leg("write", "…", Progress::None)],
        ..Proposal::default()
    };
    stage.show(
        vec![
            ("register.1", change("register.1")),
            ("register.2", change("register.2")),
        ],
        &[(0, Holds::No, "10.0.0.11"), (1, Holds::No, "10.0.0.11")],
    );
    stage
}

pub(super) fn lanes(look: Look) -> Stage {
    let mut stage = no_way_back(look);
    stage
        .approve()
        .begin("register.1")
        .begin("register.2")
        .pass(5);
    stage.prints("register.1", b"written\n", Progress::None);
    stage.prints(
        "register.2",
        "schreibe … 漢字 ok\n".as_bytes(),
        Progress::None,
    );
    stage.ends("register.1", LaneOutcome::Succeeded { code: 0 });
    stage
}

pub(super) fn disconnected(look: Look) -> Stage {
    let mut stage = gate(look);
    stage
        .update(Update::Disconnected {
            why: "the engine closed the socket".into(),
            last: false,
        })
        .pass(12);
    stage
}

pub(super) fn watching(look: Look) -> Stage {
    let mut stage = gate(look);
    stage.connect(2);
    stage
}

pub(super) fn all_settled(look: Look) -> Stage {
    let mut stage = production(look);
    for _ in 0..4 {
        stage.does();
    }
    stage.show(
        vec![("source", rsync())],
        &[(0, Holds::Yes, "nothing"), (1, Holds::Yes, "1.1 TB")],
    );
    stage
        .approve()
        .begin("source")
        .pass(60)
        .ends("source", LaneOutcome::Succeeded { code: 0 });
    stage.proved(&[(0, Holds::Yes, "nothing"), (1, Holds::Yes, "1.1 TB")]);
    stage.show(vec![("dest", command("./run-core start"))], &[]);
    stage.wish(
        1,
        Intent::Skip {
            step: step("start-dest"),
            reason: "it runs already, see ticket 4711".into(),
        },
    );
    stage.does().does();
    stage
}

pub(super) fn ended(look: Look) -> Stage {
    let mut stage = all_settled(look);
    stage.wish(
        1,
        Intent::End {
            reason: String::new(),
        },
    );
    stage
}

pub(super) fn ended_early(look: Look) -> Stage {
    let mut stage = failed(look);
    stage.wish(
        1,
        Intent::End {
            reason: "the network of dest is broken; next window on Thursday".into(),
        },
    );
    stage
}

//! The moments of a night, each a stage at a place in the run.

use crate::client::Update;
use crate::clock::Timestamp;
use crate::kinds::{Exhibit, Obstacle, Progress, Proposal};
use crate::probe::Holds;
use crate::run::{Evidence, Finding, Intent, LaneOutcome};
use crate::runbook::{EnvironmentKind, Gate};
use crate::tui::Look;
use crate::wire::Live;

use super::runbook::{command, leg, migration, rsync};
use super::stage::{Stage, machine, step};
use super::{
    armed, choices, doubt, guard, items, late, machines, numbers, standing, terminal, window,
};

/// Makes a stage at a moment.
pub(super) type Make = fn(Look) -> Stage;

/// Every moment, by its name.
pub(super) const MOMENTS: &[(&str, Make)] = &[
    ("connecting", connecting),
    ("manual-gate", manual_gate),
    ("manual-running", manual_running),
    ("preparing", preparing),
    ("gate", gate),
    ("gate-rehearsal", gate_rehearsal),
    ("gate-two-people", two_people),
    ("gate-people-missing", people_missing),
    ("gate-vacuous", vacuous),
    ("gate-diff", diff),
    ("choice", choices::at_its_gate),
    ("chosen", choices::chosen),
    ("passed-over", choices::passed_over),
    ("items-gate", items::gate),
    ("items-running", items::running),
    ("items-failed", items::failed),
    ("type-back", type_back),
    ("running", running),
    ("running-percent", numbers::percent),
    ("link-lost", link_lost),
    ("proving", proving),
    ("question", question),
    ("question-evidence", evidence),
    ("stuck-failed", failed),
    ("stuck-unproved", unproved),
    ("stuck-obstructed", obstructed),
    ("unknown", unknown),
    ("unknown-asked-on", doubt::asked_on),
    ("contradicted", doubt::contradicted),
    ("runs-on", doubt::runs_on),
    ("taking-back", late::taking_back),
    ("no-way-back", late::no_way_back),
    ("return-near", window::near),
    ("return-passed", window::passed),
    ("crossed", window::crossed),
    ("rehearsed", window::rehearsed),
    ("trouble", machines::trouble),
    ("guard-gate", guard::gate),
    ("guard-waiting", guard::waiting),
    ("guard-late", guard::late),
    ("guard-fired", guard::fired),
    ("guard-half-way", guard::half_way),
    ("lanes", late::lanes),
    ("disconnected", late::disconnected),
    ("watching", late::watching),
    ("all-settled", late::all_settled),
    ("ended", late::ended),
    ("ended-early", late::ended_early),
    ("not-durable", standing::not_durable),
    ("disk-full", standing::disk_full),
    ("no-answer", standing::no_answer),
    ("no-room", standing::no_room),
    ("ends-at-logout", standing::ends_at_logout),
    ("armed", armed::looked_at),
    ("left-armed", armed::left_armed),
    ("suspended", standing::suspended),
    ("waiting-falls", numbers::falls),
    ("waiting-rises", numbers::rises),
    ("waiting-lanes", numbers::lanes),
    ("proving-numbers", numbers::proving),
    ("terminal-free", terminal::free),
    ("terminal-mine", terminal::mine),
    ("terminal-theirs", terminal::theirs),
    ("terminal-cut-off", terminal::cut_off),
];

fn begin(kind: EnvironmentKind, look: Look) -> Stage {
    let mut stage = Stage::new(migration(kind), look);
    stage.attach("ben", true).pass(60);
    stage
}

pub(super) fn production(look: Look) -> Stage {
    begin(EnvironmentKind::Production, look)
}

fn connecting(look: Look) -> Stage {
    let mut stage = production(look);
    stage.app = crate::tui::app::App::new(stage.app.options.clone());
    stage
}

fn manual_proposal() -> Proposal {
    Proposal {
        exhibits: vec![Exhibit::Text {
            text: "Call the customer and ask whether the window may begin.\nWrite the name of whoever says so into the note.".into(),
        }],
        ..Proposal::default()
    }
}

fn manual_gate(look: Look) -> Stage {
    let mut stage = production(look);
    stage.show(vec![("bastion", manual_proposal())], &[]);
    stage
}

fn manual_running(look: Look) -> Stage {
    let mut stage = manual_gate(look);
    stage.approve().begin("bastion").pass(95);
    stage
}

fn preparing(look: Look) -> Stage {
    let mut stage = production(look);
    stage.does().reach();
    let doing = "reading /root/.ssh/authorized_keys".into();
    stage.update(Update::Live(Live::Busy {
        machine: machine("dest"),
        doing,
        next_try: None,
    }));
    stage
}

pub(super) fn gate(look: Look) -> Stage {
    let mut stage = production(look);
    stage.does().does().show(
        vec![("source", rsync())],
        &[(0, Holds::No, "312,204 files differ")],
    );
    stage
}

fn gate_rehearsal(look: Look) -> Stage {
    let mut stage = begin(EnvironmentKind::Rehearsal, look);
    stage.does().does().show(
        vec![("source", rsync())],
        &[(0, Holds::No, "312,204 files differ")],
    );
    stage
}

fn two_people(look: Look) -> Stage {
    let mut plan = migration(EnvironmentKind::Production);
    plan.people = 2;
    plan.steps[0].gate = Gate::TwoPeople;
    let mut stage = Stage::new(plan, look);
    stage.attach("ben", false).pass(60);
    stage.show(vec![("bastion", manual_proposal())], &[]);
    stage.approve();
    stage
}

fn people_missing(look: Look) -> Stage {
    let mut plan = migration(EnvironmentKind::Production);
    plan.people = 2;
    let mut stage = Stage::new(plan, look);
    stage
        .pass(60)
        .show(vec![("bastion", manual_proposal())], &[]);
    stage
}

fn vacuous(look: Look) -> Stage {
    let mut stage = production(look);
    stage.does().does().show(
        vec![("source", command("mkdir -p /var/pryv"))],
        &[(0, Holds::Yes, "it is there")],
    );
    stage
}

fn diff(look: Look) -> Stage {
    let mut stage = production(look);
    for _ in 0..6 {
        stage.does();
    }
    let unified = "--- /etc/nginx/conf.d/site.conf\n+++ /etc/nginx/conf.d/site.conf\n@@ -12,7 +12,9 @@\n upstream core {\n-    server core_1:3000;\n-    server core_2:3000;\n+    # runsheet 20261121: server core_1:3000;\n+    # runsheet 20261121: server core_2:3000;\n+    server 10.0.0.12:443;\n }\n server {\n     location / {\n-        proxy_pass http://core;\n+        proxy_pass https://core;\n     }\n }\n";
    let proposal = Proposal {
        exhibits: vec![
            Exhibit::Diff {
                at: machine("source"),
                path: "/etc/nginx/conf.d/site.conf".into(),
                unified: unified.into(),
            },
            Exhibit::Command {
                at: machine("source"),
                text: "nginx -t && nginx -s reload".into(),
                env: Vec::new(),
            },
            Exhibit::Warning {
                text: "nginx is stopped now; a reload would start it".into(),
            },
        ],
        legs: vec![leg("write and reload", "…", Progress::None)],
        ..Proposal::default()
    };
    stage.show(
        vec![("source", proposal)],
        &[(0, Holds::No, "502 Bad Gateway")],
    );
    stage
}

fn type_back(look: Look) -> Stage {
    let mut stage = production(look);
    stage.does().does().does().show(
        vec![("source", command("docker stop pryvio_nginx"))],
        &[(0, Holds::No, "running"), (1, Holds::No, "200")],
    );
    stage.wait().types("stop pryv");
    stage
}

pub(super) fn copying(look: Look) -> Stage {
    let mut stage = production(look);
    stage.does().does().does().does();
    stage.show(
        vec![("source", rsync())],
        &[
            (0, Holds::No, "312,204 files differ"),
            (1, Holds::Yes, "1.1 TB"),
        ],
    );
    stage.approve().begin("source").pass(401);
    stage
}

pub(super) fn running(look: Look) -> Stage {
    let mut stage = copying(look);
    stage.prints(
        "source",
        b"sending incremental file list\n\r  1,234,567   0%    9.00MB/s    1:10:00  \r 41,200,000,000  64%  102.33MB/s    0:03:48  ",
        Progress::Rsync,
    );
    stage
}

fn link_lost(look: Look) -> Stage {
    let mut stage = running(look);
    stage.found(Finding::LinkLost {
        machine: machine("source"),
        why: "connection reset by peer".into(),
    });
    stage.pass(9);
    let next_try = Timestamp::from_second(stage.seconds + 3).ok();
    let doing = "connecting".into();
    stage.update(Update::Live(Live::Busy {
        machine: machine("source"),
        doing,
        next_try,
    }));
    stage
}

fn proving(look: Look) -> Stage {
    let mut stage = running(look);
    stage.prints(
        "source",
        b"\r 64,000,000,000 100%  101.00MB/s    0:10:41 (xfr#312204, to-chk=0/312204)\n",
        Progress::Rsync,
    );
    stage
        .ends("source", LaneOutcome::Succeeded { code: 0 })
        .proved(&[(1, Holds::Yes, "1.1 TB")]);
    let until = Timestamp::from_second(stage.seconds + 60).ok();
    stage.update(Update::Live(Live::Asked {
        numbers: None,
        step: step("copy-users"),
        lane: machine("source"),
        proof: Some(0),
        seen: "12 files differ".into(),
        times: 3,
        until,
    }));
    stage
}

fn question(look: Look) -> Stage {
    let mut stage = copying(look);
    stage
        .ends("source", LaneOutcome::Succeeded { code: 0 })
        .proved(&[(0, Holds::Yes, "nothing"), (1, Holds::Yes, "1.1 TB")]);
    stage.show(
        vec![("dest", command("./run-core start"))],
        &[(0, Holds::No, "connection refused")],
    );
    stage.approve().begin("dest").pass(20);
    stage.prints(
        "dest",
        b"Starting core ... done\nStarting influxdb ... done\n",
        Progress::None,
    );
    stage
        .ends("dest", LaneOutcome::Succeeded { code: 0 })
        .proved(&[(0, Holds::Yes, "200")]);
    stage
}

/// A question whose yes must tell something.
fn evidence(look: Look) -> Stage {
    let mut stage = question(look);
    for run in [&mut stage.run, &mut stage.app.folded.run] {
        let steps = &mut run.plan.as_mut().unwrap().steps;
        steps[5].proofs[1].evidence = Some("the account and its newest event".into());
    }
    stage
}

pub(super) fn failed(look: Look) -> Stage {
    let mut stage = running(look);
    stage.prints(
        "source",
        b"\nrsync: [sender] write error: Broken pipe (32)\nrsync error: error in socket IO (code 10) at io.c(848) [sender=3.2.7]\n",
        Progress::Rsync,
    );
    stage.ends("source", LaneOutcome::Failed { code: 10 });
    stage
}

pub(super) fn unproved(look: Look) -> Stage {
    let mut stage = running(look);
    stage.ends("source", LaneOutcome::Succeeded { code: 0 });
    stage.proved(&[(0, Holds::No, "12 files differ"), (1, Holds::Yes, "1.1 TB")]);
    stage
}

fn obstructed(look: Look) -> Stage {
    let mut stage = production(look);
    stage.does().reach();
    let (step, attempt) = stage.turn();
    let obstacle = Obstacle::new("read /root/.ssh/authorized_keys on dest: permission denied")
        .hint("log in as root, or give the login user sudo");
    stage.found(Finding::Obstructed {
        step,
        attempt,
        lane: machine("source"),
        obstacle,
    });
    stage
}

fn unknown(look: Look) -> Stage {
    let mut stage = running(look);
    let why =
        "source was restarted while this ran; its receipt says started 02:24:26, and nothing after";
    stage.lost("source", why);
    let (step, attempt) = stage.turn();
    stage.wish(
        1,
        Intent::Look {
            step: step.clone(),
            attempt,
        },
    );
    stage.found(Finding::Answered {
        step,
        attempt,
        asked: crate::run::Asked::Look,
        answers: super::stage::answers(&[
            (0, Holds::No, "312 files differ"),
            (1, Holds::Yes, "1.1 TB"),
        ]),
    });
    doubt::heard(&mut stage, Evidence::CannotSay { why: why.into() });
    stage
}

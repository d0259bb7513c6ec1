//! A plan like the procedure that this project began with, and what its steps show.

use crate::kinds::{Exhibit, Leg, Performer, Progress, Proposal, Shell};
use crate::names::{EnvName, PhaseId};
use crate::run::{
    Plan, PlannedMachine, PlannedPhase, PlannedStep, PlannedUndo, Proof, RunbookCopy,
};
use crate::runbook::{Binding, Downtime, EnvironmentKind, Gate};

use super::stage::{machine, step};

pub(super) fn leg(title: &str, text: &str, progress: Progress) -> Leg {
    Leg {
        title: title.into(),
        at: machine("source"),
        shell: Shell::Sh,
        text: text.into(),
        env: Vec::new(),
        ok_codes: Vec::new(),
        progress,
        limit_seconds: 0,
        interactive: false,
        guard: None,
    }
}

pub(super) fn command(text: &str) -> Proposal {
    Proposal {
        exhibits: vec![Exhibit::Command {
            at: machine("source"),
            text: text.into(),
            env: Vec::new(),
        }],
        legs: vec![leg("run it", text, Progress::None)],
        ..Proposal::default()
    }
}

pub(super) fn proof(lane: &str, says: &str) -> Proof {
    Proof {
        lane: machine(lane),
        at: Some(machine(lane)),
        says: says.into(),
        person: false,
        evidence: None,
        within_seconds: 0,
        every_millis: 0,
        shared: false,
    }
}

pub(super) fn asks(lane: &str, says: &str) -> Proof {
    Proof {
        person: true,
        at: None,
        ..proof(lane, says)
    }
}

/// A plan like the procedure that this project began with.
pub(super) fn migration(kind: EnvironmentKind) -> Plan {
    let phase = |id: &str, title: &str| PlannedPhase {
        id: PhaseId::new(id).unwrap(),
        title: title.into(),
    };
    let step = |phase: &str, id: &str, title: &str, lane: &str| PlannedStep {
        id: step(id),
        phase: PhaseId::new(phase).unwrap(),
        title: title.into(),
        about: String::new(),
        kind: "command".into(),
        headline: format!("do {id}"),
        performer: Performer::Machine,
        lanes: vec![machine(lane)],
        gate: Gate::Confirm,
        proofs: vec![proof(lane, "it is so")],
        undo: PlannedUndo::Action {
            headline: format!("undo {id}"),
            performer: Performer::Machine,
            proofs: Vec::new(),
        },
        estimate_seconds: 90,
        undo_estimate_seconds: 0,
        earlier: Default::default(),
        timeout_seconds: 0,
        interactive: false,
        downtime: None,
        point_of_no_return: false,
        needs: Vec::new(),
        when: Vec::new(),
        choice: None,
        capture: None,
        for_each: None,
        at_once: 0,
        armed_until: None,
        confirm_within_seconds: 0,
    };
    let mut steps = vec![
        step(
            "prepare",
            "ask-the-customer",
            "Ask the customer for the window",
            "bastion",
        ),
        step("prepare", "ssh-key", "Let source log in on dest", "source"),
        step("transfer", "copy-conf", "Copy the configuration", "source"),
        step("transfer", "stop-nginx", "Stop NGINX on source", "source"),
        step("transfer", "copy-users", "Copy the users' data", "source"),
        step("launch", "start-dest", "Start the services on dest", "dest"),
        step("redirect", "proxy", "Let source proxy to dest", "source"),
        step(
            "register",
            "register",
            "Point every register machine to dest",
            "register.1",
        ),
    ];
    steps[0].performer = Performer::Person;
    steps[0].undo = PlannedUndo::Unsaid;
    steps[0].proofs = Vec::new();
    steps[3].about = "Nothing new may arrive while data is copied.".into();
    steps[3].gate = Gate::TypeBack {
        words: "stop pryvio_nginx".into(),
    };
    steps[3].downtime = Some(Downtime::Starts);
    steps[3].estimate_seconds = 10;
    steps[3].proofs = vec![
        proof("source", "container pryvio_nginx is stopped"),
        proof("source", "https://core1.pryv.io/ refuses"),
    ];
    steps[3].undo = PlannedUndo::Action {
        headline: "docker start pryvio_nginx".into(),
        performer: Performer::Machine,
        proofs: vec![proof("source", "container pryvio_nginx is running")],
    };
    steps[4].proofs = vec![
        proof("source", "a second dry run finds nothing"),
        proof("dest", "free space is above 10 GB"),
    ];
    steps[4].estimate_seconds = 1200;
    steps[5].proofs = vec![
        proof("dest", "https://core2.pryv.io/ answers 200"),
        asks(
            "dest",
            "Log onto an account on dest. Are the streams and events there?",
        ),
    ];
    steps[6].downtime = Some(Downtime::Ends);
    steps[6].kind = "nginx-upstream".into();
    steps[7].point_of_no_return = true;
    steps[7].gate = Gate::TypeBack {
        words: "no way back".into(),
    };
    steps[7].lanes = vec![machine("register.1"), machine("register.2")];
    steps[7].proofs = vec![
        proof("register.1", "core1 resolves to dest"),
        proof("register.2", "core1 resolves to dest"),
    ];
    let known = |name: &str, label: &str| PlannedMachine {
        name: machine(name),
        label: label.into(),
        address: "10.0.0.1".into(),
        user: String::new(),
        port: 22,
        binding: Binding::Local,
    };
    Plan {
        runbook: RunbookCopy {
            copy: "runbook.toml".into(),
            bytes: 1,
            sha256: "0".repeat(64),
        },
        title: "Pryv.io core migration".into(),
        about: String::new(),
        environment: EnvName::new("eu-west").unwrap(),
        environment_kind: kind,
        environment_digest: "0".repeat(64),
        people: 0,
        window_seconds: 4 * 3600,
        params: Vec::new(),
        machines: vec![
            known("source", "core1.pryv.io"),
            known("dest", "core2.pryv.io"),
            known("register.1", "reg-master"),
            known("register.2", "reg-2"),
        ],
        phases: vec![
            phase("prepare", "Prepare"),
            phase("transfer", "Transfer"),
            phase("launch", "Launch"),
            phase("redirect", "Redirect"),
            phase("register", "Register"),
        ],
        steps,
    }
}

/// What the copy of users' data shows and runs.
pub(super) fn rsync() -> Proposal {
    let text = "rsync -a --info=progress2 --partial -e \"ssh -i $KEY\" /var/pryv/data/ migration@$DEST:/var/pryv/data/";
    Proposal {
        exhibits: vec![
            Exhibit::Command {
                at: machine("source"),
                text: text.into(),
                env: vec![
                    ("KEY".into(), "/root/.ssh/runsheet-k3f9".into()),
                    ("DEST".into(), "10.0.0.12".into()),
                ],
            },
            Exhibit::Finding {
                label: "would copy".into(),
                text: "312,204 files, 64.0 GB".into(),
            },
        ],
        legs: vec![leg("copy", text, Progress::Rsync)],
        ..Proposal::default()
    }
}

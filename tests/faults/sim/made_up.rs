//! Dice, plans and proposals for the simulated runs.

use std::collections::BTreeMap;

use runsheet::kinds::{Exhibit, Leg, Performer, Progress, Proposal, Shell};
use runsheet::names::{EnvName, MachineName, PhaseId, StepId};
use runsheet::run::{Plan, PlannedPhase, PlannedStep, PlannedUndo, Proof, RunbookCopy};
use runsheet::runbook::{EnvironmentKind, Gate};

/// How many machines there are.
pub const MACHINES: usize = 2;

/// SplitMix64, as in the walk of the heart: a seed always gives the same run.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

pub fn step_id(number: usize) -> StepId {
    StepId::new(format!("s{number}")).unwrap()
}

pub fn machine(number: usize) -> MachineName {
    MachineName::new(format!("m{number}")).unwrap()
}

/// The place of a machine among [`MACHINES`].
pub fn place(name: &MachineName) -> usize {
    name.as_str()[1..].parse().unwrap()
}

fn proof(lane: &MachineName, person: bool) -> Proof {
    Proof {
        lane: lane.clone(),
        at: (!person).then(|| lane.clone()),
        says: "it is so".into(),
        person,
        within_seconds: 0,
        every_millis: 0,
        shared: false,
        evidence: None,
    }
}

fn step(dice: &mut Dice, number: usize, phase: &PhaseId) -> PlannedStep {
    let lanes: Vec<_> = (0..1 + dice.below(MACHINES)).map(machine).collect();
    let proofs = (0..dice.below(2))
        .map(|_| proof(&lanes[0], dice.one_in(4)))
        .collect();
    let performer = match dice.below(8) {
        0 => Performer::Person,
        1 => Performer::Watch,
        _ => Performer::Machine,
    };
    let gate = match dice.below(5) {
        0 | 1 => Gate::Auto,
        2 => Gate::TwoPeople,
        _ => Gate::Confirm,
    };
    let undo = match dice.below(3) {
        0 => PlannedUndo::Unsaid,
        _ => PlannedUndo::Action {
            headline: "undo".into(),
            performer: Performer::Machine,
            proofs: Vec::new(),
        },
    };
    PlannedStep {
        id: step_id(number),
        phase: phase.clone(),
        title: "step".into(),
        about: String::new(),
        kind: "command".into(),
        headline: "true".into(),
        performer,
        lanes,
        gate,
        proofs,
        undo,
        estimate_seconds: 0,
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
    }
}

pub fn plan(dice: &mut Dice) -> Plan {
    let phase = PhaseId::new("p").unwrap();
    Plan {
        runbook: RunbookCopy {
            copy: "runbook.toml".into(),
            bytes: 1,
            sha256: "0".repeat(64),
        },
        title: "simulated".into(),
        about: String::new(),
        environment: EnvName::new("here").unwrap(),
        environment_kind: EnvironmentKind::Rehearsal,
        environment_digest: "0".repeat(64),
        people: 0,
        window_seconds: 0,
        params: Vec::new(),
        machines: Vec::new(),
        steps: (0..1 + dice.below(3))
            .map(|number| step(dice, number, &phase))
            .collect(),
        phases: vec![PlannedPhase {
            id: phase,
            title: "p".into(),
        }],
    }
}

pub fn proposal(dice: &mut Dice, lane: &MachineName, performer: Option<Performer>) -> Proposal {
    let salt = dice.below(1000);
    let leg = |number| Leg {
        title: format!("leg {number}"),
        at: lane.clone(),
        shell: Shell::Sh,
        text: format!("true {salt}.{number}"),
        env: Vec::new(),
        ok_codes: Vec::new(),
        progress: Progress::None,
        limit_seconds: 0,
        interactive: false,
        guard: None,
    };
    let legs = match dice.below(6) {
        _ if performer != Some(Performer::Machine) => 0,
        0 => 0,
        1 => 2,
        _ => 1,
    };
    Proposal {
        exhibits: vec![Exhibit::Text {
            text: format!("{salt}"),
        }],
        legs: (0..legs).map(leg).collect(),
        leaves: BTreeMap::new(),
        already: None,
    }
}

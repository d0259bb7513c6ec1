//! Dice, plans and proposals for the walk.

use crate::kinds::{Leg, OptionShown, Performer, Progress, Shell};
use crate::names::{EnvName, MachineName, ParamName, PhaseId, StepId};
use crate::run::{Plan, PlannedChoice, PlannedPhase, PlannedStep, PlannedUndo, Proof, RunbookCopy};
use crate::runbook::{Capture, Condition, EnvironmentKind, ForEach, Gate, Items};

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): small enough to
/// stand here, and a seed always gives the same walk.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

pub(in crate::run) fn step_id(number: usize) -> StepId {
    StepId::new(format!("s{number}")).unwrap()
}

pub(in crate::run) fn machine(number: usize) -> MachineName {
    MachineName::new(format!("m{number}")).unwrap()
}

pub(super) fn proof(lane: &MachineName, person: bool) -> Proof {
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

pub(super) fn random_plan(dice: &mut Dice) -> Plan {
    let phase = PhaseId::new("p").unwrap();
    let steps = (0..1 + dice.below(5))
        .map(|number| {
            let lanes: Vec<_> = (0..1 + dice.below(3)).map(machine).collect();
            let proofs = (0..dice.below(3))
                .map(|_| proof(&lanes[0], dice.one_in(4)))
                .collect();
            let choice = dice.one_in(5).then(|| choice(number));
            let captures = dice.one_in(4).then(|| capture(number));
            let each = dice.one_in(4).then(|| for_each(dice, number));
            let when = rules(dice, number);
            let performer = *dice.pick(&[
                Performer::Machine,
                Performer::Machine,
                Performer::Machine,
                Performer::Person,
                Performer::Watch,
                Performer::Nobody,
            ]);
            let gate = match dice.below(5) {
                0 => Gate::Auto,
                1 => Gate::TypeBack {
                    words: "go on".into(),
                },
                2 => Gate::TwoPeople,
                _ => Gate::Confirm,
            };
            let undo = match dice.below(4) {
                0 => PlannedUndo::Unsaid,
                2 => PlannedUndo::Nothing {
                    reason: "because".into(),
                },
                1 => PlannedUndo::Never {
                    reason: "because".into(),
                },
                _ => PlannedUndo::Action {
                    headline: "undo".into(),
                    performer: Performer::Machine,
                    proofs: vec![proof(&lanes[0], false)],
                },
            };
            let needs = match number {
                0 => Vec::new(),
                n if dice.one_in(3) => vec![step_id(n - 1)],
                _ => Vec::new(),
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
                estimate_seconds: 10,
                undo_estimate_seconds: 0,
                earlier: Default::default(),
                timeout_seconds: 0,
                interactive: false,
                downtime: None,
                point_of_no_return: dice.one_in(8),
                needs,
                when,
                choice: None,
                capture: None,
                for_each: each,
                at_once: u16::from(dice.one_in(3)) * 2,
                armed_until: dice.one_in(3).then(|| step_id(number + 1)),
                confirm_within_seconds: 0,
            }
            .captures(captures)
            .or_a(choice)
            .guarded(dice.one_in(3))
        })
        .collect();
    Plan {
        people: if dice.one_in(6) { 2 } else { 0 },
        ..plan_of(steps)
    }
}

/// A plan of these steps.
pub(in crate::run) fn plan_of(steps: Vec<PlannedStep>) -> Plan {
    Plan {
        runbook: RunbookCopy {
            copy: "runbook.toml".into(),
            bytes: 1,
            sha256: "0".repeat(64),
        },
        title: "walk".into(),
        about: String::new(),
        environment: EnvName::new("here").unwrap(),
        environment_kind: EnvironmentKind::Rehearsal,
        environment_digest: "0".repeat(64),
        people: 0,
        window_seconds: 0,
        params: vec![("P".into(), Some("x".into()))],
        machines: Vec::new(),
        phases: vec![PlannedPhase {
            id: PhaseId::new("p").unwrap(),
            title: "p".into(),
        }],
        steps,
    }
}

fn name(number: usize) -> ParamName {
    ParamName::new(format!("C{number}")).unwrap()
}

fn choice(number: usize) -> PlannedChoice {
    let option = |value: &str| OptionShown {
        value: value.into(),
        title: value.into(),
        means: "this".into(),
    };
    PlannedChoice {
        name: name(number),
        ask: "which".into(),
        options: vec![option("a"), option("b")],
    }
}

fn capture(number: usize) -> Capture {
    Capture {
        name: name(number),
        lines: true,
        may_be_empty: true,
    }
}

/// A list of its own, or one that an earlier step may have captured.
fn for_each(dice: &mut Dice, number: usize) -> ForEach {
    let items = match dice.below(number + 1) {
        n if n == number => Items::Listed {
            items: vec!["x".into(), "y".into()],
        },
        n => Items::Captured { list: name(n) },
    };
    ForEach {
        name: ParamName::new("ITEM").unwrap(),
        items,
    }
}

/// Conditions on a parameter, or on what an earlier step may have made.
fn rules(dice: &mut Dice, number: usize) -> Vec<Condition> {
    let mut rules = Vec::new();
    while dice.one_in(3) {
        let name = match dice.below(number + 1) {
            n if n == number => ParamName::new("P").unwrap(),
            n => name(n),
        };
        let values = vec![(*dice.pick(&["a", "b", "x"])).to_owned()];
        let (is, is_not) = match dice.one_in(2) {
            true => (values, Vec::new()),
            false => (Vec::new(), values),
        };
        rules.push(Condition { name, is, is_not });
    }
    rules
}

/// Something to read, where each condition holds.
pub(in crate::run) fn follows(number: usize, when: &[(&str, &str)]) -> PlannedStep {
    let rule = |(name, value): &(&str, &str)| Condition {
        name: ParamName::new(*name).unwrap(),
        is: vec![(*value).to_owned()],
        is_not: Vec::new(),
    };
    PlannedStep {
        id: step_id(number),
        phase: PhaseId::new("p").unwrap(),
        title: "step".into(),
        about: String::new(),
        kind: "note".into(),
        headline: "read".into(),
        performer: Performer::Nobody,
        lanes: vec![machine(0)],
        gate: Gate::Confirm,
        proofs: Vec::new(),
        undo: PlannedUndo::Unsaid,
        estimate_seconds: 0,
        undo_estimate_seconds: 0,
        earlier: Default::default(),
        timeout_seconds: 0,
        interactive: false,
        downtime: None,
        point_of_no_return: false,
        needs: Vec::new(),
        when: when.iter().map(rule).collect(),
        choice: None,
        capture: None,
        for_each: None,
        at_once: 0,
        armed_until: None,
        confirm_within_seconds: 0,
    }
}

/// Something that a machine runs.
pub(in crate::run) fn leg(machine: &MachineName) -> Leg {
    Leg {
        title: "leg".into(),
        at: machine.clone(),
        shell: Shell::Sh,
        text: "true".into(),
        env: Vec::new(),
        ok_codes: Vec::new(),
        progress: Progress::None,
        limit_seconds: 0,
        interactive: false,
        guard: None,
    }
}

/// A step that captures a list, for the name `C` and the number, and can be taken back.
pub(in crate::run) fn captures(number: usize) -> PlannedStep {
    PlannedStep {
        performer: Performer::Machine,
        undo: PlannedUndo::Action {
            headline: "undo".into(),
            performer: Performer::Machine,
            proofs: Vec::new(),
        },
        ..follows(number, &[])
    }
    .captures(Some(capture(number)))
}

/// A choice between a and b, for the name `C` and the number.
pub(in crate::run) fn chooses(number: usize) -> PlannedStep {
    follows(number, &[]).or_a(Some(choice(number)))
}

impl PlannedStep {
    /// The step as one that captures, on one machine.
    fn captures(self, capture: Option<Capture>) -> Self {
        if capture.is_none() || self.performer != Performer::Machine {
            return self;
        }
        Self {
            lanes: self.lanes[..1].to_vec(),
            for_each: None,
            capture,
            ..self
        }
    }

    /// The step with a guard, where it may have one.
    fn guarded(self, guarded: bool) -> Self {
        let undo = matches!(
            self.undo,
            PlannedUndo::Action {
                performer: Performer::Machine,
                ..
            }
        );
        let plain = self.capture.is_none() && self.for_each.is_none() && self.choice.is_none();
        let may = undo && plain && self.performer == Performer::Machine;
        Self {
            confirm_within_seconds: if guarded && may { 120 } else { 0 },
            point_of_no_return: self.point_of_no_return && !(guarded && may),
            ..self
        }
    }

    /// The step as a choice, which has no machine, no proof and no other gate.
    fn or_a(self, choice: Option<PlannedChoice>) -> Self {
        if choice.is_none() {
            return self;
        }
        Self {
            performer: Performer::Nobody,
            gate: Gate::Confirm,
            proofs: Vec::new(),
            undo: PlannedUndo::Action {
                headline: "open it again".into(),
                performer: Performer::Nobody,
                proofs: Vec::new(),
            },
            point_of_no_return: false,
            capture: None,
            for_each: None,
            choice,
            ..self
        }
    }
}

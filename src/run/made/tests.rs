//! A choice, what hangs on it, and the way back to it.

mod armed;
mod lanes;

use super::*;
use crate::clock::Clock;
use crate::kinds::{Exhibit, Performer, Proposal};
use crate::names::{MachineName, RunId};
use crate::run::walk::{captures, chooses, follows, leg, machine, plan_of, step_id};
use crate::run::{
    Command, FilledIn, Finding, Intent, LaneOutcome, LaneShown, Operator, Plan, Refusal, Run, Stop,
    Stuck, Task, decide, wanted,
};
use crate::runbook::{ForEach, Items, LANES};

struct Stage {
    run: Run,
    clock: Clock,
}

impl Stage {
    fn new(plan: Plan) -> Self {
        let mut stage = Self {
            run: Run::default(),
            clock: Clock::held_at(1_700_000_000),
        };
        let run = RunId::new("20261121-made").unwrap();
        let (version, plan) = ("0".to_owned(), Box::new(plan));
        stage.found(Finding::Open { run, version, plan });
        let (boot, version) = ("b".to_owned(), "0".to_owned());
        stage.found(Finding::Started {
            pid: 1,
            boot,
            version,
        });
        let who = stage.who();
        stage.found(Finding::Attached { who, watch: false });
        stage
    }

    fn who(&self) -> Operator {
        Operator {
            name: "ana".into(),
            uid: 0,
            login_uid: None,
            client: 1,
        }
    }

    fn command(&mut self, command: &Command) -> Result<(), Refusal> {
        let (by, event) = decide(&self.run, command)?;
        let entry = Entry {
            seq: self.run.next_seq,
            at: self.clock.now(),
            by,
            event,
        };
        self.run.apply(&entry).unwrap();
        Ok(())
    }

    fn found(&mut self, finding: Finding) {
        self.command(&Command::Found(finding)).unwrap();
    }

    fn wish(&mut self, intent: Intent) -> Result<(), Refusal> {
        let who = self.who();
        self.command(&Command::Wish { who, intent })
    }

    fn reach(&mut self, number: usize) -> &StepAt {
        let step = step_id(number);
        self.found(Finding::Reach { step });
        &self.run.steps[number].at
    }

    fn show(&mut self, number: usize) -> (StepId, u32, String) {
        let (step, attempt) = (step_id(number), self.run.steps[number].attempt);
        let text = format!("step {number}");
        let lanes = vec![LaneShown {
            lane: MachineName::new("m0").unwrap(),
            proposal: Proposal {
                exhibits: vec![Exhibit::Text { text }],
                ..Proposal::default()
            },
        }];
        let digest = LaneShown::digest_of(&lanes);
        self.found(Finding::Shown {
            step: step.clone(),
            attempt,
            lanes,
            before: Vec::new(),
            filled: FilledIn::default(),
        });
        (step, attempt, digest)
    }

    fn choose(&mut self, number: usize, value: &str) -> Result<(), Refusal> {
        self.reach(number);
        let (step, attempt, digest) = self.show(number);
        let value = value.to_owned();
        self.wish(Intent::Choose {
            step,
            attempt,
            digest,
            value,
        })
    }

    fn approve(&mut self, number: usize) -> Result<(), Refusal> {
        let (step, attempt, digest) = self.show(number);
        let typed = None;
        self.wish(Intent::Approve {
            step,
            attempt,
            digest,
            typed,
        })
    }
}

/// A choice between a and b, a step that only a has, and one that needs it.
fn plan() -> Plan {
    let mut needing = follows(2, &[]);
    needing.needs = vec![step_id(1)];
    plan_of(vec![chooses(0), follows(1, &[("C0", "a")]), needing])
}

#[test]
fn a_step_of_the_other_option_is_passed_over_and_holds_nothing_up() {
    let mut stage = Stage::new(plan());
    stage.choose(0, "b").unwrap();
    assert_eq!(
        stage.run.steps[0].at,
        StepAt::Done {
            how: Done::Chosen { value: "b".into() }
        }
    );
    let StepAt::RuledOut { rule } = stage.reach(1).clone() else {
        panic!("it is not for this run");
    };
    assert_eq!(rule, "only where C0 is a, and C0 is b");
    assert_eq!(stage.reach(2), &StepAt::Preparing);
    stage
        .approve(2)
        .expect("a need that was passed over does not hold it up");
    assert!(stage.run.steps.iter().all(StepState::is_settled));
}

#[test]
fn only_an_option_can_be_chosen_and_a_plain_yes_chooses_nothing() {
    let mut stage = Stage::new(plan());
    let refused = stage.choose(0, "c").unwrap_err();
    assert_eq!(refused, Refusal::OneOf("a, b".into()));
    let (step, attempt) = (step_id(0), 1);
    let digest = stage.run.steps[0].shown.as_ref().unwrap().digest.clone();
    let yes = Intent::Approve {
        step: step.clone(),
        attempt,
        digest,
        typed: None,
    };
    assert_eq!(stage.wish(yes).unwrap_err(), Refusal::OneOf("a, b".into()));
    let (digest, value) = ("0".to_owned(), "a".to_owned());
    let blind = Intent::Choose {
        step: step.clone(),
        attempt,
        digest,
        value,
    };
    assert_eq!(stage.wish(blind).unwrap_err(), Refusal::NotWhatYouSaw(step));
    assert!(stage.run.steps[0].made.is_none());
}

#[test]
fn going_back_opens_the_choice_and_what_hung_on_it_is_asked_anew() {
    let mut stage = Stage::new(plan());
    stage.choose(0, "b").unwrap();
    stage.reach(1);
    stage.reach(2);
    stage.approve(2).unwrap();
    // The last step is done by nobody, so the choice is the latest that can be taken back.
    assert_eq!(stage.run.undo_next(), Some(0));
    stage.wish(Intent::GoBack { step: step_id(0) }).unwrap();
    assert_eq!(
        stage.run.steps[1].at,
        StepAt::Waiting,
        "no rule holds for good"
    );
    assert!(
        stage.run.steps[0].made.is_some(),
        "it stands until it is taken back"
    );
    stage.approve(0).unwrap();
    assert_eq!(stage.run.steps[0].at, StepAt::Waiting);
    assert!(stage.run.steps[0].made.is_none());
    stage.choose(0, "a").unwrap();
    assert_eq!(stage.reach(1), &StepAt::Preparing);
}

#[test]
fn what_hangs_on_a_choice_that_a_person_skipped_is_a_persons_to_decide() {
    let mut stage = Stage::new(plan());
    stage.reach(0);
    stage.show(0);
    let (step, reason) = (step_id(0), "not now".to_owned());
    stage.wish(Intent::Skip { step, reason }).unwrap();
    let Rule::CannotSay(why) = stage.run.rule(1) else {
        panic!("nobody can say");
    };
    assert_eq!(
        why,
        "it is done only where C0 is a, and C0 has no value: step s0 was skipped"
    );
    assert_eq!(
        stage.reach(1),
        &StepAt::Preparing,
        "and so it is not passed over"
    );
}

#[test]
fn a_condition_on_what_was_passed_over_does_not_hold_either_way() {
    let mut hangs = chooses(1);
    hangs.when = vec![Condition {
        name: ParamName::new("P").unwrap(),
        is: vec!["y".into()],
        is_not: Vec::new(),
    }];
    let mut last = follows(2, &[]);
    last.when = vec![Condition {
        name: ParamName::new("C1").unwrap(),
        is: Vec::new(),
        is_not: vec!["a".into()],
    }];
    let mut stage = Stage::new(plan_of(vec![chooses(0), hangs, last]));
    stage.choose(0, "a").unwrap();
    assert!(matches!(stage.reach(1), StepAt::RuledOut { .. }), "P is x");
    let StepAt::RuledOut { rule } = stage.reach(2).clone() else {
        panic!("there was no choice");
    };
    assert!(
        rule.ends_with("C1 has no value: step s1 was ruled out"),
        "{rule}"
    );
    assert_eq!(stage.run.planned(2).unwrap().performer, Performer::Nobody);
}

//! Moments of a step whose change its machine takes back where nobody keeps it.

use crossterm::event::KeyCode;

use super::night::MOMENTS;
use super::runbook::{command, leg, migration};
use super::stage::{FANCY, Stage, answers, machine};
use crate::kinds::{Exhibit, GuardLeg, Leg, Progress, Proposal};
use crate::probe::Holds;
use crate::run::{Asked, Finding, Intent, LaneOutcome, StepAt};
use crate::runbook::EnvironmentKind;
use crate::tui::Look;

/// The third step, with two minutes to keep its change, as the engine would prepare it.
fn proposal() -> Proposal {
    let part = |title: &str, part| Leg {
        guard: Some(part),
        ..leg(title, "guard", Progress::None)
    };
    let mut proposal = command("systemctl restart nftables");
    let guard = Exhibit::Finding {
        label: "guard".into(),
        text: "armed before anything else: 120 s after, source runs this by itself, unless somebody has kept the \
               change over a new connection:\ncp -a /etc/nftables.conf.before /etc/nftables.conf\n\
               systemctl restart nftables"
            .into(),
    };
    proposal.exhibits.push(guard);
    let arm = part("arm the guard", GuardLeg::Arm { seconds: 120 });
    proposal.legs.insert(0, arm);
    proposal
        .legs
        .push(part("let go of the guard", GuardLeg::Keep));
    proposal
}

pub(super) fn gate(look: Look) -> Stage {
    let mut plan = migration(EnvironmentKind::Production);
    plan.steps[2].confirm_within_seconds = 120;
    let mut stage = Stage::new(plan, look);
    stage.attach("ben", true).pass(60);
    stage.does().does();
    stage.show(
        vec![("source", proposal())],
        &[(0, Holds::No, "3 files differ")],
    );
    stage
}

fn leg_ends(stage: &mut Stage, leg: u16, outcome: LaneOutcome) {
    let ((step, attempt), lane) = (stage.turn(), machine("source"));
    let (begun, ended) = ((step.clone(), lane.clone()), (step, lane));
    stage.found(Finding::Begin {
        step: begun.0,
        attempt,
        lane: begun.1,
        leg,
        spool: Some("5c0.b0".into()),
    });
    stage.pass(2);
    stage.found(Finding::Ended {
        step: ended.0,
        attempt,
        lane: ended.1,
        leg,
        outcome,
        output: None,
    });
}

fn well(stage: &mut Stage, leg: u16) {
    leg_ends(stage, leg, LaneOutcome::Succeeded { code: 0 });
}

/// The change is there, and what is true now was looked at.
pub(super) fn waiting(look: Look) -> Stage {
    let mut stage = gate(look);
    stage.approve();
    well(&mut stage, 0);
    well(&mut stage, 1);
    let (step, attempt) = stage.turn();
    stage.found(Finding::Answered {
        step,
        attempt,
        asked: Asked::Look,
        answers: answers(&[(0, Holds::Yes, "no file differs")]),
    });
    stage
}

/// Nobody has kept it.
pub(super) fn late(look: Look) -> Stage {
    let mut stage = waiting(look);
    stage.pass(130);
    stage
}

/// Somebody wanted to keep it, and came too late.
pub(super) fn fired(look: Look) -> Stage {
    let mut stage = late(look);
    let ((step, attempt), lane) = (stage.turn(), machine("source"));
    stage.wish(
        1,
        Intent::Keep {
            step,
            attempt,
            lane,
        },
    );
    leg_ends(&mut stage, 2, LaneOutcome::Failed { code: 3 });
    stage
}

/// The change itself failed, and its guard waits on.
pub(super) fn half_way(look: Look) -> Stage {
    let mut stage = gate(look);
    stage.approve();
    well(&mut stage, 0);
    leg_ends(&mut stage, 1, LaneOutcome::Failed { code: 1 });
    stage
}

fn moment(name: &str) -> Stage {
    MOMENTS.iter().find(|(known, _)| *known == name).unwrap().1(FANCY)
}

#[test]
fn a_change_is_kept_by_an_answer_that_does_not_have_the_focus() {
    let mut stage = moment("guard-waiting");
    stage.wait().key(KeyCode::Enter);
    let asked = stage.text(80, 24);
    assert!(asked.contains("Keep the change on source?"), "{asked}");
    assert!(asked.contains("so: "), "{asked}");
    stage.key(KeyCode::Enter);
    assert!(stage.sent.is_empty(), "{:?}", stage.sent);
    stage
        .key(KeyCode::Enter)
        .key(KeyCode::Down)
        .key(KeyCode::Enter);
    let sent = stage.sent.clone();
    let [Intent::Keep { lane, .. }] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(*lane, machine("source"));
}

#[test]
fn what_its_guard_may_take_back_is_vouched_for_by_nobody() {
    let mut stage = moment("guard-half-way");
    let text = stage.wait().text(80, 24);
    assert!(!text.contains("vouch"), "{text}");
    assert!(!text.contains("prove again"), "{text}");
    let (step, attempt) = stage.turn();
    let note = "I have seen it".to_owned();
    let who = stage.operator(1);
    let wish = crate::run::Command::Wish {
        who,
        intent: Intent::Attest {
            step,
            attempt,
            note,
        },
    };
    let refused = stage.happen(&wish).unwrap_err();
    assert!(
        refused.contains("may still be taken back by its guard"),
        "{refused}"
    );
    // Once it has fired, a person may say how things stand.
    let stage = moment("guard-fired");
    let number = stage.run.current().unwrap();
    assert!(matches!(stage.run.steps[number].at, StepAt::Stuck { .. }));
    assert_eq!(stage.run.steps[number].guards().count(), 0);
}

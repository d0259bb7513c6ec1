//! Moments in which nobody can say how something ended, and what is heard of it later.

use crossterm::event::KeyCode;

use super::night::running;
use super::stage::{FANCY, Stage, machine};
use crate::client::Update;
use crate::run::{Decision, Evidence, Finding, Intent, StepAt, Stop, Token};
use crate::tui::Look;
use crate::wire::Live;

fn token(stage: &Stage) -> Token {
    let doubts = &stage.app.folded.run.doubts;
    doubts.keys().next().expect("a doubt").clone()
}

pub(super) fn heard(stage: &mut Stage, says: Evidence) {
    let token = token(stage);
    stage.found(Finding::Evidence { token, says });
}

/// The link went, somebody wanted an end, and the machine could not be asked.
pub(super) fn asked_on(look: Look) -> Stage {
    let mut stage = running(look);
    let (step, attempt) = stage.turn();
    stage.found(Finding::LinkLost {
        machine: machine("source"),
        why: "the link was lost: connection reset by peer".into(),
    });
    stage.wish(
        1,
        Intent::Stop {
            step: step.clone(),
            attempt,
            stop: Stop::Ask,
        },
    );
    stage.found(Finding::Unknown {
        step,
        attempt,
        lane: machine("source"),
        leg: 0,
        why: "it was asked to end, and its machine could not be asked what became of it".into(),
        output: None,
        last_word: false,
    });
    let next = stage.now().wall.as_second() + 12;
    stage.update(Update::Live(Live::Busy {
        machine: machine("source"),
        doing: "connecting again".into(),
        next_try: crate::clock::Timestamp::from_second(next).ok(),
    }));
    stage.pass(4);
    stage
}

fn decided(look: Look) -> Stage {
    let mut stage = asked_on(look);
    let (step, attempt) = stage.turn();
    stage.wish(
        1,
        Intent::Settle {
            step,
            attempt,
            lane: machine("source"),
            decision: Decision::DidNotHappen,
            reason: "dest has none of the new files".into(),
        },
    );
    stage.found(Finding::LinkBack {
        machine: machine("source"),
    });
    stage
}

/// It was decided that it did not happen, and its machine says that it did.
pub(super) fn contradicted(look: Look) -> Stage {
    let mut stage = decided(look);
    heard(&mut stage, Evidence::Ended { code: 0 });
    stage
}

/// It was decided about, and it runs.
pub(super) fn runs_on(look: Look) -> Stage {
    let mut stage = decided(look);
    heard(&mut stage, Evidence::Running);
    stage
}

#[test]
fn what_is_heard_in_time_puts_the_step_back_to_where_it_is_followed() {
    let mut stage = asked_on(FANCY);
    heard(&mut stage, Evidence::Running);
    let run = &stage.app.folded.run;
    let (_, _, state) = stage.app.current().expect("a step");
    assert_eq!(state.at, StepAt::Running);
    assert_eq!(state.stop, Some(Stop::Ask), "and the end is still wanted");
    assert!(run.doubts.is_empty());
}

#[test]
fn a_contradiction_is_shouted_until_somebody_writes_about_the_step() {
    let mut stage = contradicted(FANCY);
    assert!(stage.text(80, 24).contains("NOT AS DECIDED"));
    stage.wait().key(KeyCode::Char('n'));
    stage.types("looked on dest: the files are there").ctrl('s');
    let text = stage.text(80, 24);
    assert!(!text.contains("NOT AS DECIDED"), "{text}");
}

#[test]
fn what_runs_on_can_be_ended_first_by_asking_and_then_by_killing() {
    let mut stage = runs_on(FANCY);
    for wanted in [Stop::Ask, Stop::Kill] {
        stage.wait().key(KeyCode::Char('X'));
        assert!(stage.text(80, 24).contains("Let it run"));
        stage.wait().key(KeyCode::Down);
        stage.wait().key(KeyCode::Enter);
        let token = token(&stage);
        assert_eq!(stage.app.folded.run.doubts[&token].stop, Some(wanted));
    }
}

//! What is said of a key that did nothing goes with what it was about.

use crossterm::event::KeyCode;

use super::night::MOMENTS;
use super::reading::message;
use super::stage::{FANCY, Stage, answers};
use crate::client::Update;
use crate::kinds::Progress;
use crate::probe::Holds;
use crate::run::{Finding, Intent, LaneOutcome};

fn moment(name: &str) -> Stage {
    let mut stage = MOMENTS.iter().find(|(known, _)| *known == name).unwrap().1(FANCY);
    stage.wait();
    stage
}

/// Presses a key that can do nothing now, and gives what is said.
fn refused(stage: &mut Stage, key: char) -> String {
    stage.key(KeyCode::Char(key));
    assert!(stage.sent.is_empty() && stage.app.dialog.is_none());
    let said = message(stage).to_owned();
    assert!(!said.is_empty());
    assert!(stage.text(80, 24).contains(&said), "{said}");
    said
}

#[test]
fn what_a_key_could_not_do_at_a_gate_is_not_said_of_what_comes_then() {
    for key in ['/', 'r', 'x'] {
        let mut stage = moment("gate");
        let said = refused(&mut stage, key);
        stage.attach("ben", false);
        assert_eq!(message(&stage), said, "that is no other moment");
        stage.approve();
        assert_eq!(message(&stage), "");
        assert!(!stage.text(80, 24).contains(&said));
    }
    // The pasted text was for the gate that stood there.
    let mut stage = moment("type-back");
    stage.paste("a few words");
    assert!(message(&stage).contains("pasting does not count"));
    stage.approve();
    assert_eq!(message(&stage), "");
}

#[test]
fn what_a_key_could_not_do_while_a_step_ran_goes_with_its_end() {
    let mut stage = moment("running");
    let said = refused(&mut stage, 'r');
    stage.prints("source", b"more of it\n", Progress::None);
    stage.found(Finding::LinkLost {
        machine: super::stage::machine("source"),
        why: "reset".into(),
    });
    assert_eq!(message(&stage), said, "the step runs still");
    stage.ends("source", LaneOutcome::Succeeded { code: 0 });
    assert_eq!(message(&stage), "");
}

#[test]
fn what_a_key_could_not_do_at_a_gate_goes_where_the_gate_is_another() {
    let mut stage = moment("gate");
    refused(&mut stage, 'r');
    let (step, attempt) = stage.turn();
    stage.wish(1, Intent::Review { step, attempt });
    assert_eq!(message(&stage), "");
    // The same for the questions of a proof, one after the other.
    let mut stage = moment("question");
    refused(&mut stage, 'r');
    let (step, attempt) = stage.turn();
    let question = stage.app.open_question().unwrap().0;
    stage.found(Finding::Answered {
        step,
        attempt,
        asked: crate::run::Asked::Proof,
        answers: answers(&[(question, Holds::Yes, "yes")]),
    });
    assert_eq!(message(&stage), "");
}

#[test]
fn what_was_done_and_what_the_engine_says_stays_until_the_next_key() {
    let mut stage = moment("gate");
    stage.key(KeyCode::Char('M'));
    let said = message(&stage).to_owned();
    stage.approve();
    assert_eq!(message(&stage), said, "the mouse is taken still");

    let mut stage = moment("gate");
    refused(&mut stage, 'r');
    let why = "ben was first".to_owned();
    stage.update(Update::Refused { id: 1, why });
    stage.approve();
    assert_eq!(message(&stage), "refused: ben was first");
    stage.key(KeyCode::Char('?'));
    assert_eq!(message(&stage), "");
}

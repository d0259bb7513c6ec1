//! The palette: it finds every step and action, shows only what is clean, and never says yes.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::night::MOMENTS;
use super::stage::{FANCY, Stage};
use crate::problem::hidden;
use crate::run::Intent;
use crate::tui::dialog::Dialog;
use crate::tui::gate::Came;
use crate::tui::keys::{Action, KEYS, Place};
use crate::tui::palette::{Aim, Find, is_worth_finding};

fn moment(name: &str) -> Stage {
    MOMENTS.iter().find(|(known, _)| *known == name).unwrap().1(FANCY)
}

/// Opens the palette and types, a frame after each key.
fn find<'a>(stage: &'a mut Stage, typed: &str) -> &'a mut Stage {
    stage.wait().ctrl('p');
    assert_eq!(stage.app.place(), Place::Find);
    stage.types(typed);
    stage.draw(80, 24);
    stage
}

fn finds(stage: &Stage) -> &Find {
    match &stage.app.dialog {
        Some(Dialog::Find(find)) => find,
        _ => panic!("the palette is not open"),
    }
}

#[test]
fn every_step_is_found_by_its_number_its_id_and_its_title_and_looked_at() {
    let plan = moment("gate").run.plan.unwrap();
    for (number, step) in plan.steps.iter().enumerate() {
        for typed in [
            (number + 1).to_string(),
            step.id.to_string(),
            step.title.chars().take(60).collect(),
        ] {
            let mut stage = moment("gate");
            stage.ctrl('p').paste(&typed);
            stage.draw(80, 24);
            assert_eq!(finds(&stage).drawn, Some(Aim::Step(number)), "{typed}");
            stage.key(KeyCode::Enter);
            let viewed = stage.app.viewed().map(|(number, _, _)| number);
            assert_eq!(viewed, Some(number), "{typed}");
            assert!(stage.sent.is_empty());
        }
    }
}

#[test]
fn whatever_is_picked_in_whatever_moment_nothing_is_approved_or_ended_by_it() {
    let mut picked = 0;
    for (name, make) in MOMENTS {
        for row in KEYS.iter().filter(|row| row.place == Place::Run) {
            let mut stage = make(FANCY);
            let can = stage.app.hits(row.word).into_iter();
            let can = can.filter(|hit| hit.why_not.is_none());
            if !can.map(|hit| hit.aim).any(|aim| aim == Aim::Do(row.action)) {
                continue;
            }
            stage.ctrl('p').paste(row.word);
            if stage.app.place() == Place::Terminal {
                continue;
            }
            stage.draw(80, 24);
            picked += usize::from(finds(&stage).drawn == Some(Aim::Do(row.action)));
            for _ in 0..3 {
                stage.key(KeyCode::Enter);
            }
            for intent in &stage.sent {
                let harmless = matches!(
                    intent,
                    Intent::Look { .. }
                        | Intent::Review { .. }
                        | Intent::ProveAgain { .. }
                        | Intent::DropBack { .. }
                        | Intent::TakeKeyboard { .. }
                );
                assert!(harmless, "{name}: {} sent {intent:?}", row.word);
            }
        }
    }
    assert!(picked > 200, "{picked}");
}

#[test]
fn what_can_be_done_is_what_the_keys_can_do_and_the_rest_says_why_not() {
    for (name, make) in MOMENTS {
        let mut stage = make(FANCY);
        stage.wait().ctrl('p');
        if stage.app.place() != Place::Find {
            continue;
        }
        let app = &mut stage.app;
        for row in KEYS.iter().filter(|row| row.place == Place::Run) {
            if !is_worth_finding(row.action) {
                continue;
            }
            let hits = app.hits(row.word);
            let hit = hits.iter().find(|hit| hit.aim == Aim::Do(row.action));
            let hit = hit.unwrap_or_else(|| panic!("{name}: {} is not found", row.word));
            if matches!(row.action, Action::Approve | Action::TypeBack) {
                continue;
            }
            let before = app.dialog.take();
            let offered = app.offers(row.action);
            app.dialog = before;
            assert_eq!(hit.why_not.is_none(), offered, "{name}: {}", row.word);
            let said = hit.why_not.as_deref().unwrap_or("it can");
            assert!(
                !said.contains("not possible now; ?"),
                "{name}: {}",
                row.word
            );
        }
    }
}

#[test]
fn go_leads_to_the_gate_and_the_gates_own_key_says_yes() {
    let mut stage = moment("gate");
    stage.wait().key(KeyCode::Up);
    find(&mut stage, "go").key(KeyCode::Enter);
    assert_eq!(stage.app.place(), Place::Run);
    assert!(stage.app.is_here(), "{}", stage.text(80, 24));
    assert!(stage.text(80, 24).contains("nothing was approved"));
    assert_eq!(stage.approvals(), 0);
    stage.wait().key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 1);

    let mut stage = moment("type-back");
    stage.wait().key(KeyCode::Esc);
    find(&mut stage, "type the").key(KeyCode::Enter);
    assert_eq!(stage.app.place(), Place::Field);
    assert_eq!(stage.approvals(), 0);
}

#[test]
fn what_is_pasted_or_typed_ahead_fills_the_field_and_does_nothing() {
    let mut stage = moment("stuck-failed");
    stage.wait().ctrl('p');
    stage.draw(80, 24);
    stage.paste("prove again\r\n\u{1b}[31m");
    assert_eq!(finds(&stage).typed, "prove again [31m");

    let mut stage = moment("stuck-unproved");
    stage.wait().ctrl('p');
    stage.draw(80, 24);
    let pressed = |code| KeyEvent::new(code, KeyModifiers::NONE);
    for c in "prove".chars() {
        stage.press(pressed(KeyCode::Char(c)), Came::InABundle);
    }
    stage.press(pressed(KeyCode::Enter), Came::InABundle);
    stage.press(pressed(KeyCode::Enter), Came::Alone);
    assert!(stage.sent.is_empty(), "no frame has shown it yet");
    assert_eq!(finds(&stage).typed, "prove");
    stage.draw(80, 24);
    stage.key(KeyCode::Enter);
    assert!(matches!(stage.sent[..], [Intent::ProveAgain { .. }]));
}

#[test]
fn what_is_destructive_opens_its_question_with_the_harmless_answer_marked() {
    let mut stage = moment("running");
    find(&mut stage, "stop").key(KeyCode::Enter);
    assert_eq!(stage.app.place(), Place::Choice);
    stage.key(KeyCode::Enter);
    assert!(stage.sent.is_empty());
}

#[test]
fn what_cannot_be_done_says_why_and_stays() {
    let mut stage = moment("gate");
    find(&mut stage, "retry");
    assert!(stage.text(80, 24).contains("not now:"));
    stage.key(KeyCode::Enter);
    assert_eq!(stage.app.place(), Place::Find);
    assert!(stage.sent.is_empty());
    stage.key(KeyCode::Esc);
    assert_eq!(stage.app.place(), Place::Run);
}

#[test]
fn a_hostile_title_is_found_and_shown_as_text() {
    let mut stage = super::hostile::evil_stage();
    find(&mut stage, "owned");
    let text = stage.text(80, 24);
    assert!(text.contains("step 1 "), "{text}");
    assert!(!text.chars().any(|c| hidden(c) && c != '\n'), "{text}");
}

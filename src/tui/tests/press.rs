//! Every key in every moment: nothing panics, and nothing but the gate's own key says yes.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::night::MOMENTS;
use super::stage::{FANCY, PLAIN, Stage};
use crate::run::Intent;
use crate::tui::gate::Came;
use crate::tui::keys::{Action, KEYS, Place, meanings};

fn moment(name: &str) -> Stage {
    MOMENTS.iter().find(|(known, _)| *known == name).unwrap().1(FANCY)
}

/// The keys of the table, all of ASCII, and some that mean nothing.
pub(super) fn every_key() -> Vec<KeyEvent> {
    let mut keys: Vec<KeyEvent> = KEYS
        .iter()
        .flat_map(|row| row.keys)
        .map(|key| key.event())
        .collect();
    keys.extend((' '..='~').map(|c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
    keys.extend(('a'..='z').map(|c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)));
    keys.push(KeyEvent::new(KeyCode::Enter, KeyModifiers::CONTROL));
    for code in [
        KeyCode::Tab,
        KeyCode::Delete,
        KeyCode::F(1),
        KeyCode::Left,
        KeyCode::Null,
        KeyCode::BackTab,
    ] {
        keys.push(KeyEvent::new(code, KeyModifiers::NONE));
    }
    let mut seen = std::collections::HashSet::new();
    keys.retain(|key| seen.insert(*key));
    keys
}

#[test]
fn no_key_panics_none_alone_ends_anything_and_only_the_gates_own_says_yes() {
    let mut yes = 0;
    for (name, make) in MOMENTS {
        for key in every_key() {
            let mut stage = make(FANCY);
            stage.wait();
            stage.press(key, Came::Alone);
            stage.draw(80, 24);
            for intent in &stage.sent {
                let harmless = matches!(
                    intent,
                    Intent::Approve { .. }
                        | Intent::Look { .. }
                        | Intent::Review { .. }
                        | Intent::ProveAgain { .. }
                        | Intent::DropBack { .. }
                        | Intent::TakeKeyboard { .. }
                        | Intent::ReturnKeyboard { .. }
                );
                assert!(harmless, "{name}: {key:?} alone sent {intent:?}");
            }
            if stage.approvals() > 0 {
                assert_eq!(key.code, KeyCode::Enter, "{name}: {key:?}");
                assert_eq!(key.modifiers, KeyModifiers::NONE);
                yes += 1;
            }
            // And what a second key does to what the first one opened.
            if stage.app.dialog.is_none() {
                continue;
            }
            for second in [
                KeyCode::Enter,
                KeyCode::Esc,
                KeyCode::Char('y'),
                KeyCode::Down,
            ] {
                stage.since += Duration::from_millis(60);
                stage.key(second);
                stage.draw(80, 24);
            }
        }
    }
    assert!(yes >= 6, "the gates do open: {yes}");
}

#[test]
fn enter_in_a_dialog_takes_the_harmless_answer() {
    for (name, key) in [("stuck-failed", 'r'), ("gate", 'b'), ("running", 'x')] {
        let mut stage = moment(name);
        stage.wait().key(KeyCode::Char(key));
        assert_eq!(stage.app.place(), Place::Choice, "{name}");
        stage.key(KeyCode::Enter);
        assert!(stage.sent.is_empty(), "{name}: {:?}", stage.sent);
    }
}

#[test]
fn a_key_that_was_typed_ahead_approves_nothing() {
    let mut stage = moment("gate");
    stage.draw(80, 24);
    stage.since += Duration::from_millis(399);
    stage.key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 0, "too soon");
    stage.since += Duration::from_millis(399);
    stage.key(KeyCode::Enter);
    assert_eq!(
        stage.approvals(),
        0,
        "and each such key makes it wait again"
    );
    stage.since += Duration::from_millis(401);
    stage.key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 1);
}

#[test]
fn after_a_pager_the_gate_is_new_on_the_screen() {
    let mut stage = moment("gate");
    stage.wait();
    stage.app.is_back(None, stage.since);
    stage.draw(80, 24);
    stage.key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 0);
    stage.wait().key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 1);
}

#[test]
fn a_key_held_down_goes_through_one_gate_at_most() {
    let mut stage = moment("manual-gate");
    stage.wait();
    for _ in 0..200 {
        stage.key(KeyCode::Enter);
        if stage.run.steps[0].at == crate::run::StepAt::Cleared {
            let note = String::new();
            stage.begin("bastion");
            stage.ends("bastion", crate::run::LaneOutcome::SaidDone { note });
            stage.show(vec![("source", super::runbook::command("true"))], &[]);
        }
        stage.draw(80, 24);
        stage.since += Duration::from_millis(30);
    }
    assert_eq!(stage.approvals(), 1);
    assert_eq!(
        stage.turn().0,
        super::stage::step("ssh-key"),
        "the next gate is open"
    );
    stage.wait().key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 2, "and a press of its own opens it");
}

#[test]
fn pasted_keys_and_pasted_text_approve_nothing() {
    let mut stage = moment("gate");
    stage.wait();
    stage.press(
        KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE),
        Came::InABundle,
    );
    stage.paste("\n\r\n");
    assert_eq!(stage.approvals(), 0);

    let mut stage = moment("type-back");
    stage.wait();
    stage.paste("stop pryvio_nginx\n");
    stage.since += Duration::from_secs(1);
    stage.key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 0, "a paste does not fill the field");
}

#[test]
fn the_words_open_the_gate_that_wants_them_and_no_others_do() {
    let mut stage = moment("type-back");
    stage.wait().types("io").key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 0);
    stage.types("_nginx").key(KeyCode::Enter);
    let Some(Intent::Approve { typed, .. }) = stage.sent.last() else {
        panic!("{:?}", stage.sent)
    };
    assert_eq!(typed.as_deref(), Some("stop pryvio_nginx"));
}

#[test]
fn a_yes_names_exactly_what_was_drawn() {
    let mut stage = moment("gate");
    stage.wait();
    let drawn = stage.app.gate().unwrap().digest;
    // It changes under the finger: the frame is old, the state is new.
    let (step, attempt) = stage.turn();
    stage.wish(1, Intent::Review { step, attempt });
    stage.show(vec![("source", super::runbook::command("rm -rf /"))], &[]);
    stage.key(KeyCode::Enter);
    assert_eq!(
        stage.approvals(),
        0,
        "what is on the screen is not what would run"
    );
    assert_ne!(stage.app.gate().unwrap().digest, drawn);
    stage.wait().key(KeyCode::Enter);
    let Some(Intent::Approve { digest, .. }) = stage.sent.last() else {
        panic!("{:?}", stage.sent)
    };
    assert_eq!(
        *digest,
        stage.app.folded.run.steps[2].shown.as_ref().unwrap().digest
    );
}

#[test]
fn nothing_is_approved_while_the_line_is_down_or_a_dialog_or_another_step_is_in_the_way() {
    let mut stage = moment("disconnected");
    stage.wait().key(KeyCode::Enter);
    assert!(stage.sent.is_empty());
    assert!(stage.text(80, 24).contains("not connected"));

    let mut stage = moment("gate");
    stage.wait().key(KeyCode::Char('?'));
    stage.wait().key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 0, "Enter closes the help");
    stage.key(KeyCode::Enter);
    assert_eq!(
        stage.approvals(),
        0,
        "and the gate is new on the screen again"
    );

    let mut stage = moment("gate");
    stage.wait().key(KeyCode::Up);
    stage.wait().key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 0, "another step is looked at");
}

#[test]
fn where_the_gate_is_not_to_be_read_the_footer_does_not_offer_it() {
    let mut stage = moment("gate");
    stage.wait().key(KeyCode::Char('t'));
    assert!(!stage.text(80, 24).contains("Enter go"));
    stage.wait().key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 0);
    assert!(
        stage.text(200, 60).contains("Enter go"),
        "beside the record it is"
    );
}

#[test]
fn a_look_is_what_is_true_now_until_something_newer_is_known() {
    let mut stage = moment("unknown");
    assert!(stage.text(80, 24).contains("now: 312 files differ"));
    stage
        .key(KeyCode::Char('h'))
        .types("dest says so")
        .ctrl('s');
    assert!(
        !stage.text(80, 24).contains("now: 312 files differ"),
        "being proved"
    );
}

#[test]
fn a_key_has_one_meaning_at_a_time() {
    for (name, make) in MOMENTS {
        let mut stage = make(FANCY);
        stage.wait();
        for key in every_key() {
            let place = stage.app.place();
            let offered: Vec<Action> = meanings(place, &key)
                .map(|row| row.action)
                .filter(|action| stage.app.offers(*action))
                .collect();
            assert!(offered.len() <= 1, "{name}: {key:?} means {offered:?}");
        }
    }
}

#[test]
fn a_refused_text_is_not_lost() {
    let mut stage = moment("stuck-failed");
    stage.wait().key(KeyCode::Char('a'));
    stage.types("seen with my own eyes");
    // Meanwhile a colleague takes it up again.
    let (step, attempt) = stage.turn();
    stage.wish(1, Intent::Retry { step, attempt });
    stage.ctrl('s');
    assert!(
        stage.text(80, 24).contains("refused"),
        "{}",
        stage.text(80, 24)
    );
    stage.app.keep(None);
    let purpose = crate::tui::dialog::Purpose::Attest {
        step: super::stage::step("copy-users"),
        attempt,
    };
    assert_eq!(stage.app.draft(&purpose), "seen with my own eyes");
}

#[test]
fn a_note_of_several_lines_is_written_down_under_the_step() {
    let mut stage = moment("gate");
    stage.wait().key(KeyCode::Char('n'));
    stage
        .types("first")
        .key(KeyCode::Enter)
        .types("second")
        .key(KeyCode::Esc);
    assert!(stage.sent.is_empty(), "closed, and kept");
    stage.key(KeyCode::Char('n')).types("!").ctrl('s');
    assert_eq!(stage.run.notes[0].text, "first\nsecond!");
    assert_eq!(
        stage.run.notes[0].step,
        Some(super::stage::step("copy-conf"))
    );
}

#[test]
fn no_size_panics_and_a_resize_keeps_the_place() {
    for (_, make) in MOMENTS {
        for look in [FANCY, PLAIN] {
            let mut stage = make(look);
            for (width, height) in [
                (1, 1),
                (2, 3),
                (20, 5),
                (40, 10),
                (41, 11),
                (60, 16),
                (69, 12),
                (70, 10),
                (80, 10),
                (80, 200),
                (100, 30),
                (139, 17),
                (140, 12),
                (141, 60),
                (300, 11),
                (500, 200),
            ] {
                stage.draw(width, height);
            }
        }
    }
    let mut stage = moment("gate");
    stage.wait().key(KeyCode::Up);
    let before = stage.app.selected;
    stage.draw(20, 5);
    stage.draw(200, 60);
    assert_eq!(stage.app.selected, before);
}

#[test]
fn leaving_says_whether_the_run_goes_on() {
    use crate::tui::Leaving;
    use crate::tui::app::Effect;
    for (name, how) in [
        ("gate", Leaving::Detached),
        ("ended", Leaving::Ended),
        ("suspended", Leaving::Ended),
    ] {
        let mut stage = moment(name);
        stage.wait();
        let now = stage.now();
        let event = KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL);
        assert_eq!(
            stage.app.key(event, Came::Alone, now),
            [Effect::Leave(how)],
            "{name}"
        );
    }
}

//! Whether something goes on or a person is waited for, in whatever is looked at.

use crossterm::event::KeyCode;

use super::night::MOMENTS;
use super::stage::{FANCY, PLAIN, Stage};
use crate::run::{Intent, LaneOutcome, Stop, wanted};
use crate::tui::view::stands;

fn moment(name: &str) -> Stage {
    MOMENTS.iter().find(|(known, _)| *known == name).unwrap().1(FANCY)
}

#[test]
fn work_by_hand_and_a_question_to_a_person_are_their_turn_and_nothing_else_that_goes_on_is() {
    for (name, yours) in [
        ("manual-running", true),
        ("question", true),
        ("running", false),
        ("proving", false),
        ("waiting-falls", false),
        ("terminal-free", false),
    ] {
        for (width, height) in [(80, 24), (200, 60)] {
            let text = moment(name).text(width, height);
            assert_eq!(text.contains("▶ your turn"), yours, "{name}: {text}");
            let goes_on = text.contains("● running") || text.contains("○ proving");
            assert_eq!(goes_on, !yours, "{name}: {text}");
        }
    }
}

#[test]
fn what_covers_the_step_leaves_its_state_to_be_seen_in_the_header() {
    let mut covered = 0;
    for (name, make) in MOMENTS {
        for key in ['o', 't', 'm', '?'] {
            let mut stage = make(PLAIN);
            stage.draw(80, 24);
            stage.wait().key(KeyCode::Char(key));
            let text = stage.text(80, 24);
            let run = &stage.app.folded.run;
            if text.contains("+--") || stage.app.keyboard().is_some() || !wanted(run).person {
                continue;
            }
            let Some(number) = run.current() else {
                continue;
            };
            let (sign, word, _) = stands(run, number, &run.steps[number], PLAIN.signs());
            let beside = text.contains(&format!("{sign} {word}"));
            let above = text.contains(&format!("-- {sign} step {}: {word} -", number + 1));
            let elsewhere = text.contains(&format!("Step {} is {word}: ", number + 1));
            assert!(beside || above || elsewhere, "{name} after {key}: {text}");
            covered += usize::from(above);
        }
    }
    assert!(covered > 20, "{covered}");
}

#[test]
fn a_box_names_the_step_that_its_words_are_about() {
    let mut stage = moment("unknown");
    stage.draw(80, 24);
    stage.key(KeyCode::Char('h'));
    let text = stage.text(80, 24);
    assert!(text.contains("┌─ 5  Copy the users' data ─"), "{text}");
    let mut stage = moment("gate");
    stage.draw(80, 24);
    stage.wait().key(KeyCode::Char('b'));
    let text = stage.text(80, 24);
    assert!(text.contains("│ 2  Let source log in on dest "), "{text}");
}

#[test]
fn what_is_done_by_hand_or_waited_for_is_not_said_to_get_a_signal() {
    for (name, told) in [
        ("manual-running", "Give up step ask-the-customer?"),
        ("waiting-falls", "Stop waiting in step copy-users?"),
        ("running", "Ask step copy-users to end?"),
    ] {
        let mut stage = moment(name);
        stage.draw(80, 24);
        stage.wait().key(KeyCode::Char('x'));
        let text = stage.text(80, 24);
        assert!(text.contains(told), "{name}: {text}");
        assert_eq!(
            text.contains("SIGTERM"),
            name == "running",
            "{name}: {text}"
        );
    }
}

#[test]
fn what_was_given_up_by_hand_or_while_waiting_is_not_said_to_have_been_asked_to_end() {
    let outcome = |name| match name {
        "manual-running" => LaneOutcome::NotRun {
            proof: "it was given up".into(),
        },
        _ => LaneOutcome::DidNotCome { seen: "7".into() },
    };
    for (name, told) in [
        ("manual-running", "It was given up before anybody said"),
        ("waiting-falls", "The wait was given up before what it"),
    ] {
        let mut stage = moment(name);
        let (step, attempt) = stage.turn();
        let lane = stage.run.steps[stage.run.current().unwrap()].lanes[0]
            .name
            .clone();
        stage.wish(
            1,
            Intent::Stop {
                step,
                attempt,
                stop: Stop::Ask,
            },
        );
        stage.ends(lane.as_str(), outcome(name));
        stage.draw(80, 24);
        let text = stage.text(80, 24);
        assert!(text.contains(told), "{name}: {text}");
        assert!(!text.contains("asked to end"), "{name}: {text}");
    }
}

#[test]
fn a_key_of_several_meanings_says_why_none_of_them_is_possible() {
    let mut stage = moment("running");
    stage.draw(80, 24);
    stage.wait().key(KeyCode::Char('r'));
    let text = stage.text(80, 24);
    assert!(text.contains("copy-users is running"), "{text}");
}

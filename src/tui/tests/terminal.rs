//! A command on a terminal: who types, where each key goes, and what happens when the program has ended.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::night::{MOMENTS, production};
use super::press::every_key;
use super::runbook::command;
use super::stage::{FANCY, Stage};
use crate::kinds::{Progress, Proposal};
use crate::run::{Finding, Intent, LaneOutcome};
use crate::tui::Look;
use crate::tui::gate::Came;
use crate::tui::keys::Place;
use crate::wire::Typed;

/// What vi shows of a small file, as it really sends it.
const EDITOR: &[u8] = b"\x1b[?1049h\x1b[?1h\x1b=\x1b[H\x1b[2Jserver_name core1.pryv.io;\r\n\
    \x1b[1mlisten 443;\x1b[m\r\n~\r\n~\r\n\x1b[24;1H- /etc/nginx/site.conf 1/2 50%\x1b[2;3H";

fn editor() -> Proposal {
    let mut proposal = command("vi /etc/nginx/site.conf");
    proposal.exhibits.push(crate::kinds::Exhibit::Finding {
        label: "terminal".into(),
        text: "somebody types to it: the keys are not recorded, what it prints is".into(),
    });
    proposal.legs[0].interactive = true;
    proposal
}

/// It runs, and nobody has its keyboard.
pub(super) fn free(look: Look) -> Stage {
    let mut stage = production(look);
    stage.does().does().show(vec![("source", editor())], &[]);
    stage.approve().begin("source").pass(5);
    stage.prints("source", EDITOR, Progress::None);
    stage
}

/// This person types.
pub(super) fn mine(look: Look) -> Stage {
    let mut stage = free(look);
    take(&mut stage, 1);
    stage
}

/// A colleague types.
pub(super) fn theirs(look: Look) -> Stage {
    let mut stage = free(look);
    stage.attach("cleo", false);
    let client = stage.run.last_client;
    take(&mut stage, client);
    stage
}

/// This person types, and the link to the machine is lost.
pub(super) fn cut_off(look: Look) -> Stage {
    let mut stage = mine(look);
    stage.found(Finding::LinkLost {
        machine: super::stage::machine("source"),
        why: "connection reset".into(),
    });
    stage
}

fn take(stage: &mut Stage, client: u32) {
    let (step, attempt) = stage.turn();
    let lane = super::stage::machine("source");
    stage.wish(
        client,
        Intent::TakeKeyboard {
            step,
            attempt,
            lane,
        },
    );
}

fn typed(stage: &Stage) -> Vec<u8> {
    let keys = stage.typed.iter().filter_map(|typed| match typed {
        Typed::Keys { keys } => Some(keys.bytes()),
        Typed::Size { .. } => None,
    });
    keys.flatten().copied().collect()
}

fn sizes(stage: &Stage) -> Vec<(u16, u16)> {
    let sizes = stage.typed.iter().filter_map(|typed| match typed {
        Typed::Size { rows, columns } => Some((*rows, *columns)),
        Typed::Keys { .. } => None,
    });
    sizes.collect()
}

#[test]
fn one_key_takes_it_and_from_then_on_every_key_but_one_is_the_programs() {
    let mut stage = free(FANCY);
    assert!(stage.text(80, 24).contains("i type to it"));
    stage.key(KeyCode::Char('i'));
    assert_eq!(stage.app.place(), Place::Terminal);
    for key in every_key() {
        let ours =
            key.modifiers == KeyModifiers::CONTROL && matches!(key.code, KeyCode::Char(']' | '5'));
        let mut stage = mine(FANCY);
        stage.wait().press(key, Came::Alone);
        let sent = stage.sent.len();
        assert_eq!(sent, usize::from(ours), "{key:?} sent {:?}", stage.sent);
        assert_eq!(typed(&stage).is_empty(), ours, "{key:?}");
        assert!(stage.app.dialog.is_none(), "{key:?}");
        assert_eq!(stage.app.place() == Place::Terminal, !ours, "{key:?}");
    }
}

#[test]
fn arrows_and_pastes_are_as_the_program_asked() {
    let mut stage = mine(FANCY);
    stage.text(80, 24);
    stage.key(KeyCode::Up).types("ix").key(KeyCode::Esc);
    assert_eq!(typed(&stage), b"\x1bOAix\x1b");
    let before = typed(&stage).len();
    stage.paste("two\nlines");
    assert_eq!(&typed(&stage)[before..], b"two\rlines");
    let long = "x".repeat(70_000);
    stage.paste(&long);
    assert_eq!(
        typed(&stage).len(),
        before + 9,
        "too long a paste goes nowhere"
    );
    assert!(stage.text(80, 24).contains("too long"));
}

#[test]
fn the_program_is_told_the_size_once_and_again_when_it_changes() {
    let mut stage = mine(FANCY);
    stage.text(80, 24);
    assert_eq!(sizes(&stage), [(23, 80)]);
    stage.text(200, 60);
    assert_eq!(sizes(&stage), [(23, 80), (59, 200)]);
}

#[test]
fn the_last_line_says_at_every_width_how_to_come_back() {
    for make in [mine, cut_off] {
        for (width, height) in [
            (20, 5),
            (40, 10),
            (60, 16),
            (80, 24),
            (120, 40),
            (200, 60),
            (1, 1),
        ] {
            let text = make(FANCY).text(width, height);
            let last = text
                .lines()
                .nth(usize::from(height) - 1)
                .unwrap_or_default();
            assert!(last.contains("Ctrl-]") || width < 20, "{width}: {last:?}");
            if width >= 80 {
                assert!(
                    last.contains("PRODUCTION") && last.contains("recorded")
                        || last.contains("LINK LOST")
                );
            }
        }
    }
}

/// A prompt was printed before this screen was here, and prints nothing more.
#[test]
fn whoever_comes_later_sees_what_was_printed_before() {
    let before = free(FANCY);
    let mut stage = free(FANCY);
    stage.app = crate::tui::app::App::new(stage.app.options.clone());
    let run = stage.run.id.clone().unwrap();
    stage.update(crate::client::Update::Connected {
        run,
        client: 1,
        now: stage.run.latest_at.unwrap(),
        caught_up_at: stage.run.next_seq,
    });
    for entry in before.app.folded.entries {
        stage.update(crate::client::Update::Entry {
            entry: Box::new(entry),
            head: "0".repeat(64),
        });
    }
    let text = stage.text(80, 24);
    assert!(text.contains("server_name core1"), "{text}");
}

#[test]
fn a_colleague_sees_the_program_at_the_size_that_it_draws_for() {
    let mut stage = theirs(FANCY);
    let (step, attempt) = stage.turn();
    let file = crate::wire::output_file(&step, attempt, &super::stage::machine("source"), 0);
    stage.update(crate::client::Update::Live(crate::wire::Live::Sized {
        file,
        rows: 59,
        columns: 200,
    }));
    stage.prints(
        "source",
        b"\x1b[59;1Hthe last row\x1b[40;1Hhere",
        Progress::None,
    );
    stage.text(200, 60);
    let output = stage.app.output.as_ref().unwrap();
    let (rows, columns) = output.screen().size();
    assert_eq!((rows.get(), columns.get()), (59, 200));
    assert!(
        stage.text(80, 24).contains("here"),
        "where the cursor stands"
    );
}

#[test]
fn coming_back_by_hand_gives_the_keys_back_at_once() {
    let mut stage = mine(FANCY);
    stage.wait().ctrl(']');
    assert!(stage.run.keyboard.is_none());
    assert_eq!(stage.app.place(), Place::Run);
    stage.key(KeyCode::Char('o'));
    assert!(stage.app.pane == crate::tui::app::Pane::Output);
}

/// Typed ahead of the end: to leave a shell, to go on, to quit, to detach.
#[test]
fn a_key_for_the_program_does_nothing_here_when_it_has_just_ended() {
    for key in every_key() {
        let mut stage = mine(FANCY);
        stage.wait();
        stage.ends("source", LaneOutcome::Succeeded { code: 0 });
        stage.draw(80, 24);
        let sent = stage.sent.len();
        for _ in 0..5 {
            stage.since += Duration::from_millis(400);
            let now = stage.now();
            let effects = stage.app.key(key, Came::Alone, now);
            assert!(effects.is_empty(), "{key:?}: {effects:?}");
            stage.draw(80, 24);
        }
        assert_eq!(stage.sent.len(), sent, "{key:?}");
        assert!(stage.app.dialog.is_none(), "{key:?}");
    }
}

#[test]
fn keys_held_down_in_the_program_never_open_the_gate_that_follows() {
    let mut stage = mine(FANCY);
    stage.wait().key(KeyCode::Enter);
    stage.ends("source", LaneOutcome::Succeeded { code: 0 });
    let (_, planned, _) = stage.app.current().unwrap();
    let proofs: Vec<_> = (0..planned.proofs.len() as u16)
        .map(|n| (n, crate::probe::Holds::Yes, "so"))
        .collect();
    stage.proved(&proofs);
    stage.show(vec![("source", command("true"))], &[]);
    for _ in 0..300 {
        stage.draw(80, 24);
        stage.since += Duration::from_millis(30);
        stage.key(KeyCode::Enter);
    }
    assert_eq!(stage.approvals(), 0);
    stage.wait();
    stage.since += Duration::from_secs(1);
    stage.types("stop pryvio_nginx").key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 1, "its own words open it");
}

#[test]
fn a_key_between_asking_for_the_keyboard_and_having_it_goes_nowhere() {
    let mut stage = free(FANCY);
    stage.wait();
    let now = stage.now();
    let press = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
    let asked = stage.app.key(press('i'), Came::Alone, now);
    assert_eq!(asked.len(), 1);
    for c in ['s', 'x', 'q', 'o'] {
        assert!(stage.app.key(press(c), Came::Alone, now).is_empty());
    }
    assert!(stage.app.dialog.is_none());
}

#[test]
fn one_person_at_a_time_types_and_the_others_see_who() {
    let mut stage = theirs(FANCY);
    let text = stage.text(80, 24);
    assert!(text.contains("cleo has the keyboard"), "{text}");
    assert!(!text.contains("i type to it"), "{text}");
    stage.key(KeyCode::Char('i'));
    assert!(stage.sent.is_empty());
    assert!(stage.text(80, 24).contains("cleo has the keyboard"));
    let client = stage.run.last_client;
    stage.found(Finding::Detached { client });
    assert!(stage.run.keyboard.is_none(), "it comes back with her");
    stage.key(KeyCode::Char('i'));
    assert_eq!(stage.app.place(), Place::Terminal);
}

#[test]
fn what_is_refused_is_said_over_the_terminal() {
    let mut stage = mine(FANCY);
    stage.text(80, 24);
    stage.update(crate::client::Update::Refused {
        id: 99,
        why: "on source: the program does not take what is typed\u{1b}[2J".into(),
    });
    let text = stage.text(80, 24);
    assert!(
        text.contains("refused: on source: the program does not take"),
        "{text}"
    );
    assert!(text.contains("Ctrl-]"));
}

#[test]
fn the_moments_are_those_of_the_night() {
    for name in [
        "terminal-free",
        "terminal-mine",
        "terminal-theirs",
        "terminal-cut-off",
    ] {
        assert!(MOMENTS.iter().any(|(known, _)| *known == name), "{name}");
    }
}

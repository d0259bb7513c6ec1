//! Snapshots of every moment, to be read with one's own eyes.

use std::collections::BTreeSet;

use crossterm::event::KeyCode;

use super::night::MOMENTS;
use super::stage::{FANCY, PLAIN, Stage};
use crate::tui::gate::Came;
use crate::tui::keys::{Action, KEYS, Place};

pub(super) fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/screens"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn moment(name: &str) -> Stage {
    MOMENTS.iter().find(|(known, _)| *known == name).unwrap().1(FANCY)
}

#[test]
fn every_moment_at_80x24() {
    for (name, make) in MOMENTS {
        snapshot(&format!("{name}-80x24"), &make(FANCY).text(80, 24));
    }
}

#[test]
fn every_moment_at_200x60() {
    for (name, make) in MOMENTS {
        snapshot(&format!("{name}-200x60"), &make(FANCY).text(200, 60));
    }
}

#[test]
fn without_unicode_every_moment_is_drawn_in_ascii() {
    for (name, make) in MOMENTS {
        for (width, height) in [(80, 24), (200, 60)] {
            let text = make(PLAIN).text(width, height);
            assert!(text.is_ascii(), "{name}: {text}");
        }
    }
    let mut stage = Stage::new(super::hostile::evil_plan(), PLAIN);
    assert!(stage.text(200, 60).is_ascii());
}

#[test]
fn some_moments_in_ascii_and_in_other_sizes() {
    for name in [
        "type-back",
        "running",
        "unknown",
        "waiting-falls",
        "terminal-mine",
    ] {
        let make = MOMENTS.iter().find(|(known, _)| known == &name).unwrap().1;
        let text = make(PLAIN).text(80, 24);
        assert!(text.is_ascii(), "{text}");
        snapshot(&format!("{name}-ascii-80x24"), &text);
    }
    snapshot("gate-60x16", &moment("gate").text(60, 16));
    snapshot("gate-120x40", &moment("gate").text(120, 40));
    snapshot("gate-20x5", &moment("gate").text(20, 5));
}

#[test]
fn what_stands_before_the_run() {
    type Play = fn(&mut Stage);
    let plays: &[(&str, &str, Play)] = &[
        ("note", "gate", |stage| {
            stage.wait().key(KeyCode::Char('n'));
            stage.types("the customer is on the phone");
            stage.key(KeyCode::Enter);
            stage.paste("two lines\r\nof a paste\u{1b}[31m");
        }),
        ("choose", "choice", |stage| {
            stage.wait().key(KeyCode::Enter).key(KeyCode::Char('1'));
        }),
        ("find-step", "gate", |stage| {
            stage.wait().ctrl('p').types("copy").key(KeyCode::Down);
        }),
        ("find-not-now", "stuck-failed", |stage| {
            stage.ctrl('p').types("st");
        }),
        ("settle", "unknown", |stage| {
            stage.key(KeyCode::Char('h'));
            stage.types("the log of dest says so");
        }),
        ("kill", "running", |stage| {
            stage
                .key(KeyCode::Char('x'))
                .key(KeyCode::Down)
                .key(KeyCode::Enter);
            stage.key(KeyCode::Char('x'));
        }),
        ("evidence", "question-evidence", |stage| {
            stage.key(KeyCode::Enter).key(KeyCode::Down);
            stage.key(KeyCode::Enter).key(KeyCode::Enter);
        }),
        ("output", "running", |stage| {
            stage.key(KeyCode::Char('o'));
        }),
        ("record", "running", |stage| {
            stage.key(KeyCode::Char('t'));
        }),
        ("another-step", "gate", |stage| {
            stage.wait().key(KeyCode::Up);
        }),
        ("not-now", "type-back", |stage| {
            stage.key(KeyCode::Esc);
        }),
        ("wrong-words", "type-back", |stage| {
            stage.key(KeyCode::Enter);
        }),
        ("too-soon", "gate", |stage| {
            stage.draw(80, 24);
            stage.key(KeyCode::Enter);
        }),
    ];
    for (name, at, play) in plays {
        for (width, height) in [(80, 24), (200, 60)] {
            let mut stage = moment(at);
            stage.draw(width, height);
            stage.since += std::time::Duration::from_millis(50);
            play(&mut stage);
            let text = stage.text(width, height);
            snapshot(&format!("on-{name}-{width}x{height}"), &text);
        }
    }
}

/// An action as a part of a file's name.
fn named(action: Action) -> String {
    let name = format!("{action:?}").to_lowercase();
    let name = name.replace(|c: char| !c.is_alphanumeric(), "-");
    name.trim_end_matches('-').to_owned()
}

#[test]
fn whatever_a_key_opens_at_80x24_and_200x60() {
    let mut opened = BTreeSet::new();
    let of_the_run = || KEYS.iter().filter(|row| row.place == Place::Run);
    for (_, make) in MOMENTS {
        for row in of_the_run() {
            let name = named(row.action);
            if opened.contains(&name) || !make(FANCY).app.offers(row.action) {
                continue;
            }
            for (width, height) in [(80, 24), (200, 60)] {
                let mut stage = make(FANCY);
                stage.draw(width, height);
                stage.wait().press(row.keys[0].event(), Came::Alone);
                if stage.app.dialog.is_some() {
                    opened.insert(name.clone());
                    let text = stage.text(width, height);
                    snapshot(&format!("opens-{name}-{width}x{height}"), &text);
                }
            }
        }
    }
    // Three dots say that something is asked first.
    for row in of_the_run().filter(|row| row.word.ends_with('…')) {
        let name = named(row.action);
        assert!(opened.contains(&name), "no moment opens what {name} asks");
    }
}

//! The mouse: it scrolls, looks and marks, and decides nothing.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use ratatui::layout::Position;

use super::night::MOMENTS;
use super::reading::{message, printed, top};
use super::screens::snapshot;
use super::stage::{FANCY, Stage};
use crate::tui::app::Effect;
use crate::tui::dialog::Dialog;
use crate::tui::gate::Came;
use crate::tui::keys::{Action, Place};
use crate::tui::mouse::Spot;
use crate::tui::palette::Aim;
use crate::wire::Typed;

fn moment(name: &str) -> Stage {
    let mut stage = MOMENTS.iter().find(|(known, _)| *known == name).unwrap().1(FANCY);
    stage.wait();
    stage.key(KeyCode::Char('M'));
    stage.draw(80, 24);
    stage.pass(1);
    stage
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

fn does(stage: &mut Stage, kind: MouseEventKind, (column, row): (u16, u16)) {
    let event = MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    };
    let now = stage.now();
    stage.app.mouse(event, Came::Alone, now);
    stage.serve();
}

/// Where a text stands on the screen.
fn place(stage: &mut Stage, (width, height): (u16, u16), text: &str) -> (u16, u16) {
    let drawn = stage.text(width, height);
    for (row, line) in drawn.lines().enumerate() {
        if let Some(at) = line.find(text) {
            let column = unicode_width::UnicodeWidthStr::width(&line[..at]);
            return (u16::try_from(column).unwrap(), u16::try_from(row).unwrap());
        }
    }
    panic!("no {text} in\n{drawn}")
}

#[test]
fn a_key_takes_the_mouse_and_gives_it_back() {
    let mut stage = MOMENTS.iter().find(|(name, _)| *name == "gate").unwrap().1(FANCY);
    let key = KeyEvent::new(KeyCode::Char('M'), KeyModifiers::NONE);
    let now = stage.now();
    let mut press = || stage.app.key(key, Came::Alone, now);
    assert_eq!(press(), [Effect::Mouse(true)]);
    assert_eq!(press(), [Effect::Mouse(false)]);
}

#[test]
fn a_click_looks_at_a_step_and_never_at_what_lies_under_a_dialog() {
    let mut stage = moment("gate");
    let at = place(&mut stage, (80, 24), "2 Let source");
    does(&mut stage, CLICK, at);
    assert_eq!(stage.app.selected, Some(1));
    assert!(
        stage.text(80, 24).contains("ssh-key"),
        "{}",
        stage.text(80, 24)
    );
    let phase = place(&mut stage, (80, 24), "Transfer");
    does(&mut stage, CLICK, phase);
    assert_eq!(stage.app.selected, Some(1), "a phase is no step");
    let turn = place(&mut stage, (80, 24), "3 Copy the");
    does(&mut stage, CLICK, turn);
    assert_eq!(stage.app.selected, None, "the one whose turn it is");
    stage.draw(80, 24);
    stage.key(KeyCode::Char('n'));
    stage.draw(80, 24);
    does(&mut stage, CLICK, at);
    assert_eq!(stage.app.selected, None);
}

#[test]
fn a_click_on_an_answer_marks_it_and_takes_nothing() {
    for size in [(80, 24), (200, 60), (60, 16)] {
        let mut stage = moment("stuck-failed");
        stage.key(KeyCode::Char('r'));
        let Some(Dialog::Choose(choose)) = &stage.app.dialog else {
            panic!("a question")
        };
        let answers: Vec<String> = choose
            .answers
            .iter()
            .map(|(words, _)| words.clone())
            .collect();
        assert!(answers.len() > 1);
        for (number, words) in answers.iter().enumerate().rev() {
            let begin: String = words.chars().take(12).collect();
            let at = place(&mut stage, size, &begin);
            does(&mut stage, CLICK, at);
            does(&mut stage, MouseEventKind::Up(MouseButton::Left), at);
            does(&mut stage, CLICK, at);
            let Some(Dialog::Choose(choose)) = &stage.app.dialog else {
                panic!("it stays open")
            };
            assert_eq!(choose.at, number, "{words}");
        }
        assert!(stage.sent.is_empty());
    }
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let mut stage = printed(FANCY, 500);
    stage.key(KeyCode::Char('M'));
    let bottom = top(&mut stage);
    for _ in 0..5 {
        does(&mut stage, MouseEventKind::ScrollUp, (10, 10));
    }
    let up = top(&mut stage);
    assert_ne!(up, bottom);
    does(&mut stage, MouseEventKind::ScrollDown, (10, 10));
    assert_ne!(top(&mut stage), up);
    // Beside the step it is the output still, whatever the keys for pages move.
    stage.key(KeyCode::Char('o'));
    stage.draw(200, 60);
    let before = stage.text(200, 60);
    does(&mut stage, MouseEventKind::ScrollUp, (150, 10));
    assert_ne!(stage.text(200, 60), before);
    assert_eq!(stage.app.scroll, 0);
    // The help page.
    stage.draw(80, 24);
    stage.key(KeyCode::Char('?'));
    let before = stage.text(80, 24);
    does(&mut stage, MouseEventKind::ScrollDown, (40, 10));
    assert_ne!(stage.text(80, 24), before);
}

#[test]
fn no_report_of_a_mouse_does_more_than_look_whatever_it_says() {
    let kinds = [
        CLICK,
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Right),
        MouseEventKind::Down(MouseButton::Middle),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Moved,
        MouseEventKind::ScrollLeft,
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
    ];
    for (name, make) in MOMENTS {
        let mut stage = make(FANCY);
        stage.wait();
        stage.app.mouse = true;
        for row in (0..26).step_by(2).chain([23, u16::MAX]) {
            stage.draw(80, 24);
            for column in [0, 5, 30, 79, 80, u16::MAX] {
                for kind in kinds {
                    does(&mut stage, kind, (column, row));
                }
            }
        }
        assert!(stage.sent.is_empty(), "{name}: {:?}", stage.sent);
        let size = |typed: &Typed| matches!(typed, Typed::Size { .. });
        assert!(stage.typed.iter().all(size), "{name}");
    }
}

#[test]
fn a_key_that_came_with_a_report_says_no_yes() {
    let mut stage = moment("gate");
    stage.pass(1);
    does(&mut stage, CLICK, (60, 10));
    stage.since += Duration::from_millis(10);
    stage.key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 0, "too fast for a hand");
    stage.pass(1).key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 1);
    // And while a gate is new, a report makes it wait as a key does, taken or not.
    for name in ["gate", "manual-gate"] {
        let mut stage = MOMENTS.iter().find(|(known, _)| *known == name).unwrap().1(FANCY);
        stage.draw(80, 24);
        stage.since += Duration::from_millis(390);
        does(&mut stage, MouseEventKind::Moved, (1, 1));
        stage.since += Duration::from_millis(100);
        stage.key(KeyCode::Enter);
        assert_eq!(stage.approvals(), 0);
    }
}

#[test]
fn reports_that_nobody_asked_for_do_nothing() {
    let mut stage = printed(FANCY, 500);
    let before = stage.text(80, 24);
    does(&mut stage, MouseEventKind::ScrollUp, (10, 10));
    does(&mut stage, CLICK, (10, 10));
    assert_eq!(stage.text(80, 24), before);
}

#[test]
fn that_the_mouse_is_taken_is_said() {
    for (width, height) in [(80, 24), (200, 60)] {
        let mut stage = moment("gate");
        assert!(message(&stage).contains("M gives the mouse back"));
        snapshot(
            &format!("mouse-taken-{width}x{height}"),
            &stage.text(width, height),
        );
    }
}

/// The marked hit, and what a frame has shown as marked.
fn marked(stage: &Stage) -> (Option<Aim>, Option<Aim>) {
    match &stage.app.dialog {
        Some(Dialog::Find(find)) => {
            let hits = stage.app.hits(&find.typed);
            (hits.get(find.at).map(|hit| hit.aim), find.drawn)
        }
        _ => panic!("the palette is not open"),
    }
}

/// The places of the hits that the last frame showed.
fn hits(stage: &Stage) -> Vec<(Position, Aim)> {
    let spots = stage.app.spots.iter();
    let hits = spots.filter_map(|(area, spot)| match spot {
        Spot::Hit(aim, _) => Some((area.as_position(), *aim)),
        _ => None,
    });
    hits.collect()
}

#[test]
fn a_click_on_a_hit_marks_it_where_it_stands_and_picks_nothing() {
    for (width, height) in [(80, 24), (200, 60), (60, 16)] {
        let mut stage = moment("gate");
        stage.key(KeyCode::Char(':'));
        stage.draw(width, height);
        let shown = hits(&stage);
        assert!(shown.len() > 5, "{}", stage.text(width, height));
        for (at, aim) in shown.iter().rev() {
            let seen = marked(&stage).1;
            does(&mut stage, CLICK, (at.x + 20, at.y));
            assert_eq!(marked(&stage), (Some(*aim), seen));
            if seen != Some(*aim) {
                stage.key(KeyCode::Enter);
                assert_eq!(marked(&stage), (Some(*aim), seen), "no frame has shown it");
                assert!(message(&stage).contains("look, then press again"));
            }
            let text = stage.text(width, height);
            let row = text.lines().nth(usize::from(at.y)).unwrap();
            assert!(
                row.contains('▶'),
                "{aim:?} is marked where it was clicked: {text}"
            );
            assert_eq!(marked(&stage).1, Some(*aim));
            assert_eq!(hits(&stage), shown, "and nothing has moved");
        }
        assert!(stage.sent.is_empty());
        let (at, aim) = shown
            .iter()
            .find(|(_, aim)| *aim == Aim::Do(Action::Note))
            .unwrap();
        does(&mut stage, CLICK, (at.x + 20, at.y));
        stage.draw(width, height);
        stage.pass(1).key(KeyCode::Enter);
        assert_eq!(
            stage.app.place(),
            Place::Text,
            "{aim:?} is picked by the key"
        );
        assert!(stage.sent.is_empty());
    }
}

#[test]
fn a_click_on_a_hit_that_is_found_no_more_marks_no_other() {
    let mut stage = moment("gate");
    stage.key(KeyCode::Char(':'));
    stage.draw(80, 24);
    let (at, gone) = hits(&stage)[4];
    stage.types("core");
    let before = marked(&stage);
    assert_ne!(before.0, Some(gone));
    does(&mut stage, CLICK, (at.x + 20, at.y));
    assert_eq!(marked(&stage), before);
}

#[test]
fn the_wheel_moves_through_the_hits_from_end_to_end() {
    let mut stage = moment("gate");
    stage.key(KeyCode::Char(':'));
    stage.draw(80, 24);
    let all: Vec<Aim> = stage.app.hits("").iter().map(|hit| hit.aim).collect();
    let field = place(&mut stage, (80, 24), "Find a step or an action");
    assert!(all.len() > hits(&stage).len() && all.len() < 100);
    let down = all.iter().skip(1).chain(all.last()).map(|aim| (false, aim));
    let up = all
        .iter()
        .rev()
        .skip(1)
        .chain(all.first())
        .map(|aim| (true, aim));
    for (is_up, aim) in down.chain(up) {
        let kind = match is_up {
            true => MouseEventKind::ScrollUp,
            false => MouseEventKind::ScrollDown,
        };
        does(&mut stage, kind, field);
        stage.draw(80, 24);
        assert_eq!(marked(&stage), (Some(*aim), Some(*aim)));
        assert!(
            hits(&stage).iter().any(|(_, shown)| shown == aim),
            "{aim:?}"
        );
    }
    assert!(stage.sent.is_empty());
}

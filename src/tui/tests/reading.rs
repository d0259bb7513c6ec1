//! Working in the output: searching in it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Modifier;

use super::night::MOMENTS;
use super::screens::snapshot;
use super::stage::{FANCY, PLAIN, Stage};
use crate::kinds::Progress;
use crate::tui::Look;
use crate::tui::app::{Effect, Pane};
use crate::tui::gate::Came;
use crate::tui::keys::Place;

/// A running step that has printed many lines.
pub(super) fn printed(look: Look, lines: usize) -> Stage {
    let make = MOMENTS
        .iter()
        .find(|(name, _)| *name == "running")
        .unwrap()
        .1;
    let mut stage = make(look);
    let lane = stage.app.viewed().unwrap().2.lanes[0].name.clone();
    let mut bytes = b"\n".to_vec();
    for n in 1..=lines {
        let text = match n % 1000 {
            7 => format!("{n} \u{1b}[1mcopied\u{1b}[0m with an Error: no space left\n"),
            _ => format!("{n} copied users/{n}/profile\n"),
        };
        bytes.extend(text.into_bytes());
    }
    stage.prints(lane.as_str(), &bytes, Progress::None);
    stage.key(KeyCode::Char('o'));
    stage.draw(80, 24);
    stage
}

pub(super) fn search(stage: &mut Stage, text: &str) {
    stage.key(KeyCode::Char('/'));
    assert_eq!(stage.app.place(), Place::Search);
    stage.types(text).key(KeyCode::Enter);
    stage.serve();
}

/// Enter, with an engine that answers nothing.
fn enter_unserved(stage: &mut Stage) {
    let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    let now = stage.now();
    assert_eq!(stage.app.key(enter, Came::Alone, now), []);
}

pub(super) fn message(stage: &Stage) -> &str {
    stage.app.message.as_ref().map_or("", |(text, _)| text)
}

/// The first line of the output that is drawn.
pub(super) fn top(stage: &mut Stage) -> String {
    let text = stage.text(80, 24);
    let at = text.lines().position(|line| line.contains("output of"));
    text.lines().nth(at.unwrap() + 1).unwrap().trim().to_owned()
}

#[test]
fn a_search_looks_like_this() {
    for look in [FANCY, PLAIN] {
        let word = if look == FANCY { "" } else { "-ascii" };
        for (width, height) in [(80, 24), (200, 60)] {
            let mut stage = printed(look, 5_000);
            stage.draw(width, height);
            stage.key(KeyCode::Home);
            stage.draw(width, height);
            stage.key(KeyCode::Char('/')).types("error");
            let name = format!("search-field{word}-{width}x{height}");
            snapshot(&name, &stage.text(width, height));
            stage.key(KeyCode::Enter);
            stage.serve();
            let name = format!("search-match{word}-{width}x{height}");
            snapshot(&name, &stage.text(width, height));
        }
    }
}

#[test]
fn matches_are_gone_to_forward_back_and_around_and_their_lines_are_told() {
    let mut stage = printed(FANCY, 5_000);
    search(&mut stage, "no space");
    // The end was shown, and nothing is below it. What was printed before is there too.
    let told = message(&stage).to_owned();
    assert!(told.starts_with("match at line "), "{told}");
    assert!(told.ends_with(", from the top again"), "{told}");
    assert!(top(&mut stage).contains("7 copied with an Error"));
    stage.key(KeyCode::Char('.')).serve();
    assert!(top(&mut stage).contains("1007 copied with"));
    stage.key(KeyCode::Char(',')).serve();
    assert!(top(&mut stage).contains("7 copied with"));
    stage.key(KeyCode::Char(',')).serve();
    assert!(message(&stage).ends_with("from the end again"));
    assert!(top(&mut stage).contains("4007 copied with"));
    // From another place, from what is seen there.
    stage.key(KeyCode::End);
    stage.draw(80, 24);
    stage.key(KeyCode::Char(',')).serve();
    assert!(top(&mut stage).contains("4007 copied with"));
    search(&mut stage, "Space");
    assert!(message(&stage).starts_with("no match for 'Space' in "));
}

#[test]
fn every_match_on_the_screen_is_inversed_and_its_row_has_a_sign() {
    for look in [FANCY, PLAIN] {
        let mut stage = printed(look, 3_000);
        stage.key(KeyCode::Home);
        stage.draw(80, 24);
        stage.key(KeyCode::Char('/')).types("users/1");
        let frame = stage.draw(80, 24);
        let sign = if look == FANCY { "›" } else { ">" };
        let mut rows = 0;
        for y in 0..24 {
            let line: String = (0..80).map(|x| frame[(x, y)].symbol()).collect();
            let Some(at) = line.find(" copied users/1") else {
                continue;
            };
            let at = line[..at].chars().count() as u16 + 8;
            assert!(line.starts_with(sign), "{line}");
            for x in 0..80 {
                let inside = (at..at + 7).contains(&x);
                let inversed = frame[(x, y)].modifier.contains(Modifier::REVERSED);
                assert_eq!(inversed, inside, "{line} at {x}");
            }
            rows += 1;
        }
        assert!(rows >= 2, "{rows}");
    }
}

#[test]
fn a_match_that_is_broken_over_two_rows_is_marked_in_both() {
    let mut stage = printed(FANCY, 10);
    let lane = stage.app.viewed().unwrap().2.lanes[0].name.clone();
    let long = format!("{}needle and more\n", "x".repeat(76));
    stage.prints(lane.as_str(), long.as_bytes(), Progress::None);
    stage.key(KeyCode::Char('/')).types("needle");
    let frame = stage.draw(80, 24);
    let marked = (0..24).flat_map(|y| (0..80).map(move |x| (x, y)));
    let marked: Vec<(u16, u16)> = marked
        .filter(|at| frame[*at].modifier.contains(Modifier::UNDERLINED))
        .collect();
    assert_eq!(marked.len(), 6, "{marked:?}");
    assert_ne!(marked[0].1, marked[5].1);
}

#[test]
fn a_search_says_how_far_it_is_and_esc_stops_it_where_the_output_stays() {
    let mut stage = printed(FANCY, 50_000);
    stage.key(KeyCode::Home);
    stage.draw(80, 24);
    stage.key(KeyCode::Char('/')).types("nowhere");
    enter_unserved(&mut stage);
    assert!(stage.app.seek().is_some());
    let progress = stage.app.search_progress().unwrap();
    assert!(
        progress.starts_with("searching for 'nowhere': 0"),
        "{progress}"
    );
    stage.key(KeyCode::Esc);
    assert_eq!(message(&stage), "the search was stopped");
    assert_eq!(stage.app.pane, Pane::Output);
    assert_eq!(stage.app.seek(), None);
    assert_eq!(stage.app.search_progress(), None);
    stage.key(KeyCode::Esc);
    assert_eq!(stage.app.pane, Pane::Step);
    assert!(stage.app.search.is_none());
}

#[test]
fn a_lost_line_is_waited_for_and_the_search_goes_on() {
    let mut stage = printed(FANCY, 5_000);
    stage.key(KeyCode::Home);
    stage.draw(80, 24);
    stage.key(KeyCode::Char('/')).types("4007");
    enter_unserved(&mut stage);
    assert!(stage.app.seek().is_some(), "asked, and never answered");
    let why = "gone".to_owned();
    stage.update(crate::client::Update::Disconnected { why, last: false });
    assert_eq!(stage.app.seek(), None);
    stage.connect(1);
    assert!(message(&stage).starts_with("match at line "));
    assert!(top(&mut stage).contains("4007 copied"));
}

#[test]
fn hostile_text_in_the_field_and_in_the_output_stays_text() {
    let mut stage = printed(FANCY, 10);
    let lane = stage.app.viewed().unwrap().2.lanes[0].name.clone();
    stage.prints(
        lane.as_str(),
        b"\x1b]52;c;b3duZWQ=\x07ow\x1b[8mned\n",
        Progress::None,
    );
    stage.key(KeyCode::Char('/')).paste("ow\u{1b}\u{202e}ned\r");
    let text = stage.text(80, 24);
    assert!(text.contains("search: owned"), "{text}");
    stage.key(KeyCode::Enter);
    stage.serve();
    assert!(
        !stage
            .text(80, 24)
            .chars()
            .any(|c| crate::problem::hidden(c) && c != '\n')
    );
}

#[test]
fn a_key_copies_the_line_that_was_found_or_else_what_is_shown_and_nothing_else_does() {
    let mut stage = printed(FANCY, 5_000);
    stage.key(KeyCode::Home);
    stage.draw(80, 24);
    let copied = |stage: &mut Stage| {
        let now = stage.now();
        let key = KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE);
        match &stage.app.key(key, Came::Alone, now)[..] {
            [Effect::Copy(text)] => text.clone(),
            other => panic!("{other:?}"),
        }
    };
    let shown = copied(&mut stage);
    assert!(shown.contains("\n7 copied with an Error: no space left\n"));
    let lines = shown.lines().count();
    let drawn = stage.text(80, 24);
    assert!(drawn.contains(shown.lines().last().unwrap()), "{shown}");
    assert!(message(&stage).starts_with(&format!("{lines} lines copied, if the terminal")));
    search(&mut stage, "1007 copied");
    stage.draw(80, 24);
    assert_eq!(
        copied(&mut stage),
        "1007 copied with an Error: no space left"
    );
    assert!(message(&stage).starts_with("line "));
    snapshot("copied-80x24", &stage.text(80, 24));
    snapshot("copied-200x60", &stage.text(200, 60));
}

#[test]
fn what_is_possible_stands_at_a_stuck_step_while_its_output_is_read_beside_it() {
    let make = MOMENTS.iter().find(|(name, _)| *name == "stuck-failed");
    let mut stage = make.unwrap().1(FANCY);
    stage.draw(200, 60);
    stage.key(KeyCode::Char('o'));
    let text = stage.text(200, 60);
    assert!(!text.contains("Nothing can be decided"), "{text}");
    assert!(text.contains(" r retry… "), "{text}");
}

#[test]
fn a_key_opens_what_is_printed_by_then_in_the_pager() {
    let mut stage = printed(FANCY, 10);
    let now = stage.now();
    let key = KeyEvent::new(KeyCode::Char('P'), KeyModifiers::NONE);
    let effects = stage.app.key(key, Came::Alone, now);
    let [Effect::Page(paged)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let output = stage.app.output.as_ref().unwrap();
    assert_eq!((&paged.file, paged.length), (&output.file, output.length()));
    // Nothing is shown large, and none stands beside the step.
    stage.key(KeyCode::Char('o'));
    stage.draw(80, 24);
    assert_eq!(stage.app.key(key, Came::Alone, now), []);
    assert_eq!(message(&stage), "no output is shown");
}

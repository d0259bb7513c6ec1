//! Long lines of an output, cut at the edge and moved sideways.

use crossterm::event::KeyCode;
use ratatui::style::Modifier;

use super::reading::{message, printed, search, top};
use super::screens::snapshot;
use super::stage::{FANCY, PLAIN, Stage};
use crate::kinds::Progress;
use crate::tui::Look;

/// Lines of which some are longer than any screen here is wide, with wide characters among them.
fn long(look: Look) -> Stage {
    let mut stage = printed(look, 300);
    let lane = stage.app.viewed().unwrap().2.lanes[0].name.clone();
    let mut bytes = Vec::new();
    for n in 0..12 {
        let text = match n % 4 {
            0 => format!("{n} short\n"),
            1 => format!("{n} {}needle{n} and more\n", "0123456789".repeat(25)),
            2 => format!("{n} {}\n", "漢字".repeat(70)),
            _ => format!("{n} {}\n", "one two three ".repeat(9)),
        };
        bytes.extend(text.into_bytes());
    }
    stage.prints(lane.as_str(), &bytes, Progress::None);
    stage.draw(80, 24);
    stage
}

fn line(stage: &mut Stage, begins: &str) -> String {
    let text = stage.text(80, 24);
    let found = text.lines().find(|line| line.contains(begins));
    found.unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
fn cut_lines_look_like_this() {
    for look in [FANCY, PLAIN] {
        let word = if look == FANCY { "" } else { "-ascii" };
        for (width, height) in [(80, 24), (200, 60)] {
            let mut stage = long(look);
            stage.draw(width, height);
            stage.key(KeyCode::Char('W'));
            let name = format!("output-cut{word}-{width}x{height}");
            snapshot(&name, &stage.text(width, height));
            stage.key(KeyCode::Right).key(KeyCode::Right);
            let name = format!("output-aside{word}-{width}x{height}");
            snapshot(&name, &stage.text(width, height));
        }
    }
}

#[test]
fn a_key_cuts_long_lines_and_the_arrows_move_to_their_ends_and_back() {
    let mut stage = long(FANCY);
    let wrapped = stage.text(80, 24);
    assert!(wrapped.contains("needle9 and more"), "{wrapped}");
    stage.key(KeyCode::Left);
    assert_eq!(message(&stage), "nothing is cut off at the sides");
    stage.key(KeyCode::Char('W'));
    assert!(message(&stage).starts_with("long lines are cut; ← and → move"));
    let cut = stage.text(80, 24);
    assert!(!cut.contains("needle9"), "{cut}");
    assert!(cut.contains("columns 1–78 of 283"), "{cut}");
    let last = line(&mut stage, "9 01234");
    assert!(last.ends_with('…'), "more to the right: {last}");
    for _ in 0..9 {
        stage.key(KeyCode::Right);
        stage.draw(80, 24);
    }
    let end = stage.text(80, 24);
    assert!(end.contains("needle9 and more"), "{end}");
    assert!(end.contains("columns 206–283 of 283"), "{end}");
    let row = line(&mut stage, "needle9");
    assert!(row.starts_with('…') && !row.ends_with('…'), "{row}");
    for _ in 0..9 {
        stage.key(KeyCode::Left);
    }
    assert!(stage.text(80, 24).contains("columns 1–78 of 283"));
    stage.key(KeyCode::Char('W'));
    assert_eq!(stage.text(80, 24).replace("long lines are wrapped", ""), {
        let mut stage = long(FANCY);
        stage.key(KeyCode::Char('W')).key(KeyCode::Char('W'));
        stage.text(80, 24).replace("long lines are wrapped", "")
    });
    assert!(stage.text(80, 24).contains("needle9 and more"));
}

#[test]
fn half_of_a_wide_character_is_a_blank_and_never_a_column_too_many() {
    let mut stage = long(FANCY);
    stage.key(KeyCode::Char('W'));
    for _ in 0..9 {
        let frame = stage.draw(80, 24);
        for y in 3..20 {
            let wide = (0..80)
                .filter(|x| unicode_width::UnicodeWidthStr::width(frame[(*x, y)].symbol()) == 2);
            for x in wide {
                assert!(x < 78, "at {x}");
                assert_eq!(frame[(x + 1, y)].symbol(), " ", "its second half");
            }
        }
        stage.key(KeyCode::Right);
    }
}

#[test]
fn a_match_off_to_the_side_is_brought_into_view_and_marked_where_it_stands() {
    let mut stage = long(FANCY);
    stage.key(KeyCode::Char('W'));
    stage.draw(80, 24);
    // The mark on the row tells of a match that is cut off.
    stage.key(KeyCode::Char('/')).types("needle5");
    let row = line(&mut stage, "5 01234");
    assert!(row.starts_with('›'), "{row}");
    stage.key(KeyCode::Enter).serve();
    assert!(top(&mut stage).contains("needle5 and more"));
    let frame = stage.draw(80, 24);
    let marked: String = (0..24)
        .flat_map(|y| (0..80).map(move |x| (x, y)))
        .filter(|at| frame[*at].modifier.contains(Modifier::UNDERLINED))
        .map(|at| frame[at].symbol())
        .collect();
    assert_eq!(marked, "needle5");
    // Back to one at the left end.
    search(&mut stage, "8 short");
    assert!(top(&mut stage).contains("8 short"));
    assert!(stage.text(80, 24).contains("columns 1–78 of"));
    // And where lines were wrapped when it was found.
    stage.key(KeyCode::Char('W'));
    search(&mut stage, "needle9");
    stage.draw(80, 24);
    stage.key(KeyCode::Char('W'));
    assert!(stage.text(80, 24).contains("needle9"));
}

#[test]
fn what_stands_at_the_top_stays_there_when_lines_are_cut_wrapped_or_the_terminal_changes() {
    let mut stage = long(FANCY);
    for _ in 0..3 {
        stage.key(KeyCode::PageUp);
    }
    let before = top(&mut stage);
    stage.key(KeyCode::Char('W'));
    assert_eq!(top(&mut stage), before);
    stage.key(KeyCode::Char('W'));
    assert_eq!(top(&mut stage), before);
    stage.draw(200, 60);
    assert_eq!(top(&mut stage), before);
}

#[test]
fn beside_the_step_it_is_cut_too() {
    let mut stage = long(FANCY);
    stage.key(KeyCode::Char('o'));
    stage.draw(200, 60);
    stage.key(KeyCode::Char('W'));
    let text = stage.text(200, 60);
    assert!(text.contains("of 283"), "{text}");
    stage.key(KeyCode::Right);
    assert_ne!(stage.text(200, 60), text);
    // In a narrow terminal the arrows are for what is shown large, and nothing is.
    stage.draw(80, 24);
    stage.key(KeyCode::Right);
    assert_eq!(message(&stage), "nothing is cut off at the sides");
}

#[test]
fn a_line_longer_than_any_row_goes_on_in_the_next_and_a_flood_of_them_is_held_in_bounds() {
    let mut stage = long(FANCY);
    let lane = stage.app.viewed().unwrap().2.lanes[0].name.clone();
    stage.key(KeyCode::Char('W'));
    let mut bytes = format!("{}tail\n", "y".repeat(5000)).into_bytes();
    for n in 0..2000 {
        bytes.extend(format!("{n} {}\n", "z".repeat(90)).into_bytes());
    }
    stage.prints(lane.as_str(), &bytes, Progress::None);
    assert!(stage.text(80, 24).contains("of 2048"));
    // Up to the first line, page by page, and nothing is jumped over.
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..2000 {
        for line in stage.text(80, 24).lines() {
            let number = line.trim().split(' ').next().unwrap_or_default();
            if line.contains("zzz") {
                seen.extend(number.parse::<usize>());
            }
        }
        stage.key(KeyCode::PageUp);
        stage.serve();
        if seen.len() == 2000 {
            break;
        }
    }
    assert_eq!(
        seen.len(),
        2000,
        "{:?}",
        (0..2000).find(|n| !seen.contains(n))
    );
    search(&mut stage, "tail");
    assert!(stage.text(80, 24).contains("tail"));
}

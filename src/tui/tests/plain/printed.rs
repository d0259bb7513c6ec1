//! What a step prints, told while it does and read again afterwards.

use super::hear::Reader;
use crate::kinds::Progress;
use crate::probe::Holds;
use crate::run::LaneOutcome;
use crate::tui::gate::Came;
use crate::tui::tests::stage::FANCY;

fn running() -> Reader {
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    reader.types("go");
    reader.stage.begin("source");
    reader.hear();
    reader
}

#[test]
fn each_line_is_told_once_as_it_comes_and_without_colours() {
    let mut reader = running();
    let mut told = String::new();
    for piece in [&b"one\n\x1b[31mtw"[..], b"o\x1b[0m\n", b"three\nfour"] {
        reader.stage.prints("source", piece, Progress::None);
        told += &reader.hear_at_once();
    }
    assert_eq!(told, "| one\n| two\n| three\n");
    // One without an end may be a question.
    assert_eq!(reader.hear(), "| four\n");
    reader
        .stage
        .prints("source", b" and five\n", Progress::None);
    assert_eq!(reader.hear(), "| four and five\n");
    reader.stage.pass(30);
    assert_eq!(reader.hear(), "");
}

#[test]
fn a_line_that_is_drawn_over_and_over_is_told_now_and_then() {
    let mut reader = running();
    let mut told = String::new();
    for percent in 0..=100 {
        let drawn = format!("\r{percent} %");
        reader
            .stage
            .prints("source", drawn.as_bytes(), Progress::None);
        told += &reader.hear_at_once();
        reader.stage.pass(1);
    }
    let lines = told.lines().filter(|line| line.ends_with('%')).count();
    assert!((8..=12).contains(&lines), "{told}");
}

#[test]
fn a_flood_is_counted_and_the_record_has_it() {
    let mut reader = running();
    let flood: String = (1..=5000).map(|n| format!("line {n}\n")).collect();
    reader
        .stage
        .prints("source", flood.as_bytes(), Progress::None);
    let told = reader.hear();
    assert!(told.lines().count() < 120, "{} lines", told.lines().count());
    assert!(
        told.contains("not told here; `output` reads them"),
        "{told}"
    );
    let told = reader.types("output");
    assert!(
        told.contains("| line 5000\n") && told.contains("| line 4981\n"),
        "{told}"
    );
    assert!(!told.contains("| line 4980\n"), "{told}");
    let told = reader.types("output first");
    assert!(
        told.contains("| line 1\n") && told.contains("| line 20\n"),
        "{told}"
    );
    let told = reader.types("more");
    assert!(
        told.contains("| line 21\n") && told.contains("| line 40\n"),
        "{told}"
    );
    assert!(reader.types("output 7").contains("no output 7"));
}

#[test]
fn a_line_that_takes_nothing_is_not_given_more_of_what_is_printed() {
    let mut reader = running();
    let flood: String = (1..=50).map(|n| format!("line {n}\n")).collect();
    reader
        .stage
        .prints("source", flood.as_bytes(), Progress::None);
    let reads = reader.plain.reads(&reader.stage.app);
    assert!(!reads.is_empty());
    let now = reader.stage.now();
    assert_eq!(reader.plain.speak(&mut reader.stage.app, now, true), "");
}

#[test]
fn several_outputs_have_their_lane_before_each_line_and_a_number() {
    let mut reader = Reader::moment("lanes", FANCY);
    let told = reader.hear();
    assert!(told.contains("| ["), "{told}");
    let told = reader.types("output");
    assert!(
        told.contains("output 1:") && told.contains("output 2:"),
        "{told}"
    );
}

#[test]
fn what_was_over_before_anybody_could_look_is_told_all_the_same_and_once() {
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    reader.sends("go", Came::Alone);
    reader
        .stage
        .begin("source")
        .prints("source", b"one\ntwo\n", Progress::None)
        .ends("source", LaneOutcome::Succeeded { code: 0 })
        .proved(&[(0, Holds::Yes, "nothing")])
        .reach();
    let told = reader.hear();
    assert!(told.contains("part 1 on source ended well"), "{told}");
    assert_eq!(told.matches("| one\n| two\n").count(), 1, "{told}");
    reader.stage.pass(30);
    assert!(!reader.hear().contains("| one"));
}

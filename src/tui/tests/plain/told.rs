//! What is told of every moment, to be read with one's own eyes.

use unicode_width::UnicodeWidthStr;

use super::hear::Reader;
use crate::client::Update;
use crate::problem::hidden;
use crate::run::Intent;
use crate::tui::tests::night::MOMENTS;
use crate::tui::tests::stage::{FANCY, PLAIN, step};

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lines"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_moment_is_told() {
    for (name, make) in MOMENTS {
        let told = Reader::at(make(FANCY)).hear();
        let whole = told.chars().all(|c| c == '\n' || !hidden(c));
        assert!(whole, "{name}: {told:?}");
        snapshot(name, &told);
    }
}

#[test]
fn without_unicode_every_moment_is_told_in_ascii() {
    for (name, make) in MOMENTS {
        let told = Reader::at(make(PLAIN)).hear();
        assert!(told.is_ascii(), "{name}: {told}");
    }
}

#[test]
fn what_a_colleague_does_is_told_and_the_menu_with_it() {
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    reader.stage.attach("cleo", false);
    let told = reader.hear();
    assert!(told.contains("cleo attached"), "{told}");
    let (step, attempt) = reader.stage.turn();
    let client = reader.stage.run.last_client;
    reader.stage.wish(client, Intent::Review { step, attempt });
    let told = reader.hear();
    assert!(
        told.contains("cleo: step 3 copy-conf: to be looked at again"),
        "{told}"
    );
}

#[test]
fn a_line_that_is_lost_is_told_once_and_when_it_is_back() {
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    let why = "the engine closed the connection".to_owned();
    reader
        .stage
        .update(Update::Disconnected { why, last: false });
    let told = reader.hear();
    assert_eq!(told.matches("NOT CONNECTED").count(), 1, "{told}");
    assert!(told.contains("nothing can be decided here"), "{told}");
    reader.stage.pass(5);
    assert_eq!(reader.hear(), "", "once");
    reader.types("1");
    assert!(reader.stage.sent.is_empty());
    reader.stage.connect(1);
    let told = reader.hear();
    assert!(told.contains("!! no longer: NOT CONNECTED"), "{told}");
    assert!(told.contains("1 go"), "{told}");
}

#[test]
fn a_wait_is_told_when_it_changes_and_not_at_every_question() {
    let mut reader = Reader::moment("waiting-falls", FANCY);
    assert!(reader.hear().contains("waiting, step"));
    let mut lines = 0;
    for second in 0..60 {
        let (key, waiting) = reader.stage.app.asked.iter_mut().next().unwrap();
        assert!(!key.0.as_str().is_empty());
        waiting.seen = format!("lag {second}");
        lines += reader.hear_at_once().matches("waiting, step").count();
        reader.stage.pass(1);
    }
    assert!((5..=7).contains(&lines), "{lines}");
}

#[test]
fn the_list_another_step_the_record_and_the_help_are_told() {
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    let told = reader.types("steps");
    assert!(
        told.contains("  3 Copy the configuration: your turn, its turn"),
        "{told}"
    );
    let told = reader.types("step 4");
    assert!(told.contains("Step 4 of 8: Stop NGINX on source"), "{told}");
    assert!(told.contains("Nothing can be decided from here"), "{told}");
    assert!(!told.contains("1 go"), "{told}");
    let back = told
        .lines()
        .find(|line| line.ends_with("back to the step whose turn it is"));
    let back = back
        .unwrap_or_else(|| panic!("{told}"))
        .split(' ')
        .next()
        .unwrap();
    assert!(reader.types(back).contains("1 says yes to exactly this"));
    assert!(reader.types("record 2").contains("copy-conf: shown"));
    let told = reader.types("help");
    for word in [
        "say yes to exactly what is shown",
        "output first",
        "vouch",
        "skip",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let wide: Vec<_> = told.lines().filter(|line| line.width() > 80).collect();
    assert!(wide.is_empty(), "cut in the middle of a word: {wide:?}");
    assert!(
        reader
            .types("step 99")
            .contains("there is no step 99; there are 8")
    );
    assert!(
        reader
            .types("rm -rf /")
            .contains("not understood: rm -rf /")
    );
    assert_eq!(reader.stage.sent, []);
}

#[test]
fn a_note_of_several_lines_ends_with_a_dot() {
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    let told = reader.types("note");
    assert!(told.contains("A note about step copy-conf"), "{told}");
    assert_eq!(reader.types("first"), "");
    assert_eq!(reader.types(""), "", "a blank line is one of the text");
    reader.types("  second");
    let told = reader.types(".");
    assert!(told.contains("the note is in the record"), "{told}");
    assert_eq!(reader.stage.run.notes[0].text, "first\n\n  second");
    assert_eq!(reader.stage.run.notes[0].step, Some(step("copy-conf")));

    reader.types("note");
    reader.types("not this");
    assert!(reader.types("..").contains("thrown away"));
    let told = reader.types("note");
    assert!(!told.contains("not this"), "{told}");
    assert!(reader.types(".").contains("a few words are needed"));
    assert!(reader.types("").contains("nothing was sent"));
    assert_eq!(reader.stage.run.notes.len(), 1);
}

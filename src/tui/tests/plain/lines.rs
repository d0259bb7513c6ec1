//! What a line may be short for, and what it does.

use super::hear::Reader;
use crate::run::Intent;
use crate::tui::gate::Came;
use crate::tui::tests::attempts::thrice;
use crate::tui::tests::stage::FANCY;

#[test]
fn a_change_is_kept_by_a_word_and_a_number_and_by_nothing_less() {
    let mut reader = Reader::moment("guard-waiting", FANCY);
    let told = reader.hear();
    assert!(told.contains("keep it"), "{told}");
    let told = reader.types("keep");
    assert!(told.contains("Keep the change on source?"), "{told}");
    let told = reader.types("");
    assert!(told.contains("nothing was done"), "{told}");
    assert!(reader.stage.sent.is_empty(), "{:?}", reader.stage.sent);
    assert!(reader.types("KEEP IT").contains("Keep the change"));
    reader.types("1");
    let sent = reader.stage.sent.as_slice();
    assert!(matches!(sent, [Intent::Keep { .. }]), "{sent:?}");
}

#[test]
fn the_first_words_are_enough_where_they_are_of_one_action_alone() {
    let mut reader = Reader::moment("guard-waiting", FANCY);
    reader.hear();
    // It happened, it failed, it is done: nobody guesses.
    for line in ["it", "kee", "keep i", "what", "go b"] {
        let told = reader.types(line);
        assert!(told.contains(&format!("not understood: {line}")), "{told}");
    }
    // The yes of a gate is no short form of going back, where no gate stands.
    assert!(reader.types("go").contains("already"));
    assert!(reader.stage.sent.is_empty() && reader.stage.app.dialog.is_none());
}

#[test]
fn what_is_not_possible_is_said_in_words_that_lines_have() {
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    let told = reader.types("x");
    assert!(told.contains("help says what is"), "{told}");
    assert!(!told.contains("shows the keys"), "{told}");
}

#[test]
fn what_earlier_attempts_printed_is_told_with_how_they_ended() {
    let mut reader = Reader::at(thrice());
    reader.hear();
    let told = reader.types("attempt 2");
    assert!(
        told.contains("attempt 2 of 3: exit 23; source part 1"),
        "{told}"
    );
    assert!(told.contains("| second words, and a needle"), "{told}");
    assert!(reader.types("attempt 1 first").contains("Broken pipe (32)"));
    assert!(reader.types("attempt 3 1").contains("| third words"));
    for line in ["attempt 4", "attempt 0", "attempt 2 2"] {
        let told = reader.types(line);
        assert!(told.contains("there is no output"), "{line}: {told}");
    }
    for line in ["attempt", "attempt x", "attempt 1 2 3", "attempt -1"] {
        let told = reader.types(line);
        assert!(told.contains("not understood"), "{line}: {told}");
    }
    assert_eq!(reader.stage.sent.len(), 0);
}

#[test]
fn what_a_line_could_not_do_is_told_also_where_the_next_moment_has_come() {
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    reader.sends("x", Came::Alone);
    reader.stage.approve();
    let told = reader.hear();
    assert!(told.contains("help says what is"), "{told}");
}

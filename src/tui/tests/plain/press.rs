//! Lines as they come: nothing but an answer to what was told says yes, and Enter alone does nothing.

use std::time::Duration;

use super::hear::Reader;
use crate::run::{Intent, StepAt};
use crate::tui::gate::Came;
use crate::tui::how::Offered;
use crate::tui::keys::{Action, KEYS, Place};
use crate::tui::tests::night::MOMENTS;
use crate::tui::tests::stage::FANCY;

/// The numbers of a question and one more, and every word; now and then also letters and odd things.
fn lines(numbers: usize, odd: bool) -> Vec<String> {
    let mut lines: Vec<String> = (1..=numbers + 1).map(|n| n.to_string()).collect();
    let rows = KEYS.iter().filter(|row| row.place == Place::Run);
    for row in rows.filter(|row| row.action.offered() != Offered::Never) {
        lines.push(row.bare_word().to_owned());
        if odd {
            lines.push(row.word.to_uppercase());
            lines.extend(row.keys.iter().map(|key| key.name.to_owned()));
        }
    }
    let strange = [
        "",
        " ",
        ".",
        "..",
        "0",
        "-1",
        "99999999999999999999",
        "again",
        "steps",
        "more",
        "step 0",
        "step 1",
        "step x",
        "output 1",
        "output 9",
        "output first",
        "output 1 search a",
        "search e",
        "line 1",
        "record 3",
        "yes",
        "y",
        "\u{1b}[A",
    ];
    if odd {
        lines.extend(strange.map(str::to_owned));
    }
    lines.sort();
    lines.dedup();
    lines
}

#[test]
fn no_line_panics_none_alone_ends_anything_and_only_go_says_yes() {
    let mut yes = 0;
    for (place, (name, make)) in MOMENTS.iter().enumerate() {
        let numbers = Reader::at(make(FANCY)).stage.app.menu().len();
        for line in lines(numbers, place % 8 == 0) {
            let mut reader = Reader::at(make(FANCY));
            reader.hear_at_once();
            reader.stage.pass(1);
            let menu = reader.stage.app.menu();
            reader.sends(&line, Came::Alone);
            for intent in &reader.stage.sent {
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
                assert!(harmless, "{name}: {line:?} alone sent {intent:?}");
            }
            if reader.stage.approvals() > 0 {
                let number = line.parse::<usize>().ok();
                let row = number.and_then(|n| menu.get(n.checked_sub(1)?));
                let go = row.is_some_and(|row| row.action == Action::Approve);
                assert!(go || line.eq_ignore_ascii_case("go"), "{name}: {line:?}");
                yes += 1;
            }
            // Enter alone on whatever that has opened.
            if reader.stage.app.dialog.is_none() {
                continue;
            }
            let sent = reader.stage.sent.len();
            reader.hear_at_once();
            reader.stage.pass(1);
            reader.sends("", Came::Alone);
            assert_eq!(
                reader.stage.sent.len(),
                sent,
                "{name}: {line:?}, then Enter"
            );
            assert!(reader.stage.app.dialog.is_none(), "{name}: {line:?}");
        }
    }
    assert!(yes >= 12, "the gates do open: {yes}");
}

#[test]
fn what_the_screen_offers_is_offered_here_with_its_words() {
    for (name, make) in MOMENTS {
        let mut reader = Reader::at(make(FANCY));
        let told = reader.hear() + &reader.types("");
        let busy = reader.stage.app.is_waiting_for_an_answer();
        if busy || reader.stage.app.keyboard().is_some() {
            continue;
        }
        for (number, row) in reader.stage.app.menu().iter().enumerate() {
            let line = format!("{} {}", number + 1, row.word);
            assert!(told.contains(&line), "{name}: {line}\n{told}");
        }
        let never = |row: &&&crate::tui::keys::Binding| row.action.offered() != Offered::Numbered;
        assert_eq!(reader.stage.app.menu().iter().filter(never).count(), 0);
    }
}

#[test]
fn a_line_that_was_typed_ahead_approves_nothing() {
    // Before anything was told at all.
    let mut reader = Reader::moment("gate", FANCY);
    reader.sends("1", Came::Alone);
    reader.sends("go", Came::Alone);
    let told = reader.hear();
    assert_eq!(reader.stage.approvals(), 0, "{told}");
    // Just when it was told.
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear_at_once();
    reader.stage.since += Duration::from_millis(399);
    reader.sends("1", Came::Alone);
    assert!(reader.hear().contains("before the question could be read"));
    assert_eq!(reader.stage.approvals(), 0);
    // The word instead of the number.
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear_at_once();
    reader.stage.since += Duration::from_millis(399);
    reader.sends("go", Came::Alone);
    assert_eq!(reader.stage.approvals(), 0);
    // And after it was read.
    reader.hear();
    reader.types("go");
    assert_eq!(reader.stage.approvals(), 1);
}

#[test]
fn lines_that_come_together_decide_nothing() {
    for (name, lines) in [
        ("gate", &["1", "go"][..]),
        ("type-back", &["1", "stop pryvio_nginx"]),
        ("stuck-failed", &["r", "1"]),
        ("question", &["1", "2", "."]),
    ] {
        let mut reader = Reader::moment(name, FANCY);
        reader.hear();
        for line in lines {
            reader.sends(line, Came::InABundle);
        }
        let told = reader.hear();
        assert!(
            reader.stage.sent.is_empty(),
            "{name}: {:?}",
            reader.stage.sent
        );
        assert!(told.contains("together with others"), "{name}: {told}");
    }
    // A paste may be a note, but the dot that sends it is typed.
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    reader.types("note");
    for line in ["one", "two", "."] {
        reader.sends(line, Came::InABundle);
    }
    reader.hear();
    assert!(reader.stage.run.notes.is_empty());
    reader.types(".");
    assert_eq!(reader.stage.run.notes[0].text, "one\ntwo");
}

#[test]
fn the_words_of_a_gate_are_typed_back_and_no_others_count() {
    let mut reader = Reader::moment("type-back", FANCY);
    let told = reader.hear();
    assert!(told.contains("1 asks for these words"), "{told}");
    assert!(
        reader.types("go").contains("not"),
        "there is no such yes here"
    );
    assert!(reader.types("stop pryvio_nginx").contains("not understood"));
    assert!(reader.types("1").contains("Type this, to say yes"));
    assert!(reader.types("stop").contains("not the words yet"));
    assert!(reader.types("").contains("nothing was approved"));
    assert_eq!(reader.stage.approvals(), 0);
    reader.types("1");
    reader.types("stop pryvio_nginx");
    let Some(Intent::Approve { typed, .. }) = reader.stage.sent.last() else {
        panic!("{:?}", reader.stage.sent)
    };
    assert_eq!(typed.as_deref(), Some("stop pryvio_nginx"));
}

#[test]
fn a_yes_names_exactly_what_was_told() {
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    let (step, attempt) = reader.stage.turn();
    reader.stage.wish(1, Intent::Review { step, attempt });
    let proposal = crate::tui::tests::runbook::command("rm -rf /");
    reader.stage.show(vec![("source", proposal)], &[]);
    // It is another gate already, and not told yet.
    reader.sends("1", Came::Alone);
    reader.sends("go", Came::Alone);
    assert_eq!(reader.stage.approvals(), 0);
    let told = reader.hear();
    assert!(told.contains("rm -rf /"), "{told}");
    reader.types("1");
    let Some(Intent::Approve { digest, .. }) = reader.stage.sent.last() else {
        panic!("{:?}", reader.stage.sent)
    };
    let shown = reader.stage.app.folded.run.steps[2].shown.as_ref().unwrap();
    assert_eq!(*digest, shown.digest);
}

#[test]
fn the_words_for_one_gate_do_not_open_another() {
    let mut reader = Reader::moment("type-back", FANCY);
    reader.hear();
    reader.types("1");
    let (step, attempt) = reader.stage.turn();
    reader.stage.wish(1, Intent::Review { step, attempt });
    let proposal = crate::tui::tests::runbook::command("rm -rf /");
    reader.stage.show(vec![("source", proposal)], &[]);
    reader.sends("stop pryvio_nginx", Came::Alone);
    assert_eq!(reader.stage.approvals(), 0);
    let told = reader.hear();
    assert!(told.contains("rm -rf /"), "{told}");
}

#[test]
fn a_number_means_what_it_meant_when_it_was_told() {
    let mut reader = Reader::moment("running", FANCY);
    reader.hear();
    let told = reader.types("");
    assert!(told.contains("1 stop"), "{told}");
    reader
        .stage
        .ends("source", crate::run::LaneOutcome::Failed { code: 9 });
    assert!(matches!(reader.stage.run.steps[4].at, StepAt::Stuck { .. }));
    reader.sends("1", Came::Alone);
    assert!(reader.stage.app.dialog.is_none() && reader.stage.sent.is_empty());
    let told = reader.hear();
    assert!(told.contains("what can be done has changed"), "{told}");
    assert!(told.contains("retry"), "{told}");
}

#[test]
fn a_question_is_answered_by_its_number_and_with_words() {
    let mut reader = Reader::moment("question-evidence", FANCY);
    reader.hear();
    assert!(
        reader
            .types("answer")
            .contains("Enter alone: Look again before answering.")
    );
    let told = reader.types("9");
    assert!(told.contains("from 1 to 2"), "{told}");
    let told = reader.types("2");
    assert!(told.contains("Yes. Write down"), "{told}");
    reader.types("ticket 4711");
    reader.types(".");
    assert!(
        matches!(reader.stage.sent.last(), Some(Intent::Reply { yes: true, note, .. }) if note == "ticket 4711"),
        "{:?}",
        reader.stage.sent
    );
}

#[test]
fn a_choice_is_made_by_its_number() {
    let mut reader = Reader::moment("choice", FANCY);
    reader.hear();
    let told = reader.types("1");
    assert!(told.contains("Enter alone: Not now."), "{told}");
    reader.types("");
    assert_eq!(reader.stage.sent, []);
    reader.types("1");
    reader.types("2");
    assert!(matches!(
        reader.stage.sent.last(),
        Some(Intent::Choose { .. })
    ));
}

#[test]
fn lines_go_to_a_program_until_a_dot() {
    let mut reader = Reader::moment("terminal-free", FANCY);
    reader.hear();
    let told = reader.types("type to it");
    assert!(told.contains("You have the keyboard"), "{told}");
    reader.types("secret word");
    reader.types("..");
    reader.types("");
    let typed = format!("{:?}", reader.stage.typed);
    assert_eq!(reader.stage.typed.len(), 3, "{typed}");
    reader.types(".");
    assert!(matches!(
        reader.stage.sent.last(),
        Some(Intent::ReturnKeyboard { .. })
    ));
    assert_eq!(reader.stage.typed.len(), 3);
}

#[test]
fn leaving_leaves() {
    for line in ["detach", "DETACH"] {
        let mut reader = Reader::moment("running", FANCY);
        reader.hear();
        reader.types(line);
        assert!(reader.left, "{line}");
    }
}

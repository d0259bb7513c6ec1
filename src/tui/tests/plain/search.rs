//! Searching in what a step printed, by lines.

use super::hear::Reader;
use crate::client::Update;
use crate::kinds::Progress;
use crate::tui::gate::Came;
use crate::tui::tests::attempts::thrice;
use crate::tui::tests::stage::FANCY;

/// Somebody at a step that runs and has printed as many lines.
pub(super) fn printed(lines: usize) -> Reader {
    let mut reader = Reader::moment("running", FANCY);
    let lane = reader.stage.app.viewed().unwrap().2.lanes[0].name.clone();
    let mut bytes = b"\n".to_vec();
    for n in 2..=lines {
        let text = match n % 1000 {
            7 => format!("{n} \u{1b}[1mcopied\u{1b}[0m with an Error: no space left\n"),
            _ => format!("{n} copied users/{n}/profile\n"),
        };
        bytes.extend(text.into_bytes());
    }
    reader.stage.files.clear();
    reader.stage.prints(lane.as_str(), &bytes, Progress::None);
    reader.hear();
    reader.stage.pass(60);
    reader.hear();
    reader
}

#[test]
fn lines_are_found_with_their_numbers_page_by_page_and_read_on_from() {
    let mut reader = printed(50_000);
    let told = reader.types("search no space");
    assert!(
        told.contains("search for \"no space\", source part 1:"),
        "{told}"
    );
    assert!(
        told.contains("| 7: 7 copied with an Error: no space left\n| 1007: "),
        "{told}"
    );
    assert!(
        told.contains("| 19007: ") && !told.contains("| 20007: "),
        "{told}"
    );
    assert!(
        told.contains("these are 20, up to line 19007; `more` finds the next"),
        "{told}"
    );
    assert!(reader.types("more").contains("| 20007: "));
    let told = reader.types("MORE");
    assert!(told.contains("| 49007: "), "{told}");
    assert!(told.contains("that is all: 50 of 50000 lines"), "{told}");
    let told = reader.types("line 19005");
    assert!(
        told.contains("output, lines 19005 to 19024, to byte "),
        "{told}"
    );
    assert!(
        told.contains("| 19005 copied users/19005/profile\n| 19006 copied"),
        "{told}"
    );
    assert!(
        reader
            .types("more")
            .contains("output, lines 19025 to 19044, ")
    );
    let told = reader.types("line 50001");
    assert!(
        told.contains("there is no line 50001: it has 50000 lines"),
        "{told}"
    );
    assert!(reader.types("line 0").contains("counted from 1"));
    assert!(reader.stage.sent.is_empty());
}

#[test]
fn small_letters_find_any_case_and_a_capital_only_itself() {
    let mut reader = printed(10);
    assert!(reader.types("search error:  no").contains("no line has it"));
    assert!(reader.types("SEARCH error: no").contains("| 7: "));
    assert!(
        reader
            .types("search Error: no")
            .contains("that is the only line: 10 lines")
    );
    assert!(
        reader
            .types("output search ERROR")
            .contains("no line has it: 10 lines, ")
    );
    for line in [
        "search",
        "  search  ",
        "/",
        "output search",
        "search \u{202e}",
    ] {
        let told = reader.types(line);
        assert!(told.contains("as in `search error`"), "{line}: {told}");
    }
}

#[test]
fn the_output_that_was_read_last_is_searched_and_any_other_by_its_number() {
    let mut reader = Reader::at(thrice());
    reader.hear();
    let told = reader.types("search needle");
    assert!(
        told.contains("attempt 3 of 3: ended well, not proved; source part 1:"),
        "{told}"
    );
    assert!(told.contains("no line has it: 1 line"), "{told}");
    let told = reader.types("attempt 2 search needle");
    assert!(
        told.contains("attempt 2 of 3: exit 23; source part 1:"),
        "{told}"
    );
    assert!(told.contains("| 1: second words, and a needle"), "{told}");
    // That is the one that is read now.
    assert!(reader.types("line 1").contains("| second words"));
    assert!(reader.types("search words").contains("| 1: second words"));
    reader.types("attempt 1");
    let told = reader.types("search pipe");
    assert!(
        told.contains("attempt 1 of 3: exit 10") && told.contains("Broken pipe (32)"),
        "{told}"
    );
    assert!(
        reader
            .types("attempt 1 1 search words")
            .contains("no line has it")
    );
    assert!(reader.types("output 1 line 1").contains("| third words"));
    assert!(reader.types("search words").contains("| 1: third words"));
    assert!(reader.types("output 2 search x").contains("no output 2"));
    assert!(
        reader
            .types("attempt 9 search x")
            .contains("there is no output")
    );
    // At another step it is that step's.
    reader.types("attempt 2");
    reader.types("step 2");
    assert!(!reader.types("search second").contains("| 1: second words"));
    reader.types("step 1");
    for line in [
        "line",
        "line x",
        "output line",
        "output 1 line 1 1",
        "output last",
        "attempt 1 line",
    ] {
        let told = reader.types(line);
        assert!(told.contains("not understood"), "{line}: {told}");
    }
}

#[test]
fn a_search_says_how_far_it_is_and_enter_alone_stops_it_and_nothing_waits_for_it() {
    let mut reader = printed(50_000);
    reader.sends("search nowhere", Came::Alone);
    // An engine that answers nothing.
    let now = reader.stage.now();
    assert!(!reader.plain.reads(&reader.stage.app).is_empty());
    let told = reader.plain.speak(&mut reader.stage.app, now, false);
    assert!(told.contains("search for \"nowhere\""), "{told}");
    assert!(reader.plain.is_restless(&reader.stage.app));
    let mut told = String::new();
    for _ in 0..30 {
        reader.stage.pass(1);
        let now = reader.stage.now();
        told += &reader.plain.speak(&mut reader.stage.app, now, false);
    }
    assert_eq!(
        told.matches("searching: 0 B of 0 B read; Enter alone stops it")
            .count(),
        3,
        "{told}"
    );
    // The wizard goes on meanwhile.
    reader.sends("more", Came::Alone);
    reader.sends("help", Came::Alone);
    let now = reader.stage.now();
    let told = reader.plain.speak(&mut reader.stage.app, now, false);
    assert!(
        told.contains("it goes on by itself") && told.contains("To look around:"),
        "{told}"
    );
    reader.sends("", Came::Alone);
    let now = reader.stage.now();
    let told = reader.plain.speak(&mut reader.stage.app, now, false);
    assert_eq!(told, "the search was stopped after 0 B; `more` goes on\n");
    assert!(
        reader.types("").contains("What now?"),
        "the next is Enter as ever"
    );
}

#[test]
fn a_lost_line_is_waited_for_and_the_search_goes_on() {
    let mut reader = printed(5_000);
    reader.sends("search 4007", Came::Alone);
    assert!(!reader.plain.reads(&reader.stage.app).is_empty());
    let lost = || Update::Disconnected {
        why: "gone".to_owned(),
        last: false,
    };
    reader.plain.hear(&lost(), reader.stage.since);
    reader.stage.update(lost());
    let told = reader.hear();
    assert!(!told.contains("| 4007: "), "{told}");
    assert!(
        reader
            .types("search x")
            .contains("not connected: no output can be read")
    );
    reader.stage.connect(1);
    let told = reader.hear();
    assert!(told.contains("| 4007: 4007 copied"), "{told}");
}

//! What a step printed, copied and opened in a pager, by lines.

use super::hear::Reader;
use super::search::printed;
use crate::kinds::Progress;
use crate::problem::hidden;
use crate::tui::Clipboard;
use crate::tui::tests::attempts::thrice;
use crate::tui::tests::stage::FANCY;

#[test]
fn what_was_told_last_is_copied_or_one_line_of_it() {
    let mut reader = printed(2_000);
    assert!(
        reader
            .types("copy")
            .contains("no lines of an output were told that could be copied")
    );
    reader.types("output");
    assert!(
        reader
            .types("copy")
            .contains("-- 20 lines copied, if the terminal allows it")
    );
    let last = reader.copied.pop().unwrap();
    assert!(
        last.starts_with("1981 copied users/1981/profile\n1982 "),
        "{last}"
    );
    assert!(last.ends_with("\n2000 copied users/2000/profile"), "{last}");
    // The numbers of the last lines are not known.
    assert!(
        reader
            .types("copy 2000")
            .contains("line 2000 is not among the lines told last")
    );
    reader.types("search no space");
    assert!(reader.types("copy").contains("-- 2 lines copied"));
    assert!(reader.types("COPY 1007").contains("-- line 1007 copied"));
    assert_eq!(
        reader.copied,
        [
            "7 copied with an Error: no space left\n1007 copied with an Error: no space left",
            "1007 copied with an Error: no space left"
        ]
    );
    reader.copied.clear();
    reader.types("line 5");
    reader.types("more");
    reader.types("copy 25");
    assert_eq!(reader.copied, ["25 copied users/25/profile"]);
    reader.types("search nowhere");
    assert!(
        reader
            .types("copy")
            .contains("no lines of an output were told")
    );
    assert!(reader.types("copy 25").contains("`line 25` tells it"));
    assert!(reader.types("copy x").contains("not understood"));
    // Whoever means yes copies nothing.
    assert!(reader.types("y").contains("not understood: y"));
    assert_eq!(reader.copied.len(), 1);
    assert!(reader.stage.sent.is_empty());
}

#[test]
fn what_is_copied_is_clean() {
    let mut reader = printed(10);
    let lane = reader.stage.app.viewed().unwrap().2.lanes[0].name.clone();
    let evil = b"\x1b]52;c;b3duZWQ=\x07rm\xe2\x80\xae \x1b[8mx\x1b[0m\x9b31m 10%\r 99%\r\n";
    reader.stage.prints(lane.as_str(), evil, Progress::None);
    for lines in [
        &["output"][..],
        &["output first"],
        &["search 99"],
        &["line 11"],
    ] {
        for line in lines {
            reader.types(line);
        }
        reader.types("copy");
        let text = reader.copied.pop().unwrap();
        assert!(text.ends_with(" 99%"), "{lines:?}: {text:?}");
        assert!(!text.chars().any(|c| c != '\n' && hidden(c)), "{text:?}");
    }
}

#[test]
fn where_there_is_no_clipboard_it_is_said_and_where_the_output_is() {
    for (clipboard, why) in [
        (Clipboard::NoTerminal, "standard output is no terminal"),
        (
            Clipboard::NotOfThisKind,
            "a terminal of this kind has no clipboard",
        ),
    ] {
        let mut reader = Reader::at(thrice());
        reader.stage.app.options.clipboard = clipboard;
        let told = reader.hear();
        assert!(told.contains("output, search, pager, record"), "{told}");
        reader.types("attempt 2");
        let told = reader.types("copy").replace('\n', " ");
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            told.contains(why) && told.contains("all of it is in ~/"),
            "{told}"
        );
        assert!(told.contains("/output/"), "{told}");
        assert!(reader.copied.is_empty());
    }
}

#[test]
fn the_output_that_was_read_last_opens_in_the_pager_or_any_other_by_its_number() {
    let mut reader = Reader::at(thrice());
    let told = reader.hear();
    assert!(
        told.contains("output, search, copy, pager, record"),
        "{told}"
    );
    for (line, text) in [
        ("pager", &b"third words\n"[..]),
        ("attempt 2 pager", b"second words, and a needle\n"),
        ("P", b"second words, and a needle\n"),
        ("output 1 pager", b"third words\n"),
        ("Pager", b"third words\n"),
    ] {
        reader.types(line);
        let paged = reader.paged.pop().unwrap_or_else(|| panic!("{line}"));
        assert_eq!(reader.stage.files[&paged.file], text, "{line}");
        assert_eq!((paged.length, paged.unicode), (text.len() as u64, true));
    }
    reader.plain.no_pager = Some("there is none");
    let told = reader.types("attempt 2 pager");
    assert!(
        told.contains("there is none; `output first` and `more` tell it"),
        "{told}"
    );
    assert!(!reader.types("").contains("pager"));
    assert!(reader.paged.is_empty());
    for line in ["pager 2", "output pager x"] {
        assert!(reader.types(line).contains("not understood"), "{line}");
    }
    // Nothing was printed there.
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    assert!(reader.types("pager").contains("it printed nothing yet"));
    assert!(reader.types("P").contains("the step has printed nothing"));
    assert!(reader.paged.is_empty());
}

#[test]
fn a_gate_is_told_again_after_something_else_was_on_the_terminal_and_before_it_takes_a_yes() {
    let mut reader = Reader::moment("gate", FANCY);
    reader.hear();
    let since = reader.stage.since;
    reader.stage.app.is_back(None, since);
    reader.plain.is_back();
    reader.sends("go", crate::tui::gate::Came::Alone);
    assert_eq!(reader.stage.approvals(), 0);
    let told = reader.hear();
    assert!(
        told.contains("runs    rsync") && told.contains("1 go: say yes"),
        "{told}"
    );
    reader.types("go");
    assert_eq!(reader.stage.approvals(), 1);
}

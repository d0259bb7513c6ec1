use super::*;

/// Serves a file until nothing more is wanted, and gives all that is told.
fn served(finding: &mut Finding, file: &[u8]) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(effect) = finding.wanted() {
        let Effect::Read {
            file: name,
            offset,
            most,
        } = effect
        else {
            panic!("{effect:?}")
        };
        assert!(finding.is_under_way());
        let from = usize::try_from(offset).unwrap().min(file.len());
        let to = (from + most as usize).min(file.len());
        // Somebody else has asked for a byte there too.
        let one = &file[from..to.min(from + 1)];
        if finding.found.is_some() && to > from + 1 {
            told.extend(finding.piece((&name, offset), one, file.len() as u64));
        }
        told.extend(finding.piece((&name, offset), &file[from..to], file.len() as u64));
    }
    told
}

fn of(typed: &str, file: &[u8]) -> Vec<String> {
    served(&mut Finding::new("f".to_owned(), typed), file)
}

#[test]
fn each_line_is_told_with_its_number_page_by_page_and_what_was_searched_at_the_end() {
    let file: String = (1..=50).map(|n| format!("line {n} of them\n")).collect();
    let mut finding = Finding::new("f".to_owned(), "OF");
    assert_eq!(
        served(&mut finding, file.as_bytes()),
        ["no line has it: 50 lines, 791 B, searched to the end"]
    );
    finding = Finding::new("f".to_owned(), "of");
    let mut all = Vec::new();
    for (last, page) in [(20, 20), (40, 20), (50, 10)] {
        let mut told = served(&mut finding, file.as_bytes());
        let end = told.pop().unwrap();
        match last {
            50 => assert_eq!(
                end,
                "that is all: 50 of 50 lines, 791 B, searched to the end"
            ),
            _ => assert!(
                end.starts_with(&format!("these are 20, up to line {last}; ")),
                "{end}"
            ),
        }
        assert_eq!(told.len(), page);
        all.extend(told);
        all.extend(finding.more());
    }
    let wanted: Vec<String> = (1..=50)
        .map(|n| format!("| {n}: line {n} of them"))
        .collect();
    assert_eq!(all, wanted);
    // What is printed later is found by `more`, and what was told is not told again.
    let file = format!("{file}the end of it");
    assert_eq!(
        served(&mut finding, file.as_bytes()),
        [
            "| 51: the end of it",
            "that is all: 51 of 51 lines, 804 B, searched to the end"
        ]
    );
    assert_eq!(
        of("x", b""),
        ["no line has it: 0 lines, 0 B, searched to the end"]
    );
}

#[test]
fn more_lines_than_a_search_holds_are_told_without_reading_any_twice() {
    let lines = 150_000;
    let file = "x\n".repeat(lines);
    let mut finding = Finding::new("f".to_owned(), "x");
    let mut read = 0;
    let mut told = 0;
    while told < lines {
        while let Some(Effect::Read { offset, most, .. }) = finding.wanted() {
            let from = usize::try_from(offset).unwrap();
            let to = (from + most as usize).min(file.len());
            if finding.found.is_none() {
                read += to - from;
            }
            let lines = finding.piece(("f", offset), &file.as_bytes()[from..to], file.len() as u64);
            told += lines.iter().filter(|line| line.starts_with("| ")).count();
        }
        finding.more();
    }
    assert_eq!((told, read), (lines, file.len()));
}

#[test]
fn of_a_line_that_is_told_what_was_found_stands_in_it() {
    let printed =
        b"\x1b[1m10%\r20%\r\x1b[0m30%\r\nplain\tbold \x1b]0;owned\x07\x1b[1mtext\x1b[0m\r\n";
    assert_eq!(of("20%", printed)[0], "| 1: 20% (written over since)");
    assert_eq!(of("30%", printed)[0], "| 1: 30%");
    assert_eq!(of("bold text", printed)[0], "| 2: plain    bold text");
    let wide = format!(
        "{}needle{}\n",
        "ab\u{202e} ".repeat(9_000),
        " yz".repeat(9_000)
    );
    let told = of("needle", wide.as_bytes());
    assert!(
        told[0].starts_with("| 1: ...") && told[0].ends_with("..."),
        "{told:?}"
    );
    assert!(told[0].contains("ab\\u{202e} needle yz yz"), "{told:?}");
    assert!(told[0].len() < 8 * LONG, "{told:?}");
    // What stands near its end is told to its end.
    let wide = format!("{} needle", "x".repeat(500));
    assert!(of("needle", wide.as_bytes())[0].ends_with("x needle"));
}

#[test]
fn a_search_is_stopped_between_two_pieces_and_goes_on_from_there() {
    let file = [b"word\n".repeat(30_000), b"needle\n".to_vec()].concat();
    let mut finding = Finding::new("f".to_owned(), "needle");
    let Some(Effect::Read { offset, most, .. }) = finding.wanted() else {
        panic!()
    };
    assert_eq!(
        finding.stop().unwrap(),
        "the search was stopped after 0 B; `more` goes on"
    );
    assert!(finding.stop().is_none() && finding.wanted().is_none());
    // The answer that was on its way.
    let piece = &file[..most as usize];
    assert_eq!(
        finding.piece(("f", offset), piece, file.len() as u64),
        Vec::<String>::new()
    );
    assert!(finding.wanted().is_none() && finding.progress().is_none());
    finding.more();
    assert_eq!(
        finding.progress().unwrap(),
        "searching: 65.5 kB of 150.0 kB read; Enter alone stops it"
    );
    assert_eq!(served(&mut finding, &file)[0], "| 30001: needle");
}

#[test]
fn a_line_that_is_lost_is_waited_for_and_a_flood_is_searched_as_far_as_it_was() {
    let mut finding = Finding::new("f".to_owned(), "needle");
    assert!(finding.wanted().is_some() && finding.wanted().is_none());
    finding.forget_asked();
    let Some(Effect::Read { offset, most, .. }) = finding.wanted() else {
        panic!()
    };
    let flood = vec![b'x'; most as usize];
    assert!(finding.piece(("f", offset), &flood, 70_000).is_empty());
    let Some(Effect::Read { offset, .. }) = finding.wanted() else {
        panic!()
    };
    // It has grown by as much as was read, and would do so for ever.
    let told = finding.piece(("f", offset), &flood, 140_000);
    assert!(
        told[0].starts_with("no line has it: 1 line, 131.1 kB"),
        "{told:?}"
    );
    assert!(finding.piece(("g", 0), b"needle", 6).is_empty());
}

//! Nothing hostile comes through as anything but text.

use super::hear::Reader;
use crate::client::Update;
use crate::kinds::Progress;
use crate::probe::Holds;
use crate::problem::hidden;
use crate::run::{Finding, Intent};
use crate::tui::tests::hostile::{EVIL, evil_plan, evil_proposal};
use crate::tui::tests::stage::{FANCY, PLAIN, Stage, machine};

#[test]
fn nothing_hostile_reaches_a_line() {
    for look in [FANCY, PLAIN] {
        let mut reader = Reader::at(Stage::new(evil_plan(), look));
        let mut told = reader.hear();
        reader.stage.attach(EVIL, false).reach();
        told += &reader.hear();
        reader.stage.show(
            vec![("source", evil_proposal())],
            &[(0, Holds::CannotSay, EVIL)],
        );
        told += &reader.hear();
        for line in [
            "", "steps", "help", "record", "again", "1", EVIL, "", "note", EVIL, ".",
        ] {
            told += &reader.types(line);
        }
        reader.stage.approve().begin("source");
        reader
            .stage
            .prints("source", EVIL.repeat(40).as_bytes(), Progress::Rsync);
        reader.stage.prints(
            "source",
            b"\x1b]52;c;eA==\x07\x9b31m\xff\n\x1bP1$r\n\x1b]2;x",
            Progress::None,
        );
        told += &reader.hear();
        let search = format!("search {EVIL}");
        for line in ["output", "output first", "more", "line 1", EVIL] {
            told += &reader.types(line);
        }
        for line in ["search gnp", "search end", "more", &search] {
            let found = reader.types(line);
            assert!(found.contains("search"), "{line}: {found}");
            told += &found;
        }
        let why = EVIL.to_owned();
        reader.stage.found(Finding::LinkLost {
            machine: machine("source"),
            why,
        });
        told += &reader.hear();
        reader.stage.lost("source", EVIL);
        told += &reader.hear();
        let text = format!("{EVIL}\n{EVIL}");
        reader.stage.wish(1, Intent::Note { step: None, text });
        reader.stage.update(Update::Refused {
            id: 99,
            why: EVIL.into(),
        });
        reader.stage.update(Update::Disconnected {
            why: EVIL.into(),
            last: true,
        });
        told += &reader.hear();
        for c in told.chars() {
            assert!(c == '\n' || !hidden(c), "{c:?} in {told}");
        }
        assert!(look.unicode || told.is_ascii());
        assert!(
            told.contains("owned") && told.len() > 5000,
            "it was told: {told}"
        );
    }
}

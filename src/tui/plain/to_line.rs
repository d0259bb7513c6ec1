//! Finds where a line of an output begins, by its number.

use crate::tui::app::Effect;
use crate::tui::say;

/// How much is asked for at once.
const PIECE: u32 = 64 * 1024;

/// The way to a line, from the first one on.
#[derive(Debug)]
pub(super) struct ToLine {
    file: String,
    /// The number of the line that is looked for, from 1.
    to: u64,
    /// Up to where it was read, and in which line that stands.
    at: u64,
    line: u64,
    /// Where that line begins.
    begun: u64,
    asked: bool,
    stopped: bool,
    /// How long the file was said to be last.
    length: u64,
}

/// What it came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// The line begins at a byte.
    Line { file: String, at: u64, number: u64 },
    /// There are not so many lines.
    End(String),
}

impl ToLine {
    /// Sets out to a line from 1.
    pub(super) fn new(file: String, to: u64) -> Self {
        Self {
            file,
            to,
            at: 0,
            line: 1,
            begun: 0,
            asked: false,
            stopped: false,
            length: 0,
        }
    }

    /// What is to be read.
    pub(super) fn wanted(&mut self) -> Option<Effect> {
        if self.asked || self.stopped {
            return None;
        }
        self.asked = true;
        Some(Effect::Read {
            file: self.file.clone(),
            offset: self.at,
            most: PIECE,
        })
    }

    /// Forgets what was asked for: the connection was lost, and no answer comes.
    pub(super) fn forget_asked(&mut self) {
        self.asked = false;
    }

    /// Takes a piece of a file.
    pub(super) fn piece(
        &mut self,
        (file, offset): (&str, u64),
        bytes: &[u8],
        length: u64,
    ) -> Option<Reached> {
        if self.file != file || !self.asked || self.at != offset {
            return None;
        }
        self.asked = false;
        self.length = length;
        let mut ends = bytes
            .iter()
            .zip(offset + 1..)
            .filter(|(byte, _)| **byte == b'\n');
        while self.line < self.to {
            let Some((_, end)) = ends.next() else {
                self.at = offset + bytes.len() as u64;
                // Nothing came where it is shorter than it was said to be.
                let is_read = bytes.is_empty() || self.at >= length;
                return is_read.then(|| self.too_few());
            };
            self.line += 1;
            self.begun = end;
        }
        Some(match self.begun < length {
            true => Reached::Line {
                file: self.file.clone(),
                at: self.begun,
                number: self.to,
            },
            false => self.too_few(),
        })
    }

    fn too_few(&self) -> Reached {
        let begun = u64::from(self.at > self.begun);
        let lines = usize::try_from(self.line - 1 + begun).unwrap_or(usize::MAX);
        let (lines, to) = (say::count(lines, "line"), self.to);
        Reached::End(format!("there is no line {to}: it has {lines}"))
    }

    /// Gives up for now; tells how far it came, where it was under way.
    pub(super) fn stop(&mut self) -> Option<String> {
        if std::mem::replace(&mut self.stopped, true) {
            return None;
        }
        let size = say::size(self.at);
        Some(format!(
            "stopped on the way to line {}, after {size}; `more` goes on",
            self.to
        ))
    }

    /// Goes on.
    pub(super) fn more(&mut self) {
        self.stopped = false;
    }

    /// Whether it goes on by itself.
    pub(super) fn is_under_way(&self) -> bool {
        !self.stopped
    }

    /// How far it has come.
    pub(super) fn progress(&self) -> String {
        let (read, of) = (say::size(self.at), say::size(self.length.max(self.at)));
        format!(
            "on the way to line {}: {read} of {of} read; Enter alone stops it",
            self.to
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(file: &[u8], to: u64, piece: usize) -> Result<u64, String> {
        let mut way = ToLine::new("f".to_owned(), to);
        loop {
            let Some(Effect::Read { offset, most, .. }) = way.wanted() else {
                panic!("it asks for nothing");
            };
            let from = usize::try_from(offset).unwrap();
            let to = (from + piece.min(most as usize)).min(file.len());
            match way.piece(("f", offset), &file[from..to], file.len() as u64) {
                None => {}
                Some(Reached::Line { at, .. }) => return Ok(at),
                Some(Reached::End(why)) => return Err(why),
            }
        }
    }

    #[test]
    fn a_line_is_found_wherever_a_piece_ends() {
        let poem = b"one\n\nthree\nfour";
        for piece in 1..poem.len() + 2 {
            for (to, at) in [(1, 0), (2, 4), (3, 5), (4, 11)] {
                assert_eq!(reached(poem, to, piece), Ok(at), "{piece}");
            }
            let none = Err("there is no line 5: it has 4 lines".to_owned());
            assert_eq!(reached(poem, 5, piece), none);
        }
        // The end of the last line begins none.
        let none = Err("there is no line 2: it has 1 line".to_owned());
        assert_eq!(reached(b"one\n", 2, 9), none);
        let none = Err("there is no line 1: it has 0 lines".to_owned());
        assert_eq!(reached(b"", 1, 9), none);
    }

    #[test]
    fn the_way_is_stopped_between_two_pieces_and_goes_on_from_there() {
        let mut way = ToLine::new("f".to_owned(), 3);
        assert!(way.wanted().is_some() && way.wanted().is_none());
        way.forget_asked();
        assert!(way.wanted().is_some());
        assert_eq!(
            way.stop().unwrap(),
            "stopped on the way to line 3, after 0 B; `more` goes on"
        );
        assert!(way.stop().is_none() && !way.is_under_way());
        // The answer that was on its way.
        assert_eq!(way.piece(("f", 0), b"a\nb", 6), None);
        assert!(way.wanted().is_none());
        way.more();
        assert_eq!(
            way.progress(),
            "on the way to line 3: 3 B of 6 B read; Enter alone stops it"
        );
        assert!(way.wanted().is_some());
        let line = Reached::Line {
            file: "f".to_owned(),
            at: 4,
            number: 3,
        };
        assert_eq!(way.piece(("f", 3), b"\nc\n", 6), Some(line));
    }
}

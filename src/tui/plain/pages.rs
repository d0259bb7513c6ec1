//! What a step printed, read again: its last lines, or from a line on.

use crate::tui::app::{App, Effect};
use crate::tui::looking::Printed;
use crate::tui::say;

use super::bare;

/// How many lines are told at once.
pub(super) const LINES: usize = 20;

/// How much is read for them.
const MOST: u32 = 16 * 1024;

/// Where a reading stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// At the end.
    End,
    /// At a byte, in a line of a number from 1.
    Byte(u64, u64),
}

impl From {
    /// At the first line.
    pub(super) const FIRST: Self = Self::Byte(0, 1);
}

/// What is asked of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Nothing,
    /// It is to be asked for, from a byte on.
    Due(u64),
    /// It was asked for.
    At(u64),
}

/// A line as it was told, for whoever copies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Its number, where that is known.
    pub(super) number: Option<u64>,
    /// What was printed.
    pub(super) bytes: Vec<u8>,
}

/// One output that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    file: String,
    from: From,
    asked: Asked,
    told: Vec<Told>,
}

/// The outputs of the step that is looked at, one a line, where there are several.
pub(super) fn listed(app: &App) -> Vec<String> {
    list("output", &app.outputs())
}

/// The outputs of one of its attempts, one a line, where there are several.
pub(super) fn listed_of_attempt(app: &App, attempt: u32) -> Vec<String> {
    list(
        &format!("attempt {attempt}, output"),
        &app.outputs_of_attempt(attempt),
    )
}

fn list(word: &str, outputs: &[Printed]) -> Vec<String> {
    if outputs.len() < 2 {
        return Vec::new();
    }
    let one = |(number, printed): (usize, &Printed)| {
        let state = match (printed.running, printed.bad) {
            (true, _) => ", running",
            (_, true) => ", ended badly",
            _ => "",
        };
        let size = say::size(printed.length);
        let (lane, leg) = (&printed.lane, printed.leg + 1);
        format!("{word} {}: {lane} part {leg}, {size}{state}", number + 1)
    };
    outputs.iter().enumerate().map(one).collect()
}

impl Reading {
    /// Begins to read a file of a length.
    pub(super) fn of(file: String, length: u64, from: From) -> Self {
        let offset = match from {
            From::End => length.saturating_sub(u64::from(MOST)),
            From::Byte(at, _) => at,
        };
        Self {
            file,
            from,
            asked: Asked::Due(offset),
            told: Vec::new(),
        }
    }

    /// Goes on where the last lines ended; tells whether it can.
    pub(super) fn more(&mut self) -> bool {
        let From::Byte(offset, _) = self.from else {
            return false;
        };
        self.asked = Asked::Due(offset);
        true
    }

    /// The lines that were told last.
    pub(super) fn told(&self) -> &[Told] {
        &self.told
    }

    /// Whether lines of it were asked for and are not there yet.
    pub(super) fn is_due(&self) -> bool {
        self.asked != Asked::Nothing
    }

    /// What is to be read.
    pub(super) fn wanted(&mut self) -> Option<Effect> {
        let Asked::Due(offset) = self.asked else {
            return None;
        };
        self.asked = Asked::At(offset);
        Some(Effect::Read {
            file: self.file.clone(),
            offset,
            most: MOST,
        })
    }

    /// Takes a piece; gives the lines of it, where it is the one that was asked for.
    pub(super) fn piece(
        &mut self,
        (file, offset): (&str, u64),
        bytes: &[u8],
        length: u64,
    ) -> Option<Vec<String>> {
        if self.file != file || self.asked != Asked::At(offset) {
            return None;
        }
        self.asked = Asked::Nothing;
        let begins = match self.from {
            From::End => None,
            From::Byte(_, line) => Some(line),
        };
        let (lines, told) = match self.from {
            From::End => {
                let lines = last(bytes, offset > 0);
                let size = say::size(length);
                let told = match offset {
                    0 if lines.len() < LINES => format!("all of {size}"),
                    _ => format!("the end of {size}; `output first` begins at its first line"),
                };
                (lines, told)
            }
            From::Byte(at, line) => {
                let (lines, used) = first(bytes, at + (bytes.len() as u64) < length);
                let to = at + used as u64;
                let ends = bytes[..used].iter().filter(|byte| **byte == b'\n').count() as u64;
                let whole = bytes[..used].ends_with(b"\n");
                self.from = From::Byte(to, line + ends);
                let last = (line + ends).saturating_sub(u64::from(whole));
                let numbers = match lines.len() {
                    0 => String::new(),
                    _ if last == line => format!("line {line}, "),
                    _ => format!("lines {line} to {last}, "),
                };
                let told = match to < length {
                    true => format!("{numbers}to byte {to} of {length}; `more` goes on"),
                    false => format!("{numbers}to the end, {}", say::size(length)),
                };
                (lines, told)
            }
        };
        let number = |n: usize| begins.map(|line| line + n as u64);
        let own = |(n, bytes): (usize, &&[u8])| Told {
            number: number(n),
            bytes: bytes.to_vec(),
        };
        self.told = lines.iter().enumerate().map(own).collect();
        let head = format!("output, {told}:");
        let told = lines.iter().map(|line| format!("| {}", bare::bare(line)));
        Some(std::iter::once(head).chain(told).collect())
    }

    /// Forgets that it was asked for: the connection was lost, and no answer comes.
    pub(super) fn forget_asked(&mut self) {
        if let Asked::At(offset) = self.asked {
            self.asked = Asked::Due(offset);
        }
    }
}

/// The last lines of a piece that may begin within a line.
fn last(bytes: &[u8], within: bool) -> Vec<&[u8]> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    if within && lines.len() > 1 {
        lines.remove(0);
    }
    let from = lines.len().saturating_sub(LINES);
    lines.split_off(from)
}

/// The first lines of a piece, and how many bytes they are. The last may be cut where `more` follows.
fn first(bytes: &[u8], more: bool) -> (Vec<&[u8]>, usize) {
    let mut used = 0;
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n').take(LINES) {
        let whole = line.ends_with(b"\n");
        if !whole && more && !lines.is_empty() {
            break;
        }
        used += line.len();
        lines.push(line.strip_suffix(b"\n").unwrap_or(line));
    }
    (lines, used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(from: From) -> Reading {
        let mut reading = Reading::of("f".to_owned(), 0, from);
        assert!(reading.wanted().is_some() && reading.wanted().is_none());
        reading
    }

    #[test]
    fn pages_of_an_output_miss_no_line_and_tell_none_twice() {
        let text: String = (1..=50).map(|n| format!("line {n}\n")).collect();
        let length = text.len() as u64;
        let mut reading = reading(From::FIRST);
        let mut seen = Vec::new();
        let mut heads = Vec::new();
        let mut at = 0;
        loop {
            let bytes = &text.as_bytes()[at..];
            let mut lines = reading.piece(("f", at as u64), bytes, length).unwrap();
            heads.push(lines.remove(0));
            seen.extend(lines);
            let From::Byte(next, _) = reading.from else {
                panic!()
            };
            at = next as usize;
            if at == text.len() {
                break;
            }
            assert!(reading.more() && reading.wanted().is_some());
        }
        let wanted: Vec<String> = (1..=50).map(|n| format!("| line {n}")).collect();
        assert_eq!(seen, wanted);
        for (head, lines) in heads.iter().zip(["1 to 20", "21 to 40", "41 to 50"]) {
            assert!(
                head.starts_with(&format!("output, lines {lines}, to ")),
                "{head}"
            );
        }
    }

    #[test]
    fn lines_are_counted_by_their_ends_and_not_by_pieces_of_them() {
        let long = [b"x".repeat(MOST as usize), b"\nend".to_vec()].concat();
        let length = long.len() as u64;
        let mut reading = reading(From::FIRST);
        let mut heads = Vec::new();
        for at in [0, MOST as usize, MOST as usize + 4] {
            let bytes = &long[at..(at + MOST as usize).min(long.len())];
            let lines = reading.piece(("f", at as u64), bytes, length).unwrap();
            heads.push(lines[0].clone());
            assert!(reading.more() && reading.wanted().is_some());
        }
        assert_eq!(
            heads,
            [
                "output, line 1, to byte 16384 of 16388; `more` goes on:",
                "output, lines 1 to 2, to the end, 16.4 kB:",
                "output, to the end, 16.4 kB:"
            ]
        );
    }

    #[test]
    fn the_end_of_an_output_is_its_last_lines_whole() {
        let text: String = (1..=50).map(|n| format!("line {n}\n")).collect();
        let lines = reading(From::End)
            .piece(("f", 0), text.as_bytes(), 400)
            .unwrap();
        assert_eq!(lines.len(), LINES + 1);
        assert_eq!(lines.last().unwrap(), "| line 50");
        assert!(reading(From::End).piece(("g", 0), b"x", 1).is_none());
    }

    #[test]
    fn what_was_asked_for_over_a_line_that_is_lost_is_asked_for_again() {
        let mut reading = reading(From::End);
        reading.forget_asked();
        assert!(reading.is_due() && reading.wanted().is_some());
        assert!(reading.piece(("f", 0), b"x\n", 2).is_some());
        reading.forget_asked();
        assert!(!reading.is_due() && reading.wanted().is_none());
    }
}

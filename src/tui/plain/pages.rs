//! What a step printed, read again: its last lines, or from the first line on.

use crate::tui::app::{App, Effect};
use crate::tui::looking::Printed;
use crate::tui::say;

use super::bare;

/// How many lines are told at once.
const LINES: usize = 20;

/// How much is read for them.
const MOST: u32 = 16 * 1024;

/// Where a reading stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// At the end.
    End,
    /// At a byte.
    Byte(u64),
}

/// One output that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    file: String,
    from: From,
    /// The offset that was asked for, while an answer is due.
    asked: Option<u64>,
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
    /// Begins to read an output of the step that is looked at: the one of a number from 1, or the one that matters.
    pub(super) fn begin(app: &App, number: Option<usize>, from: From) -> Option<(Self, Effect)> {
        let printed = match number {
            Some(number) => app.outputs().into_iter().nth(number.checked_sub(1)?)?,
            None => app.printed()?,
        };
        Some(Self::of(printed, from))
    }

    /// Begins to read an output of one of its attempts: the one of a number from 1, or the first that ended badly, or
    /// the last. Also gives which attempt that is and how it ended.
    pub(super) fn begin_attempt(
        app: &App,
        attempt: u32,
        (number, from): (Option<usize>, From),
    ) -> Option<(Self, Effect, String)> {
        let outputs = app.outputs_of_attempt(attempt);
        let printed = match number {
            Some(number) => outputs.get(number.checked_sub(1)?)?,
            None => outputs.iter().find(|it| it.bad).or(outputs.last())?,
        };
        let words = app.words_of_attempt(attempt, printed);
        let (lane, leg) = (&printed.lane, printed.leg + 1);
        let words = words.unwrap_or_else(|| format!("attempt {attempt}"));
        let words = format!("{words}; {lane} part {leg}");
        let (reading, effect) = Self::of(printed.clone(), from);
        Some((reading, effect, words))
    }

    fn of(printed: Printed, from: From) -> (Self, Effect) {
        let offset = match from {
            From::End => printed.length.saturating_sub(u64::from(MOST)),
            From::Byte(at) => at,
        };
        let reading = Self {
            file: printed.file.clone(),
            from,
            asked: Some(offset),
        };
        let read = Effect::Read {
            file: printed.file,
            offset,
            most: MOST,
        };
        (reading, read)
    }

    /// Goes on where the last lines ended.
    pub(super) fn more(&mut self) -> Option<Effect> {
        let From::Byte(offset) = self.from else {
            return None;
        };
        self.asked = Some(offset);
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
        if self.file != file || self.asked != Some(offset) {
            return None;
        }
        self.asked = None;
        let mut lines = match self.from {
            From::End => last(bytes, offset > 0),
            From::Byte(at) => {
                let (lines, used) = first(bytes, at + (bytes.len() as u64) < length);
                self.from = From::Byte(at + used as u64);
                lines
            }
        };
        let told = match self.from {
            From::End => match offset {
                0 if lines.len() < LINES => format!("all of {}", say::size(length)),
                _ => format!(
                    "the end of {}; `output first` begins at its first line",
                    say::size(length)
                ),
            },
            From::Byte(at) if at < length => {
                format!("to byte {at} of {length}; `more` goes on")
            }
            From::Byte(_) => format!("to the end, {}", say::size(length)),
        };
        for line in &mut lines {
            line.insert_str(0, "| ");
        }
        lines.insert(0, format!("output, {told}:"));
        Some(lines)
    }

    /// Forgets what was asked for.
    pub(super) fn forget_asked(&mut self) {
        self.asked = None;
    }
}

/// The last lines of a piece that may begin within a line.
fn last(bytes: &[u8], within: bool) -> Vec<String> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    if within && lines.len() > 1 {
        lines.remove(0);
    }
    let from = lines.len().saturating_sub(LINES);
    lines[from..].iter().map(|line| bare::bare(line)).collect()
}

/// The first lines of a piece, and how many bytes they are. The last may be cut where `more` follows.
fn first(bytes: &[u8], more: bool) -> (Vec<String>, usize) {
    let mut used = 0;
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n').take(LINES) {
        let whole = line.ends_with(b"\n");
        if !whole && more && !lines.is_empty() {
            break;
        }
        used += line.len();
        lines.push(bare::bare(line.strip_suffix(b"\n").unwrap_or(line)));
    }
    (lines, used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(from: From) -> Reading {
        Reading {
            file: "f".to_owned(),
            from,
            asked: Some(0),
        }
    }

    #[test]
    fn pages_of_an_output_miss_no_line_and_tell_none_twice() {
        let text: String = (1..=50).map(|n| format!("line {n}\n")).collect();
        let length = text.len() as u64;
        let mut reading = reading(From::Byte(0));
        let mut seen = Vec::new();
        let mut at = 0;
        loop {
            let bytes = &text.as_bytes()[at..];
            let lines = reading.piece(("f", at as u64), bytes, length).unwrap();
            seen.extend(lines.into_iter().skip(1));
            let From::Byte(next) = reading.from else {
                panic!()
            };
            at = next as usize;
            if at == text.len() {
                break;
            }
            assert!(reading.more().is_some());
        }
        let wanted: Vec<String> = (1..=50).map(|n| format!("| line {n}")).collect();
        assert_eq!(seen, wanted);
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
}

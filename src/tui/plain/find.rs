//! Tells the lines of an output that have a text, each with its number.
//!
//! It is the search of the screen, page by page: the file is read once, piece by piece as the engine gives it, and of each
//! line that is found its text is read when it is told. Nothing waits for it, and it can be stopped at any time.

use crate::tui::app::Effect;
use crate::tui::clean;
use crate::tui::say;
use crate::tui::search::{Came, Pattern, Place, Search, Toward};
use crate::tui::strip::{Strip, Text};

use super::pages::{LINES, Told};

/// How much is read of a line, and how much of that before the end of what was found in it.
const MOST: u32 = 8 * 1024;
const BEFORE: u64 = 4 * 1024;

/// How many characters are told of a line, and how many of them before the end of what was found in it.
const LONG: usize = 300;
const LEAD: usize = 160;

/// A line that was found, whose text is to be told.
#[derive(Debug)]
struct Found {
    place: Place,
    /// From where on it is read: of a line that is too long, from within it.
    from: u64,
    asked: bool,
}

/// A search in one output.
#[derive(Debug)]
pub(super) struct Finding {
    search: Search,
    found: Option<Found>,
    /// What was told of this page, and how many lines of all pages.
    page: Vec<Told>,
    told: usize,
    /// Where the next page begins.
    next: u64,
    /// All that was printed by then was searched.
    ended: bool,
    /// How long the file was when the search set out; none until a piece has told it. What is printed later is for
    /// `more`, or else a search in a flood would have no end.
    length: Option<u64>,
}

impl Finding {
    /// Begins at the first line.
    pub(super) fn new(file: String, typed: &str) -> Self {
        let mut search = Search::new(Pattern::new(typed), file);
        search.go(Toward::Rest(0));
        Self {
            search,
            found: None,
            page: Vec::new(),
            told: 0,
            next: 0,
            ended: false,
            length: None,
        }
    }

    /// The lines that were told of this page.
    pub(super) fn told(&self) -> &[Told] {
        &self.page
    }

    /// Whether it goes on by itself.
    pub(super) fn is_under_way(&self) -> bool {
        self.found.is_some() || self.search.under_way().is_some()
    }

    /// What is to be read.
    pub(super) fn wanted(&mut self) -> Option<Effect> {
        let (offset, most) = match &mut self.found {
            Some(found) if found.asked => return None,
            Some(found) => {
                found.asked = true;
                (found.from, MOST)
            }
            None => self.search.wanted()?,
        };
        Some(Effect::Read {
            file: self.search.file.clone(),
            offset,
            most,
        })
    }

    /// Forgets what was asked for: the connection was lost, and no answer comes.
    pub(super) fn forget_asked(&mut self) {
        self.search.forget_asked();
        if let Some(found) = &mut self.found {
            found.asked = false;
        }
    }

    /// Takes a piece of a file; gives what is told then.
    pub(super) fn piece(
        &mut self,
        (file, offset): (&str, u64),
        bytes: &[u8],
        length: u64,
    ) -> Vec<String> {
        if self.search.file != file {
            return Vec::new();
        }
        if let Some(found) = self
            .found
            .take_if(|found| found.asked && found.from == offset && is_whole(offset, bytes, length))
        {
            return self.tell(&found, bytes);
        }
        if self.search.take(offset, bytes) {
            // Shorter than it was said to be where nothing came.
            let end = if bytes.is_empty() { offset } else { length };
            self.length = Some(self.length.map_or(end, |known| known.min(end)));
            return self.look();
        }
        Vec::new()
    }

    fn tell(&mut self, found: &Found, bytes: &[u8]) -> Vec<String> {
        let line = found.place.line;
        let text = text(found, bytes);
        let mut told = vec![format!("| {line}: {text}")];
        self.page.push(Told {
            number: Some(line),
            bytes: text.into_bytes(),
        });
        self.told += 1;
        self.next = found.place.start + 1;
        if self.page.len() < LINES {
            self.search.go(Toward::Rest(self.next));
            told.extend(self.look());
        } else {
            told.push(format!(
                "these are {LINES}, up to line {line}; `more` finds the next, `line N` reads on from one"
            ));
        }
        told
    }

    /// Goes on, as far as what was read goes.
    fn look(&mut self) -> Vec<String> {
        let Some(came) = self.length.and_then(|length| self.search.came(length)) else {
            return Vec::new();
        };
        match came {
            Came::Upon { place, .. } => {
                self.found = Some(Found {
                    place,
                    from: place.start.max(place.end.saturating_sub(BEFORE)),
                    asked: false,
                });
                Vec::new()
            }
            Came::ToNothing => {
                self.ended = true;
                vec![self.end()]
            }
        }
    }

    fn end(&self) -> String {
        let (bytes, lines) = self.search.has_read();
        let lines = usize::try_from(lines).unwrap_or(usize::MAX);
        let (of, size) = (say::count(lines, "line"), say::size(bytes));
        match self.told {
            0 => format!("no line has it: {of}, {size}, searched to the end"),
            1 => format!("that is the only line: {of}, {size}, searched to the end"),
            told => format!("that is all: {told} of {of}, {size}, searched to the end"),
        }
    }

    /// Goes on where the last page ended, and in what was printed since where that was all; gives what is told at once.
    pub(super) fn more(&mut self) -> Vec<String> {
        self.page.clear();
        self.search.go(Toward::Rest(self.next));
        if std::mem::take(&mut self.ended) {
            self.length = None;
        }
        // Of what was read already first, or else more and more of it would have to be kept.
        self.look()
    }

    /// Gives up for now; tells how far it came, where it was under way.
    pub(super) fn stop(&mut self) -> Option<String> {
        if !self.is_under_way() {
            return None;
        }
        // What was found and not told yet is found again.
        self.found = None;
        self.search.stop();
        let (bytes, _) = self.search.has_read();
        let size = say::size(bytes);
        Some(format!(
            "the search was stopped after {size}; `more` goes on"
        ))
    }

    /// How far it has come.
    pub(super) fn progress(&self) -> Option<String> {
        let read = self.search.under_way()?;
        let of = say::size(self.length.unwrap_or(read).max(read));
        let read = say::size(read);
        Some(format!(
            "searching: {read} of {of} read; Enter alone stops it"
        ))
    }
}

/// Whether a piece is all that was asked for: others ask for pieces of the same file.
fn is_whole(offset: u64, bytes: &[u8], length: u64) -> bool {
    bytes.len() as u64 >= u64::from(MOST).min(length.saturating_sub(offset))
}

/// What is told of a line that was found: what was written at once, as a search takes it, and of that what stands around
/// the place.
fn text(found: &Found, bytes: &[u8]) -> String {
    let mut strip = Strip::default();
    let mut parts = vec![String::new()];
    // The part that has it, and how many of its characters stand before its end.
    let mut at = (0, 0);
    let mut is_over = false;
    for (byte, offset) in bytes.iter().zip(found.from..) {
        match strip.push(*byte) {
            None => {}
            Some(Text::Return) => parts.push(String::new()),
            Some(Text::Char(c)) => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
            Some(Text::End) => {
                is_over = true;
                break;
            }
        }
        if offset < found.place.end {
            at = (
                parts.len() - 1,
                parts.last().map_or(0, |part| part.chars().count()),
            );
        }
    }
    let (part, before) = at;
    let begins_within = part == 0 && found.from > found.place.start;
    let goes_on = part + 1 == parts.len() && !is_over && bytes.len() as u64 >= u64::from(MOST);
    let was_written_over = parts[part + 1..].iter().any(|part| !part.is_empty());
    let long = parts[part].chars().count();
    let from = match long > LONG {
        true => before.saturating_sub(LEAD).min(long - LONG),
        false => 0,
    };
    let shown: String = parts[part].chars().skip(from).take(LONG).collect();
    let mark = |is_cut: bool| if is_cut { "..." } else { "" };
    format!(
        "{}{}{}{}",
        mark(begins_within || from > 0),
        clean::line(&shown),
        mark(goes_on || from + LONG < long),
        if was_written_over {
            " (written over since)"
        } else {
            ""
        },
    )
}

#[cfg(test)]
mod tests;

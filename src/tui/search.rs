//! Finds a text in an output of any length, piece by piece.
//!
//! The file is read from its first line on, once for a text, so that the numbers of lines are known. Of it are held
//! only the places that were found, [`KEPT`] of them; where one is wanted that was let go of, it is read again.

use std::collections::VecDeque;

use super::strip::{Strip, Text};

/// How many places are held.
const KEPT: usize = 64 * 1024;

/// How much is asked for at once: no line of a piece can be the reason that a line found before it is let go of, as
/// a place takes two bytes of a piece at least.
const PIECE: u32 = 64 * 1024;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// As it was typed; clean.
    pub(super) typed: String,
    any_case: bool,
    chars: Vec<char>,
    /// For every length of a beginning, how long the longest shorter beginning is that it ends with.
    falls: Vec<usize>,
}

impl Pattern {
    /// Letters of any case are meant where no capital was typed.
    pub(super) fn new(typed: &str) -> Self {
        let any_case = !typed.chars().any(char::is_uppercase);
        let chars: Vec<char> = match any_case {
            true => typed.chars().flat_map(char::to_lowercase).collect(),
            false => typed.chars().collect(),
        };
        let mut falls = vec![0; chars.len() + 1];
        let mut known = 0;
        for at in 1..chars.len() {
            while known > 0 && chars.get(at) != chars.get(known) {
                known = falls[known];
            }
            known += usize::from(chars.get(at) == chars.get(known));
            falls[at + 1] = known;
        }
        Self {
            typed: typed.to_owned(),
            any_case,
            chars,
            falls,
        }
    }

    /// How much of the pattern stands there after one more character.
    fn step(&self, mut known: usize, c: char) -> usize {
        if known == self.chars.len() {
            known = self.falls[known];
        }
        while known > 0 && self.chars.get(known) != Some(&c) {
            known = self.falls[known];
        }
        known + usize::from(self.chars.get(known) == Some(&c))
    }

    fn follow(&self, known: usize, c: char) -> (usize, bool) {
        if self.any_case && !c.is_ascii() {
            let mut found = false;
            let end = c.to_lowercase().fold(known, |known, c| {
                let known = self.step(known, c);
                found |= known == self.chars.len();
                known
            });
            return (end, found);
        }
        let c = match self.any_case {
            true => c.to_ascii_lowercase(),
            false => c,
        };
        let known = self.step(known, c);
        (known, known == self.chars.len())
    }

    /// Where in a line of characters it stands: from and to, counted in characters; they do not overlap.
    pub(super) fn within(&self, line: impl IntoIterator<Item = char>) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        let mut known = 0;
        if self.chars.is_empty() {
            return places;
        }
        for (at, c) in line.into_iter().enumerate() {
            let (next, found) = self.follow(known, c);
            known = next;
            if found {
                // A capital may be two small letters; what is marked is as long as what was typed.
                places.push(((at + 1).saturating_sub(self.chars.len()), at + 1));
                known = 0;
            }
        }
        places
    }
}

/// A line that has what is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the line begins in the file.
    pub(super) start: u64,
    /// Its number, from 1.
    pub(super) line: u64,
    /// Where what was found first in it ends.
    pub(super) end: u64,
}

/// Which way to look from a place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Toward {
    /// The first line that begins there or later.
    End(u64),
    /// The last line that begins before it.
    Start(u64),
    /// The first line that begins there or later, and not around the end of the file.
    Rest(u64),
}

/// What a search came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// A line; `around` the end of the file, or its start.
    Upon { place: Place, around: bool },
    /// No line of the file has it.
    ToNothing,
}

/// How far the file was read.
#[derive(Debug, Clone, Default)]
struct Scan {
    at: u64,
    line: u64,
    start: u64,
    /// The line was found already.
    found: bool,
    known: usize,
    strip: Strip,
}

/// A search in one file.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) pattern: Pattern,
    pub(super) file: String,
    /// Where the last search came upon something.
    pub(super) at: Option<Place>,
    scan: Scan,
    found: VecDeque<Place>,
    /// Lines that begin before this may have been let go of.
    let_go: u64,
    goal: Option<(Toward, bool)>,
    asked: Option<u64>,
}

impl Search {
    pub(super) fn new(pattern: Pattern, file: String) -> Self {
        Self {
            pattern,
            file,
            at: None,
            scan: Scan::default(),
            found: VecDeque::new(),
            let_go: 0,
            goal: None,
            asked: None,
        }
    }

    /// Sets out; [`Search::came`] tells where it stands.
    pub(super) fn go(&mut self, toward: Toward) {
        self.goal = Some((toward, false));
    }

    /// Gives up; what was found is kept. Tells whether there was anything to give up.
    pub(super) fn stop(&mut self) -> bool {
        self.goal.take().is_some()
    }

    /// Whether it goes, or would go, toward the end.
    pub(super) fn goes_forward(&self) -> bool {
        !matches!(self.goal, Some((Toward::Start(_), _)))
    }

    /// How many bytes were read so far, and how many lines begin in them.
    pub(super) fn has_read(&self) -> (u64, u64) {
        let begun = u64::from(self.scan.at > self.scan.start);
        (self.scan.at, self.scan.line + begun)
    }

    /// How many bytes were read, while it is under way.
    pub(super) fn under_way(&self) -> Option<u64> {
        self.goal.map(|_| self.scan.at)
    }

    /// The piece to ask for next.
    pub(super) fn wanted(&mut self) -> Option<(u64, u32)> {
        if self.goal.is_none() || self.asked.is_some() {
            return None;
        }
        self.asked = Some(self.scan.at);
        Some((self.scan.at, PIECE))
    }

    /// Forgets what was asked for: the connection was lost, and no answer comes.
    pub(super) fn forget_asked(&mut self) {
        self.asked = None;
    }

    /// Takes a piece of the file; tells whether it was waited for.
    pub(super) fn take(&mut self, offset: u64, bytes: &[u8]) -> bool {
        if self.asked != Some(offset) {
            return false;
        }
        self.asked = None;
        // After a start from the first line again, an old answer is for another place.
        if offset == self.scan.at {
            bytes.iter().for_each(|byte| self.byte(*byte));
        }
        true
    }

    fn byte(&mut self, byte: u8) {
        let scan = &mut self.scan;
        scan.at += 1;
        match scan.strip.push(byte) {
            None => {}
            Some(Text::Return) => scan.known = 0,
            Some(Text::End) => {
                scan.known = 0;
                scan.line += 1;
                scan.start = scan.at;
                scan.found = false;
            }
            Some(Text::Char(c)) => {
                let (known, found) = self.pattern.follow(scan.known, c);
                scan.known = known;
                if !found || scan.found {
                    return;
                }
                scan.found = true;
                if self.found.len() == KEPT
                    && let Some(oldest) = self.found.pop_front()
                {
                    self.let_go = oldest.start + 1;
                }
                self.found.push_back(Place {
                    start: scan.start,
                    line: scan.line + 1,
                    end: scan.at,
                });
            }
        }
    }

    /// What it came to, in a file of that length; none while more must be read.
    pub(super) fn came(&mut self, length: u64) -> Option<Came> {
        loop {
            let (toward, around) = self.goal?;
            let is_read = self.scan.at >= length;
            let place = match toward {
                Toward::End(from) | Toward::Rest(from) if from < self.let_go => {
                    self.read_again();
                    return None;
                }
                Toward::End(from) | Toward::Rest(from) => {
                    let at = self.found.partition_point(|place| place.start < from);
                    let place = self.found.get(at).copied();
                    // Where nothing is left to read for, it goes around at once.
                    if place.is_none() && !is_read && from < length {
                        return None;
                    }
                    place
                }
                Toward::Start(before) => {
                    if !is_read && self.scan.at < before {
                        return None;
                    }
                    let at = self.found.partition_point(|place| place.start < before);
                    let place = at.checked_sub(1).and_then(|at| self.found.get(at));
                    if place.is_none() && self.let_go > 0 {
                        self.read_again();
                        return None;
                    }
                    place.copied()
                }
            };
            match place {
                Some(place) => {
                    self.at = Some(place);
                    self.goal = None;
                    return Some(Came::Upon { place, around });
                }
                None => {
                    let other_end = match toward {
                        _ if around => None,
                        Toward::End(_) => Some(Toward::End(0)),
                        Toward::Start(_) => Some(Toward::Start(u64::MAX)),
                        Toward::Rest(_) => None,
                    };
                    self.goal = other_end.map(|toward| (toward, true));
                    if other_end.is_none() {
                        self.at = None;
                        return Some(Came::ToNothing);
                    }
                }
            }
        }
    }

    fn read_again(&mut self) {
        self.scan = Scan::default();
        self.found.clear();
        self.let_go = 0;
    }
}

#[cfg(test)]
mod tests;

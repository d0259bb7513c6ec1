//! Finds the variables that a shell text reads and those it sets itself.
//!
//! This is not a shell's grammar. It follows quoting, comments, here-documents and `$( )` closely enough to
//! tell `$NAME` that the shell will expand from text that only looks like it (POSIX.1-2024, Shell Command
//! Language, 2.2 Quoting, 2.6.2 Parameter Expansion and 2.7.4 Here-Document). Where a text is too clever
//! for it, it errs towards silence.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

/// What a shell text does with variables.
#[derive(Debug, Default)]
pub(super) struct Variables<'a> {
    /// Those that the shell expands, in order, with the place of `$NAME` or `${NAME` in the text.
    pub(super) reads: Vec<(&'a str, Range<usize>)>,
    /// Those that the text sets, or gives a value to use where they are unset.
    pub(super) sets: BTreeSet<&'a str>,
    /// Whether it runs text from elsewhere, which may set anything.
    pub(super) runs_other_text: bool,
}

/// How what comes next is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Commands: at the top, and in `$( )`.
    Command,
    /// Commands between back quotes.
    Backtick,
    /// Between double quotes.
    Double,
    /// After the name in `${NAME…}`.
    Brace,
    /// A here-document whose delimiter is not quoted.
    Here,
}

/// Which words that follow are names of variables that get a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    None,
    Next,
    AfterV,
    All,
}

struct Here<'a> {
    delimiter: &'a str,
    literal: bool,
    tabs: bool,
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    modes: Vec<Mode>,
    /// Where here-documents end that are being read, with how many modes were open around them.
    ends: Vec<(usize, usize)>,
    pending: VecDeque<Here<'a>>,
    word_starts: bool,
    /// Whether the next word is a command, and not an argument of one.
    at_command: bool,
    names: Names,
    found: Variables<'a>,
}

/// Here-documents inside of here-documents are looked into this deep, to stay linear.
const DEEPEST: usize = 4;

/// Looks a shell text over.
pub(super) fn variables(text: &str) -> Variables<'_> {
    let mut scanner = Scanner {
        text,
        at: 0,
        modes: vec![Mode::Command],
        ends: Vec::new(),
        pending: VecDeque::new(),
        word_starts: true,
        at_command: true,
        names: Names::None,
        found: Variables::default(),
    };
    while scanner.at < text.len() {
        scanner.step();
    }
    scanner.found
}

impl<'a> Scanner<'a> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'a str {
        // Every step ends behind an ASCII byte or moves over a whole word, but a backslash may have
        // skipped the first byte of a longer character.
        self.text.get(self.at..).unwrap_or_default()
    }

    fn step(&mut self) {
        if let Some((end, modes)) = self.ends.last().copied()
            && self.at >= end
        {
            self.ends.pop();
            self.modes.truncate(modes);
            self.open_here();
            return;
        }
        let Some(byte) = self.byte(0) else { return };
        let mode = self.modes.last().copied().unwrap_or(Mode::Command);
        match (mode, byte) {
            (_, b'\\') => {
                self.at += 2;
                self.word_starts = false;
            }
            (_, b'$') => self.dollar(mode),
            (Mode::Double, b'"') | (Mode::Brace, b'}') | (Mode::Backtick, b'`') => {
                self.modes.pop();
                self.at += 1;
            }
            (_, b'`') => self.enter(Mode::Backtick, 1),
            (Mode::Double | Mode::Here, _) => self.at += 1,
            (_, b'"') => self.enter(Mode::Double, 1),
            (Mode::Brace, b'\'') if self.quoted_outside() => self.at += 1,
            (_, b'\'') => self.skip_past('\''),
            (Mode::Brace, _) => self.at += 1,
            (Mode::Command | Mode::Backtick, _) => self.command(byte),
        }
    }

    fn enter(&mut self, mode: Mode, length: usize) {
        self.at += length;
        self.modes.push(mode);
        if matches!(mode, Mode::Backtick | Mode::Command) {
            self.separator();
        } else {
            self.word_starts = false;
        }
    }

    /// Whether a `${…}` stands between double quotes, where a single quote is only a character.
    fn quoted_outside(&self) -> bool {
        let around = self.modes.iter().rev().find(|mode| **mode != Mode::Brace);
        matches!(around, Some(Mode::Double | Mode::Here))
    }

    fn skip_past(&mut self, close: char) {
        self.at += 1;
        self.word_starts = false;
        self.at += self
            .rest()
            .find(close)
            .map_or(self.rest().len(), |found| found + close.len_utf8());
    }

    fn command(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                self.at += 1;
                self.separator();
                self.open_here();
            }
            b'(' => self.enter(Mode::Command, 1),
            b')' => {
                self.at += 1;
                self.separator();
                if self.modes.len() > 1 && self.modes.last() == Some(&Mode::Command) {
                    self.modes.pop();
                    self.word_starts = false;
                    self.at_command = false;
                }
            }
            b';' | b'|' | b'&' => {
                self.at += 1;
                self.separator();
            }
            b'<' if self.rest().starts_with("<<<") => self.at += 3,
            b'<' if self.rest().starts_with("<<") => self.here(),
            b' ' | b'\t' | b'\r' | b'<' | b'>' => {
                self.at += 1;
                self.word_starts = true;
            }
            b'#' if self.word_starts => {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            }
            _ if self.word_starts => self.word(),
            _ => self.at += 1,
        }
    }

    fn separator(&mut self) {
        self.word_starts = true;
        self.at_command = true;
        self.names = Names::None;
    }

    /// Looks at the start of a word: an assignment, a command that sets variables, or one of its names.
    fn word(&mut self) {
        self.word_starts = false;
        let rest = self.rest();
        let length = rest
            .find(|c: char| c.is_whitespace() || ";|&()<>\"'`$\\".contains(c))
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let name = name_at(word);
        let after = &word[name.len()..];
        if !name.is_empty() && (after.starts_with(['=', '[']) || after.starts_with("+=")) {
            self.found.sets.insert(name);
        }
        match (self.names, word) {
            (Names::Next, _) if after.is_empty() => {
                self.found.sets.insert(name);
                self.names = Names::None;
            }
            (Names::All, _) if after.is_empty() => {
                self.found.sets.insert(name);
            }
            (Names::AfterV, "-v") => self.names = Names::Next,
            (Names::None, "for" | "select") => self.names = Names::Next,
            (Names::None, "printf") => self.names = Names::AfterV,
            (
                Names::None,
                "read" | "mapfile" | "readarray" | "getopts" | "local" | "declare" | "typeset",
            ) => self.names = Names::All,
            (_, "." | "source" | "eval") if self.at_command => self.found.runs_other_text = true,
            _ => {}
        }
        let prefix = after.starts_with('=')
            || matches!(
                word,
                "if" | "then" | "else" | "elif" | "while" | "until" | "do" | "!" | "{"
            );
        self.at_command &= prefix;
        self.at += length.max(1);
    }

    fn dollar(&mut self, mode: Mode) {
        self.word_starts = false;
        let start = self.at;
        match self.byte(1) {
            Some(b'{') => {
                self.at += 2;
                if matches!(self.byte(0), Some(b'#' | b'!')) && !self.rest()[1..].starts_with('}') {
                    self.at += 1;
                }
                let name = name_at(self.rest());
                self.at += name.len();
                let operator = self.rest().trim_start_matches(':');
                if operator.starts_with(['-', '=', '+']) {
                    self.found.sets.insert(name);
                }
                if !name.is_empty() {
                    self.found.reads.push((name, start..self.at));
                }
                self.modes.push(Mode::Brace);
            }
            Some(b'(') => self.enter(Mode::Command, 2),
            Some(b'\'') if mode != Mode::Double && mode != Mode::Here => {
                self.at += 2;
                while let Some(byte) = self.byte(0) {
                    self.at += if byte == b'\\' { 2 } else { 1 };
                    if byte == b'\'' {
                        break;
                    }
                }
            }
            Some(byte) if byte == b'_' || byte.is_ascii_alphabetic() => {
                self.at += 1;
                let name = name_at(self.rest());
                self.at += name.len();
                self.found.reads.push((name, start..self.at));
            }
            Some(byte) if byte.is_ascii_digit() || b"?#@*!$-".contains(&byte) => self.at += 2,
            _ => self.at += 1,
        }
    }

    /// Notes a here-document, which starts after the line that names it.
    fn here(&mut self) {
        self.at += 2;
        let tabs = self.byte(0) == Some(b'-');
        self.at += usize::from(tabs);
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
        let rest = self.rest();
        let (literal, delimiter, length) = match rest.chars().next() {
            Some(quote @ ('\'' | '"')) => {
                let inner = rest[1..].split(quote).next().unwrap_or_default();
                (true, inner, inner.len() + 2)
            }
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || ";|&()<>".contains(c))
                    .unwrap_or(rest.len());
                let word = &rest[..end];
                (word.starts_with('\\'), word.trim_start_matches('\\'), end)
            }
        };
        self.at = self.text.len().min(self.at + length);
        if self.ends.len() < DEEPEST && !delimiter.is_empty() {
            self.pending.push_back(Here {
                delimiter,
                literal,
                tabs,
            });
        }
    }

    /// Starts the next here-document that was named, if there is one; the place is the start of a line.
    fn open_here(&mut self) {
        while let Some(here) = self.pending.pop_front() {
            let mut end = self.at;
            let mut next = self.text.len();
            for line in self.rest().split_inclusive('\n') {
                let bare = line.trim_end_matches(['\n', '\r']);
                let bare = if here.tabs {
                    bare.trim_start_matches('\t')
                } else {
                    bare
                };
                if bare == here.delimiter {
                    next = end + line.len();
                    break;
                }
                end += line.len();
            }
            if here.literal {
                self.at = next;
            } else {
                self.ends.push((next, self.modes.len()));
                self.modes.push(Mode::Here);
                return;
            }
        }
    }
}

/// The variable name that a text starts with; empty where it starts with something else.
fn name_at(text: &str) -> &str {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return "";
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    &text[..end]
}

/// Every word of a text that could be a variable's name, however it is quoted.
///
/// A program that the shell starts sees the variables too: `awk 'BEGIN { print ENVIRON["NAME"] }'`.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;

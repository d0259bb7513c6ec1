//! What is handed to a pager: which program, and what of an output's bytes.
//!
//! A pager writes to the terminal what it is given, so it is given what may be shown and nothing else: the same clean
//! text that is copied. It comes through a pipe, piece by piece as the pager wants it, and is nowhere held whole.

use std::path::Path;
use std::process::Stdio;

use tokio::process::{Child, Command};
use unicode_width::UnicodeWidthStr;

use super::clean;
use super::strip::{Strip, Text};
use crate::client::Update;

/// The pager where nobody named one.
const LESS: &str = "less";

/// How much is asked for at once.
const PIECE: u32 = 64 * 1024;

/// The longest line that is held until its end is there, in characters; of a longer one nothing can be written over.
const LONGEST: usize = 64 * 1024;

/// The program that shows a text page by page, with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pager {
    words: Vec<String>,
}

impl Pager {
    /// Reads it from the environment: `PAGER`, or else `less`. It is split at blanks and given to no shell.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let named = variable("PAGER").unwrap_or_default();
        let mut words: Vec<String> = named.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            words.push(LESS.to_owned());
        }
        Self { words }
    }

    /// The program's name, still to be cleaned.
    pub(super) fn program(&self) -> &str {
        self.words.first().map_or(LESS, String::as_str)
    }

    /// Starts it with a pipe for its standard input, on the terminal that we have.
    pub(super) fn begin(&self) -> std::io::Result<Child> {
        let mut command = Command::new(self.program());
        command.args(self.words.get(1..).unwrap_or_default());
        if Path::new(self.program()).file_name() == Some(LESS.as_ref()) {
            // Whatever `LESS` says: it would be gone before anything was read.
            command.args(["-+F", "-+E", "-+e"]);
        }
        command
            // No shell, no editor, no other file and no log out of it.
            .env("LESSSECURE", "1")
            .env("LESSHISTFILE", "-")
            .env_remove("LESSOPEN")
            .env_remove("LESSCLOSE")
            .stdin(Stdio::piped())
            .kill_on_drop(true);
        command.spawn()
    }
}

/// The output that is to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paged {
    /// The file in the run's `output` folder.
    pub(super) file: String,
    /// How much of it is shown: what was printed by then.
    pub(super) length: u64,
    /// Whether the terminal shows more than ASCII.
    pub(super) unicode: bool,
}

/// Reads an output piece by piece, as fast as the pager takes it.
pub(super) struct Feed {
    paged: Paged,
    at: u64,
    asked: bool,
    whole: bool,
    paper: Paper,
    ready: Vec<u8>,
}

impl Feed {
    pub(super) fn new(paged: Paged) -> Self {
        let paper = Paper {
            unicode: paged.unicode,
            ..Paper::default()
        };
        Self {
            paged,
            at: 0,
            asked: false,
            whole: false,
            paper,
            ready: Vec::new(),
        }
    }

    /// What to ask for next: nothing while an answer is due, or while the pager has not taken what was there.
    pub(super) fn wanted(&mut self) -> Option<(String, u64, u32)> {
        if self.asked || self.whole || !self.ready.is_empty() {
            return None;
        }
        let most = self.paged.length.saturating_sub(self.at);
        let most = u32::try_from(most).unwrap_or(PIECE).min(PIECE);
        if most == 0 {
            self.end();
            return None;
        }
        self.asked = true;
        Some((self.paged.file.clone(), self.at, most))
    }

    /// Takes what the client tells, where it is a piece that was asked for, or ends the line.
    pub(super) fn take(&mut self, update: &Update) {
        match update {
            Update::Piece {
                file,
                offset,
                bytes,
                ..
            } if self.asked && *file == self.paged.file && *offset == self.at => {
                self.asked = false;
                self.at += bytes.len() as u64;
                for byte in bytes {
                    self.paper.byte(*byte, &mut self.ready);
                }
                if bytes.is_empty() {
                    self.end();
                }
            }
            // An answer that was due comes no more.
            Update::Connected { .. } => self.asked = false,
            Update::Disconnected { last: true, .. } if !self.whole => {
                self.end();
                let missing = "[the line to the engine is gone: the rest is missing here]\n";
                self.ready.extend(missing.as_bytes());
            }
            _ => {}
        }
    }

    fn end(&mut self) {
        if !self.whole {
            self.whole = true;
            self.paper.end(&mut self.ready);
        }
    }

    /// The text that the pager can have.
    pub(super) fn ready(&self) -> &[u8] {
        &self.ready
    }

    /// Takes note that the pager took so many bytes of it.
    pub(super) fn taken(&mut self, count: usize) {
        self.ready.drain(..count.min(self.ready.len()));
    }

    /// Whether the pager has had all of it.
    pub(super) fn is_over(&self) -> bool {
        self.whole && self.ready.is_empty()
    }
}

/// Makes clean lines of printed bytes, without what a carriage return has written over.
#[derive(Debug, Clone, Default)]
struct Paper {
    unicode: bool,
    strip: Strip,
    line: String,
    long: usize,
    over: bool,
}

impl Paper {
    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.strip.push(byte) {
            None => {}
            Some(Text::Return) => self.over = true,
            Some(Text::End) => {
                self.put(out);
                out.push(b'\n');
            }
            Some(Text::Char(c)) => {
                if std::mem::take(&mut self.over) {
                    self.line.clear();
                    self.long = 0;
                }
                self.line.push(c);
                self.long += 1;
                if self.long >= LONGEST {
                    self.put(out);
                }
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if !self.line.is_empty() {
            self.put(out);
            out.push(b'\n');
        }
    }

    fn put(&mut self, out: &mut Vec<u8>) {
        let mut clean = String::with_capacity(self.line.len());
        for (number, part) in self.line.split('\t').enumerate() {
            if number > 0 {
                let used = clean.width() % 8;
                clean.extend(std::iter::repeat_n(' ', 8 - used));
            }
            clean.push_str(&clean::line(part));
        }
        match self.unicode {
            true => out.extend(clean.as_bytes()),
            false => out.extend(
                clean
                    .chars()
                    .map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?')),
            ),
        }
        self.line.clear();
        self.long = 0;
        self.over = false;
    }
}

#[cfg(test)]
mod tests;

//! What a step prints: read piece by piece from the engine, and drawn through an emulator.
//!
//! Only a window of the file is ever held, [`WINDOW`] bytes long, so a flood costs no more than what is
//! looked at. While it follows, it stays at the end of the file and skips what came too fast to show; told
//! to stay, it moves through the file window by window.

use std::num::NonZeroU16;
use std::time::Duration;

use super::progress::{Rsync, Told, Watch, last_percent};
use super::search::Pattern;
use crate::kinds::Progress;
use grid::Measure;
pub(super) use grid::{Layout, Seen, characters};

/// The longest piece of a file that is held and emulated.
pub(super) const WINDOW: u64 = 256 * 1024;

/// The longest piece that is held where it stands still, and the most lines of it: every line of it must
/// be within the emulator's [`ROWS`].
const STANDING: usize = 64 * 1024;
const LINES: usize = 8_000;
const ROWS: usize = 10_000;

/// How much is asked for at once.
const PIECE: u32 = 64 * 1024;

/// How much of the end is looked through for progress.
const TAIL: usize = 4096;

/// A request for a piece of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) offset: u64,
    pub(super) most: u32,
}

/// The output that is looked at.
pub(super) struct Output {
    /// The file in the run's `output` folder.
    pub(super) file: String,
    progress: Progress,
    watch: Watch,
    length: u64,
    start: u64,
    bytes: Vec<u8>,
    following: bool,
    asked: Option<u64>,
    last_was_cr: bool,
    /// A terminal stood between the program and the file.
    on_a_terminal: bool,
    parser: vt100::Parser,
    /// Rows and columns of the emulated screen.
    size: (u16, u16),
    layout: Layout,
    /// How many columns stand to the left of what is seen.
    aside: u16,
    measure: Measure,
    /// A line of the file, and what of it is to be brought into view.
    to_show: Option<(u64, Pattern)>,
    /// Rows back from the end of the window.
    back: usize,
    /// A standing window has as many lines as it may have.
    full: bool,
}

impl Output {
    /// A file of a known length, followed at its end.
    pub(super) fn new(file: String, length: u64, progress: Progress) -> Self {
        let size = (24, 80);
        Self {
            file,
            progress,
            watch: Watch::default(),
            length,
            start: length.saturating_sub(WINDOW),
            bytes: Vec::new(),
            following: true,
            asked: None,
            last_was_cr: false,
            on_a_terminal: false,
            parser: parser(size, ROWS),
            size,
            layout: Layout {
                rows: size.0,
                columns: size.1,
                printed_for: None,
                cut: false,
            },
            aside: 0,
            measure: Measure::default(),
            to_show: None,
            back: 0,
            full: false,
        }
    }

    /// The same of a program that ran on a terminal: what it printed is shown as it is.
    pub(super) fn on_a_terminal(mut self) -> Self {
        self.on_a_terminal = true;
        self
    }

    /// Takes note that the file has grown.
    pub(super) fn grew(&mut self, length: u64, progress: Progress) {
        self.length = self.length.max(length);
        self.progress = progress;
    }

    /// What to ask for next; none while an answer is due or nothing is missing.
    pub(super) fn wanted(&mut self) -> Option<Wanted> {
        if self.asked.is_some() {
            return None;
        }
        // Too fast to show all of it: go on at the end. The file has the rest.
        let offset = match self.is_behind() {
            true => self.length - WINDOW,
            false => self.end(),
        };
        let room = match self.following {
            true => u64::from(PIECE),
            false if self.full => 0,
            false => STANDING.saturating_sub(self.bytes.len()) as u64,
        };
        let most = room.min(self.length.saturating_sub(offset));
        let most = u32::try_from(most).unwrap_or(PIECE).min(PIECE);
        if most == 0 {
            return None;
        }
        self.asked = Some(offset);
        Some(Wanted { offset, most })
    }

    /// Whether it follows a file that grows faster than it can be shown.
    pub(super) fn is_behind(&self) -> bool {
        self.following && self.length.saturating_sub(self.end()) > WINDOW
    }

    /// Takes a piece that came.
    pub(super) fn take(&mut self, offset: u64, bytes: &[u8], length: u64) {
        self.length = self.length.max(length);
        if self.asked.take() != Some(offset) {
            return;
        }
        if self.following && offset > self.end() {
            // Only now: what is shown stays until there is something else to show.
            self.restart(offset);
        }
        if offset != self.end() {
            return;
        }
        if bytes.is_empty() {
            // Shorter than it was said to be; the next word about it counts.
            self.length = offset;
            return;
        }
        let bytes = if self.following {
            bytes
        } else {
            self.within_lines(bytes)
        };
        self.measure.take(bytes);
        self.feed(bytes);
        self.bytes.extend_from_slice(bytes);
        self.fit_the_grid();
        self.show_what_was_found();
        let over = (self.bytes.len() as u64).saturating_sub(2 * WINDOW);
        if self.following && over > 0 {
            let cut = usize::try_from(over + WINDOW)
                .unwrap_or(0)
                .min(self.bytes.len());
            self.bytes.drain(..cut);
            self.start += cut as u64;
        }
    }

    /// Forgets what was asked for: the connection was lost, and no answer comes.
    pub(super) fn forget_asked(&mut self) {
        self.asked = None;
    }

    /// Moves up by some rows; at the top of the window, to the piece of the file before it.
    pub(super) fn up(&mut self, rows: usize) {
        let before = self.parser.screen().scrollback();
        self.to_show = None;
        self.scroll_to(before + rows);
        // What the emulator holds no more may be of this window still.
        let top = match self.parser.screen().scrollback_len() >= self.most_rows() {
            true => self.seen().0,
            false => self.start,
        };
        if self.parser.screen().scrollback() == before && top > 0 {
            let by = self.stride();
            self.following = false;
            self.restart(top.saturating_sub(by));
        }
    }

    /// Moves down by some rows; at the end of the file, follows it again.
    pub(super) fn down(&mut self, rows: usize) {
        let before = self.parser.screen().scrollback();
        self.to_show = None;
        if before > 0 {
            self.scroll_to(before.saturating_sub(rows));
        } else if !self.following {
            if self.end() >= self.length {
                self.follow();
            } else if self.asked.is_none() {
                let by = self.stride();
                self.restart(self.start + by);
                self.back = usize::MAX;
            }
        }
    }

    /// Goes to the first line of the file.
    pub(super) fn top(&mut self) {
        let dropped = self.parser.screen().scrollback_len() >= self.most_rows();
        if self.start > 0 || dropped && self.following {
            self.following = false;
            self.restart(0);
        }
        self.back = usize::MAX;
        self.scroll_to(usize::MAX);
    }

    /// Goes to the end and stays there.
    pub(super) fn follow(&mut self) {
        self.back = 0;
        if !self.following {
            self.following = true;
            if self.length.saturating_sub(self.end()) > WINDOW {
                self.restart(self.length - WINDOW);
            }
        }
        self.scroll_to(0);
    }

    /// Whether the end is shown, and new output moves it on.
    pub(super) fn is_at_end(&self) -> bool {
        self.following && self.parser.screen().scrollback() == 0
    }

    /// How many bytes of the file stand before the window, and how many after it.
    pub(super) fn beyond(&self) -> (u64, u64) {
        (self.start, self.length.saturating_sub(self.end()))
    }

    /// How long the file is.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The emulated screen.
    pub(super) fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// The last non-empty lines, at most so many, as plain text that is still to be cleaned.
    pub(super) fn last_lines(&self, most: usize) -> Vec<String> {
        let contents = self.parser.screen().contents();
        let mut lines: Vec<String> = contents
            .lines()
            .rev()
            .map(|line| line.trim_end().to_owned())
            .filter(|line| !line.is_empty())
            .take(most)
            .collect();
        lines.reverse();
        lines
    }

    /// The progress that the end of the output tells of, at a time since the wizard began.
    pub(super) fn progress(&self, now: Duration) -> Option<Told> {
        match self.progress {
            Progress::None => None,
            Progress::Rsync => Rsync::last(self.tail()).map(Told::Rsync),
            Progress::Percent => self.watch.told(now).map(Told::Percent),
        }
    }

    /// Takes note of the percentage that stands at the end, at a time since the wizard began.
    pub(super) fn watch(&mut self, now: Duration) {
        if self.progress != Progress::Percent || !self.following {
            return;
        }
        let whole = self.start == 0 && self.bytes.len() <= TAIL;
        if let Some(percent) = last_percent(self.tail(), whole) {
            self.watch.saw(percent, now);
        }
    }

    fn tail(&self) -> &[u8] {
        &self.bytes[self.bytes.len().saturating_sub(TAIL)..]
    }

    /// From one standing window to the next, with some of the old one left to be read again.
    fn stride(&self) -> u64 {
        (self.bytes.len().clamp(64, STANDING) * 3 / 4) as u64
    }

    /// As much of a piece as stays within the lines of a standing window.
    fn within_lines<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let is_end = |byte: &u8| *byte == b'\n';
        let held = self.bytes.iter().filter(|byte| is_end(byte)).count();
        let last = bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| is_end(byte))
            .nth(self.most_lines().saturating_sub(held));
        self.full = last.is_some();
        last.map_or(bytes, |(at, _)| &bytes[..at])
    }

    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    fn restart(&mut self, start: u64) {
        self.start = start;
        self.bytes.clear();
        self.measure = Measure::default();
        self.to_show = None;
        self.back = 0;
        self.full = false;
        // An answer that is still due is for another place, and will be passed over.
        self.asked = None;
        self.emulate_again();
    }

    fn emulate_again(&mut self) {
        self.parser = parser(self.size, self.most_rows());
        self.last_was_cr = false;
        let bytes = std::mem::take(&mut self.bytes);
        self.feed(&bytes);
        self.bytes = bytes;
    }

    /// Programs under a receipt write to a file and not to a terminal, if they were not given one, so nobody put a carriage return before
    /// their line feeds; the emulator needs it.
    fn feed(&mut self, bytes: &[u8]) {
        let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
        for byte in bytes {
            if *byte == b'\n' && !self.last_was_cr && !self.on_a_terminal {
                out.push(b'\r');
            }
            out.push(*byte);
            self.last_was_cr = *byte == b'\r';
        }
        let at_end = self.parser.screen().scrollback() == 0 && self.back == 0;
        self.parser.process(&out);
        // A scrolled screen keeps its place by itself; one that waits for its top goes there.
        if !at_end && self.back == usize::MAX {
            self.parser.screen_mut().set_scrollback(usize::MAX);
        }
    }

    fn scroll_to(&mut self, rows: usize) {
        self.parser.screen_mut().set_scrollback(rows);
        if rows != usize::MAX {
            self.back = self.parser.screen().scrollback();
        }
    }
}

fn parser((rows, columns): (u16, u16), held: usize) -> vt100::Parser {
    let rows = NonZeroU16::new(rows.max(3)).unwrap_or(NonZeroU16::MIN);
    let columns = NonZeroU16::new(columns.max(2)).unwrap_or(NonZeroU16::MIN);
    vt100::Parser::new(rows, columns, held)
}

mod grid;
mod seen;

#[cfg(test)]
mod tests;

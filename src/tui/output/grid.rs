//! How wide the emulated screen is, which columns of it are seen, and what keeps its place when that changes.
//!
//! Where long lines are cut, the emulated screen is as wide as the longest of them, so that a line is one row; what is
//! seen is a window onto it that moves sideways. The same goes for what was printed for a terminal wider than the place.

use unicode_width::UnicodeWidthChar;

use super::{LINES, Output, ROWS, STANDING};
use crate::tui::search::Pattern;
use crate::tui::strip::{Strip, Text};

/// The longest line that stays in one row, in columns; what is longer goes on in the next one. Each row that scrolls
/// by costs as much as it is wide, whatever stands on it.
const WIDEST: u16 = 2048;

/// How many cells are held at most, as long as [`ROWS`] of them are not fewer.
const CELLS: usize = ROWS * 160;

/// Which columns are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Seen {
    /// How many stand to the left of them.
    pub(in crate::tui) aside: u16,
    /// How many are seen.
    pub(in crate::tui) columns: u16,
    /// How many there are.
    pub(in crate::tui) of: u16,
}

impl Seen {
    /// Whether anything is cut off.
    pub(in crate::tui) fn is_cut(self) -> bool {
        self.columns < self.of
    }
}

/// How wide lines are, byte by byte.
#[derive(Debug, Clone, Default)]
pub(super) struct Measure {
    strip: Strip,
    used: usize,
    widest: usize,
}

impl Measure {
    pub(super) fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.strip.push(*byte) {
                Some(Text::Char('\t')) => self.used = (self.used / 8 + 1) * 8,
                Some(Text::Char(c)) => self.used += c.width().unwrap_or(0),
                Some(Text::Return | Text::End) => self.used = 0,
                None => {}
            }
            self.widest = self.widest.max(self.used);
        }
    }
}

/// How the output is laid out where it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Layout {
    pub(in crate::tui) rows: u16,
    pub(in crate::tui) columns: u16,
    /// Rows and columns of the terminal it was printed for, where there was one.
    pub(in crate::tui) printed_for: Option<(u16, u16)>,
    /// Long lines are cut and not wrapped.
    pub(in crate::tui) cut: bool,
}

impl Output {
    /// Gives the emulator the size of the place where it is drawn.
    pub(in crate::tui) fn resize(&mut self, rows: u16, columns: u16) {
        self.lay_out(Layout {
            rows,
            columns,
            printed_for: None,
            cut: false,
        });
    }

    /// Lays the output out for the place where it is drawn. What stands at the top stays there.
    pub(in crate::tui) fn lay_out(&mut self, layout: Layout) {
        self.layout = layout;
        self.fit_the_grid();
        self.aside = self.columns_seen().aside;
        self.show_what_was_found();
    }

    /// Whether it is shown as wide as the terminal that it was printed for.
    pub(in crate::tui) fn was_for_a_terminal(&self) -> bool {
        self.layout.printed_for.is_some()
    }

    /// Makes the emulated screen as wide as it must be.
    pub(super) fn fit_the_grid(&mut self) {
        let Layout { rows, columns, .. } = self.layout;
        let (rows, columns) = match self.layout {
            Layout {
                printed_for: Some((rows, columns)),
                ..
            } => (rows, columns),
            Layout { cut: true, .. } => {
                // In leaps, as everything that is held is emulated again with each.
                let wide = self.measure.widest.next_power_of_two();
                let wide = u16::try_from(wide).unwrap_or(WIDEST).min(WIDEST);
                (rows, wide.max(columns))
            }
            _ => (rows, columns),
        };
        let size = (rows.max(3), columns.max(2));
        if size == self.size {
            return;
        }
        let scrolled = self.parser.screen().scrollback() > 0 && self.back != usize::MAX;
        let top = scrolled.then(|| self.seen_bytes().0);
        self.size = size;
        let cut = self.keep_to_the_rows(top.unwrap_or(0));
        self.emulate_again();
        if let Some(top) = top {
            let below = self.rows_from(top - cut);
            self.scroll_to(below.saturating_sub(usize::from(self.size.0)));
        }
    }

    /// Lets go of what a standing window has more lines of than the emulator will hold: those before its first row on
    /// the screen, then those at its end. Tells how many bytes went at the start.
    fn keep_to_the_rows(&mut self, top: usize) -> usize {
        let count = self.bytes.iter().filter(|byte| **byte == b'\n').count();
        if self.following || count <= self.most_lines() {
            return 0;
        }
        self.bytes.drain(..top);
        self.start += top as u64;
        let bytes = std::mem::take(&mut self.bytes);
        self.bytes = self.within_lines(&bytes).to_vec();
        top
    }

    /// How many rows are held beside those on the screen.
    pub(super) fn most_rows(&self) -> usize {
        (CELLS / usize::from(self.size.1)).min(ROWS)
    }

    /// How many lines a standing window may have, so that each is in one of the rows.
    pub(super) fn most_lines(&self) -> usize {
        // A line that is too long for one row takes some more.
        let longer = STANDING / usize::from(self.size.1);
        self.most_rows()
            .saturating_sub(longer)
            .clamp(self.most_rows() / 2, LINES)
    }

    /// How many rows the lines from a place of the window on take, with the empty one that the cursor is on.
    fn rows_from(&self, top: usize) -> usize {
        let bytes = self.bytes.get(top..).unwrap_or_default();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        lines.map(|line| self.rows_of(line)).sum::<usize>() + self.rows_after(bytes)
    }

    /// The row that the cursor stands on below the last line, if that is ended.
    pub(super) fn rows_after(&self, bytes: &[u8]) -> usize {
        usize::from(bytes.last() == Some(&b'\n'))
    }

    /// How many rows a line takes.
    pub(super) fn rows_of(&self, line: &[u8]) -> usize {
        let mut measure = Measure::default();
        measure.take(line);
        measure.widest.div_ceil(usize::from(self.size.1)).max(1)
    }

    /// Which columns are seen.
    pub(in crate::tui) fn columns_seen(&self) -> Seen {
        let room = self.layout.columns.max(2);
        let of = match self.layout {
            Layout {
                printed_for: Some(_),
                ..
            } => self.columns_used(),
            Layout { cut: true, .. } => {
                let widest = u16::try_from(self.measure.widest).unwrap_or(u16::MAX);
                widest.min(self.size.1)
            }
            _ => 0,
        };
        // The last column is for the marks of what is cut off.
        let columns = if of > room { room - 1 } else { room };
        Seen {
            aside: self.aside.min(of.saturating_sub(columns)),
            columns,
            of,
        }
    }

    /// Up to which column something stands on the screen.
    fn columns_used(&self) -> u16 {
        let screen = self.parser.screen();
        let stands = |column: &u16| {
            (0..self.size.0).any(|row| {
                screen
                    .cell(row, *column)
                    .is_some_and(vt100::Cell::has_contents)
            })
        };
        let last = (0..self.size.1).rev().find(stands);
        last.map_or(0, |last| last + 1)
    }

    /// Moves half of what is seen to the right or to the left.
    pub(in crate::tui) fn sideways(&mut self, right: bool) {
        let seen = self.columns_seen();
        let by = (seen.columns / 2).max(1);
        self.to_show = None;
        self.aside = match right {
            true => (seen.aside + by).min(seen.of.saturating_sub(seen.columns)),
            false => seen.aside.saturating_sub(by),
        };
    }

    /// Brings what was found in the line that begins at a place of the file into view, as soon as it is here.
    pub(in crate::tui) fn show(&mut self, line: u64, pattern: Pattern) {
        self.to_show = Some((line, pattern));
    }

    pub(super) fn show_what_was_found(&mut self) {
        if self.to_show.is_none() || self.columns_seen().of == 0 {
            return;
        }
        let Some((from, to)) = self.columns_of_what_was_found() else {
            return;
        };
        self.to_show = None;
        let seen = self.columns_seen();
        if from >= seen.aside && to <= seen.aside + seen.columns {
            return;
        }
        // With something of what stands before it; from the start of the line where that is enough.
        self.aside = match to <= seen.columns {
            true => 0,
            false => from.saturating_sub(seen.columns / 3),
        };
        self.aside = self.columns_seen().aside;
    }

    /// From and to which column the first match stands in the row that is to be shown.
    fn columns_of_what_was_found(&self) -> Option<(u16, u16)> {
        let (line, pattern) = self.to_show.as_ref()?;
        let line = usize::try_from(line.checked_sub(self.start)?).ok()?;
        let (top, _) = self.seen_bytes();
        let above = self.bytes.get(top..line)?;
        let above = above.split_inclusive(|byte| *byte == b'\n');
        let above = above.map(|line| self.rows_of(line)).sum::<usize>();
        let mut row = u16::try_from(above).ok()?;
        let screen = self.parser.screen();
        let mut text = characters(screen, row);
        while screen.row_wrapped(row) && row + 1 < self.size.0 {
            row += 1;
            text.extend(characters(screen, row));
        }
        let found = pattern.within(text.iter().map(|(c, _)| *c));
        let (from, to) = *found.first()?;
        let column = |at: usize| text.get(at).map(|(_, column)| *column);
        let (from, last) = (column(from)?, column(to - 1)?);
        // What goes on in the next row begins there at the left again.
        Some((from, last.max(from) + 1))
    }
}

/// The characters of a row, each with its column.
pub(in crate::tui) fn characters(screen: &vt100::Screen, row: u16) -> Vec<(char, u16)> {
    let mut found = Vec::new();
    for column in 0..screen.size().1.get() {
        let Some(cell) = screen.cell(row, column) else {
            break;
        };
        if cell.is_wide_continuation() {
            continue;
        }
        match cell.has_contents() {
            true => found.extend(cell.contents().chars().map(|c| (c, column))),
            false => found.push((' ', column)),
        }
    }
    found
}

//! What a step prints, as its emulator sees it.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Widget};

use super::step::{Exhibits, printing};
use super::{Cx, Places};
use crate::tui::app::Pane;
use crate::tui::clean;
use crate::tui::look::{Look, Tone};
use crate::tui::output::{Layout, Output, Seen};
use crate::tui::say;

/// How the output is laid out where it is drawn; none where it is not.
///
/// The one below a running step is as wide as the step, and its height changes with the text above it, so
/// it gets a steady height instead, and the end of it is drawn.
pub(super) fn layout(cx: &Cx<'_>, places: &Places) -> Option<Layout> {
    let (rows, columns) = size(cx, places)?;
    Some(Layout {
        rows,
        columns,
        printed_for: cx.app.printed_for(),
        cut: cx.app.cut,
    })
}

fn size(cx: &Cx<'_>, places: &Places) -> Option<(u16, u16)> {
    let (_, _, state) = cx.app.viewed()?;
    if let Some(side) = places.side {
        return Some((side.height.saturating_sub(1), side.width.saturating_sub(2)));
    }
    let whole = cx.app.pane == Pane::Output;
    let below = printing(cx, state, Exhibits::Here);
    let stuck = cx.app.pane == Pane::Step && !below;
    (whole || below || stuck).then(|| {
        (
            places.main.height.saturating_sub(1),
            places.main.width.saturating_sub(1),
        )
    })
}

/// Draws a title and the output below it.
pub(super) fn draw(frame: &mut Frame<'_>, cx: &Cx<'_>, area: Rect) {
    let Some(output) = &cx.app.output else {
        frame.render_widget(
            Paragraph::new(Line::from(cx.span(" It printed nothing yet.", Tone::Quiet))),
            area,
        );
        return;
    };
    if area.height < 2 {
        return;
    }
    let top = Rect { height: 1, ..area };
    frame.render_widget(
        Paragraph::new(super::titled(cx, &title(cx, output), area.width)),
        top,
    );
    let rest = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(1),
        height: area.height - 1,
    };
    let seen = output.columns_seen();
    let emulated = Emulated {
        screen: output.screen(),
        look: cx.look,
        rows: Rows::Written,
        aside: seen.aside,
        columns: seen.columns,
    };
    emulated.render(rest, frame.buffer_mut());
    if seen.is_cut() {
        emulated.mark_the_cuts(rest, frame.buffer_mut());
    }
    if let Some(pattern) = cx.app.marked_pattern() {
        emulated.mark(&pattern, rest, frame.buffer_mut());
    }
}

/// Which rows of an emulator's screen are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// Those up to the last that is written on.
    Written,
    /// All of them.
    All,
}

fn title(cx: &Cx<'_>, output: &Output) -> String {
    let printed = cx.app.printed();
    let several = cx.app.outputs().len() > 1;
    let what = match &printed {
        Some(printed) if several => {
            format!(
                "output of {} part {} (] next)",
                printed.lane,
                printed.leg + 1
            )
        }
        Some(printed) => format!("output of {}", printed.lane),
        None => "output".to_owned(),
    };
    let (before, after) = output.beyond();
    let mut words = vec![what, say::size(output.length())];
    words.extend(printed.and_then(|printed| cx.app.attempt_in_words(&printed)));
    words.extend(columns(output.columns_seen()));
    if !output.is_at_end() {
        words.push("standing still, End follows".to_owned());
    }
    if before > 0 {
        words.push(format!(
            "{} before not shown, g goes there",
            say::size(before)
        ));
    }
    if after > 0 && !output.is_at_end() {
        words.push(format!("{} after", say::size(after)));
    }
    let folder = &cx.app.options.folder;
    if before > 0 && !folder.is_empty() {
        words.push(format!(
            "all of it: {}/output/{}",
            clean::line(folder),
            output.file
        ));
    }
    cx.look.own(&words.join(" · "))
}

/// Which columns are seen, where some are cut off.
fn columns(seen: Seen) -> Option<String> {
    let Seen { aside, columns, of } = seen;
    seen.is_cut().then(|| {
        format!(
            "columns {}–{} of {of}",
            aside + 1,
            (aside + columns).min(of)
        )
    })
}

/// The emulator's screen as a widget. Where there is less room than rows, the rows up to the cursor count.
pub(super) struct Emulated<'a> {
    pub(super) screen: &'a vt100::Screen,
    pub(super) look: Look,
    pub(super) rows: Rows,
    /// How many columns are cut off at the left.
    pub(super) aside: u16,
    /// How many are seen at most.
    pub(super) columns: u16,
}

impl Widget for &Emulated<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let (from, used) = self.drawn(area);
        let end = self.end(area);
        for row in 0..area.height.min(used) {
            let mut column = self.aside;
            while column < end {
                let Some(cell) = self.screen.cell(from + row, column) else {
                    break;
                };
                let wide = cell.is_wide();
                // Half of a wide character is a blank.
                let fits = (!wide || column + 1 < end) && !cell.is_wide_continuation();
                let symbol = if cell.has_contents() && fits {
                    clean::cell(cell.contents())
                } else {
                    " ".to_owned()
                };
                let style = style(cell, self.look);
                let (x, y) = (area.x + (column - self.aside), area.y + row);
                if let Some(target) = buffer.cell_mut((x, y)) {
                    target.set_symbol(&self.plain(&symbol)).set_style(style);
                }
                if wide
                    && fits
                    && let Some(target) = buffer.cell_mut((x + 1, y))
                {
                    target.reset();
                    target.set_style(style);
                }
                column += if wide { 2 } else { 1 };
            }
        }
    }
}

impl Emulated<'_> {
    /// The first row that is drawn in an area, and up to which one rows are used.
    pub(super) fn drawn(&self, area: Rect) -> (u16, u16) {
        let (rows, _) = self.screen.size();
        let used = match self.screen.scrollback() {
            0 if self.rows == Rows::Written => self.last_row() + 1,
            _ => rows.get(),
        };
        let from = match self.screen.alternate_screen() {
            // An editor: where it is being edited.
            true => {
                let (cursor, _) = self.screen.cursor_position();
                let last = rows.get().saturating_sub(area.height);
                cursor.saturating_sub(area.height / 2).min(last)
            }
            false => used.saturating_sub(area.height),
        };
        (from, used)
    }

    /// The column after the last that is seen.
    pub(super) fn end(&self, area: Rect) -> u16 {
        let seen = self.columns.min(area.width);
        self.screen
            .size()
            .1
            .get()
            .min(self.aside.saturating_add(seen))
    }

    /// Where a column of the emulator's screen is drawn; none where it is cut off.
    pub(super) fn place_of(&self, column: u16, area: Rect) -> Option<u16> {
        let seen = (self.aside..self.end(area)).contains(&column);
        seen.then(|| area.x + (column - self.aside))
    }

    /// The last row that holds the cursor or anything else.
    fn last_row(&self) -> u16 {
        let (rows, columns) = self.screen.size();
        let (cursor, _) = self.screen.cursor_position();
        let written = |row: &u16| {
            (0..columns.get()).any(|column| {
                self.screen
                    .cell(*row, column)
                    .is_some_and(vt100::Cell::has_contents)
            })
        };
        (0..rows.get())
            .rev()
            .find(written)
            .map_or(0, |row| row)
            .max(cursor.saturating_sub(1))
    }

    /// A terminal without Unicode gets a question mark for each character that it cannot show.
    fn plain(&self, symbol: &str) -> String {
        match self.look.unicode || symbol.is_ascii() {
            true => symbol.to_owned(),
            false => "?".repeat(unicode_width::UnicodeWidthStr::width(symbol).clamp(1, 1)),
        }
    }
}

fn style(cell: &vt100::Cell, look: Look) -> Style {
    let mut style = Style::new();
    if look.colour {
        style.fg = look.shown(cell.fgcolor());
        style.bg = look.shown(cell.bgcolor());
    }
    for (set, modifier) in [
        (cell.bold(), Modifier::BOLD),
        (cell.dim(), Modifier::DIM),
        (cell.italic(), Modifier::ITALIC),
        (cell.underline(), Modifier::UNDERLINED),
        (cell.inverse(), Modifier::REVERSED),
    ] {
        if set {
            style = style.add_modifier(modifier);
        }
    }
    style
}

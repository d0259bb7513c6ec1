//! The marks on what was searched for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::printed::Emulated;
use crate::tui::look::Tone;
use crate::tui::search::Pattern;

impl Emulated<'_> {
    /// Marks all places of a pattern that are drawn in an area: the place inversed, its row with a sign in the column
    /// before the area.
    pub(super) fn mark(&self, pattern: &Pattern, area: Rect, buffer: &mut Buffer) {
        let (from, used) = self.drawn(area);
        let columns = self.screen.size().1.get().min(area.width);
        let mut line: Vec<(char, u16, u16)> = Vec::new();
        for row in 0..area.height.min(used) {
            self.read_row(row, from, columns, &mut line);
            // A line that is too long for a row goes on in the next one.
            if row + 1 < area.height.min(used) && self.screen.row_wrapped(from + row) {
                continue;
            }
            for (start, end) in pattern.within(line.iter().map(|(c, _, _)| *c)) {
                for (_, column, row) in line.get(start..end).unwrap_or_default() {
                    self.mark_cell(*column, *row, area, buffer);
                }
            }
            line.clear();
        }
    }

    /// The characters of a row, each with its column and row.
    fn read_row(&self, row: u16, from: u16, columns: u16, line: &mut Vec<(char, u16, u16)>) {
        for column in 0..columns {
            let Some(cell) = self.screen.cell(from + row, column) else {
                break;
            };
            if cell.is_wide_continuation() {
                continue;
            }
            match cell.has_contents() {
                true => line.extend(cell.contents().chars().map(|c| (c, column, row))),
                false => line.push((' ', column, row)),
            }
        }
    }

    fn mark_cell(&self, column: u16, row: u16, area: Rect, buffer: &mut Buffer) {
        let (x, y) = (area.x + column, area.y + row);
        if let Some(cell) = buffer.cell_mut((x, y)) {
            // What the program itself has inversed is told from its surroundings by the line under it.
            cell.modifier.toggle(Modifier::REVERSED);
            cell.modifier.insert(Modifier::UNDERLINED);
        }
        if let Some(before) = area.x.checked_sub(1) {
            let style = self.look.style(Tone::Strong);
            buffer.set_string(before, y, self.look.signs().prompt, style);
        }
    }
}

//! The marks on what was searched for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::printed::Emulated;
use crate::tui::look::Tone;
use crate::tui::output::characters;
use crate::tui::search::Pattern;

impl Emulated<'_> {
    /// Marks all places of a pattern in the rows that are drawn in an area: the place inversed, its row with a sign in
    /// the column before the area, even where the place itself is cut off.
    pub(super) fn mark(&self, pattern: &Pattern, area: Rect, buffer: &mut Buffer) {
        let (from, used) = self.drawn(area);
        let mut line: Vec<(char, u16, u16)> = Vec::new();
        for row in 0..area.height.min(used) {
            let read = characters(self.screen, from + row);
            line.extend(read.into_iter().map(|(c, column)| (c, column, row)));
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

    /// Marks a cell; one that is cut off only in the column before the area.
    fn mark_cell(&self, column: u16, row: u16, area: Rect, buffer: &mut Buffer) {
        let y = area.y + row;
        if let Some(x) = self.place_of(column, area)
            && let Some(cell) = buffer.cell_mut((x, y))
        {
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

//! The marks on rows of which something is cut off.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::printed::Emulated;
use crate::tui::look::Tone;

impl Emulated<'_> {
    /// Marks each row that goes on to the left, in the column before the area, or to the right, in the column after
    /// those that are seen.
    pub(super) fn mark_the_cuts(&self, area: Rect, buffer: &mut Buffer) {
        let (from, used) = self.drawn(area);
        let (first, end) = (self.aside, self.end(area));
        let signs = self.look.signs();
        let style = self.look.style(Tone::Quiet);
        for row in 0..area.height.min(used) {
            let stands = |column: u16| {
                let cell = self.screen.cell(from + row, column);
                cell.is_some_and(|cell| cell.has_contents() && cell.contents() != " ")
            };
            let y = area.y + row;
            if let Some(before) = area.x.checked_sub(1)
                && (0..first).any(stands)
            {
                buffer.set_string(before, y, signs.cut_left, style);
            }
            let after = area.x + (end - first);
            // Half of a wide character is cut off with the rest.
            let half = end.checked_sub(1).is_some_and(|last| {
                let cell = self.screen.cell(from + row, last);
                cell.is_some_and(vt100::Cell::is_wide)
            });
            if after < area.x + area.width
                && (half || (end..self.screen.size().1.get()).any(stands))
            {
                buffer.set_string(after, y, signs.cut_right, style);
            }
        }
    }
}

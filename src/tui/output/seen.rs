//! Which piece of the file is seen, and going to a place of it.

use super::Output;

impl Output {
    /// Goes to the line that begins at a place of the file, and stays there.
    pub(in crate::tui) fn go_to(&mut self, start: u64) {
        self.following = false;
        self.restart(start);
        // The line stands at the top once it is here.
        self.back = usize::MAX;
    }

    /// Where the lines that are seen begin and end in the file, as far as lines are printed one below the other: a
    /// program that moves its cursor leaves only a guess.
    pub(in crate::tui) fn seen(&self) -> (u64, u64) {
        let (start, end) = self.seen_bytes();
        (self.start + start as u64, self.start + end as u64)
    }

    /// The bytes of the lines that are seen.
    pub(in crate::tui) fn seen_lines(&self) -> &[u8] {
        let (start, end) = self.seen_bytes();
        &self.bytes[start..end]
    }

    /// The bytes of the line that begins at a place of the file, if it is seen and all here.
    pub(in crate::tui) fn seen_line(&self, start: u64) -> Option<&[u8]> {
        let (top, bottom) = self.seen();
        let seen = (top..bottom).contains(&start);
        let from = usize::try_from(start.checked_sub(self.start)?).ok()?;
        let line = self.bytes.get(from..).filter(|_| seen)?;
        line.split(|byte| *byte == b'\n').next()
    }

    pub(super) fn seen_bytes(&self) -> (usize, usize) {
        let below = self.parser.screen().scrollback();
        let last = below + usize::from(self.size.0);
        let mut rows = self.rows_after(&self.bytes);
        let mut bottom = None;
        let mut end = self.bytes.len();
        while end > 0 {
            let start = self.bytes[..end - 1]
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            rows += self.rows_of(&self.bytes[start..end]);
            if rows > below {
                bottom.get_or_insert(end);
            }
            end = start;
            if rows >= last {
                break;
            }
        }
        (end, bottom.unwrap_or(self.bytes.len()).max(end))
    }
}

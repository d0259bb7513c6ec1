//! What a program printed, as lines of text.

use std::num::NonZeroU16;

use crate::tui::clean;

/// Rows and columns of the emulator that a line passes; the longest line that is told in one piece fits.
const ROWS: u16 = 8;
const COLUMNS: u16 = 250;

/// How many bytes are put through at once.
pub(super) const PIECE: usize = 1500;

/// Makes a line out of the bytes between two line feeds, by the emulator that also draws them on a screen: of a
/// progress bar what was drawn last is left, and colours and moves of the cursor are gone.
pub(super) fn bare(bytes: &[u8]) -> String {
    let rows = NonZeroU16::new(ROWS).unwrap_or(NonZeroU16::MIN);
    let columns = NonZeroU16::new(COLUMNS).unwrap_or(NonZeroU16::MIN);
    let mut told = Vec::new();
    for piece in bytes.chunks(PIECE) {
        let mut parser = vt100::Parser::new(rows, columns, 0);
        parser.process(piece);
        let contents = parser.screen().contents();
        let lines = contents.lines().map(|line| clean::line(line.trim_end()));
        told.extend(lines.filter(|line| !line.is_empty()));
    }
    told.join(" ")
}

/// Splits what came at its line feeds, behind what was left over; leaves what has none yet.
pub(in crate::tui) fn split(left: &mut Vec<u8>, bytes: &[u8]) -> Vec<String> {
    left.extend_from_slice(bytes);
    let Some(last) = left.iter().rposition(|byte| *byte == b'\n') else {
        return Vec::new();
    };
    let rest = left.split_off(last + 1);
    let whole = std::mem::replace(left, rest);
    let lines = whole[..last].split(|byte| *byte == b'\n');
    lines.map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_was_to_be_read_in_the_end() {
        for (printed, told) in [
            (&b"plain"[..], "plain"),
            (b"\x1b[31mred\x1b[0m and not", "red and not"),
            (b" 10 %\r 64 %\r100 %", "100 %"),
            (b"abc\x08\x08xy\r", "axy"),
            (b"\x1b]0;owned\x07title\x1b[2J", ""),
            (b"gr\xc3\xbc\xc3\x9fe \xff", "gr\u{fc}\u{df}e"),
            (b"", ""),
        ] {
            assert_eq!(bare(printed), told, "{printed:?}");
        }
        let long = "word ".repeat(1000);
        assert!(bare(long.as_bytes()).len() > 4500);
    }

    #[test]
    fn a_line_is_told_once_it_is_whole() {
        let mut left = Vec::new();
        assert!(split(&mut left, b"one\ntwo").starts_with(&["one".to_owned()]));
        assert_eq!(left, b"two");
        assert_eq!(split(&mut left, b""), Vec::<String>::new());
        assert_eq!(split(&mut left, b"!\n\n"), ["two!", ""]);
        assert!(left.is_empty());
    }
}

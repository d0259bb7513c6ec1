//! The sixteen colours as a terminal knows them that knows no others.
//!
//! crossterm writes every colour by its number in the palette of 256 (`38;5;1`). A terminal of eight or sixteen colours
//! may read that as three attributes of which the second is *blink* (ECMA-48, 8.3.117: parameters are read one by one),
//! so there it becomes `31`, or `91` for the bright ones (aixterm's, as xterm's ctlseqs lists them). What comes is our
//! own renderer's, so nothing but its SGR sequences has to be understood.

/// The longest sequence that is looked at, in bytes: the renderer's are shorter.
const LONGEST: usize = 64;

/// Turns what the renderer writes, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Sixteen {
    /// A sequence of which the end has not come yet.
    begun: Vec<u8>,
}

impl Sixteen {
    /// The same for a terminal of sixteen colours. The end of a sequence may come with the next piece.
    pub(super) fn turned(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        for byte in bytes {
            match (self.begun.as_slice(), byte) {
                ([], 0x1b) => self.begun.push(*byte),
                ([], _) => out.push(*byte),
                ([0x1b], b'[') => self.begun.push(*byte),
                ([0x1b, b'[', ..], b'0'..=b'9' | b';') if self.begun.len() < LONGEST => {
                    self.begun.push(*byte);
                }
                ([0x1b, b'[', parameters @ ..], b'm') => {
                    out.extend_from_slice(b"\x1b[");
                    out.extend(sgr(parameters));
                    out.push(b'm');
                    self.begun.clear();
                }
                _ => {
                    out.append(&mut self.begun);
                    out.push(*byte);
                }
            }
        }
        out
    }
}

/// The parameters of an SGR sequence, with the first sixteen of the palette by their short numbers.
fn sgr(parameters: &[u8]) -> Vec<u8> {
    let mut left: Vec<&[u8]> = parameters.split(|byte| *byte == b';').collect();
    let mut turned: Vec<Vec<u8>> = Vec::new();
    left.reverse();
    while let Some(first) = left.pop() {
        let number = match left.as_slice() {
            [.., number, b"5"] if matches!(first, b"38" | b"48") => {
                std::str::from_utf8(number).ok()
            }
            _ => None,
        };
        let Some(colour @ 0..16) = number.and_then(|number| number.parse::<u8>().ok()) else {
            turned.push(first.to_vec());
            continue;
        };
        left.truncate(left.len() - 2);
        let base = if first == b"38" { 30 } else { 40 };
        let short = match colour {
            0..8 => base + colour,
            _ => base + 60 + colour - 8,
        };
        turned.push(short.to_string().into_bytes());
    }
    turned.join(&b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(text: &str) -> String {
        String::from_utf8(Sixteen::default().turned(text.as_bytes())).unwrap()
    }

    #[test]
    fn the_first_sixteen_get_their_short_numbers_and_nothing_else_changes() {
        for (came, goes) in [
            ("\u{1b}[38;5;1;49ma\u{1b}[0m", "\u{1b}[31;49ma\u{1b}[0m"),
            ("\u{1b}[38;5;9;48;5;15m", "\u{1b}[91;107m"),
            ("\u{1b}[39;48;5;0m", "\u{1b}[39;40m"),
            ("\u{1b}[1m\u{1b}[4;38;5;7m", "\u{1b}[1m\u{1b}[4;37m"),
            (
                "\u{1b}[38;5;16m\u{1b}[38;2;5;1;2m",
                "\u{1b}[38;5;16m\u{1b}[38;2;5;1;2m",
            ),
            (
                "\u{1b}[38;5m\u{1b}[5;38m\u{1b}[m",
                "\u{1b}[38;5m\u{1b}[5;38m\u{1b}[m",
            ),
            (
                "\u{1b}[2;5H38;5;1m \u{1b}[?25l\u{1b}\u{1b}7",
                "\u{1b}[2;5H38;5;1m \u{1b}[?25l\u{1b}\u{1b}7",
            ),
            ("a \u{2714} \u{6f22}\n", "a \u{2714} \u{6f22}\n"),
        ] {
            assert_eq!(turned(came), goes, "{came:?}");
        }
    }

    #[test]
    fn a_sequence_that_comes_in_pieces_is_turned_all_the_same() {
        let came = "x\u{1b}[38;5;12;48;5;3my\u{1b}[3;4Hz";
        for at in 0..=came.len() {
            let mut sixteen = Sixteen::default();
            let mut out = sixteen.turned(&came.as_bytes()[..at]);
            out.extend(sixteen.turned(&came.as_bytes()[at..]));
            assert_eq!(out, b"x\x1b[94;43my\x1b[3;4Hz", "split at {at}");
        }
    }

    #[test]
    fn nothing_is_held_for_ever() {
        let long = format!("\u{1b}[{}", "1;".repeat(100));
        assert_eq!(turned(&format!("{long}m")), format!("{long}m"));
    }
}

//! The text in what a program prints: its bytes without escape sequences and control characters.
//!
//! It takes one byte at a time, so a piece of a file may end anywhere. It places nothing: what was written over
//! by a later carriage return comes out too.

/// What a byte brought forth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// A character; a tab among them.
    Char(char),
    /// Back to the start of the line.
    Return,
    /// The end of a line.
    End,
}

/// Where in an escape sequence the bytes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and a byte that wants another one, as in `ESC ( B`.
    Charset,
    /// In a control sequence: `ESC [ … letter`.
    Sequence,
    /// In a string: `ESC ] … BEL` or `ESC P … ESC \`.
    String,
    /// After an ESC in a string.
    StringEscape,
}

/// The longest string that is passed over; after it, what follows is text again. A program that begins one and
/// never ends it would hide all that it prints.
const STRING: u32 = 64 * 1024;

/// Leaves out escape sequences, and makes characters of the rest.
#[derive(Debug, Clone, Default)]
pub(super) struct Strip {
    at: At,
    passed: u32,
    /// The bytes of a character that is not whole yet.
    held: u32,
    missing: u8,
}

impl Strip {
    /// Takes a byte; gives what it completed.
    pub(super) fn push(&mut self, byte: u8) -> Option<Text> {
        match self.at {
            At::Text => self.text(byte),
            At::Escape => {
                self.at = match byte {
                    b'[' => At::Sequence,
                    b']' | b'P' | b'X' | b'^' | b'_' => {
                        self.passed = 0;
                        At::String
                    }
                    b' '..=b'/' => At::Charset,
                    0x1b => At::Escape,
                    _ => At::Text,
                };
                self.line_end(byte)
            }
            At::Charset => {
                if !matches!(byte, b' '..=b'/') {
                    self.at = At::Text;
                }
                self.line_end(byte)
            }
            At::Sequence => {
                match byte {
                    b'@'..=b'~' | 0x18 | 0x1a | 0x80.. => self.at = At::Text,
                    0x1b => self.at = At::Escape,
                    _ => {}
                }
                self.line_end(byte)
            }
            At::String => {
                self.passed += 1;
                match byte {
                    0x07 | 0x18 | 0x1a => self.at = At::Text,
                    0x1b => self.at = At::StringEscape,
                    _ if self.passed > STRING => self.at = At::Text,
                    _ => {}
                }
                // Lines are counted wherever their ends stand.
                (byte == b'\n').then_some(Text::End)
            }
            At::StringEscape => {
                self.at = match byte {
                    b'\\' => At::Text,
                    _ => {
                        self.at = At::Escape;
                        return self.push(byte);
                    }
                };
                None
            }
        }
    }

    /// Emulators obey a line feed in the middle of a sequence, and no sequence of ours reaches over one.
    fn line_end(&mut self, byte: u8) -> Option<Text> {
        (byte == b'\n').then(|| {
            self.at = At::Text;
            Text::End
        })
    }

    fn text(&mut self, byte: u8) -> Option<Text> {
        let continues = byte & 0xc0 == 0x80;
        if self.missing > 0 && continues {
            self.held = self.held << 6 | u32::from(byte & 0x3f);
            self.missing -= 1;
            if self.missing > 0 {
                return None;
            }
            let c = char::from_u32(self.held).unwrap_or(char::REPLACEMENT_CHARACTER);
            return (!c.is_control()).then_some(Text::Char(c));
        }
        self.missing = 0;
        match byte {
            b'\n' => Some(Text::End),
            b'\r' => Some(Text::Return),
            b'\t' | b' '..=b'~' => Some(Text::Char(char::from(byte))),
            0x1b => {
                self.at = At::Escape;
                None
            }
            0..=0x1f | 0x7f => None,
            0xc2..=0xdf => self.begin(byte & 0x1f, 1),
            0xe0..=0xef => self.begin(byte & 0x0f, 2),
            0xf0..=0xf4 => self.begin(byte & 0x07, 3),
            0x80.. => Some(Text::Char(char::REPLACEMENT_CHARACTER)),
        }
    }

    fn begin(&mut self, bits: u8, missing: u8) -> Option<Text> {
        self.held = u32::from(bits);
        self.missing = missing;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> String {
        let mut strip = Strip::default();
        bytes
            .iter()
            .filter_map(|byte| strip.push(*byte))
            .map(|text| match text {
                Text::Char(c) => c,
                Text::Return => '<',
                Text::End => '|',
            })
            .collect()
    }

    #[test]
    fn sequences_and_control_characters_are_left_out_and_text_is_kept() {
        for (bytes, text) in [
            (&b"a\x1b[31mb\x1b[0m c\n"[..], "ab c|"),
            (b"10%\r20%\r\n", "10%<20%<|"),
            (b"\x1b]0;title\x07a\x1b]8;;http://x/\x1b\\b", "ab"),
            (b"\x1bPq#0\x1b\\a\x1b(Bb\x1b=c\x1b7d", "abcd"),
            (b"a\x07\x08\x00b\tc", "ab\tc"),
            ("ü漢👍".as_bytes(), "ü漢👍"),
            (b"\xffa\xe6\xbcb", "\u{fffd}ab"),
            ("a\u{9b}b".as_bytes(), "ab"),
            (b"a\x1b[31\nb", "a|b"),
            (b"\x1b]never\nended\x1b[1mx", "|x"),
        ] {
            assert_eq!(of(bytes), text, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_string_that_never_ends_does_not_hide_all_that_follows() {
        let mut bytes = b"\x1b]0;".to_vec();
        bytes.extend(vec![b'x'; STRING as usize + 10]);
        bytes.extend(b"\nseen");
        assert!(of(&bytes).ends_with("|seen"));
    }
}

//! The operator's own clipboard, by the sequence that terminals take over any line: `OSC 52`.
//!
//! Only text that is clean gets there, only when a key asks for it, and only by way of here.

use super::clean;
use super::say;
use super::strip::{Strip, Text};

/// Whether there is a clipboard to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clipboard {
    /// The terminal may have one, and is asked to put a text into it.
    OfTheTerminal,
    /// Standard output is no terminal.
    NoTerminal,
    /// The terminal is of a kind that has none, or understands nothing but text.
    NotOfThisKind,
}

impl Clipboard {
    /// Why nothing can be copied.
    pub(super) fn why_not(self) -> Option<&'static str> {
        match self {
            Self::OfTheTerminal => None,
            Self::NoTerminal => Some("standard output is no terminal that could have a clipboard"),
            Self::NotOfThisKind => Some("a terminal of this kind has no clipboard"),
        }
    }
}

/// What is said of a text that was made [`readable`] and is copied: how much it is, or which `line`.
pub(super) fn said((text, all): &(String, bool), line: Option<u64>) -> Option<String> {
    let what = match (line, text.lines().count(), all) {
        (_, 0, _) => return None,
        (_, _, false) => "the first 64 KiB".to_owned(),
        (Some(line), _, true) => format!("line {line}"),
        (None, count, true) => say::count(count, "line"),
    };
    Some(format!(
        "{what} copied, if the terminal allows it (tmux: set-clipboard on)"
    ))
}

/// The longest text that is copied, in bytes: some terminals take no more.
pub(super) const MOST: usize = 64 * 1024;

/// The bytes of a clean text that a terminal puts into the clipboard.
pub(super) fn sequence(text: &str) -> Vec<u8> {
    format!("\x1b]52;c;{}\x07", base64(text.as_bytes())).into_bytes()
}

/// What of printed bytes is to be read: clean lines, without what a carriage return has written over; at most
/// [`MOST`] bytes, in whole lines where there are several. Tells whether that is all of it.
pub(super) fn readable(bytes: &[u8]) -> (String, bool) {
    let mut strip = Strip::default();
    let mut out = String::new();
    let mut line = String::new();
    let mut over = false;
    for text in bytes.iter().filter_map(|byte| strip.push(*byte)) {
        match text {
            Text::Char(c) => {
                if std::mem::take(&mut over) {
                    line.clear();
                }
                line.push(c);
            }
            Text::Return => over = true,
            Text::End => {
                over = false;
                let clean = clean::line(&line);
                line.clear();
                if out.len() + clean.len() >= MOST {
                    return (cut(out, &clean), false);
                }
                out.push_str(&clean);
                out.push('\n');
            }
        }
    }
    let clean = clean::line(&line);
    if out.len() + clean.len() > MOST {
        return (cut(out, &clean), false);
    }
    out.push_str(&clean);
    (out, true)
}

/// What came before, or of a first line that is too long by itself as much as there is room for.
fn cut(out: String, clean: &str) -> String {
    match out.is_empty() {
        true => {
            let ends = clean.char_indices().map(|(at, c)| at + c.len_utf8());
            let end = ends.take_while(|end| *end <= MOST).last().unwrap_or(0);
            clean[..end].to_owned()
        }
        false => out,
    }
}

/// Base 64 as of RFC 4648, section 4, with its padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for n in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * n) & 63) as usize];
            out.push(if n <= three.len() { letter.into() } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, code) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), code);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xbf]), "+/+/");
        assert_eq!(sequence("f"), b"\x1b]52;c;Zg==\x07");
    }

    #[test]
    fn what_is_copied_is_clean_and_what_is_seen_and_not_too_long() {
        let printed = b"10%\r\x1b[32m100%\x1b[0m\r\nrm\xe2\x80\xae \x1b]52;c;b3duZWQ=\x07x\nend";
        let text = "100%\nrm\\u{202e} x\nend".to_owned();
        assert_eq!(readable(printed), (text, true));
        let (text, all) = readable(&b"0123456\n".repeat(MOST));
        assert!(!all && text.len() <= MOST && text.ends_with("0123456\n"));
        let (text, all) = readable("ü".repeat(MOST).as_bytes());
        assert!(!all && text.len() == MOST && text.starts_with("üü"));
    }
}

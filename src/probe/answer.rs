//! Untrusted output, cut down to what fits into a sentence.

use super::Reply;
use crate::problem::visible;

/// How many characters of an answer are told.
const LONGEST: usize = 120;

/// Makes one short, harmless line of some output: blanks and line ends become one blank, control
/// characters become escapes, and no more than 120 characters are kept.
pub fn one_line(bytes: &[u8]) -> String {
    // Output can be as large as it likes; a sentence needs only its beginning.
    let head = &bytes[..bytes.len().min(LONGEST * 16)];
    let text = String::from_utf8_lossy(head);
    let words: Vec<&str> = text.split_whitespace().collect();
    shortened(&visible(&words.join(" ")))
}

/// Says how a question failed: `exit 1: no such container`, with the last line of standard error.
pub fn complaint(reply: &Reply) -> String {
    let last = reply
        .stderr
        .split(|byte| *byte == b'\n')
        .rev()
        .map(one_line)
        .find(|line| !line.is_empty());
    let how = match reply.code {
        127 => "exit 127 (not found)".to_owned(),
        code if code > 128 && code < 160 => format!("ended by signal {}", code - 128),
        code => format!("exit {code}"),
    };
    match last {
        Some(last) => shortened(&format!("{how}: {last}")),
        None => how,
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_output_becomes_one_short_harmless_line() {
        let said = one_line(b"  a\r\n\tb \x1b]52;c;eA==\x07 \xff\n");
        assert_eq!(said, "a b \\u{1b}]52;c;eA==\\u{7} \u{fffd}");
        let long = "x".repeat(10_000);
        assert_eq!(one_line(long.as_bytes()).chars().count(), 120);
        let stretched = "\u{202e}".repeat(600);
        assert_eq!(one_line(stretched.as_bytes()).chars().count(), 120);
    }

    #[test]
    fn a_failure_is_told_with_the_last_line_of_standard_error() {
        let reply = Reply {
            code: 1,
            stdout: Vec::new(),
            stderr: b"warning\nno such container\n\n".to_vec(),
            cut: false,
        };
        assert_eq!(complaint(&reply), "exit 1: no such container");
        let killed = Reply {
            code: 137,
            stderr: Vec::new(),
            ..reply
        };
        assert_eq!(complaint(&killed), "ended by signal 9");
    }
}

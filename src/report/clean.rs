//! Makes texts that others wrote harmless in Markdown and in JSON.
//!
//! What a runbook, a machine or a colleague says is text and stays text: it can neither start a heading, a
//! link or raw HTML, nor close the fence around it, nor move a terminal's cursor, nor turn its reading
//! direction.

use std::fmt::Write;

use serde::Serialize;

use crate::problem::{seen, visible};

/// Punctuation that CommonMark or its tables give a meaning, and that a backslash takes it from.
const MEANING: &[char] = &[
    '\\', '`', '*', '_', '[', ']', '<', '>', '|', '~', '&', '#', '!', '$',
];

/// A text within a line of Markdown; its line breaks become `/`.
pub fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(&one_line(text)).chars() {
        if MEANING.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A text of several lines as one paragraph of Markdown.
pub fn prose(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    inline(&words.join(" "))
}

/// A text as code within a line of Markdown, its line breaks as `/`; nothing for an empty text.
pub fn span(text: &str) -> String {
    let text = visible(&one_line(text));
    if text.is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    // A space keeps a backtick at an end apart; one of each side is not shown (CommonMark 6.1).
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A Markdown fragment made safe for a cell of a table: a bar would begin the next cell even in code.
pub fn in_table(fragment: &str) -> String {
    let mut out = String::with_capacity(fragment.len());
    let mut escaped = false;
    for c in fragment.chars() {
        if c == '|' && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

/// A text of several lines in a fence that it cannot close; `kind` is `diff`, `sh` or empty.
pub fn fenced(kind: &str, text: &str) -> String {
    let text = lines(text);
    let fence = "`".repeat((longest_run(&text, '`') + 1).max(3));
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{fence}{kind}\n{text}{end}{fence}\n")
}

/// Turns a value into indented JSON in which every hidden character is written as an escape, so that it
/// says exactly what was recorded and can still be shown on a terminal.
///
/// # Errors
///
/// A value that has no JSON form.
pub fn json_text(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string_pretty(value)?;
    let mut out = String::with_capacity(json.len() + 1);
    for (c, shown) in seen(&json) {
        // Outside of strings JSON has no such character but the line break, and inside none is one.
        if c == '\n' || shown {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out.push('\n');
    Ok(out)
}

/// Keeps line breaks and tabs, and makes everything else that is hidden visible.
fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line.strip_suffix('\r').unwrap_or(line), "\n"),
            None => (line, ""),
        };
        let mut pieces = line.split('\t');
        if let Some(first) = pieces.next() {
            out.push_str(&visible(first));
        }
        for piece in pieces {
            out.push('\t');
            out.push_str(&visible(piece));
        }
        out.push_str(end);
    }
    out
}

fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" / ").trim().to_owned()
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::hidden;

    #[test]
    fn no_text_closes_its_fence() {
        let hostile = "a\n```\n# owned\n`````\n<script>";
        let fenced = fenced("", hostile);
        let fence = fenced.lines().next().unwrap();
        assert_eq!(fence, "``````");
        assert_eq!(
            fenced
                .lines()
                .filter(|line| line.starts_with(fence))
                .count(),
            2
        );
    }

    #[test]
    fn no_text_is_more_than_text_within_a_line() {
        let said = inline("a|b <img src=x> [x](javascript:y) `c` \u{1b}[31m\u{202e}\n# d");
        assert_eq!(
            said,
            "a\\|b \\<img src=x\\> \\[x\\](javascript:y) \\`c\\` \\\\u{1b}\\[31m\\\\u{202e} / \\# d"
        );
        assert_eq!(span("`a``b`"), "``` `a``b` ```");
        assert_eq!(in_table(&span("a | b")), "`a \\| b`");
        assert_eq!(in_table(&inline("a | b")), "a \\| b");
    }

    #[test]
    fn json_keeps_what_was_recorded_and_shows_nothing_hidden() {
        let hostile = "\u{1b}]52;c;eA==\u{7}\u{202e}\u{9b}\u{e0041}\"\n\\".to_owned();
        let json = json_text(&hostile).unwrap();
        assert!(json.trim_end().chars().all(|c| !hidden(c)), "{json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
    }
}

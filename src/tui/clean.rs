//! What every text from outside passes before it reaches a cell of the screen.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::problem::hidden;

/// How many characters one cell may hold: a letter and a few marks. A flood of combining marks is drawn over
/// the lines around it by many terminals.
const MARKS: usize = 4;

/// Makes one line of untrusted text safe for cells: hidden characters become visible escapes, a tab becomes
/// spaces, and a letter keeps only its first few combining marks.
pub(super) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        if grapheme == "\t" {
            out.push_str("    ");
            continue;
        }
        let mut kept = 0;
        for c in grapheme.chars() {
            if hidden(c) {
                out.extend(c.escape_unicode());
            } else if kept < MARKS {
                out.push(c);
                kept += 1;
            }
        }
    }
    out
}

/// The lines of an untrusted text, each safe for cells. Only line feeds break lines.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.trim_end_matches(['\n', '\r'])
        .split('\n')
        .map(|part| line(part.strip_suffix('\r').unwrap_or(part)))
        .collect()
}

/// What of an emulator's cell may be drawn: nothing hidden, few marks; a blank where nothing is left.
///
/// Here the characters are dropped, not escaped: an escape would not fit the cell.
pub(super) fn cell(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !hidden(*c)).take(MARKS).collect();
    if kept.width() == 0 {
        " ".to_owned()
    } else {
        kept
    }
}

/// What of a pasted or typed text may enter a text box: line feeds and what can be seen.
pub(super) fn typed(text: &str) -> String {
    let text = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\t', "    ");
    let seen = |c: &char| *c == '\n' || !hidden(*c);
    text.graphemes(true)
        .flat_map(|grapheme| grapheme.chars().filter(seen).take(MARKS))
        .collect()
}

/// Cuts a clean text to a width in columns, with a mark where something is missing.
pub(super) fn fit(text: &str, width: usize, more: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(more.width());
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        if used + grapheme.width() > room {
            break;
        }
        used += grapheme.width();
        out.push_str(grapheme);
    }
    if more.width() <= width {
        out.push_str(more);
    }
    out
}

/// Cuts or fills a clean text to exactly a width in columns.
pub(super) fn exactly(text: &str, width: usize, more: &str) -> String {
    let mut out = fit(text, width, more);
    let used = out.width();
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
    out
}

/// Breaks a clean text into lines of at most a width in columns, at spaces where there are any.
///
/// Only at spaces, and not where Unicode allows a break too: a command must not look broken in its middle.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut out = Vec::new();
    let mut current = String::new();
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches(' ').width();
        if used + bare > width && used > 0 && bare <= width {
            out.push(std::mem::take(&mut current).trim_end().to_owned());
            used = 0;
        }
        for grapheme in word.graphemes(true) {
            let wide = grapheme.width();
            if used + wide > width {
                if grapheme == " " {
                    // A space at the break belongs to neither line.
                    continue;
                }
                out.push(std::mem::take(&mut current));
                used = 0;
            }
            current.push_str(grapheme);
            used += wide;
        }
    }
    if !current.is_empty() || out.is_empty() {
        out.push(current);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_is_left_in_any_clean_text() {
        let nasty = "a\u{1b}]0;x\u{7}\u{9b}1m\u{202e}b\u{200b}\u{feff}\te\u{301}\u{301}\u{301}\u{301}\u{301}\u{e0041}";
        for text in [line(nasty), cell(nasty), typed(nasty)] {
            assert!(!text.chars().any(hidden), "{text:?}");
        }
        assert!(
            line(nasty).contains("\\u{1b}"),
            "an escape stays to be seen"
        );
        assert_eq!(line(nasty).matches('\u{301}').count(), MARKS - 1);
        assert_eq!(typed("a\r\nb\u{1b}[0m"), "a\nb[0m");
    }

    #[test]
    fn a_text_is_cut_and_broken_by_columns_and_not_by_characters() {
        assert_eq!(fit("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(exactly("漢字漢字", 6, "…").width(), 6);
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("漢字漢字漢", 4), ["漢字", "漢字", "漢"]);
        assert_eq!(wrap("", 4), [""]);
        assert!(wrap(&"x".repeat(1000), 7).iter().all(|l| l.width() <= 7));
    }
}

//! A diff side by side: what was at the left, what will be at the right, each with its line numbers.

use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::Cx;
use super::page::Page;
use crate::tui::clean;
use crate::tui::look::Tone;

/// Below this width a diff reads better as one column.
const LEAST: usize = 80;

/// A row of two lines.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row<'a> {
    /// The words at the top of a hunk.
    Hunk(&'a str),
    /// A line of before and one of after; none where the other side has more.
    Pair(Option<Line<'a>>, Option<Line<'a>>),
}

/// One line of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line<'a> {
    /// From 1; none for words about the line above, such as that it has no newline.
    number: Option<u32>,
    /// `-`, `+` or a blank.
    sign: char,
    text: &'a str,
}

/// Puts the lines of a unified diff on a page side by side; tells whether there was room, and whether it is one.
pub(super) fn put<'a>(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    lines: impl Iterator<Item = &'a str>,
) -> bool {
    let width = page.width().saturating_sub(2);
    let Some(rows) = (width >= LEAST).then(|| rows(lines)).flatten() else {
        return false;
    };
    let most = rows.iter().filter_map(highest).max().unwrap_or(0);
    let digits = most.to_string().len();
    let between = format!(" {} ", cx.signs.along);
    let half = (width - 3) / 2;
    for row in rows {
        let (left, right) = match row {
            Row::Hunk(text) => {
                page.text(text, Tone::Quiet);
                continue;
            }
            Row::Pair(left, right) => (side(cx, left, half, digits), side(cx, right, half, digits)),
        };
        let mut left = left.into_iter();
        let mut right = right.into_iter();
        loop {
            let (one, other) = (left.next(), right.next());
            if one.is_none() && other.is_none() {
                break;
            }
            let blank = || vec![cx.clean(" ".repeat(half), Tone::Plain)];
            let mut spans = vec![Span::raw(" ")];
            spans.extend(one.unwrap_or_else(blank));
            spans.push(cx.clean(between.clone(), Tone::Quiet));
            spans.extend(other.unwrap_or_default());
            page.line(spans);
        }
    }
    true
}

/// One side of a row, in as many lines as it takes: nothing of a diff is cut off.
fn side(
    cx: &Cx<'_>,
    line: Option<Line<'_>>,
    half: usize,
    digits: usize,
) -> Vec<Vec<Span<'static>>> {
    let Some(line) = line else { return Vec::new() };
    let tone = match line.sign {
        '-' => Tone::Removed,
        '+' => Tone::Added,
        _ => Tone::Plain,
    };
    let room = half.saturating_sub(digits + 3);
    let number = line
        .number
        .map_or(String::new(), |number| number.to_string());
    let text = clean::line(line.text);
    let mut head = (format!("{number:>digits$}"), line.sign);
    let mut out = Vec::new();
    for part in clean::wrap(&text, room) {
        let rest = room.saturating_sub(part.width());
        out.push(vec![
            cx.clean(format!("{} ", head.0), Tone::Quiet),
            cx.clean(format!("{} {part}", head.1), tone),
            Span::raw(" ".repeat(rest)),
        ]);
        // A line's continuation has neither number nor sign, so it cannot be taken for a line.
        head = (" ".repeat(digits), ' ');
    }
    out
}

fn highest(row: &Row<'_>) -> Option<u32> {
    match row {
        Row::Hunk(_) => None,
        Row::Pair(left, right) => {
            let number = |line: &Option<Line<'_>>| line.and_then(|line| line.number);
            number(left).max(number(right))
        }
    }
}

/// Sorts the lines of a unified diff into rows; none where they are not one.
fn rows<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Row<'a>>> {
    let mut rows = Vec::new();
    let (mut old, mut new) = (None, None);
    let (mut gone, mut come): (Vec<Line<'a>>, Vec<Line<'a>>) = (Vec::new(), Vec::new());
    let mut last = ' ';
    let next = |number: &mut Option<u32>| {
        let now = (*number)?;
        *number = now.checked_add(1);
        Some(now)
    };
    for line in lines {
        let sign = line.chars().next().unwrap_or(' ');
        let text = line.get(sign.len_utf8()..).unwrap_or_default();
        if !matches!(sign, '-' | '+' | '\\') || (sign == '-' && last == '+') {
            pair(&mut rows, &mut gone, &mut come);
        }
        match sign {
            '@' => {
                let (o, n) = starts(line)?;
                (old, new) = (Some(o), Some(n));
                rows.push(Row::Hunk(line));
            }
            '-' => {
                let number = Some(next(&mut old)?);
                gone.push(Line { number, sign, text });
            }
            '+' => {
                let number = Some(next(&mut new)?);
                come.push(Line { number, sign, text });
            }
            ' ' => {
                let before = Some(next(&mut old)?);
                let after = Some(next(&mut new)?);
                let of = |number| Some(Line { number, sign, text });
                rows.push(Row::Pair(of(before), of(after)));
            }
            '\\' => {
                let words = Line {
                    number: None,
                    sign: '\\',
                    text,
                };
                match last {
                    '-' => gone.push(words),
                    '+' => come.push(words),
                    _ => rows.push(Row::Pair(Some(words), Some(words))),
                }
            }
            _ => return None,
        }
        if sign != '\\' {
            last = sign;
        }
    }
    pair(&mut rows, &mut gone, &mut come);
    Some(rows)
}

/// Puts what went beside what came instead.
fn pair<'a>(rows: &mut Vec<Row<'a>>, gone: &mut Vec<Line<'a>>, come: &mut Vec<Line<'a>>) {
    let (mut gone, mut come) = (gone.drain(..), come.drain(..));
    loop {
        match (gone.next(), come.next()) {
            (None, None) => return,
            (left, right) => rows.push(Row::Pair(left, right)),
        }
    }
}

/// The first line numbers of `@@ -12,7 +12,9 @@`.
fn starts(line: &str) -> Option<(u32, u32)> {
    let mut words = line.strip_prefix("@@ -")?.split(' ');
    let number = |word: &str| word.split(',').next()?.parse().ok();
    let old = number(words.next()?)?;
    let new = number(words.next()?.strip_prefix('+')?)?;
    Some((old, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u32, sign: char, text: &str) -> Option<Line<'_>> {
        Some(Line {
            number: Some(number),
            sign,
            text,
        })
    }

    #[test]
    fn what_went_stands_beside_what_came_instead() {
        let diff =
            "@@ -12,4 +12,5 @@\n a\n-b\n-c\n+B\n+C\n+D\n e\n-f\n\\ No newline at end of file\n+f";
        let found = rows(diff.split('\n')).unwrap();
        let words = Line {
            number: None,
            sign: '\\',
            text: " No newline at end of file",
        };
        assert_eq!(
            found,
            [
                Row::Hunk("@@ -12,4 +12,5 @@"),
                Row::Pair(line(12, ' ', "a"), line(12, ' ', "a")),
                Row::Pair(line(13, '-', "b"), line(13, '+', "B")),
                Row::Pair(line(14, '-', "c"), line(14, '+', "C")),
                Row::Pair(None, line(15, '+', "D")),
                Row::Pair(line(15, ' ', "e"), line(16, ' ', "e")),
                Row::Pair(line(16, '-', "f"), line(17, '+', "f")),
                Row::Pair(Some(words), None),
            ]
        );
    }

    #[test]
    fn what_is_no_diff_is_left_as_it_is() {
        for text in [
            "no diff",
            "-a\n+b",
            "@@ -x +1 @@\n a",
            "@@ -4294967295 +1 @@\n-a\n-b",
            "@@",
        ] {
            assert_eq!(rows(text.split('\n')), None, "{text}");
        }
        assert_eq!(starts("@@ -1 +0,0 @@"), Some((1, 0)));
    }
}

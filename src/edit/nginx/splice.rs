//! Puts new text between old text, in whole lines, the way the file is laid out.

use std::ops::Range;

use super::MARK;
use super::lex::Directive;
use crate::edit::{EditError, Place, Reason};

/// Bytes to take out, and what to put there.
#[derive(Debug)]
pub(super) struct Splice {
    range: Range<usize>,
    text: String,
}

impl Splice {
    pub(super) fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            range,
            text: text.into(),
        }
    }
}

/// Applies splices, refusing any two that touch the same bytes.
pub(super) fn apply(text: &str, mut splices: Vec<Splice>) -> Result<String, EditError> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let mut result = String::with_capacity(text.len() * 2);
    let mut done = 0;
    for splice in splices {
        let Some(kept) = text.get(done..splice.range.start) else {
            return Err(EditError::new(
                Reason::Unsupported,
                "an upstream and a proxy_pass to it share a line",
            )
            .at(Place::of(text, splice.range.start))
            .hint("put each on a line of its own first"));
        };
        result.push_str(kept);
        result.push_str(&splice.text);
        done = splice.range.end;
    }
    result.push_str(&text[done..]);
    Ok(result)
}

/// How the lines of a file end, and what they are indented with.
pub(super) struct Layout<'a> {
    text: &'a str,
    ending: &'static str,
    unit: &'a str,
}

impl<'a> Layout<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let first_break = text.find('\n');
        let ending = match first_break {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        let unit = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(indent_of)
            .find(|indent| !indent.is_empty())
            .unwrap_or("  ");
        Self { text, ending, unit }
    }

    /// Makes the body of an upstream: its old directives as comments, then the new servers.
    pub(super) fn new_body(
        &self,
        all: &[Directive],
        block: usize,
        children: &[usize],
        servers: &[String],
    ) -> Result<Splice, EditError> {
        let Some(body) = all[block].body.clone() else {
            return Err(EditError::new(Reason::Drift, "an upstream without a block"));
        };
        let outer = indent_of(&self.text[self.line_start(all[block].span.start)..]);
        let indent = children
            .iter()
            .map(|&child| all[child].span.start)
            .find(|&start| self.line_start(start) >= body.start)
            .map_or_else(
                || format!("{outer}{}", self.unit),
                |start| indent_of(&self.text[self.line_start(start)..]).to_owned(),
            );
        let lines = self.lines(body.clone());
        let taken: Vec<bool> = lines
            .iter()
            .map(|line| {
                children
                    .iter()
                    .any(|&child| overlap(line, &all[child].span))
            })
            .collect();
        // The new servers stand where the old ones ended, or first in an empty block.
        let last = taken.iter().rposition(|&taken| taken).unwrap_or(0);

        let mut made = String::new();
        for (index, line) in lines.iter().enumerate() {
            let raw = &self.text[line.clone()];
            if taken[index] {
                if index == 0 {
                    made.push_str(self.ending);
                    made.push_str(&indent);
                } else {
                    made.push_str(indent_of(raw));
                }
                self.push_kept(&mut made, raw.trim_start_matches([' ', '\t']));
            } else {
                made.push_str(raw);
            }
            if index == last {
                if !made.ends_with('\n') {
                    made.truncate(made.trim_end_matches([' ', '\t']).len());
                    made.push_str(self.ending);
                }
                for server in servers {
                    made.push_str(&format!("{indent}server {server};{}", self.ending));
                }
                // A closing brace on the same line as the old servers needs its own indentation.
                if index + 1 == lines.len() && !raw.ends_with('\n') {
                    made.push_str(outer);
                }
            }
        }
        Ok(Splice::new(body, made))
    }

    /// Makes a copy, as comments, of the lines of each directive, to stand before them.
    pub(super) fn keep_lines(
        &self,
        all: &[Directive],
        moved: &[usize],
    ) -> Result<Vec<Splice>, EditError> {
        let mut blocks: Vec<Range<usize>> = Vec::new();
        for &index in moved {
            let span = &all[index].span;
            let lines = self.line_start(span.start)..self.line_end(span.end);
            match blocks.last_mut() {
                Some(last) if last.end > lines.start => last.end = last.end.max(lines.end),
                _ => blocks.push(lines),
            }
        }
        let words = || all.iter().flat_map(|directive| &directive.words);
        let mut splices = Vec::new();
        for block in blocks {
            if let Some(word) =
                words().find(|word| word.span.start < block.start && block.start < word.span.end)
            {
                return Err(EditError::new(
                    Reason::Unsupported,
                    "a proxy_pass on a line that begins inside a quoted text",
                )
                .at(Place::of(self.text, word.span.start))
                .hint("put the proxy_pass on a line of its own first"));
            }
            let mut kept = String::new();
            for line in self.lines(block.clone()) {
                let raw = &self.text[line];
                kept.push_str(indent_of(raw));
                self.push_kept(&mut kept, raw.trim_start_matches([' ', '\t']));
            }
            if !kept.ends_with('\n') {
                kept.push_str(self.ending);
            }
            splices.push(Splice::new(block.start..block.start, kept));
        }
        Ok(splices)
    }

    /// Appends a line behind the mark; a line already empty stays so.
    fn push_kept(&self, made: &mut String, line: &str) {
        if !line.trim().is_empty() {
            made.push_str(MARK);
        }
        made.push_str(line);
    }

    /// Splits a range into its lines, each with its line end; never empty.
    fn lines(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut lines = Vec::new();
        let mut start = range.start;
        while let Some(length) = self.text[start..range.end].find('\n') {
            lines.push(start..start + length + 1);
            start += length + 1;
        }
        if start < range.end || lines.is_empty() {
            lines.push(start..range.end);
        }
        lines
    }

    fn line_start(&self, offset: usize) -> usize {
        self.text[..offset].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self, offset: usize) -> usize {
        self.text[offset..]
            .find('\n')
            .map_or(self.text.len(), |length| offset + length + 1)
    }
}

fn indent_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

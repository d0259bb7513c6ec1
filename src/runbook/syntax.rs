//! From the bytes of a file to TOML tables, with every syntax error told.

use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::de::DeTable;

use super::table::{Reader, Syntax, Table};
use crate::problem::{Problem, Source};

/// A runbook is written by hand; what is larger than this is something else.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How many syntax errors of one file are told. Each line of a picture or of a log is one, and nobody reads more
/// than the first to see that this is no runbook.
const TOLD: usize = 20;

/// Reads a text file whole.
///
/// A file that cannot be opened, is larger than 16 MiB or is not UTF-8 is a [`Problem`] without a place.
pub(super) fn read_file(path: &Path, what: &str) -> Result<Arc<Source>, Problem> {
    let failed = |why: String| Problem::general(format!("read {what} {}: {why}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| {
        let problem = failed(error.to_string());
        match error.kind() {
            std::io::ErrorKind::NotFound => problem.hint("is the path right?"),
            std::io::ErrorKind::PermissionDenied => {
                problem.hint("is the file readable by this account?")
            }
            _ => problem,
        }
    })?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            let problem = failed(error.to_string());
            match error.kind() {
                // A folder can be opened; it is the reading that fails.
                std::io::ErrorKind::IsADirectory => problem.hint("name the file in it"),
                _ => problem,
            }
        })?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed("it is larger than 16 MiB".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        failed(format!("line {line} is not UTF-8 text")).hint("save it as UTF-8")
    })?;
    Ok(Arc::new(Source {
        path: path.to_owned(),
        text,
    }))
}

/// What a file holds, and what is wrong with it so far.
#[derive(Debug)]
pub(super) struct Parsed<T> {
    pub(super) content: T,
    pub(super) syntax: Syntax,
    pub(super) problems: Vec<Problem>,
}

/// Parses a file and hands its root table to `read`, which tells what else is wrong with it.
///
/// Where the syntax is broken, what was understood is still read, so that an unknown key on line 90 is
/// told together with a missing quote on line 4; but nothing is said of keys that are missing or of
/// lines that could not be read, because that would only be the echo.
pub(super) fn parse<T>(
    source: &Arc<Source>,
    what: &'static str,
    read: impl FnOnce(&mut Reader, Table<'_>) -> T,
) -> Parsed<T> {
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    // The parser keeps the first of two equal keys and goes on, so nothing is lost by one.
    let torn = errors.iter().any(|error| error.message() != DUPLICATE);
    let syntax = if torn { Syntax::Torn } else { Syntax::Whole };
    let mut reader = Reader::new(source.clone(), syntax);
    let content = read(&mut reader, Table::new(what, 0..0, root.into_inner()));
    let mut problems = reader.problems;
    if torn {
        let lines = Lines::of(&source.text);
        let bad: std::collections::BTreeSet<usize> = errors
            .iter()
            .filter_map(|error| error.span())
            .map(|span| lines.at(span.start))
            .collect();
        problems.retain(|problem| !bad.contains(&lines.at(problem.span.start)));
    }
    problems.extend(errors.iter().take(TOLD).map(|error| retell(source, error)));
    if let Some(first) = errors.get(TOLD) {
        // What was made out between so many errors is noise.
        problems.retain(|problem| problem.message.starts_with(NOT_TOML));
        let (more, end) = (errors.len() - TOLD, source.text.len());
        let from = first.span().map_or(end, |span| span.start);
        problems.push(
            Problem::error(
                source,
                from..from,
                format!("{NOT_TOML}: and {more} more places from here on"),
            )
            .hint("is this the right file?"),
        );
    } else {
        problems.extend(hidden_directions(source));
    }
    Parsed {
        content,
        syntax,
        problems,
    }
}

const DUPLICATE: &str = "duplicate key";

/// The beginning of every syntax error but a key that is there twice.
const NOT_TOML: &str = "not TOML";

fn retell(source: &Arc<Source>, error: &toml::de::Error) -> Problem {
    let end = source.text.len();
    let span = error.span().unwrap_or(end..end);
    let key = source.text.get(span.clone()).unwrap_or_default();
    if error.message() == DUPLICATE {
        return Problem::error(source, span, format!("the key `{key}` is there twice"))
            .hint("keep one of the two; a table that comes several times is written `[[…]]`");
    }
    Problem::error(source, span, format!("{NOT_TOML}: {}", error.message()))
}

/// Tells characters that make a text read otherwise than it runs (CVE-2021-42574).
///
/// Other invisible characters, such as those in emoji, are shown as what they are on screen and left alone.
fn hidden_directions(source: &Arc<Source>) -> Vec<Problem> {
    let turns = |c: &char| matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    source
        .text
        .char_indices()
        .filter(|(_, c)| turns(c))
        .map(|(at, c)| {
            let code = c as u32;
            Problem::error(
                source,
                at..at + c.len_utf8(),
                format!("the hidden character U+{code:04X} turns the reading direction here"),
            )
            .hint("delete it: what is read at a gate must be what runs")
        })
        .collect()
}

/// The starts of lines, to find the line of a byte without counting from the top each time.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line, from 0, that a byte is on.
    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|newline| *newline < offset)
    }
}

/// Where a word stands in the source of a string, given where it stands in the string.
///
/// Without escapes the string stands in the file as it is, and the place is exact; otherwise it is the
/// first place that reads the same, or the whole string.
pub(super) fn inside(
    source: &Source,
    literal: &Range<usize>,
    text: &str,
    word: &Range<usize>,
) -> Range<usize> {
    let raw = source.text.get(literal.clone()).unwrap_or_default();
    let wanted = text.get(word.clone()).unwrap_or_default();
    let found = match raw.find(text) {
        Some(start) => Some(start + word.start),
        None => raw.find(wanted),
    };
    match found {
        Some(at) => literal.start + at..literal.start + at + wanted.len(),
        None => literal.clone(),
    }
}

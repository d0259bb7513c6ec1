//! Why an edit was refused, where, and what to try.

use std::fmt;

/// A place in a text, both numbers counted from one; the column counts characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character of the line.
    pub column: usize,
}

impl Place {
    /// Finds the place of a byte offset; an offset beyond the text is its end.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The kind of a refusal, for callers that treat some of them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The edit itself asks for something that cannot be: an empty path, a server with a blank.
    Request,
    /// The text is not what its format allows.
    Malformed,
    /// What the edit names is not there.
    Missing,
    /// What the edit names is there more than once, or not as often as was said.
    Ambiguous,
    /// It is there, but in a form this edit would not change safely.
    Unsupported,
    /// The text is already as wanted. Nothing is wrong; there is nothing to do.
    Unchanged,
    /// The file is a link, has other names, or is not a regular file.
    Unsafe,
    /// The file changed while it was being read.
    Changed,
    /// A host could not read the file, or lacks a program for it.
    Host,
    /// A host's answer does not have the form that was asked for.
    Answer,
    /// The edit's own result differs from its intention. A defect of this program, caught.
    Drift,
}

/// A refused edit: nothing was changed.
///
/// Displays as a lowercase fragment that reads well after "failed to …:", with the place when
/// there is one. The hint is kept apart, for callers that set it on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", .at.map(|at| format!(" ({at})")).unwrap_or_default())]
pub struct EditError {
    reason: Reason,
    what: String,
    at: Option<Place>,
    hint: Option<String>,
}

impl EditError {
    pub(crate) fn new(reason: Reason, what: impl Into<String>) -> Self {
        Self {
            reason,
            what: what.into(),
            at: None,
            hint: None,
        }
    }

    #[must_use]
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.at = Some(place);
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells the kind of refusal.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Tells whether the text was already as wanted.
    pub fn is_unchanged(&self) -> bool {
        self.reason == Reason::Unchanged
    }

    /// Tells what was refused, without the place.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Tells where in the text, when the refusal has a place there.
    pub fn place(&self) -> Option<Place> {
        self.at
    }

    /// Tells what to try, when there is advice.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// Lists names for a message: at most eight, in the order given.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => "none".to_owned(),
        n if n <= SHOWN => names.join(", "),
        n => format!("{} and {} more", names[..SHOWN].join(", "), n - SHOWN),
    }
}

/// Says which of the names there are was perhaps meant, or lists them.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    what: &str,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match similar::get_close_matches(name, &known, 1, 0.6).first() {
        Some(close) => format!("did you mean `{close}`? {what}: {}", list(known)),
        None => format!("{what}: {}", list(known)),
    }
}

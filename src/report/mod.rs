//! The report: what a reviewer reads who was not there.
//!
//! It is made from what a run leaves behind and from nothing else: the entries of the journal, the verdict of
//! its verification, and the ends of the output files that the journal commits to. No machine is asked, and
//! neither the runbook nor the environment is read again.
//!
//! [`Evidence`] is what there is to report on. `teller` folds it into a [`Story`], whose shape is the JSON
//! report; `markdown` writes the same story for people. Nothing in it is trusted: `clean` makes every text
//! harmless before it is written.

mod clean;
mod downtime;
mod evidence;
mod look;
mod markdown;
mod steps;
mod story;
mod tails;
mod teller;
mod words;

pub use clean::{fenced, in_table, inline, json_text, prose, span};
pub use evidence::{Evidence, EvidenceError};
pub use story::*;
pub use tails::Tail;
pub use words::{duration, identity, preflight_in_short, time_utc, way_back};

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CommonMark with tables, for a change ticket.
    Markdown,
    /// The [`Story`] as JSON, for programs.
    Json,
}

/// Writes the report of a run.
///
/// # Errors
///
/// An entry that cannot follow the ones before it.
pub fn report(evidence: &Evidence, format: Format) -> Result<String, EvidenceError> {
    let story = tell(evidence)?;
    match format {
        Format::Markdown => Ok(markdown::write(&story)),
        Format::Json => Ok(json_text(&story)?),
    }
}

/// Folds what a run left behind into what is reported of it.
///
/// # Errors
///
/// An entry that cannot follow the ones before it, and a journal without a first entry.
pub fn tell(evidence: &Evidence) -> Result<Story, EvidenceError> {
    teller::tell(evidence)
}

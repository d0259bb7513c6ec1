//! What can keep an engine from its work.

use std::io;
use std::path::{Path, PathBuf};

use crate::journal::JournalError;
use crate::names::{BadName, ParamName};
use crate::paths::PathError;
use crate::problem::Problem;
use crate::run::{Illegal, Refusal};
use crate::transport::NotADestination;

/// Says why an engine could not be started, or why it stopped before the run's end.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The journal could not be had, or takes nothing more.
    #[error("{source}{}", hint_of(.source))]
    Journal {
        /// What the journal says.
        #[from]
        source: JournalError,
    },
    /// A folder could not be had.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The system said no.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done, as in "create".
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What a step prints cannot be kept.
    #[error(
        "no room for what the step prints; make room, then attach again: nothing is lost (write {}: {source})",
        path.display()
    )]
    NoRoom {
        /// The output file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The run's folder has a journal, and no run was opened in it.
    #[error(
        "open {}: the run was never opened; whoever made it was interrupted, and nothing was done",
        .0.display()
    )]
    NeverOpened(PathBuf),
    /// The run has ended; nothing is left to do.
    #[error("open {}: this run has ended; `runsheet report` shows it", .0.display())]
    HasEnded(PathBuf),
    /// A record is not one that this version writes.
    #[error("read record {seq} of the journal: {source}; was it written by a newer version?")]
    Record {
        /// The record's number, from 0.
        seq: u64,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// A record cannot follow the ones before it.
    #[error("fold the journal: {0}")]
    Illegal(#[from] Illegal),
    /// What the engine must be able to record was refused.
    #[error("begin the run: {0}")]
    Refused(#[from] Refusal),
    /// The runbook's copy in the run's folder is not the one that the run was opened with.
    #[error("read {}: it is not the runbook that this run was opened with", .0.display())]
    OtherRunbook(PathBuf),
    /// The runbook's copy has problems.
    #[error("read {}: {}", path.display(), first_of(problems))]
    Runbook {
        /// The copy.
        path: PathBuf,
        /// What is wrong with it.
        problems: Vec<Problem>,
    },
    /// The run's secrets were in the memory of an engine that is gone.
    #[error(
        "this run needs {} again: secrets are kept in memory only",
        .0.iter().map(ParamName::as_str).collect::<Vec<_>>().join(", ")
    )]
    SecretsMissing(Vec<ParamName>),
    /// A machine cannot be reached in the way the plan says.
    #[error("reach {machine}: {source}")]
    Destination {
        /// The machine.
        machine: String,
        /// What is wrong with it.
        source: NotADestination,
    },
    /// A name could not be made.
    #[error("name the run: {0}")]
    Name(#[from] BadName),
    /// The engine's process ended before its socket answered.
    #[error("start the engine: {said}")]
    DidNotStart {
        /// What it said last.
        said: String,
    },
    /// The secrets could not be handed over.
    #[error(transparent)]
    Secrets(#[from] super::SecretsError),
}

impl EngineError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

fn hint_of(error: &JournalError) -> String {
    error
        .hint()
        .map_or_else(String::new, |hint| format!(" ({hint})"))
}

fn first_of(problems: &[Problem]) -> String {
    problems
        .first()
        .map_or_else(|| "it has problems".to_owned(), Problem::to_string)
}

//! What there is to report on.

use std::collections::BTreeMap;
use std::path::Path;

use crate::journal::{self, JournalError, Verdict};
use crate::run::{Entry, Event, Illegal};

use super::tails::{self, Tail};

/// What a run left behind.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Every entry, in order.
    pub entries: Vec<Entry>,
    /// What the verification of the journal said.
    pub verdict: Verdict,
    /// The last lines of output files, by name; one that cannot be read is not in it.
    pub tails: BTreeMap<String, Tail>,
}

/// Why nothing can be reported.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The journal cannot be read, or is not what was written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record is not an entry of this version.
    #[error("understand record {seq}: {why}")]
    Foreign {
        /// The record's number.
        seq: u64,
        /// What the parser said.
        why: serde_json::Error,
    },
    /// An entry cannot follow the ones before it.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The journal has no first record.
    #[error("the journal is empty: its engine died before it wrote the first record")]
    Empty,
    /// The report has no JSON form.
    #[error("write the report as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Evidence {
    /// Reads the entries of a run's folder, without the files that they commit to.
    ///
    /// # Errors
    ///
    /// A journal that cannot be read, is damaged, or is of another version.
    pub fn entries(folder: &Path) -> Result<Vec<Entry>, EvidenceError> {
        let records = journal::read(folder)?;
        records
            .iter()
            .map(|record| {
                serde_json::from_str(&record.json).map_err(|why| EvidenceError::Foreign {
                    seq: record.line - 1,
                    why,
                })
            })
            .collect()
    }

    /// Reads all that is in a run's folder, and verifies it.
    ///
    /// A file that is missing or differs from what was recorded does not stop the report; it is told in it.
    ///
    /// # Errors
    ///
    /// A journal that cannot be read, is damaged, or is of another version.
    pub fn gather(folder: &Path) -> Result<Self, EvidenceError> {
        // Verified first: entries that are written meanwhile are then more than what was verified, never less.
        let verdict = journal::verify_folder(folder, None)?;
        let mut entries = Self::entries(folder)?;
        let verified = usize::try_from(verdict.head.records).unwrap_or(usize::MAX);
        entries.truncate(verified);
        let tails = entries
            .iter()
            .filter_map(|entry| match &entry.event {
                Event::LegEnded { output, .. } | Event::LegUnknown { output, .. } => {
                    output.as_ref()
                }
                _ => None,
            })
            .filter_map(|output| {
                // The verdict names every file that is missing or cannot be read.
                let tail = tails::read(folder, &output.file).ok()?;
                Some((output.file.clone(), tail))
            })
            .collect();
        Ok(Self {
            entries,
            verdict,
            tails,
        })
    }
}

//! What can go wrong with a journal.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::chain::{Damage, MAX_JSON};
use super::hash::Head;

/// Says why a journal could not be created, opened, read or appended to.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The system said no.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done, as in "create".
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the journal open for writing.
    #[error("lock {}: another engine holds this run{}", path.display(), named(*pid))]
    Held {
        /// The journal.
        path: PathBuf,
        /// The process that holds it, where the system says so.
        pid: Option<u32>,
    },
    /// The folder is not private to the user who runs the engine.
    #[error("use {}: it is {what}", path.display())]
    Exposed {
        /// The run's folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// It is a folder, a pipe, a device, anything but a file.
    #[error("read {}: it is not a regular file", path.display())]
    NotAFile {
        /// What was to be read.
        path: PathBuf,
    },
    /// The journal is not what was written.
    #[error("verify {}: {damage}", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Where it first differs.
        damage: Damage,
    },
    /// The record cannot be one; nothing was written, and the journal goes on.
    #[error("append a record: {0}")]
    Rejected(#[from] Rejection),
    /// A write or a sync failed, now or before; this journal takes nothing more.
    #[error(transparent)]
    Poisoned(#[from] Poison),
}

impl JournalError {
    pub(super) fn io(doing: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        JournalError::Io {
            doing,
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// Says what a person might try; `None` when there is nothing better than the error itself.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            JournalError::Io { source, .. } => match source.kind() {
                io::ErrorKind::AlreadyExists => {
                    Some("this run has begun before; open it instead of creating it")
                }
                io::ErrorKind::NotFound => Some("is this the folder of a run?"),
                io::ErrorKind::PermissionDenied => Some("does this run belong to another user?"),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Some("make room on this file system, then open the run again")
                }
                _ => None,
            },
            JournalError::Held { .. } => Some(
                "attach to the run instead, its engine is still there; one that was stopped goes on after \
                 `kill -CONT`, and after `kill -9` attaching starts another",
            ),
            JournalError::Exposed { .. } => {
                Some("the folder of a run belongs to you alone: chown and chmod 700 it")
            }
            JournalError::NotAFile { .. } => Some("somebody put something else in its place"),
            JournalError::Damaged { .. } => Some(
                "keep the folder as it is and compare it with a copy; the records before the \
                 damage can be read, and `verify --head` tells how far a head kept elsewhere reaches",
            ),
            JournalError::Rejected(_) => None,
            JournalError::Poisoned(poison)
                if matches!(
                    poison.source.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                ) =>
            {
                Some("make room on this file system, then open the run again")
            }
            JournalError::Poisoned(poison) if poison.doing == Poison::FIND => Some(
                "if it was moved, move it back; then open the run again, which verifies every record",
            ),
            JournalError::Poisoned(_) => Some(
                "look at the disk; then open the run again, which reads back what is really on it",
            ),
        }
    }
}

/// Says why bytes cannot be a record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    /// A record is one line.
    #[error("its JSON has a newline in it")]
    Newline,
    /// It is longer than [`MAX_JSON`].
    #[error("its JSON has {0} bytes, and {MAX_JSON} are the most")]
    TooLong(usize),
    /// It is not one JSON object; the text says why.
    #[error("it is not one JSON object: {0}")]
    NotAnObject(String),
}

/// Is the first error of a journal's disk, given again to every later call.
///
/// After a failed fdatasync the kernel may drop the bytes and call the next fdatasync a success, so
/// there is nothing to try again on the same file (measured on ext4, xfs and btrfs).
#[derive(Clone, Debug, Error)]
#[error(
    "{doing} {}: {source}; the last record on disk is number {}, head {}",
    path.display(), durable.records, durable.hash
)]
pub struct Poison {
    /// What was being done: "write", "sync", or [`Poison::FIND`].
    pub doing: &'static str,
    /// The journal.
    pub path: PathBuf,
    /// What the system said.
    pub source: Arc<io::Error>,
    /// The last record that is known to be on disk.
    pub durable: Head,
}

impl Poison {
    /// Looking whether the journal is still the file that was opened.
    pub const FIND: &str = "find";
}

fn named(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(", process {pid}"))
}

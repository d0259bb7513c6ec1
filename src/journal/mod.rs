//! The append-only, hash-chained record of a run.
//!
//! A record is bytes here: one JSON object on one line, chained to the record before it. What the
//! object means is the business of `run`. `docs/journal.md` is the format, written so that a
//! verifier can be made without this code; `tests/verify_journal.py` is one that was.
//!
//! - [`Journal`] writes: it locks, verifies what is there, repairs a torn tail and appends durably.
//! - [`read`] reads a journal, also a live one, without the lock.
//! - [`verify`] and [`verify_folder`] say what a stranger can and cannot conclude from one.

mod chain;
mod claim;
mod disk;
mod error;
mod files;
mod folder;
mod hash;
mod lock;
mod place;
mod read;
mod reserve;
mod tail;
mod verdict;
mod verify;
mod writer;

pub use chain::{Damage, Fault, MAX_JSON, Record, Tail};
pub use claim::is_file_name;
pub use disk::Disk;
pub use error::{JournalError, Poison, Rejection};
pub use files::{FileFault, FileProblem, Files};
pub use folder::create_folder;
pub use hash::{Hash, Head, NotAHash};
pub use read::{read, read_bytes};
pub use reserve::Room;
pub use tail::Torn;
pub use verify::{HeadAnswer, Verdict, verify, verify_folder};
pub use writer::{Journal, Opened};

/// The journal's name inside a run's folder.
pub const FILE: &str = "journal";

/// The name, inside a run's folder, of the folder of recorded outputs.
pub const OUTPUT: &str = "output";

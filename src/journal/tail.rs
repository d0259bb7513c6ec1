//! Cutting off an unfinished last record.

use std::fs::File;
use std::io::Write;

use super::FILE;
use super::chain::Tail;
use super::error::JournalError;
use super::folder::Folder;

/// What the names of saved tails begin with; a number from 1 follows.
const SAVED: &str = "torn-";

/// Is an unfinished last record that was saved aside and cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Where it began, in bytes from the start of the journal.
    pub offset: u64,
    /// How many bytes there were.
    pub bytes: u64,
    /// The name of the file in the run's folder that has them now.
    pub saved_as: String,
}

/// Lists the tails saved in a folder, by their numbers, lowest first.
pub(super) fn saved(folder: &Folder) -> Result<Vec<u64>, JournalError> {
    let mut numbers: Vec<u64> = folder
        .names()?
        .iter()
        .filter_map(|found| {
            let number = found.to_str().ok()?.strip_prefix(SAVED)?.parse().ok()?;
            // Not `torn-07`, nor `torn-+7`: those are somebody else's.
            (name(number).as_bytes() == found.as_bytes()).then_some(number)
        })
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

pub(super) fn name(number: u64) -> String {
    format!("{SAVED}{number}")
}

/// Saves a tail as `torn-<number>`, durably, and then cuts it off the journal, durably.
///
/// A crash in between leaves a copy and an uncut journal; the next opening saves it once more.
pub(super) fn cut(
    folder: &Folder,
    journal: &File,
    tail: Tail,
    bytes: &[u8],
    number: u64,
) -> Result<Torn, JournalError> {
    let saved_as = name(number);
    let path = folder.path_of(&saved_as);
    let mut copy = folder.create_file(&saved_as)?;
    copy.write_all(bytes)
        .map_err(|error| JournalError::io("write", &path, error))?;
    copy.sync_all()
        .map_err(|error| JournalError::io("sync", &path, error))?;
    folder.sync()?;

    let path = folder.path_of(FILE);
    journal
        .set_len(tail.offset)
        .map_err(|error| JournalError::io("cut", &path, error))?;
    journal
        .sync_all()
        .map_err(|error| JournalError::io("sync", &path, error))?;
    Ok(Torn {
        offset: tail.offset,
        bytes: tail.bytes,
        saved_as,
    })
}

//! Reading a journal without owning it.

use std::io::Read;
use std::path::Path;

use super::FILE;
use super::chain::{Chain, Damage, Record};
use super::error::JournalError;
use super::folder::Folder;

/// Reads the journal in a run's folder, without the lock and without changing anything.
///
/// A journal in use may end in the middle of a record; that one is left out. The last record of
/// such a journal may not be on disk yet, so this is for looking, not for deciding. Fails when the
/// journal cannot be read ([`JournalError::Io`], [`JournalError::NotAFile`]) or is damaged.
pub fn read(folder: &Path) -> Result<Vec<Record>, JournalError> {
    let folder = Folder::open(folder)?;
    read_bytes(&bytes(&folder)?).map_err(|damage| JournalError::Damaged {
        path: folder.path_of(FILE),
        damage,
    })
}

/// Reads a journal from its bytes, leaving out an unfinished last record.
pub fn read_bytes(bytes: &[u8]) -> Result<Vec<Record>, Damage> {
    let mut chain = Chain::new(bytes);
    let records = chain.by_ref().map(|line| line.to_record()).collect();
    match chain.end().damage {
        Some(damage) => Err(damage),
        None => Ok(records),
    }
}

/// Reads the bytes of the journal in a folder.
pub(super) fn bytes(folder: &Folder) -> Result<Vec<u8>, JournalError> {
    let mut bytes = Vec::new();
    folder
        .read_file(FILE)?
        .read_to_end(&mut bytes)
        .map_err(|error| JournalError::io("read", &folder.path_of(FILE), error))?;
    Ok(bytes)
}

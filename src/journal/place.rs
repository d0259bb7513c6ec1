//! Whether a journal is still where it was opened.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use super::FILE;
use super::error::JournalError;
use super::folder::Folder;

/// Knows the file that a journal was opened as, and the folder that it must be found in.
///
/// A file that was removed takes records and syncs as before, and loses them all with its last descriptor.
pub(super) struct Place {
    folder: Folder,
    device: u64,
    inode: u64,
}

impl Place {
    /// Notes where an open journal is.
    pub fn of(folder: Folder, file: &File) -> Result<Self, JournalError> {
        let about = file
            .metadata()
            .map_err(|error| JournalError::io("look at", &folder.path_of(FILE), error))?;
        Ok(Self {
            folder,
            device: about.dev(),
            inode: about.ino(),
        })
    }

    /// Fails where the name in the folder is not this file's any more.
    pub fn check(&self) -> io::Result<()> {
        match self.folder.identity(FILE) {
            Ok(found) if found == (self.device, self.inode) => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(_) => Err(io::Error::other(
                "somebody put another file in its place while the engine had it open",
            )),
            Err(_) => Err(io::Error::other(
                "somebody removed or moved it while the engine had it open",
            )),
        }
    }
}

//! The lock that makes a journal one engine's.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::JournalError;

/// Locks an open journal, with flock(2), until the last descriptor of this opening is closed.
///
/// An engine that was stopped holds it as one that works does: asleep is not dead.
pub(super) fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => JournalError::Held {
            path: path.to_owned(),
            pid: holder(file),
        },
        TryLockError::Error(error) => JournalError::io("lock", path, error),
    })
}

/// The process that took the lock, after proc(5), `/proc/locks`; none where that is not told, as from within a
/// container.
fn holder(file: &File) -> Option<u32> {
    let about = file.metadata().ok()?;
    let (device, inode) = (about.dev(), about.ino());
    let of = format!(
        "{:02x}:{:02x}:{inode}",
        rustix::fs::major(device),
        rustix::fs::minor(device)
    );
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip_while(|word| *word != "FLOCK");
        let pid = words.nth(3)?;
        (words.next()? == of).then(|| pid.parse().ok()).flatten()
    })
}

//! Syncs a long output while it grows, so that the sync at its end has little left to wait for.

use std::fs::File;
use std::io;
use std::thread::JoinHandle;

/// How much has to be new before it is synced, in bytes. What is shorter is synced once, at its end.
const MUCH: u64 = 64 << 20;

/// At most one sync under way, on a thread of its own: whoever takes the bytes does not wait for the disk.
///
/// Advice to the kernel to begin with the writing (`POSIX_FADV_DONTNEED`) was tried and gives less: the
/// disk's own cache is then still flushed at the end, in one go.
#[derive(Default)]
pub(super) struct Early {
    synced: u64,
    under_way: Option<JoinHandle<io::Result<()>>>,
}

impl Early {
    /// Says how long the file is now.
    ///
    /// # Errors
    ///
    /// What an earlier sync met. The kernel tells an error once and a later sync may know nothing of it, so this one
    /// ends the recording as the last one would.
    pub fn reached(&mut self, length: u64, file: &File) -> io::Result<()> {
        if length.saturating_sub(self.synced) < MUCH {
            return Ok(());
        }
        if self
            .under_way
            .as_ref()
            .is_some_and(|sync| !sync.is_finished())
        {
            return Ok(());
        }
        self.end()?;
        self.synced = length;
        let file = file.try_clone()?;
        let sync = std::thread::Builder::new()
            .name("early sync".into())
            .spawn(move || file.sync_data())?;
        self.under_way = Some(sync);
        Ok(())
    }

    /// Waits for the sync that is under way.
    ///
    /// # Errors
    ///
    /// As [`Early::reached`].
    pub fn end(&mut self) -> io::Result<()> {
        match self.under_way.take().map(JoinHandle::join) {
            Some(Ok(synced)) => synced,
            Some(Err(_)) => Err(io::Error::other("the thread of a sync died")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that cannot be synced: a pipe.
    fn unsyncable() -> File {
        let (_reading, writing) = io::pipe().unwrap();
        File::from(std::os::fd::OwnedFd::from(writing))
    }

    #[test]
    fn a_sync_that_failed_on_the_way_is_told_at_the_end() {
        let mut early = Early::default();
        early.reached(MUCH, &unsyncable()).unwrap();
        assert!(early.end().is_err());
    }

    #[test]
    fn a_sync_that_failed_on_the_way_is_told_with_the_next_piece() {
        let mut early = Early::default();
        early.reached(MUCH, &unsyncable()).unwrap();
        while early
            .under_way
            .as_ref()
            .is_some_and(|sync| !sync.is_finished())
        {
            std::thread::yield_now();
        }
        assert!(early.reached(2 * MUCH, &unsyncable()).is_err());
    }

    #[test]
    fn a_short_output_is_left_to_the_sync_at_its_end() {
        let mut early = Early::default();
        early.reached(MUCH - 1, &unsyncable()).unwrap();
        assert!(early.under_way.is_none());
        early.end().unwrap();
    }

    #[test]
    fn an_output_of_an_earlier_engine_is_synced_with_the_rest() {
        let file = tempfile::tempfile().unwrap();
        let mut early = Early::default();
        early.reached(5 * MUCH, &file).unwrap();
        assert_eq!(early.synced, 5 * MUCH);
        early.end().unwrap();
    }
}

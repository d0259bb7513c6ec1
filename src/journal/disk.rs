//! The seam between a journal and the disk, so that tests can break the disk.

use std::fs::File;
use std::io::{self, Write};

use rustix::fs::FallocateFlags;

/// Is what a journal needs of an open file: to add bytes at its end, and to know that they are safe.
pub trait Disk: Send {
    /// Adds some of the bytes at the end and says how many, as write(2) does.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Returns when all that was written would survive a power cut, as fdatasync(2) does.
    fn sync(&mut self) -> io::Result<()>;

    /// Makes the room of so many bytes at `from` ours and leaves the length as it is, as fallocate(2) does
    /// with FALLOC_FL_KEEP_SIZE. Room that is ours already costs nothing.
    fn reserve(&mut self, _from: u64, _bytes: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Says how many bytes are left to this user, where that can be known.
    fn left(&mut self) -> Option<u64> {
        None
    }
}

impl Disk for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn reserve(&mut self, from: u64, bytes: u64) -> io::Result<()> {
        let reserve = || rustix::fs::fallocate(&*self, FallocateFlags::KEEP_SIZE, from, bytes);
        Ok(rustix::io::retry_on_intr(reserve)?)
    }

    fn left(&mut self) -> Option<u64> {
        let about = rustix::fs::fstatvfs(&*self).ok()?;
        // Root has some blocks to itself; a file system that has no blocks counts in another way.
        let blocks = match rustix::process::geteuid().is_root() {
            true => about.f_bfree,
            false => about.f_bavail,
        };
        (about.f_blocks > 0).then(|| blocks.saturating_mul(about.f_frsize))
    }
}

/// Writes all the bytes, or says why not.
///
/// An interrupted write is tried again: it wrote nothing. `Write::write_all` would do the same, but the
/// trait here is smaller on purpose.
pub(super) fn write_all(disk: &mut dyn Disk, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match disk.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

//! The seam between a journal and the disk, so that tests can break the disk.

use std::fs::File;
use std::io::{self, Write};

/// Is what a journal needs of an open file: to add bytes at its end, and to know that they are safe.
pub trait Disk: Send {
    /// Adds some of the bytes at the end and says how many, as write(2) does.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Returns when all that was written would survive a power cut, as fdatasync(2) does.
    fn sync(&mut self) -> io::Result<()>;
}

impl Disk for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
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

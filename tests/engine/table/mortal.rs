//! A journal's disk under which its engine dies at one record.

use std::fs::File;
use std::io;
use std::panic::resume_unwind;

use runsheet::journal::Disk;

/// What is left of the record at which the engine dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing was written.
    Unwritten,
    /// It was written, and the power went before it was synced.
    Lost,
    /// The same, and half of it got there.
    Torn,
    /// The same, and it got there all the same.
    Kept,
    /// It was synced, and nothing was done on it.
    Synced,
    /// Nobody died: the disk says that this and all that follows is safe, and keeps nothing. For a control.
    Swallowed,
}

/// A disk, and the first record of a kind that its engine dies at.
pub struct Mortal {
    file: File,
    death: Option<(&'static str, Left)>,
    dying: bool,
}

impl Mortal {
    /// A good disk where there is no death.
    pub fn on(file: File, death: Option<(&'static str, Left)>) -> Box<dyn Disk> {
        Box::new(Self {
            file,
            death,
            dying: false,
        })
    }

    fn is_it(&self, bytes: &[u8]) -> bool {
        let Some((kind, _)) = self.death else {
            return false;
        };
        let kind = format!("\"kind\":\"{kind}\"");
        bytes.windows(kind.len()).any(|w| w == kind.as_bytes())
    }
}

impl Disk for Mortal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.dying |= self.is_it(bytes);
        let Some((_, left)) = self.death.filter(|_| self.dying) else {
            return Disk::write(&mut self.file, bytes);
        };
        let written = match left {
            Left::Unwritten => die(),
            Left::Lost | Left::Swallowed => 0,
            Left::Torn => bytes.len() / 2,
            Left::Kept | Left::Synced => bytes.len(),
        };
        Disk::write(&mut self.file, &bytes[..written])?;
        Ok(bytes.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        match self.death.filter(|_| self.dying) {
            None => Disk::sync(&mut self.file),
            Some((_, Left::Swallowed)) => Ok(()),
            Some((_, left)) => {
                if left == Left::Synced {
                    Disk::sync(&mut self.file)?;
                }
                die()
            }
        }
    }

    fn reserve(&mut self, from: u64, bytes: u64) -> io::Result<()> {
        Disk::reserve(&mut self.file, from, bytes)
    }

    fn left(&mut self) -> Option<u64> {
        Disk::left(&mut self.file)
    }
}

/// Ends the engine's task where it stands, as a kill would, and says nothing of it.
fn die() -> ! {
    resume_unwind(Box::new("the engine was killed"))
}

//! The one writer of a journal.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::Advice;

use super::FILE;
use super::chain::{Chain, MAX_JSON, Record};
use super::claim;
use super::disk::{self, Disk};
use super::error::{JournalError, Poison, Rejection};
use super::folder::Folder;
use super::hash::Head;
use super::lock::lock;
use super::place::Place;
use super::reserve::{Reserve, Room};
use super::tail::{self, Torn};

/// Holds the journal of one run: nobody else may write to it while this lives.
///
/// The lock is flock(2) on the journal itself, so that it ends with the process, however that ends.
pub struct Journal {
    disk: Box<dyn Disk>,
    path: PathBuf,
    head: Head,
    /// How many bytes there are.
    length: u64,
    reserve: Reserve,
    /// None on a disk of a test, which is nowhere.
    place: Option<Place>,
    poison: Option<Poison>,
}

/// Is what was found in a journal when it was opened.
#[derive(Debug)]
#[must_use = "a tail that was cut off has to be recorded"]
pub struct Opened {
    /// All records, in order, verified. Empty when the engine died before the first.
    pub records: Vec<Record>,
    /// The unfinished record that was cut off now, for the engine to record.
    pub torn: Option<Torn>,
    /// The names of all saved tails in the folder, this one's included, oldest first. One that no
    /// record mentions was cut off by an engine that died before it could say so.
    pub saved: Vec<String>,
}

impl Journal {
    /// Begins a journal in the folder of a new run, and makes its name durable.
    ///
    /// Fails with [`JournalError::Exposed`] when the folder is not private, with
    /// [`JournalError::Io`] (kind `AlreadyExists`) when it has a journal.
    pub fn create(folder: &Path) -> Result<Journal, JournalError> {
        let folder = Folder::open_private(folder)?;
        let file = folder.create_journal(FILE)?;
        let path = folder.path_of(FILE);
        lock(&file, &path)?;
        folder.sync()?;
        let place = Some(Place::of(folder, &file)?);
        Ok(Journal {
            place,
            ..Journal::with_disk(file, path, Head::START)
        })
    }

    /// Opens the journal of a run that began before, verifies all of it and cuts off a torn tail.
    ///
    /// Fails with [`JournalError::Held`] when another engine has it, and with
    /// [`JournalError::Damaged`], changing nothing, when it is not what was written.
    pub fn open(folder: &Path) -> Result<(Journal, Opened), JournalError> {
        Self::open_on(folder, |file| Box::new(file))
    }

    /// The same, with `between` standing between the journal and its open file from the first append on:
    /// for those who test what happens when a disk fails or lies.
    ///
    /// Fails as [`Journal::open`].
    pub fn open_on(
        folder: &Path,
        between: impl FnOnce(File) -> Box<dyn Disk>,
    ) -> Result<(Journal, Opened), JournalError> {
        let folder = Folder::open_private(folder)?;
        let mut file = folder.append_file(FILE)?;
        let path = folder.path_of(FILE);
        lock(&file, &path)?;
        let bytes = read_from_disk(&mut file, &path)?;

        let mut chain = Chain::new(&bytes);
        let records = chain.by_ref().map(|line| line.to_record()).collect();
        let end = chain.end();
        if let Some(damage) = end.damage {
            return Err(JournalError::Damaged { path, damage });
        }

        let mut saved = tail::saved(&folder)?;
        let torn = match end.tail {
            Some(torn) => {
                let number = saved.last().map_or(1, |last| last.saturating_add(1));
                saved.push(number);
                let (_, rest) = bytes.split_at(bytes.len() - torn.bytes as usize);
                Some(tail::cut(&folder, &file, torn, rest, number)?)
            }
            None => None,
        };
        let opened = Opened {
            records,
            torn,
            saved: saved.into_iter().map(tail::name).collect(),
        };
        let length = opened
            .torn
            .as_ref()
            .map_or(bytes.len() as u64, |torn| torn.offset);
        let place = Some(Place::of(folder, &file)?);
        let journal = Journal {
            length,
            place,
            ..Journal::on(between(file), path, end.head)
        };
        Ok((journal, opened))
    }

    /// Continues a chain on any disk, for those who test what happens when one fails.
    ///
    /// `path` is only for messages.
    pub fn with_disk(disk: impl Disk + 'static, path: PathBuf, head: Head) -> Journal {
        Self::on(Box::new(disk), path, head)
    }

    fn on(disk: Box<dyn Disk>, path: PathBuf, head: Head) -> Journal {
        Journal {
            disk,
            path,
            head,
            length: 0,
            reserve: Reserve::default(),
            place: None,
            poison: None,
        }
    }

    /// Gives the last record that is on disk.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Gives the folder of the run, for messages.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// Says whether there is room for something new, asking the disk anew.
    ///
    /// Where there is not, outcomes of what is under way can still be appended: they have a reserve.
    pub fn room(&mut self) -> Room {
        self.reserve.room(&mut *self.disk, self.length)
    }

    /// Adds one record and returns when it would survive a power cut.
    ///
    /// Fails with [`JournalError::Rejected`], having written nothing, when the bytes are not one
    /// JSON object on one line of at most [`MAX_JSON`] bytes. The first error of the disk gives
    /// [`JournalError::Poisoned`], and so does every call after it, without touching the disk again.
    pub fn append(&mut self, json: &[u8]) -> Result<Head, JournalError> {
        if let Some(poison) = &self.poison {
            return Err(poison.clone().into());
        }
        check(json)?;
        let head = Head {
            records: self.head.records + 1,
            hash: self.head.hash.after(json),
        };
        let mut line = format!("{} ", head.hash).into_bytes();
        line.extend_from_slice(json);
        line.push(b'\n');

        match self.write(&line) {
            Ok(()) => {
                self.head = head;
                self.length += line.len() as u64;
                Ok(head)
            }
            Err((doing, error)) => {
                let poison = Poison {
                    doing,
                    path: self.path.clone(),
                    source: Arc::new(error),
                    durable: self.head,
                };
                self.poison = Some(poison.clone());
                Err(poison.into())
            }
        }
    }

    /// Writes a line and makes it durable; the error says in what.
    fn write(&mut self, line: &[u8]) -> Result<(), (&'static str, io::Error)> {
        if let Some(place) = &self.place {
            place.check().map_err(|error| (Poison::FIND, error))?;
        }
        self.reserve
            .keep(&mut *self.disk, self.length, line.len() as u64);
        disk::write_all(&mut *self.disk, line).map_err(|error| ("write", error))?;
        self.disk.sync().map_err(|error| ("sync", error))
    }
}

fn check(json: &[u8]) -> Result<(), Rejection> {
    if json.len() > MAX_JSON {
        return Err(Rejection::TooLong(json.len()));
    }
    if json.contains(&b'\n') {
        return Err(Rejection::Newline);
    }
    claim::object(json).map_err(Rejection::NotAnObject)?;
    Ok(())
}

/// Reads a journal as a power cut would leave it.
///
/// The engine before may have died between its write and its sync, or on a sync that failed, after
/// which the page cache still shows bytes that the disk never got. So: sync what can be, drop what the
/// cache has, and read again. What is then read is on disk, and may be believed and shown.
fn read_from_disk(file: &mut File, path: &Path) -> Result<Vec<u8>, JournalError> {
    file.sync_all()
        .map_err(|error| JournalError::io("sync", path, error))?;
    rustix::fs::fadvise(&*file, 0, None, Advice::DontNeed)
        .map_err(|error| JournalError::io("read anew", path, error))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|error| JournalError::io("read", path, error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;

//! Keeps what a leg prints: the bytes as they came, with secrets masked, and their times beside them.
//!
//! What a leg prints on this very machine is in a file already, the one in the spool. Where nothing is to be
//! masked, that file is linked and not copied: it grows by itself, and only its digest and times are made
//! here. The copy is made after all where a link cannot be had, as between file systems, and at the end
//! where nobody can prove that nothing writes to the file any more.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};

use crate::clock::{Clock, Timestamp};
use crate::kinds::hex;
use crate::run::Output;
use crate::transport::Chunk;

use super::mask::{Mask, Masker};
use early::Early;

mod early;

/// The most that a later leg gets of what an earlier one printed, in bytes.
const PRINTED: u64 = 64 * 1024;

/// Writes one output file. A file of an earlier engine is gone on with.
pub(super) struct Recorder {
    folder: PathBuf,
    name: String,
    /// The same bytes in a file of this machine's spool, where they may be linked.
    spool: Option<PathBuf>,
    /// Made with the first byte: a leg that prints nothing leaves no file.
    files: Option<Files>,
    masker: Option<Masker>,
    early: Early,
    sum: Sha256,
    length: u64,
    /// The place in the machine's output of the next byte that is wanted.
    next: u64,
    since: Timestamp,
    clock: Clock,
}

struct Files {
    output: File,
    times: File,
    /// Whether the output is the spool's own file, which is written to elsewhere and only read here.
    linked: bool,
}

impl Recorder {
    /// Begins the file `name` in `folder`, or goes on with it. Times are counted from `since`. `spool` is the
    /// file of this machine that has the same bytes; it is not used where something is to be masked.
    ///
    /// # Errors
    ///
    /// A file that is there and cannot be read.
    pub fn open(
        folder: &Path,
        name: &str,
        mask: &Mask,
        since: Timestamp,
        clock: &Clock,
        spool: Option<PathBuf>,
    ) -> io::Result<Self> {
        let mut recorder = Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            spool: spool.filter(|_| mask.is_empty()),
            files: None,
            masker: None,
            early: Early::default(),
            sum: Sha256::new(),
            length: 0,
            next: 0,
            since,
            clock: clock.clone(),
        };
        match open(&folder.join(name), OFlags::RDONLY) {
            Ok(file) => {
                // No further than it is long now: a linked file may grow as fast as it is read.
                let now = file.metadata()?.len();
                let linked = recorder.is_the_spools(&file);
                recorder.length = io::copy(&mut (&file).take(now), &mut recorder.sum)?;
                recorder.files = Some(match linked {
                    true => recorder.with_times(file, true)?,
                    false => recorder.append()?,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        recorder.next = recorder.length;
        if !mask.is_empty() {
            // A value may have begun in what is kept already, so that much is asked for again.
            let reach = u64::try_from(mask.reach()).unwrap_or(u64::MAX);
            let again = reach.min(recorder.length);
            recorder.next -= again;
            let skip = usize::try_from(again).unwrap_or(usize::MAX);
            recorder.masker = Some(Masker::new(mask.clone(), skip));
        }
        Ok(recorder)
    }

    /// The place in the machine's output of the next byte that is wanted.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// How long the file is.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Keeps a piece. What came before is passed over.
    ///
    /// # Errors
    ///
    /// A file that cannot be written, and a piece that leaves a gap.
    pub fn take(&mut self, chunk: &Chunk) -> io::Result<()> {
        let Some(known) = self.next.checked_sub(chunk.offset) else {
            let gap = format!("bytes {} to {} are missing", self.next, chunk.offset);
            return Err(io::Error::new(io::ErrorKind::InvalidData, gap));
        };
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        let Some(fresh) = chunk.bytes.get(known..).filter(|fresh| !fresh.is_empty()) else {
            return Ok(());
        };
        self.next += fresh.len() as u64;
        match &mut self.masker {
            None => self.keep(fresh),
            Some(masker) => {
                let masked = masker.push(fresh);
                self.keep(&masked)
            }
        }
    }

    /// Makes what was kept durable and says what it is; none where nothing was printed. `complete` says that
    /// the machine has proved the end: the spool's file is never written to again.
    ///
    /// # Errors
    ///
    /// A file that cannot be written or synced, and one that changed behind our back.
    pub fn finish(mut self, complete: bool) -> io::Result<Option<Output>> {
        if let Some(masker) = &mut self.masker {
            let rest = masker.finish();
            self.keep(&rest)?;
        }
        let Some(mut files) = self.files.take() else {
            return Ok(None);
        };
        self.early.end()?;
        files.times.flush()?;
        let sum = hex(&self.sum.clone().finalize());
        // Without that proof, what looks like a file of our own may be the spool's, if that was wiped.
        let private = self.spool.is_none() || (complete && !files.linked);
        let as_kept = || Ok::<_, io::Error>(files.output.metadata()?.len() == self.length);
        if private || (complete && as_kept()?) {
            files.output.sync_all()?;
        } else {
            self.copy_apart(&files.output, &sum)?;
        }
        File::open(&self.folder)?.sync_all()?;
        Ok(Some(Output {
            file: self.name,
            bytes: self.length,
            sha256: sum,
        }))
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut files = match self.files.take() {
            Some(files) => files,
            None => match self.link()? {
                Some(linked) => linked,
                None => self.append()?,
            },
        };
        if !files.linked {
            files.output.write_all(bytes)?;
        }
        self.sum.update(bytes);
        self.length += bytes.len() as u64;
        let now = self.clock.now().as_microsecond();
        let elapsed = now.saturating_sub(self.since.as_microsecond()).max(0);
        writeln!(files.times, "{elapsed} {}", self.length)?;
        self.early.reached(self.length, &files.output)?;
        self.files = Some(files);
        Ok(())
    }

    /// Opens the file to be written to.
    fn append(&self) -> io::Result<Files> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
        self.with_times(open(&self.path(), flags)?, false)
    }

    /// Gives the spool's file a second name, in our folder; none where that cannot be.
    fn link(&self) -> io::Result<Option<Files>> {
        let Some(spool) = &self.spool else {
            return Ok(None);
        };
        // Another file system, a file system without links, no spool any more: there is always the copy.
        if std::fs::hard_link(spool, self.path()).is_err() {
            return Ok(None);
        }
        let output = open(&self.path(), OFlags::RDONLY)?;
        output.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        self.with_times(output, true).map(Some)
    }

    fn with_times(&self, output: File, linked: bool) -> io::Result<Files> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
        let times = self.folder.join(format!("{}.times", self.name));
        Ok(Files {
            output,
            times: open(&times, flags)?,
            linked,
        })
    }

    /// Whether an open file is the one in the spool.
    fn is_the_spools(&self, file: &File) -> bool {
        let same = |spool: &PathBuf| {
            let (ours, theirs) = (
                file.metadata().ok()?,
                std::fs::symlink_metadata(spool).ok()?,
            );
            Some((ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()))
        };
        self.spool.as_ref().and_then(same).unwrap_or(false)
    }

    /// Puts a copy of what was counted in the place of a file that somebody else may still write to.
    fn copy_apart(&self, from: &File, sum: &str) -> io::Result<()> {
        let apart = self.folder.join(format!("{}.part", self.name));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
        let mut copy = Summed {
            file: open(&apart, flags)?,
            sum: Sha256::new(),
        };
        // Its own place in the file: `from` may be open for writing only.
        let whole = open(&self.path(), OFlags::RDONLY)?;
        let same = (whole.metadata()?.dev(), whole.metadata()?.ino())
            == (from.metadata()?.dev(), from.metadata()?.ino());
        let copied = io::copy(&mut whole.take(self.length), &mut copy)?;
        if !same || copied != self.length || hex(&copy.sum.finalize()) != sum {
            let what = format!("output/{} is not any more what was read of it", self.name);
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        copy.file.sync_all()?;
        std::fs::rename(&apart, self.path())
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

/// A file that is summed up as it is written.
struct Summed {
    file: File,
    sum: Sha256,
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What an earlier leg printed, for the environment of a later one: without blanks around it, at most
/// 64 KiB, and empty where there is no such file.
///
/// # Errors
///
/// A file that is there and cannot be read.
pub(super) fn printed(folder: &Path, name: &str) -> io::Result<String> {
    let file = match open(&folder.join(name), OFlags::RDONLY) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(PRINTED).read_to_end(&mut bytes)?;
    // No shell can carry a zero byte.
    bytes.retain(|byte| *byte != 0);
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// Opens a file of this user's alone, never through a symbolic link.
pub(super) fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let opening = || rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR);
    let file = File::from(rustix::io::retry_on_intr(opening)?);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        )),
    }
}

#[cfg(test)]
mod tests;

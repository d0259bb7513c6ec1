//! Keeps what a leg prints: the bytes as they came, with secrets masked, and their times beside them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};

use crate::clock::{Clock, Timestamp};
use crate::kinds::hex;
use crate::run::Output;
use crate::transport::Chunk;

use super::mask::{Mask, Masker};

/// The most that a later leg gets of what an earlier one printed, in bytes.
const PRINTED: u64 = 64 * 1024;

/// Writes one output file. A file of an earlier engine is gone on with.
pub(super) struct Recorder {
    folder: PathBuf,
    name: String,
    /// Made with the first byte: a leg that prints nothing leaves no file.
    files: Option<Files>,
    masker: Option<Masker>,
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
}

impl Recorder {
    /// Begins the file `name` in `folder`, or goes on with it. Times are counted from `since`.
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
    ) -> io::Result<Self> {
        let mut recorder = Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            files: None,
            masker: None,
            sum: Sha256::new(),
            length: 0,
            next: 0,
            since,
            clock: clock.clone(),
        };
        match open(&folder.join(name), OFlags::RDONLY) {
            Ok(mut file) => {
                recorder.length = io::copy(&mut file, &mut recorder.sum)?;
                recorder.files = Some(recorder.create()?);
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

    /// Makes what was kept durable and says what it is; none where nothing was printed.
    ///
    /// # Errors
    ///
    /// A file that cannot be written or synced.
    pub fn finish(mut self) -> io::Result<Option<Output>> {
        if let Some(masker) = &mut self.masker {
            let rest = masker.finish();
            self.keep(&rest)?;
        }
        let Some(mut files) = self.files else {
            return Ok(None);
        };
        files.times.flush()?;
        files.output.sync_all()?;
        File::open(&self.folder)?.sync_all()?;
        Ok(Some(Output {
            file: self.name,
            bytes: self.length,
            sha256: hex(&self.sum.finalize()),
        }))
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut files = match self.files.take() {
            Some(files) => files,
            None => self.create()?,
        };
        files.output.write_all(bytes)?;
        self.sum.update(bytes);
        self.length += bytes.len() as u64;
        let now = self.clock.now().as_microsecond();
        let elapsed = now.saturating_sub(self.since.as_microsecond()).max(0);
        writeln!(files.times, "{elapsed} {}", self.length)?;
        self.files = Some(files);
        Ok(())
    }

    fn create(&self) -> io::Result<Files> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
        Ok(Files {
            output: open(&self.folder.join(&self.name), flags)?,
            times: open(&self.folder.join(format!("{}.times", self.name)), flags)?,
        })
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
    let file = File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(offset: u64, text: &str) -> Chunk {
        Chunk {
            offset,
            bytes: text.as_bytes().to_vec(),
        }
    }

    fn recorder(folder: &Path, mask: &Mask) -> Recorder {
        let clock = Clock::held_at(10);
        Recorder::open(folder, "s.1.m.0", mask, clock.now(), &clock).unwrap()
    }

    #[test]
    fn an_output_goes_on_where_an_earlier_engine_left_it() {
        let temp = tempfile::tempdir().unwrap();
        let mut first = recorder(temp.path(), &Mask::default());
        first.take(&chunk(0, "one ")).unwrap();
        drop(first);
        let mut second = recorder(temp.path(), &Mask::default());
        assert_eq!(second.next(), 4);
        second.take(&chunk(2, "e two")).unwrap();
        second.take(&chunk(0, "one")).unwrap();
        assert!(second.take(&chunk(100, "x")).is_err(), "a gap");
        let output = second.finish().unwrap().unwrap();
        assert_eq!(output.bytes, 7);
        assert_eq!(output.sha256, hex(&Sha256::digest("one two")));
        let file = std::fs::read_to_string(temp.path().join("s.1.m.0")).unwrap();
        assert_eq!(file, "one two");
        let times = std::fs::read_to_string(temp.path().join("s.1.m.0.times")).unwrap();
        assert_eq!(times, "0 4\n0 7\n");
    }

    #[test]
    fn a_secret_cut_by_a_restart_is_masked() {
        let temp = tempfile::tempdir().unwrap();
        let mask = Mask::new(["hunter2"]);
        let text = "a hunter2 b";
        let mut first = recorder(temp.path(), &mask);
        first.take(&chunk(0, &text[..6])).unwrap();
        drop(first);
        let file = || std::fs::read_to_string(temp.path().join("s.1.m.0")).unwrap();
        assert_eq!(file(), "a ");
        let mut second = recorder(temp.path(), &mask);
        let from = second.next();
        second
            .take(&chunk(from, &text[usize::try_from(from).unwrap()..]))
            .unwrap();
        second.finish().unwrap().unwrap();
        assert_eq!(file(), "a ******* b");
    }

    #[test]
    fn nothing_printed_leaves_no_file_and_a_link_is_not_followed() {
        let temp = tempfile::tempdir().unwrap();
        assert!(
            recorder(temp.path(), &Mask::default())
                .finish()
                .unwrap()
                .is_none()
        );
        assert_eq!(printed(temp.path(), "s.1.m.0").unwrap(), "");
        std::os::unix::fs::symlink("/etc/hostname", temp.path().join("s.1.m.0")).unwrap();
        assert!(printed(temp.path(), "s.1.m.0").is_err());
    }
}

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
        beside(folder, mask, None)
    }

    fn beside(folder: &Path, mask: &Mask, spool: Option<&Path>) -> Recorder {
        let clock = Clock::held_at(10);
        let spool = spool.map(Path::to_owned);
        Recorder::open(folder, "s.1.m.0", mask, clock.now(), &clock, spool).unwrap()
    }

    /// A spool's file with something in it, and what can be seen of the output.
    fn spool(folder: &Path) -> (PathBuf, impl Fn() -> (String, u64)) {
        let spool = folder.join("spool");
        std::fs::write(&spool, "one ").unwrap();
        let kept = folder.join("s.1.m.0");
        let seen = move || {
            let names = std::fs::metadata(&kept).unwrap().nlink();
            (std::fs::read_to_string(&kept).unwrap(), names)
        };
        (spool, seen)
    }

    fn more(spool: &Path, text: &str) {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(spool)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
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
        let output = second.finish(true).unwrap().unwrap();
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
        second.finish(true).unwrap().unwrap();
        assert_eq!(file(), "a ******* b");
    }

    #[test]
    fn nothing_printed_leaves_no_file_and_a_link_is_not_followed() {
        let temp = tempfile::tempdir().unwrap();
        assert!(
            recorder(temp.path(), &Mask::default())
                .finish(true)
                .unwrap()
                .is_none()
        );
        assert_eq!(printed(temp.path(), "s.1.m.0").unwrap(), "");
        std::os::unix::fs::symlink("/etc/hostname", temp.path().join("s.1.m.0")).unwrap();
        assert!(printed(temp.path(), "s.1.m.0").is_err());
    }

    #[test]
    fn a_spool_s_file_is_linked_and_summed_up_across_a_restart() {
        let temp = tempfile::tempdir().unwrap();
        let (spool, seen) = spool(temp.path());
        let mut first = beside(temp.path(), &Mask::default(), Some(&spool));
        first.take(&chunk(0, "one ")).unwrap();
        assert_eq!(seen(), ("one ".to_owned(), 2));
        drop(first);
        more(&spool, "two ");
        let mut second = beside(temp.path(), &Mask::default(), Some(&spool));
        assert_eq!(second.next(), 8, "what came meanwhile is there already");
        more(&spool, "three");
        second.take(&chunk(8, "three")).unwrap();
        let output = second.finish(true).unwrap().unwrap();
        assert_eq!(seen(), ("one two three".to_owned(), 2));
        assert_eq!(output.bytes, 13);
        assert_eq!(output.sha256, hex(&Sha256::digest("one two three")));
        let file = std::fs::metadata(temp.path().join("s.1.m.0")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        let times = std::fs::read_to_string(temp.path().join("s.1.m.0.times")).unwrap();
        assert_eq!(times, "0 4\n0 13\n");
    }

    #[test]
    fn what_may_still_be_written_to_is_copied_apart_at_the_end() {
        // no proof of the end; a proof, and a file that is longer all the same
        for complete in [false, true] {
            let temp = tempfile::tempdir().unwrap();
            let (spool, seen) = spool(temp.path());
            let mut recorder = beside(temp.path(), &Mask::default(), Some(&spool));
            recorder.take(&chunk(0, "one ")).unwrap();
            if complete {
                more(&spool, "late");
            }
            let output = recorder.finish(complete).unwrap().unwrap();
            more(&spool, "later");
            assert_eq!(seen(), ("one ".to_owned(), 1), "{complete}");
            assert_eq!(output.sha256, hex(&Sha256::digest("one ")));
        }
    }

    #[test]
    fn a_linked_file_that_was_changed_is_not_recorded() {
        let temp = tempfile::tempdir().unwrap();
        let (spool, _) = spool(temp.path());
        let mut recorder = beside(temp.path(), &Mask::default(), Some(&spool));
        recorder.take(&chunk(0, "one ")).unwrap();
        std::fs::write(&spool, "two and more").unwrap();
        assert!(recorder.finish(true).is_err());
    }

    #[test]
    fn a_file_that_cannot_or_must_not_be_linked_is_copied() {
        let temp = tempfile::tempdir().unwrap();
        let (near, seen) = spool(temp.path());
        let mut masked = beside(temp.path(), &Mask::new(["hunter2"]), Some(&near));
        masked.take(&chunk(0, "hunter2")).unwrap();
        masked.finish(true).unwrap();
        assert_eq!(seen(), ("*******".to_owned(), 1));

        let Ok(other) = tempfile::tempdir_in("/dev/shm") else {
            eprintln!("SKIPPED: there is no /dev/shm; no other file system was tried");
            return;
        };
        let (far, _) = spool(other.path());
        let temp = tempfile::tempdir().unwrap();
        let mut copied = beside(temp.path(), &Mask::default(), Some(&far));
        copied.take(&chunk(0, "one ")).unwrap();
        drop(copied);
        let mut again = beside(temp.path(), &Mask::default(), Some(&far));
        assert_eq!(again.next(), 4);
        again.take(&chunk(4, "two")).unwrap();
        assert_eq!(again.finish(true).unwrap().unwrap().bytes, 7);
        let kept = std::fs::read_to_string(temp.path().join("s.1.m.0")).unwrap();
        assert_eq!(kept, "one two");
        assert_eq!(std::fs::read_to_string(&far).unwrap(), "one ");
    }
}

//! The run's folder, opened once and used by its descriptor.
//!
//! Every file is opened relative to it, never through a symbolic link and never waiting for the
//! other end of a pipe that somebody put in its place.

use std::ffi::CString;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, IFlags, Mode, OFlags};

use super::error::JournalError;

const OWNER_ONLY: Mode = Mode::RUSR.union(Mode::WUSR);

/// Makes the folder of a new run, private to this user, and makes its name durable.
///
/// The folder it goes into must be there. Fails with [`JournalError::Io`], also when the folder exists.
pub fn create_folder(path: &Path) -> Result<(), JournalError> {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(|error| JournalError::io("create", path, error))?;
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(parent)
        .and_then(|parent| parent.sync_all())
        .map_err(|error| JournalError::io("sync", parent, error))
}

/// Is an open folder.
pub(super) struct Folder {
    file: File,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder for reading from it.
    pub fn open(path: &Path) -> Result<Folder, JournalError> {
        Self::open_with(path, OFlags::empty())
    }

    /// Opens a folder for an engine: no symbolic link, and nobody else may look or write into it.
    pub fn open_private(path: &Path) -> Result<Folder, JournalError> {
        let folder = Self::open_with(path, OFlags::NOFOLLOW)?;
        let about = folder
            .file
            .metadata()
            .map_err(|error| JournalError::io("look at", path, error))?;
        let exposed = |what| {
            Err(JournalError::Exposed {
                path: path.to_owned(),
                what,
            })
        };
        if about.uid() != rustix::process::geteuid().as_raw() {
            return exposed(format!("owned by user {}", about.uid()));
        }
        if about.mode() & 0o077 != 0 {
            return exposed(format!(
                "open to others, mode {:04o}",
                about.mode() & 0o7777
            ));
        }
        Ok(folder)
    }

    fn open_with(path: &Path, more: OFlags) -> Result<Folder, JournalError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | more;
        let fd = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|error| JournalError::io("open", path, error))?;
        Ok(Folder {
            file: fd.into(),
            path: path.to_owned(),
        })
    }

    /// Opens a folder inside this one.
    pub fn folder(&self, name: &str) -> io::Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.file, name, flags, Mode::empty())?;
        Ok(Folder {
            file: fd.into(),
            path: self.path_of(name),
        })
    }

    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a new file, readable and writable by this user alone, for appending.
    pub fn create_file(&self, name: &str) -> Result<File, JournalError> {
        let flags = OFlags::RDWR
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::EXCL
            | OFlags::NOFOLLOW
            | OFlags::CLOEXEC;
        rustix::fs::openat(&self.file, name, flags, OWNER_ONLY)
            .map(File::from)
            .map_err(|error| JournalError::io("create", &self.path_of(name), error))
    }

    /// Makes a new file for a journal, as [`Folder::create_file`] does.
    ///
    /// On btrfs a block that is written again is written elsewhere, which on a full disk fails even where
    /// room was reserved; this attribute keeps blocks in their places. Other file systems do so by
    /// themselves and refuse it, which is as well.
    pub fn create_journal(&self, name: &str) -> Result<File, JournalError> {
        let file = self.create_file(name)?;
        if let Ok(flags) = rustix::fs::ioctl_getflags(&file) {
            let _ = rustix::fs::ioctl_setflags(&file, flags | IFlags::NOCOW);
        }
        Ok(file)
    }

    /// Tells device and inode of what has this name here.
    pub fn identity(&self, name: &str) -> io::Result<(u64, u64)> {
        let about = rustix::fs::statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok((about.st_dev, about.st_ino))
    }

    /// Opens a file for appending and reading.
    pub fn append_file(&self, name: &str) -> Result<File, JournalError> {
        self.open_file(name, OFlags::RDWR | OFlags::APPEND)
    }

    /// Opens a file for reading.
    pub fn read_file(&self, name: &str) -> Result<File, JournalError> {
        self.open_file(name, OFlags::RDONLY)
    }

    fn open_file(&self, name: &str, flags: OFlags) -> Result<File, JournalError> {
        let path = self.path_of(name);
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.file, name, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(rustix::io::Errno::LOOP | rustix::io::Errno::ISDIR) => {
                return Err(JournalError::NotAFile { path });
            }
            Err(error) => return Err(JournalError::io("open", &path, error)),
        };
        let about = file
            .metadata()
            .map_err(|error| JournalError::io("look at", &path, error))?;
        if about.is_file() {
            Ok(file)
        } else {
            Err(JournalError::NotAFile { path })
        }
    }

    /// Lists the names in the folder, sorted, without `.` and `..`.
    pub fn names(&self) -> Result<Vec<CString>, JournalError> {
        let wrong = |error| JournalError::io("list", &self.path, error);
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.file).map_err(wrong)? {
            let name = entry.map_err(wrong)?.file_name().to_owned();
            if name.as_bytes() != b"." && name.as_bytes() != b".." {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Makes the names in the folder durable.
    pub fn sync(&self) -> Result<(), JournalError> {
        self.file
            .sync_all()
            .map_err(|error| JournalError::io("sync", &self.path, error))
    }
}

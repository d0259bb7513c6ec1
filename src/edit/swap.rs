//! Shell programs that read a file, swap its content, and put it back, and what they answer.
//!
//! A program is a text for the `sh` of the host that owns the file; somebody else sends it there
//! on standard input and runs it. Its body is one function in a subshell, called on the last line,
//! so a transfer that is cut runs nothing and a shell that stays loaded keeps no trace of it.
//!
//! **How content travels.** As one single-quoted word, written by the shell's own `printf`. It is
//! never an argument of another process, where `ps` would show it. A here-document was the road not
//! taken: it adds a final newline, its end can stand in the content, and it needs a `cat`. So was
//! base64: hosts with busybox may lack it, and a reader of the record could not read it.
//!
//! **What a swap promises.** The new bytes appear under the name in one call, with the owner and
//! mode that were there; never through a link; never over a file, owner, mode or folder other
//! than those shown; never without a durable backup. It works inside the folder it entered, so a
//! folder exchanged on the way takes nothing elsewhere, and makes its files in a folder of its own in
//! there, so that nobody can put a link under a name that is about to be filled.
//!
//! **How it compares and swaps.** The new file and the name change places (renameat2(2),
//! `RENAME_EXCHANGE`), by `mv --exchange`, perl or python3, whichever the host has and proves to
//! work there. What came out is looked at when nobody can reach it by the name any more; if it is
//! not what was shown, it goes back, and for that moment alone, some milliseconds, the new content
//! stood there. Where the host or the file system cannot exchange (no such program, NFS), the moment
//! between the last look and a rename remains, and the step says so. A write into a file that was opened
//! before it lost its name, and is made after that, goes into the old file and is lost with it. A file
//! that somebody else made is never removed: one that cannot go back is kept, and named.
//!
//! **What it reads.** GNU's dd opens neither a link nor waits for a pipe that took the name between a
//! look and an open. Under busybox, a link is then read and its digest does not fit; a pipe keeps the
//! program waiting until it is stopped. Nothing is written in either case.
//!
//! **What is not kept.** The inode, and with it open handles: a container that mounts the file
//! itself, not its folder, keeps seeing the old one until it restarts. Access lists survive where
//! `cp -p` keeps them; a security label is the folder's default.

mod answer;
mod exit;
#[cfg(test)]
mod moment;
mod quote;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::answer::parse_read;
pub use self::exit::SwapExit;

use self::quote::{absolute, parent, quote};
use super::{EditError, Reason};

/// The largest file that is read or written, in bytes.
pub const LIMIT: usize = 4 << 20;

const COMMON: &str = include_str!("swap/common.sh");
const READ: &str = include_str!("swap/read.sh");
const CHANGE: &str = include_str!("swap/change.sh");
const SWAP: &str = include_str!("swap/swap.sh");
const RESTORE: &str = include_str!("swap/restore.sh");

/// A refusal of the reading program is an answer, to be parsed; of the others, a line to be read.
const ANSWER_REFUSAL: &str =
    "rs_refuse() { printf 'runsheet-refused %s %s\\n' \"$2\" \"$3\"; exit \"$1\"; }\n";
const SPOKEN_REFUSAL: &str = "rs_refuse() { printf 'refused: %s\\n' \"$3\"; exit \"$1\"; }\n";

/// What the kernel calls a file: its device and its inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileId {
    /// The device's number.
    pub device: u64,
    /// The inode's number on that device.
    pub inode: u64,
}

/// Everything about a file that was shown, except its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The path it was asked for by; absolute.
    pub path: String,
    /// Its folder's real path, all links resolved.
    pub folder: String,
    /// The parent folders of `path` that are symbolic links; mostly empty.
    pub via: Vec<String>,
    /// The folder itself.
    pub folder_id: FileId,
    /// The file itself.
    pub file_id: FileId,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its permissions, such as `0o640`; no type bits.
    pub mode: u32,
    /// Its names; always 1, since others are refused.
    pub links: u64,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its content, in lower-case hex.
    pub sha256: String,
}

impl Stamp {
    /// The owner as `uid:gid`.
    pub fn owner(&self) -> String {
        format!("{}:{}", self.uid, self.gid)
    }

    /// The permissions in octal, such as `0640`.
    pub fn octal(&self) -> String {
        format!("{:04o}", self.mode)
    }
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSeen {
    /// What it is.
    pub stamp: Stamp,
    /// What is in it.
    pub content: String,
}

/// New content for a file that was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// The file as it was shown; it must still be so.
    pub stamp: Stamp,
    /// What is in it afterwards.
    pub content: String,
    /// Where the old file is kept: an absolute path that does not exist yet, in a folder that is
    /// made (and closed to others) when missing, and that lies outside the file's own.
    pub backup: String,
    /// A shell command that must succeed on the new content, such as `nginx -t`; none checks
    /// nothing. It runs in `/` with the environment of the program.
    pub validate: Option<String>,
}

/// The way back from a [`Swap`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// The file as it was before the edit; its digest is also the backup's.
    pub stamp: Stamp,
    /// The digest of what the edit wrote, which must still be there.
    pub expect_sha256: String,
    /// Where the old file was kept.
    pub backup: String,
    /// A shell command to run on the restored file; its failure is reported and changes nothing.
    pub validate: Option<String>,
}

/// Computes a SHA-256 in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Makes the program that shows a file; [`parse_read`] reads its standard output.
///
/// # Errors
///
/// [`Reason::Request`] for a path that is not absolute and plain.
pub fn read_program(path: &str) -> Result<String, EditError> {
    let mut values = Values::default();
    values.file(path)?;
    values.set("rs_limit", &LIMIT.to_string())?;
    Ok(values.program(ANSWER_REFUSAL, &[COMMON, READ]))
}

/// Makes the program that puts new content in a file's place; [`SwapExit`] reads its exit code, and
/// its output is for people.
///
/// # Errors
///
/// [`Reason::Request`] for paths that are not absolute and plain, a backup inside the file's folder,
/// and content above [`LIMIT`] or with a NUL byte; [`Reason::Unchanged`] for content that is the
/// file's own.
pub fn swap_program(swap: &Swap) -> Result<String, EditError> {
    let sha256 = sha256_hex(swap.content.as_bytes());
    if sha256 == swap.stamp.sha256 {
        return Err(EditError::new(
            Reason::Unchanged,
            format!("{} already has this content", swap.stamp.path),
        ));
    }
    if swap.content.len() > LIMIT {
        return Err(EditError::new(
            Reason::Request,
            format!(
                "new content of {} bytes, the limit is {LIMIT}",
                swap.content.len()
            ),
        ));
    }
    let mut values = Values::default();
    values.change(&swap.stamp, &sha256, &swap.backup, swap.validate.as_deref())?;
    values.set("rs_content", &swap.content)?;
    Ok(values.program(SPOKEN_REFUSAL, &[COMMON, CHANGE, SWAP]))
}

/// Makes the program that puts the backup of an edit back.
///
/// # Errors
///
/// [`Reason::Request`] as for [`swap_program`].
pub fn restore_program(restore: &Restore) -> Result<String, EditError> {
    let mut values = Values::default();
    values.change(
        &restore.stamp,
        &restore.expect_sha256,
        &restore.backup,
        restore.validate.as_deref(),
    )?;
    Ok(values.program(SPOKEN_REFUSAL, &[COMMON, CHANGE, RESTORE]))
}

/// The variables a program starts with, as shell text.
#[derive(Default)]
struct Values(String);

impl Values {
    fn set(&mut self, name: &str, value: &str) -> Result<(), EditError> {
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(&quote(value)?);
        self.0.push('\n');
        Ok(())
    }

    fn file(&mut self, path: &str) -> Result<(), EditError> {
        absolute(path)?;
        let (folder, name) = parent(path);
        self.set("rs_file", path)?;
        self.set("rs_dir", folder)?;
        self.set("rs_base", &format!("./{name}"))
    }

    fn change(
        &mut self,
        stamp: &Stamp,
        new: &str,
        backup: &str,
        validate: Option<&str>,
    ) -> Result<(), EditError> {
        absolute(backup)?;
        self.file(&stamp.path)?;
        let (backup_folder, _) = parent(backup);
        for folder in [parent(&stamp.path).0, &stamp.folder] {
            let inside = std::path::Path::new(backup_folder).starts_with(folder);
            if inside {
                return Err(EditError::new(
                    Reason::Request,
                    format!("the backup {backup} would lie inside {folder}, the file's own folder"),
                )
                .hint("programs that include a whole folder would read it; keep it elsewhere"));
            }
        }
        for digest in [new, &stamp.sha256] {
            if !answer::is_digest(digest) {
                return Err(EditError::new(
                    Reason::Request,
                    format!("`{}` is not a SHA-256 in hex", digest.escape_debug()),
                ));
            }
        }
        let id = |id: FileId| format!("{}:{}", id.device, id.inode);
        self.set("rs_want_real", &stamp.folder)?;
        self.set("rs_want_here", &id(stamp.folder_id))?;
        self.set("rs_want_owner", &stamp.owner())?;
        self.set("rs_want_mode", &stamp.octal())?;
        self.set(
            "rs_want_raw",
            &format!("{:x}", answer::REGULAR | stamp.mode),
        )?;
        self.set("rs_old", &stamp.sha256)?;
        self.set("rs_new", new)?;
        self.set("rs_backup", backup)?;
        self.set("rs_backup_dir", backup_folder)?;
        self.set("rs_check", validate.unwrap_or_default())
    }

    fn program(self, refusal: &str, parts: &[&str]) -> String {
        let Self(values) = self;
        let body = parts.concat();
        format!("runsheet_edit() (\n{values}{refusal}{body})\nrunsheet_edit </dev/null\n")
    }
}

//! The exit codes of the programs that change a file.

use std::fmt;

/// How a swap or a restore ended, by its exit code.
///
/// The codes keep clear of those that shells (126 and above) and most programs (1, 2) use. A code
/// that is none of these means that the program itself was cut off: look at the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwapExit {
    /// 0: changed, verified, validated.
    Done,
    /// 70: stopped by a signal before anything was changed.
    Stopped,
    /// 71: file, folder, owner or mode is not what was shown. Nothing was changed.
    Changed,
    /// 72: a symbolic link, a hard link, or not a regular file. Nothing was changed.
    Unsafe,
    /// 73: the backup cannot be made, or is not there any more. Nothing was changed.
    NoBackup,
    /// 74: the new content cannot be written or read beside the old. Nothing was changed.
    CannotWrite,
    /// 75: the host lacks a program. Nothing was changed.
    MissingTool,
    /// 76: the validation failed, and the old content is back.
    Restored,
    /// 77: the old content could not be put back. The output says what is there.
    NotRestored,
    /// 78: the file already is as it should become. Nothing was changed.
    Already,
    /// 79: a restore put the old content back, and the validation fails on that.
    RestoredUnsound,
}

impl SwapExit {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::Stopped,
        Self::Changed,
        Self::Unsafe,
        Self::NoBackup,
        Self::CannotWrite,
        Self::MissingTool,
        Self::Restored,
        Self::NotRestored,
        Self::Already,
        Self::RestoredUnsound,
    ];

    /// Reads an exit code; none for one that no program gives.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| exit.code() == code)
    }

    /// The exit code.
    pub fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::Stopped => 70,
            Self::Changed => 71,
            Self::Unsafe => 72,
            Self::NoBackup => 73,
            Self::CannotWrite => 74,
            Self::MissingTool => 75,
            Self::Restored => 76,
            Self::NotRestored => 77,
            Self::Already => 78,
            Self::RestoredUnsound => 79,
        }
    }

    /// Tells whether the file certainly holds what it held before the program ran.
    pub fn is_as_before(self) -> bool {
        !matches!(self, Self::Done | Self::NotRestored | Self::RestoredUnsound)
    }
}

impl fmt::Display for SwapExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "changed and verified",
            Self::Stopped => "stopped before anything was changed",
            Self::Changed => "the file is no longer the one that was shown; nothing was changed",
            Self::Unsafe => "the file is a link or not a regular file; nothing was changed",
            Self::NoBackup => "no backup can be made or found; nothing was changed",
            Self::CannotWrite => "the new content cannot be written; nothing was changed",
            Self::MissingTool => "the host lacks a program; nothing was changed",
            Self::Restored => "the validation failed; the old content is back",
            Self::NotRestored => "the old content could not be put back",
            Self::Already => "already so; nothing was changed",
            Self::RestoredUnsound => "the old content is back, and its validation fails",
        })
    }
}

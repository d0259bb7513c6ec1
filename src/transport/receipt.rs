//! What comes back.

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The exit code; 128 and the signal's number if a signal ended it, as a shell tells it.
    pub code: i32,
    /// Standard output, up to the cap.
    pub stdout: Vec<u8>,
    /// Standard error, up to the cap.
    pub stderr: Vec<u8>,
    /// Whether one of them was longer than the cap. The rest was read and dropped.
    pub cut: bool,
}

/// A piece of a step's output. Pieces come in order, without gap or overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where it stands in the output, in bytes from its beginning.
    pub offset: u64,
    /// Never empty, at most 256 KiB.
    pub bytes: Vec<u8>,
}

/// How a step ended, as far as its machine can prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It ran and ended; all of its output up to `bytes` was sent.
    Exited {
        /// The exit code; 128 and the signal's number if a signal ended it.
        code: i32,
        /// The length of its whole output.
        bytes: u64,
    },
    /// It did not run and never will: it was revoked, or its start was cut short before the command.
    Revoked,
    /// The very spool it was sent to has never heard of it.
    NotStarted,
    /// Nobody can know. Not a failure and not a success.
    Lost {
        /// What is known, ready to stand after a colon.
        why: String,
    },
}

/// What a receipt says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptState {
    /// The very spool it was sent to has never heard of it: the token may be sent (again).
    None,
    /// It did not run and never will.
    Revoked,
    /// It runs, or is about to.
    Running {
        /// The length of its output so far.
        bytes: u64,
    },
    /// It ran and ended.
    Exited {
        /// The exit code, as in [`Settled::Exited`].
        code: i32,
        /// The length of its whole output.
        bytes: u64,
    },
    /// Nobody can know.
    Lost {
        /// What is known, ready to stand after a colon.
        why: String,
    },
}

/// How a running step is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// SIGTERM: it may clean up.
    Term,
    /// SIGKILL: it may not.
    Kill,
}

impl Signal {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Kill => "KILL",
        }
    }

    /// The number a shell adds to 128.
    pub fn number(self) -> i32 {
        match self {
            Self::Term => 15,
            Self::Kill => 9,
        }
    }
}

/// What became of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signalled {
    /// It went to the command and to every process of its session's first process group.
    Sent,
    /// There was nothing running to send it to.
    NotRunning,
}

//! What can be wrong with a link.

use std::io;

use thiserror::Error;

/// A word that did not reach its machine, or an answer that did not come back.
///
/// It says nothing about a step: whether one ran is told by its receipt alone.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{doing} on {host}: {trouble}{}", self.tail())]
pub struct LinkError {
    /// The host by the name the runbook gives it.
    pub host: String,
    /// What was tried, as "ask", "start 7.sync.1".
    pub doing: String,
    /// What kind of trouble it was.
    pub trouble: LinkTrouble,
    /// What ssh, the shell or the system said, as it came: untrusted, may hold control characters
    /// and several lines; empty if nothing was said.
    pub said: String,
}

/// Kinds of trouble with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum LinkTrouble {
    /// No connection came about.
    #[error("cannot be reached")]
    Unreachable,
    /// The host key is in no known_hosts file.
    #[error("its host key is not known here")]
    HostKeyUnknown,
    /// The host key is another than the known one.
    #[error("its host key has changed")]
    HostKeyChanged,
    /// Another machine answers under its name.
    #[error("it is not the machine that it should be")]
    OtherMachine,
    /// It was reached, and did not let us in.
    #[error("the login was refused")]
    Refused,
    /// The link broke while it was in use.
    #[error("the link was lost")]
    Lost,
    /// The login works and no usable shell answers.
    #[error("no shell answered")]
    NoShell,
    /// Steps cannot be started there, because no receipt can be kept.
    #[error("it cannot keep a receipt")]
    NoReceipt,
    /// A step cannot be given a terminal there, or what is typed on it is not taken.
    #[error("its terminal cannot be used")]
    NoTerminal,
    /// No answer within the time allowed.
    #[error("no answer in time")]
    TimedOut,
    /// What came back is not what the program on the other side says.
    #[error("the answer makes no sense")]
    Garbled,
    /// Something is wrong on this machine, before any word left it.
    #[error("this machine cannot open the link")]
    Local,
}

impl LinkError {
    /// The error of a machine that is not the one that is meant.
    pub(super) fn other_machine(host: &str, said: String) -> Self {
        Self {
            host: host.into(),
            doing: "connect".into(),
            trouble: LinkTrouble::OtherMachine,
            said,
        }
    }

    fn tail(&self) -> String {
        match self.said.trim() {
            "" => String::new(),
            said => format!(": {said}"),
        }
    }

    /// Why the link is lost, without what was tried over it and where: untrusted, as what was said.
    pub fn why(&self) -> String {
        match (self.trouble, self.said.trim()) {
            (LinkTrouble::Lost, said) if !said.is_empty() => said.to_owned(),
            (trouble, _) => format!("{trouble}{}", self.tail()),
        }
    }

    /// What to try, in one line.
    pub fn hint(&self) -> &'static str {
        match self.trouble {
            LinkTrouble::Unreachable => "try `ssh` to the same destination by hand",
            LinkTrouble::HostKeyUnknown => {
                "log in once by hand and compare the fingerprint with one you were given"
            }
            LinkTrouble::HostKeyChanged => {
                "stop, and ask whoever owns the machine why its key changed"
            }
            LinkTrouble::OtherMachine => {
                "stop: nothing was sent to it; find out which machine answers under this name, and why"
            }
            LinkTrouble::Refused => {
                "is the key in the agent or given as `identity`? nothing can be typed here"
            }
            LinkTrouble::Lost => "look at the step's receipt once the host answers again",
            LinkTrouble::NoShell => "the login needs a POSIX `sh` and must not force a command",
            LinkTrouble::NoReceipt => {
                "the login needs /proc, setsid, mkfifo and a home it can write to"
            }
            LinkTrouble::NoTerminal => {
                "the login needs script(1) and stty(1) for a step that is interactive"
            }
            LinkTrouble::TimedOut => "is the host overloaded, or does the command wait for input?",
            LinkTrouble::Garbled => "does the login's shell profile print or read anything?",
            LinkTrouble::Local => "is the OpenSSH client installed, and is there room on the disk?",
        }
    }
}

/// What a channel finds wrong, before it is known on which host and in what.
#[derive(Debug)]
pub(super) enum Fault {
    /// The other side has gone, with what it said last.
    Gone(String),
    /// It said this, which it never says.
    Garbled(String),
    /// It is well, and cannot do what it was asked to.
    Said(String),
}

impl Fault {
    /// The error of `doing` this on `host`.
    pub(super) fn on(self, host: &str, doing: impl Into<String>) -> LinkError {
        let (trouble, said) = match self {
            Self::Gone(said) => (LinkTrouble::Lost, said),
            Self::Garbled(said) => (LinkTrouble::Garbled, said),
            Self::Said(said) => (LinkTrouble::NoReceipt, said),
        };
        LinkError {
            host: host.into(),
            doing: doing.into(),
            trouble,
            said,
        }
    }

    /// Whether the channel can be used again.
    pub(super) fn spares_the_channel(&self) -> bool {
        matches!(self, Self::Said(_))
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Gone(error.to_string())
    }
}

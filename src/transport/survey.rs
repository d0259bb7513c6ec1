//! What a machine says about itself.

use super::claim::Nonce;

/// What a channel learns when it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// `uname -n`; empty if the machine would not say.
    pub hostname: String,
    /// `/etc/machine-id`, where there is one.
    pub machine_id: Option<String>,
    /// The kernel's id of this boot, where there is one.
    pub boot_id: Option<String>,
    /// The numeric user the words run as; `None` if the machine would not say.
    pub uid: Option<u32>,
    /// The fingerprints of the host keys that ssh takes for it; empty for this machine and where none are known.
    pub host_keys: Vec<String>,
    /// Whether `bash` is in the `PATH`.
    pub bash: bool,
    /// Whether `script` and `stty` are in the `PATH`, so that a step can be given a terminal.
    pub terminal: bool,
    /// Whether steps can be started here so that their outcome survives the link.
    pub receipts: Receipts,
}

/// Whether a machine can keep receipts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipts {
    /// It can, in the spool of this name.
    Kept(Nonce),
    /// It cannot, for this reason; only questions can be asked.
    Impossible(String),
}

impl Survey {
    /// The spool's name, if there is one.
    pub fn nonce(&self) -> Option<&Nonce> {
        match &self.receipts {
            Receipts::Kept(nonce) => Some(nonce),
            Receipts::Impossible(_) => None,
        }
    }
}

//! What is shown at a gate, what would run, and why it cannot be shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::GuardLeg;
use crate::names::MachineName;
use crate::probe::{NulByte, Shell};
use crate::template::TemplateError;

/// What is shown, and what would run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Proposal {
    /// What the operator sees, in its order.
    pub exhibits: Vec<Exhibit>,
    /// What runs, one after the other; a leg starts when the one before ended with an accepted code.
    pub legs: Vec<Leg>,
    /// What an undo of this attempt needs to know, such as the path of a backup.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub leaves: BTreeMap<String, String>,
    /// Set where the world is already as wanted, with what was seen; there are no legs then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub already: Option<String>,
}

impl Proposal {
    /// The digest that an approval names: SHA-256, in hex, of the proposal as JSON.
    pub fn digest(&self) -> String {
        // A struct of strings, numbers and maps with string keys always turns into JSON; were it ever
        // not to, the digest of the debug text still changes with everything that is shown.
        let bytes = serde_json::to_vec(self).unwrap_or_else(|_| format!("{self:?}").into_bytes());
        hex(&Sha256::digest(bytes))
    }
}

/// Lower-case hexadecimal of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One thing to run on one machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Leg {
    /// What it does, in few words: `make the key pair`.
    pub title: String,
    /// Where it runs.
    pub at: MachineName,
    /// Which shell reads it.
    #[serde(default)]
    pub shell: Shell,
    /// The program text; it gets the run's values, and `RUNSHEET_LEG_N` with what leg N (from 1) printed
    /// on standard output, as environment variables.
    pub text: String,
    /// Variables beside those, for arguments that must not be pasted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
    /// Exit codes that count as success; only 0 where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ok_codes: Vec<i32>,
    /// How to read progress out of what it prints.
    #[serde(default)]
    pub progress: Progress,
    /// How long it may take, in seconds; no limit where it is 0.
    #[serde(default)]
    pub limit_seconds: u64,
    /// Whether it gets a terminal of its own, on which an operator types.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interactive: bool,
    /// What it has to do with the guard of its step; none where it is what the step itself does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<GuardLeg>,
}

impl Leg {
    /// Whether an exit code counts as success.
    pub fn accepts(&self, code: i32) -> bool {
        accepts(&self.ok_codes, code)
    }
}

/// Whether an exit code is one of those that count as success; 0 alone where none are named.
pub fn accepts(ok_codes: &[i32], code: i32) -> bool {
    if ok_codes.is_empty() {
        code == 0
    } else {
        ok_codes.contains(&code)
    }
}

/// How progress is read out of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// There is none to read.
    #[default]
    None,
    /// rsync's `--info=progress2` lines: bytes, per cent, rate, time left.
    Rsync,
    /// The last percentage that is printed, as `pv`, `curl -#`, `mongodump` and many others print one.
    Percent,
}

/// One thing that an operator sees at a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Exhibit {
    /// What a person reads and does.
    Text {
        /// The words.
        text: String,
    },
    /// A command exactly as the shell will read it.
    Command {
        /// Where.
        at: MachineName,
        /// The text, with `$NAME` where values go.
        text: String,
        /// What those names hold; a secret is left out.
        env: Vec<(String, String)>,
    },
    /// A change of a file, as a unified diff.
    Diff {
        /// Where.
        at: MachineName,
        /// The file.
        path: String,
        /// The diff's lines.
        unified: String,
    },
    /// Something that was computed read-only from the machines: what would be copied, what runs now.
    Finding {
        /// What it is about: `would copy`.
        label: String,
        /// What was found.
        text: String,
    },
    /// What an operator should think of before saying yes.
    Warning {
        /// The words.
        text: String,
    },
    /// What the operator is to choose between.
    Choice {
        /// The question.
        ask: String,
        /// The options, in their order.
        options: Vec<OptionShown>,
    },
}

impl Exhibit {
    /// Whether the runbook alone decides it, whatever the machines say.
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Text { .. } | Self::Command { .. } => true,
            Self::Finding { label, .. } => {
                [super::GUARD, super::TERMINAL].contains(&label.as_str())
            }
            Self::Diff { .. } | Self::Warning { .. } | Self::Choice { .. } => false,
        }
    }
}

/// One option of a choice as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionShown {
    /// The value that its name gets.
    pub value: String,
    /// What it is, in few words.
    pub title: String,
    /// What follows from choosing it.
    pub means: String,
}

/// Why a step cannot be shown, and so cannot be approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{what}")]
pub struct Obstacle {
    /// What we were doing, to what, where, and what it said.
    pub what: String,
    /// What to try.
    pub hint: Option<String>,
}

impl Obstacle {
    /// An obstacle without a hint.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: None,
        }
    }

    /// Adds what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<TemplateError> for Obstacle {
    fn from(error: TemplateError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<NulByte> for Obstacle {
    fn from(error: NulByte) -> Self {
        Self::new(error.to_string())
    }
}

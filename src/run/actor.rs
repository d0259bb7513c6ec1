//! Who makes things happen, and the names that starts go by.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::names::{MachineName, RunId, StepId};

/// Who made an event happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The engine, by what it found or by a rule of the runbook.
    Engine,
    /// A person.
    Operator(Operator),
}

/// A person attached to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Operator {
    /// The name they go by; their own word, unless it is their account's.
    pub name: String,
    /// The account's number, as the kernel tells it of the connected process.
    pub uid: u32,
    /// The number of the account they logged in with, which su and sudo do not change; none where the
    /// kernel does not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_uid: Option<u32>,
    /// Which connection this was, counted from 1 in each run.
    pub client: u32,
}

impl Operator {
    /// Whether two attached operators count as different people.
    ///
    /// On a shared account only the names differ, and a name is the operator's own word; the record
    /// keeps all three so that a reviewer can see how much that is worth.
    pub fn differs_from(&self, other: &Operator) -> bool {
        self.name != other.name
    }
}

/// What the engine calls one start of one leg: usually `RUN.STEP.ATTEMPT.LANE.LEG`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

impl Token {
    /// The token of a leg. It never repeats: an attempt's number is used once in a run.
    ///
    /// A receipt's name has at most [`Token::LONGEST`] bytes. Where the names are longer together, those
    /// after the run's are replaced by 128 bits of their SHA-256.
    pub fn of(run: &RunId, step: &StepId, attempt: u32, lane: &MachineName, leg: u16) -> Self {
        let rest = format!("{step}.{attempt}.{lane}.{leg}");
        let whole = format!("{run}.{rest}");
        if whole.len() <= Self::LONGEST {
            return Self(whole);
        }
        let digest = crate::kinds::hex(&Sha256::digest(rest));
        Self(format!("{run}.{}", &digest[..32]))
    }

    /// The longest name of a receipt, in bytes.
    pub const LONGEST: usize = 120;
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

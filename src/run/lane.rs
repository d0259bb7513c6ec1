//! One lane of a step: a machine, and how far the work on it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{LaneOutcome, Output, Token};
use crate::clock::Timestamp;
use crate::names::MachineName;

/// One lane of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The machine, and the number of the item where the step has a list.
    pub name: MachineName,
    /// Its item; none where the step has no list.
    #[serde(default)]
    pub item: Option<String>,
    /// Whether this attempt is about it.
    pub taking_part: bool,
    /// Whether something was started on it, in any attempt, and was not taken back since.
    #[serde(default)]
    pub touched: bool,
    /// Where it stands.
    pub at: LaneAt,
    /// What its legs of this attempt printed, by leg.
    pub outputs: BTreeMap<u16, Output>,
}

/// Where a lane stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LaneAt {
    /// Nothing was started in this attempt.
    Idle,
    /// A leg was started.
    Running {
        /// Which, from 0.
        leg: u16,
        /// Under what name.
        token: Token,
        /// The spool that has its receipt; none where nothing is ever sent.
        spool: Option<String>,
        /// When.
        since: Timestamp,
    },
    /// A leg ended well and the next has not been started.
    Between {
        /// The next leg.
        next: u16,
    },
    /// All legs ended well.
    Well {
        /// How the last one ended.
        outcome: LaneOutcome,
    },
    /// A leg did not end well.
    Badly {
        /// Which.
        leg: u16,
        /// How.
        outcome: LaneOutcome,
    },
    /// How a leg ended cannot be known.
    Unknown {
        /// Which.
        leg: u16,
        /// Under what name it was started.
        token: Token,
        /// Why not.
        why: String,
    },
}

impl Lane {
    pub(super) fn keep(&mut self, leg: u16, output: Option<&Output>) {
        if let Some(output) = output {
            self.outputs.insert(leg, output.clone());
        }
    }
}

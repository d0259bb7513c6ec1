//! What events tell of: what was shown, how a leg ended, what was answered, what was decided.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::kinds::Proposal;
use crate::names::MachineName;
use crate::probe::Holds;

/// Whether an attempt does a step or takes it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The step itself.
    Forward,
    /// Its undo.
    Back,
}

/// What would be done on one lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneShown {
    /// The lane.
    pub lane: MachineName,
    /// What is shown, and what would run.
    pub proposal: Proposal,
}

/// How a leg ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LaneOutcome {
    /// With an exit code that counts as success.
    Succeeded {
        /// The code.
        code: i32,
    },
    /// With an exit code that counts as success, and what it printed is kept under the step's name for it.
    Captured {
        /// The code.
        code: i32,
        /// The value, or the items of the list.
        lines: Vec<String>,
    },
    /// With an exit code that counts as success, and what it printed cannot be what was to be kept of it.
    NotCaptured {
        /// The code.
        code: i32,
        /// Why not.
        why: String,
    },
    /// With any other exit code; 128 + N stands for signal N.
    Failed {
        /// The code.
        code: i32,
    },
    /// It never ran, and that is proved.
    NotRun {
        /// How that is known.
        proof: String,
    },
    /// The operator says it is done.
    SaidDone {
        /// What they add; may be empty.
        note: String,
    },
    /// What was waited for came.
    Came {
        /// What was seen.
        seen: String,
    },
    /// What was waited for did not come in time.
    DidNotCome {
        /// What was seen last.
        seen: String,
    },
}

impl LaneOutcome {
    /// Whether the next leg, or the proof, may follow.
    pub fn is_success(&self) -> bool {
        matches!(
            self,
            Self::Succeeded { .. }
                | Self::Captured { .. }
                | Self::SaidDone { .. }
                | Self::Came { .. }
        )
    }
}

/// The file that has what a leg printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Its name in the run's `output` folder.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// What a proof was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// To prove the step.
    Proof,
    /// To see what is true now; it decides nothing.
    Look,
}

/// One answer to one question of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's place in the planned step's proofs.
    pub proof: u16,
    /// Yes, no, or no answer.
    pub holds: Holds,
    /// What was seen, or what the person says.
    pub seen: String,
}

/// How something running is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// SIGTERM to the process group: it may tidy up.
    Ask,
    /// SIGKILL to the process group.
    Kill,
}

/// What an unknown outcome counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It ran and did its work.
    Happened,
    /// It ran and failed.
    Failed,
    /// It did not run.
    DidNotHappen,
    /// Nobody knows, and it may be run again all the same.
    RunAgain,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Ending {
    /// Every step is done or was skipped with a reason.
    Finished,
    /// An operator ended it before the last step.
    EndedEarly {
        /// Why.
        reason: String,
    },
}

impl LaneShown {
    /// The digest that an approval of these lanes names: SHA-256, in hex, of their names and digests.
    pub fn digest_of(lanes: &[LaneShown]) -> String {
        let mut hash = Sha256::new();
        for shown in lanes {
            hash.update(format!("{} {}\n", shown.lane, shown.proposal.digest()));
        }
        crate::kinds::hex(&hash.finalize())
    }
}

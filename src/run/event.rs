//! Events: what has happened, in the past tense, as the journal keeps it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::plan::Plan;
use crate::clock::Timestamp;
use crate::kinds::{Obstacle, Proposal};
use crate::names::{MachineName, RunId, StepId};
use crate::probe::Holds;

/// One record of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The record's number, from 0, without a gap.
    pub seq: u64,
    /// When the engine wrote it, by its wall clock.
    pub at: Timestamp,
    /// Who made it happen.
    pub by: Actor,
    /// What happened.
    pub event: Event,
}

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

/// Whether an attempt does a step or takes it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The step itself.
    Forward,
    /// Its undo.
    Back,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Event {
    /// The run was made. Always the first record, and only that.
    RunOpened {
        /// The run's id.
        run: RunId,
        /// The version of Runsheet that made it.
        version: String,
        /// What is to be done.
        plan: Box<Plan>,
    },
    /// An engine took the run up.
    EngineStarted {
        /// How many engines have taken it up, this one included.
        epoch: u32,
        /// The engine's process id.
        pid: u32,
        /// The kernel's boot id, which tells a restart of the bastion from one of the engine.
        boot: String,
        /// The version of Runsheet.
        version: String,
    },
    /// The journal's torn last line was set aside and cut.
    TailRepaired {
        /// How many bytes were set aside.
        bytes: u64,
        /// The file in the run's folder that has them.
        saved_as: String,
    },
    /// A person attached.
    Attached {
        /// Who.
        who: Operator,
        /// Whether they only watch.
        watch: bool,
    },
    /// A person's connection ended.
    Detached {
        /// Which connection.
        client: u32,
    },
    /// A step's turn came; it is being prepared.
    StepReached {
        /// The step.
        step: StepId,
        /// The new attempt's number.
        attempt: u32,
        /// The step or its undo.
        way: Way,
        /// The lanes this attempt is about; a retry leaves out those that succeeded.
        lanes: Vec<MachineName>,
    },
    /// What would be done was put before the operators.
    StepShown {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// What an approval must name.
        digest: String,
        /// What would be done, lane by lane.
        lanes: Vec<LaneShown>,
        /// The proof asked before anything was done.
        before: Vec<Answer>,
    },
    /// It could not be said what would be done.
    StepObstructed {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// Where.
        lane: MachineName,
        /// Why.
        obstacle: Obstacle,
    },
    /// An operator wants it prepared again, because the world may have changed.
    StepReviewed {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// An operator no longer wants a step taken back; nothing of its undo was started.
    BackDropped {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Somebody said yes to exactly what was shown.
    StepApproved {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The digest of what they saw.
        digest: String,
        /// What they typed, where the gate wants words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        typed: Option<String>,
    },
    /// A leg is about to be started. On disk before anything leaves for the machine.
    LegStarted {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg, from 0.
        leg: u16,
        /// The name of this start, which the machine accepts once.
        token: Token,
        /// The spool in which the machine keeps the receipt: only while the machine still has it does
        /// "no such token" prove that the leg did not start. None where nothing is ever sent: a
        /// person or the engine carries it out, or the machine cannot keep a receipt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        spool: Option<String>,
    },
    /// A leg ended, and how is known.
    LegEnded {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg, from 0.
        leg: u16,
        /// How.
        outcome: LaneOutcome,
        /// What it printed, where it printed to a file; durable before this record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Output>,
    },
    /// How a started leg ended cannot be known.
    LegUnknown {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg, from 0.
        leg: u16,
        /// Why not, and what is known.
        why: String,
        /// What it printed as far as it arrived.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Output>,
    },
    /// The connection to a machine was lost.
    LinkLost {
        /// The machine.
        machine: MachineName,
        /// What was said about it.
        why: String,
    },
    /// The connection to a machine is there again.
    LinkBack {
        /// The machine.
        machine: MachineName,
    },
    /// Somebody wants what is running to end.
    StopAsked {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// How.
        stop: Stop,
        /// Why, where the engine asks: a limit of time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// The proof is to be asked again, without doing the step again.
    ProofReopened {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Somebody wants to see what the probes say now; it decides nothing.
    LookAsked {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Probes were asked and answered.
    ProofAnswered {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// What for.
        asked: Asked,
        /// The answers.
        answers: Vec<Answer>,
    },
    /// An operator vouched for a step that could not be proved.
    StepAttested {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// What they saw.
        note: String,
    },
    /// An operator decided to go on without a step.
    StepSkipped {
        /// The step.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// An operator decided what an unknown outcome counts as.
    UnknownSettled {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// What it counts as.
        decision: Decision,
        /// Why.
        reason: String,
    },
    /// Somebody wrote something down.
    NoteAdded {
        /// The step it is about; none for the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        /// The words; may have several lines.
        text: String,
    },
    /// The run is over; nothing follows.
    RunEnded {
        /// How.
        ending: Ending,
    },
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
            Self::Succeeded { .. } | Self::SaidDone { .. } | Self::Came { .. }
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

impl Event {
    /// The step it is about, if it is about one.
    pub fn step(&self) -> Option<&StepId> {
        match self {
            Self::StepReached { step, .. }
            | Self::StepShown { step, .. }
            | Self::StepObstructed { step, .. }
            | Self::StepReviewed { step, .. }
            | Self::BackDropped { step, .. }
            | Self::StepApproved { step, .. }
            | Self::LegStarted { step, .. }
            | Self::LegEnded { step, .. }
            | Self::LegUnknown { step, .. }
            | Self::StopAsked { step, .. }
            | Self::ProofReopened { step, .. }
            | Self::LookAsked { step, .. }
            | Self::ProofAnswered { step, .. }
            | Self::StepAttested { step, .. }
            | Self::StepSkipped { step, .. }
            | Self::UnknownSettled { step, .. } => Some(step),
            Self::NoteAdded { step, .. } => step.as_ref(),
            Self::RunOpened { .. }
            | Self::EngineStarted { .. }
            | Self::TailRepaired { .. }
            | Self::Attached { .. }
            | Self::Detached { .. }
            | Self::LinkLost { .. }
            | Self::LinkBack { .. }
            | Self::RunEnded { .. } => None,
        }
    }
}

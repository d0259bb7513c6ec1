//! The story of one step.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::kinds::{Exhibit, Performer};
use crate::names::{MachineName, PhaseId, StepId};
use crate::probe::Holds;
use crate::run::{PlannedUndo, Way};
use crate::runbook::{Downtime, Gate};

use super::super::Tail;
use super::Noted;

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepStory {
    /// Its number, from 1.
    pub number: usize,
    /// Its id.
    pub id: StepId,
    /// Its phase.
    pub phase: PhaseId,
    /// Its title.
    pub title: String,
    /// Why it is done; may be empty.
    pub about: String,
    /// The kind of its action.
    pub kind: String,
    /// What it does, in one line.
    pub headline: String,
    /// Who carries it out.
    pub performer: Performer,
    /// Where.
    pub lanes: Vec<MachineName>,
    /// What had to be said before it started.
    pub gate: Gate,
    /// How it could be taken back.
    pub undo: PlannedUndo,
    /// Whether customers begin or cease to notice here.
    pub downtime: Option<Downtime>,
    /// Whether there was no way back once it had started.
    pub point_of_no_return: bool,
    /// Whether it got a terminal that somebody could type on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interactive: bool,
    /// The step with which its change takes effect; none where it does so at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub armed_until: Option<StepId>,
    /// How long its machine waited for somebody to keep the change before it took it back, in seconds; none where it
    /// does not do that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_within_seconds: Option<u64>,
    /// How far its change has come; none where it takes effect at once, or is not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// The author's estimate; none where there is none.
    pub estimate_seconds: Option<u64>,
    /// Where it stands at the end of the record.
    pub state: StepEnd,
    /// The same in a sentence.
    pub sentence: String,
    /// When its latest attempt began; none before.
    pub started: Option<Timestamp>,
    /// When it came to rest; none before.
    pub ended: Option<Timestamp>,
    /// Every attempt, forward and back.
    pub attempts: Vec<Attempt>,
    /// What people wrote down about it.
    pub notes: Vec<Noted>,
}

/// Where a step stands at the end of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepEnd {
    /// Done, and its proof holds.
    Proved,
    /// Done, and its proof holds, and held before it too.
    ProvedVacuously,
    /// Done on somebody's word.
    Attested,
    /// Done, and no proof was asked for.
    Unchecked,
    /// A choice that a person made.
    Chosen,
    /// Skipped.
    Skipped,
    /// Passed over by its own rule.
    RuledOut,
    /// Its turn has not come.
    NotReached,
    /// It was done, or begun, and taken back.
    TakenBack,
    /// It is being prepared, waits at its gate, runs or is being proved.
    Open,
    /// It failed, was stopped, is not proved, or could not be shown.
    Stuck,
    /// How it ended is not known.
    Unknown,
}

/// One try of a step, or of its undo.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// The step or its undo.
    pub way: Way,
    /// The lanes it was about.
    pub lanes: Vec<MachineName>,
    /// When its turn came.
    pub reached: Timestamp,
    /// How often it was prepared anew at its gate.
    pub reviews: u32,
    /// What was shown last, and so what was approved; none where it could not be shown.
    pub shown: Option<Shown>,
    /// Who said yes.
    pub approvals: Vec<Approved>,
    /// What ran.
    pub legs: Vec<LegStory>,
    /// Its proof.
    pub proofs: Vec<ProofStory>,
    /// What else happened, in order, as sentences.
    pub remarks: Vec<Remark>,
    /// How it came to rest; none while it is open.
    pub result: Option<String>,
    /// When it came to rest.
    pub ended: Option<Timestamp>,
}

/// What was put before the operators.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shown {
    /// When.
    pub at: Timestamp,
    /// What an approval had to name.
    pub digest: String,
    /// Lane by lane.
    pub lanes: Vec<LaneStory>,
}

/// What was shown of one lane.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LaneStory {
    /// The lane.
    pub lane: MachineName,
    /// Its item; none where the step has no list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// What was seen.
    pub exhibits: Vec<Exhibit>,
    /// Set where the world was already as wanted.
    pub already: Option<String>,
}

/// A yes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Approved {
    /// Who; none where the gate asks nobody.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What they typed, where the gate wanted words.
    pub typed: Option<String>,
    /// The digest of what they saw.
    pub digest: String,
}

/// One thing that ran on one machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LegStory {
    /// The lane.
    pub lane: MachineName,
    /// Its place, from 0.
    pub leg: u16,
    /// What it does, in few words; empty where a person or a probe did it.
    pub title: String,
    /// What the machine was told it is called.
    pub token: String,
    /// When its start was written down.
    pub started: Timestamp,
    /// When its end was written down; none where the record ends before.
    pub ended: Option<Timestamp>,
    /// The exit code, where a program ended; 128 + N stands for signal N.
    pub code: Option<i32>,
    /// How it ended, in words; none while it runs.
    pub outcome: Option<String>,
    /// Who said so; none where it was a machine.
    pub by: Option<String>,
    /// Whether how it ended could not be known.
    pub unknown: bool,
    /// What it printed.
    pub output: Option<Printed>,
}

/// What a leg printed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Printed {
    /// The file in the run's `output` folder.
    pub file: String,
    /// Its length, as recorded.
    pub bytes: u64,
    /// SHA-256 of it, as recorded, in hex.
    pub sha256: String,
    /// Its last lines; none where the file is not there to read.
    pub tail: Option<Tail>,
}

/// One question of a proof.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProofStory {
    /// What must be true, or the question.
    pub says: String,
    /// The lane it belongs to.
    pub lane: MachineName,
    /// The machine it is asked on; none for a person.
    pub at: Option<MachineName>,
    /// The answer before the step; none where it was not asked.
    pub before: Option<AnswerStory>,
    /// The answers after it, the last of which counts.
    pub after: Vec<AnswerStory>,
    /// Whether it held before already.
    pub held_before: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AnswerStory {
    /// When it was written down.
    pub at: Timestamp,
    /// Yes, no, or no answer.
    pub holds: Holds,
    /// What was seen, or said.
    pub seen: String,
    /// Who answered; none for a machine.
    pub by: Option<String>,
}

/// Something else that happened in an attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Remark {
    /// When.
    pub at: Timestamp,
    /// Who; none for the engine.
    pub by: Option<String>,
    /// What.
    pub text: String,
}

//! The story of a run: the shape of the JSON report, and what every other format is written from.
//!
//! Keys are kebab-case. Times are RFC 3339 in UTC, durations are whole seconds unless the key says otherwise.
//! A key whose value is not known is there with `null`. A program that reads it should ignore keys that it
//! does not know; [`FORMAT`] changes when one that is here changes its meaning or goes.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::kinds::{Exhibit, Performer};
use crate::names::{EnvName, MachineName, PhaseId, RunId, StepId};
use crate::probe::Holds;
use crate::run::{PlannedMachine, PlannedPhase, PlannedUndo, Way};
use crate::runbook::{Downtime, EnvironmentKind, Gate};

use super::Tail;

/// The version of this shape.
pub const FORMAT: u32 = 1;

/// A run as a reviewer reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Story {
    /// [`FORMAT`].
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// The version of Runsheet that opened it.
    pub version: String,
    /// The runbook's title.
    pub title: String,
    /// What the runbook is for; may be empty.
    pub about: String,
    /// SHA-256 of the runbook, in hex.
    pub runbook_sha256: String,
    /// The environment.
    pub environment: EnvName,
    /// Rehearsal or production.
    pub environment_kind: EnvironmentKind,
    /// SHA-256 of the environment's file, in hex.
    pub environment_sha256: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was, and for how long.
    pub when: When,
    /// Who was attached.
    pub people: Vec<Person>,
    /// Whether different names were used on one account, so that a name is only somebody's own word.
    pub shared_account: bool,
    /// The machines.
    pub machines: Vec<PlannedMachine>,
    /// The parameters; a secret has no value.
    pub params: Vec<Param>,
    /// What a reviewer should look at, the weightiest first.
    pub look: Vec<Look>,
    /// The phases, in order.
    pub phases: Vec<PlannedPhase>,
    /// The steps, in order.
    pub steps: Vec<StepStory>,
    /// What people wrote down about the run and not about a step.
    pub notes: Vec<Noted>,
    /// What the record proves.
    pub chain: ChainStory,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outcome {
    /// Finished, ended early, or still open when this was written.
    pub kind: OutcomeKind,
    /// The same in one sentence.
    pub sentence: String,
    /// How many steps there are.
    pub steps: usize,
    /// How many of them are done on the word of a proof, vacuous ones included.
    pub proved: usize,
    /// How many are done on somebody's word.
    pub attested: usize,
    /// How many are done without any proof asked for.
    pub unchecked: usize,
    /// How many were skipped.
    pub skipped: usize,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// Every step is done or was skipped.
    Finished,
    /// An operator ended it before the last step.
    EndedEarly,
    /// It has not ended.
    Open,
}

/// When a run was.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct When {
    /// When it was opened.
    pub opened: Timestamp,
    /// When it ended; none while it is open.
    pub ended: Option<Timestamp>,
    /// When the last entry was written.
    pub latest: Timestamp,
    /// From opening to the end, or to the last entry.
    pub seconds: i64,
    /// How long the maintenance window was; none where the runbook names none.
    pub window_seconds: Option<u64>,
    /// By how much it was overrun; 0 where it was kept or there is none.
    pub over_window_seconds: u64,
    /// The times in which customers noticed, by the marks of the runbook.
    pub downtime: Vec<Down>,
}

/// A time in which customers noticed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Down {
    /// From when on.
    pub from: Timestamp,
    /// The step that began it.
    pub from_step: StepId,
    /// Until when; none where the record ends before.
    pub to: Option<Timestamp>,
    /// How long; until the last entry where it has no end.
    pub seconds: i64,
}

/// Somebody who was attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Person {
    /// The name they went by.
    pub name: String,
    /// Their account's number, by the kernel.
    pub uid: u32,
    /// The account they logged in with, by the kernel; none where it does not keep that.
    pub login_uid: Option<u32>,
    /// How often they attached.
    pub connections: u32,
    /// How many entries they made happen, beside coming and going.
    pub acts: u32,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its value; none for a secret.
    pub value: Option<String>,
}

/// Something that a reviewer should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Look {
    /// What sort of thing.
    pub kind: LookKind,
    /// The step, where it is about one.
    pub step: Option<StepId>,
    /// When; none for what is true of the whole run.
    pub at: Option<Timestamp>,
    /// Who, where somebody did it.
    pub by: Option<String>,
    /// What, in words.
    pub text: String,
}

/// What sort of thing a reviewer should look at; the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LookKind {
    /// The record or a file of it is not what was written.
    Record,
    /// A step's outcome was unknown.
    Unknown,
    /// Somebody decided what an unknown outcome counts as.
    Settled,
    /// A step was skipped.
    Skipped,
    /// Somebody vouched for a step.
    Attested,
    /// A proof held before the step already, and so proves nothing about it.
    HeldBefore,
    /// A step is done and the runbook asks for no proof.
    Unchecked,
    /// A step failed.
    Failed,
    /// A step's proof did not hold.
    Unproved,
    /// Something running was asked to end.
    Stopped,
    /// A step was tried again.
    Retried,
    /// A proof was asked again after something was mended by hand.
    ProvedAgain,
    /// A step was taken back.
    Undone,
    /// It could not be said what a step would do.
    Obstructed,
    /// A step found the world already as wanted.
    Already,
    /// The connection to a machine was lost.
    LinkLost,
    /// Another engine took the run up.
    EngineRestarted,
    /// An unfinished record was set aside.
    TailRepaired,
    /// Different names came from one account.
    SharedAccount,
    /// The maintenance window was overrun.
    OverWindow,
    /// The clock of the bastion went back.
    ClockWentBack,
}

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
    /// Skipped.
    Skipped,
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

/// What somebody wrote down.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Noted {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Option<String>,
    /// The words.
    pub text: String,
}

/// What the record proves.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ChainStory {
    /// How many records there are.
    pub records: u64,
    /// The hash that the last of them ends the chain with, in hex.
    pub head: String,
    /// Whether nothing was found wrong with the record and its files.
    pub consistent: bool,
    /// What the verification said, line by line.
    pub verdict: Vec<String>,
}

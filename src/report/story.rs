//! The story of a run: the shape of the JSON report, and what every other format is written from.
//!
//! Keys are kebab-case. Times are RFC 3339 in UTC, durations are whole seconds unless the key says otherwise.
//! A key whose value is not known is there with `null`. A program that reads it should ignore keys that it
//! does not know; [`FORMAT`] changes when one that is here changes its meaning or goes.

mod step;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::names::{EnvName, MachineName, RunId, StepId};
use crate::run::{Check, PlannedMachine, PlannedPhase};
use crate::runbook::EnvironmentKind;
use crate::transport::Identity;

pub use step::*;

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
    /// Which machine each name was when the run reached it.
    pub identities: Vec<MachineWas>,
    /// What was found on the machines before the run; empty where nobody looked.
    pub preflight: Vec<Check>,
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

/// Which machine a name was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MachineWas {
    /// The name.
    pub name: MachineName,
    /// The machine.
    pub identity: Identity,
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
    /// How many were choices that a person made.
    pub chosen: usize,
    /// How many were skipped.
    pub skipped: usize,
    /// How many their own rule passed over.
    pub ruled_out: usize,
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
    /// How far back undo reaches at the last entry, and about how long that takes, in a sentence.
    pub way_back: String,
    /// When the way back must be begun for it to end within the window; none where that is no question.
    pub latest_return: Option<Timestamp>,
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
    /// What a machine said later is not what somebody decided about an unknown outcome.
    Contradicted,
    /// Something may still be running on a machine, and nobody follows it.
    MayRun,
    /// A change is written and not known to be in effect.
    Armed,
    /// A step's outcome was unknown.
    Unknown,
    /// A machine said something of an unknown outcome later.
    Found,
    /// Somebody decided what an unknown outcome counts as.
    Settled,
    /// A step was skipped.
    Skipped,
    /// Somebody vouched for a step.
    Attested,
    /// A problem that was known before the run began.
    Preflight,
    /// The whole proof held before the step already, and so proves nothing about it.
    HeldBefore,
    /// A step is done and the runbook asks for no proof.
    Unchecked,
    /// A step failed.
    Failed,
    /// A step's proof did not hold.
    Unproved,
    /// Something running was asked to end.
    Stopped,
    /// Somebody could type to a step, and what they typed is not recorded.
    Typed,
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
    /// The run was laid down for a while.
    Suspended,
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

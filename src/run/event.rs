//! Events: what has happened, in the past tense, as the journal keeps it.

use serde::{Deserialize, Serialize};

use super::{
    Actor, Answer, Asked, Check, Decision, Ending, Evidence, LaneOutcome, LaneShown, Operator,
    Output, Plan, Proof, Stop, Token, Way,
};
use crate::clock::Timestamp;
use crate::kinds::Obstacle;
use crate::names::{MachineName, ParamName, RunId, StepId};
use crate::transport::Identity;

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
        /// The words of the gate, where a value came into them after the plan was laid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<String>,
        /// The questions of the proof, where a value or a lane came into them after the plan was laid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proofs: Option<Vec<Proof>>,
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
        /// Whether the machine was asked and could not say. Otherwise it is asked on.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        last_word: bool,
    },
    /// A machine knows of an unknown outcome after all, before anybody decided: the leg is followed again.
    LegFound {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg, from 0.
        leg: u16,
        /// The start it is about.
        token: Token,
        /// What the machine says.
        says: Evidence,
    },
    /// A machine said something of an outcome that was unknown, which settles nothing: it came after a
    /// decision, or it is that the machine cannot say either.
    EvidenceCame {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg, from 0.
        leg: u16,
        /// The start it is about.
        token: Token,
        /// What the machine says.
        says: Evidence,
        /// Whether a person decided otherwise.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        contradicts: bool,
    },
    /// The machines were looked at, before anything was begun.
    PreflightDone {
        /// What was found, machine by machine.
        checks: Vec<Check>,
    },
    /// A machine was reached for the first time, or has another boot or name since. Whatever it says of itself
    /// here is held against whoever answers under its name later.
    MachineMet {
        /// The machine.
        machine: MachineName,
        /// Which one it is.
        identity: Identity,
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
    /// A step's own rule passed over it.
    StepRuledOut {
        /// The step.
        step: StepId,
        /// The condition that does not hold, and what is so instead.
        rule: String,
    },
    /// An operator chose one of the options that were shown.
    ChoiceMade {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The digest of what they saw.
        digest: String,
        /// The name that gets the value.
        name: ParamName,
        /// The value.
        value: String,
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
    /// Somebody took the keyboard of a command that runs on a terminal. What they type is not recorded.
    KeyboardTaken {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg, from 0.
        leg: u16,
    },
    /// They gave it back. It also goes back when the leg ends, when they leave and when the engine ends.
    KeyboardReturned {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg, from 0.
        leg: u16,
    },
    /// An operator keeps a change that its guard would take back; the guard is let go of next.
    ChangeKept {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
    },
    /// Somebody wrote something down.
    NoteAdded {
        /// The step it is about; none for the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        /// The words; may have several lines.
        text: String,
    },
    /// Somebody laid the run down between two steps; the next engine takes it up again.
    RunSuspended {
        /// Why, and perhaps until when.
        reason: String,
    },
    /// The run is over; nothing follows.
    RunEnded {
        /// How.
        ending: Ending,
    },
}

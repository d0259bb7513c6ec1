//! What somebody wants, and what the engine found out: the two sorts of command that [`super::decide`] takes.

use serde::{Deserialize, Serialize};

use super::{
    Answer, Asked, Check, Decision, Evidence, LaneOutcome, LaneShown, Operator, Output, Stop, Token,
};
use super::{FilledIn, Plan};
use crate::kinds::Obstacle;
use crate::names::{MachineName, RunId, StepId};
use crate::transport::Identity;

/// A wish or a fact, on its way to become an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// A person wants something.
    Wish {
        /// Who.
        who: Operator,
        /// What.
        intent: Intent,
    },
    /// The engine found something out, or follows a rule.
    Found(Finding),
}

/// What a person can want. It names the attempt it was made for, so that a late one does no harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Intent {
    /// Says yes to what was shown.
    Approve {
        /// The step.
        step: StepId,
        /// The attempt that was on screen.
        attempt: u32,
        /// The digest that was on screen.
        digest: String,
        /// What was typed, where the gate wants words.
        typed: Option<String>,
    },
    /// Chooses one of the options that were shown.
    Choose {
        /// The step.
        step: StepId,
        /// The attempt that was on screen.
        attempt: u32,
        /// The digest that was on screen.
        digest: String,
        /// The value of the option.
        value: String,
    },
    /// Asks to look at the machines again before saying yes.
    Review {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Says that a step of theirs is done.
    SayDone {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// What they add; may be empty.
        note: String,
    },
    /// Answers a question of a proof.
    Reply {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The question's place in the planned proofs.
        proof: u16,
        /// The answer.
        yes: bool,
        /// What they saw; may be empty for a yes to a question that wants no evidence, never for a no.
        note: String,
    },
    /// Wants the step tried again.
    Retry {
        /// The step.
        step: StepId,
        /// The attempt that is stuck.
        attempt: u32,
    },
    /// Wants the proof asked again, after mending something by hand.
    ProveAgain {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Wants to see what the probes say now, deciding nothing.
    Look {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Vouches for the step.
    Attest {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// What they saw; never empty.
        note: String,
    },
    /// Goes on without the step.
    Skip {
        /// The step.
        step: StepId,
        /// Why; never empty.
        reason: String,
    },
    /// Decides what an unknown outcome counts as.
    Settle {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// What it counts as.
        decision: Decision,
        /// Why; never empty.
        reason: String,
    },
    /// Wants what is running to end.
    Stop {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// How.
        stop: Stop,
    },
    /// Wants the latest step taken back.
    GoBack {
        /// The step.
        step: StepId,
    },
    /// Does not want the step taken back after all, before anything of it was started.
    DropBack {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Wants to type to what runs on a terminal.
    TakeKeyboard {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
    },
    /// Does not want to type to it any more.
    ReturnKeyboard {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
    },
    /// Keeps a change that its guard would take back.
    Keep {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
    },
    /// Writes something down.
    Note {
        /// The step it is about; none for the run.
        step: Option<StepId>,
        /// The words; never empty.
        text: String,
    },
    /// Lays the run down between two steps: its engine leaves until somebody attaches again.
    Suspend {
        /// Why, and perhaps until when; never empty.
        reason: String,
    },
    /// Ends the run.
    End {
        /// Why; may be empty only when no step is left.
        reason: String,
    },
}

/// What the engine found out, or does by rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// A run is to be made.
    Open {
        /// Its id.
        run: RunId,
        /// The version of Runsheet.
        version: String,
        /// What is to be done.
        plan: Box<Plan>,
    },
    /// This engine took the run up.
    Started {
        /// Its process id.
        pid: u32,
        /// The kernel's boot id.
        boot: String,
        /// The version of Runsheet.
        version: String,
    },
    /// The journal's tail was repaired.
    Repaired {
        /// How many bytes were set aside.
        bytes: u64,
        /// Where they are now.
        saved_as: String,
    },
    /// A client attached; the number in `who` must be the run's next.
    Attached {
        /// Who.
        who: Operator,
        /// Whether they only watch.
        watch: bool,
    },
    /// A client went.
    Detached {
        /// Which.
        client: u32,
    },
    /// The turn of a step has come.
    Reach {
        /// The step.
        step: StepId,
    },
    /// The step was prepared.
    Shown {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// What would be done.
        lanes: Vec<LaneShown>,
        /// The proof asked before.
        before: Vec<Answer>,
        /// What came into the gate's words and the proof after the plan was laid.
        filled: FilledIn,
    },
    /// The step could not be prepared.
    Obstructed {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// Where.
        lane: MachineName,
        /// Why.
        obstacle: Obstacle,
    },
    /// The step's gate asks nobody.
    Pass {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// A leg is about to be started.
    Begin {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg.
        leg: u16,
        /// The spool that will have its receipt; none where nothing will be sent.
        spool: Option<String>,
    },
    /// A leg ended.
    Ended {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg.
        leg: u16,
        /// How.
        outcome: LaneOutcome,
        /// What it printed.
        output: Option<Output>,
    },
    /// How a leg ended cannot be known.
    Unknown {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg.
        leg: u16,
        /// Why not.
        why: String,
        /// What it printed as far as it arrived.
        output: Option<Output>,
        /// Whether the machine was asked and could not say.
        last_word: bool,
    },
    /// A machine said something of an outcome that is or was unknown.
    Evidence {
        /// The start it is about.
        token: Token,
        /// What it said.
        says: Evidence,
    },
    /// The machines were looked at before the run.
    Preflight {
        /// What was found.
        checks: Vec<Check>,
    },
    /// A machine was reached.
    Met {
        /// Which name it goes by.
        machine: MachineName,
        /// Which machine it is.
        identity: Identity,
    },
    /// A link was lost.
    LinkLost {
        /// To which machine.
        machine: MachineName,
        /// What was said about it.
        why: String,
    },
    /// A link is back.
    LinkBack {
        /// To which machine.
        machine: MachineName,
    },
    /// The time of a running step is up.
    TimeUp {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The limit, for the record: `its limit of 10 min`.
        because: String,
    },
    /// Probes were asked.
    Answered {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// What for.
        asked: Asked,
        /// The answers.
        answers: Vec<Answer>,
    },
}

//! The heart: what a run is, what may happen to it, and what should be going on now.
//!
//! No I/O, no clock, no async. [`decide`] turns what somebody wants, or what the engine found out, into
//! one [`Event`] or a [`Refusal`]; [`Run::apply`] makes a written [`Entry`] true; [`wanted`] says what the
//! hands should be doing. After a crash the journal is folded with `apply` and the same `wanted` is asked
//! again, which is why it looks at the state and never at how the state came to be.

mod apply;
mod decide;
mod event;
mod intent;
mod plan;
mod state;
mod wanted;

pub use apply::Illegal;
pub use decide::{Refusal, decide};
pub use event::{
    Actor, Answer, Asked, Decision, Ending, Entry, Event, LaneOutcome, LaneShown, Operator, Output,
    Stop, Token, Way,
};
pub use intent::{Command, Finding, Intent};
pub use plan::{
    Plan, PlanError, PlannedMachine, PlannedPhase, PlannedStep, PlannedUndo, Proof, RunbookCopy,
    proof_specs,
};
pub use state::{
    Approval, Done, Lane, LaneAt, Link, Note, Present, Run, Shown, StepAt, StepState, Stuck,
    UndoLimit,
};
pub use wanted::{Task, Wanted, wanted};

#[cfg(test)]
mod walk;

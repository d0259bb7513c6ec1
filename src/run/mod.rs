//! The heart: what a run is, what may happen to it, and what should be going on now.
//!
//! No I/O, no clock, no async. [`decide`] turns what somebody wants, or what the engine found out, into
//! one [`Event`] or a [`Refusal`]; [`Run::apply`] makes a written [`Entry`] true; [`wanted`] says what the
//! hands should be doing. After a crash the journal is folded with `apply` and the same `wanted` is asked
//! again, which is why it looks at the state and never at how the state came to be.

mod about;
mod actor;
mod apply;
mod armed;
mod back;
mod decide;
mod doubt;
mod earlier;
mod event;
mod facts;
mod find;
mod found;
mod fresh;
mod guard;
mod intent;
mod keyboard;
mod known;
mod lane;
mod lay;
mod made;
mod moves;
mod plan;
mod preflight;
mod proofs;
mod settle;
mod shown;
mod spread;
mod state;
mod suspend;
mod wanted;
mod wish;

pub use actor::{Actor, Operator, Token};
pub use apply::Illegal;
pub use armed::{Armed, Effect};
pub use back::{Deadline, Length, UndoLimit};
pub use decide::{Refusal, decide};
pub use doubt::{Doubt, Evidence};
pub use earlier::{Earlier, Took};
pub use event::{Entry, Event};
pub use facts::{Answer, Asked, Decision, Ending, LaneOutcome, LaneShown, Output, Stop, Way};
pub use guard::Guard;
pub use intent::{Command, Finding, Intent};
pub use keyboard::Keyboard;
pub use known::{CERTAIN, OPEN, OWN_QUESTION, computed, sorted};
pub use lane::{Lane, LaneAt};
pub use lay::PlanError;
pub use made::{Made, Rule};
pub use plan::{
    Plan, PlannedChoice, PlannedMachine, PlannedPhase, PlannedStep, PlannedUndo, Proof, RunbookCopy,
};
pub use preflight::{Check, Level};
pub use proofs::{FilledIn, asked_at, filled_in, proof_specs};
pub use settle::{Next, Said, Sent, next};
pub use shown::Shown;
pub use spread::Spot;
pub use state::{Approval, Done, Link, Note, Present, Run, StepAt, StepState, Stuck};
pub use suspend::Suspended;
pub use wanted::{Task, Wanted, wanted};

#[cfg(test)]
mod walk;

//! Turns a wish or a finding into one event, or says why not.

use super::found::found;
use super::wish::wish;
use super::{
    Actor, Command, Event, Intent, LaneAt, PlannedStep, Run, StepAt, StepState, Stop, Way,
};
use crate::clock::Timestamp;
use crate::names::{MachineName, StepId};
use crate::runbook::Gate;

/// Why a command does not become an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The run has ended, or was never opened.
    #[error("the run is not open")]
    NotOpen,
    /// The run was laid down, and its engine is leaving.
    #[error("the run is suspended; attach again to take it up")]
    Suspended,
    /// The person only watches.
    #[error("you are watching; attach without --watch to decide")]
    Watching,
    /// There is no such step, lane or question.
    #[error("there is no {0}")]
    NoSuch(String),
    /// The wish was for an attempt that is over.
    #[error("the screen was behind: step {step} is at attempt {now} now")]
    Late {
        /// The step.
        step: StepId,
        /// Its attempt now.
        now: u32,
    },
    /// What would be done has changed since it was shown.
    #[error("not what you saw: what step {0} would do has changed; look again")]
    NotWhatYouSaw(StepId),
    /// Somebody else was first.
    #[error("already: {0}")]
    Already(String),
    /// The step is not where this could be done to it.
    #[error("step {step} {is}; {wish} is not possible now")]
    NotNow {
        /// The step.
        step: StepId,
        /// Where it is: `is running`.
        is: &'static str,
        /// What was wanted: `a retry`.
        wish: &'static str,
    },
    /// The gate wants other words.
    #[error("the gate wants these words: {0}")]
    OtherWords(String),
    /// The step is a choice, and that is none of its options.
    #[error("this is a choice; choose one of: {0}")]
    OneOf(String),
    /// A reason or a note is missing.
    #[error("{0} needs a reason in words")]
    NeedsWords(&'static str),
    /// The environment wants more people.
    #[error("{wanted} people must be attached before a gate is passed; {here} here now")]
    PeopleMissing {
        /// How many.
        wanted: u32,
        /// How many there are.
        here: usize,
    },
    /// The gate wants a second person, and this is the first again.
    #[error("you said yes already; step {0} wants the yes of a second person")]
    SecondPerson(StepId),
    /// A step that this one needs was skipped.
    #[error("step {step} needs step {need}, which was skipped; skip it too, or end the run")]
    NeedSkipped {
        /// The step.
        step: StepId,
        /// What it needs.
        need: StepId,
    },
    /// There is no way back from here.
    #[error("step {0} cannot be taken back from here")]
    NoWayBack(StepId),
    /// What it would become does not fit into a record of the journal.
    #[error("it cannot be written down: {0}")]
    CannotBeKept(String),
    /// Nothing new may begin, because its outcome and its output might find no room.
    #[error("no room on the disk: nothing new is started; make room, then try again ({0})")]
    NoRoom(String),
    /// Its guard may still take the step back.
    #[error("step {step} may still be taken back by its guard on {lane}, from {} UTC on: try again, or take it back", until.strftime("%H:%M:%S"))]
    Guarded {
        /// The step.
        step: StepId,
        /// The lane.
        lane: MachineName,
        /// When it fires at the earliest.
        until: Timestamp,
    },
    /// The run cannot be ended while something is under way.
    #[error("step {0} is under way; stop it first")]
    UnderWay(StepId),
}

/// Decides what a command becomes.
///
/// # Errors
///
/// A [`Refusal`]; nothing has happened then.
pub fn decide(run: &Run, command: &Command) -> Result<(Actor, Event), Refusal> {
    match command {
        Command::Found(finding) => Ok((Actor::Engine, found(run, finding)?)),
        Command::Wish { who, intent } => {
            let present = run.present.get(&who.client);
            if run.plan.is_none() || run.ending.is_some() {
                return Err(Refusal::NotOpen);
            }
            if run.suspended.is_some() {
                return Err(Refusal::Suspended);
            }
            let watch = present.is_none_or(|present| present.watch);
            if watch && !matches!(intent, Intent::Note { .. }) {
                return Err(Refusal::Watching);
            }
            Ok((Actor::Operator(who.clone()), wish(run, who, intent)?))
        }
    }
}

/// Whether people and needs allow a gate to be passed.
pub(super) fn ready(run: &Run, planned: &PlannedStep) -> Result<(), Refusal> {
    let wanted = run.plan.as_ref().map_or(0, |plan| plan.people);
    let here = run.people();
    if wanted > 1 && (here as u64) < u64::from(wanted) {
        return Err(Refusal::PeopleMissing { wanted, here });
    }
    for need in &planned.needs {
        let skipped = |state: &StepState| matches!(state.at, StepAt::Skipped { .. });
        if run.step(need).is_some_and(|(_, _, state)| skipped(state)) {
            return Err(Refusal::NeedSkipped {
                step: planned.id.clone(),
                need: need.clone(),
            });
        }
    }
    Ok(())
}

/// Whether a gate opens without anybody: an `auto` gate on the first try, forward, and only while the
/// step was never taken back. Whoever took it back did not ask for it to be done again.
pub(super) fn passes_by_itself(planned: &PlannedStep, state: &StepState) -> bool {
    planned.gate == Gate::Auto && state.way == Way::Forward && !state.undone
}

pub(super) fn stop_running(
    state: &StepState,
    step: &StepId,
    attempt: u32,
    stop: Stop,
    because: Option<String>,
) -> Result<Event, Refusal> {
    // Cleared too: a machine that cannot be reached keeps a step there for as long as that lasts.
    let open = matches!(state.at, StepAt::Cleared | StepAt::Running);
    allowed(open, state, step, "stopping it")?;
    if state.stop >= Some(stop) {
        return Err(Refusal::Already(format!("step {step} was asked to end")));
    }
    Ok(Event::StopAsked {
        step: step.clone(),
        attempt,
        stop,
        because,
    })
}

pub(super) fn running_leg(state: &StepState, lane: &MachineName) -> Result<u16, Refusal> {
    match state.lane(lane).map(|lane| &lane.at) {
        Some(LaneAt::Running { leg, .. }) => Ok(*leg),
        Some(_) => Err(Refusal::Already(format!("lane {lane} has ended"))),
        None => Err(Refusal::NoSuch(format!("lane {lane}"))),
    }
}

pub(super) fn find<'a>(
    run: &'a Run,
    step: &StepId,
) -> Result<(usize, &'a PlannedStep, &'a StepState), Refusal> {
    run.step(step)
        .ok_or_else(|| Refusal::NoSuch(format!("step {step}")))
}

pub(super) fn at<'a>(
    run: &'a Run,
    step: &StepId,
    attempt: u32,
) -> Result<(&'a PlannedStep, &'a StepState), Refusal> {
    let (_, planned, state) = find(run, step)?;
    if state.attempt == attempt {
        Ok((planned, state))
    } else {
        Err(Refusal::Late {
            step: step.clone(),
            now: state.attempt,
        })
    }
}

pub(super) fn now<'a>(run: &'a Run, step: &StepId, attempt: u32) -> Result<&'a StepState, Refusal> {
    at(run, step, attempt).map(|(_, state)| state)
}

pub(super) fn words(what: &'static str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        Err(Refusal::NeedsWords(what))
    } else {
        Ok(())
    }
}

pub(super) fn allowed(
    so: bool,
    state: &StepState,
    step: &StepId,
    wish: &'static str,
) -> Result<(), Refusal> {
    if so {
        Ok(())
    } else {
        Err(not_now(state, step, wish))
    }
}

pub(super) fn not_now(state: &StepState, step: &StepId, wish: &'static str) -> Refusal {
    let is = match &state.at {
        StepAt::Waiting => "is waiting for its turn",
        StepAt::Preparing => "is being prepared",
        StepAt::AtGate => "is at its gate",
        StepAt::Cleared | StepAt::Running => "is running",
        StepAt::Proving => "is being proved",
        StepAt::Done { .. } => "is done",
        StepAt::Skipped { .. } => "was skipped",
        StepAt::RuledOut { .. } => "was ruled out",
        StepAt::Stuck { .. } => "is stuck",
    };
    Refusal::NotNow {
        step: step.clone(),
        is,
        wish,
    }
}

//! What is written and not yet in effect.
//!
//! No event says so: it follows from where a step stands and where the step stands that activates it. It is what
//! this run knows; something else that makes the machine read its configuration anew is not seen.

use super::{Run, StepAt, StepState, Way};
use crate::clock::Timestamp;
use crate::names::StepId;

/// How far a change that is activated by a later step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is written, and takes effect with the later step.
    Armed,
    /// The later step was started and is not done: nobody can say.
    Open,
    /// The later step is done, since then; none where the record does not say when.
    Since(Option<Timestamp>),
    /// It was taken back before the later step was started.
    Never,
}

/// A change that is activated by a later step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Armed<'a> {
    /// The step that wrote it, by its place.
    pub number: usize,
    /// The step that activates it, by its place.
    pub by: usize,
    /// The id of that step.
    pub until: &'a StepId,
    /// How far it has come.
    pub effect: Effect,
    /// The same in words, without the time.
    pub says: String,
}

impl Run {
    /// How far the change of a step has come; none where it takes effect at once, or is not written.
    pub fn armed(&self, number: usize) -> Option<Armed<'_>> {
        let until = self.planned(number)?.armed_until.as_ref()?;
        let (by, _, active) = self.step(until)?;
        let state = self.steps.get(number)?;
        let effect = effect(state, active)?;
        let step = format!("step {} ({until})", by + 1);
        let going = state.way == Way::Back;
        let says = match (effect, &active.at) {
            (Effect::Armed, _) if going => {
                format!("armed, not in effect; taken back before {step}, it never was")
            }
            (Effect::Armed, StepAt::Skipped { .. }) => {
                format!("armed, NOT in effect: {step}, which activates it, was skipped")
            }
            (Effect::Armed, StepAt::RuledOut { .. }) => {
                format!("armed, NOT in effect: {step}, which activates it, was passed over")
            }
            (Effect::Armed, _) if self.ending.is_some() => {
                format!("armed, NOT in effect: {step}, which activates it, was not done")
            }
            (Effect::Armed, _) => format!("armed: it takes effect with {step}"),
            (Effect::Open, _) => {
                format!("MAY be in effect: {step}, which activates it, was started and is not done")
            }
            (Effect::Since(_), _) => format!("in effect by {step}"),
            (Effect::Never, _) => format!("never in effect: taken back before {step}"),
        };
        Some(Armed {
            number,
            by,
            until,
            effect,
            says,
        })
    }

    /// What is written and not known to be in effect, in the order of the steps.
    pub fn still_armed(&self) -> impl Iterator<Item = Armed<'_>> {
        (0..self.steps.len())
            .filter_map(|number| self.armed(number))
            .filter(|armed| matches!(armed.effect, Effect::Armed | Effect::Open))
    }

    /// The steps whose change a step activates, by their places.
    pub fn activates(&self, id: &StepId) -> impl Iterator<Item = usize> {
        let steps = self
            .plan
            .iter()
            .flat_map(|plan| plan.steps.iter().enumerate());
        steps
            .filter(move |(_, step)| step.armed_until.as_ref() == Some(id))
            .map(|(number, _)| number)
    }
}

fn effect(state: &StepState, active: &StepState) -> Option<Effect> {
    // While it is being taken back, it is as it stood.
    let stood = state.stood.as_deref().unwrap_or(state);
    match (&stood.at, &active.at) {
        (StepAt::Done { .. }, StepAt::Done { .. }) if active.way == Way::Forward => {
            Some(Effect::Since(active.ended_at))
        }
        // What was passed over on the way back, or failed after it was started, may have activated it.
        (StepAt::Done { .. }, _) if active.touched => Some(Effect::Open),
        (StepAt::Done { .. }, _) => Some(Effect::Armed),
        (StepAt::Waiting, _) if state.undone => {
            let never = !active.touched && !active.undone && active.ended_at.is_none();
            never.then_some(Effect::Never)
        }
        _ => None,
    }
}

//! How far back undo reaches.

use super::decide::{find, not_now};
use super::{Event, PlannedUndo, Refusal, Run, StepAt, StepState, Stuck, Took, Way};
use crate::clock::Timestamp;
use crate::kinds::Performer;
use crate::names::StepId;

/// How far back undo reaches from here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UndoLimit {
    /// How many steps can be taken back, one after the other, before one that cannot.
    pub steps: usize,
    /// About how long that takes.
    pub length: Length,
    /// The step that stops it there, by its number from 1; none where it reaches the beginning.
    pub stopped_by: Option<usize>,
    /// The latest point of no return that was crossed, with its number from 1; none where there is none.
    pub crossed: Option<usize>,
    /// The next point of no return ahead, with its number from 1; none where there is none.
    pub closes_at: Option<usize>,
}

/// About how long a way takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Length {
    /// The sum of what is known, in seconds.
    pub seconds: u64,
    /// How many of its steps nothing is known about: it takes at least `seconds` where this is not 0.
    pub unknown: usize,
}

/// When the way back must be begun for it to end within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The latest start.
    pub latest: Timestamp,
    /// The end of the window.
    pub closes: Timestamp,
    /// About how long the way back takes.
    pub length: Length,
}

impl Length {
    fn add(&mut self, seconds: Option<u64>) {
        match seconds {
            Some(seconds) => self.seconds = self.seconds.saturating_add(seconds),
            None => self.unknown += 1,
        }
    }

    /// Whether nothing at all is known of it.
    pub fn is_unknown(&self) -> bool {
        self.seconds == 0 && self.unknown > 0
    }
}

impl Run {
    /// The step that would be taken back next: the latest whose work may have touched something.
    ///
    /// None at the beginning, while something is under way or an outcome is unknown, after the end, and
    /// behind a point of no return.
    pub fn undo_next(&self) -> Option<usize> {
        let moving = |state| StepState::is_under_way(state) || is_unknown(state);
        if self.ending.is_some() || self.steps.iter().any(moving) {
            return None;
        }
        let number = self.undo_chain().next()?;
        self.can_be_taken_back(number).then_some(number)
    }

    /// How far back undo reaches from here.
    pub fn undo_limit(&self) -> UndoLimit {
        let mut limit = UndoLimit::default();
        let Some(plan) = &self.plan else { return limit };
        for number in self.undo_chain() {
            if !self.can_be_taken_back(number) {
                limit.stopped_by = Some(number + 1);
                break;
            }
            limit.steps += 1;
            limit.length.add(self.undo_seconds(number));
        }
        let points = plan.steps.iter().zip(&self.steps).enumerate();
        for (number, (_, state)) in points.filter(|(_, (step, _))| step.point_of_no_return) {
            match state.touched {
                true => limit.crossed = Some(number + 1),
                // What was passed over, or left out, is not ahead any more.
                false if state.is_settled() => {}
                false => limit.closes_at = limit.closes_at.or(Some(number + 1)),
            }
        }
        limit
    }

    /// The steps that can be taken back from here, the latest first.
    pub fn undo_steps(&self) -> Vec<usize> {
        let chain = self.undo_chain();
        chain
            .take_while(|number| self.can_be_taken_back(*number))
            .collect()
    }

    /// When the way back must be begun for it to end within the window; none without a window, after the end,
    /// where nothing can be taken back, and where nothing is known of how long that takes.
    pub fn latest_return(&self) -> Option<Deadline> {
        let plan = self.plan.as_ref()?;
        let limit = self.undo_limit();
        if plan.window_seconds == 0 || self.ending.is_some() || limit.steps == 0 {
            return None;
        }
        let length = Some(limit.length).filter(|length| !length.is_unknown())?;
        let opened = self.window_from()?.as_second();
        let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        let closes = opened.saturating_add(seconds(plan.window_seconds));
        let latest = closes.saturating_sub(seconds(length.seconds));
        Some(Deadline {
            latest: Timestamp::from_second(latest).ok()?,
            closes: Timestamp::from_second(closes).ok()?,
            length,
        })
    }

    /// About how long taking a step back takes: what its undo took in an earlier rehearsal or in this run, or what
    /// the author says; else what the step itself took, or is said to take. None where nothing is known.
    fn undo_seconds(&self, number: usize) -> Option<u64> {
        let (planned, state) = (self.planned(number)?, self.steps.get(number)?);
        let said = |seconds: u64| Some(seconds).filter(|seconds| *seconds > 0);
        let earlier = |took: &Option<Took>| took.as_ref().map(|took| took.seconds);
        earlier(&planned.earlier.undo_took)
            .or(state.undo_took)
            .or(said(planned.undo_estimate_seconds))
            .or(state.took)
            .or(earlier(&planned.earlier.took))
            .or(said(planned.estimate_seconds))
    }

    /// Steps whose work may have touched something, the latest first. Steps that only read, ask or wait
    /// are passed over, and those that leave nothing to take back; never a point of no return.
    fn undo_chain(&self) -> impl Iterator<Item = usize> {
        self.steps
            .iter()
            .enumerate()
            .rev()
            .filter_map(|(number, state)| {
                let planned = self.planned(number)?;
                let changes = planned.choice.is_some()
                    || matches!(planned.performer, Performer::Machine | Performer::Person);
                let leaves = !matches!(planned.undo, PlannedUndo::Nothing { .. })
                    || planned.point_of_no_return;
                (state.touched && changes && leaves).then_some(number)
            })
    }

    fn can_be_taken_back(&self, number: usize) -> bool {
        self.planned(number)
            .is_some_and(|step| !step.point_of_no_return && step.performer(Way::Back).is_some())
    }
}

/// Whether how a step ended waits for a person's decision.
pub(super) fn is_unknown(state: &StepState) -> bool {
    let why = Stuck::Unknown;
    state.at == StepAt::Stuck { why }
}

/// What the wish to take a step back becomes.
pub(super) fn go_back(run: &Run, step: &StepId) -> Result<Event, Refusal> {
    let (number, _, state) = find(run, step)?;
    if let Some(other) = run.steps.iter().position(StepState::is_under_way) {
        let id = run
            .planned(other)
            .map_or_else(|| step.clone(), |planned| planned.id.clone());
        return Err(Refusal::UnderWay(id));
    }
    if let Some(open) = run.steps.iter().position(is_unknown) {
        let wish = "going back before the unknown outcome is decided";
        let id = run.planned(open).map_or(step, |planned| &planned.id);
        return Err(not_now(&run.steps[open], id, wish));
    }
    if run.undo_next() != Some(number) {
        return Err(Refusal::NoWayBack(step.clone()));
    }
    Ok(Event::StepReached {
        step: step.clone(),
        attempt: state.attempt + 1,
        way: Way::Back,
        lanes: state.concerned(Way::Back).map(|l| l.name.clone()).collect(),
    })
}

#[cfg(test)]
mod tests;

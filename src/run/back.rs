//! How far back undo reaches.

use super::decide::{find, not_now};
use super::{Event, PlannedUndo, Refusal, Run, StepAt, StepState, Stuck, Way};
use crate::kinds::Performer;
use crate::names::StepId;

/// How far back undo reaches from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoLimit {
    /// How many steps can be taken back, one after the other, before one that cannot.
    pub steps: usize,
    /// About how long that takes, by the author's estimates, in seconds.
    pub seconds: u64,
    /// What stops it there; none where it reaches the beginning.
    pub stopped_by: Option<StepId>,
    /// The next point of no return ahead, with its number from 1; none where there is none.
    pub closes_at: Option<usize>,
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
        let mut limit = UndoLimit {
            steps: 0,
            seconds: 0,
            stopped_by: None,
            closes_at: None,
        };
        let Some(plan) = &self.plan else { return limit };
        for number in self.undo_chain() {
            let Some(step) = plan.steps.get(number) else {
                break;
            };
            if !self.can_be_taken_back(number) {
                limit.stopped_by = Some(step.id.clone());
                break;
            }
            limit.steps += 1;
            limit.seconds += step.estimate_seconds;
        }
        limit.closes_at = plan
            .steps
            .iter()
            .zip(&self.steps)
            .position(|(step, state)| step.point_of_no_return && !state.touched)
            .map(|number| number + 1);
        limit
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

//! The guard of a step whose change could cut the operator off: how long it waits, and who has kept the change.
//!
//! The guard itself is a process on the step's machine (`crate::kinds::guard`), and nothing here makes it fire. What is
//! known of it follows from the ends of the legs that arm it, keep the change and let go of it.

use serde::{Deserialize, Serialize};

use super::apply::Applied;
use super::decide::{Refusal, allowed, at};
use super::{Actor, Entry, Event, LaneAt, LaneOutcome, Run, StepAt, StepState};
use crate::clock::Timestamp;
use crate::kinds::GuardLeg;
use crate::names::{MachineName, StepId};

/// A guard that was armed and of which it is not known that it was let go or has fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// When it fires at the earliest, by the bastion's clock.
    pub until: Timestamp,
    /// Who keeps the change; none while nobody does.
    pub kept: Option<Actor>,
}

impl StepState {
    /// What a leg of this attempt has to do with the guard.
    pub(super) fn guard_leg(&self, lane: &MachineName, leg: u16) -> Option<GuardLeg> {
        let shown = self.proposal(lane)?;
        shown.proposal.legs.get(usize::from(leg))?.guard
    }

    /// The guard of a lane where all that is left is an operator's word that the change is to be kept; none elsewhere.
    pub fn waits_to_be_kept(&self, lane: &MachineName) -> Option<&Guard> {
        let state = self.lane(lane)?;
        let LaneAt::Between { next } = state.at else {
            return None;
        };
        let guard = state.guard.as_ref().filter(|guard| guard.kept.is_none());
        guard.filter(|_| {
            self.at == StepAt::Running
                && state.taking_part
                && self.stop.is_none()
                && self.guard_leg(lane, next) == Some(GuardLeg::Keep)
        })
    }

    /// The lanes that wait for such a word, with their guards, in their order.
    pub fn to_be_kept(&self) -> impl Iterator<Item = (&MachineName, &Guard)> {
        let lanes = self.lanes.iter().map(|lane| &lane.name);
        lanes.filter_map(|name| Some((name, self.waits_to_be_kept(name)?)))
    }

    /// The guards that may still fire, with their lanes.
    pub fn guards(&self) -> impl Iterator<Item = (&MachineName, &Guard)> {
        let lanes = self.lanes.iter();
        lanes.filter_map(|lane| Some((&lane.name, lane.guard.as_ref()?)))
    }

    /// Why a leg that kept a change failed, in words; none for every other end.
    pub fn guard_fired(&self, lane: &MachineName) -> Option<&'static str> {
        match self.lane(lane)?.at {
            LaneAt::Badly {
                leg,
                outcome: LaneOutcome::Failed { code },
            } => self.guard_leg(lane, leg)?.fired(code),
            _ => None,
        }
    }

    /// A guard of which nobody can say whether it was armed may fire, whatever is decided about it.
    pub(super) fn guard_unknown(
        &mut self,
        lane: &MachineName,
        leg: u16,
        since: Timestamp,
    ) -> Applied {
        match self.guard_leg(lane, leg) {
            Some(GuardLeg::Arm { .. }) => {
                self.guard_after(lane, leg, &LaneOutcome::Succeeded { code: 0 }, since)
            }
            _ => Ok(()),
        }
    }

    /// Takes in how a leg of a guard ended, or was decided to have ended, that was started at `since`.
    pub(super) fn guard_after(
        &mut self,
        lane: &MachineName,
        leg: u16,
        outcome: &LaneOutcome,
        since: Timestamp,
    ) -> Applied {
        let Some(part) = self.guard_leg(lane, leg) else {
            return Ok(());
        };
        let lane = self.lane_mut(lane)?;
        match (part, outcome) {
            (GuardLeg::Arm { seconds }, outcome) if outcome.is_success() => {
                let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
                let until = since.as_second().saturating_add(seconds);
                lane.guard = Some(Guard {
                    until: Timestamp::from_second(until).unwrap_or(Timestamp::MAX),
                    kept: None,
                });
            }
            (GuardLeg::Keep | GuardLeg::LetGo, outcome) if outcome.is_success() => {
                lane.guard = None
            }
            // It has fired, or nobody will ever know: nothing is to be waited for.
            (part, LaneOutcome::Failed { code }) if part.fired(*code).is_some() => {
                lane.guard = None;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Run {
    /// Looks at the proof when a change is there and waits to be kept, so that whoever keeps it sees what is so.
    pub(super) fn look_before_keeping(&mut self, number: usize, lane: &MachineName) {
        let asks = |state: &StepState| {
            let planned = self.planned(number);
            planned.is_some_and(|planned| state.proofs(planned).iter().any(|proof| !proof.person))
        };
        let waits = |state: &&StepState| state.waits_to_be_kept(lane).is_some();
        if self.steps.get(number).filter(waits).is_some_and(asks) {
            self.steps[number].look.clear();
            self.steps[number].looking = true;
        }
    }

    pub(super) fn keep_change(
        &mut self,
        (step, attempt): (&StepId, u32),
        lane: &MachineName,
        entry: &Entry,
    ) -> Applied {
        let state = self.at_attempt(step, attempt)?;
        let waits = state.waits_to_be_kept(lane).is_some();
        state.must_be("waiting to be kept", waits)?;
        // What is looked at for the decision is not needed any more; the proof is asked after it.
        state.looking = false;
        if let Some(guard) = &mut state.lane_mut(lane)?.guard {
            guard.kept = Some(entry.by.clone());
        }
        Ok(())
    }
}

/// What the wish to keep a change becomes.
pub(super) fn keep(
    run: &Run,
    (step, attempt): (&StepId, u32),
    lane: &MachineName,
) -> Result<Event, Refusal> {
    let (_, state) = at(run, step, attempt)?;
    let guard = state.lane(lane).and_then(|lane| lane.guard.as_ref());
    if let Some(Actor::Operator(who)) = guard.and_then(|guard| guard.kept.as_ref()) {
        return Err(Refusal::Already(format!("{} keeps the change", who.name)));
    }
    let waits = state.waits_to_be_kept(lane).is_some();
    allowed(waits, state, step, "keeping its change")?;
    Ok(Event::ChangeKept {
        step: step.clone(),
        attempt,
        lane: lane.clone(),
    })
}

/// What its guard may still undo is not done, whatever anybody vouches for.
pub(super) fn unguarded(state: &StepState, step: &StepId) -> Result<(), Refusal> {
    match state.guards().next() {
        None => Ok(()),
        Some((lane, guard)) => Err(Refusal::Guarded {
            step: step.clone(),
            lane: lane.clone(),
            until: guard.until,
        }),
    }
}

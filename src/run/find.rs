//! Finds what an entry speaks of, or says that there is no such thing.

use super::apply::Applied;
use super::{Lane, LaneAt, Run, StepState};
use crate::names::{MachineName, StepId};

impl Run {
    pub(super) fn proof_count(&self, number: usize) -> usize {
        self.planned(number)
            .map_or(0, |planned| self.steps[number].proofs(planned).len())
    }

    pub(super) fn number(&self, step: &StepId) -> Result<usize, String> {
        let found = self.plan.as_ref().and_then(|plan| plan.step(step));
        found
            .map(|(number, _)| number)
            .ok_or_else(|| format!("there is no step {step}"))
    }

    pub(super) fn state_mut(&mut self, step: &StepId) -> Result<&mut StepState, String> {
        let number = self.number(step)?;
        self.steps
            .get_mut(number)
            .ok_or_else(|| format!("there is no step {step}"))
    }

    pub(super) fn at_attempt(
        &mut self,
        step: &StepId,
        attempt: u32,
    ) -> Result<&mut StepState, String> {
        let state = self.state_mut(step)?;
        if state.attempt == attempt {
            Ok(state)
        } else {
            Err(format!("step {step} is at attempt {}", state.attempt))
        }
    }

    pub(super) fn running_lane(
        &mut self,
        step: &StepId,
        attempt: u32,
        lane: &MachineName,
        leg: u16,
    ) -> Result<&mut StepState, String> {
        let state = self.at_attempt(step, attempt)?;
        match state.lane_mut(lane)?.at {
            LaneAt::Running { leg: running, .. } if running == leg => Ok(state),
            _ => Err(format!("leg {leg} of lane {lane} is not running")),
        }
    }
}

impl StepState {
    pub(super) fn must_be(&self, what: &str, so: bool) -> Applied {
        if so {
            Ok(())
        } else {
            Err(format!("the step is not {what}"))
        }
    }

    pub(super) fn lane_mut(&mut self, name: &MachineName) -> Result<&mut Lane, String> {
        let lane = self.lanes.iter_mut().find(|lane| lane.name == *name);
        lane.ok_or_else(|| format!("the step has no lane {name}"))
    }
}

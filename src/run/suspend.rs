//! A run that is laid down between two steps for hours or days, and taken up again.

use serde::{Deserialize, Serialize};

use super::apply::Applied;
use super::decide::{Refusal, words};
use super::{Actor, Entry, Event, Run, StepAt, StepState};
use crate::clock::Timestamp;

/// That a run was laid down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspended {
    /// Since when.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
    /// Why, and perhaps until when; never empty.
    pub reason: String,
}

impl Run {
    /// Since when the window counts: since the run was opened, or since it was last taken up after it had been laid down.
    pub fn window_from(&self) -> Option<Timestamp> {
        self.resumed_at.or(self.opened_at)
    }

    pub(super) fn suspend(&self, reason: &str) -> Result<Event, Refusal> {
        if let Some(number) = self.steps.iter().position(StepState::is_under_way)
            && let Some(planned) = self.planned(number)
        {
            return Err(Refusal::UnderWay(planned.id.clone()));
        }
        words("suspending a run", reason)?;
        Ok(Event::RunSuspended {
            reason: reason.to_owned(),
        })
    }

    pub(super) fn lay_down(&mut self, reason: &str, entry: &Entry) -> Applied {
        if self.suspended.is_some() || self.steps.iter().any(StepState::is_under_way) {
            return Err("a run is suspended once, and between two steps".to_owned());
        }
        self.suspended = Some(Suspended {
            at: entry.at,
            by: entry.by.clone(),
            reason: reason.to_owned(),
        });
        Ok(())
    }

    /// An engine takes the run up. What was at a gate when it was laid down was seen long ago, so it is not what
    /// a yes may name any more: the machines are asked again.
    pub(super) fn take_up(&mut self, epoch: u32, at: Timestamp) -> Applied {
        if epoch != self.epoch + 1 {
            return Err(format!("engine {} was expected", self.epoch + 1));
        }
        self.epoch = epoch;
        // Connections and links belong to an engine's life; a new one starts without any.
        self.present.clear();
        self.links.clear();
        if self.suspended.take().is_some() {
            self.resumed_at = Some(at);
            let at_gate = |state: &&mut StepState| state.at == StepAt::AtGate;
            for state in self.steps.iter_mut().filter(at_gate) {
                state.shown = None;
                state.approvals.clear();
                state.at = StepAt::Preparing;
            }
        }
        Ok(())
    }
}

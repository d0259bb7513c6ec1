//! What stands at the top of the screen for as long as it is so, and the clocks that run there.

use crate::clock::Timestamp;
use crate::run::{Event, StepAt, StepState};
use crate::runbook::Downtime;
use crate::wire::Live;

use super::app::{App, Connection};
use super::clean;

/// What stands over the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Since when the engine writes something that is not durable yet.
    pub(super) unsaved: Option<Timestamp>,
    /// Why nothing new is started.
    pub(super) full: Option<String>,
    /// Whether the engine ends with a login session.
    pub(super) mortal: bool,
    /// Whether an engine holds the run and does not answer, and its process where that is known.
    pub(super) silent: Option<Option<u32>>,
}

impl Standing {
    /// Takes a word of the engine; gives back one that is about something else.
    pub(super) fn take(&mut self, live: Live) -> Option<Live> {
        match live {
            Live::Unsaved { since } => self.unsaved = Some(since),
            Live::Saved => self.unsaved = None,
            Live::Full { why } => self.full = Some(clean::line(&why)),
            Live::Room => self.full = None,
            Live::EndsAtLogout => self.mortal = true,
            other => return Some(other),
        }
        None
    }

    /// Whether an event is one that would not be written now.
    pub(super) fn refuses(&self, event: &Event) -> Option<&str> {
        self.full.as_deref().filter(|_| event.begins_something())
    }
}

impl App {
    /// Whether a running clock with seconds is on the screen, so that it must be drawn every second.
    pub(super) fn shows_seconds(&self) -> bool {
        let run = &self.folded.run;
        run.ending.is_none()
            && run.suspended.is_none()
            && (run.steps.iter().any(StepState::is_under_way)
                || !run.links.is_empty()
                || !self.busy.is_empty()
                || self.standing.unsaved.is_some()
                || self.downtime().is_some()
                || matches!(self.connection, Connection::Lost { .. }))
    }

    /// Since when customers notice; none while they do not.
    pub(super) fn downtime(&self) -> Option<Timestamp> {
        let run = &self.folded.run;
        let since = *self.down_since.values().min()?;
        let plan = run.plan.as_ref()?;
        let over = plan.steps.iter().zip(&run.steps).any(|(step, state)| {
            step.downtime == Some(Downtime::Ends) && matches!(state.at, StepAt::Done { .. })
        });
        (!over).then_some(since)
    }
}

//! What begins something new, and so needs more room than its own record: the outcome that follows, and what is
//! printed until then.

use super::{Event, Task};

impl Event {
    /// Whether something new begins with this. All else says how something ended, or what somebody decided.
    pub fn begins_something(&self) -> bool {
        matches!(
            self,
            Event::RunOpened { .. }
                | Event::StepReached { .. }
                | Event::StepShown { .. }
                | Event::StepReviewed { .. }
                | Event::StepApproved { .. }
                | Event::LegStarted { .. }
        )
    }
}

impl Task {
    /// Whether something new begins with this. All else follows what was begun, or looks at it.
    pub fn begins_something(&self) -> bool {
        match self {
            Task::Reach { .. } | Task::Prepare { .. } | Task::Pass { .. } | Task::Begin { .. } => {
                true
            }
            Task::Follow { .. }
            | Task::Watch { .. }
            | Task::Halt { .. }
            | Task::AskLate { .. }
            | Task::Prove { .. }
            | Task::Look { .. } => false,
        }
    }
}

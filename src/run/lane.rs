//! One lane of a step: a machine, and how far the work on it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Done, Guard, LaneOutcome, Output, StepState, Token};
use crate::clock::Timestamp;
use crate::names::MachineName;

/// One lane of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The machine, and the number of the item where the step has a list.
    pub name: MachineName,
    /// Its item; none where the step has no list.
    #[serde(default)]
    pub item: Option<String>,
    /// Whether this attempt is about it.
    pub taking_part: bool,
    /// Whether something was started on it, in any attempt, and was not taken back since.
    #[serde(default)]
    pub touched: bool,
    /// Where it stands.
    pub at: LaneAt,
    /// What its legs of this attempt printed, by leg.
    pub outputs: BTreeMap<u16, Output>,
    /// The guard that may still take its change back; none where there is none.
    #[serde(default)]
    pub guard: Option<Guard>,
}

/// Where a lane stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LaneAt {
    /// Nothing was started in this attempt.
    Idle,
    /// A leg was started.
    Running {
        /// Which, from 0.
        leg: u16,
        /// Under what name.
        token: Token,
        /// The spool that has its receipt; none where nothing is ever sent.
        spool: Option<String>,
        /// When.
        since: Timestamp,
    },
    /// A leg ended well and the next has not been started.
    Between {
        /// The next leg.
        next: u16,
    },
    /// All legs ended well.
    Well {
        /// How the last one ended.
        outcome: LaneOutcome,
    },
    /// A leg did not end well.
    Badly {
        /// Which.
        leg: u16,
        /// How.
        outcome: LaneOutcome,
    },
    /// How a leg ended cannot be known.
    Unknown {
        /// Which.
        leg: u16,
        /// Under what name it was started.
        token: Token,
        /// Why not.
        why: String,
    },
}

impl StepState {
    /// On whose word a step without a proof of its own is done. A wait has its own question for a proof.
    pub(super) fn by_itself(&self) -> Done {
        let came = |lane: &Lane| {
            let came = |outcome: &LaneOutcome| matches!(outcome, LaneOutcome::Came { .. });
            matches!(&lane.at, LaneAt::Well { outcome } if came(outcome))
        };
        let mut taking_part = self.lanes.iter().filter(|lane| lane.taking_part).peekable();
        match taking_part.peek().is_some() && taking_part.all(came) {
            true => Done::Proved { vacuous: false },
            false => Done::Unchecked,
        }
    }
}

impl Lane {
    pub(super) fn keep(&mut self, leg: u16, output: Option<&Output>) {
        if let Some(output) = output {
            self.outputs.insert(leg, output.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::walk::{follows, machine};

    #[test]
    fn a_wait_that_came_true_is_proved_by_its_own_question_and_nothing_else_is() {
        let done = |outcomes: Vec<LaneOutcome>| {
            let mut state = StepState::new(&follows(0, &[]));
            let lanes = outcomes.into_iter().map(|outcome| Lane {
                at: LaneAt::Well { outcome },
                ..Lane::new(machine(0), None)
            });
            state.lanes = lanes.collect();
            state.by_itself()
        };
        let came = || LaneOutcome::Came { seen: "200".into() };
        let proved = Done::Proved { vacuous: false };
        assert_eq!(done(vec![came(), came()]), proved);
        let ended = LaneOutcome::Succeeded { code: 0 };
        assert_eq!(done(vec![came(), ended]), Done::Unchecked);
        let note = "decided by a person".to_owned();
        assert_eq!(done(vec![LaneOutcome::SaidDone { note }]), Done::Unchecked);
        assert_eq!(done(Vec::new()), Done::Unchecked);
    }
}

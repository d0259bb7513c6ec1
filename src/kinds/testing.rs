//! What tests of kinds share: a moment of a run on `source`, and real shells for questions and legs.

use std::collections::BTreeMap;

use super::{Action, Leg, Moment, Proposal, Reply, Shell};
use crate::names::{HostName, MachineName, ParamName, RunId, StepId};
use crate::probe::testing;
use crate::template::Values;

/// A run with a step on the machine `source`, beside `dest`.
pub(super) struct Stand {
    pub(super) values: Values,
    pub(super) here: MachineName,
    pub(super) left: BTreeMap<String, String>,
    pub(super) pins: BTreeMap<String, String>,
    run: RunId,
    step: StepId,
}

impl Stand {
    pub(super) fn new() -> Self {
        Self {
            values: testing::values(),
            here: testing::source(),
            left: BTreeMap::new(),
            pins: BTreeMap::new(),
            run: RunId::new("20261121-021433-x").unwrap(),
            step: StepId::new("a-step").unwrap(),
        }
    }

    /// Gives a parameter a value.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.values
            .set_param(ParamName::new(name).unwrap(), value.to_owned());
    }

    pub(super) fn moment(&self) -> Moment<'_> {
        Moment {
            scene: testing::scene(&self.here, &self.values),
            run: &self.run,
            step: &self.step,
            attempt: 1,
            left: &self.left,
            pins: &self.pins,
        }
    }

    /// Asks every question of the survey on this machine, and makes the proposal.
    pub(super) fn propose(&self, action: &dyn Action) -> Result<Proposal, super::Obstacle> {
        let questions = action.survey(&self.moment())?;
        let replies: Vec<Reply> = questions
            .iter()
            .map(|question| testing::ask(question, &self.values))
            .collect();
        action.propose(&self.moment(), &replies)
    }

    /// Runs a leg on this machine, with what the legs before it printed.
    pub(super) fn run(&self, leg: &Leg, before: &[Reply]) -> Reply {
        let mut env = self.values.environment();
        for (number, reply) in before.iter().enumerate() {
            env.push((format!("RUNSHEET_LEG_{}", number + 1), reply.text()));
        }
        env.extend(leg.env.iter().cloned());
        let shell = match leg.shell {
            Shell::Sh => "dash",
            Shell::Bash => "bash",
        };
        testing::run(shell, &leg.text, &env)
    }
}

/// The host's name, for a value of a key.
pub(super) fn host(name: &str) -> HostName {
    HostName::new(name).unwrap()
}

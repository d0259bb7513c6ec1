//! What was found on the machines before a run was opened.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::apply::Applied;
use super::{Event, Refusal, Run};
use crate::names::MachineName;
use crate::transport::Identity;

/// One thing that was looked at on a machine, read-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// The machine.
    pub machine: MachineName,
    /// What was looked at, in a word or two: `programs`.
    pub about: String,
    /// What it means for the run.
    pub level: Level,
    /// What was found.
    pub says: String,
    /// What to do about it; none where nothing is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Which things of that name there were, by [`Pinned::name`](crate::kinds::Pinned); empty for most checks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<String, String>,
}

/// What a check means for the run; the lightest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It could not be found out, or somebody should think about it.
    Warning,
    /// A step will not work as things are.
    Problem,
}

impl Level {
    /// The word for it: `ok`, `warning` or `problem`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Run {
    /// Which things there were on a machine before the run was opened, by their names.
    pub fn pins(&self, machine: &MachineName) -> BTreeMap<String, String> {
        let there = self
            .preflight
            .iter()
            .filter(|check| check.machine == *machine);
        there.flat_map(|check| check.pins.clone()).collect()
    }

    pub(super) fn looked(&self, checks: Vec<Check>) -> Result<Event, Refusal> {
        match self.epoch {
            0 => Ok(Event::PreflightDone { checks }),
            _ => Err(Refusal::Already("the run has begun".to_owned())),
        }
    }

    pub(super) fn look_before(&mut self, checks: &[Check]) -> Applied {
        if self.epoch > 0 {
            return Err("the run has begun".to_owned());
        }
        self.preflight = checks.to_vec();
        Ok(())
    }

    pub(super) fn met(&self, machine: MachineName, identity: Identity) -> Result<Event, Refusal> {
        match self.machines.get(&machine) {
            Some(known) if *known == identity => {
                Err(Refusal::Already(format!("{machine} was met")))
            }
            Some(known) if known.contradicts(&identity).is_some() => Err(Refusal::Already(
                format!("{machine} was met, and was another"),
            )),
            _ => Ok(Event::MachineMet { machine, identity }),
        }
    }

    pub(super) fn meet(&mut self, machine: &MachineName, identity: &Identity) -> Applied {
        let known = self.machines.get(machine);
        if let Some(why) = known.and_then(|known| known.contradicts(identity)) {
            return Err(format!("{machine} is another machine: {why}"));
        }
        self.machines.insert(machine.clone(), identity.clone());
        Ok(())
    }
}

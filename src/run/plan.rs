//! The plan: a runbook in an environment, with every value in its place, as the first record keeps it.
//!
//! The heart, the screen and the report work from the plan alone; none of them reads the runbook again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Earlier;
use crate::kinds::{OptionShown, Performer};
use crate::names::{EnvName, HostName, MachineName, ParamName, PhaseId, StepId};
use crate::runbook::{Binding, Capture, Condition, Downtime, EnvironmentKind, ForEach, Gate};
use crate::template::{Machine, Values};

/// A runbook in an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// The runbook as it was.
    pub runbook: RunbookCopy,
    /// The runbook's title.
    pub title: String,
    /// What the runbook is for; may be empty.
    pub about: String,
    /// The environment's name.
    pub environment: EnvName,
    /// Rehearsal or production.
    pub environment_kind: EnvironmentKind,
    /// SHA-256 of the environment file, in hex.
    pub environment_digest: String,
    /// How many different people must be attached before a gate can be passed; 0 and 1 ask for nothing.
    pub people: u32,
    /// The length of the maintenance window in seconds; 0 where there is none.
    pub window_seconds: u64,
    /// The parameters with their values; a secret has none.
    pub params: Vec<(String, Option<String>)>,
    /// The machines.
    pub machines: Vec<PlannedMachine>,
    /// The phases, in order.
    pub phases: Vec<PlannedPhase>,
    /// The steps, in order.
    pub steps: Vec<PlannedStep>,
}

/// The copy of the runbook in the run's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunbookCopy {
    /// The file in the run's folder.
    pub copy: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// A machine as the plan knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedMachine {
    /// Its name, which is also the lane's.
    pub name: MachineName,
    /// What the operator calls it: the ssh destination or `local`.
    pub label: String,
    /// What other machines reach it by.
    pub address: String,
    /// The login user; empty for what ssh's configuration says.
    pub user: String,
    /// The port of its ssh server.
    pub port: u16,
    /// How this machine reaches it, so that an engine can come back without the environment's file.
    pub binding: Binding,
}

/// A phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPhase {
    /// Its id.
    pub id: PhaseId,
    /// Its title.
    pub title: String,
}

/// A step with its values filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlannedStep {
    /// Its id.
    pub id: StepId,
    /// Its phase.
    pub phase: PhaseId,
    /// Its title.
    pub title: String,
    /// Why it is done; may be empty.
    pub about: String,
    /// The kind of its action: `docker`.
    pub kind: String,
    /// What it does, in one line.
    pub headline: String,
    /// Who carries it out.
    pub performer: Performer,
    /// Where it runs: one lane a machine, or one for each item of its list on each.
    pub lanes: Vec<MachineName>,
    /// What must be said before it starts.
    pub gate: Gate,
    /// What proves it.
    pub proofs: Vec<Proof>,
    /// How it is taken back.
    pub undo: PlannedUndo,
    /// The author's estimate in seconds; 0 where there is none.
    pub estimate_seconds: u64,
    /// The author's estimate of its undo in seconds; 0 where there is none.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub undo_estimate_seconds: u64,
    /// What earlier rehearsals tell of it, as far as was known when the run was opened.
    #[serde(default, skip_serializing_if = "Earlier::is_empty")]
    pub earlier: Earlier,
    /// How long it may run, in seconds; 0 for no limit.
    pub timeout_seconds: u64,
    /// Whether customers begin or cease to notice here.
    pub downtime: Option<Downtime>,
    /// Whether there is no way back once it has started.
    pub point_of_no_return: bool,
    /// Steps that must be done, not skipped, before it. One that its own rule passed over does not hold it up.
    pub needs: Vec<StepId>,
    /// What must be so for it to have its turn, all of it; always where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// What the operator chooses between; none for every step but a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<PlannedChoice>,
    /// What is kept of what it prints; nothing for most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
    /// The list that it is done for each item of; none where it has a lane a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// Whether it gets a terminal that an operator types on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interactive: bool,
    /// How many lanes run at once; 0 for all machines at once and the items of each one by one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub at_once: u16,
    /// The step further down with which its change takes effect; none where it does so at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub armed_until: Option<StepId>,
    /// How long after its guard was armed it is taken back by itself where nobody keeps it, in seconds; 0 where it has
    /// no guard.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub confirm_within_seconds: u64,
}

const fn yes() -> bool {
    true
}

const fn is_so(so: &bool) -> bool {
    *so
}

fn is_zero(number: &u16) -> bool {
    *number == 0
}

fn is_nothing(seconds: &u64) -> bool {
    *seconds == 0
}

/// What an operator is to choose between. In its texts a `{{name}}` may be left that gets its value later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedChoice {
    /// The name that gets the chosen value.
    pub name: ParamName,
    /// The question.
    pub ask: String,
    /// The options, in the order in which they are shown.
    pub options: Vec<OptionShown>,
}

/// One question of a step's proof, on one lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Proof {
    /// The lane it belongs to.
    pub lane: MachineName,
    /// The machine it is asked on; the lane's where nothing else is said, none for a person.
    pub at: Option<MachineName>,
    /// What must be true; the question itself where a person answers.
    pub says: String,
    /// Whether a person answers.
    pub person: bool,
    /// What a person's yes must tell with it; none where it may come alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// How long it may take to come true, in seconds; 0 to ask once.
    pub within_seconds: u64,
    /// The pause between two questions, in milliseconds.
    pub every_millis: u64,
    /// Whether it is about other lanes too, so that a no does not say on which of them the world is not right. Taken
    /// for so where an older record does not say.
    #[serde(default = "yes", skip_serializing_if = "is_so")]
    pub shared: bool,
}

/// How a planned step is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PlannedUndo {
    /// By an action.
    Action {
        /// What it does, in one line.
        headline: String,
        /// Who carries it out.
        performer: Performer,
        /// What proves that it is taken back.
        proofs: Vec<Proof>,
    },
    /// Not at all.
    Never {
        /// Why not.
        reason: String,
    },
    /// There is nothing to take back.
    Nothing {
        /// Why not.
        reason: String,
    },
    /// Nobody said.
    Unsaid,
}

impl Plan {
    /// What names mean in this run, from the plan and the secrets, which it does not hold.
    ///
    /// # Errors
    ///
    /// The secret parameters whose value is not among `secrets`.
    pub fn values(&self, secrets: &BTreeMap<ParamName, String>) -> Result<Values, Vec<ParamName>> {
        let mut values = Values::default();
        let mut missing = Vec::new();
        for (name, value) in &self.params {
            let Ok(name) = ParamName::new(name.as_str()) else {
                continue;
            };
            match (value, secrets.get(&name)) {
                (Some(value), _) => values.set_param(name, value.clone()),
                (None, Some(secret)) => values.set_secret(name, secret.clone()),
                (None, None) => missing.push(name),
            }
        }
        for machine in &self.machines {
            let known = Machine {
                address: machine.address.clone(),
                user: machine.user.clone(),
                port: machine.port,
                label: machine.label.clone(),
            };
            if let Ok(host) = HostName::new(machine.name.host()) {
                values.bind(host, machine.name.clone(), known);
            }
        }
        match missing.is_empty() {
            true => Ok(values),
            false => Err(missing),
        }
    }

    /// The step of an id, with its place in the order.
    pub fn step(&self, id: &StepId) -> Option<(usize, &PlannedStep)> {
        self.steps
            .iter()
            .enumerate()
            .find(|(_, step)| step.id == *id)
    }

    /// What the operator calls a machine; its own name where the plan does not know it.
    pub fn label<'a>(&'a self, machine: &'a MachineName) -> &'a str {
        self.machines
            .iter()
            .find(|known| known.name == *machine)
            .map_or(machine.as_str(), |known| known.label.as_str())
    }
}

impl PlannedStep {
    /// What proves the step on the way forward, or its undo on the way back.
    pub fn proofs(&self, way: super::Way) -> &[Proof] {
        match (way, &self.undo) {
            (super::Way::Forward, _) => &self.proofs,
            (super::Way::Back, PlannedUndo::Action { proofs, .. }) => proofs,
            (super::Way::Back, _) => &[],
        }
    }

    /// Who carries out the step, or its undo; none where there is no undo.
    pub fn performer(&self, way: super::Way) -> Option<Performer> {
        match (way, &self.undo) {
            (super::Way::Forward, _) => Some(self.performer),
            (super::Way::Back, PlannedUndo::Action { performer, .. }) => Some(*performer),
            (super::Way::Back, _) => None,
        }
    }
}

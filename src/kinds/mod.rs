//! Step kinds: what a step can do.
//!
//! An action is pure, like a probe. It says what must be asked before it can be shown ([`Action::survey`]),
//! and from the answers makes a [`Proposal`]: exactly what the operator sees at the gate, and exactly what
//! runs once the operator has said yes. Whoever holds the machines does the asking and the running, under
//! a receipt. Adding a kind is one new file, one `mod` line and one line in [`KINDS`].

mod choose;
mod command;
mod docker;
mod edit;
mod file_edit;
mod guard;
mod manual;
mod nginx_upstream;
mod note;
mod proposal;
mod rsync;
mod ssh_key;
mod ssh_login;
mod told;
mod wait;
mod yaml;

pub use choose::{Choice, ChoiceOption};

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use toml::de::ValueDeserializer;

use crate::names::{HostName, MachineName, RunId, StepId};
pub use crate::probe::{Mentions, Question, Reply, Scene, Shell};
use crate::probe::{Probe, Remark, one_line};
use crate::template::TemplateError;

pub use guard::GuardLeg;
pub use proposal::{Exhibit, Leg, Obstacle, OptionShown, Progress, Proposal, accepts, hex};
pub use rsync::amount;

/// A kind of step, as the runbook names it.
pub struct Kind {
    /// The key under `do` and `undo`: `nginx-upstream`.
    pub name: &'static str,
    /// Reads the table (or the short form) under that key.
    pub parse: fn(ValueDeserializer<'_>) -> Result<Box<dyn Action>, toml::de::Error>,
}

/// Every kind of step.
pub const KINDS: &[Kind] = &[
    manual::KIND,
    note::KIND,
    command::KIND,
    docker::KIND,
    ssh_key::KIND,
    rsync::KIND,
    nginx_upstream::KIND,
    yaml::KIND,
    edit::KIND,
    wait::KIND,
    choose::KIND,
];

/// What a step does.
pub trait Action: fmt::Debug + Send + Sync {
    /// The kind's name: `docker`.
    fn kind(&self) -> &'static str;

    /// One line of what it does, before any machine was asked: `docker stop pryvio_nginx`.
    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError>;

    /// Who carries it out.
    fn performer(&self) -> Performer;

    /// What to ask, changing nothing, before it can be shown.
    fn survey(&self, moment: &Moment<'_>) -> Result<Vec<Question>, Obstacle>;

    /// What is shown at the gate and what would run, from the answers to the survey, in its order.
    fn propose(&self, moment: &Moment<'_>, replies: &[Reply]) -> Result<Proposal, Obstacle>;

    /// Probes that prove it and follow from what it is, such as rsync's second dry run.
    fn own_proof(&self) -> Vec<Box<dyn Probe>> {
        Vec::new()
    }

    /// The action that takes it back, where that follows from what it is.
    fn derived_undo(&self) -> Option<Box<dyn Action>> {
        None
    }

    /// Programs that must be there on the machine of the lane.
    fn programs(&self) -> &'static [&'static str] {
        &[]
    }

    /// Programs that must be there on the machines it names beside its own.
    fn programs_beside(&self) -> &'static [&'static str] {
        &[]
    }

    /// Shell text that is asked after it has changed a file, and must succeed before that too.
    fn validate(&self) -> Option<&str> {
        None
    }

    /// What it acts on by a name that can come to mean another thing, such as a container's.
    ///
    /// # Errors
    ///
    /// A name that cannot be filled in, or is no name.
    fn pinned(&self, _: &Scene<'_>) -> Result<Option<Pinned>, TemplateError> {
        Ok(None)
    }

    /// Whether it copies so much that there may not be room for it; [`Action::room`] then says.
    fn takes_room(&self) -> bool {
        false
    }

    /// The room it takes, from the answers to the survey; none where it takes none.
    ///
    /// # Errors
    ///
    /// It cannot be known yet.
    fn room(&self, _: &Moment<'_>, _: &[Reply]) -> Result<Option<Room>, Obstacle> {
        Ok(None)
    }

    /// The probe that a wait asks until it holds; none for every other kind.
    fn awaited(&self) -> Option<&Awaited> {
        None
    }

    /// What the operator is to choose between, and the name that gets what they chose; none for every
    /// kind but a choice.
    fn choice(&self) -> Option<&Choice> {
        None
    }

    /// Whether what it prints on standard output is worth keeping: the answer of a program of the author's own.
    fn prints(&self) -> bool {
        false
    }

    /// Whether it gets a terminal that an operator types on.
    fn is_interactive(&self) -> bool {
        false
    }

    /// Whether one command on the machine of its lane is all of it, and nothing has to be asked before.
    fn runs_alone(&self) -> bool {
        false
    }

    /// What it mentions of the runbook, for the check.
    fn mentions(&self) -> Mentions<'_>;
}

/// A thing on a machine whose name can come to mean another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// What it is and its name: `container pryvio_nginx`.
    pub name: String,
    /// Prints which one it is on one line, and fails where there is none.
    pub question: Question,
}

/// The room that an action takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Where.
    pub at: MachineName,
    /// The nearest folder that is there already.
    pub around: String,
    /// How many bytes it takes at most.
    pub bytes: u64,
    /// How many are free there, where it is told.
    pub free: Option<u64>,
}

/// Who carries an action out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Performer {
    /// Programs on machines, under a receipt.
    Machine,
    /// The operator, who says when it is done.
    Person,
    /// The engine itself, asking a probe until it holds; changes nothing, so it may be asked again.
    Watch,
    /// Nobody: there is only something to read.
    Nobody,
}

/// The probe of a wait with its patience.
#[derive(Debug)]
pub struct Awaited {
    /// What must become true.
    pub probe: Box<dyn Probe>,
    /// How long to ask before the wait has failed.
    pub within: Duration,
    /// The pause between two questions.
    pub every: Duration,
    /// For how long on end it must hold; nothing where once is enough.
    pub stable_for: Duration,
    /// Whether its number must not rise.
    pub falling: bool,
    /// What is wrong with how these go together, for the check.
    pub remarks: Vec<Remark>,
}

/// Where and when an action is.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The machine, and what names mean.
    pub scene: Scene<'a>,
    /// The run, for names that must be unique, such as a backup's.
    pub run: &'a RunId,
    /// The step.
    pub step: &'a StepId,
    /// Which try of the step this is, from 1.
    pub attempt: u32,
    /// What the forward attempt left to its undo, by the keys it chose; empty on the way forward.
    pub left: &'a BTreeMap<String, String>,
    /// Which things there were on this machine before the run was opened, by [`Pinned::name`]; empty where
    /// nobody looked.
    pub pins: &'a BTreeMap<String, String>,
}

/// The machine of a host that an action names beside its own: the lane's own machine where it is one of
/// that host's, and otherwise the only one there is.
pub fn the_machine(scene: &Scene<'_>, host: &HostName) -> Result<MachineName, TemplateError> {
    if scene.values.machines_of(host).contains(scene.here) {
        return Ok(scene.here.clone());
    }
    Ok(scene.values.only_machine(host)?.clone())
}

/// The label of what a terminal is for, which no machine was asked.
const TERMINAL: &str = "terminal";

/// The label of what a guard would do, which no machine was asked.
const GUARD: &str = "guard";

/// What is shown at the gate of an action that gets a terminal.
fn terminal() -> Exhibit {
    Exhibit::Finding {
        label: TERMINAL.to_owned(),
        text: "somebody types to it: the keys are not recorded, what it prints is".to_owned(),
    }
}

/// The first line of a text that has something on it, for a headline.
fn first_line(text: &str) -> String {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let more = if lines.next().is_some() { " …" } else { "" };
    format!("{}{more}", one_line(first.as_bytes()))
}

#[cfg(test)]
mod testing;

//! What a checked runbook and a checked environment are. Only the check makes them.

use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::condition::Condition;
use super::spread::{Capture, ForEach};
use crate::kinds::Action;
use crate::names::{EnvName, HostName, ParamName, PhaseId, StepId};
use crate::probe::{Mentions, Probe};
use crate::template::{Template, TemplateError, Values};

use super::expected::Expected;

/// A runbook without a problem in it.
#[derive(Debug)]
pub struct Runbook {
    /// The file's name without folder and ending, in lower-case letters, digits and dashes, 40 at most;
    /// part of a run's id.
    pub name: String,
    /// SHA-256 of the file's bytes, in hex.
    pub digest: String,
    /// The file's bytes, copied into every run.
    pub text: String,
    /// The title.
    pub title: String,
    /// What it is for; empty where the author says nothing.
    pub about: String,
    /// How long the maintenance window is; none where the author does not say.
    pub window: Option<Duration>,
    /// The hosts that steps run on, each with what it is.
    pub hosts: IndexMap<HostName, String>,
    /// The parameters.
    pub params: IndexMap<ParamName, ParamSpec>,
    /// The phases, in order.
    pub phases: Vec<PhaseSpec>,
    /// The steps, in order; each phase's steps stand together.
    pub steps: Vec<StepSpec>,
}

/// A parameter as the runbook declares it.
#[derive(Debug, Clone)]
pub struct ParamSpec {
    /// The question that asks for it.
    pub ask: String,
    /// The value where nobody gives one; none where somebody must.
    pub default: Option<String>,
    /// What values are allowed.
    pub kind: ParamKind,
}

/// What values a parameter takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamKind {
    /// Any text of one line.
    Text,
    /// An absolute path, without `..`.
    Path,
    /// A host name or an address.
    Host,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A whole number.
    Int,
    /// One of these.
    Choice(Vec<String>),
    /// Any text, never shown or recorded.
    Secret,
}

/// A phase as the runbook declares it.
#[derive(Debug, Clone)]
pub struct PhaseSpec {
    /// Its id.
    pub id: PhaseId,
    /// Its title.
    pub title: String,
}

/// A step as the runbook declares it.
#[derive(Debug)]
pub struct StepSpec {
    /// Its id.
    pub id: StepId,
    /// The phase it belongs to.
    pub phase: PhaseId,
    /// Its title.
    pub title: String,
    /// Why it is done and what to watch for; empty where the author says nothing.
    pub about: String,
    /// The hosts it runs on, one lane a machine; empty for the bastion.
    pub on: Vec<HostName>,
    /// What it does.
    pub action: Box<dyn Action>,
    /// How it is taken back.
    pub undo: Undo,
    /// What must be said before it starts.
    pub gate: Gate,
    /// What proves it: the action's own proof first, then the author's probes.
    pub verify: Vec<ProbeSpec>,
    /// How long the author thinks it takes.
    pub estimate: Option<Duration>,
    /// How long the author thinks that taking it back takes.
    pub undo_estimate: Option<Duration>,
    /// Whether customers begin or cease to notice here.
    pub downtime: Option<Downtime>,
    /// Whether there is no way back once it has started.
    pub point_of_no_return: bool,
    /// Steps that must be done before it.
    pub needs: Vec<StepId>,
    /// How long it may run before it is stuck; none for no limit.
    pub timeout: Option<Duration>,
    /// What must be so for it to have its turn, all of it; always where it is empty.
    pub when: Vec<Condition>,
    /// What is kept of what it prints; nothing for most.
    pub capture: Option<Capture>,
    /// The list that it is done for each item of; none where it has a lane a machine.
    pub for_each: Option<ForEach>,
    /// How many lanes run at once; 0 for all machines at once and the items of each one by one.
    pub at_once: u16,
    /// The step further down with which its change takes effect; none where it does so at once.
    pub armed_until: Option<StepId>,
    /// How long its machine waits for somebody to keep the change before it takes it back by itself; none where it
    /// does not.
    pub confirm_within: Option<Duration>,
}

impl StepSpec {
    /// What the step mentions of the rest of the runbook: its action and its proof, or on the way `back` its undo.
    pub fn mentions(&self, back: bool) -> Vec<Mentions<'_>> {
        let mut all = Vec::new();
        let action = match (back, &self.undo) {
            (false, _) => Some(&self.action),
            (true, Undo::Action(action)) => Some(action),
            (true, _) => None,
        };
        if let Some(action) = action {
            all.push(action.mentions());
            all.extend(action.awaited().map(|awaited| awaited.probe.mentions()));
        }
        if !back {
            all.extend(self.verify.iter().map(|probe| probe.probe.mentions()));
        }
        all
    }
}

/// A probe with its place and its patience.
#[derive(Debug)]
pub struct ProbeSpec {
    /// The question.
    pub probe: Box<dyn Probe>,
    /// The host it is asked on; none for the machine of the lane.
    pub on: Option<HostName>,
    /// How long it may take to come true; none to ask once.
    pub within: Option<Duration>,
    /// The pause between two questions.
    pub every: Duration,
    /// For how long on end it must hold; nothing where once is enough.
    pub stable_for: Duration,
    /// Whether its number must not rise.
    pub falling: bool,
}

/// How a step is taken back.
#[derive(Debug)]
pub enum Undo {
    /// By this action: the author's, or one that follows from the step's own.
    Action(Box<dyn Action>),
    /// Not at all, for the reason the author gives: no step before it can be taken back any more.
    Never(String),
    /// It leaves nothing that would have to be taken back, for the reason the author gives: going back
    /// passes over it.
    Nothing(String),
    /// Nobody said.
    Unsaid,
}

/// What must be said before a step starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Gate {
    /// Nothing.
    Auto,
    /// Yes.
    Confirm,
    /// These words.
    TypeBack {
        /// The words, as the operator must type them; in a runbook they may hold `{{name}}`.
        words: String,
    },
    /// Yes, by two different people.
    TwoPeople,
}

impl Gate {
    /// The gate with the values of one run in its words.
    pub fn filled(&self, values: &Values) -> Result<Self, TemplateError> {
        match self {
            Self::TypeBack { words } => Ok(Self::TypeBack {
                words: Template::new(words.as_str())?.fill(values)?,
            }),
            gate => Ok(gate.clone()),
        }
    }
}

/// Whether customers begin or cease to notice at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Downtime {
    /// From here on they notice.
    Starts,
    /// From here on they do not.
    Ends,
}

/// An environment without a problem in it, for one runbook.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name.
    pub name: EnvName,
    /// SHA-256 of the bytes of its file, in hex.
    pub digest: String,
    /// Rehearsal or production.
    pub kind: EnvironmentKind,
    /// What must be so before a run may start.
    pub require: Require,
    /// The machines of each host, in the order of the file.
    pub hosts: IndexMap<HostName, Vec<Binding>>,
    /// The values of parameters.
    pub params: IndexMap<ParamName, String>,
}

/// Rehearsal or production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnvironmentKind {
    /// Nobody is hurt.
    Rehearsal,
    /// The real thing.
    Production,
}

/// What an environment asks for before a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Require {
    /// A rehearsal of the same runbook that ended well within this time.
    pub rehearsal_within: Option<Duration>,
    /// How many different people must be attached before the first gate; 0 and 1 ask for nothing.
    pub people: u32,
}

/// How one machine is reached. Holds no secret: a plan keeps it, so that an engine can come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Binding {
    /// This machine, without ssh.
    Local,
    /// Over ssh.
    Ssh {
        /// Anything ssh takes as a destination, an alias included.
        destination: String,
        /// The login user; none for what the destination and ssh's configuration say.
        user: Option<String>,
        /// The port; none likewise.
        port: Option<u16>,
        /// The private key's file; none likewise.
        identity: Option<PathBuf>,
        /// The configuration file given to ssh; none for the operator's own.
        config: Option<PathBuf>,
        /// Hosts to jump through, in order; empty for what ssh's configuration says.
        jump: Vec<String>,
        /// What other machines reach it by; none for the host name that ssh's configuration gives.
        address: Option<String>,
        /// Which machine it must turn out to be.
        #[serde(default, skip_serializing_if = "Expected::is_nothing")]
        expect: Box<Expected>,
    },
}

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
mod manual;
mod nginx_upstream;
mod note;
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
use sha2::{Digest, Sha256};
use toml::de::ValueDeserializer;

use crate::names::{HostName, MachineName, RunId, StepId};
pub use crate::probe::{Mentions, Question, Reply, Scene, Shell};
use crate::probe::{NulByte, Probe, Remark, one_line};
use crate::template::TemplateError;

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

    /// What it mentions of the runbook, for the check.
    fn mentions(&self) -> Mentions<'_>;
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
}

/// What is shown, and what would run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Proposal {
    /// What the operator sees, in its order.
    pub exhibits: Vec<Exhibit>,
    /// What runs, one after the other; a leg starts when the one before ended with an accepted code.
    pub legs: Vec<Leg>,
    /// What an undo of this attempt needs to know, such as the path of a backup.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub leaves: BTreeMap<String, String>,
    /// Set where the world is already as wanted, with what was seen; there are no legs then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub already: Option<String>,
}

impl Proposal {
    /// The digest that an approval names: SHA-256, in hex, of the proposal as JSON.
    pub fn digest(&self) -> String {
        // A struct of strings, numbers and maps with string keys always turns into JSON; were it ever
        // not to, the digest of the debug text still changes with everything that is shown.
        let bytes = serde_json::to_vec(self).unwrap_or_else(|_| format!("{self:?}").into_bytes());
        hex(&Sha256::digest(bytes))
    }
}

/// Lower-case hexadecimal of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One thing to run on one machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Leg {
    /// What it does, in few words: `make the key pair`.
    pub title: String,
    /// Where it runs.
    pub at: MachineName,
    /// Which shell reads it.
    #[serde(default)]
    pub shell: Shell,
    /// The program text; it gets the run's values, and `RUNSHEET_LEG_N` with what leg N (from 1) printed
    /// on standard output, as environment variables.
    pub text: String,
    /// Variables beside those, for arguments that must not be pasted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
    /// Exit codes that count as success; only 0 where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ok_codes: Vec<i32>,
    /// How to read progress out of what it prints.
    #[serde(default)]
    pub progress: Progress,
    /// How long it may take, in seconds; no limit where it is 0.
    #[serde(default)]
    pub limit_seconds: u64,
}

impl Leg {
    /// Whether an exit code counts as success.
    pub fn accepts(&self, code: i32) -> bool {
        accepts(&self.ok_codes, code)
    }
}

/// Whether an exit code is one of those that count as success; 0 alone where none are named.
pub fn accepts(ok_codes: &[i32], code: i32) -> bool {
    if ok_codes.is_empty() {
        code == 0
    } else {
        ok_codes.contains(&code)
    }
}

/// How progress is read out of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// There is none to read.
    #[default]
    None,
    /// rsync's `--info=progress2` lines: bytes, per cent, rate, time left.
    Rsync,
}

/// One thing that an operator sees at a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Exhibit {
    /// What a person reads and does.
    Text {
        /// The words.
        text: String,
    },
    /// A command exactly as the shell will read it.
    Command {
        /// Where.
        at: MachineName,
        /// The text, with `$NAME` where values go.
        text: String,
        /// What those names hold; a secret is left out.
        env: Vec<(String, String)>,
    },
    /// A change of a file, as a unified diff.
    Diff {
        /// Where.
        at: MachineName,
        /// The file.
        path: String,
        /// The diff's lines.
        unified: String,
    },
    /// Something that was computed read-only from the machines: what would be copied, what runs now.
    Finding {
        /// What it is about: `would copy`.
        label: String,
        /// What was found.
        text: String,
    },
    /// What an operator should think of before saying yes.
    Warning {
        /// The words.
        text: String,
    },
    /// What the operator is to choose between.
    Choice {
        /// The question.
        ask: String,
        /// The options, in their order.
        options: Vec<OptionShown>,
    },
}

/// One option of a choice as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionShown {
    /// The value that its name gets.
    pub value: String,
    /// What it is, in few words.
    pub title: String,
    /// What follows from choosing it.
    pub means: String,
}

/// Why a step cannot be shown, and so cannot be approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{what}")]
pub struct Obstacle {
    /// What we were doing, to what, where, and what it said.
    pub what: String,
    /// What to try.
    pub hint: Option<String>,
}

impl Obstacle {
    /// An obstacle without a hint.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: None,
        }
    }

    /// Adds what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<TemplateError> for Obstacle {
    fn from(error: TemplateError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<NulByte> for Obstacle {
    fn from(error: NulByte) -> Self {
        Self::new(error.to_string())
    }
}

/// The machine of a host that an action names beside its own: the lane's own machine where it is one of
/// that host's, and otherwise the only one there is.
pub fn the_machine(scene: &Scene<'_>, host: &HostName) -> Result<MachineName, TemplateError> {
    if scene.values.machines_of(host).contains(scene.here) {
        return Ok(scene.here.clone());
    }
    Ok(scene.values.only_machine(host)?.clone())
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

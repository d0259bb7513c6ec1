//! Probes: questions with a yes or no answer and evidence.
//!
//! A probe is pure. It says what to ask and judges what came back; whoever holds the machines does the
//! asking. Adding a probe is one new file, one `mod` line and one line in [`PROBES`].
//!
//! Values reach the shell text of a probe as environment variables only, or as words that
//! [`words`] has quoted.

mod answer;
mod command;
mod file;
mod http;
mod json;
mod person;
mod remark;
mod series;
mod table;
mod tcp;
mod words;

use std::fmt;

use serde::{Deserialize, Serialize};
use toml::de::ValueDeserializer;

use crate::names::{HostName, MachineName};
use crate::template::{Template, TemplateError, Values};

pub use answer::{complaint, one_line};
pub use remark::{Endurance, Remark, endures};
pub use series::{Series, Trend, figure};
pub use table::ProbeTable;
pub use words::{NulByte, words};

/// A kind of probe, as the runbook names it.
#[derive(Debug)]
pub struct ProbeKind {
    /// The key that makes a table a probe of this kind: `http`.
    pub name: &'static str,
    /// Reads the probe's own keys; the common ones were taken out before.
    pub parse: fn(ValueDeserializer<'_>) -> Result<Box<dyn Probe>, toml::de::Error>,
}

/// Every kind of probe.
pub const PROBES: &[ProbeKind] = &[
    command::KIND,
    http::KIND,
    tcp::KIND,
    file::KIND,
    person::KIND,
];

/// A question about the world.
pub trait Probe: fmt::Debug + Send + Sync {
    /// The kind's name: `http`.
    fn kind(&self) -> &'static str;
    /// What must be true, as a sentence of few words: `https://core1/ refuses`.
    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError>;
    /// What to ask, and where.
    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError>;
    /// Judges the answer of a script, in the scene it was asked in; never called for a question to a
    /// person.
    fn judge(&self, scene: &Scene<'_>, reply: &Reply) -> Verdict;
    /// Programs that must be there where it is asked.
    fn programs(&self) -> &'static [&'static str] {
        &[]
    }
    /// Where it is asked when nobody says `on`.
    fn usual_place(&self) -> Place {
        Place::Lane
    }
    /// The number that an answer is, where a number is watched; else a sentence that names the answer.
    fn number(&self, reply: &Reply) -> Result<f64, String> {
        let seen = one_line(&reply.stdout);
        Err(format!("no number is read out of this: {seen}"))
    }
    /// What its number must come to; none where its answers are no numbers.
    fn aim(&self) -> Option<Aim> {
        None
    }
    /// What a person's yes must tell with it; none where it may come alone, and for every other kind.
    fn evidence(&self, _: &Scene<'_>) -> Result<Option<String>, TemplateError> {
        Ok(None)
    }
    /// What it mentions of the runbook, for the check.
    fn mentions(&self) -> Mentions<'_>;
    /// What is wrong or risky about how it asks, for the check.
    fn remarks(&self) -> Vec<Remark> {
        Vec::new()
    }
}

/// What a watched number must come to. Without a bound any number will do.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Aim {
    /// It must be this or more.
    pub least: Option<f64>,
    /// It must be this or less.
    pub most: Option<f64>,
}

impl Aim {
    /// Whether there is a bound to come to.
    pub fn is_bound(&self) -> bool {
        self.least.is_some() || self.most.is_some()
    }
}

/// Where a probe is asked when the runbook does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On the machine of the lane.
    Lane,
    /// On the bastion: whether a service answers is asked from outside of the machine that runs it.
    Bastion,
}

/// Where a question or an action is, and what names mean there.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The machine of the lane.
    pub here: &'a MachineName,
    /// What names mean in this run.
    pub values: &'a Values,
}

/// What a probe wants asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Shell text that changes nothing, on one machine.
    Script(Question),
    /// A question to the operator.
    Person(String),
}

/// Shell text that changes nothing, for one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Where it is asked.
    pub at: MachineName,
    /// Which shell reads it.
    pub shell: Shell,
    /// The text; it gets the run's values as environment variables.
    pub text: String,
    /// Variables beside the run's values, for arguments that must not be pasted.
    pub env: Vec<(String, String)>,
}

/// The shell that reads a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shell {
    /// `/bin/sh`, whatever that is on the machine.
    #[default]
    Sh,
    /// `bash`, for texts that need it.
    Bash,
}

/// What came back from a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The exit status as the shell tells it: 128 + N for a signal N.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Whether more came than was kept.
    pub cut: bool,
}

impl Reply {
    /// Standard output as text without the line end; bytes that are not UTF-8 become `U+FFFD`.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

/// What a probe makes of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether what must be true is true.
    pub holds: Holds,
    /// What was seen, in few words: `running`, `exit 1: no such container`.
    pub seen: String,
}

impl Verdict {
    /// It is true.
    pub fn yes(seen: impl Into<String>) -> Self {
        Self {
            holds: Holds::Yes,
            seen: seen.into(),
        }
    }

    /// It is not true.
    pub fn no(seen: impl Into<String>) -> Self {
        Self {
            holds: Holds::No,
            seen: seen.into(),
        }
    }

    /// Nothing is known.
    pub fn cannot_say(seen: impl Into<String>) -> Self {
        Self {
            holds: Holds::CannotSay,
            seen: seen.into(),
        }
    }

    /// True or not, as `condition` says.
    pub fn when(condition: bool, seen: impl Into<String>) -> Self {
        if condition {
            Self::yes(seen)
        } else {
            Self::no(seen)
        }
    }
}

/// Yes, no, or no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// It is true.
    Yes,
    /// It is not true.
    No,
    /// The question itself did not work, so that nothing is known.
    CannotSay,
}

/// What an action or a probe mentions of the rest of the runbook.
#[derive(Debug, Default)]
pub struct Mentions<'a> {
    /// Hosts named outside of templates, such as the `to` of an rsync.
    pub hosts: Vec<&'a toml::Spanned<HostName>>,
    /// Texts with `{{name}}` places.
    pub templates: Vec<&'a toml::Spanned<Template>>,
    /// Shell texts.
    pub shells: Vec<&'a toml::Spanned<String>>,
}

impl Mentions<'_> {
    /// Whether a value is used by its name: between braces, or as a variable of a shell text. Also told of
    /// one in a comment or between single quotes, which is one too many and never one too few.
    pub fn uses(&self, name: &str) -> bool {
        let mut templates = self.templates.iter();
        templates.any(|template| template.get_ref().places().any(|place| place == name))
            || self.shells.iter().any(|text| reads(text.get_ref(), name))
    }
}

/// Whether shell text may read a variable.
pub fn reads(text: &str, name: &str) -> bool {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

#[cfg(test)]
pub(crate) mod testing;

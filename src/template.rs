//! Text of a runbook with values in it: `{{name}}` in fields that are not shell, `$NAME` in those that are.
//!
//! Shell text is never pasted together. It keeps its `${NAME}`, and the values reach it as environment
//! variables; so a value with a quote in it is only a value. Everything else uses `{{name}}`, becomes
//! one whole argument, and refuses a value that a program could read as an option.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::names::{HostName, MachineName, ParamName, did_you_mean};

/// Text with `{{name}}` places in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(String),
}

/// Says why a text with `{{name}}` places could not be read or filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `{{` has no `}}`.
    #[error("`{{{{` without `}}}}`")]
    Open,
    /// What stands between the braces is not a name.
    #[error("`{{{{{0}}}}}` is not a name; use a parameter or host.address")]
    NotAName(String),
    /// Nothing of that name is known here.
    #[error("`{name}` is not known here{}", suggestion.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    Unknown {
        /// The name that was used.
        name: String,
        /// A known name that looks like it.
        suggestion: Option<String>,
    },
    /// A host of several machines was used where one is needed.
    #[error("`{0}` is several machines here, and this place needs one")]
    Several(HostName),
    /// A value would read as an option, is empty, or carries a control character.
    #[error("the value of `{name}` {why}")]
    Unsafe {
        /// The name whose value it is.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A name that a step of the run gives a value, and has not given one.
    #[error("`{name}` has no value yet: {why}")]
    NoValue {
        /// The name.
        name: String,
        /// Why not, and which step gives it one.
        why: String,
    },
    /// A secret was used outside of shell text, where it would be shown.
    #[error(
        "`{0}` is a secret; secrets can only be used in shell text, as an environment variable"
    )]
    Secret(ParamName),
}

impl Template {
    /// Reads a text; the names in it are not looked up yet.
    pub fn new(text: impl Into<String>) -> Result<Self, TemplateError> {
        let text = text.into();
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some(open) = rest.find("{{") {
            let (before, after) = rest.split_at(open);
            let Some(close) = after.find("}}") else {
                return Err(TemplateError::Open);
            };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let name = after[2..close].trim();
            if !is_place(name) {
                return Err(TemplateError::NotAName(name.to_owned()));
            }
            pieces.push(Piece::Place(name.to_owned()));
            rest = &after[close + 2..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { text, pieces })
    }

    /// The text as it stands in the runbook.
    pub fn source(&self) -> &str {
        &self.text
    }

    /// The names between braces, in their order.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Place(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Puts the values in.
    ///
    /// The whole result is refused where it starts with a dash although the runbook's own text does not,
    /// so that no value can become an option of a program.
    pub fn fill(&self, values: &Values) -> Result<String, TemplateError> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Place(name) => {
                    if values.left_open.contains(name.as_str()) {
                        out.push_str(&format!("{{{{{name}}}}}"));
                        continue;
                    }
                    let value = values.look_up(name)?;
                    let refused = |why| TemplateError::Unsafe {
                        name: name.clone(),
                        why,
                    };
                    if value.is_empty() {
                        return Err(refused("is empty"));
                    }
                    if value.chars().any(char::is_control) {
                        return Err(refused("has a control character in it"));
                    }
                    if out.is_empty() && value.starts_with('-') {
                        return Err(refused("starts with a dash and would be read as an option"));
                    }
                    out.push_str(&value);
                }
            }
        }
        Ok(out)
    }
}

fn is_place(name: &str) -> bool {
    match name.split_once('.') {
        Some((host, "address" | "user" | "port" | "name" | "names")) => HostName::new(host).is_ok(),
        Some(_) => false,
        None => ParamName::new(name).is_ok(),
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Template {
    type Error = TemplateError;
    fn try_from(text: String) -> Result<Self, TemplateError> {
        Self::new(text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> String {
        template.text
    }
}

/// What is known of a machine by name, beside how to log in to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// What other machines reach it by: an address or a name.
    pub address: String,
    /// The login user, where the environment or ssh's configuration names one; empty for the default.
    pub user: String,
    /// The port of its ssh server.
    pub port: u16,
    /// What the operator calls it: the ssh destination, or `local`.
    pub label: String,
}

/// The values that one run gives to names.
#[derive(Debug, Clone, Default)]
pub struct Values {
    params: BTreeMap<ParamName, String>,
    secrets: BTreeSet<ParamName>,
    /// Names that a step gives a value and has not given one, each with why.
    without: BTreeMap<ParamName, String>,
    /// Names of those whose places stay as they are, because they get their value later.
    left_open: BTreeSet<ParamName>,
    hosts: BTreeMap<HostName, Vec<MachineName>>,
    machines: BTreeMap<MachineName, Machine>,
}

impl Values {
    /// Gives a parameter its value.
    pub fn set_param(&mut self, name: ParamName, value: String) {
        self.params.insert(name, value);
    }

    /// Gives a secret parameter its value; it is masked wherever output is kept or shown.
    pub fn set_secret(&mut self, name: ParamName, value: String) {
        self.secrets.insert(name.clone());
        self.params.insert(name, value);
    }

    /// Says that a name is there and has no value, with why: using it is an error.
    pub fn set_without(&mut self, name: ParamName, why: String) {
        self.without.insert(name, why);
    }

    /// The names that have no value, each with why.
    pub fn without(&self) -> impl Iterator<Item = (&ParamName, &str)> {
        self.without.iter().map(|(name, why)| (name, why.as_str()))
    }

    /// The names whose places stay as they are.
    pub fn left_open(&self) -> impl Iterator<Item = &ParamName> {
        self.left_open.iter()
    }

    /// The same values, for a plan: a `{{name}}` that has no value yet stays as it is.
    #[must_use]
    pub fn laying(&self) -> Self {
        Self {
            left_open: self.without.keys().cloned().collect(),
            ..self.clone()
        }
    }

    /// The same values, with one name that has none: a `{{name}}` stays as it is.
    #[must_use]
    pub fn leaving_open(&self, name: &ParamName) -> Self {
        let mut values = self.clone();
        values.left_open.insert(name.clone());
        values
    }

    /// The same values and one more.
    #[must_use]
    pub fn with(&self, name: ParamName, value: String) -> Self {
        let mut values = self.clone();
        values.without.remove(&name);
        values.left_open.remove(&name);
        values.set_param(name, value);
        values
    }

    /// Binds a host to a machine; a second call for the same host adds a second machine.
    pub fn bind(&mut self, host: HostName, name: MachineName, machine: Machine) {
        self.hosts.entry(host).or_default().push(name.clone());
        self.machines.insert(name, machine);
    }

    /// The machines of a host, in the order of the environment; empty for an unknown host.
    pub fn machines_of(&self, host: &HostName) -> &[MachineName] {
        self.hosts.get(host).map_or(&[], Vec::as_slice)
    }

    /// The only machine of a host.
    pub fn only_machine(&self, host: &HostName) -> Result<&MachineName, TemplateError> {
        match self.machines_of(host) {
            [one] => Ok(one),
            [] => Err(self.unknown(host.as_str())),
            _ => Err(TemplateError::Several(host.clone())),
        }
    }

    /// What is known of a machine.
    pub fn machine(&self, name: &MachineName) -> Option<&Machine> {
        self.machines.get(name)
    }

    /// Every machine with its name.
    pub fn machines(&self) -> impl Iterator<Item = (&MachineName, &Machine)> {
        self.machines.iter()
    }

    /// The values of secret parameters, to be masked in what is kept or shown.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets
            .iter()
            .filter_map(|name| self.params.get(name))
            .map(String::as_str)
    }

    /// The environment of shell text: each parameter under its name, and for each host of one machine
    /// `RUNSHEET_HOST_ADDRESS`, with the host's name in capitals and `_` for `-`.
    pub fn environment(&self) -> Vec<(String, String)> {
        let params = self
            .params
            .iter()
            .map(|(name, value)| (name.to_string(), value.clone()));
        let addresses = self.hosts.iter().filter_map(|(host, machines)| {
            let [one] = machines.as_slice() else {
                return None;
            };
            let machine = self.machines.get(one)?;
            Some((address_variable(host), machine.address.clone()))
        });
        params.chain(addresses).collect()
    }

    /// The same with secrets left out, for what is shown and recorded.
    pub fn shown_environment(&self) -> Vec<(String, String)> {
        let secret = |name: &str| self.secrets.iter().any(|secret| secret.as_str() == name);
        self.environment()
            .into_iter()
            .filter(|(name, _)| !secret(name))
            .collect()
    }

    fn look_up(&self, name: &str) -> Result<String, TemplateError> {
        if let Some((host, what)) = name.split_once('.') {
            let host = HostName::new(host).map_err(|_| self.unknown(name))?;
            if what == "names" {
                return self.names(&host).ok_or_else(|| self.unknown(name));
            }
            let only = self.only_machine(&host)?;
            let machine = self.machines.get(only).ok_or_else(|| self.unknown(name))?;
            return Ok(match what {
                "user" => machine.user.clone(),
                "port" => machine.port.to_string(),
                "name" => machine.label.clone(),
                _ => machine.address.clone(),
            });
        }
        if let Some(secret) = self.secrets.iter().find(|secret| secret.as_str() == name) {
            return Err(TemplateError::Secret(secret.clone()));
        }
        if let Some(why) = self.without.get(name) {
            return Err(TemplateError::NoValue {
                name: name.to_owned(),
                why: why.clone(),
            });
        }
        self.params
            .get(name)
            .cloned()
            .ok_or_else(|| self.unknown(name))
    }

    /// What the machines of a host are called; of many, only how many they are.
    fn names(&self, host: &HostName) -> Option<String> {
        let machines = self
            .hosts
            .get(host)
            .filter(|machines| !machines.is_empty())?;
        let labels = machines
            .iter()
            .filter_map(|machine| self.machines.get(machine));
        let labels: Vec<&str> = labels.map(|machine| machine.label.as_str()).collect();
        Some(match labels.len() {
            0..=3 => labels.join(", "),
            many => format!("the {many} machines of {host}"),
        })
    }

    fn unknown(&self, name: &str) -> TemplateError {
        let known = self.params.keys().map(ParamName::as_str);
        let hosts = self.hosts.keys().map(HostName::as_str);
        TemplateError::Unknown {
            name: name.to_owned(),
            suggestion: did_you_mean(name, known.chain(hosts)).map(str::to_owned),
        }
    }
}

/// The environment variable that carries a host's address into shell text.
pub fn address_variable(host: &HostName) -> String {
    format!(
        "RUNSHEET_{}_ADDRESS",
        host.as_str().to_ascii_uppercase().replace('-', "_")
    )
}

#[cfg(test)]
mod tests;

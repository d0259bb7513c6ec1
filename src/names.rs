//! The names that things go by, each a type of its own so that one cannot stand in for another.
//!
//! A name is checked once, where it enters, and trusted afterwards: every grammar here is safe as a
//! file name, as a part of a receipt token and as a whole argument of a program.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Says why a text is not a name of the wanted sort.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not {} {sort}: {rule}", shorten(.text), article(.sort))]
pub struct BadName {
    sort: &'static str,
    text: String,
    rule: &'static str,
}

fn article(sort: &str) -> &'static str {
    if sort.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

fn shorten(text: &str) -> String {
    let clean: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().count() > 40 {
        format!("{clean}…")
    } else {
        clean
    }
}

const KEBAB: &str = "use a lower-case letter, then letters, digits and single dashes, 64 at most";
const PARAM: &str = "use a letter or _, then letters, digits and _, 64 at most";
const MACHINE: &str =
    "use a host name of the runbook, then a dot and a number where it is bound to several";
const RUN: &str = "use letters, digits and dashes, starting with a digit, 80 at most";

fn kebab(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.ends_with('-')
        && !text.contains("--")
}

fn param(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn machine(text: &str) -> bool {
    let digits = |number: &str| {
        (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
    };
    let text = match text.split_once(".i") {
        Some((machine, item)) if digits(item) => machine,
        _ => text,
    };
    match text.split_once('.') {
        None => kebab(text),
        Some((host, number)) => kebab(host) && digits(number),
    }
}

fn run(text: &str) -> bool {
    text.len() <= 80
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $sort:literal, $test:path, $rule:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Takes a text that follows the grammar; any other is a [`BadName`].
            pub fn new(text: impl Into<String>) -> Result<Self, BadName> {
                let text = text.into();
                if $test(&text) {
                    Ok(Self(text))
                } else {
                    Err(BadName { sort: $sort, text, rule: $rule })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A step of a runbook: `stop-nginx`.
    StepId, "step id", kebab, KEBAB
);
name!(
    /// A phase of a runbook: `transfer`.
    PhaseId, "phase id", kebab, KEBAB
);
name!(
    /// A host as the runbook calls it: `source`. An environment binds it to machines.
    HostName, "host name", kebab, KEBAB
);
name!(
    /// An environment: `staging`.
    EnvName, "environment name", kebab, KEBAB
);
name!(
    /// A parameter: `PRYV_CONF_ROOT`. It is also the environment variable that shell text reads.
    ParamName, "parameter name", param, PARAM
);
name!(
    /// One machine of an environment: the host name, or `register.2` where a host has several.
    ///
    /// It is also the name of the lane of a step on that machine. Where a step has a lane for each item of a
    /// list, the item's number follows: `source.i3`, `register.2.i3`.
    MachineName, "machine name", machine, MACHINE
);
name!(
    /// One run: `20261121-021433-pryv-core-migration-k3f9`.
    RunId, "run id", run, RUN
);

impl MachineName {
    /// The `number`th machine, counted from 1, of a host; 0 stands for the only one.
    pub fn of(host: &HostName, number: u16) -> Self {
        match number {
            0 => Self(host.as_str().to_owned()),
            n => Self(format!("{host}.{n}")),
        }
    }

    /// The machine this program itself runs on, whether or not the runbook names it.
    pub fn bastion() -> Self {
        Self("bastion".to_owned())
    }

    /// The lane of the `number`th item, counted from 1, on this machine.
    #[must_use]
    pub fn item(&self, number: usize) -> Self {
        Self(format!("{}.i{number}", self.machine()))
    }

    /// The machine of a lane; the name itself where it is no lane of an item.
    #[must_use]
    pub fn machine(&self) -> Self {
        let machine = self
            .0
            .split_once(".i")
            .map_or(self.as_str(), |(machine, _)| machine);
        Self(machine.to_owned())
    }

    /// The host of the runbook that this is a machine of.
    pub fn host(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }
}

/// Finds the candidate that a mistyped word most likely meant, if one is near enough to suggest.
///
/// Near is an edit distance of at most a third of the word, at least 1, where exchanging two neighbours
/// counts as one edit: what fingers do (Damerau, A technique for computer detection and correction of
/// spelling errors, 1964; the variant that edits no part of a word twice).
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                let exchanged: &Vec<usize> = &before;
                best = best.min(exchanged[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_as_a_file_name_and_as_an_argument() {
        for bad in ["", "-x", "a/b", "a b", "A", "a--b", "a-", "ä", "a\n", "a.1"] {
            assert!(StepId::new(bad).is_err(), "{bad:?}");
        }
        assert!(StepId::new("stop-nginx-2").is_ok());
        assert!(ParamName::new("PRYV_CONF_ROOT").is_ok());
        assert!(ParamName::new("A-B").is_err());
        assert!(MachineName::new("register.2").is_ok());
        assert!(MachineName::new("register.").is_err());
        for bad in [
            "a.i", "a.i12345", "a.ix", "a.i1.i2", "a.1.2", ".i1", "a.-i1",
        ] {
            assert!(MachineName::new(bad).is_err(), "{bad:?}");
        }
        let lane = MachineName::new("register.2").unwrap().item(3);
        assert_eq!(lane.as_str(), "register.2.i3");
        assert_eq!(MachineName::new(lane.as_str()).unwrap(), lane);
        assert_eq!(
            (lane.machine().as_str(), lane.host()),
            ("register.2", "register")
        );
        let lane = MachineName::new("source").unwrap().item(7);
        assert_eq!(
            (lane.as_str(), lane.machine().as_str()),
            ("source.i7", "source")
        );
        assert!(RunId::new("../etc").is_err());
    }

    #[test]
    fn the_complaint_about_a_name_cannot_carry_control_characters() {
        let text = StepId::new("\u{1b}]0;owned\u{7}").unwrap_err().to_string();
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }

    #[test]
    fn a_near_miss_is_suggested_and_a_far_one_is_not() {
        assert_eq!(did_you_mean("verfy", ["verify", "undo"]), Some("verify"));
        assert_eq!(did_you_mean("banana", ["verify", "undo"]), None);
        assert_eq!(did_you_mean("abuot", ["about", "undo"]), Some("about"));
    }
}

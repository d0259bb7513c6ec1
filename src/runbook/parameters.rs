//! The values of parameters: what each kind allows, and which of several values counts.

use std::net::IpAddr;

use indexmap::IndexMap;

use super::model::{Environment, ParamKind, Runbook};
use super::table::list;
use crate::names::{ParamName, did_you_mean};
use crate::problem::Problem;

/// A parameter's value in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The value.
    pub value: String,
    /// Who gave it.
    pub origin: Origin,
}

/// Who gave a parameter its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The runbook's own default.
    Default,
    /// The environment.
    Environment,
    /// The operator, for this run.
    Operator,
}

/// The values of all parameters of one run, in the order of the runbook.
pub type Parameters = IndexMap<ParamName, Parameter>;

/// Says whether a value fits a kind, and if not, why; a secret's value is never repeated.
pub fn check_value(kind: &ParamKind, value: &str) -> Result<(), String> {
    let shown: String = value
        .chars()
        .take(60)
        .flat_map(char::escape_debug)
        .collect();
    match kind {
        ParamKind::Secret if value.is_empty() => Err("a secret cannot be empty".to_owned()),
        ParamKind::Secret if value.contains('\0') => {
            Err("a secret cannot carry a NUL character".to_owned())
        }
        ParamKind::Secret => Ok(()),
        _ if value.chars().any(char::is_control) => {
            Err(format!("`{shown}` has a control character in it"))
        }
        ParamKind::Text => Ok(()),
        ParamKind::Path => match value {
            path if !path.starts_with('/') => Err(format!(
                "`{shown}` is not an absolute path: start it with `/`"
            )),
            path if path.split('/').any(|part| part == "..") => Err(format!(
                "`{shown}` has `..` in it: write the path it leads to"
            )),
            _ => Ok(()),
        },
        ParamKind::Host if is_host(value) => Ok(()),
        ParamKind::Host => Err(format!("`{shown}` is not a host name or an address")),
        ParamKind::Ip if value.parse::<IpAddr>().is_ok() => Ok(()),
        ParamKind::Ip => Err(format!("`{shown}` is not an IPv4 or IPv6 address")),
        ParamKind::Int => {
            let digits = value.strip_prefix('-').unwrap_or(value);
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            match value.parse::<i64>() {
                Ok(_) if plain => Ok(()),
                _ => Err(format!("`{shown}` is not a whole number")),
            }
        }
        ParamKind::Choice(choices) if choices.iter().any(|choice| choice == value) => Ok(()),
        ParamKind::Choice(choices) => {
            let words = || choices.iter().map(String::as_str);
            Err(match did_you_mean(value, words()) {
                Some(near) => format!("`{shown}` is not a choice: did you mean `{near}`?"),
                None => format!("`{shown}` is not one of {}", list(words())),
            })
        }
    }
}

/// Whether a text is a host name or an address that is safe as a whole argument (RFC 1123, 2.1; with `_`,
/// which names in use have).
pub fn is_host(text: &str) -> bool {
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(label)
}

/// Splits what an operator gave as `NAME=VALUE`.
pub fn split_setting(setting: &str) -> Result<(String, String), Problem> {
    match setting.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        // The text itself is left out: it may be a secret whose name was forgotten.
        None => Err(Problem::general("a setting has no `=` in it").hint("write NAME=VALUE")),
    }
}

/// The parameters that neither the runbook nor the environment gives a value, in the runbook's order.
pub fn missing_params<'r>(runbook: &'r Runbook, environment: &Environment) -> Vec<&'r ParamName> {
    runbook
        .params
        .iter()
        .filter(|(name, spec)| spec.default.is_none() && !environment.params.contains_key(*name))
        .map(|(name, _)| name)
        .collect()
}

/// Gives every parameter its value: the operator's, else the environment's, else the runbook's default.
///
/// Each setting that names no parameter, comes twice or does not fit is a problem, and so is each
/// parameter that nobody gave a value.
pub fn resolve(
    runbook: &Runbook,
    environment: &Environment,
    settings: &[(String, String)],
) -> Result<Parameters, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut set: IndexMap<&str, &str> = IndexMap::new();
    for (name, value) in settings {
        if !runbook.params.contains_key(name.as_str()) {
            let names = runbook.params.keys().map(ParamName::as_str);
            let hint = match did_you_mean(name, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the parameters are {}", list(names)),
            };
            problems.push(
                Problem::general(format!("the runbook has no parameter `{name}`")).hint(hint),
            );
        } else if set.insert(name, value).is_some() {
            problems.push(Problem::general(format!("`{name}` is set twice")));
        }
    }
    let mut parameters = Parameters::new();
    for (name, spec) in &runbook.params {
        let operator = set
            .get(name.as_str())
            .map(|value| (*value, Origin::Operator));
        let environment = || {
            let value = environment.params.get(name)?;
            Some((value.as_str(), Origin::Environment))
        };
        let default = || Some((spec.default.as_deref()?, Origin::Default));
        let Some((value, origin)) = operator.or_else(environment).or_else(default) else {
            problems.push(
                Problem::general(format!("the parameter `{name}` has no value: {}", spec.ask))
                    .hint(format!(
                        "give it with --set {name}=…, or in the environment as params.{name}"
                    )),
            );
            continue;
        };
        if let Err(why) = check_value(&spec.kind, value) {
            problems.push(Problem::general(format!(
                "the value of `{name}` does not fit: {why}"
            )));
        }
        let value = value.to_owned();
        parameters.insert(name.clone(), Parameter { value, origin });
    }
    if problems.is_empty() {
        Ok(parameters)
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_its_own_and_refuses_the_rest() {
        let choice = ParamKind::Choice(vec!["blue".into(), "green".into()]);
        for (kind, good, bad) in [
            (ParamKind::Text, "it's \"fine\"", "two\nlines"),
            (ParamKind::Path, "/var/pryv", "var/pryv"),
            (ParamKind::Path, "/", "/var/../etc"),
            (ParamKind::Host, "core1.example.com", "-oProxyCommand=x"),
            (ParamKind::Host, "::1", "a b"),
            (ParamKind::Ip, "10.0.0.1", "10.0.0.256"),
            (ParamKind::Ip, "fe80::1", "core1"),
            (ParamKind::Int, "-12", "+12"),
            (ParamKind::Int, "0", "1.5"),
            (choice, "blue", "bleu"),
            (ParamKind::Secret, "anything\nat all", ""),
        ] {
            assert_eq!(check_value(&kind, good), Ok(()), "{kind:?} {good}");
            assert!(check_value(&kind, bad).is_err(), "{kind:?} {bad}");
        }
    }

    #[test]
    fn a_complaint_about_a_secret_does_not_tell_it() {
        let said = check_value(&ParamKind::Secret, "hunter\0two").unwrap_err();
        assert!(!said.contains("hunter"), "{said}");
        let said = split_setting("hunter2").unwrap_err().to_string();
        assert!(!said.contains("hunter"), "{said}");
    }
}

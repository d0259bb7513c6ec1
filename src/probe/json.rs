//! A JSON document that must have a part in it.
//!
//! ```toml
//! verify = [{ command = "docker inspect core", json = [{ State = { Running = true } }] }]
//! ```
//!
//! A table asks for its keys and lets others be; a list asks for an item like each of its own, in any order;
//! an empty list asks for an empty one. Texts may hold `{{name}}`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use toml::Spanned;

use super::one_line;
use crate::template::{Template, TemplateError, Values};

/// The part that a document must have.
#[derive(Debug)]
pub(super) struct Part {
    wanted: Wanted,
    /// Its texts once more, with their places, for the check.
    pub(super) templates: Vec<Spanned<Template>>,
}

#[derive(Debug, Clone)]
enum Wanted {
    Text(Template),
    Whole(i64),
    Number(f64),
    Boolean(bool),
    List(Vec<Spanned<Wanted>>),
    Table(Vec<(String, Spanned<Wanted>)>),
}

impl Part {
    /// What must be so, in few words: `State.Running is true`.
    pub(super) fn says(&self, values: &Values) -> Result<String, TemplateError> {
        let mut leaves = Vec::new();
        leaves_of(&self.wanted, &Path::Top, values, &mut leaves)?;
        Ok(one_line(leaves.join(" and ").as_bytes()))
    }

    /// Where a document differs first: `State.Running is false, not true`; none where the part is in it.
    pub(super) fn differs(
        &self,
        document: &Value,
        values: &Values,
    ) -> Result<Option<String>, TemplateError> {
        let differs = differs(&self.wanted, document, &Path::Top, values)?;
        Ok(differs.map(|text| one_line(text.as_bytes())))
    }
}

/// Reads one JSON document; says in a sentence why it is none.
pub(super) fn document(bytes: &[u8]) -> Result<Value, String> {
    if bytes.trim_ascii().is_empty() {
        return Err("not JSON: nothing printed".to_owned());
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let said = error.to_string();
        let seen = one_line(bytes);
        if said.starts_with("recursion limit") {
            "this JSON is nested more than 127 deep".to_owned()
        } else if said.starts_with("trailing characters") {
            let line = error.line();
            format!("more than one JSON document, the second on line {line}: {seen}")
        } else {
            format!("not JSON, {said}: {seen}")
        }
    })
}

/// The way to a value from the top of the document.
enum Path<'a> {
    Top,
    Key(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => f.write_str("the document"),
            Self::Key(Self::Top, key) => f.write_str(key),
            Self::Key(above, key) => write!(f, "{above}.{key}"),
            Self::Item(Self::Top, at) => write!(f, "[{at}]"),
            Self::Item(above, at) => write!(f, "{above}[{at}]"),
        }
    }
}

fn leaves_of(
    wanted: &Wanted,
    path: &Path<'_>,
    values: &Values,
    leaves: &mut Vec<String>,
) -> Result<(), TemplateError> {
    match wanted {
        Wanted::Table(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                leaves_of(value.get_ref(), &Path::Key(path, key), values, leaves)?;
            }
        }
        Wanted::List(items) if !items.is_empty() => {
            for item in items {
                let item = item.get_ref();
                leaves.push(format!("{path} has {}", words(item, values)?));
            }
        }
        other => leaves.push(format!("{path} is {}", words(other, values)?)),
    }
    Ok(())
}

/// A wanted value as JSON writes it, with the values of the run in it.
fn words(wanted: &Wanted, values: &Values) -> Result<String, TemplateError> {
    Ok(match wanted {
        Wanted::Text(text) => Value::String(text.fill(values)?).to_string(),
        Wanted::Whole(number) => number.to_string(),
        Wanted::Number(number) => number.to_string(),
        Wanted::Boolean(value) => value.to_string(),
        Wanted::List(items) => {
            let items: Result<Vec<String>, TemplateError> = items
                .iter()
                .map(|item| words(item.get_ref(), values))
                .collect();
            format!("[{}]", items?.join(", "))
        }
        Wanted::Table(entries) => {
            let entries: Result<Vec<String>, TemplateError> = entries
                .iter()
                .map(|(key, value)| Ok(format!("{key}: {}", words(value.get_ref(), values)?)))
                .collect();
            format!("{{{}}}", entries?.join(", "))
        }
    })
}

/// Goes no deeper than the runbook does, however deep the document is.
fn differs(
    wanted: &Wanted,
    found: &Value,
    path: &Path<'_>,
    values: &Values,
) -> Result<Option<String>, TemplateError> {
    let unlike = |wanted: &Wanted| -> Result<Option<String>, TemplateError> {
        let wanted = words(wanted, values)?;
        Ok(Some(format!("{path} is {}, not {wanted}", short(found))))
    };
    match (wanted, found) {
        (Wanted::Table(entries), Value::Object(there)) => {
            for (key, value) in entries {
                let path = Path::Key(path, key);
                let Some(found) = there.get(key) else {
                    return Ok(Some(format!("{path} is not there")));
                };
                if let Some(text) = differs(value.get_ref(), found, &path, values)? {
                    return Ok(Some(text));
                }
            }
            Ok(None)
        }
        (Wanted::List(items), Value::Array(there)) if items.is_empty() => {
            let count = there.len();
            Ok((count > 0).then(|| format!("{path} is not empty, it has {count} items")))
        }
        (Wanted::List(items), Value::Array(there)) => {
            for item in items {
                let mut first = None;
                let mut is_there = false;
                for (at, found) in there.iter().enumerate() {
                    match differs(item.get_ref(), found, &Path::Item(path, at), values)? {
                        None => {
                            is_there = true;
                            break;
                        }
                        Some(text) => first = first.or(Some(text)),
                    }
                }
                if is_there {
                    continue;
                }
                // Where only one item could be meant, what is wrong with it says more.
                return Ok(match (there.len(), first) {
                    (1, Some(text)) => Some(text),
                    (count, _) => {
                        let like = words(item.get_ref(), values)?;
                        Some(format!("none of the {count} items of {path} is {like}"))
                    }
                });
            }
            Ok(None)
        }
        (Wanted::Text(text), Value::String(found)) if text.fill(values)? == *found => Ok(None),
        (Wanted::Whole(number), Value::Number(found))
            if found.as_i64() == Some(*number)
                || (!found.is_i64() && found.as_f64() == Some(*number as f64)) =>
        {
            Ok(None)
        }
        (Wanted::Number(number), Value::Number(found)) if found.as_f64() == Some(*number) => {
            Ok(None)
        }
        (Wanted::Boolean(value), Value::Bool(found)) if value == found => Ok(None),
        (other, _) => unlike(other),
    }
}

/// A found value in few words.
fn short(found: &Value) -> String {
    match found {
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(entries) => format!("a table of {}", entries.len()),
        Value::String(text) => Value::String(text.chars().take(60).collect()).to_string(),
        other => other.to_string(),
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wanted = Spanned::<Wanted>::deserialize(deserializer)?;
        let mut templates = Vec::new();
        collect(&wanted, &mut templates);
        let wanted = wanted.into_inner();
        Ok(Self { wanted, templates })
    }
}

fn collect(wanted: &Spanned<Wanted>, templates: &mut Vec<Spanned<Template>>) {
    match wanted.get_ref() {
        Wanted::Text(text) => templates.push(Spanned::new(wanted.span(), text.clone())),
        Wanted::List(items) => items.iter().for_each(|item| collect(item, templates)),
        Wanted::Table(entries) => entries
            .iter()
            .for_each(|(_, value)| collect(value, templates)),
        Wanted::Whole(_) | Wanted::Number(_) | Wanted::Boolean(_) => {}
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WantedVisitor)
    }
}

struct WantedVisitor;

impl<'de> Visitor<'de> for WantedVisitor {
    type Value = Wanted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of a JSON document: a table, a list, a string, a number, true or false")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Wanted, E> {
        Template::new(text).map(Wanted::Text).map_err(E::custom)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Wanted, E> {
        Ok(Wanted::Whole(number))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Wanted, E> {
        if number.is_finite() {
            Ok(Wanted::Number(number))
        } else {
            Err(E::custom("JSON knows no such number"))
        }
    }

    fn visit_bool<E>(self, value: bool) -> Result<Wanted, E> {
        Ok(Wanted::Boolean(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Wanted, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Wanted::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Wanted, A::Error> {
        let mut table = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            // How the parser hands a date over, which JSON has as a text.
            if key.starts_with("$__toml_private") {
                return Err(A::Error::custom(
                    "a date is a text in JSON: put it in quotes",
                ));
            }
            table.push((key, entries.next_value()?));
        }
        Ok(Wanted::Table(table))
    }
}

#[cfg(test)]
mod tests;

//! A probe read from a table inside another, such as the `until` of a wait.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, ValueDeserializer};

use super::{PROBES, Probe, ProbeKind};
use crate::names::did_you_mean;

/// A probe's table as it stands in a file: its kind is known, its keys are not read yet.
///
/// Only the probe's own keys are allowed; the common ones (`on`, `within`, …) belong to what is around
/// it. The table is copied first because serde lends a field any deserializer, and a probe wants one
/// of TOML's, to say where in the file a mistake is.
#[derive(Debug)]
pub struct ProbeTable {
    kind: &'static ProbeKind,
    table: Spanned<Node>,
}

impl ProbeTable {
    /// Reads the keys.
    pub fn probe(&self) -> Result<Box<dyn Probe>, toml::de::Error> {
        (self.kind.parse)(ValueDeserializer::from(value_of(&self.table)?))
    }
}

impl<'de> Deserialize<'de> for ProbeTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = Spanned::<Node>::deserialize(deserializer)?;
        match kind_of(table.get_ref()) {
            Ok(kind) => Ok(Self { kind, table }),
            Err(complaint) => Err(D::Error::custom(complaint)),
        }
    }
}

fn kind_of(node: &Node) -> Result<&'static ProbeKind, String> {
    let Node::Table(entries) = node else {
        return Err("a probe is a table, such as { tcp = \"{{dest.address}}:443\" }".to_owned());
    };
    let keys = || entries.iter().map(|(key, _)| key.get_ref().as_str());
    let mut kinds = PROBES
        .iter()
        .filter(|kind| keys().any(|key| key == kind.name));
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => Ok(kind),
        (Some(one), Some(other)) => Err(format!(
            "a probe is of one kind, and this is both `{}` and `{}`",
            one.name, other.name
        )),
        (None, _) => {
            let names = || PROBES.iter().map(|kind| kind.name);
            let known: Vec<&str> = names().collect();
            let meant = keys()
                .find_map(|key| did_you_mean(key, names()))
                .map(|name| format!("; did you mean `{name}`?"))
                .unwrap_or_default();
            Err(format!(
                "no kind of probe is named here: use one of {}{meant}",
                known.join(", ")
            ))
        }
    }
}

/// A TOML value with its places, taken out of a deserializer that keeps its own to itself.
#[derive(Debug)]
enum Node {
    Text(String),
    /// Digits, as TOML writes them.
    Number(String),
    Boolean(bool),
    Array(Vec<Spanned<Node>>),
    Table(Vec<(Spanned<String>, Spanned<Node>)>),
}

fn value_of(node: &Spanned<Node>) -> Result<Spanned<DeValue<'_>>, toml::de::Error> {
    let value = match node.get_ref() {
        Node::Text(text) => DeValue::String(text.as_str().into()),
        Node::Number(digits) => DeValue::parse(digits)?.into_inner(),
        Node::Boolean(value) => DeValue::Boolean(*value),
        Node::Array(items) => {
            let mut array = DeArray::new();
            for item in items {
                array.push(value_of(item)?);
            }
            DeValue::Array(array)
        }
        Node::Table(entries) => {
            let mut table = DeTable::new();
            for (key, item) in entries {
                let name = Spanned::new(key.span(), key.get_ref().as_str().into());
                table.insert(name, value_of(item)?);
            }
            DeValue::Table(table)
        }
    };
    Ok(Spanned::new(node.span(), value))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a probe's table")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        // Debug keeps the point that makes it a float in TOML, and writes inf and nan as TOML does.
        Ok(Node::Number(format!("{number:?}").replace("NaN", "nan")))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Node::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut table = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            table.push(entry);
        }
        Ok(Node::Table(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Box<dyn Probe>, toml::de::Error> {
        ProbeTable::deserialize(ValueDeserializer::parse(text).unwrap())?.probe()
    }

    #[test]
    fn a_probe_inside_a_table_is_read_and_keeps_its_places() {
        let text = r#"{ command = "wc -l", at-least = 2.5 }"#;
        let probe = read(text).unwrap();
        assert_eq!(probe.kind(), "command");
        let mentions = probe.mentions();
        assert_eq!(&text[mentions.shells[0].span()], "\"wc -l\"");
    }

    #[test]
    fn a_wrong_key_inside_is_pointed_at() {
        let text = r#"{ tcp = "a:1", fals = true }"#;
        let error = read(text).unwrap_err();
        assert_eq!(&text[error.span().unwrap()], "fals");
    }

    #[test]
    fn a_table_of_no_kind_and_of_two_kinds_are_refused() {
        let error = read(r#"{ comand = "x" }"#).unwrap_err().to_string();
        assert!(error.contains("did you mean `command`?"), "{error}");
        let error = read(r#"{ tcp = "a:1", http = "x" }"#).unwrap_err();
        assert!(error.to_string().contains("both"), "{error}");
    }
}

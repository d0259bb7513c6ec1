//! What must be so for a step to have its turn: `when`.

use std::fmt;

use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::DeValue;

use super::table::{Need, Reader, Table, Text};
use crate::names::ParamName;

/// One condition of a step. A step of several has its turn only where all of them hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Condition {
    /// The parameter, choice or captured value.
    pub name: ParamName,
    /// What its value must be one of; anything where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<String>,
    /// What its value must not be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is_not: Vec<String>,
}

impl Condition {
    /// Whether a value fits.
    pub fn holds(&self, value: &str) -> bool {
        let among = |values: &[String]| values.iter().any(|known| known == value);
        (self.is.is_empty() || among(&self.is)) && !among(&self.is_not)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, values) = match self.is.is_empty() {
            true => ("is not", &self.is_not),
            false => ("is", &self.is),
        };
        write!(f, "{} {words} {}", self.name, values.join(" or "))
    }
}

/// A condition as it stands in the file.
#[derive(Debug)]
pub(super) struct ConditionDraft {
    pub(super) name: Text,
    pub(super) values: Vec<Text>,
    /// Whether the value must be none of them.
    pub(super) not: bool,
}

impl ConditionDraft {
    /// The condition; none where the name is no name, which the check has told.
    pub(super) fn settle(self) -> Option<Condition> {
        let values = self.values.into_iter().map(Spanned::into_inner).collect();
        let (is, is_not) = match self.not {
            true => (Vec::new(), values),
            false => (values, Vec::new()),
        };
        Some(Condition {
            name: ParamName::new(self.name.into_inner()).ok()?,
            is,
            is_not,
        })
    }
}

/// Reads `when`: one condition, or a list of them.
pub(super) fn read(reader: &mut Reader, value: Spanned<DeValue<'_>>) -> Vec<ConditionDraft> {
    let span = value.span();
    let items = match value.into_inner() {
        DeValue::Array(items) => items.into_iter().collect(),
        one => vec![Spanned::new(span.clone(), one)],
    };
    if items.is_empty() {
        reader.error(span, "`when` is an empty list").hint =
            Some("leave `when` out for a step that is always done".to_owned());
    }
    let tables = items.into_iter().filter_map(|item| {
        let table = reader.table("when", "a condition", item)?;
        one(reader, table)
    });
    tables.collect()
}

fn one(reader: &mut Reader, mut table: Table<'_>) -> Option<ConditionDraft> {
    let name = reader.line(&mut table, "name", Need::Required);
    let is = reader.one_or_more(&mut table, "is");
    let is_not = reader.one_or_more(&mut table, "is-not");
    let span = table.span();
    let other_keys = table.keys().next().is_some();
    reader.close(table);
    let (values, not) = match (is, is_not) {
        (Some(is), None) => (is, false),
        (None, Some(is_not)) => (is_not, true),
        (Some(_), Some(is_not)) => {
            reader
                .error(is_not.span(), "a condition has both `is` and `is-not`")
                .hint = Some("write two conditions: when = [{ … }, { … }]".to_owned());
            return None;
        }
        // A mistyped `is` was told as an unknown key.
        (None, None) if other_keys => return None,
        (None, None) => {
            reader.error(span, "this condition asks nothing").hint =
                Some("write when = { name = \"NAME\", is = \"value\" }, or `is-not`".to_owned());
            return None;
        }
    };
    if values.get_ref().is_empty() {
        let key = if not { "is-not" } else { "is" };
        reader.error(values.span(), format!("`{key}` is an empty list"));
        return None;
    }
    Some(ConditionDraft {
        name: name?,
        values: values.into_inner(),
        not,
    })
}

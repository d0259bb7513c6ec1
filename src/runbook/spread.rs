//! What a step keeps of its output, and the list that it is done for each item of: `capture`, `for-each`, `at-once`.

use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::DeValue;

use super::table::{Need, Reader, Table, Text};
use crate::names::{ParamName, did_you_mean};

/// The most lanes that a step can have. What they show is one record of the journal and one screen.
pub const LANES: usize = 1000;

/// What is kept of what a step prints on standard output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Capture {
    /// The name that gets it.
    pub name: ParamName,
    /// Whether it is a list, an item a line, and not one value.
    pub lines: bool,
    /// Whether it may be empty.
    pub may_be_empty: bool,
}

/// The list that a step is done for each item of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForEach {
    /// The name that an item has in its lane.
    pub name: ParamName,
    /// The list.
    pub items: Items,
}

/// Where the items of a step come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Items {
    /// They stand in the runbook.
    Listed {
        /// The items, in their order.
        items: Vec<String>,
    },
    /// An earlier step captures them.
    Captured {
        /// The name of the list.
        list: ParamName,
    },
}

/// A capture as it stands in the file.
#[derive(Debug)]
pub(super) struct CaptureDraft {
    pub(super) name: Spanned<ParamName>,
    pub(super) lines: bool,
    pub(super) may_be_empty: bool,
}

/// A list as it stands in the file.
#[derive(Debug)]
pub(super) struct ForEachDraft {
    pub(super) name: Spanned<ParamName>,
    pub(super) of: OfDraft,
}

/// Where the items come from.
#[derive(Debug)]
pub(super) enum OfDraft {
    Listed(Vec<Text>),
    Named(Text),
}

impl CaptureDraft {
    pub(super) fn settle(self) -> Capture {
        Capture {
            name: self.name.into_inner(),
            lines: self.lines,
            may_be_empty: self.may_be_empty,
        }
    }
}

impl ForEachDraft {
    /// The list; none where its name is no name, which the check has told.
    pub(super) fn settle(self) -> Option<ForEach> {
        let items = match self.of {
            OfDraft::Listed(items) => Items::Listed {
                items: items.into_iter().map(Spanned::into_inner).collect(),
            },
            OfDraft::Named(list) => Items::Captured {
                list: ParamName::new(list.into_inner()).ok()?,
            },
        };
        Some(ForEach {
            name: self.name.into_inner(),
            items,
        })
    }
}

/// Reads `capture`.
pub(super) fn capture(reader: &mut Reader, value: Spanned<DeValue<'_>>) -> Option<CaptureDraft> {
    let mut table = reader.table("capture", "a capture", value)?;
    let name = name(reader, &mut table);
    let lines = one_of(reader, &mut table, "as", &["value", "lines"]);
    let empty = one_of(reader, &mut table, "empty", &["allowed"]);
    let lines = lines.as_deref() == Some("lines");
    let span = table.span();
    reader.close(table);
    if let (Some(_), false) = (&empty, lines) {
        reader
            .error(span, "`empty` is only for a list: an empty value is none")
            .hint = Some("write as = \"lines\", or leave `empty` out".to_owned());
    }
    Some(CaptureDraft {
        name: name?,
        lines,
        may_be_empty: empty.is_some(),
    })
}

/// Reads `for-each`.
pub(super) fn for_each(reader: &mut Reader, value: Spanned<DeValue<'_>>) -> Option<ForEachDraft> {
    let mut table = reader.table("for-each", "a list to go through", value)?;
    let name = name(reader, &mut table);
    let of = match table.take("in") {
        Some(item) if item.value.get_ref().is_str() => {
            reader.as_string("in", item.value).map(OfDraft::Named)
        }
        Some(item) => {
            let wanted = "the name of a list or a list of strings";
            let items = reader.as_strings("in", item.value, wanted);
            items.and_then(|items| listed(reader, items))
        }
        None => {
            table.must_have("in");
            None
        }
    };
    reader.close(table);
    Some(ForEachDraft {
        name: name?,
        of: of?,
    })
}

fn listed(reader: &mut Reader, items: Spanned<Vec<Text>>) -> Option<OfDraft> {
    let told = reader.problems.len();
    let span = items.span();
    let items = items.into_inner();
    if items.is_empty() {
        reader.error(span.clone(), "`in` is an empty list");
    }
    if items.len() > LANES {
        let message = format!(
            "`in` has {} items, and a step {LANES} lanes at most",
            items.len()
        );
        reader.error(span, message).hint = Some("make several steps of it".to_owned());
    }
    let mut seen = std::collections::HashMap::new();
    for item in &items {
        let text = item.get_ref().as_str();
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            reader.error(
                item.span(),
                "an item must be a single line with something in it",
            );
        }
        if let Some(first) = seen.insert(text, item.span()) {
            let problem = reader.error(item.span(), format!("the item `{text}` is there twice"));
            problem.also.push((first, "the first".to_owned()));
        }
    }
    (reader.problems.len() == told).then_some(OfDraft::Listed(items))
}

fn name(reader: &mut Reader, table: &mut Table<'_>) -> Option<Spanned<ParamName>> {
    let text = reader.line(table, "name", Need::Required)?;
    match ParamName::new(text.get_ref().as_str()) {
        Ok(name) => Some(Spanned::new(text.span(), name)),
        Err(error) => {
            reader.error(text.span(), error.to_string());
            None
        }
    }
}

/// A word of a few.
fn one_of(
    reader: &mut Reader,
    table: &mut Table<'_>,
    key: &'static str,
    words: &[&str],
) -> Option<String> {
    let text = reader.string(table, key, Need::Optional)?;
    if words.contains(&text.get_ref().as_str()) {
        return Some(text.into_inner());
    }
    let hint = match did_you_mean(text.get_ref(), words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write \"{}\"", words.join("\" or \"")),
    };
    let message = format!("`{key}` cannot be `{}`", text.get_ref());
    reader.error(text.span(), message).hint = Some(hint);
    None
}

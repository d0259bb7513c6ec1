//! Strict tables: every key is asked for by name, and what is left over is an unknown key.
//!
//! Runbooks are read by hand rather than with a derived `Deserialize`, because serde stops at the first
//! problem of a table and an author wants all of them. The tables of step kinds and probes are read
//! with serde; `foreign` gets all of their problems out one by one.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::duration;
use crate::names::did_you_mean;
use crate::problem::{Problem, Severity, Source};

/// A text and where it stands.
pub(super) type Text = Spanned<String>;

/// Whether a key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Its absence is a problem.
    Required,
    /// It may be absent.
    Optional,
}

/// How complete the file is that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// All of it could be read as TOML.
    Whole,
    /// Parts of it could not, so that a missing key proves nothing.
    Torn,
}

/// Collects the problems of one file while its tables are read.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) source: Arc<Source>,
    pub(super) problems: Vec<Problem>,
    syntax: Syntax,
}

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Table<'i> {
    /// What it is, with its article: `a step`.
    what: &'static str,
    span: Range<usize>,
    items: DeTable<'i>,
    asked: Vec<&'static str>,
    /// Keys that must be there and are not.
    missing: Vec<&'static str>,
}

/// One key with its value.
#[derive(Debug)]
pub(super) struct Item<'i> {
    pub(super) key: Text,
    pub(super) value: Spanned<DeValue<'i>>,
}

impl<'i> Table<'i> {
    pub(super) fn new(what: &'static str, span: Range<usize>, items: DeTable<'i>) -> Self {
        Self {
            what,
            span,
            items,
            asked: Vec::new(),
            missing: Vec::new(),
        }
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Takes a key out, if it is there.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Item<'i>> {
        self.asked.push(key);
        let (key, value) = self.items.remove_entry(key)?;
        Some(Item::new(key, value))
    }

    /// Notes that a key must be there; told when the table is closed.
    pub(super) fn must_have(&mut self, key: &'static str) {
        self.missing.push(key);
    }

    /// Takes out every key that is left, in the order of the file.
    pub(super) fn take_all(&mut self) -> Vec<Item<'i>> {
        let mut items: Vec<_> = std::mem::take(&mut self.items)
            .into_iter()
            .map(|(key, value)| Item::new(key, value))
            .collect();
        // The parser sorts a table by its keys; an author's order means something.
        items.sort_by_key(|item| item.key.span().start);
        items
    }

    /// The keys that are left, in the order of the alphabet.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.items.keys().map(|key| key.get_ref().as_ref())
    }

    /// What is left, as a value for somebody else to read.
    pub(super) fn into_value(self) -> Spanned<DeValue<'i>> {
        Spanned::new(self.span, DeValue::Table(self.items))
    }
}

impl<'i> Item<'i> {
    fn new(key: Spanned<std::borrow::Cow<'i, str>>, value: Spanned<DeValue<'i>>) -> Self {
        let span = key.span();
        Self {
            key: Spanned::new(span, key.into_inner().into_owned()),
            value,
        }
    }
}

impl Reader {
    pub(super) fn new(source: Arc<Source>, syntax: Syntax) -> Self {
        Self {
            source,
            problems: Vec::new(),
            syntax,
        }
    }

    pub(super) fn error(&mut self, span: Range<usize>, message: impl Into<String>) -> &mut Problem {
        self.tell(Severity::Error, span, message.into())
    }

    pub(super) fn warning(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Problem {
        self.tell(Severity::Warning, span, message.into())
    }

    fn tell(&mut self, severity: Severity, span: Range<usize>, message: String) -> &mut Problem {
        let mut problem = Problem::error(&self.source, span, message);
        problem.severity = severity;
        self.problems.push(problem);
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// Complains about every key that must be there and is not, and every key that nobody asked for.
    ///
    /// A missing key that an unknown one was likely meant to be is left out. So is every missing key of a
    /// torn file, because it may be in the part that is lost.
    pub(super) fn close(&mut self, table: Table<'_>) {
        let mut unknown: Vec<_> = table.items.keys().collect();
        unknown.sort_by_key(|key| key.span().start);
        if self.syntax == Syntax::Whole {
            for key in &table.missing {
                let found = unknown.iter().map(|key| key.get_ref().as_ref());
                if did_you_mean(key, found).is_none() {
                    let message = format!("{} needs the key `{key}`", table.what);
                    self.error(table.span(), message);
                }
            }
        }
        for key in unknown {
            self.unknown_key(table.what, key.span(), key.get_ref(), &table.asked);
        }
    }

    pub(super) fn unknown_key(
        &mut self,
        what: &str,
        span: Range<usize>,
        key: &str,
        known: &[&str],
    ) {
        let hint = match did_you_mean(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys are {}", list(known.iter().copied())),
        };
        self.error(span, format!("unknown key `{key}` in {what}"))
            .hint = Some(hint);
    }

    /// Says that a value is of the wrong type; `wanted` carries its article.
    pub(super) fn wrong_type(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        wanted: &str,
    ) -> &mut Problem {
        let found = with_article(value.get_ref().type_str());
        let message = format!("`{key}` must be {wanted}, not {found}");
        self.error(value.span(), message)
    }

    pub(super) fn string(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        need: Need,
    ) -> Option<Text> {
        let item = table.take(key);
        if item.is_none() && need == Need::Required {
            table.must_have(key);
        }
        self.as_string(key, item?.value)
    }

    pub(super) fn as_string(&mut self, key: &str, value: Spanned<DeValue<'_>>) -> Option<Text> {
        let span = value.span();
        match value.into_inner() {
            DeValue::String(text) => Some(Spanned::new(span, text.into_owned())),
            other => {
                self.wrong_type(key, &Spanned::new(span, other), "a string");
                None
            }
        }
    }

    /// A string, or a whole number as its digits: what a parameter's value may be written as.
    pub(super) fn scalar(&mut self, key: &str, value: Spanned<DeValue<'_>>) -> Option<Text> {
        match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => {
                Some(Spanned::new(value.span(), number.as_str().to_owned()))
            }
            DeValue::String(_) => self.as_string(key, value),
            _ => {
                self.wrong_type(key, &value, "a string or a whole number");
                None
            }
        }
    }

    /// A string of one line with something in it.
    pub(super) fn line(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        need: Need,
    ) -> Option<Text> {
        let text = self.string(table, key, need)?;
        if text.get_ref().trim().is_empty() {
            self.error(text.span(), format!("`{key}` is empty"));
            return None;
        }
        if text.get_ref().chars().any(char::is_control) {
            self.error(text.span(), format!("`{key}` must be a single line"));
            return None;
        }
        Some(text)
    }

    pub(super) fn boolean(&mut self, table: &mut Table<'_>, key: &'static str) -> Option<bool> {
        let value = table.take(key)?.value;
        let answer = value.get_ref().as_bool();
        if answer.is_none() {
            self.wrong_type(key, &value, "true or false");
        }
        answer
    }

    /// A whole number within a range, with its place.
    pub(super) fn number(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let value = table.take(key)?.value;
        let Some(digits) = value.get_ref().as_integer() else {
            self.wrong_type(key, &value, "a whole number");
            return None;
        };
        let number = u32::from_str_radix(digits.as_str(), digits.radix())
            .ok()
            .filter(|number| range.contains(number));
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            self.error(value.span(), format!("`{key}` must be {low} to {high}"));
        }
        number
    }

    pub(super) fn duration(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
    ) -> Option<Spanned<Duration>> {
        let text = self.string(table, key, Need::Optional)?;
        match duration::read(text.get_ref()) {
            Ok(duration) => Some(Spanned::new(text.span(), duration)),
            Err(error) => {
                self.error(text.span(), format!("`{key}`: {error}")).hint =
                    Some("write it as `10s`, `4m` or `1h 30m`".to_owned());
                None
            }
        }
    }

    /// A list of strings; none where the key is absent or not a list.
    pub(super) fn strings(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
    ) -> Option<Spanned<Vec<Text>>> {
        let value = table.take(key)?.value;
        self.as_strings(key, value, "a list of strings")
    }

    /// One string, or a list of them.
    pub(super) fn one_or_more(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
    ) -> Option<Spanned<Vec<Text>>> {
        let value = table.take(key)?.value;
        let span = value.span();
        if value.get_ref().is_str() {
            let text = self.as_string(key, value)?;
            return Some(Spanned::new(span, vec![text]));
        }
        self.as_strings(key, value, "a string or a list of strings")
    }

    fn as_strings(
        &mut self,
        key: &str,
        value: Spanned<DeValue<'_>>,
        wanted: &str,
    ) -> Option<Spanned<Vec<Text>>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => {
                let texts = items
                    .into_iter()
                    .filter_map(|item| self.as_string(key, item))
                    .collect();
                Some(Spanned::new(span, texts))
            }
            other => {
                self.wrong_type(key, &Spanned::new(span, other), wanted);
                None
            }
        }
    }

    pub(super) fn table<'i>(
        &mut self,
        key: &str,
        what: &'static str,
        value: Spanned<DeValue<'i>>,
    ) -> Option<Table<'i>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(items) => Some(Table::new(what, span, items)),
            other => {
                self.wrong_type(key, &Spanned::new(span, other), "a table");
                None
            }
        }
    }

    /// The tables of an array of tables, such as `[[step]]`; empty where the key is absent.
    pub(super) fn tables<'i>(
        &mut self,
        table: &mut Table<'i>,
        key: &'static str,
        what: &'static str,
    ) -> Vec<Table<'i>> {
        let Some(Item { value, .. }) = table.take(key) else {
            return Vec::new();
        };
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => items
                .into_iter()
                .filter_map(|item| self.table(key, what, item))
                .collect(),
            other => {
                let value = Spanned::new(span, other);
                self.wrong_type(key, &value, "a list of tables").hint =
                    Some(format!("write `[[{key}]]` before each"));
                // What it says is still read, so that nothing seems to be missing that is there.
                match value.get_ref() {
                    DeValue::Table(_) => self.table(key, what, value).into_iter().collect(),
                    _ => Vec::new(),
                }
            }
        }
    }
}

/// `a string`, `an integer`.
fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// `` `a`, `b` and `c` ``; the first ten where there are more.
pub(super) fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [some @ .., last] if words.len() <= 24 => format!("{} and {last}", some.join(", ")),
        many => format!("{} and {} more", many[..10].join(", "), many.len() - 10),
    }
}

//! Strict tables: every key is asked for by name, and what is left over is an unknown key.
//!
//! Runbooks are read by hand rather than with a derived `Deserialize`, because serde stops at the first
//! problem of a table and an author wants all of them. The tables of step kinds and probes are read
//! with serde; `foreign` gets all of their problems out one by one.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::names::did_you_mean;
use crate::probe::Remark;
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

    /// Tells what a probe says of itself.
    pub(super) fn remark(&mut self, remark: Remark) {
        self.tell(remark.severity, remark.span, remark.message).hint = Some(remark.hint);
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

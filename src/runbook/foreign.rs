//! Reads a table with a parser that stops at its first problem, and gets all of its problems.
//!
//! Step kinds and probes are read by serde. When one of them refuses its table, the key at fault is told
//! and taken out, and the parser is asked again, until it is content or complains of something that
//! may only be the echo of what was taken out.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error, ValueDeserializer};

use super::table::{Reader, list};
use crate::names::did_you_mean;

/// More problems than this in one table help nobody, and each costs a copy of the table.
const ROUNDS: usize = 24;

/// A parser of somebody else's table.
pub(super) type Parse<T> = fn(ValueDeserializer<'_>) -> Result<T, Error>;

impl Reader {
    /// Reads a value with a parser of `what`; none where it had a problem, which is told.
    ///
    /// `also_known` are keys that were taken out of the table before and may be what a mistyped key meant.
    pub(super) fn foreign<T>(
        &mut self,
        what: &str,
        mut value: Spanned<DeValue<'_>>,
        also_known: &[&str],
        parse: Parse<T>,
    ) -> Option<T> {
        let mut removed: Vec<String> = Vec::new();
        for round in 0..ROUNDS {
            let error = match parse(ValueDeserializer::from(value.clone())) {
                Ok(read) if round == 0 => return Some(read),
                Ok(_) => return None,
                Err(error) => error,
            };
            let span = error.span().unwrap_or_else(|| value.span());
            let cut = cut(value.get_mut(), &span);
            if !is_echo(error.message(), cut.as_ref(), &removed) {
                self.retell(what, span, error.message(), also_known);
            }
            removed.push(cut?.key);
        }
        None
    }

    /// Says in our words what serde said in its own.
    fn retell(&mut self, what: &str, span: Range<usize>, said: &str, also_known: &[&str]) {
        let words = quoted(said);
        if said.starts_with("unknown field") {
            let known: Vec<&str> = words[1.min(words.len())..]
                .iter()
                .chain(also_known)
                .copied()
                .collect();
            let key = words.first().copied().unwrap_or_default();
            self.unknown_key(what, span, key, &known);
        } else if said.starts_with("missing field") {
            let key = words.first().copied().unwrap_or_default();
            self.error(span, format!("{what} needs the key `{key}`"));
        } else if said.starts_with("unknown variant") {
            let word = words.first().copied().unwrap_or_default();
            let known = &words[1.min(words.len())..];
            let hint = match did_you_mean(word, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it can be {}", list(known.iter().copied())),
            };
            self.error(span, format!("`{word}` is not known in {what}"))
                .hint = Some(hint);
        } else if let Some((found, wanted)) = said
            .strip_prefix("invalid type: ")
            .or_else(|| said.strip_prefix("invalid value: "))
            .and_then(|rest| rest.split_once(", expected "))
        {
            let (wanted, found) = (in_toml(wanted), in_toml(found));
            self.error(span, format!("{what}: expected {wanted}, found {found}"));
        } else {
            self.error(span, format!("{what}: {said}"));
        }
    }
}

/// The words between back quotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// serde's names of types as TOML calls them.
fn in_toml(words: &str) -> &str {
    match words {
        "sequence" | "a sequence" => "a list",
        "map" | "a map" => "a table",
        "f64" => "a number",
        "i32" | "u16" | "u64" | "usize" => "a whole number",
        other => other,
    }
}

/// What was taken out of a table.
struct Cut {
    key: String,
    /// Whether the problem was about a whole table or list.
    whole: bool,
}

/// Whether a complaint may only come from what was taken out before.
fn is_echo(said: &str, cut: Option<&Cut>, removed: &[String]) -> bool {
    if removed.is_empty() || said.starts_with("unknown") || said.starts_with("invalid") {
        return false;
    }
    match quoted(said).first() {
        Some(key) if said.starts_with("missing field") => {
            did_you_mean(key, removed.iter().map(String::as_str)).is_some()
        }
        _ => cut.is_none_or(|cut| cut.whole),
    }
}

/// Takes out the innermost entry that a problem is in, and tells its key; none where the problem is
/// about the whole value.
fn cut(value: &mut DeValue<'_>, at: &Range<usize>) -> Option<Cut> {
    match value {
        DeValue::Table(table) => cut_table(table, at),
        DeValue::Array(items) => items
            .iter_mut()
            .find(|item| holds(&item.span(), at))
            .and_then(|item| cut(item.get_mut(), at)),
        _ => None,
    }
}

fn cut_table(table: &mut DeTable<'_>, at: &Range<usize>) -> Option<Cut> {
    // The span of a table made by dotted keys is that of its key, so values are looked at first.
    let inside = table
        .iter_mut()
        .find(|(_, value)| holds(&value.span(), at))
        .map(|(key, value)| (key.clone(), cut(value.get_mut(), at)));
    let key = match inside {
        Some((_, Some(deeper))) => return Some(deeper),
        Some((key, None)) => key,
        None => table.keys().find(|key| key.span() == *at)?.clone(),
    };
    let value = table.remove(&key)?.into_inner();
    Some(Cut {
        key: key.into_inner().into_owned(),
        whole: matches!(value, DeValue::Table(_) | DeValue::Array(_)),
    })
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

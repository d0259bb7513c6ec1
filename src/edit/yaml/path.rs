//! The path to a scalar: keys, joined by dots, quoted where a key holds one.

use std::fmt;
use std::str::FromStr;

use crate::edit::{EditError, Reason};

/// The keys that lead from the top of a document to a value; never empty.
///
/// Written `a.b.0."key.with.dots"`: the index of a list is a number, counted from zero, and a key
/// in double quotes may hold anything, with `\"` and `\\` for those two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlPath(Vec<String>);

impl YamlPath {
    /// Makes a path of keys as they are.
    ///
    /// # Errors
    ///
    /// [`Reason::Request`] when there are none.
    pub fn new(keys: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, EditError> {
        let keys: Vec<String> = keys.into_iter().map(Into::into).collect();
        if keys.is_empty() {
            return Err(refuse("the path is empty"));
        }
        Ok(Self(keys))
    }

    /// The keys, in order.
    pub fn keys(&self) -> &[String] {
        &self.0
    }

    /// Its first keys, as one would write them.
    pub(super) fn first(&self, count: usize) -> String {
        let keys: Vec<String> = self.0.iter().take(count).map(|key| written(key)).collect();
        keys.join(".")
    }
}

fn written(key: &str) -> String {
    if key.is_empty() || key.contains(['.', '"', '\\']) || key.trim() != key {
        format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        key.to_owned()
    }
}

fn refuse(what: impl Into<String>) -> EditError {
    EditError::new(Reason::Request, what)
}

impl fmt::Display for YamlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first(self.0.len()))
    }
}

impl FromStr for YamlPath {
    type Err = EditError;

    fn from_str(text: &str) -> Result<Self, EditError> {
        let mut keys = Vec::new();
        let mut rest = text;
        loop {
            let (key, after) = match rest.strip_prefix('"') {
                Some(quoted) => unquote(quoted, text)?,
                None => {
                    let end = rest.find('.').unwrap_or(rest.len());
                    let key = &rest[..end];
                    if key.is_empty() || key.contains('"') || key.trim() != key {
                        return Err(refuse(format!(
                            "in the path `{}`: a key that is empty, or holds a quote or a blank \
                             at its edge",
                            text.escape_debug()
                        ))
                        .hint("write such a key in double quotes"));
                    }
                    (key.to_owned(), &rest[end..])
                }
            };
            keys.push(key);
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None if after.is_empty() => return Self::new(keys),
                None => {
                    return Err(refuse(format!(
                        "in the path `{}`: `{}` follows a closing quote",
                        text.escape_debug(),
                        after.escape_debug()
                    ))
                    .hint("keys are parted by dots"));
                }
            }
        }
    }
}

/// Reads a key up to its closing quote, and gives what follows.
fn unquote<'a>(quoted: &'a str, path: &str) -> Result<(String, &'a str), EditError> {
    let mut key = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Ok((key, &quoted[at + 1..])),
            '\\' => match chars.next() {
                Some((_, escaped @ ('"' | '\\'))) => key.push(escaped),
                _ => break,
            },
            _ => key.push(char),
        }
    }
    Err(refuse(format!(
        "in the path `{}`: a quote that is not closed, or an unknown escape",
        path.escape_debug()
    ))
    .hint("the escapes are `\\\"` and `\\\\`"))
}

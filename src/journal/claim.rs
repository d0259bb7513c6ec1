//! What a record says of files in the run's folder.
//!
//! The one thing this module reads in a record. An object with exactly the keys `file`, `bytes` and
//! `sha256`, wherever it stands, commits to a file in `output/`; with `copy` instead of `file`, to
//! a file beside the journal. So a verifier needs no list of event kinds.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::hash::Hash;

/// Is what a record says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// The file had this length and digest.
    File {
        place: Place,
        name: String,
        bytes: u64,
        sha256: Hash,
    },
    /// It has the keys of a claim, but values that cannot be one.
    Malformed,
}

/// Is the folder a file is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// The folder of recorded outputs.
    Output,
    /// The run's folder itself.
    Run,
}

/// Tells whether a name may be that of a recorded file: 1 to 255 ASCII letters, digits and
/// `. _ @ % + = , : -`, the first a letter, a digit or `_`.
///
/// So no name can leave the folder, hide in it, or pass for an option.
pub fn is_file_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match name.as_bytes() {
        [first, rest @ ..] => {
            plain(*first)
                && rest.len() < 255
                && rest
                    .iter()
                    .all(|byte| plain(*byte) || b".@%+=,:-".contains(byte))
        }
        [] => false,
    }
}

/// Reads one JSON object and gives it back with the claims in it, in the order in which they end.
///
/// The error says, for a person, why it is not one. Brackets are looked at first: white space around the
/// object would be valid JSON, but then one object could be written in many ways at the edges,
/// where cutting by hand goes wrong.
pub(super) fn object(json: &[u8]) -> Result<(&str, Vec<Claim>), String> {
    let text = std::str::from_utf8(json).map_err(|why| why.to_string())?;
    if !(text.starts_with('{') && text.ends_with('}')) {
        return Err("it does not begin with { and end with }".to_owned());
    }
    let mut claims = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    Walk(&mut claims)
        .deserialize(&mut reader)
        .and_then(|_| reader.end())
        .map_err(|why| why.to_string())?;
    Ok((text, claims))
}

/// Is a JSON value, as far as a claim cares.
enum Node<'a> {
    Text(Cow<'a, str>),
    Count(u64),
    Other,
}

/// Walks a value without building it: a journal of 100,000 records is read in one go at attach.
struct Walk<'c>(&'c mut Vec<Claim>);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Node<'de>, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, count: u64) -> Result<Node<'de>, E> {
        Ok(Node::Count(count))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        while items.next_element_seed(Walk(self.0))?.is_some() {}
        Ok(Node::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key_seed(KeySeed)? {
            let value = map.next_value_seed(Walk(self.0))?;
            // A key that repeats counts once, with its last value.
            match key {
                Key::File => fields.file = Some(value),
                Key::Copy => fields.copy = Some(value),
                Key::Bytes => fields.bytes = Some(value),
                Key::Sha256 => fields.sha256 = Some(value),
                Key::Other => fields.other = true,
            }
        }
        self.0.extend(fields.claim());
        Ok(Node::Other)
    }
}

#[derive(Default)]
struct Fields<'a> {
    file: Option<Node<'a>>,
    copy: Option<Node<'a>>,
    bytes: Option<Node<'a>>,
    sha256: Option<Node<'a>>,
    other: bool,
}

impl Fields<'_> {
    fn claim(self) -> Option<Claim> {
        let (place, name) = match (self.file, self.copy) {
            (Some(name), None) => (Place::Output, name),
            (None, Some(name)) => (Place::Run, name),
            _ => return None,
        };
        let (Some(bytes), Some(sha256), false) = (self.bytes, self.sha256, self.other) else {
            return None;
        };
        let (Node::Text(name), Node::Count(bytes), Node::Text(sha256)) = (name, bytes, sha256)
        else {
            return Some(Claim::Malformed);
        };
        match Hash::from_hex(sha256.as_bytes()) {
            Some(sha256) if is_file_name(&name) => Some(Claim::File {
                place,
                name: name.into_owned(),
                bytes,
                sha256,
            }),
            _ => Some(Claim::Malformed),
        }
    }
}

enum Key {
    File,
    Copy,
    Bytes,
    Sha256,
    Other,
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Key, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "file" => Key::File,
            "copy" => Key::Copy,
            "bytes" => Key::Bytes,
            "sha256" => Key::Sha256,
            _ => Key::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Vec<Claim> {
        object(json.as_bytes()).expect("an object").1
    }

    #[test]
    fn a_claim_is_found_however_deep_it_stands() {
        let sha256 = Hash::of(b"abc");
        let json = format!(
            r#"{{"event":{{"lanes":[{{"file":"copy.1.web","bytes":3,"sha256":"{sha256}"}}],
               "runbook":{{"sha256":"{sha256}","copy":"runbook.toml","bytes":3}}}}}}"#
        );
        let file = |place, name: &str| Claim::File {
            place,
            name: name.to_owned(),
            bytes: 3,
            sha256,
        };
        assert_eq!(
            claims(&json),
            [
                file(Place::Output, "copy.1.web"),
                file(Place::Run, "runbook.toml")
            ]
        );
    }

    #[test]
    fn other_keys_make_it_something_else() {
        let sha256 = Hash::of(b"abc");
        for object in [
            format!(r#"{{"file":"a","bytes":3,"sha256":"{sha256}","more":1}}"#),
            format!(r#"{{"file":"a","copy":"a","bytes":3,"sha256":"{sha256}"}}"#),
            format!(r#"{{"bytes":3,"sha256":"{sha256}"}}"#),
            r#"{"file":"a","bytes":3}"#.to_owned(),
        ] {
            assert_eq!(claims(&object), [], "{object}");
        }
    }

    #[test]
    fn a_claim_that_cannot_be_one_is_told() {
        let sha256 = Hash::of(b"abc");
        for object in [
            format!(r#"{{"file":"../journal","bytes":3,"sha256":"{sha256}"}}"#),
            format!(r#"{{"file":"a","bytes":-3,"sha256":"{sha256}"}}"#),
            format!(r#"{{"file":"a","bytes":3.0,"sha256":"{sha256}"}}"#),
            format!(r#"{{"file":["a"],"bytes":3,"sha256":"{sha256}"}}"#),
            r#"{"file":"a","bytes":3,"sha256":"00"}"#.to_owned(),
        ] {
            assert_eq!(claims(&object), [Claim::Malformed], "{object}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_folder() {
        for good in [
            "rsync.1.source",
            "a",
            "_x.2.web%2F1",
            "a:b@c",
            &"x".repeat(255),
        ] {
            assert!(is_file_name(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            ".a",
            "-a",
            "a/b",
            "a b",
            "é",
            "a\n",
            "a\0",
            &"x".repeat(256),
        ] {
            assert!(!is_file_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn only_one_json_object_without_white_space_around_it_is_one() {
        for bad in [
            "",
            "[]",
            "1",
            " {}",
            "{} ",
            "{}{}",
            "{\"a\":}",
            "{\"a\":\"\\ud800\"}",
        ] {
            assert!(object(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_err());
    }
}

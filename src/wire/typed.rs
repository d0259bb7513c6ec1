//! What an operator types to a command that runs on a terminal.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Typed {
    /// Keys.
    Keys {
        /// Their bytes.
        keys: Keys,
    },
    /// The terminal has another size now.
    Size {
        /// Rows.
        rows: u16,
        /// Columns.
        columns: u16,
    },
}

/// The bytes of keys, at most [`Keys::MOST`]. They may be a password: they are passed on, and never shown, recorded or
/// told to anybody else, not even where a message is printed to find a fault.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys(Vec<u8>);

impl Keys {
    /// The most bytes of one message.
    pub const MOST: usize = 4096;

    /// Takes bytes in messages of a fitting length.
    pub fn pieces(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.chunks(Self::MOST).map(|piece| Self(piece.to_vec()))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Says how many they are, and nothing else.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} bytes)", self.0.len())
    }
}

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        // Not what was wrong with it: that would have the bytes in it.
        let bytes = BASE64_STANDARD.decode(text);
        let bytes = bytes.map_err(|_| D::Error::custom("keys that are not Base64"))?;
        match bytes.len() {
            1..=Self::MOST => Ok(Self(bytes)),
            other => Err(D::Error::custom(format!(
                "{other} bytes of keys, and a message has 1 to {}",
                Self::MOST
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_whole_and_are_never_shown() {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let mut all = Vec::new();
        for keys in Keys::pieces(&bytes) {
            let json = serde_json::to_string(&Typed::Keys { keys: keys.clone() }).unwrap();
            let read: Typed = serde_json::from_str(&json).unwrap();
            assert_eq!(read, Typed::Keys { keys: keys.clone() });
            all.extend_from_slice(keys.bytes());
        }
        assert_eq!(all, bytes);
        let keys = Keys(b"hunter2".to_vec());
        assert_eq!(
            format!("{:?}", Typed::Keys { keys }),
            "Keys { keys: Keys(7 bytes) }"
        );
    }

    #[test]
    fn too_many_none_and_what_is_no_base64_is_refused_without_a_word_of_it() {
        let long = BASE64_STANDARD.encode(vec![b'x'; Keys::MOST + 1]);
        for bad in [long.as_str(), "", "hunter2!"] {
            let json = format!("{{\"what\":\"keys\",\"keys\":\"{bad}\"}}");
            let said = serde_json::from_str::<Typed>(&json)
                .unwrap_err()
                .to_string();
            assert!(bad.is_empty() || !said.contains(bad), "{said}");
        }
    }
}

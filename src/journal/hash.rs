//! Digests, and the head of a chain.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Is a SHA-256 digest, written as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first record is chained to: 32 zero bytes.
    pub const START: Hash = Hash([0; 32]);

    /// Digests plain bytes, as `sha256sum` does.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    /// Gives the hash of a record whose predecessor has this hash.
    ///
    /// The 32 digest bytes go in, not their hexadecimal form, so that one `sha256sum` over
    /// `previous ‖ json` checks a line.
    pub fn after(self, json: &[u8]) -> Hash {
        let mut sum = Sha256::new();
        sum.update(self.0);
        sum.update(json);
        Hash(sum.finalize().into())
    }

    pub(super) fn finish(sum: Sha256) -> Hash {
        Hash(sum.finalize().into())
    }

    /// Reads exactly 64 lowercase hexadecimal digits.
    ///
    /// Strict, because a journal in which one digest can be written in two ways has two files with
    /// the same chain.
    pub(super) fn from_hex(hex: &[u8]) -> Option<Hash> {
        if hex.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Hash(bytes))
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Says that a text is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a head is 64 hexadecimal digits, as shown at the end of a run")]
pub struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;

    /// Reads a digest as a person pastes it: spaces around it and capital letters do not matter.
    fn from_str(text: &str) -> Result<Hash, NotAHash> {
        let text = text.trim().to_ascii_lowercase();
        Hash::from_hex(text.as_bytes()).ok_or(NotAHash)
    }
}

impl TryFrom<String> for Hash {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Hash, NotAHash> {
        Hash::from_hex(text.as_bytes()).ok_or(NotAHash)
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> String {
        hash.to_string()
    }
}

/// Is the end of a chain: how many records there are, and the hash of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many records there are; 0 for a journal just created.
    pub records: u64,
    /// The hash of the last record, [`Hash::START`] when there is none.
    pub hash: Hash,
}

impl Head {
    /// The head of an empty journal.
    pub const START: Head = Head {
        records: 0,
        hash: Hash::START,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_a_person_pastes_it() {
        let hash = Hash::of(b"abc");
        let text = hash.to_string();
        assert_eq!(
            text,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(format!("  {}\n", text.to_uppercase()).parse(), Ok(hash));
        assert_eq!(text[1..].parse::<Hash>(), Err(NotAHash));
        assert_eq!("".parse::<Hash>(), Err(NotAHash));
        assert_eq!("é".repeat(32).parse::<Hash>(), Err(NotAHash));
    }

    #[test]
    fn a_journal_has_only_one_way_to_write_a_digest() {
        let text = Hash::of(b"abc").to_string();
        assert!(Hash::from_hex(text.as_bytes()).is_some());
        assert!(Hash::from_hex(text.to_uppercase().as_bytes()).is_none());
    }
}

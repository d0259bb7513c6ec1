//! The names under which a step is claimed on a machine.

use std::fmt;

use thiserror::Error;

/// A text that cannot be a [`Token`] or a [`Nonce`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} {given:?} is not {wanted}")]
pub struct NotAToken {
    what: &'static str,
    given: String,
    wanted: &'static str,
}

/// Names one attempt of one step on one machine; its receipt is kept under this name.
///
/// The grammar is `[a-z0-9][a-z0-9.-]{0,119}`: a file name that is never hidden, never an option and
/// never `..`, and that no shell reads as anything but a word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(String);

impl Token {
    /// Checks the grammar.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAToken> {
        let text = text.into();
        let fits = text.len() <= 120
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
        if fits {
            Ok(Self(text))
        } else {
            Err(NotAToken {
                what: "token",
                given: text,
                wanted: "1 to 120 of a-z, 0-9, '.' and '-', beginning with a letter or digit",
            })
        }
    }

    /// The text of the token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one spool during one boot of its machine: `SPOOL.BOOT`, both kernel UUIDs.
///
/// "No such token" proves that a step did not start only if the spool that says so is the one the
/// step was sent to, and has not lost a claim to a power cut since. Hence the boot id within. The
/// engine records the nonce with the start of the step and hands it back with every later question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Nonce(String);

impl Nonce {
    /// Checks the grammar: two parts of hexadecimal digits and '-', joined by one '.'.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAToken> {
        let text = text.into();
        let part = |part: &str| {
            (1..=64).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
                && !part.starts_with('-')
        };
        match text.split_once('.') {
            Some((spool, boot)) if part(spool) && part(boot) => Ok(Self(text)),
            _ => Err(NotAToken {
                what: "nonce",
                given: text,
                wanted: "the ids of a spool and of a boot, joined by a point",
            }),
        }
    }

    /// The text of the nonce.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a receipt is found by: the token, and the spool it was sent to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The attempt.
    pub token: Token,
    /// The spool as it was surveyed before the attempt was first sent.
    pub nonce: Nonce,
}

impl Claim {
    /// Joins the two.
    pub fn new(token: Token, nonce: Nonce) -> Self {
        Self { token, nonce }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.token, self.nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_harmless_file_name() {
        for good in ["a", "0", "run-7.sync.1.source", &"x".repeat(120)] {
            assert!(Token::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            ".a",
            "-a",
            "A",
            "a/b",
            "a b",
            "a\n",
            "é",
            &"x".repeat(121),
        ] {
            assert!(Token::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_nonce_has_a_spool_and_a_boot() {
        assert!(Nonce::new("0a-1.ff-2").is_ok());
        for bad in ["", ".", "a.", ".a", "a", "a.b.c", "a b.c", "a.g", "-a.b"] {
            assert!(Nonce::new(bad).is_err(), "{bad:?}");
        }
    }
}

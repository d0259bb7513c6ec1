//! The values of secret parameters, on their way to the engine. They are never on disk.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};

use crate::names::ParamName;

/// The most that is read from a pipe, in bytes.
const MOST: u64 = 1 << 20;

/// The values of a run's secret parameters.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<ParamName, String>);

/// Says why secrets could not be handed over.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The pipe failed.
    #[error("hand over the secrets: {0}")]
    Pipe(#[from] io::Error),
    /// What came is not what is handed over. The text is not given: it may be a secret.
    #[error("hand over the secrets: what came through the pipe is not a JSON object of texts")]
    Garbled,
}

impl Secrets {
    /// Takes names with their values.
    pub fn new(values: impl IntoIterator<Item = (ParamName, String)>) -> Self {
        Self(values.into_iter().collect())
    }

    /// The values by name.
    pub fn values(&self) -> &BTreeMap<ParamName, String> {
        &self.0
    }

    /// Reads them to the end of a pipe; an empty pipe has none.
    ///
    /// # Errors
    ///
    /// A pipe that fails, and anything but one JSON object of texts.
    pub fn read(from: impl Read) -> Result<Self, SecretsError> {
        let mut bytes = Vec::new();
        from.take(MOST).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|_| SecretsError::Garbled)
    }

    /// Writes them for [`Secrets::read`].
    ///
    /// # Errors
    ///
    /// A pipe that fails.
    pub fn write(&self, mut to: impl Write) -> Result<(), SecretsError> {
        let bytes = serde_json::to_vec(&self.0).map_err(io::Error::from)?;
        to.write_all(&bytes)?;
        to.flush()?;
        Ok(())
    }
}

/// Says the names and never the values.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_pass_through_a_pipe_and_are_not_shown() {
        let name = ParamName::new("PASS").unwrap();
        let secrets = Secrets::new([(name, "hunter\"2\n".to_owned())]);
        let mut pipe = Vec::new();
        secrets.write(&mut pipe).unwrap();
        assert_eq!(Secrets::read(pipe.as_slice()).unwrap(), secrets);
        assert_eq!(format!("{secrets:?}"), "{ParamName(\"PASS\")}");
        assert_eq!(Secrets::read(&b""[..]).unwrap(), Secrets::default());
        let said = Secrets::read(&b"hunter2"[..]).unwrap_err().to_string();
        assert!(!said.contains("hunter2"), "{said}");
    }
}

//! How a command ends, and what is said of an error beside the error itself.

use std::fmt;
use std::process::ExitCode;

/// How a command ended, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// Problems were found, or it could not be done.
    Problems = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// An operator ended the run before its last step.
    EndedEarly = 3,
    /// A step failed or is not proved, and nobody is there to decide.
    Stuck = 4,
    /// How a step ended is not known.
    Unknown = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What is known beside an error: what to try, and how the command ends.
///
/// It travels as a context without words of its own, so that it can be added anywhere on the way up.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// What to try.
    pub hint: Option<String>,
    /// How the command ends; [`Exit::Problems`] where nobody says.
    pub exit: Option<Exit>,
}

impl fmt::Display for Aside {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// Adds an [`Aside`] to an error.
pub(super) trait Advise<T> {
    /// Says what to try.
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T>;

    /// Says that the arguments are at fault.
    fn usage(self) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Advise<T> for Result<T, E> {
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| {
            error.into().context(Aside {
                hint: Some(hint.into()),
                exit: None,
            })
        })
    }

    fn usage(self) -> anyhow::Result<T> {
        self.map_err(|error| {
            let error = error.into();
            let hint = error
                .downcast_ref::<Aside>()
                .and_then(|aside| aside.hint.clone());
            error.context(Aside {
                hint,
                exit: Some(Exit::Usage),
            })
        })
    }
}

/// Says that whoever read our output has gone, which is their right.
#[derive(Debug, thiserror::Error)]
#[error("the reader has gone")]
pub(super) struct ReaderGone;

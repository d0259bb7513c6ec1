//! Edits of configuration files: what changes in a text, and how the change reaches a machine.
//!
//! Nothing in here does I/O. An edit is a function from the old text to the new one that refuses,
//! with a place and a hint, whatever it does not fully understand; [`swap`] turns an edit that a
//! person has seen as a [`diff`] into a shell program for the host that owns the file, and
//! somebody else runs that.
//!
//! | module | edits |
//! | --- | --- |
//! | [`nginx`] | where upstreams lead, and the scheme by which they are spoken to |
//! | [`yaml`] | one scalar, named by its path |
//! | [`replace`] | literal text, counted and anchored |
//!
//! Every edit keeps each byte it was not asked to change: line ends, tabs, comments, quotes and a
//! missing final newline. Each parses its own result again and compares it with what it had read,
//! so a mistake of its own is a refusal as well, never a file.

mod error;
#[cfg(test)]
pub(crate) mod made_up;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod works;

pub mod diff;
pub mod nginx;
pub mod replace;
pub mod swap;
pub mod yaml;

pub use error::{EditError, Place, Reason};

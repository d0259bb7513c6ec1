//! The engine: the one process that holds a run.
//!
//! ```text
//! wish, finding --> actor: decide, append + fdatasync, apply --> log --> every client, at its own pace
//!                                                   \--> wanted --> hands --> transport --> finding
//! ```
//!
//! - [`create`] makes a run's folder and its first record; [`spawn`] starts an engine for it in the
//!   background; [`serve`] is what that process does until the run ends.
//! - The `ledger` is the journal with the run folded from it, and the only way to add to either.
//! - The `actor` is the one task that owns the ledger. The `hands` are the tasks that touch machines;
//!   they are started and dropped to fit what the run wants, and only ever send findings.
//! - A `door` is one client's connection. It reads entries from the shared `log` by itself, so that a
//!   client that stands still costs the engine nothing.
//!
//! A push into a buffer for each client was the road not taken: a hundred thousand entries for one that
//! attaches late do not fit any bound, and no bound is right for one that sleeps.

mod actor;
mod create;
mod door;
mod error;
mod fleet;
mod hands;
mod ledger;
mod log;
mod logind;
mod mask;
mod mutter;
mod output;
mod pins;
mod porter;
mod secrets;
mod serve;
mod shelter;
mod socket;
mod spawn;
mod standing;

pub use create::{Before, create, create_after};
pub use error::EngineError;
pub use fleet::Fleet;
pub use secrets::{Secrets, SecretsError};
pub use serve::{Ended, Engine, Setting, serve, serve_from_stdin};
pub use shelter::Shelter;
pub use spawn::{ENGINE_COMMAND, Program, Spawned, spawn};

#[cfg(test)]
mod tests;

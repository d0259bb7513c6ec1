//! Runsheet walks operators through a TOML runbook and leaves a record that convinces a reviewer
//! who was not there.
//!
//! The modules stand on stairs: each may use any stair below it, never one beside or above it.
//! `docs/architecture.md` is the map, and `tests/house.rs` holds the modules to it.

pub mod cli;
pub mod client;
pub mod clock;
pub mod edit;
pub mod engine;
pub mod journal;
pub mod kinds;
pub mod names;
pub mod paths;
pub mod probe;
pub mod problem;
pub mod report;
pub mod run;
pub mod runbook;
pub mod template;
pub mod transport;
pub mod tui;
pub mod wire;

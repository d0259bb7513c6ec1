//! The runbooks of this repository, rehearsed in the lab: a module for each of its worlds.
//!
//! Needs root and some minutes, so it runs only where `RUNSHEET_LAB` is set: `RUNSHEET_LAB=1` for the lab that
//! the environments name, a path for one beside it; see tests/lab/README.md.

#[path = "lab/app_layering.rs"]
mod app_layering;
#[path = "lab/component_pack.rs"]
mod component_pack;
#[path = "lab/e2e/mod.rs"]
mod e2e;
#[path = "lab/fast_data.rs"]
mod fast_data;
#[path = "lab/guard.rs"]
mod guard;
#[path = "lab/pachyderm.rs"]
mod pachyderm;
#[path = "lab/pryv.rs"]
mod pryv;

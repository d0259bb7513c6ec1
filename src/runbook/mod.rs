//! The runbook and its environment: read, checked, and turned into types that cannot be wrong.
//!
//! A file is read in three steps. `syntax` makes TOML tables of it, `document` and `steps` make a draft of
//! those, and `check` looks whether its parts fit each other. Each step tells every problem it finds and
//! hands on what it could read, so that an author sees all of them at once. Only a draft without a
//! problem is settled into a [`Runbook`].

mod armed;
mod binding;
mod check;
mod condition;
mod document;
mod draft;
mod duration;
mod environment;
mod expected;
mod fields;
mod foreign;
mod guard;
mod interactive;
mod made;
pub mod model;
mod needs;
mod parameters;
mod settle;
mod several;
mod shell;
mod spread;
mod steps;
mod syntax;
mod table;
mod uses;
mod values;
mod well_known;

pub use condition::Condition;
pub use document::{FORMAT, read_runbook, read_runbook_text};
pub use environment::{
    Environments, bind, environments_beside, read_environments, read_environments_text,
};
pub use expected::Expected;
pub use model::{
    Binding, Downtime, Environment, EnvironmentKind, Gate, ParamKind, ParamSpec, PhaseSpec,
    ProbeSpec, Require, Runbook, StepSpec, Undo,
};
pub use parameters::{
    Origin, Parameter, Parameters, check_value, is_host, missing_params, resolve, split_setting,
};
pub use spread::{Capture, ForEach, Items, LANES};
pub use values::{as_stated, values};

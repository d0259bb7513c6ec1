//! The runbook and its environment: read, checked, and turned into types that cannot be wrong.

pub mod model;

pub use model::{
    Binding, Downtime, Environment, EnvironmentKind, Gate, ParamKind, ParamSpec, PhaseSpec,
    ProbeSpec, Require, Runbook, StepSpec, Undo,
};

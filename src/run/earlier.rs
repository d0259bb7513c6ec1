//! How long steps took in earlier rehearsals, so that times can be told before there are any of this run.

use serde::{Deserialize, Serialize};

use super::{Done, Plan, Run, StepState, Way};
use crate::clock::Timestamp;
use crate::names::RunId;
use crate::runbook::EnvironmentKind;

/// What earlier rehearsals tell of a step; nothing where it was never rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Earlier {
    /// How long the step took the last time it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Took>,
    /// How long its undo took the last time it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_took: Option<Took>,
}

/// A time that was measured in an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Took {
    /// How long, from the start to the end of the proof, in whole seconds rounded up.
    pub seconds: u64,
    /// The run.
    pub run: RunId,
    /// When that run was opened.
    pub opened: Timestamp,
}

impl Earlier {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Plan {
    /// Takes the times of steps out of earlier runs, the latest first. Only rehearsals of a runbook of the same
    /// title count, and of it only steps that still have the same id and kind; for each step the latest that knows.
    pub fn remember<'r>(&mut self, earlier: impl IntoIterator<Item = &'r Run>) {
        for run in earlier {
            let (Some(plan), Some(id), Some(opened)) = (&run.plan, &run.id, run.opened_at) else {
                continue;
            };
            if plan.environment_kind != EnvironmentKind::Rehearsal || plan.title != self.title {
                continue;
            }
            for step in &mut self.steps {
                let Some((_, known, state)) = run.step(&step.id) else {
                    continue;
                };
                if known.kind != step.kind {
                    continue;
                }
                let took = |seconds: Option<u64>| {
                    seconds.map(|seconds| Took {
                        seconds,
                        run: id.clone(),
                        opened,
                    })
                };
                let Earlier {
                    took: one,
                    undo_took,
                } = &mut step.earlier;
                *one = one.take().or_else(|| took(state.took));
                *undo_took = undo_took.take().or_else(|| took(state.undo_took));
            }
        }
    }
}

impl StepState {
    /// Keeps how long the attempt took that comes to rest now. What a person vouched for is no measure.
    pub(super) fn measure(&mut self, how: &Done) {
        let (Some(from), Some(to)) = (self.started_at, self.ended_at) else {
            return;
        };
        if !matches!(how, Done::Proved { .. } | Done::Unchecked) {
            return;
        }
        let micros = u64::try_from(to.as_microsecond() - from.as_microsecond()).unwrap_or(0);
        // Where nothing had to be done, nothing was measured.
        let seconds = Some(micros.div_ceil(1_000_000)).filter(|seconds| *seconds > 0);
        match self.way {
            Way::Forward => self.took = seconds,
            Way::Back => self.undo_took = seconds,
        }
    }
}

//! Puts a runbook and an environment together, with every value in its place.

use super::proofs::{is_open, lay_own_proofs, lay_proofs};
use super::{Earlier, Plan, PlannedChoice, PlannedMachine, PlannedPhase, PlannedStep, PlannedUndo};
use super::{RunbookCopy, Spot};
use crate::kinds::Action;
use crate::names::MachineName;
use crate::probe::Scene;
use crate::runbook::{Environment, ParamKind, Runbook, StepSpec, Undo};
use crate::template::{TemplateError, Values};

/// Says which value could not be filled in, and where.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{place}: {error}")]
pub struct PlanError {
    /// `step stop-nginx, verify 2`.
    pub place: String,
    /// What is wrong.
    pub error: TemplateError,
}

impl Plan {
    /// Puts a runbook and an environment together.
    ///
    /// # Errors
    ///
    /// The first value that is missing, unsafe, or names several machines where one is needed.
    pub fn lay(
        runbook: &Runbook,
        environment: &Environment,
        values: &Values,
    ) -> Result<Self, PlanError> {
        let values = &values.laying();
        let steps = runbook
            .steps
            .iter()
            .map(|step| lay_step(step, values))
            .collect::<Result<Vec<_>, _>>()?;
        let shown = values.shown_environment();
        let params = runbook
            .params
            .iter()
            .filter_map(|(name, spec)| {
                let value = shown.iter().find(|(shown, _)| shown == name.as_str());
                let value = value.map(|(_, value)| value.clone());
                // Without a value and no secret: nobody gave it one, and no step asks for it.
                (value.is_some() || spec.kind == ParamKind::Secret)
                    .then(|| (name.to_string(), value))
            })
            .collect();
        // A machine without values cannot be named by a step, and needs no place in the plan.
        let machines = environment
            .machines()
            .filter_map(|(_, name, binding)| {
                let machine = values.machine(&name)?;
                Some(PlannedMachine {
                    label: machine.label.clone(),
                    address: machine.address.clone(),
                    user: machine.user.clone(),
                    port: machine.port,
                    binding: binding.clone(),
                    name,
                })
            })
            .collect();
        Ok(Self {
            runbook: RunbookCopy {
                copy: "runbook.toml".to_owned(),
                bytes: runbook.text.len() as u64,
                sha256: runbook.digest.clone(),
            },
            title: runbook.title.clone(),
            about: runbook.about.clone(),
            environment: environment.name.clone(),
            environment_kind: environment.kind,
            environment_digest: environment.digest.clone(),
            people: environment.require.people,
            window_seconds: runbook.window.map_or(0, |window| window.as_secs()),
            params,
            machines,
            phases: runbook
                .phases
                .iter()
                .map(|phase| PlannedPhase {
                    id: phase.id.clone(),
                    title: phase.title.clone(),
                })
                .collect(),
            steps,
        })
    }
}

fn lay_step(step: &StepSpec, values: &Values) -> Result<PlannedStep, PlanError> {
    let place = format!("step {}", step.id);
    let at = |error| PlanError {
        place: place.clone(),
        error,
    };
    let lanes = lanes_of(step, values).map_err(at)?;
    let first = lanes.first().cloned().unwrap_or_else(MachineName::bastion);
    let each = step.for_each.as_ref();
    let own = each.map(|each| values.leaving_open(&each.name));
    let values = own.as_ref().unwrap_or(values);
    let scene = Scene {
        here: &first,
        values,
    };
    let spots: Vec<Spot> = lanes.iter().map(Spot::of).collect();
    let undo = match &step.undo {
        Undo::Never(reason) => PlannedUndo::Never {
            reason: reason.clone(),
        },
        Undo::Nothing(reason) => PlannedUndo::Nothing {
            reason: reason.clone(),
        },
        Undo::Unsaid => PlannedUndo::Unsaid,
        Undo::Action(action) => PlannedUndo::Action {
            headline: headline(action.as_ref(), &scene).map_err(at)?,
            performer: action.performer(),
            proofs: lay_own_proofs(action.as_ref(), &spots, values).map_err(at)?,
        },
    };
    let gate = step.gate.filled(values).map_err(at)?;
    Ok(PlannedStep {
        id: step.id.clone(),
        phase: step.phase.clone(),
        title: step.title.clone(),
        about: step.about.clone(),
        kind: step.action.kind().to_owned(),
        headline: headline(step.action.as_ref(), &scene).map_err(at)?,
        performer: step.action.performer(),
        proofs: lay_proofs(step, &spots, values).map_err(at)?,
        lanes,
        gate,
        undo,
        estimate_seconds: step.estimate.map_or(0, |estimate| estimate.as_secs()),
        undo_estimate_seconds: step.undo_estimate.map_or(0, |estimate| estimate.as_secs()),
        earlier: Earlier::default(),
        timeout_seconds: step.timeout.map_or(0, |timeout| timeout.as_secs()),
        downtime: step.downtime,
        point_of_no_return: step.point_of_no_return,
        needs: step.needs.clone(),
        when: step.when.clone(),
        choice: lay_choice(step, values).map_err(at)?,
        capture: step.capture.clone(),
        for_each: step.for_each.clone(),
        interactive: step.action.is_interactive(),
        at_once: step.at_once,
        armed_until: step.armed_until.clone(),
        confirm_within_seconds: step.confirm_within.map_or(0, |within| within.as_secs()),
    })
}

/// The one line of an action. Where it cannot be said before a value is there, only that.
fn headline(action: &dyn Action, scene: &Scene<'_>) -> Result<String, TemplateError> {
    let later = |_| format!("{}, as is known only then", action.kind());
    match action.headline(scene) {
        Err(error) if is_open(&action.mentions(), scene.values) => Ok(later(error)),
        said => said,
    }
}

fn lay_choice(step: &StepSpec, values: &Values) -> Result<Option<PlannedChoice>, TemplateError> {
    let Some(choice) = step.action.choice() else {
        return Ok(None);
    };
    Ok(Some(PlannedChoice {
        name: choice.name.get_ref().clone(),
        ask: choice.asked(values)?,
        options: choice.shown(values)?,
    }))
}

fn lanes_of(step: &StepSpec, values: &Values) -> Result<Vec<MachineName>, TemplateError> {
    if step.on.is_empty() {
        return Ok(vec![MachineName::bastion()]);
    }
    let mut lanes = Vec::new();
    for host in &step.on {
        // only_machine names an unknown host; a host of several machines gives several lanes.
        if values.machines_of(host).is_empty() {
            values.only_machine(host)?;
        }
        lanes.extend(values.machines_of(host).iter().cloned());
    }
    Ok(lanes)
}

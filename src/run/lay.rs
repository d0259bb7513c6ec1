//! Puts a runbook and an environment together, with every value in its place.

use super::{Plan, PlannedChoice, PlannedMachine, PlannedPhase, PlannedStep, PlannedUndo, Proof};
use super::{RunbookCopy, Way};
use crate::kinds::Action;
use crate::names::MachineName;
use crate::probe::{Ask, Place, Probe, Scene, endures};
use crate::runbook::{Environment, Gate, ParamKind, ProbeSpec, Runbook, StepSpec, Undo};
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
    let scene = Scene {
        here: &first,
        values,
    };
    let undo = match &step.undo {
        Undo::Never(reason) => PlannedUndo::Never {
            reason: reason.clone(),
        },
        Undo::Nothing(reason) => PlannedUndo::Nothing {
            reason: reason.clone(),
        },
        Undo::Unsaid => PlannedUndo::Unsaid,
        Undo::Action(action) => PlannedUndo::Action {
            headline: action.headline(&scene).map_err(at)?,
            performer: action.performer(),
            proofs: lay_own_proofs(action.as_ref(), &lanes, values).map_err(at)?,
        },
    };
    let gate = step.gate.filled(values).map_err(at)?;
    Ok(PlannedStep {
        id: step.id.clone(),
        phase: step.phase.clone(),
        title: step.title.clone(),
        about: step.about.clone(),
        kind: step.action.kind().to_owned(),
        headline: step.action.headline(&scene).map_err(at)?,
        performer: step.action.performer(),
        proofs: lay_proofs(step, &lanes, values).map_err(at)?,
        lanes,
        gate,
        undo,
        estimate_seconds: step.estimate.map_or(0, |estimate| estimate.as_secs()),
        timeout_seconds: step.timeout.map_or(0, |timeout| timeout.as_secs()),
        downtime: step.downtime,
        point_of_no_return: step.point_of_no_return,
        needs: step.needs.clone(),
        when: step.when.clone(),
        choice: lay_choice(step, values).map_err(at)?,
    })
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

/// What came into a step after its plan was laid; nothing of it where the plan's own words still hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilledIn {
    /// The words of its gate.
    pub words: Option<String>,
    /// The questions of its proof.
    pub proofs: Option<Vec<Proof>>,
}

/// Fills in what a step's plan left open, with the values that are known now.
///
/// # Errors
///
/// A value that is missing or unsafe.
pub fn filled_in(
    step: &StepSpec,
    planned: &PlannedStep,
    way: Way,
    values: &Values,
) -> Result<FilledIn, TemplateError> {
    let lanes = &planned.lanes;
    let proofs = match (way, &step.undo) {
        (Way::Forward, _) => lay_proofs(step, lanes, values)?,
        (Way::Back, Undo::Action(action)) => lay_own_proofs(action.as_ref(), lanes, values)?,
        (Way::Back, _) => Vec::new(),
    };
    let words = match (way, step.gate.filled(values)?) {
        (Way::Forward, Gate::TypeBack { words }) => Some(words),
        _ => None,
    };
    let laid = match &planned.gate {
        Gate::TypeBack { words } => Some(words),
        _ => None,
    };
    Ok(FilledIn {
        words: words.filter(|words| Some(words) != laid),
        proofs: (proofs != planned.proofs(way)).then_some(proofs),
    })
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

/// The probes of a step in the order of its planned proofs: the lane, and the place in `step.verify`.
///
/// A question to a person, and one that is asked on a host of its own or on the bastion, is asked once and
/// not per lane.
pub fn proof_specs(
    step: &StepSpec,
    lanes: &[MachineName],
    values: &Values,
) -> Vec<(MachineName, usize)> {
    let mut specs = Vec::new();
    for (number, lane) in lanes.iter().enumerate() {
        for (index, spec) in step.verify.iter().enumerate() {
            let scene = Scene { here: lane, values };
            let once = spec.on.is_some()
                || spec.probe.usual_place() == Place::Bastion
                || matches!(spec.probe.ask(&scene), Ok(Ask::Person(_)));
            if number == 0 || !once {
                specs.push((lane.clone(), index));
            }
        }
    }
    specs
}

/// The machine that a probe is asked on: the host it names, else the one its kind usually asks on.
///
/// # Errors
///
/// A host that is unknown, or is several machines.
pub fn asked_at(
    spec: &ProbeSpec,
    lane: &MachineName,
    values: &Values,
) -> Result<MachineName, TemplateError> {
    match (&spec.on, spec.probe.usual_place()) {
        (Some(host), _) => values.only_machine(host).cloned(),
        (None, Place::Bastion) => Ok(MachineName::bastion()),
        (None, Place::Lane) => Ok(lane.clone()),
    }
}

fn lay_proofs(
    step: &StepSpec,
    lanes: &[MachineName],
    values: &Values,
) -> Result<Vec<Proof>, TemplateError> {
    proof_specs(step, lanes, values)
        .into_iter()
        .map(|(lane, index)| lay_proof(&step.verify[index], lane, values))
        .collect()
}

fn lay_proof(spec: &ProbeSpec, lane: MachineName, values: &Values) -> Result<Proof, TemplateError> {
    let here = asked_at(spec, &lane, values)?;
    let within = spec.within.map_or(0, |within| within.as_secs());
    let every = u64::try_from(spec.every.as_millis()).unwrap_or(u64::MAX);
    let mut proof = planned_proof(spec.probe.as_ref(), lane, &here, values, (within, every))?;
    proof.says.push_str(&endures(spec.stable_for, spec.falling));
    Ok(proof)
}

fn lay_own_proofs(
    action: &dyn Action,
    lanes: &[MachineName],
    values: &Values,
) -> Result<Vec<Proof>, TemplateError> {
    let mut proofs = Vec::new();
    for lane in lanes {
        for probe in action.own_proof() {
            proofs.push(planned_proof(
                probe.as_ref(),
                lane.clone(),
                lane,
                values,
                (0, 0),
            )?);
        }
    }
    Ok(proofs)
}

fn planned_proof(
    probe: &dyn Probe,
    lane: MachineName,
    here: &MachineName,
    values: &Values,
    (within_seconds, every_millis): (u64, u64),
) -> Result<Proof, TemplateError> {
    let scene = Scene { here, values };
    let at = match probe.ask(&scene)? {
        Ask::Script(question) => Some(question.at),
        Ask::Person(_) => None,
    };
    Ok(Proof {
        lane,
        person: at.is_none(),
        at,
        says: probe.says(&scene)?,
        evidence: probe.evidence(&scene)?,
        within_seconds,
        every_millis,
    })
}

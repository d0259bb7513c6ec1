//! The questions of a step's proof: on which lanes, where, and with which values in them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{PlannedStep, Proof, Spot, Way};
use crate::kinds::Action;
use crate::names::MachineName;
use crate::probe::{Ask, Mentions, Place, Probe, Scene, endures};
use crate::runbook::{Gate, ProbeSpec, StepSpec, Undo};
use crate::template::{TemplateError, Values};

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
    (planned, lanes): (&PlannedStep, &[Spot]),
    way: Way,
    values: &Values,
) -> Result<FilledIn, TemplateError> {
    // What the step captures itself is known only when it has run.
    let own = step.capture.as_ref().filter(|_| way == Way::Forward);
    let own = own.map(|capture| values.leaving_open(&capture.name));
    let values = own.as_ref().unwrap_or(values);
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

/// A probe of a step on one of its lanes.
#[derive(Debug, Clone, Copy)]
pub struct Posed<'s> {
    /// The lane.
    pub spot: &'s Spot,
    /// Its place in `step.verify`.
    pub index: usize,
    /// Whether it is about that lane alone. Otherwise it is asked once for several.
    pub alone: bool,
}

/// The probes of a step in the order of its planned proofs.
///
/// A question to a person, and one that is asked on a host of its own or on the bastion, is asked once and
/// not per machine; one that does not name the item of its lane is asked once and not per item.
pub fn proof_specs<'s>(step: &StepSpec, lanes: &'s [Spot], values: &Values) -> Vec<Posed<'s>> {
    let mut specs: Vec<Posed<'s>> = Vec::new();
    let mut asked: BTreeMap<_, usize> = BTreeMap::new();
    let each = step.for_each.as_ref().map(|each| each.name.as_str());
    let of_item: Vec<bool> = step
        .verify
        .iter()
        .map(|spec| each.is_some_and(|name| spec.probe.mentions().uses(name)))
        .collect();
    for spot in lanes {
        let mut own = None;
        for (index, spec) in step.verify.iter().enumerate() {
            let values = own.get_or_insert_with(|| spot.values(values));
            let scene = Scene {
                here: &spot.machine,
                values,
            };
            let once = spec.on.is_some()
                || spec.probe.usual_place() == Place::Bastion
                || matches!(spec.probe.ask(&scene), Ok(Ask::Person(_)));
            let machine = (!once).then_some(&spot.machine);
            let item = spot.item.as_ref().filter(|_| of_item[index]);
            let alone = true;
            match asked.entry((index, machine, item)) {
                Entry::Occupied(first) => specs[*first.get()].alone = false,
                Entry::Vacant(free) => {
                    free.insert(specs.len());
                    specs.push(Posed { spot, index, alone });
                }
            }
        }
    }
    specs
}

/// Whether what is mentioned has a value only later.
pub(super) fn is_open(mentions: &Mentions<'_>, values: &Values) -> bool {
    values.left_open().any(|name| mentions.uses(name.as_str()))
}

/// The machine that a probe is asked on: the host it names, else the one its kind usually asks on.
///
/// # Errors
///
/// A host that is unknown, or is several machines.
pub fn asked_at(
    spec: &ProbeSpec,
    machine: &MachineName,
    values: &Values,
) -> Result<MachineName, TemplateError> {
    match (&spec.on, spec.probe.usual_place()) {
        (Some(host), _) => values.only_machine(host).cloned(),
        (None, Place::Bastion) => Ok(MachineName::bastion()),
        (None, Place::Lane) => Ok(machine.clone()),
    }
}

pub(super) fn lay_proofs(
    step: &StepSpec,
    lanes: &[Spot],
    values: &Values,
) -> Result<Vec<Proof>, TemplateError> {
    let lay = |posed: Posed<'_>| {
        let spec = &step.verify[posed.index];
        let proof = lay_proof(spec, posed.spot, &posed.spot.values(values))?;
        Ok(Proof {
            shared: !posed.alone,
            ..proof
        })
    };
    proof_specs(step, lanes, values)
        .into_iter()
        .map(lay)
        .collect()
}

fn lay_proof(spec: &ProbeSpec, spot: &Spot, values: &Values) -> Result<Proof, TemplateError> {
    let here = asked_at(spec, &spot.machine, values)?;
    let within = spec.within.map_or(0, |within| within.as_secs());
    let every = u64::try_from(spec.every.as_millis()).unwrap_or(u64::MAX);
    let lane = spot.lane.clone();
    let mut proof = planned_proof(spec.probe.as_ref(), lane, &here, values, (within, every))?;
    proof.says.push_str(&endures(spec.stable_for, spec.falling));
    Ok(proof)
}

pub(super) fn lay_own_proofs(
    action: &dyn Action,
    lanes: &[Spot],
    values: &Values,
) -> Result<Vec<Proof>, TemplateError> {
    let mut proofs = Vec::new();
    for spot in lanes {
        let own = action.own_proof();
        if own.is_empty() {
            break;
        }
        let (values, here) = (spot.values(values), &spot.machine);
        for probe in own {
            let lane = spot.lane.clone();
            proofs.push(planned_proof(probe.as_ref(), lane, here, &values, (0, 0))?);
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
    let asks = || {
        Ok((
            probe.ask(&scene)?,
            probe.says(&scene)?,
            probe.evidence(&scene)?,
        ))
    };
    let (at, says, evidence) = match asks() {
        Ok((Ask::Script(question), says, evidence)) => (Some(question.at), says, evidence),
        Ok((Ask::Person(_), says, evidence)) => (None, says, evidence),
        // A text with a value left open in it need not be an address or a path.
        Err(_) if is_open(&probe.mentions(), values) => {
            let says = format!("{}, as is known only then", probe.kind());
            (Some(here.clone()), says, None)
        }
        Err(error) => return Err(error),
    };
    Ok(Proof {
        lane,
        person: at.is_none(),
        at,
        says,
        evidence,
        within_seconds,
        every_millis,
        shared: false,
    })
}

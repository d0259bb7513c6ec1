//! What the steps of a plan want of a machine.

use crate::kinds::{Performer, Pinned, the_machine};
use crate::names::MachineName;
use crate::probe::Scene;
use crate::run::asked_at;
use crate::runbook::{StepSpec, Undo};

use super::super::plan::all_is_known;
use super::super::prepared::Prepared;

/// What is wanted of one machine.
#[derive(Debug, Default)]
pub(super) struct Wants {
    /// Programs, each once.
    pub programs: Vec<&'static str>,
    /// Shell texts that check files before and after they are edited, each once.
    pub validates: Vec<String>,
    /// Things that are to be the same ones later, each once.
    pub pinned: Vec<Pinned>,
    /// Whether programs are started there under a receipt.
    pub receipts: bool,
}

/// Collects what the steps of a plan want of a machine.
pub(super) fn of(prepared: &Prepared, machine: &MachineName) -> Wants {
    let mut wants = Wants::default();
    for (spec, lanes) in steps(prepared) {
        for lane in lanes {
            let scene = Scene {
                here: lane,
                values: &prepared.values,
            };
            let undo = match &spec.undo {
                Undo::Action(action) => Some(action.as_ref()),
                Undo::Never(_) | Undo::Nothing(_) | Undo::Unsaid => None,
            };
            for action in [Some(spec.action.as_ref()), undo].into_iter().flatten() {
                if lane == machine {
                    wants.add(action.programs());
                    wants.receipts |= action.performer() == Performer::Machine;
                    let known = all_is_known(prepared, spec).is_ok();
                    let validate = action.validate().filter(|_| known).map(ToOwned::to_owned);
                    wants.validates.extend(validate);
                    // A name that cannot be filled in is told where the step is shown.
                    let pinned = action.pinned(&scene).ok().flatten();
                    wants.pinned.extend(pinned.filter(|_| known));
                }
                let beside = action.programs_beside();
                let others = action.mentions().hosts;
                let named = |host: &&toml::Spanned<crate::names::HostName>| {
                    the_machine(&scene, host.get_ref()).is_ok_and(|other| other == *machine)
                };
                if others.iter().any(named) {
                    wants.add(beside);
                }
            }
            for probe in &spec.verify {
                let at = asked_at(probe, lane, &prepared.values);
                if at.is_ok_and(|at| at == *machine) {
                    wants.add(probe.probe.programs());
                }
            }
        }
    }
    wants.validates.sort();
    wants.validates.dedup();
    wants.pinned.sort_by(|one, other| one.name.cmp(&other.name));
    wants.pinned.dedup_by(|one, other| one.name == other.name);
    wants
}

/// The steps of a plan as they were declared, each with its lanes.
pub(super) fn steps(prepared: &Prepared) -> impl Iterator<Item = (&StepSpec, &[MachineName])> {
    prepared.plan.steps.iter().filter_map(|planned| {
        let mut specs = prepared.runbook.steps.iter();
        let spec = specs.find(|spec| spec.id == planned.id)?;
        Some((spec, planned.lanes.as_slice()))
    })
}

impl Wants {
    fn add(&mut self, programs: &[&'static str]) {
        for program in programs {
            if !self.programs.contains(program) {
                self.programs.push(program);
            }
        }
    }
}

//! Turns a draft that passed its check into a runbook.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use toml::Spanned;

use super::condition::ConditionDraft;
use super::draft::{Draft, ProbeDraft, StepDraft, UndoDraft};
use super::model::{Gate, ParamSpec, PhaseSpec, ProbeSpec, Runbook, StepSpec, Undo};
use super::spread::CaptureDraft;
use crate::kinds::{Performer, hex};
use crate::names::{HostName, ParamName, PhaseId, StepId};
use crate::problem::Source;

/// The pause between two questions of a probe that does not say.
const EVERY: Duration = Duration::from_secs(2);

/// Turns a draft into a runbook; none where something is absent, which the check has told.
pub(super) fn settle(source: &Arc<Source>, draft: Draft) -> Option<Runbook> {
    let hosts = draft.hosts.into_iter().map(|host| {
        let name = HostName::new(host.name.into_inner()).ok()?;
        Some((name, host.about))
    });
    let params = draft.params.into_iter().map(|param| {
        let name = ParamName::new(param.name.into_inner()).ok()?;
        let spec = ParamSpec {
            ask: param.ask?.into_inner(),
            default: param.default.map(Spanned::into_inner),
            kind: param.kind?,
        };
        Some((name, spec))
    });
    let phases = draft.phases.into_iter().map(|phase| {
        Some(PhaseSpec {
            id: PhaseId::new(phase.id?.into_inner()).ok()?,
            title: phase.title?.into_inner(),
        })
    });
    Some(Runbook {
        name: name_of(&source.path),
        digest: hex(&Sha256::digest(source.text.as_bytes())),
        text: source.text.clone(),
        title: draft.title?.into_inner(),
        about: draft.about,
        window: draft.window,
        hosts: hosts.collect::<Option<_>>()?,
        params: params.collect::<Option<_>>()?,
        phases: phases.collect::<Option<_>>()?,
        steps: draft
            .steps
            .into_iter()
            .map(step)
            .collect::<Option<Vec<_>>>()?,
    })
}

fn step(draft: StepDraft) -> Option<StepSpec> {
    let id = StepId::new(draft.id?.into_inner()).ok()?;
    let action = draft.action?;
    let own = action.own_proof().into_iter().map(|probe| {
        Some(ProbeSpec {
            probe,
            on: None,
            within: None,
            every: EVERY,
            stable_for: Duration::ZERO,
            falling: false,
        })
    });
    let verify = own
        .chain(draft.verify.into_iter().map(probe))
        .collect::<Option<Vec<_>>>()?;
    let undo = match draft.undo {
        UndoDraft::Action(undo) => Undo::Action(undo),
        UndoDraft::Never(reason) => Undo::Never(reason),
        UndoDraft::Nothing(reason) => Undo::Nothing(reason),
        UndoDraft::Unsaid => match (action.derived_undo(), action.performer()) {
            (Some(undo), _) => Undo::Action(undo),
            (None, Performer::Watch) => {
                Undo::Nothing("a wait leaves nothing to take back".to_owned())
            }
            (None, Performer::Machine | Performer::Person | Performer::Nobody) => Undo::Unsaid,
        },
    };
    let on = draft
        .on
        .into_iter()
        .map(|host| HostName::new(host.into_inner()).ok())
        .collect::<Option<Vec<_>>>()?;
    Some(StepSpec {
        phase: PhaseId::new(draft.phase?.into_inner()).ok()?,
        title: draft.title?.into_inner(),
        about: draft.about,
        action,
        undo,
        gate: gate(
            &id,
            draft.gate.map(Spanned::into_inner),
            draft.point_of_no_return.then_some(&on),
        ),
        verify,
        estimate: draft.estimate,
        undo_estimate: draft.undo_estimate.map(Spanned::into_inner),
        downtime: draft.downtime,
        point_of_no_return: draft.point_of_no_return,
        needs: draft
            .needs
            .into_iter()
            .map(|need| StepId::new(need.into_inner()).ok())
            .collect::<Option<Vec<_>>>()?,
        timeout: draft.timeout,
        capture: draft.capture.map(CaptureDraft::settle),
        for_each: match draft.for_each {
            Some(each) => Some(each.settle()?),
            None => None,
        },
        at_once: draft.at_once.map_or(0, Spanned::into_inner),
        on,
        armed_until: match draft.armed_until {
            Some(until) => Some(StepId::new(until.into_inner()).ok()?),
            None => None,
        },
        confirm_within: draft.confirm_within.map(Spanned::into_inner),
        when: draft
            .when
            .into_iter()
            .map(ConditionDraft::settle)
            .collect::<Option<Vec<_>>>()?,
        id,
    })
}

/// The gate of a step; `no_return` has the hosts of a point of no return. That is typed back: its author's words,
/// or the step's id and what its machines are called in the environment, so that nobody crosses it on the wrong one.
///
/// Two people stay two people there. A second pair of eyes is worth more than a typed word, and the
/// author has asked for it.
fn gate(id: &StepId, said: Option<Gate>, no_return: Option<&Vec<HostName>>) -> Gate {
    match (said, no_return.map(Vec::as_slice)) {
        (Some(gate @ (Gate::TypeBack { .. } | Gate::TwoPeople)), _) => gate,
        (_, Some([])) => Gate::TypeBack {
            words: id.to_string(),
        },
        (_, Some(hosts)) => {
            let names: Vec<String> = hosts
                .iter()
                .map(|host| format!("{{{{{host}.names}}}}"))
                .collect();
            Gate::TypeBack {
                words: format!("{id} on {}", names.join(", ")),
            }
        }
        (said, None) => said.unwrap_or(Gate::Confirm),
    }
}

fn probe(draft: ProbeDraft) -> Option<ProbeSpec> {
    let on = match draft.on {
        Some(host) => Some(HostName::new(host.into_inner()).ok()?),
        None => None,
    };
    let endurance = draft.endurance;
    let stable_for = endurance
        .stable_for
        .as_ref()
        .map(|length| *length.get_ref());
    Some(ProbeSpec {
        probe: draft.probe,
        on,
        falling: endurance.is_falling(),
        stable_for: stable_for.unwrap_or_default(),
        within: endurance.within.map(Spanned::into_inner),
        every: draft.every.unwrap_or(EVERY),
    })
}

/// A file's name as a part of a run's id: `Pryv Core (2).toml` becomes `pryv-core-2`.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let words: Vec<String> = stem
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let name: String = words.join("-").chars().take(40).collect();
    match name.trim_end_matches('-') {
        "" => "runbook".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_file_name_gives_a_part_of_a_run_id() {
        for (path, name) in [
            ("a/Pryv Core (2).toml", "pryv-core-2"),
            ("../..", "runbook"),
            ("é.toml", "runbook"),
            ("", "runbook"),
        ] {
            assert_eq!(name_of(Path::new(path)), name);
        }
        assert!(name_of(Path::new(&"a-".repeat(60))).len() <= 40);
    }
}

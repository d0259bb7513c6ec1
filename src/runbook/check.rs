//! The cross checks: whether the parts of a runbook fit each other. All problems at once.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::armed;
use super::draft::{Draft, ParamDraft, PhaseDraft, StepDraft, UndoDraft};
use super::guard;
use super::interactive;
use super::made;
use super::model::{Gate, ParamKind};
use super::needs;
use super::parameters::check_value;
use super::table::{Reader, Syntax, Text};
use super::uses::{self, Names};
use super::well_known::is_well_known;
use crate::kinds::{Action, Performer};
use crate::names::did_you_mean;
use crate::problem::{Problem, Severity, Source};

/// Checks a draft. `sound` says that every table was read, so that a name which nobody uses is really unused.
pub(super) fn check(source: &Arc<Source>, draft: &Draft, sound: bool) -> Vec<Problem> {
    let mut reader = Reader::new(source.clone(), Syntax::Whole);
    for param in &draft.params {
        parameter(&mut reader, param);
    }
    let phases = phase_index(&mut reader, &draft.phases);
    let steps = step_index(&mut reader, &draft.steps);
    order(&mut reader, draft, &phases);
    needs::check(&mut reader, &draft.steps, &steps);
    armed::check(&mut reader, &draft.steps, &steps);
    let made = made::collect(&mut reader, draft);
    let mut names = Names::of(draft, made);
    for (number, step) in draft.steps.iter().enumerate() {
        names.turn_of(number);
        places(&mut reader, step, &mut names);
        for condition in &step.when {
            names.condition(&mut reader, condition);
        }
        if let Some(words) = &step.words {
            names.template(&mut reader, words);
        }
        if let Some(each) = &step.for_each {
            names.for_each(&mut reader, each);
        }
        made::capture(&mut reader, step);
        interactive::check(&mut reader, step);
        guard::check(&mut reader, step);
        for (part, mentions) in uses::mentions(step) {
            names.mentioned(&mut reader, part, &mentions);
        }
        if let Some(choice) = step.action.as_ref().and_then(|action| action.choice()) {
            made::choice(&mut reader, step, choice);
        }
        gate(&mut reader, step);
        proof_and_undo(&mut reader, step);
        for remark in uses::remarks(step) {
            reader.remark(remark);
        }
    }
    // A name that seems unused may be what a mistyped one was meant to be.
    if sound
        && reader
            .problems
            .iter()
            .all(|p| p.severity == Severity::Warning)
    {
        names.unused(&mut reader, draft);
    }
    reader.problems
}

/// Whether a variable of that name means something to a shell, the loader or Runsheet already.
pub(super) fn is_taken(name: &str) -> bool {
    // ENV names a file that every POSIX shell reads first; the loader obeys LD_*.
    is_well_known(name) || name == "ENV" || name.starts_with("LD_") || name.starts_with("RUNSHEET_")
}

fn parameter(reader: &mut Reader, param: &ParamDraft) {
    let name = param.name.get_ref().as_str();
    if is_taken(name) {
        let message = format!("a parameter cannot be called `{name}`");
        reader.error(param.name.span(), message).hint =
            Some("the variable of that name already means something to a shell".to_owned());
    }
    let (Some(default), Some(kind)) = (&param.default, &param.kind) else {
        return;
    };
    if *kind == ParamKind::Secret {
        reader
            .error(default.span(), format!("the secret `{name}` has a default"))
            .hint = Some("the runbook is copied into every record: ask for it instead".to_owned());
    } else if let Err(why) = check_value(kind, default.get_ref()) {
        reader.error(
            default.span(),
            format!("the default of `{name}` does not fit: {why}"),
        );
    }
}

/// Remembers a name, or tells that it is there twice, with both places.
fn remember<'d, T>(
    reader: &mut Reader,
    index: &mut HashMap<&'d str, (T, Range<usize>)>,
    what: &str,
    id: &'d Text,
    value: T,
) {
    if let Some((_, first)) = index.get(id.get_ref().as_str()) {
        let message = format!("the {what} `{}` is there twice", id.get_ref());
        let problem = reader.error(id.span(), message);
        problem.also.push((first.clone(), "the first".to_owned()));
        problem.hint = Some("give one of them another id".to_owned());
    } else {
        index.insert(id.get_ref(), (value, id.span()));
    }
}

fn phase_index<'d>(reader: &mut Reader, phases: &'d [PhaseDraft]) -> HashMap<&'d str, usize> {
    let mut index = HashMap::new();
    for (at, phase) in phases.iter().enumerate() {
        if let Some(id) = &phase.id {
            remember(reader, &mut index, "phase id", id, at);
        }
    }
    index.into_iter().map(|(id, (at, _))| (id, at)).collect()
}

fn step_index<'d>(reader: &mut Reader, steps: &'d [StepDraft]) -> HashMap<&'d str, usize> {
    let mut index = HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        if let Some(id) = &step.id {
            remember(reader, &mut index, "step id", id, at);
        }
    }
    index.into_iter().map(|(id, (at, _))| (id, at)).collect()
}

/// Checks that every step has a phase, that its phase's steps stand together, and that they come in the
/// order in which the phases are declared.
fn order(reader: &mut Reader, draft: &Draft, phases: &HashMap<&str, usize>) {
    if draft.steps.is_empty() {
        reader.error(0..0, "the runbook has no step").hint =
            Some("write a `[[step]]` with `id`, `phase`, `title` and `do`".to_owned());
    }
    let mut seen: Vec<Option<Range<usize>>> = vec![None; draft.phases.len()];
    let mut current: Option<usize> = None;
    let mut furthest = 0;
    for step in &draft.steps {
        let Some(text) = &step.phase else { continue };
        let Some(&phase) = phases.get(text.get_ref().as_str()) else {
            if draft.phases.iter().any(|phase| phase.id.is_none()) {
                continue;
            }
            let hint = match did_you_mean(text.get_ref(), phases.keys().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "declare it: `[[phase]]` with `id = \"{}\"` and a title",
                    text.get_ref()
                ),
            };
            let message = format!("unknown phase `{}`", text.get_ref());
            reader.error(text.span(), message).hint = Some(hint);
            continue;
        };
        if current == Some(phase) {
            seen[phase] = Some(text.span());
            continue;
        }
        if let Some(last) = &seen[phase] {
            let message = format!(
                "the steps of the phase `{}` do not stand together",
                text.get_ref()
            );
            let problem = reader.error(text.span(), message);
            problem
                .also
                .push((last.clone(), "the one before".to_owned()));
            problem.hint = Some("move this step up to the others of its phase".to_owned());
        } else if phase < furthest {
            let message = format!(
                "the phase `{}` starts here, but is declared before the one above",
                text.get_ref()
            );
            reader.error(text.span(), message).hint =
                Some("put the `[[phase]]`s into the order of their steps".to_owned());
        }
        seen[phase] = Some(text.span());
        current = Some(phase);
        furthest = furthest.max(phase);
    }
    for (phase, seen) in draft.phases.iter().zip(&seen) {
        if let (Some(id), None) = (&phase.id, seen)
            && phases
                .get(id.get_ref().as_str())
                .is_some_and(|at| draft.phases[*at].span == phase.span)
        {
            reader.warning(
                id.span(),
                format!("the phase `{}` has no step", id.get_ref()),
            );
        }
    }
}

fn places(reader: &mut Reader, step: &StepDraft, names: &mut Names<'_>) {
    let mut seen = HashSet::new();
    for host in &step.on {
        names.host(reader, host.get_ref(), host.span());
        if !seen.insert(host.get_ref()) {
            let message = format!("the host `{}` is there twice", host.get_ref());
            reader.error(host.span(), message);
        }
    }
    for host in step.verify.iter().filter_map(|probe| probe.on.as_ref()) {
        names.host(reader, host.get_ref(), host.span());
    }
}

fn gate(reader: &mut Reader, step: &StepDraft) {
    let Some(gate) = step.gate.as_ref().filter(|_| step.point_of_no_return) else {
        return;
    };
    let id = step.id.as_ref().map_or("", |id| id.get_ref());
    match gate.get_ref() {
        Gate::Auto => {
            reader
                .error(gate.span(), "a point of no return cannot pass by itself")
                .hint = Some(format!("write gate = {{ type-back = \"{id}\" }}"));
        }
        Gate::Confirm => {
            reader
                .warning(
                    gate.span(),
                    format!(
                        "a point of no return is typed back: it will ask for `{id}` and the names of its machines"
                    ),
                )
                .hint = Some("choose the words: gate = { type-back = \"…\" }".to_owned());
        }
        Gate::TypeBack { .. } | Gate::TwoPeople => {}
    }
}

fn proof_and_undo(reader: &mut Reader, step: &StepDraft) {
    let Some(action) = &step.action else { return };
    let no_undo = match step.undo {
        UndoDraft::Action(_) => false,
        UndoDraft::Never(_) | UndoDraft::Nothing(_) => true,
        UndoDraft::Unsaid => action.derived_undo().is_none(),
    };
    if let Some(estimate) = step.undo_estimate.as_ref().filter(|_| no_undo) {
        reader
            .error(
                estimate.span(),
                "`undo-estimate` without an undo that does something",
            )
            .hint = Some("say how the step is taken back with `undo`, or leave it out".to_owned());
    }
    if action.performer() != Performer::Machine {
        return;
    }
    let place = step
        .id
        .as_ref()
        .map_or(step.span.clone(), toml::Spanned::span);
    if step.verify.is_empty() && action.own_proof().is_empty() {
        reader
            .warning(place.clone(), "nothing proves this step")
            .hint = Some("a command that returned 0 has only ended: add `verify`".to_owned());
    }
    if unsaid(step, action.as_ref()) {
        reader
            .warning(place, "nothing says how this step is taken back")
            .hint = Some("say `undo`, or `undo = { never = \"why not\" }`".to_owned());
    }
}

/// A point of no return has said all there is to say.
fn unsaid(step: &StepDraft, action: &dyn Action) -> bool {
    matches!(step.undo, UndoDraft::Unsaid)
        && !step.point_of_no_return
        && action.derived_undo().is_none()
}

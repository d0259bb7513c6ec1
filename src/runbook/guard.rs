//! A step whose change is taken back by itself where nobody keeps it: what it needs, and what cannot go with it.

use std::time::Duration;

use super::draft::{StepDraft, UndoDraft};
use super::table::Reader;
use crate::kinds::Performer;

/// Below this nobody can look at a proof and keep the change; beyond a day a guard guards nothing.
const SENSIBLE: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(10)..=Duration::from_secs(86_400);

/// Tells what a step with `confirm-within` lacks, or has too much.
pub(super) fn check(reader: &mut Reader, step: &StepDraft) {
    let Some(within) = &step.confirm_within else {
        return;
    };
    let span = within.span();
    let mut tell = |message: &str, hint: &str| {
        reader.error(span.clone(), message).hint = Some(hint.to_owned());
    };
    if !SENSIBLE.contains(within.get_ref()) {
        tell(
            "`confirm-within` is shorter than 10 s or longer than a day",
            "as long as it takes to look at the proof over a new connection: \"2m\"",
        );
    }
    let Some(action) = &step.action else { return };
    if action.performer() != Performer::Machine {
        let message = format!(
            "`{}` changes nothing that could be taken back",
            action.kind()
        );
        tell(&message, "say it at the step that makes the change");
        return;
    }
    let alone = "write `undo.command`: the machine runs it by itself, with nobody there to ask";
    match &step.undo {
        UndoDraft::Action(undo) if undo.runs_alone() => {}
        UndoDraft::Action(undo) => {
            let message = format!(
                "`confirm-within` needs an undo that the machine can run by itself, and `{}` has to be asked for first",
                undo.kind()
            );
            tell(&message, alone);
        }
        UndoDraft::Unsaid if action.derived_undo().is_some() => tell(
            "`confirm-within` needs an undo that the machine can run by itself; the one that follows from the step has \
             to look at the machine first",
            alone,
        ),
        UndoDraft::Unsaid | UndoDraft::Never(_) | UndoDraft::Nothing(_) => tell(
            "`confirm-within` needs an undo, which the machine runs where nobody keeps the change",
            alone,
        ),
    }
    let apart = "make a step of its own of it";
    if action.is_interactive() {
        tell(
            "a step that is typed to cannot be taken back by itself",
            apart,
        );
    }
    if step.capture.is_some() {
        tell("a step with `confirm-within` captures nothing", apart);
    }
    if step.for_each.is_some() {
        tell(
            "a step with `confirm-within` is done once on each machine, and not for each item of a list",
            apart,
        );
    }
    if step.point_of_no_return {
        tell(
            "a point of no return has no way back that a machine could take by itself",
            "leave one of them out",
        );
    }
    if let Some(until) = &step.armed_until {
        let message = format!(
            "this takes effect only with `{}`, and would be kept before it could cut anything off",
            until.get_ref()
        );
        tell(
            &message,
            "say `confirm-within` at the step that activates it",
        );
    }
}

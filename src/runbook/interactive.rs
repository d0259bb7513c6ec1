//! A step that is handed a terminal has one place and one person: what cannot go with it.

use super::draft::{StepDraft, UndoDraft};
use super::table::Reader;

/// Tells what an interactive step, or an interactive undo, cannot have beside it.
pub(super) fn check(reader: &mut Reader, step: &StepDraft) {
    let Some(action) = &step.action else { return };
    let forward = action.is_interactive();
    let back = matches!(&step.undo, UndoDraft::Action(undo) if undo.is_interactive());
    if !forward && !back {
        return;
    }
    if let Some(capture) = step.capture.as_ref().filter(|_| forward) {
        reader
            .error(
                capture.name.span(),
                "an interactive step has no output of its own to capture",
            )
            .hint = Some("let it write a file, and capture that in a step of its own".to_owned());
    }
    let hint = "make a step of its own of it for each, on one host";
    if let Some(second) = step.on.get(1) {
        reader
            .error(
                second.span(),
                "an interactive step has one lane: nobody types in two places at once",
            )
            .hint = Some(hint.to_owned());
    }
    if let Some(each) = &step.for_each {
        reader
            .error(
                each.name.span(),
                "an interactive step has one lane, and this one has one for each item",
            )
            .hint = Some(hint.to_owned());
    }
}

//! Checks what steps say about when they take effect: the step that activates them stands further down, and works
//! on the same machines.

use std::collections::{BTreeSet, HashMap};

use super::draft::StepDraft;
use super::table::{Reader, Text};
use crate::kinds::Performer;
use crate::names::did_you_mean;

/// Tells activating steps that do not exist, stand further up, or work elsewhere.
pub(super) fn check(reader: &mut Reader, steps: &[StepDraft], index: &HashMap<&str, usize>) {
    for (at, step) in steps.iter().enumerate() {
        let Some(until) = &step.armed_until else {
            continue;
        };
        match index.get(until.get_ref().as_str()) {
            None => {
                let message = format!("`armed-until` names no step: `{}`", until.get_ref());
                reader.error(until.span(), message).hint =
                    did_you_mean(until.get_ref(), index.keys().copied())
                        .map(|near| format!("did you mean `{near}`?"));
            }
            Some(active) if *active == at => {
                let message = format!("the step `{}` is armed until itself", until.get_ref());
                reader.error(until.span(), message).hint =
                    Some("what takes effect at once is not armed: leave it out".to_owned());
            }
            Some(active) if *active < at => {
                let message = format!(
                    "`{}` activates this, but stands further up",
                    until.get_ref()
                );
                let problem = reader.error(until.span(), message);
                problem.hint = Some("steps run in the order of the file: move one of them".into());
                if let Some(id) = &steps[*active].id {
                    problem.also.push((id.span(), "it stands".to_owned()));
                }
            }
            Some(active) => {
                changes(reader, step, until);
                machines(reader, step, &steps[*active], until);
            }
        }
    }
}

fn changes(reader: &mut Reader, step: &StepDraft, until: &Text) {
    let Some(action) = &step.action else { return };
    if matches!(action.performer(), Performer::Watch | Performer::Nobody) {
        let message = format!("`{}` changes nothing that could be armed", action.kind());
        reader.error(until.span(), message).hint =
            Some("say it at the step that writes the change".to_owned());
    }
}

fn machines(reader: &mut Reader, step: &StepDraft, active: &StepDraft, until: &Text) {
    let places = |step: &StepDraft| -> BTreeSet<String> {
        match step.on.is_empty() {
            true => BTreeSet::from(["bastion".to_owned()]),
            false => step.on.iter().map(|host| host.get_ref().clone()).collect(),
        }
    };
    let (here, there) = (places(step), places(active));
    let left: Vec<String> = (here.difference(&there))
        .map(|host| format!("`{host}`"))
        .collect();
    let left_out = left.join(", ");
    if left.len() == here.len() {
        let message = format!("`{}` does not work on {left_out}", until.get_ref());
        reader.error(until.span(), message).hint =
            Some("a change is activated on the machine that has it".to_owned());
    } else if !left.is_empty() {
        let message = format!("what this writes on {left_out} is not activated");
        reader.warning(until.span(), message).hint =
            Some(format!("`{}` works on fewer machines", until.get_ref()));
    }
}

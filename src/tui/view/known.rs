//! What is certain of a step at its gate, what was computed and when, and what nobody can know.

use super::Cx;
use super::page::Page;
use crate::clock::Timestamp;
use crate::kinds::{Exhibit, Proposal};
use crate::run::{CERTAIN, OPEN, PlannedStep, StepAt, StepState, computed};
use crate::tui::look::Tone;

/// When machines were asked, as it follows on "computed from the machine".
pub(super) fn at(cx: &Cx<'_>, when: Timestamp) -> String {
    format!("at {}", cx.clock(when, true))
}

/// What nobody can know before the step, or its undo, was done; none but at its gate.
pub(super) fn open(planned: &PlannedStep, state: &StepState) -> Option<String> {
    let shown = state
        .shown
        .as_ref()
        .filter(|_| state.at == StepAt::AtGate)?;
    let proposals: Vec<&Proposal> = shown.lanes.iter().map(|lane| &lane.proposal).collect();
    planned.open(state.way, &proposals, !state.proofs(planned).is_empty())
}

/// The three in a line each, below what is needed to decide.
pub(super) fn put(cx: &Cx<'_>, page: &mut Page<'_>, planned: &PlannedStep, state: &StepState) {
    let Some(shown) = state.shown.as_ref().filter(|_| state.at == StepAt::AtGate) else {
        return;
    };
    let Some(open) = open(planned, state) else {
        return;
    };
    let mut certain: Vec<&str> = Vec::new();
    let mut found: Vec<&str> = Vec::new();
    for exhibit in shown.lanes.iter().flat_map(|lane| &lane.proposal.exhibits) {
        let (list, what) = match exhibit {
            Exhibit::Text { .. } => (&mut certain, "what is to be done"),
            Exhibit::Command { .. } => (&mut certain, "the command"),
            Exhibit::Diff { .. } => (&mut found, "the change"),
            Exhibit::Finding { label, .. } if exhibit.is_certain() => {
                (&mut certain, label.as_str())
            }
            Exhibit::Finding { label, .. } => (&mut found, label.as_str()),
            Exhibit::Warning { .. } => (&mut found, "the warning"),
            Exhibit::Choice { .. } => continue,
        };
        if !list.contains(&what) {
            list.push(what);
        }
    }
    if !shown.before.is_empty() {
        found.push("what the proof says now");
    }
    page.gap();
    if !certain.is_empty() {
        page.labelled(
            "known",
            &format!("{CERTAIN}: {}", certain.join(", ")),
            Tone::Quiet,
        );
    }
    if !found.is_empty() {
        let text = format!("{}: {}", computed(&at(cx, shown.at)), found.join(", "));
        page.labelled("", &text, Tone::Quiet);
    }
    page.labelled("", &format!("{OPEN}: {open}"), Tone::Quiet);
}

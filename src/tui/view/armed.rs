//! What is written and not yet in effect.

use super::Cx;
use super::page::Page;
use crate::run::{Effect, PlannedStep, Run, StepState};
use crate::tui::attention;
use crate::tui::look::{Signs, Tone};
use crate::tui::say;

/// The sign, the word and the tone of a step, which may have written what is not yet in effect, or wait for a person in the
/// middle of what it does.
pub(in crate::tui) fn stands(
    run: &Run,
    number: usize,
    state: &StepState,
    signs: &Signs,
) -> (&'static str, &'static str, Tone) {
    match run.armed(number).map(|armed| armed.effect) {
        Some(Effect::Armed) if state.is_settled() => (signs.armed, "armed", Tone::Care),
        Some(Effect::Open) if state.is_settled() => (signs.armed, "armed?", Tone::Care),
        _ if attention::is_with_a_person(run, number) => (signs.gate, "your turn", Tone::Strong),
        _ => say::state(state, signs),
    }
}

/// How far the change of a step has come, and what it puts into effect itself.
pub(super) fn put(cx: &Cx<'_>, page: &mut Page<'_>, number: usize, planned: &PlannedStep) {
    let run = &cx.app.folded.run;
    match run.armed(number) {
        Some(armed) => {
            let (text, tone) = match armed.effect {
                Effect::Since(Some(at)) => {
                    let at = cx.clock(at, false);
                    (format!("{} since {at}", armed.says), Tone::Plain)
                }
                Effect::Since(None) | Effect::Never => (armed.says, Tone::Plain),
                Effect::Armed | Effect::Open => (armed.says, Tone::Care),
            };
            page.labelled("effect", &text, tone);
        }
        None => {
            let until = planned.armed_until.as_ref();
            let by = until.and_then(|until| run.step(until));
            if let Some((by, step, _)) = by {
                let text = format!(
                    "written here, takes effect with step {} ({})",
                    by + 1,
                    step.id
                );
                page.labelled("effect", &text, Tone::Plain);
            }
        }
    }
    for other in run.activates(&planned.id) {
        if let Some(step) = run.planned(other) {
            let text = format!("puts step {} into effect: {}", other + 1, step.title);
            page.labelled("effect", &text, Tone::Plain);
        }
    }
}

/// What is still armed when a run ends, so that nobody can overlook it.
pub(super) fn at_the_end(cx: &Cx<'_>, page: &mut Page<'_>) {
    let run = &cx.app.folded.run;
    let mut all = run.still_armed().peekable();
    if all.peek().is_none() {
        return;
    }
    page.gap();
    page.own(
        "NOT ALL IS IN EFFECT. This is written and armed:",
        Tone::Bad,
    );
    for armed in all {
        let title = run
            .planned(armed.number)
            .map_or("", |step| step.title.as_str());
        let text = format!("{} {title}: {}", armed.number + 1, armed.says);
        page.labelled("ARMED", &text, Tone::Bad);
    }
}

//! The end: what came of it, what a reviewer should look at, and the hash for the ticket.

use ratatui::text::Line;

use super::Cx;
use super::page::Page;
use crate::run::{Done, Ending, StepAt};
use crate::tui::keys::Action;
use crate::tui::look::Tone;
use crate::tui::say;

/// The lines of a run in which nothing is left to do, or that has ended.
pub(super) fn lines(cx: &Cx<'_>, width: usize) -> Vec<Line<'static>> {
    let run = &cx.app.folded.run;
    let mut page = Page::new(cx, width);
    let Some(plan) = &run.plan else {
        page.own("Waiting for the run.", Tone::Quiet);
        return page.lines;
    };
    match &run.ending {
        None => {
            page.own("Every step is done or was skipped.", Tone::Strong);
            let until = match run.undo_next() {
                Some(_) => "taken back",
                None => "looked at",
            };
            let how = cx.app.how(Action::Finish);
            page.own(
                &format!("{how} ends the run. Until then steps can still be {until}."),
                Tone::Plain,
            );
        }
        Some(Ending::Finished) => page.own("The run is finished.", Tone::Strong),
        Some(Ending::EndedEarly { reason }) => {
            page.own("The run was ended before its last step.", Tone::Bad);
            page.labelled("because", reason, Tone::Plain);
        }
    }
    super::armed::at_the_end(cx, &mut page);
    page.gap();
    counts(cx, &mut page);
    if let (Some(from), Some(to)) = (run.opened_at, run.latest_at) {
        let (from_clock, to_clock) = (cx.clock(from, false), cx.clock(to, false));
        let took = say::stopwatch(say::between(from, to));
        page.labelled(
            "time",
            &format!("{took}, from {from_clock} to {to_clock}"),
            Tone::Plain,
        );
    }
    page.gap();
    for (number, (step, state)) in plan.steps.iter().zip(&run.steps).enumerate() {
        let (label, text) = match &state.at {
            StepAt::Skipped { reason } => ("skipped", reason.as_str()),
            StepAt::RuledOut { rule } => ("passed", rule.as_str()),
            StepAt::Done {
                how: Done::Chosen { value },
            } => ("chosen", value.as_str()),
            StepAt::Done {
                how: Done::Attested { note },
            } => ("vouched", note.as_str()),
            StepAt::Done {
                how: Done::Proved { vacuous: true },
            } => ("CARE", "its proof held before it too"),
            StepAt::Stuck { .. } => ("stuck", say::state(state, cx.signs).1),
            _ => continue,
        };
        page.labelled(
            label,
            &format!("{} {}: {text}", number + 1, step.title),
            Tone::Care,
        );
    }
    if run.ending.is_some() {
        page.gap();
        page.own(
            "Paste this into the ticket. Only with it the record can be shown to be whole:",
            Tone::Plain,
        );
        page.text(&cx.app.folded.head, Tone::Strong);
        page.gap();
        if let Some(id) = &run.id {
            page.labelled("report", &format!("runsheet report {id}"), Tone::Plain);
            page.labelled(
                "check",
                &format!("runsheet verify {id} --head HASH"),
                Tone::Plain,
            );
        }
        if !cx.app.options.folder.is_empty() {
            page.labelled("folder", &cx.app.options.folder, Tone::Plain);
        }
    }
    page.lines
}

fn counts(cx: &Cx<'_>, page: &mut Page<'_>) {
    let run = &cx.app.folded.run;
    let words = [
        "proved",
        "was so before",
        "no proof",
        "vouched",
        "chosen",
        "skipped",
        "ruled out",
    ];
    let count = |word: &str| {
        run.steps
            .iter()
            .filter(|state| say::state(state, cx.signs).1 == word)
            .count()
    };
    let mut parts: Vec<String> = words
        .iter()
        .map(|word| (count(word), word))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let open = run.steps.iter().filter(|state| !state.is_settled()).count();
    if open > 0 {
        parts.push(format!("{open} not done"));
    }
    let text = format!(
        "{}: {}",
        say::count(run.steps.len(), "step"),
        parts.join(", ")
    );
    page.labelled("steps", &text, Tone::Plain);
}

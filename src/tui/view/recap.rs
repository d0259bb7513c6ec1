//! What a point of no return makes final, told before it is crossed.

use super::Cx;
use super::page::Page;
use crate::run::{PlannedStep, PlannedUndo, StepState};
use crate::tui::clean;
use crate::tui::look::Tone;
use crate::tui::say;

/// From this height on every step that can still be taken back has a line of its own.
const TALL: usize = 33;

/// How many of them are named where they share lines.
const NAMED: usize = 8;

/// How many have a line of their own.
const LINES: usize = 20;

pub(super) fn put(cx: &Cx<'_>, page: &mut Page<'_>, height: usize) {
    let run = &cx.app.folded.run;
    let back: Vec<(usize, &PlannedStep)> = (run.undo_steps().into_iter())
        .filter_map(|number| Some((number + 1, run.planned(number)?)))
        .collect();
    match (back.len(), height >= TALL) {
        (0, _) => page.own(
            "NO WAY BACK after this. Nothing could be taken back before it either.",
            Tone::Bad,
        ),
        (steps, tall) => {
            let steps = say::count(steps, "step");
            let text =
                format!("NO WAY BACK after this. {steps} can be taken back now, and not after it:");
            page.own(&text, Tone::Bad);
            match tall {
                true => each(page, &back),
                false => named(page, &back),
            }
        }
    }
    page.own(&behind(cx, &run.steps), Tone::Plain);
}

/// The steps in one text, by their ids.
fn named(page: &mut Page<'_>, back: &[(usize, &PlannedStep)]) {
    let names = back.iter().take(NAMED);
    let mut names: Vec<String> = names.map(|(n, step)| format!("{n} {}", step.id)).collect();
    if back.len() > NAMED {
        names.push(format!("and {} more", back.len() - NAMED));
    }
    page.text(&names.join(", "), Tone::Care);
}

/// A line for each step, with what takes it back now and will not any more.
fn each(page: &mut Page<'_>, back: &[(usize, &PlannedStep)]) {
    for (number, step) in back.iter().take(LINES) {
        let undo = match &step.undo {
            PlannedUndo::Action { headline, .. } => clean::line(headline),
            // Not among those that can be taken back.
            PlannedUndo::Never { .. } | PlannedUndo::Nothing { .. } | PlannedUndo::Unsaid => {
                String::new()
            }
        };
        let title = clean::line(&step.title);
        page.labelled(
            &format!("{number:>6}"),
            &format!("{title} (taken back until now by: {undo})"),
            Tone::Care,
        );
    }
    if back.len() > LINES {
        let more = say::count(back.len() - LINES, "more step");
        page.labelled("", &format!("and {more}"), Tone::Care);
    }
}

/// On whose word the steps stand that become final.
fn behind(cx: &Cx<'_>, steps: &[StepState]) -> String {
    let count = |wanted: &str| {
        let is = |state: &&StepState| say::state(state, cx.signs).1 == wanted;
        steps.iter().filter(is).count()
    };
    let mut words = vec![format!("{} proved", count("proved"))];
    let others = [
        "was so before",
        "no proof",
        "vouched",
        "chosen",
        "skipped",
        "ruled out",
    ];
    for (word, number) in others.map(|word| (word, count(word))) {
        if number > 0 {
            words.push(format!("{number} {word}"));
        }
    }
    format!("Behind us: {}.", words.join(" · "))
}

//! Outcomes that could not be known: what their machines say of them, and where that is not what was decided.

use super::Cx;
use super::page::Page;
use crate::names::StepId;
use crate::run::{Doubt, Evidence, LaneAt};
use crate::tui::clean;
use crate::tui::keys::Action;
use crate::tui::look::Tone;
use crate::tui::say;

/// What is known of a step's open outcomes, beyond why they are open.
pub(super) fn put(cx: &Cx<'_>, page: &mut Page<'_>, step: &StepId) {
    let run = &cx.app.folded.run;
    for doubt in run.doubts.values().filter(|doubt| doubt.step == *step) {
        let decided = doubt.decision.map(|decision| {
            format!(
                "Attempt {} on {}: decided that {}. ",
                doubt.attempt,
                doubt.lane,
                say::decision(decision)
            )
        });
        let decided = decided.unwrap_or_default();
        let (text, tone) = match &doubt.says {
            // The line of the unknown lane says it already.
            Some(Evidence::CannotSay { why }) if is_why(cx, doubt, why) => continue,
            Some(says) if doubt.is_contradicted() => {
                let text = format!("{decided}{} says otherwise: {says}.", doubt.machine);
                (text, Tone::Bad)
            }
            Some(says) => {
                let text = format!("{decided}{} says: {says}.", doubt.machine);
                (text, Tone::Plain)
            }
            None if doubt.is_open() => {
                let text = format!(
                    "{decided}{} is asked on, and this is settled by itself if it answers in time.",
                    doubt.machine
                );
                match doubt.decision {
                    None => (text, Tone::Care),
                    Some(_) => continue,
                }
            }
            None => continue,
        };
        page.text(&text, tone);
        if let (Some(Evidence::Running), Some(_)) = (&doubt.says, doubt.stop) {
            page.own("It was asked to end, and has not ended yet.", Tone::Care);
        }
    }
}

fn is_why(cx: &Cx<'_>, doubt: &Doubt, said: &str) -> bool {
    let step = cx.app.folded.run.step(&doubt.step);
    let lane = step.and_then(|(_, _, state)| state.lane(&doubt.lane));
    lane.is_some_and(|lane| matches!(&lane.at, LaneAt::Unknown { why, .. } if why == said))
}

/// One line for each decision that a machine contradicts and that nobody has written anything about since.
pub(super) fn alarms(cx: &Cx<'_>) -> Vec<String> {
    let run = &cx.app.folded.run;
    let shouted = run.doubts.values().filter(|doubt| doubt.is_shouted());
    shouted.map(|doubt| alarm(cx, doubt)).collect()
}

fn alarm(cx: &Cx<'_>, doubt: &Doubt) -> String {
    let number = cx.app.folded.run.step(&doubt.step);
    let number = number.map_or_else(String::new, |(number, _, _)| format!(" {}", number + 1));
    let decided = doubt.decision.map_or("", say::decision);
    let says = doubt.says.as_ref().map(ToString::to_string);
    format!(
        "NOT AS DECIDED · step{number} on {}: {} · {} writes a note · decided: {decided}",
        doubt.lane,
        clean::line(&says.unwrap_or_default()),
        cx.app.how(Action::Note),
    )
}

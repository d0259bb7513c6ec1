//! A stuck step: one sentence why, the evidence, and what is possible, the safe things first.

use super::Cx;
use super::page::Page;
use super::step::Exhibits;
use crate::kinds::Performer;
use crate::probe::Holds;
use crate::run::{LaneAt, PlannedStep, StepAt, StepState, Stuck};
use crate::tui::clean;
use crate::tui::keys::{Action, KEYS, Place};
use crate::tui::look::Tone;
use crate::tui::say;

/// How many lines of output stand as evidence.
const LINES: usize = 4;

pub(super) fn put(cx: &Cx<'_>, page: &mut Page<'_>, exhibits: Exhibits) {
    let Some((_, planned, state)) = cx.app.viewed() else {
        return;
    };
    let StepAt::Stuck { why } = &state.at else {
        return;
    };
    page.text(&sentence(why, planned, state), Tone::Bad);
    for lane in state.lanes.iter().filter(|lane| lane.taking_part) {
        let told = matches!(lane.at, LaneAt::Badly { .. } | LaneAt::Unknown { .. });
        if told || state.lanes.len() > 1 {
            let (words, tone) = say::lane(&lane.at);
            page.text(&format!("{}  {words}", lane.name), tone);
        }
    }
    if exhibits == Exhibits::Here && *why != Stuck::Unproved {
        evidence(cx, page);
    }
    if state.looking {
        page.own("Asking what is true now…", Tone::Quiet);
    }
    page.gap();
    choices(cx, page);
}

/// The last lines that were printed.
fn evidence(cx: &Cx<'_>, page: &mut Page<'_>) {
    let Some(output) = &cx.app.output else { return };
    for line in output.last_lines(LINES) {
        let line = clean::line(&line);
        page.line(vec![
            cx.clean(format!(" {} ", cx.signs.along), Tone::Quiet),
            cx.clean(line, Tone::Plain),
        ]);
    }
}

/// What is possible, from the table of keys, as lines: this is where somebody stops and reads.
fn choices(cx: &Cx<'_>, page: &mut Page<'_>) {
    let is_choice = |action: Action| {
        matches!(
            action,
            Action::Look
                | Action::ProveAgain
                | Action::Retry
                | Action::Settle(_)
                | Action::Attest
                | Action::Skip
                | Action::GoBack
                | Action::End
        )
    };
    let rows = KEYS
        .iter()
        .filter(|row| row.place == Place::Run && is_choice(row.action));
    let mut any = false;
    for row in rows.filter(|row| cx.app.offers(row.action)) {
        any = true;
        page.line(vec![
            cx.span(format!("  {}  ", row.keys[0].name), Tone::Strong),
            cx.span(format!("{:<20} ", row.word), Tone::Plain),
            cx.span(row.help, Tone::Quiet),
        ]);
    }
    if !any {
        page.own("Nothing can be decided from this screen now.", Tone::Care);
    }
}

fn sentence(why: &Stuck, planned: &PlannedStep, state: &StepState) -> String {
    match why {
        Stuck::Obstructed { lane, obstacle } => {
            let hint = obstacle.hint.as_ref().map(|hint| format!(" Try: {hint}."));
            let hint = hint.unwrap_or_default();
            format!(
                "It cannot be said what it would do on {lane}: {}.{hint}",
                obstacle.what
            )
        }
        Stuck::Failed => match planned.performer(state.way) {
            Some(Performer::Watch) => "What it waits for did not come in time.".to_owned(),
            _ => format!("It failed: {}.", bad_lanes(state)),
        },
        Stuck::Stopped => "It was asked to end, and ended before its work was done.".to_owned(),
        Stuck::Unproved => {
            let no = state
                .answers
                .values()
                .filter(|answer| answer.holds != Holds::Yes)
                .count();
            match (no, state.answers.len()) {
                (1, 1) => "It ended well, but its proof does not hold.".to_owned(),
                (1, all) => format!("It ended well, but 1 of its {all} proofs does not hold."),
                (no, all) => format!("It ended well, but {no} of its {all} proofs do not hold."),
            }
        }
        Stuck::Unknown => {
            "OUTCOME UNKNOWN. It may have run, or not, or in part; nobody can tell from here."
                .to_owned()
        }
    }
}

fn bad_lanes(state: &StepState) -> String {
    let bad = state.lanes.iter().filter_map(|lane| {
        let LaneAt::Badly { leg, outcome } = &lane.at else {
            return None;
        };
        let shown = state.proposal(&lane.name);
        let leg = shown.and_then(|shown| shown.proposal.legs.get(usize::from(*leg)));
        let title = leg
            .map(|leg| format!(", while it was to {}", leg.title))
            .unwrap_or_default();
        Some(format!("{} on {}{title}", say::outcome(outcome), lane.name))
    });
    bad.collect::<Vec<_>>().join("; ")
}

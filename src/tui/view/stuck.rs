//! A stuck step: one sentence why, the evidence, and what is possible, the safe things first.

use ratatui::text::Line;

use super::page::Page;
use super::step::Exhibits;
use super::{Cx, doubt, guard, lanes};
use crate::kinds::Performer;
use crate::probe::Holds;
use crate::run::{LaneAt, PlannedStep, StepAt, StepState, Stuck};
use crate::tui::app::Pane;
use crate::tui::clean;
use crate::tui::how::Hands;
use crate::tui::keys::{Action, Binding, KEYS, Place};
use crate::tui::look::Tone;
use crate::tui::say;

/// How many lines of output stand as evidence.
const LINES: usize = 4;

pub(super) fn put(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    (width, height): (usize, usize),
    exhibits: Exhibits,
) {
    let Some((_, planned, state)) = cx.app.viewed() else {
        return;
    };
    let StepAt::Stuck { why } = &state.at else {
        return;
    };
    page.text(&sentence(why, planned, state), Tone::Bad);
    lanes::counts(cx, page, state);
    for lane in lanes::shown(state) {
        // With one lane, the sentence says it already.
        if state.lanes.len() > 1 || matches!(lane.at, LaneAt::Unknown { .. }) {
            let (words, tone) = say::lane(&lane.at);
            page.text(&format!("{}  {words}", lanes::named(lane)), tone);
        }
    }
    guard::put(cx, page, state);
    doubt::put(cx, page, &planned.id);
    let choices = choices(cx, width);
    if exhibits == Exhibits::Here && *why != Stuck::Unproved {
        // What is true now stands above, and what is possible below; the output takes what they leave.
        let proofs = state.proofs(planned).len().min(3) * 2;
        let taken = page.lines.len() + choices.len() + proofs + 5;
        evidence(cx, page, height.saturating_sub(taken).clamp(2, LINES));
    }
    if state.looking {
        page.own("Asking what is true now…", Tone::Quiet);
    }
    // In lines, what is possible is the question that follows.
    if cx.app.hands == Hands::Keys {
        page.gap();
        page.lines.extend(choices);
    }
}

/// The last lines that were printed.
fn evidence(cx: &Cx<'_>, page: &mut Page<'_>, most: usize) {
    let Some(output) = &cx.app.output else { return };
    for line in output.last_lines(most) {
        let line = clean::line(&line);
        page.line(vec![
            cx.clean(format!(" {} ", cx.signs.along), Tone::Quiet),
            cx.clean(line, Tone::Plain),
        ]);
    }
}

/// Whether a key stands among the choices of a stuck step, and so not in the footer.
pub(super) fn is_choice(cx: &Cx<'_>, action: Action) -> bool {
    let stuck = cx.app.is_here()
        && (cx.app.pane == Pane::Step || cx.app.wide)
        && cx
            .app
            .viewed()
            .is_some_and(|(_, _, state)| matches!(state.at, StepAt::Stuck { .. }));
    stuck
        && matches!(
            action,
            Action::Look
                | Action::ProveAgain
                | Action::Retry
                | Action::Settle(_)
                | Action::Attest
                | Action::Skip
                | Action::GoBack
                | Action::StopLeft
                | Action::DropBack
                | Action::End
        )
}

/// What is possible, from the table of keys: with a sentence each where there is room, else in two columns.
fn choices(cx: &Cx<'_>, width: usize) -> Vec<Line<'static>> {
    let rows: Vec<_> = KEYS
        .iter()
        .filter(|row| {
            row.place == Place::Run && is_choice(cx, row.action) && cx.app.offers(row.action)
        })
        .collect();
    if rows.is_empty() {
        let text = " Nothing can be decided from this screen now.";
        return vec![Line::from(cx.span(text, Tone::Care))];
    }
    let key = |row: &Binding| {
        cx.span(
            format!(" {} ", row.keys.first().map_or("", |key| key.name)),
            Tone::Strong,
        )
    };
    if width >= 70 {
        let line = |row: &&Binding| {
            let word = clean::exactly(&cx.look.own(row.word), 22, "");
            Line::from(vec![
                key(row),
                cx.span(word, Tone::Plain),
                cx.span(row.help, Tone::Quiet),
            ])
        };
        return rows.iter().map(line).collect();
    }
    let half = rows.len().div_ceil(2);
    let column = (width / 2).saturating_sub(4);
    let line = |number: usize| {
        let mut spans = Vec::new();
        for row in [rows.get(number), rows.get(number + half)]
            .into_iter()
            .flatten()
        {
            spans.push(key(row));
            spans.push(cx.clean(
                clean::exactly(&cx.look.own(row.word), column, ""),
                Tone::Plain,
            ));
        }
        Line::from(spans)
    };
    (0..half).map(line).collect()
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
            _ => format!("It failed: {}.", lanes::bad(state)),
        },
        Stuck::Stopped => match planned.performer(state.way) {
            Some(Performer::Person) => "It was given up before anybody said that it is done.",
            Some(Performer::Watch) => "The wait was given up before what it waits for came.",
            _ => "It was asked to end, and ended before its work was done.",
        }
        .to_owned(),
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

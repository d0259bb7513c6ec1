//! What runs exactly: commands, diffs, findings and warnings of what was shown.

use std::collections::HashMap;

use ratatui::text::Line;

use super::page::Page;
use super::{Cx, known, sides};
use crate::clock::Timestamp;
use crate::kinds::{Exhibit, Performer};
use crate::names::MachineName;
use crate::run::{
    CERTAIN, LaneShown, OPEN, PlannedStep, PlannedUndo, StepState, Way, computed, sorted,
};
use crate::tui::clean;
use crate::tui::look::Tone;

/// Commands of more lines than this stand in full below everything else of a step, and are only named above,
/// so that proof and way back can be read beside them without scrolling.
const LONG: usize = 12;

/// Of more lanes than this that do the same with other values, the first stands for all.
const FEW: usize = 4;

/// Where commands of many lines stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Long {
    /// In their place.
    InPlace,
    /// Below, by [`in_full`].
    Below,
}

/// The exhibits as a page of their own, for the column beside the step.
pub(super) fn page(cx: &Cx<'_>, width: usize) -> Vec<Line<'static>> {
    let mut page = Page::new(cx, width);
    if let Some((_, planned, state)) = cx.app.viewed() {
        let title = if state.shown.is_some() {
            "What is done exactly"
        } else {
            "What will be done"
        };
        page.own(title, Tone::Strong);
        page.gap();
        put(cx, &mut page, planned, state, Long::InPlace);
    }
    page.lines
}

/// Whether a diff is among them.
pub(super) fn has_a_diff(cx: &Cx<'_>) -> bool {
    let shown = cx
        .app
        .viewed()
        .and_then(|(_, _, state)| state.shown.as_ref());
    let mut lanes = shown.into_iter().flat_map(|shown| &shown.lanes);
    lanes.any(|lane| {
        let mut exhibits = lane.proposal.exhibits.iter();
        exhibits.any(|exhibit| matches!(exhibit, Exhibit::Diff { .. }))
    })
}

/// Puts the exhibits of a step on a page; before anything was shown, the one line of the plan.
pub(super) fn put(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    planned: &PlannedStep,
    state: &StepState,
    long: Long,
) {
    let Some(shown) = &state.shown else {
        let (label, text) = match (&planned.undo, state.way) {
            (PlannedUndo::Action { headline, .. }, Way::Back) => ("undoes", headline.as_str()),
            _ => ("does", planned.headline.as_str()),
        };
        page.labelled(label, text, Tone::Plain);
        // The plan keeps one line of a step, so that a record stays readable.
        if text.ends_with('…') {
            let rest = "in full at its gate; before that, `runsheet plan` shows it";
            page.labelled("", rest, Tone::Quiet);
        }
        return;
    };
    let person = planned.performer(state.way) == Some(Performer::Person);
    let items = state.lanes.iter();
    let items = items.filter_map(|lane| Some((&lane.name, lane.item.as_ref()?)));
    let items: HashMap<&MachineName, &String> = items.collect();
    for (number, lane) in shown.lanes.iter().enumerate() {
        if shown.lanes.len() > 1 {
            let item = items.get(&lane.lane).map(|item| format!("  {item}"));
            let item = item.unwrap_or_default();
            let first = shown
                .lanes
                .first()
                .filter(|_| number > 0 && shown.lanes.len() > FEW);
            if first.is_some_and(|first| differs_in_values_only(first, lane)) {
                let text = format!("{}{item}: the same", lane.lane);
                page.labelled("on", &text, Tone::Strong);
                continue;
            }
            if number > 0 {
                page.gap();
            }
            page.labelled(
                "on",
                &format!("{}{item}", label(cx, &lane.lane)),
                Tone::Strong,
            );
        }
        one_lane(cx, page, (lane, shown.at), (person, long));
    }
    if let (Long::InPlace, Some(open)) = (long, known::open(planned, state)) {
        page.own(&format!("· {OPEN}: {open}"), Tone::Quiet);
    }
}

/// Whether what one lane does is what another does, with other values on another machine.
fn differs_in_values_only(one: &LaneShown, other: &LaneShown) -> bool {
    let same = |pair: (&Exhibit, &Exhibit)| match pair {
        (
            Exhibit::Command { text, env, .. },
            Exhibit::Command {
                text: t, env: e, ..
            },
        ) => text == t && env.iter().map(|v| &v.0).eq(e.iter().map(|v| &v.0)),
        (one, other) => one == other,
    };
    let (one, other) = (&one.proposal, &other.proposal);
    one.already == other.already
        && one.exhibits.len() == other.exhibits.len()
        && one.exhibits.iter().zip(&other.exhibits).all(same)
}

/// Puts the commands in full that [`put`] only named.
pub(super) fn in_full(cx: &Cx<'_>, page: &mut Page<'_>, state: &StepState) {
    let lanes = state
        .shown
        .iter()
        .flat_map(|shown| shown.lanes.iter().enumerate());
    let first = state.shown.as_ref().and_then(|shown| shown.lanes.first());
    for (number, lane) in lanes {
        if number >= FEW && first.is_some_and(|first| differs_in_values_only(first, lane)) {
            continue;
        }
        for exhibit in &lane.proposal.exhibits {
            if let Exhibit::Command { at, text, env } = exhibit
                && is_long(text)
            {
                page.gap();
                command(cx, page, (at, &lane.lane), (text, env));
            }
        }
    }
}

fn is_long(text: &str) -> bool {
    text.lines().count() > LONG
}

fn command(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    (at, lane): (&MachineName, &MachineName),
    (text, env): (&str, &[(String, String)]),
) {
    page.labelled("runs", text, Tone::Strong);
    elsewhere(cx, page, at, lane);
    for (name, value) in env {
        page.labelled("", &format!("with {name}={value}"), Tone::Quiet);
    }
}

fn one_lane(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    (shown, when): (&LaneShown, Timestamp),
    (person, long): (bool, Long),
) {
    if let Some(already) = &shown.proposal.already {
        page.labelled("already", &format!("{already}; nothing runs"), Tone::Good);
    }
    let (certain, rest) = sorted(&shown.proposal.exhibits);
    for (number, exhibit) in certain.iter().chain(&rest).enumerate() {
        // Beside the step there is room for what they are; in its own lines `known` says it at the end.
        let heading = match number {
            0 if !certain.is_empty() => Some(CERTAIN.to_owned()),
            number if number == certain.len() => Some(computed(&known::at(cx, when))),
            _ => None,
        };
        if let (Some(heading), Long::InPlace) = (heading, long)
            && !matches!(exhibit, Exhibit::Choice { .. })
        {
            page.own(&format!("· {heading}"), Tone::Quiet);
        }
        match exhibit {
            Exhibit::Text { text } if person => page.labelled("do", text, Tone::Plain),
            Exhibit::Text { text } => page.text(text, Tone::Plain),
            Exhibit::Command { at, text, .. } if long == Long::Below && is_long(text) => {
                let first = text.lines().find(|line| !line.trim().is_empty());
                page.labelled("runs", first.unwrap_or_default(), Tone::Strong);
                elsewhere(cx, page, at, &shown.lane);
                let lines = text.lines().count();
                page.labelled("", &format!("({lines} lines, in full below)"), Tone::Quiet);
            }
            Exhibit::Command { at, text, env } => {
                command(cx, page, (at, &shown.lane), (text, env));
            }
            Exhibit::Diff { at, path, unified } => {
                page.labelled("changes", path, Tone::Strong);
                elsewhere(cx, page, at, &shown.lane);
                if !sides::put(cx, page, body_of(unified)) {
                    for line in body_of(unified) {
                        page.labelled("", line, diff_tone(line));
                    }
                }
            }
            Exhibit::Finding { label, text } => {
                let short = clean::fit(&clean::line(label), 7, "");
                if short == *label {
                    page.labelled(label, text, Tone::Plain);
                } else {
                    page.labelled("found", &format!("{label}: {text}"), Tone::Plain);
                }
            }
            Exhibit::Warning { text } => page.labelled("CARE", text, Tone::Care),
            Exhibit::Choice { ask, options } => {
                page.labelled("choose", ask, Tone::Strong);
                for (number, option) in (1..).zip(options) {
                    let title = format!("{} ({})", option.title, option.value);
                    page.labelled(&number.to_string(), &title, Tone::Strong);
                    page.labelled("", &option.means, Tone::Plain);
                }
            }
        }
    }
}

/// Says where, if it is not where the step is.
fn elsewhere(cx: &Cx<'_>, page: &mut Page<'_>, at: &MachineName, lane: &MachineName) {
    if *at != lane.machine() {
        page.labelled("", &format!("on {}", label(cx, at)), Tone::Care);
    }
}

/// The lines of a unified diff without the two at its top that only repeat the file's name.
fn body_of(unified: &str) -> impl Iterator<Item = &str> {
    let lines = unified.trim_end_matches('\n').split('\n').enumerate();
    let names = |number: usize, line: &str| match number {
        0 => line.starts_with("--- "),
        1 => line.starts_with("+++ "),
        _ => false,
    };
    lines
        .filter(move |(number, line)| !names(*number, line))
        .map(|(_, line)| line)
}

/// The tone of a line of a unified diff. Its first character says the same without colour.
fn diff_tone(line: &str) -> Tone {
    match line.as_bytes().first() {
        Some(b'@') => Tone::Quiet,
        Some(b'+') => Tone::Added,
        Some(b'-') => Tone::Removed,
        _ => Tone::Plain,
    }
}

/// A machine by its name, and by what the operator calls it where that differs.
pub(super) fn label(cx: &Cx<'_>, machine: &MachineName) -> String {
    match cx
        .app
        .folded
        .run
        .plan
        .as_ref()
        .map(|plan| plan.label(&machine.machine()).to_owned())
    {
        Some(label) if label != machine.machine().as_str() => {
            format!("{machine} ({})", clean::line(&label))
        }
        _ => machine.to_string(),
    }
}

//! The lanes of a step: each by its name and its item, and of many those that want to be looked at.

use super::page::Page;
use super::{Cx, exhibits};
use crate::run::{Lane, LaneAt, PlannedStep, StepState};
use crate::runbook::{ForEach, Items};
use crate::tui::clean;
use crate::tui::look::Tone;
use crate::tui::say;

/// A step of more lanes than this shows those that want to be looked at, and counts the rest.
const MANY: usize = 8;

/// A lane's name, with its item where it has one.
pub(super) fn named(lane: &Lane) -> String {
    match &lane.item {
        Some(item) => format!("{}  {}", lane.name, clean::line(item)),
        None => lane.name.to_string(),
    }
}

/// Puts how many lanes stand where, of a step that has many.
pub(super) fn counts(cx: &Cx<'_>, page: &mut Page<'_>, state: &StepState) {
    let lanes: Vec<&Lane> = state.lanes.iter().filter(|lane| lane.taking_part).collect();
    if lanes.len() <= MANY {
        return;
    }
    let count = |is: fn(&LaneAt) -> bool| lanes.iter().filter(|lane| is(&lane.at)).count();
    let counts = [
        (
            count(|at| matches!(at, LaneAt::Running { .. } | LaneAt::Between { .. })),
            "running",
        ),
        (count(|at| matches!(at, LaneAt::Well { .. })), "ended well"),
        (count(|at| matches!(at, LaneAt::Badly { .. })), "failed"),
        (count(|at| matches!(at, LaneAt::Unknown { .. })), "unknown"),
        (count(|at| matches!(at, LaneAt::Idle)), "not begun"),
    ];
    let parts = counts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let text = format!("{} lanes: {}", lanes.len(), parts.join(", "));
    page.text(&cx.look.own(&text), Tone::Plain);
}

/// The lanes of this attempt that are shown: all of a few, and of many those that run or came to no good end.
pub(super) fn shown(state: &StepState) -> Vec<&Lane> {
    let lanes: Vec<&Lane> = state.lanes.iter().filter(|lane| lane.taking_part).collect();
    if lanes.len() <= MANY {
        return lanes;
    }
    let place = |lane: &&Lane| match lane.at {
        LaneAt::Unknown { .. } => 0,
        LaneAt::Badly { .. } => 1,
        LaneAt::Running { .. } => 2,
        LaneAt::Between { .. } => 3,
        LaneAt::Well { .. } | LaneAt::Idle => 4,
    };
    let mut wanted: Vec<&Lane> = lanes.into_iter().filter(|lane| place(lane) < 4).collect();
    wanted.sort_by_key(place);
    wanted.truncate(MANY);
    wanted
}

/// How the first lanes that came to no good end did so, in a sentence.
pub(super) fn bad(state: &StepState) -> String {
    let bad = || {
        let lanes = state.lanes.iter().filter(|lane| lane.taking_part);
        lanes.filter(|lane| matches!(lane.at, LaneAt::Badly { .. }))
    };
    let more = bad().count().saturating_sub(MANY);
    let told = bad().take(MANY).filter_map(|lane| {
        let LaneAt::Badly { leg, outcome } = &lane.at else {
            return None;
        };
        let shown = state.proposal(&lane.name);
        let leg = shown.and_then(|shown| shown.proposal.legs.get(usize::from(*leg)));
        let title = leg.map(|leg| format!(" ({})", leg.title));
        let title = title.unwrap_or_default();
        if let Some(fired) = state.guard_fired(&lane.name) {
            return Some(format!("{fired}, on {}", lane.name));
        }
        Some(format!("{} on {}{title}", say::outcome(outcome), lane.name))
    });
    let mut told: Vec<String> = told.collect();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told.join("; ")
}

/// Where a step runs, in few words.
pub(super) fn place(cx: &Cx<'_>, planned: &PlannedStep, state: &StepState) -> String {
    let places: Vec<String> = match planned.lanes.len() {
        0..=2 => planned
            .lanes
            .iter()
            .map(|lane| exhibits::label(cx, lane))
            .collect(),
        lanes => vec![format!("{lanes} machines")],
    };
    match (&planned.choice, &planned.for_each) {
        (Some(_), _) => "touches no machine".to_owned(),
        (None, Some(each)) => {
            let on = places.join(" and ");
            format!("on {on}, for each {}{}", each.name, how_many(each, state))
        }
        (None, None) => format!("on {}", places.join(" and ")),
    }
}

/// How many items there are, once that is known.
fn how_many(each: &ForEach, state: &StepState) -> String {
    let known = state
        .lanes
        .iter()
        .filter(|lane| lane.item.is_some())
        .count();
    match (known, &each.items) {
        (0, Items::Listed { items }) => format!(" of {}", items.len()),
        (0, Items::Captured { list }) => format!(" of {list}"),
        (lanes, _) => format!(", {}", say::count(lanes, "lane")),
    }
}

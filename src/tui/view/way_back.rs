//! How far back undo reaches, how long that would take, and until when it fits into the window.

use super::Cx;
use super::page::Page;
use crate::run::{Length, PlannedStep, PlannedUndo, UndoLimit};
use crate::tui::look::Tone;
use crate::tui::say;

/// How long before the latest start of the way back it is told with care, in seconds.
const NEAR: i64 = 900;

/// How far back undo reaches, in words; the longest first, for where they fit.
pub(super) fn words(limit: &UndoLimit) -> [String; 4] {
    let stopped = limit.stopped_by.filter(|step| Some(*step) != limit.crossed);
    let reach = match (limit.steps, limit.crossed, stopped) {
        (0, _, Some(step)) => format!("no way back: step {step} cannot be taken back"),
        (0, Some(step), None) => format!("no way back: crossed at step {step}"),
        (0, None, None) => "nothing to take back".to_owned(),
        (steps, ..) => format!("undo {}{}", say::count(steps, "step"), time(limit.length)),
    };
    let wall = limit.stopped_by.filter(|_| limit.steps > 0);
    let wall = wall.map_or(String::new(), |step| format!(", not past step {step}"));
    let ahead = |what: &str| {
        let closes = limit.closes_at;
        closes.map_or(String::new(), |step| {
            format!(" · no way back after {what}{step}")
        })
    };
    // The point of no return ahead is what a person must see coming; what is behind is told where there is room.
    [
        format!("{reach}{wall}{}", ahead("step ")),
        format!("{reach}{}", ahead("step ")),
        format!("{reach}{}", ahead("")),
        reach,
    ]
}

/// About how long it takes, behind a comma; empty where nothing is known.
fn time(length: Length) -> String {
    match (length.is_unknown(), length.unknown) {
        (true, _) => String::new(),
        (false, 0) => format!(", ~{}", say::about(length.seconds)),
        (false, _) => format!(", at least {}", say::about(length.seconds)),
    }
}

/// When the way back must be begun, in full and shorter, and how loud that is to be said; none where that is no question.
pub(super) fn deadline(cx: &Cx<'_>) -> Option<([String; 2], Tone)> {
    let deadline = cx.app.folded.run.latest_return()?;
    let left = deadline.latest.as_second() - cx.now.as_second();
    let latest = cx.clock(deadline.latest, false);
    // What is known is the least that it takes, so the time is the most that can be said.
    let before = if deadline.length.unknown > 0 {
        "before "
    } else {
        ""
    };
    let start = format!("latest start of the way back {before}{latest}");
    Some(match left {
        NEAR.. => ([start.clone(), start], Tone::Plain),
        0..NEAR => {
            let left = match left {
                90.. => say::hours(left),
                left => say::about(left.unsigned_abs()),
            };
            ([format!("{start}, {left} from now"), start], Tone::Care)
        }
        ..0 => {
            let takes = time(deadline.length);
            let takes = takes.trim_start_matches(", ");
            let window = say::between(cx.now, deadline.closes);
            let window = match window {
                0 => "over".to_owned(),
                left => format!("{} left", say::hours(left)),
            };
            let short = format!("the way back ({takes}) no longer fits");
            (
                [format!("{short} into the window ({window})"), short],
                Tone::Bad,
            )
        }
    })
}

/// What takes a step back, or why nothing does.
pub(super) fn undo(page: &mut Page<'_>, planned: &PlannedStep) {
    match &planned.undo {
        PlannedUndo::Action { headline, .. } => page.labelled("undo", headline, Tone::Plain),
        PlannedUndo::Never { reason } => {
            page.labelled("undo", &format!("none: {reason}"), Tone::Care)
        }
        PlannedUndo::Nothing { reason } => {
            page.labelled("undo", &format!("not needed: {reason}"), Tone::Plain)
        }
        PlannedUndo::Unsaid => page.labelled("undo", "none written down", Tone::Quiet),
    }
}

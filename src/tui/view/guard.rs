//! The guard of a change: how long it waits, and that nobody has kept the change yet.

use super::Cx;
use super::page::Page;
use crate::run::{Guard, StepState};
use crate::tui::keys::Action;
use crate::tui::look::Tone;
use crate::tui::say;

/// Says what the guards of a step will do, and when. Nothing where it has none.
pub(super) fn put(cx: &Cx<'_>, page: &mut Page<'_>, state: &StepState) {
    let mut waits = false;
    for (lane, guard) in state.guards() {
        let waiting = state.waits_to_be_kept(lane).is_some();
        waits |= waiting;
        if guard.kept.is_some() {
            let text = format!("{lane}: letting go of the guard, over a new connection.");
            page.text(&text, Tone::Plain);
            continue;
        }
        if waiting {
            let text = format!("{lane}: the change is there, and nobody has kept it yet.");
            page.text(&text, Tone::Strong);
        }
        let tone = if waiting { Tone::Care } else { Tone::Plain };
        page.text(&format!("{lane} {}", fires(cx, guard)), tone);
    }
    if state.looking && waits {
        page.own("Asking what is true now…", Tone::Quiet);
    }
    if cx.app.offers(Action::Keep) {
        let how = cx.app.how(Action::Keep);
        page.own(&format!("{how} keeps the change."), Tone::Strong);
    }
}

/// When it takes the step back, as far as can be said from here.
fn fires(cx: &Cx<'_>, guard: &Guard) -> String {
    let at = cx.clock(guard.until, true);
    match say::between(cx.now, guard.until) {
        left if left > 0 => format!(
            "takes it back by itself in {}, at {at}, unless it is kept.",
            say::stopwatch(left)
        ),
        _ => format!(
            "was to take it back by itself at {at}. Whoever keeps it is told whether it has."
        ),
    }
}

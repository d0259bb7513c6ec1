//! What was found on the machines before the run: a page of its own, and a line where a run begins with trouble.

use ratatui::text::Line;

use super::Cx;
use super::page::Page;
use crate::report::preflight_in_short;
use crate::run::{Check, Level};
use crate::tui::how::Hands;
use crate::tui::keys::Action;
use crate::tui::look::Tone;

/// The page: machine by machine in the order of the plan, what needs a look before what is as it should be.
pub(super) fn machines(cx: &Cx<'_>, width: usize) -> Vec<Line<'static>> {
    let run = &cx.app.folded.run;
    let mut page = Page::new(cx, width);
    page.text(&in_short(&run.preflight), Tone::Strong);
    let mut named: Vec<&Check> = Vec::new();
    for check in &run.preflight {
        if named.iter().all(|known| known.machine != check.machine) {
            named.push(check);
        }
    }
    for first in named {
        let machine = &first.machine;
        page.gap();
        let label = run
            .plan
            .as_ref()
            .map_or(machine.as_str(), |plan| plan.label(machine));
        let title = match label == machine.as_str() {
            true => machine.to_string(),
            false => format!("{machine} ({label})"),
        };
        page.text(&title, Tone::Strong);
        let mut found: Vec<&Check> = run
            .preflight
            .iter()
            .filter(|check| check.machine == *machine)
            .collect();
        found.sort_by_key(|check| std::cmp::Reverse(check.level));
        for check in found {
            let (sign, tone) = match check.level {
                Level::Ok => (cx.signs.yes, Tone::Plain),
                Level::Warning => (cx.signs.unknown, Tone::Care),
                Level::Problem => (cx.signs.no, Tone::Bad),
            };
            // In lines the word is enough.
            let sign = match cx.app.hands {
                Hands::Keys => sign,
                Hands::Lines => "",
            };
            // Told by a word as well as by a sign and a colour.
            let word = match check.level {
                Level::Ok => String::new(),
                level => format!("{}: ", level.word()),
            };
            page.labelled(
                sign,
                &format!("{word}{}: {}", check.about, check.says),
                tone,
            );
            if let Some(hint) = &check.hint {
                page.labelled("", &format!("try: {hint}"), Tone::Quiet);
            }
        }
    }
    page.lines
}

/// Says at a gate that the machines had trouble before the run, for as long as nothing was started.
pub(super) fn at_the_beginning(cx: &Cx<'_>, page: &mut Page<'_>) {
    let run = &cx.app.folded.run;
    let worst = run.preflight.iter().map(|check| check.level).max();
    if run.tokens.is_empty() && worst.is_some_and(|worst| worst > Level::Ok) {
        let how = cx.app.how(Action::Machines);
        let text = format!("{}; {how} shows it.", in_short(&run.preflight));
        page.text(&text, Tone::Care);
    }
}

fn in_short(checks: &[Check]) -> String {
    let mut text = preflight_in_short(checks);
    // The sentence of the report begins in the middle of one.
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

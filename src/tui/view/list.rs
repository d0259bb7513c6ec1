//! The list of phases and steps.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::Cx;
use crate::run::StepState;
use crate::tui::clean;
use crate::tui::look::Tone;

/// The place of the lines within that of the list: beside its rule, and a blank.
pub(super) fn inside(area: Rect) -> Rect {
    Rect {
        width: area.width.saturating_sub(2),
        ..area
    }
}

/// The lines of the list, around the step that is looked at.
pub(super) fn lines(cx: &Cx<'_>, area: Rect) -> Vec<Line<'static>> {
    rows(cx, area).into_iter().map(|(line, _)| line).collect()
}

/// The step on each line, by its number from 0; none where it is a phase.
pub(super) fn numbers(cx: &Cx<'_>, area: Rect) -> Vec<Option<usize>> {
    rows(cx, area)
        .into_iter()
        .map(|(_, number)| number)
        .collect()
}

fn rows(cx: &Cx<'_>, area: Rect) -> Vec<(Line<'static>, Option<usize>)> {
    let run = &cx.app.folded.run;
    let Some(plan) = &run.plan else {
        return Vec::new();
    };
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let everything = plan.phases.len() + plan.steps.len() <= height;
    let focus = cx.app.viewed().map(|(number, _, _)| number);
    let turn = run.current();
    let in_hand = |number: Option<usize>| {
        number
            .and_then(|n| plan.steps.get(n))
            .map(|step| &step.phase)
    };
    let (focus_phase, turn_phase) = (in_hand(focus), in_hand(turn));
    let mut lines = Vec::new();
    let mut at = 0;
    for phase in &plan.phases {
        let steps: Vec<(usize, &StepState)> = (run.steps.iter().enumerate())
            .filter(|(number, _)| {
                plan.steps
                    .get(*number)
                    .is_some_and(|step| step.phase == phase.id)
            })
            .collect();
        let settled = steps.iter().filter(|(_, state)| state.is_settled()).count();
        let here = turn_phase == Some(&phase.id);
        let (sign, tone) = match () {
            () if here => (cx.signs.open, Tone::Strong),
            () if settled == steps.len() => (cx.signs.proved, Tone::Good),
            () => (cx.signs.waiting, Tone::Plain),
        };
        let count = format!(" {settled}/{}", steps.len());
        let title = clean::exactly(
            &clean::line(&phase.title),
            width.saturating_sub(3 + count.len()),
            cx.signs.more,
        );
        let head = vec![
            cx.clean(format!(" {sign} "), tone),
            cx.clean(title, if here { Tone::Strong } else { Tone::Plain }),
            cx.clean(count, Tone::Quiet),
        ];
        lines.push((Line::from(head), None));
        if !(everything || here || focus_phase == Some(&phase.id)) {
            continue;
        }
        for (number, state) in steps {
            if focus == Some(number) {
                at = lines.len();
            }
            let line = step(cx, width, number, state, focus == Some(number));
            lines.push((line, Some(number)));
        }
    }
    let from = at
        .saturating_sub(height / 2)
        .min(lines.len().saturating_sub(height));
    lines.drain(from..).take(height).collect()
}

fn step(cx: &Cx<'_>, width: usize, number: usize, state: &StepState, focus: bool) -> Line<'static> {
    let title = cx
        .app
        .folded
        .run
        .planned(number)
        .map_or("", |step| step.title.as_str());
    let (sign, word, tone) = super::armed::stands(&cx.app.folded.run, number, state, cx.signs);
    // Where it is narrow, the word stands only where the sign alone could be misread.
    let quiet = matches!(
        word,
        "waiting" | "proved" | "your turn" | "no proof" | "preparing" | "running"
    );
    let word = match width {
        ..30 if quiet => "",
        _ if word == "waiting" => "",
        _ => word,
    };
    let text = clean::exactly(
        &format!("{} {}", number + 1, clean::line(title)),
        width.saturating_sub(4 + if word.is_empty() { 0 } else { word.len() + 1 }),
        cx.signs.more,
    );
    let (text_tone, word_tone) = match focus {
        true => (Tone::Here, Tone::Here),
        false if state.is_settled() || word.is_empty() && tone == Tone::Quiet => {
            (Tone::Plain, tone)
        }
        false => (tone, tone),
    };
    Line::from(vec![
        cx.clean(format!("  {sign} "), tone),
        cx.clean(text, text_tone),
        cx.clean(
            if word.is_empty() {
                String::new()
            } else {
                format!(" {word}")
            },
            word_tone,
        ),
    ])
}

//! The palette: a field, and what its text finds.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::Cx;
use super::dialogs::{framed, width_in};
use super::page::Page;
use crate::tui::clean;
use crate::tui::look::Tone;
use crate::tui::palette::{Aim, Find, Hit};

/// The width of what stands before a hit: a key, or a step's number.
const LABEL: usize = 9;

/// The width of an action's word.
const WORD: usize = 22;

/// The most hits that are shown at once.
const MOST: usize = 16;

pub(super) fn draw(frame: &mut Frame<'_>, cx: &Cx<'_>, find: &Find, room: Rect) {
    let width = width_in(room, 110);
    let hits = cx.app.hits(&find.typed);
    let mut page = Page::new(cx, width - 4);
    page.own("Find a step or an action", Tone::Strong);
    page.line(vec![
        cx.clean(format!(" {} ", cx.signs.prompt), Tone::Strong),
        cx.clean(find.typed.clone(), Tone::Plain),
        cx.clean(" ", Tone::Here),
    ]);
    page.gap();
    let shown = usize::from(room.height).saturating_sub(6).clamp(1, MOST);
    let from = find.at.saturating_sub(shown / 2);
    let from = from.min(hits.len().saturating_sub(shown));
    for (number, hit) in hits.iter().enumerate().skip(from).take(shown) {
        page.lines
            .push(line(cx, hit, number == find.at, width.saturating_sub(4)));
    }
    if hits.is_empty() {
        page.own("Nothing is found by that.", Tone::Care);
    }
    let few = shown.saturating_sub(hits.len().max(1));
    page.lines.extend(std::iter::repeat_n(Line::default(), few));
    framed(frame, cx, page.lines, width, room);
}

fn line(cx: &Cx<'_>, hit: &Hit, here: bool, width: usize) -> Line<'static> {
    let (label, text, right) = match hit.aim {
        Aim::Step(number) => step(cx, number),
        Aim::Do(_) => action(cx, hit),
    };
    let sign = if here { cx.signs.gate } else { " " };
    let room = width.saturating_sub(3 + LABEL);
    let right = clean::fit(&right, room / 2, cx.signs.more);
    let text_room = room.saturating_sub(right.width() + 1);
    let text = clean::exactly(&text, text_room, cx.signs.more);
    let tone = if here { Tone::Here } else { Tone::Plain };
    Line::from(vec![
        cx.clean(format!(" {sign} "), Tone::Strong),
        cx.clean(clean::exactly(&label, LABEL, ""), Tone::Strong),
        cx.clean(text, tone),
        cx.clean(format!(" {right}"), tone),
    ])
}

fn step(cx: &Cx<'_>, number: usize) -> (String, String, String) {
    let run = &cx.app.folded.run;
    let title = run.planned(number).map(|step| clean::line(&step.title));
    let stands = run.steps.get(number);
    let word = stands.map_or("", |state| {
        super::armed::stands(run, number, state, cx.signs).1
    });
    (
        format!("step {}", number + 1),
        title.unwrap_or_default(),
        word.to_owned(),
    )
}

fn action(cx: &Cx<'_>, hit: &Hit) -> (String, String, String) {
    let Some(row) = hit.row else {
        return Default::default();
    };
    let key = row.keys.first().map_or("", |key| key.name);
    let word = clean::exactly(&cx.look.own(row.word), WORD, "");
    let says = match &hit.why_not {
        None => cx.look.own(row.help),
        Some(why_not) => format!("not now: {}", cx.look.own(why_not)),
    };
    (cx.look.own(key), format!("{word} {says}"), String::new())
}

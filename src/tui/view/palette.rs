//! The palette: a field, and what its text finds.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::Cx;
use super::dialogs::{frame_of, framed, line_of, width_in};
use super::page::Page;
use crate::tui::clean;
use crate::tui::look::Tone;
use crate::tui::mouse::Spot;
use crate::tui::palette::{Aim, Find, Hit};

/// The width of what stands before a hit: a key, or a step's number.
const LABEL: usize = 9;

/// The width of an action's word.
const WORD: usize = 22;

/// How many lines stand above the hits.
const HEAD: usize = 3;

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
    debug_assert_eq!(page.lines.len(), HEAD);
    let shown = shown(room);
    let top = top(find, hits.len(), shown);
    for (number, hit) in hits.iter().enumerate().skip(top).take(shown) {
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

/// Where the palette and each hit that is shown stand.
pub(super) fn spots(cx: &Cx<'_>, find: &Find, room: Rect) -> Vec<(Rect, Spot)> {
    let shown = shown(room);
    let size = (HEAD + shown, width_in(room, 110));
    let hits = cx.app.hits(&find.typed);
    let top = top(find, hits.len(), shown);
    let all = (frame_of(size.0, size.1, room), Spot::Palette(top));
    let hits = hits.iter().skip(top).take(shown).enumerate();
    let hits = hits.map(|(row, hit)| (line_of(size, room, HEAD + row), Spot::Hit(hit.aim, top)));
    std::iter::once(all).chain(hits).collect()
}

/// How many hits there is room for.
fn shown(room: Rect) -> usize {
    usize::from(room.height).saturating_sub(6).clamp(1, MOST)
}

/// The hit that stands first, so that the marked one is shown.
fn top(find: &Find, hits: usize, shown: usize) -> usize {
    let top = match find.top {
        Some(top) => top.clamp((find.at + 1).saturating_sub(shown), find.at),
        None => find.at.saturating_sub(shown / 2),
    };
    top.min(hits.saturating_sub(shown))
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

//! Draws the screen from its state, at any size.

mod armed;
mod bar;
mod block;
mod chart;
mod cuts;
mod dialogs;
mod doubt;
mod end;
mod exhibits;
mod footer;
mod guard;
mod header;
mod journal;
mod keyboard;
mod known;
mod lanes;
pub(super) mod lines;
mod list;
mod matches;
mod page;
mod palette;
mod printed;
mod recap;
mod sheet;
mod sides;
mod spots;
mod step;
mod stuck;
mod way_back;

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use unicode_width::UnicodeWidthStr as _;

use crate::clock::Timestamp;

use super::app::{App, Now, Pane};
use super::dialog::Dialog;
use super::look::{Look, Signs, Tone};
#[cfg(test)]
pub(super) use armed::stands;
#[cfg(test)]
pub(super) use dialogs::{PLACES, meanings};
use page::scrolled;

/// Below this nothing can be decided, and only that is said.
const LEAST: (u16, u16) = (40, 10);

/// From this width on, step and output stand side by side.
const WIDE: u16 = 140;

/// What every part of the view needs.
#[derive(Clone, Copy)]
struct Cx<'a> {
    app: &'a App,
    look: Look,
    signs: &'static Signs,
    now: Timestamp,
    /// Since the wizard was started.
    since: Duration,
}

impl<'a> Cx<'a> {
    fn of(app: &'a App, now: Now) -> Self {
        Self {
            app,
            look: app.options.look,
            signs: app.options.look.signs(),
            now: app.wall(now),
            since: now.since,
        }
    }

    fn span(&self, text: impl Into<String>, tone: Tone) -> Span<'static> {
        Span::styled(self.look.own(&text.into()), self.look.style(tone))
    }

    /// A span of untrusted text that was made clean; signs of ours are not turned in it.
    fn clean(&self, text: impl Into<String>, tone: Tone) -> Span<'static> {
        Span::styled(text.into(), self.look.style(tone))
    }

    /// A time of day in the zone of the screen.
    fn clock(&self, at: Timestamp, seconds: bool) -> String {
        let zoned = at.to_zoned(self.app.options.zone.clone());
        let form = if seconds { "%H:%M:%S" } else { "%H:%M" };
        zoned.strftime(form).to_string()
    }
}

/// Where things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Places {
    header: Rect,
    list: Option<Rect>,
    main: Rect,
    /// Beside the step, where the terminal is wide.
    side: Option<Rect>,
    /// Below that, the record's end, where it is tall too.
    record: Option<Rect>,
    rule: Rect,
    footer: Rect,
}

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, app: &mut App, now: Now) {
    draw_all(frame, app, now);
    if app.options.look.unicode {
        return;
    }
    // Our own words are ASCII by then; what others wrote may not be, and would be drawn as something else.
    for cell in &mut frame.buffer_mut().content {
        if !cell.symbol().is_ascii() {
            cell.set_symbol("?");
        }
    }
}

fn draw_all(frame: &mut Frame<'_>, app: &mut App, now: Now) {
    let area = frame.area();
    app.gate_drawn = None;
    app.spots.clear();
    app.wide = area.width >= WIDE;
    app.board.drawn = keyboard::size(app, area);
    if let (Some(size), Some(output)) = (app.board.drawn, &mut app.output) {
        output.resize(size.0, size.1);
    }
    let cx = Cx::of(app, now);
    if app.board.drawn.is_some() {
        keyboard::draw(frame, &cx, area);
        return;
    }
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let said = "terminal too small (need 60x16); the run goes on";
        let lines: Vec<Line<'_>> = super::clean::wrap(said, usize::from(area.width))
            .into_iter()
            .map(Line::raw)
            .collect();
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let header = header::lines(&cx, usize::from(area.width), area.height < 16);
    let footer = footer::lines(&cx, usize::from(area.width));
    let places = places(&cx, area, header.len(), footer.len());
    if let Some(layout) = printed::layout(&cx, &places)
        && let Some(output) = &mut app.output
    {
        output.lay_out(layout);
    }
    let cx = Cx::of(app, now);
    frame.render_widget(Paragraph::new(header), places.header);
    let gate = body(frame, &cx, &places);
    rule(frame, &cx, places.rule);
    frame.render_widget(Paragraph::new(footer), places.footer);
    let covered = app.dialog.is_some();
    let room = dialogs::room(app, &places);
    if let Some(dialog) = &app.dialog {
        dialogs::draw(frame, &cx, dialog, room);
    }
    app.spots = match app.mouse {
        true => spots::of(&cx, &places, room),
        false => Vec::new(),
    };
    app.palette_drawn();
    if gate && !covered && app.is_live() && !app.is_waiting_for_an_answer() {
        app.gate_drawn = app.gate();
    }
}

fn places(cx: &Cx<'_>, area: Rect, header: usize, footer: usize) -> Places {
    let rows = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let footer = rows(footer).clamp(1, 2);
    let header = rows(header).min(area.height.saturating_sub(footer + 4));
    let body = Rect {
        y: area.y + header,
        height: area.height.saturating_sub(header + footer + 1),
        ..area
    };
    let zoomed = cx.app.pane != Pane::Step && area.width < WIDE;
    let list_width = match area.width {
        _ if zoomed => 0,
        // The end has a long line to copy.
        0..100 if cx.app.viewed().is_none() => 0,
        0..70 => 0,
        70..100 => 28,
        100..WIDE => 34,
        _ => 42,
    };
    let side_width = if area.width >= WIDE {
        // Two sides of a diff want some more.
        let share = if exhibits::has_a_diff(cx) { 60 } else { 53 };
        (area.width - list_width) * share / 100
    } else {
        0
    };
    let main_width = area.width - list_width - side_width;
    let side = Rect {
        x: body.x + list_width + main_width,
        width: side_width,
        ..body
    };
    let record = (side_width > 0 && body.height >= 36).then(|| Rect {
        y: side.y + side.height - 14,
        height: 14,
        ..side
    });
    let side = Rect {
        height: side.height - record.map_or(0, |record| record.height),
        ..side
    };
    Places {
        header: Rect {
            height: header,
            ..area
        },
        list: (list_width > 0).then_some(Rect {
            width: list_width,
            ..body
        }),
        main: Rect {
            x: body.x + list_width,
            width: main_width,
            ..body
        },
        side: (side_width > 0).then_some(side),
        record,
        rule: Rect {
            y: body.y + body.height,
            height: 1,
            ..area
        },
        footer: Rect {
            y: body.y + body.height + 1,
            height: footer,
            ..area
        },
    }
}

/// Draws what is between header and footer; tells whether all of an open gate is to be read there.
fn body(frame: &mut Frame<'_>, cx: &Cx<'_>, places: &Places) -> bool {
    if let Some(list) = places.list {
        beside(frame, cx, list, Side::Right);
        let inner = list::inside(list);
        frame.render_widget(Paragraph::new(list::lines(cx, inner)), inner);
    }
    let app = cx.app;
    if let Some(side) = places.side {
        let inner = beside(frame, cx, side, Side::Left);
        let printed = side_is_printed(app);
        match app.pane {
            Pane::Journal => journal::draw(frame, cx, inner),
            Pane::Output | Pane::Step if printed => printed::draw(frame, cx, inner),
            Pane::Output | Pane::Step => {
                let lines = exhibits::page(cx, usize::from(inner.width));
                frame.render_widget(
                    Paragraph::new(scrolled(cx, lines, inner, app.scroll)),
                    inner,
                );
            }
        }
        if let Some(record) = places.record.filter(|_| app.pane != Pane::Journal) {
            let inner = beside(frame, cx, record, Side::Left);
            let top = Rect { height: 1, ..inner };
            frame.render_widget(Paragraph::new(titled(cx, "the record", inner.width)), top);
            let rest = Rect {
                y: inner.y + 1,
                height: inner.height - 1,
                ..inner
            };
            journal::tail(frame, cx, rest, 0);
        }
        let exhibits = match is_at_its_gate(app) && (printed || app.pane == Pane::Journal) {
            true => step::Exhibits::Here,
            false => step::Exhibits::Beside,
        };
        return step::draw(frame, cx, places.main, exhibits);
    }
    match app.pane {
        Pane::Step => step::draw(frame, cx, places.main, step::Exhibits::Here),
        Pane::Output => {
            printed::draw(frame, cx, places.main);
            false
        }
        Pane::Journal => {
            journal::draw(frame, cx, places.main);
            false
        }
    }
}

fn is_at_its_gate(app: &App) -> bool {
    app.is_here() && app.gate().is_some()
}

/// Whether the output stands beside the step. What was printed before does not stand where a yes is to be said to
/// something else.
fn side_is_printed(app: &App) -> bool {
    let wanted = app.pane == Pane::Output || app.pane == Pane::Step && !is_at_its_gate(app);
    app.output.is_some() && wanted
}

enum Side {
    Left,
    Right,
}

/// Draws the line between two columns and gives what is left of the column, with a blank beside the line.
fn beside(frame: &mut Frame<'_>, cx: &Cx<'_>, area: Rect, side: Side) -> Rect {
    let x = match side {
        Side::Left => area.x,
        Side::Right => area.x + area.width.saturating_sub(1),
    };
    let style = cx.look.style(Tone::Quiet);
    for y in area.y..area.y + area.height {
        frame.buffer_mut().set_string(x, y, cx.signs.along, style);
    }
    match side {
        Side::Left => Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(1),
            ..area
        },
        Side::Right => Rect {
            width: area.width.saturating_sub(1),
            ..area
        },
    }
}

/// A rule with a title in it.
fn titled(cx: &Cx<'_>, title: &str, width: u16) -> Line<'static> {
    let title = format!(" {title} ");
    let width = usize::from(width);
    let rest = width.saturating_sub(2 + unicode_width::UnicodeWidthStr::width(title.as_str()));
    let title = super::clean::fit(&title, width.saturating_sub(2), cx.signs.more);
    Line::from(vec![
        cx.clean(cx.signs.across.repeat(2), Tone::Quiet),
        cx.clean(title, Tone::Quiet),
        cx.clean(cx.signs.across.repeat(rest), Tone::Quiet),
    ])
}

/// The line above the footer: a rule, or what the screen has to say to the last key.
fn rule(frame: &mut Frame<'_>, cx: &Cx<'_>, area: Rect) {
    let width = usize::from(area.width);
    let line = match (&cx.app.message, &cx.app.dialog) {
        (_, Some(Dialog::Search(typed))) => search_field(cx, typed, width),
        (Some((text, tone)), _) => {
            let text =
                super::clean::fit(&cx.look.own(text), width.saturating_sub(2), cx.signs.more);
            Line::from(cx.clean(format!(" {text}"), *tone))
        }
        _ if cx.app.is_waiting_for_an_answer() => Line::from(cx.span(
            " sent, waiting for the engine to write it down…",
            Tone::Quiet,
        )),
        _ => match cx.app.search_progress() {
            Some(text) => {
                let text =
                    super::clean::fit(&cx.look.own(&text), width.saturating_sub(2), cx.signs.more);
                Line::from(cx.clean(format!(" {text}"), Tone::Care))
            }
            None => Line::from(cx.clean(cx.signs.across.repeat(width), Tone::Quiet)),
        },
    };
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(line), area);
}

/// The field of the search, below the output so that what it marks there is seen.
fn search_field(cx: &Cx<'_>, typed: &str, width: usize) -> Line<'static> {
    let label = " search: ";
    let room = width.saturating_sub(label.len() + 2);
    // Of a long text the end is seen, where it is being typed.
    let mut shown = typed;
    while shown.width() > room {
        let mut chars = shown.chars();
        chars.next();
        shown = chars.as_str();
    }
    Line::from(vec![
        cx.clean(label, Tone::Strong),
        cx.clean(shown.to_owned(), Tone::Plain),
        cx.clean(" ", Tone::Here),
    ])
}

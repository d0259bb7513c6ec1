//! The terminal of a program whose keyboard this person has: all of the screen but its last line.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::Cx;
use super::page::Page;
use super::printed::{Emulated, Rows};
use crate::tui::app::App;
use crate::tui::clean;
use crate::tui::keys::{Action, KEYS};
use crate::tui::look::Tone;

/// Says in a running step's block that it is on a terminal, and who types to it.
pub(super) fn put(cx: &Cx<'_>, page: &mut Page<'_>) {
    let run = &cx.app.folded.run;
    if run.at_a_terminal().is_none() {
        return;
    }
    if let Some(has) = &run.keyboard {
        let text = format!(
            "{} has the keyboard: the keys are not recorded, what it prints is.",
            clean::line(&has.who.name)
        );
        page.own(&text, Tone::Strong);
        return;
    }
    page.own(
        "It runs on a terminal, and nobody has its keyboard.",
        Tone::Strong,
    );
    if cx.app.offers(Action::TakeKeyboard) {
        let how = cx.app.how(Action::TakeKeyboard);
        page.own(
            &format!(
                "{how} types to it: the keys go there and are not recorded, what it prints is."
            ),
            Tone::Plain,
        );
    }
}

/// Rows and columns of the terminal; none where nobody sits at one.
pub(super) fn size(app: &App, area: Rect) -> Option<(u16, u16)> {
    app.keyboard()?;
    Some((area.height.saturating_sub(1).max(1), area.width.max(1)))
}

/// Draws the terminal, its cursor, and under it whose it is and how to come back.
pub(super) fn draw(frame: &mut Frame<'_>, cx: &Cx<'_>, area: Rect) {
    let last = Rect {
        y: area.y + area.height.saturating_sub(1),
        height: area.height.min(1),
        ..area
    };
    let terminal = Rect {
        height: area.height.saturating_sub(1),
        ..area
    };
    let file = cx.app.terminal_file();
    let output = cx.app.output.as_ref();
    if let Some(output) = output.filter(|output| Some(&output.file) == file.as_ref()) {
        let screen = output.screen();
        let emulated = Emulated {
            screen,
            look: cx.look,
            rows: Rows::All,
            aside: 0,
            columns: u16::MAX,
        };
        frame.render_widget(&emulated, terminal);
        let (row, column) = screen.cursor_position();
        if !screen.hide_cursor() && row < terminal.height && column < terminal.width {
            frame.set_cursor_position(Position::new(terminal.x + column, terminal.y + row));
        }
    }
    let width = usize::from(area.width);
    if let Some((text, tone)) = cx.app.message.as_ref().filter(|_| terminal.height > 0) {
        let over = Rect {
            y: last.y - 1,
            ..last
        };
        let text = clean::fit(&cx.look.own(text), width.saturating_sub(2), cx.signs.more);
        frame.render_widget(Clear, over);
        frame.render_widget(
            Paragraph::new(Line::from(cx.clean(format!(" {text}"), *tone))),
            over,
        );
    }
    frame.render_widget(Paragraph::new(line(cx, width)), last);
}

/// Whose terminal it is, what becomes of the keys, and how to come back: that at every width.
fn line(cx: &Cx<'_>, width: usize) -> Line<'static> {
    let run = &cx.app.folded.run;
    let (Some(has), Some(plan)) = (cx.app.keyboard(), run.plan.as_ref()) else {
        return Line::default();
    };
    let (kind, tone) = match run.is_production() {
        true => (" PRODUCTION ", Tone::Production),
        false => (" REHEARSAL ", Tone::Rehearsal),
    };
    let back = KEYS.iter().find(|row| row.action == Action::GiveBack);
    let key = back
        .and_then(|row| row.keys.first())
        .map_or("", |key| key.name);
    let machine = has.lane.machine();
    let lost = run.links.contains_key(&machine);
    let place = clean::line(plan.label(&machine));
    let environment = clean::line(plan.environment.as_str());
    let dot = cx.signs.dot;
    let wide = match lost {
        true => "LINK LOST: no key arrives; it goes on there as far as it can",
        false => "your keys go there and are not recorded; what it prints is",
    };
    let narrow = match lost {
        true => "LINK LOST, no key arrives",
        false => "keys unrecorded, output recorded",
    };
    // From the most that can be said to the least.
    let middles = [
        format!("{environment}{dot}{} on {place}{dot}{wide}", has.step),
        format!("{} on {place}{dot}{wide}", has.step),
        format!("{} on {place}{dot}{narrow}", has.step),
        format!("{place}{dot}{narrow}"),
        narrow.to_owned(),
    ];
    let end = match width {
        100.. => format!("{key} comes back"),
        _ => format!("{key} back"),
    };
    let room = width.saturating_sub(kind.width() + end.width() + dot.width() + 2);
    let fitting = middles.iter().find(|middle| middle.width() <= room);
    let middle = match fitting {
        Some(middle) => middle.clone(),
        None => clean::fit(&middles[3], room, cx.signs.more),
    };
    let blank = room.saturating_sub(middle.width());
    let said = if lost { Tone::Alarm } else { Tone::Plain };
    let mut spans = match width > end.width() + kind.width() {
        true => vec![cx.clean(kind, tone), cx.clean(format!(" {middle}"), said)],
        false => Vec::new(),
    };
    if room > 0 {
        spans.push(cx.clean(format!("{}{dot}", " ".repeat(blank)), Tone::Quiet));
    }
    spans.push(cx.clean(end, Tone::Strong));
    Line::from(spans)
}

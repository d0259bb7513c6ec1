//! What stands before the run: questions, text boxes, the palette, the help page.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::page::{Page, scrolled};
use super::{Cx, Places};
use crate::tui::app::App;
use crate::tui::clean;
use crate::tui::dialog::{Choose, Dialog, Sheet, Write};
use crate::tui::keys::{KEYS, Place};
use crate::tui::look::{Look, Signs, Tone};

/// Draws a dialog in the room between the header's first line and the footer.
pub(super) fn draw(frame: &mut Frame<'_>, cx: &Cx<'_>, dialog: &Dialog, room: Rect) {
    match dialog {
        Dialog::Choose(choose) => question(frame, cx, choose, room),
        Dialog::Write(write) => text_box(frame, cx, write, room),
        // Its field stands on the line above the footer.
        Dialog::Search(_) => {}
        Dialog::Find(find) => super::palette::draw(frame, cx, find, room),
        Dialog::Sheet(which, at) => sheet(frame, cx, (*which, *at), room),
    }
}

/// Where a dialog stands. A page to read leaves the whole header: what is wrong and whose turn it is stand there.
pub(super) fn room(app: &App, places: &Places) -> Rect {
    let header = places.header;
    let y = match app.dialog {
        Some(Dialog::Sheet(..)) => header.y + header.height,
        _ => header.y + 1,
    };
    Rect {
        y,
        height: places.rule.y.saturating_sub(y),
        ..header
    }
}

fn question(frame: &mut Frame<'_>, cx: &Cx<'_>, choose: &Choose, room: Rect) {
    let (lines, width) = question_lines(cx, choose, room);
    framed(frame, cx, lines, width, room);
}

/// Where each answer of a question stands; of one for which there is no room, nothing.
pub(super) fn answers(cx: &Cx<'_>, choose: &Choose, room: Rect) -> Vec<Rect> {
    let (lines, width) = question_lines(cx, choose, room);
    // The answers are the last lines.
    let first = lines.len().saturating_sub(choose.answers.len());
    (first..lines.len())
        .map(|line| line_of((lines.len(), width), room, line))
        .collect()
}

/// Where a line stands in the frame around some lines of a width; nothing where there is no room for it.
pub(super) fn line_of((lines, width): (usize, usize), room: Rect, line: usize) -> Rect {
    let inner = inside(frame_of(lines, width, room));
    // Of what is too high the end is drawn.
    let skip = lines.saturating_sub(usize::from(inner.height));
    let row = line.checked_sub(skip);
    let row = row.and_then(|row| u16::try_from(row).ok());
    row.map_or_else(Rect::default, |row| Rect {
        y: inner.y + row,
        height: 1,
        ..inner
    })
}

fn question_lines(cx: &Cx<'_>, choose: &Choose, room: Rect) -> (Vec<Line<'static>>, usize) {
    let width = width_in(room, 76);
    let mut page = Page::new(cx, width - 4);
    page.text(&choose.title, Tone::Strong);
    page.gap();
    for line in &choose.lines {
        page.text(line, Tone::Plain);
    }
    page.gap();
    for (number, (words, _)) in choose.answers.iter().enumerate() {
        let here = number == choose.at;
        let sign = if here { cx.signs.gate } else { " " };
        let tone = if here { Tone::Here } else { Tone::Plain };
        page.line(vec![
            cx.clean(format!(" {sign} "), Tone::Strong),
            cx.span(format!(" {words} "), tone),
        ]);
    }
    (page.lines, width)
}

fn text_box(frame: &mut Frame<'_>, cx: &Cx<'_>, write: &Write, room: Rect) {
    let width = width_in(room, 96);
    let mut page = Page::new(cx, width - 4);
    page.own(&write.purpose.title(), Tone::Strong);
    page.own(write.purpose.consequence(), Tone::Quiet);
    let head = page.lines.len();
    // It grows with its text. What the words are about stands below it, at the bottom of the step.
    let across = width.saturating_sub(5).max(1);
    let lines = write.area.lines().iter();
    let written: usize = lines.map(|line| line.width() / across + 1).sum();
    let most = usize::from(room.height).saturating_sub(head + 4);
    let height = (written + 1).max(4).min(most);
    let blank = std::iter::repeat_n(Line::default(), height + 1);
    let mut lines = page.lines;
    lines.extend(blank);
    let rows = |n: usize| u16::try_from(n).unwrap_or(0);
    let height = rows(lines.len() + 2).min(room.height);
    let room = Rect {
        // What is wrong stands in the header, and stays there.
        y: room.y + (room.height - height).min(2),
        height,
        ..room
    };
    let inner = framed(frame, cx, lines, width, room);
    name_the_step(frame, cx, write, inner);
    let field = Rect {
        x: inner.x + 1,
        y: inner.y + rows(head) + 1,
        width: inner.width.saturating_sub(2),
        height: inner.height.saturating_sub(rows(head) + 1),
    };
    if field.width > 0 && field.height > 0 {
        frame.render_widget(&write.area, field);
    }
}

/// Says in the frame which step the words are about, as the box covers its title.
fn name_the_step(frame: &mut Frame<'_>, cx: &Cx<'_>, write: &Write, inner: Rect) {
    let step = write.purpose.step();
    let Some((number, planned, _)) = step.and_then(|step| cx.app.folded.run.step(step)) else {
        return;
    };
    let title = format!("{}  {}", number + 1, clean::line(&planned.title));
    let room = usize::from(inner.width).saturating_sub(4);
    let title = format!(" {} ", clean::fit(&title, room, cx.signs.more));
    let style = cx.look.style(Tone::Strong);
    frame
        .buffer_mut()
        .set_string(inner.x + 1, inner.y.saturating_sub(1), title, style);
}

fn sheet(frame: &mut Frame<'_>, cx: &Cx<'_>, (which, at): (Sheet, usize), room: Rect) {
    frame.render_widget(Clear, room);
    let width = usize::from(room.width);
    let lines = match which {
        Sheet::Keys => help_lines(cx, width),
        Sheet::Machines => super::sheet::machines(cx, width),
    };
    frame.render_widget(Paragraph::new(scrolled(cx, lines, room, at)), room);
}

/// The places of keys that the help page tells of, with its titles.
pub(in crate::tui) const PLACES: [(Place, &str); 7] = [
    (Place::Run, "Keys on the run"),
    (Place::Field, "Where a gate's words are typed"),
    (Place::Choice, "In a question"),
    (Place::Text, "In a text box"),
    (Place::Find, "Where a step or an action is found"),
    (Place::Search, "Where the text to search for is typed"),
    (Place::Terminal, "While you type to a program"),
];

/// What each sign of a step says.
pub(in crate::tui) const fn meanings(signs: &Signs) -> [(&'static str, &'static str); 13] {
    [
        (signs.proved, "proved: its proof holds"),
        (
            signs.vacuous,
            "its proof held before it too, so it proves nothing",
        ),
        (signs.unchecked, "done, and no proof was asked for"),
        (signs.attested, "a person vouches for it"),
        (signs.skipped, "skipped, with a reason"),
        (signs.armed, "written, and takes effect with a later step"),
        (signs.gate, "your turn"),
        (signs.running, "running"),
        (signs.proving, "being proved"),
        (signs.back, "being taken back"),
        (signs.failed, "failed, stopped or not proved"),
        (signs.unknown, "outcome unknown"),
        (signs.waiting, "its turn has not come"),
    ]
}

fn help_lines(cx: &Cx<'_>, width: usize) -> Vec<Line<'static>> {
    let mut page = Page::new(cx, width);
    page.own("Signs", Tone::Strong);
    for (sign, meaning) in meanings(cx.signs) {
        page.line(vec![
            cx.clean(format!("   {sign}  "), Tone::Strong),
            cx.span(meaning, Tone::Plain),
        ]);
    }
    for (place, title) in PLACES {
        page.gap();
        page.own(title, Tone::Strong);
        for row in KEYS.iter().filter(|row| row.place == place) {
            let names: Vec<&str> = row.keys.iter().map(|key| key.name).collect();
            let names = clean::exactly(&cx.look.own(&names.join(" or ")), 20, "");
            let room = width.saturating_sub(24);
            for (number, part) in clean::wrap(&cx.look.own(row.help), room)
                .into_iter()
                .enumerate()
            {
                let left = if number == 0 {
                    names.clone()
                } else {
                    " ".repeat(20)
                };
                page.line(vec![
                    cx.clean(format!("   {left}"), Tone::Strong),
                    cx.clean(part, Tone::Plain),
                ]);
            }
        }
    }
    page.lines
}

/// Draws lines in a frame in the middle of the room; gives what is inside the frame.
pub(super) fn framed(
    frame: &mut Frame<'_>,
    cx: &Cx<'_>,
    lines: Vec<Line<'static>>,
    width: usize,
    room: Rect,
) -> Rect {
    let area = frame_of(lines.len(), width, room);
    frame.render_widget(Clear, area);
    border(frame, cx.look, area);
    let inner = inside(area);
    // Where the room is too low, the end is what the answers stand in.
    let skip = lines.len().saturating_sub(usize::from(inner.height));
    frame.render_widget(
        Paragraph::new(lines.into_iter().skip(skip).collect::<Vec<_>>()),
        inner,
    );
    inner
}

/// The frame around some lines, in the middle of the room.
pub(super) fn frame_of(lines: usize, width: usize, room: Rect) -> Rect {
    let rows = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let height = rows(lines + 2).min(room.height);
    let width = rows(width).min(room.width);
    Rect {
        x: room.x + (room.width - width) / 2,
        y: room.y + (room.height - height) / 2,
        width,
        height,
    }
}

fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

fn border(frame: &mut Frame<'_>, look: Look, area: Rect) {
    let (corners, across, along) = match look.unicode {
        true => (["┌", "┐", "└", "┘"], "─", "│"),
        false => (["+", "+", "+", "+"], "-", "|"),
    };
    if area.width < 2 || area.height < 2 {
        return;
    }
    let style = look.style(Tone::Strong);
    let (right, bottom) = (area.x + area.width - 1, area.y + area.height - 1);
    let line = across.repeat(usize::from(area.width - 2));
    debug_assert_eq!(line.width(), usize::from(area.width - 2));
    let buffer = frame.buffer_mut();
    for (y, left, end) in [
        (area.y, corners[0], corners[1]),
        (bottom, corners[2], corners[3]),
    ] {
        buffer.set_string(area.x, y, format!("{left}{line}{end}"), style);
    }
    for y in area.y + 1..bottom {
        buffer.set_string(area.x, y, along, style);
        buffer.set_string(right, y, along, style);
    }
}

/// The width of a frame; in a narrow room all of it, so that no shreds stand beside the frame.
pub(super) fn width_in(room: Rect, most: usize) -> usize {
    match usize::from(room.width) {
        width if width <= most + 8 => width,
        _ => most,
    }
}

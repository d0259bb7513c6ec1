//! The record as it grows.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::Cx;
use crate::tui::clean;
use crate::tui::look::Tone;
use crate::tui::say;

/// Draws the record with its title, scrolled up from its end.
pub(super) fn draw(frame: &mut Frame<'_>, cx: &Cx<'_>, area: Rect) {
    let entries = cx.app.folded.entries.len();
    let title = format!(
        "the record: {}",
        say::count(entries, "entry").replace("entrys", "entries")
    );
    let top = Rect { height: 1, ..area };
    frame.render_widget(Paragraph::new(super::titled(cx, &title, area.width)), top);
    let head = cx.look.own(&format!(" head {}", cx.app.folded.head));
    let bottom = Rect {
        y: area.y + area.height - 1,
        height: 1,
        ..area
    };
    let head = clean::fit(&clean::line(&head), usize::from(area.width), cx.signs.more);
    frame.render_widget(
        Paragraph::new(Line::from(cx.clean(head, Tone::Quiet))),
        bottom,
    );
    let rest = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(2),
        ..area
    };
    tail(frame, cx, rest, cx.app.scroll);
}

/// Draws the last entries that fit, or the last but some.
pub(super) fn tail(frame: &mut Frame<'_>, cx: &Cx<'_>, area: Rect, back: usize) {
    let entries = &cx.app.folded.entries;
    let height = usize::from(area.height);
    let last = entries
        .len()
        .saturating_sub(back.min(entries.len().saturating_sub(height)));
    let first = last.saturating_sub(height);
    let lines: Vec<Line<'static>> = entries[first..last]
        .iter()
        .map(|entry| {
            let time = cx.clock(entry.at, true);
            let who = clean::exactly(&say::actor(&entry.by), 9, cx.signs.more);
            let room = usize::from(area.width).saturating_sub(21);
            let text = clean::fit(&say::event(entry, &cx.app.folded.run), room, cx.signs.more);
            Line::from(vec![
                cx.clean(format!(" {time} "), Tone::Quiet),
                cx.clean(format!("{who} "), Tone::Plain),
                cx.clean(text, Tone::Plain),
            ])
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
}

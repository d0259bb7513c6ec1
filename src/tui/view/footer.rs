//! The keys that can be used now, from the table.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::Cx;
use crate::tui::app::Pane;
use crate::tui::keys::{Action, Binding, Footer, KEYS, Reading};
use crate::tui::look::Tone;

/// The footer, in one line, or in two where one is too short.
pub(super) fn lines(cx: &Cx<'_>, width: usize) -> Vec<Line<'static>> {
    let place = cx.app.place();
    let rows: Vec<&Binding> = KEYS
        .iter()
        .filter(|row| {
            row.place == place
                && row.footer != Footer::Never
                && cx.app.offers(row.action)
                && !super::stuck::is_choice(cx, row.action)
                && (cx.app.pane == Pane::Output || !is_for_the_large_output(cx, row.action))
        })
        .collect();
    let first = rows.iter().filter(|row| row.footer == Footer::First);
    let room = rows.iter().filter(|row| row.footer == Footer::Room);
    let always: Vec<String> = rows
        .iter()
        .filter(|row| row.footer == Footer::Always)
        .map(|row| words(cx, row))
        .collect();
    let dot = cx.signs.dot;
    let ending: usize = always.iter().map(|words| words.width() + dot.width()).sum();
    let mut lines: Vec<Vec<(String, String)>> = vec![Vec::new()];
    let mut used = 1;
    for row in first.chain(room) {
        let wide = words(cx, row).width() + dot.width();
        let last = lines.len() == 2;
        // The last line keeps room for what is always there.
        let limit = if last {
            width.saturating_sub(ending + 1)
        } else {
            width.saturating_sub(1)
        };
        if used + wide > limit {
            if last {
                continue;
            }
            lines.push(Vec::new());
            used = 1;
        }
        used += wide;
        if let Some(line) = lines.last_mut() {
            line.push(pair(cx, row));
        }
    }
    if lines.len() == 1 && used + ending > width.saturating_sub(1) {
        lines.push(Vec::new());
    }
    if let Some(line) = lines.last_mut() {
        line.extend(
            rows.iter()
                .filter(|row| row.footer == Footer::Always)
                .map(|row| pair(cx, row)),
        );
    }
    lines.into_iter().map(|pairs| line(cx, pairs)).collect()
}

/// What can be done beside the step too, and would take the footer's room there.
fn is_for_the_large_output(cx: &Cx<'_>, action: Action) -> bool {
    match action {
        Action::Read(Reading::Search | Reading::Wrap | Reading::Page) => true,
        // Where the latest attempt has printed nothing, nothing else leads to what was printed.
        Action::Read(Reading::Earlier) => cx.app.output.is_some(),
        _ => false,
    }
}

fn line(cx: &Cx<'_>, pairs: Vec<(String, String)>) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for (number, (key, word)) in pairs.into_iter().enumerate() {
        if number > 0 {
            spans.push(cx.clean(cx.signs.dot, Tone::Quiet));
        }
        spans.push(cx.clean(key, Tone::Strong));
        spans.push(cx.clean(format!(" {word}"), Tone::Plain));
    }
    Line::from(spans)
}

fn pair(cx: &Cx<'_>, row: &Binding) -> (String, String) {
    let key = row.keys.first().map_or("", |key| key.name);
    (cx.look.own(key), cx.look.own(row.word))
}

fn words(cx: &Cx<'_>, row: &Binding) -> String {
    let (key, word) = pair(cx, row);
    format!("{key} {word}")
}

//! Building lines: labels at the left, text wrapped beside them, and a part of them where there are many.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::Cx;
use crate::tui::clean;
use crate::tui::look::Tone;
use crate::tui::say;

/// The width of the labels.
const LABEL: usize = 8;

/// Lines that are being put together for a width.
pub(super) struct Page<'a> {
    cx: Cx<'a>,
    width: usize,
    pub(super) lines: Vec<Line<'static>>,
}

impl<'a> Page<'a> {
    pub(super) fn new(cx: &Cx<'a>, width: usize) -> Self {
        Self {
            cx: *cx,
            width,
            lines: Vec::new(),
        }
    }

    /// The width in columns that lines are put together for.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// A blank line, but never two and none at the top.
    pub(super) fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    /// A line that is ready.
    pub(super) fn line(&mut self, spans: Vec<Span<'static>>) {
        self.lines.push(Line::from(spans));
    }

    /// Untrusted text, cleaned and wrapped, one blank from the left.
    pub(super) fn text(&mut self, text: &str, tone: Tone) {
        for line in clean::lines(text) {
            for part in clean::wrap(&line, self.width.saturating_sub(2)) {
                self.line(vec![self.cx.clean(format!(" {part}"), tone)]);
            }
        }
    }

    /// Words of our own, wrapped.
    pub(super) fn own(&mut self, text: &str, tone: Tone) {
        let text = self.cx.look.own(text);
        self.text(&text, tone);
    }

    /// A label and untrusted text beside it; the label stands only at the first line, and what is only a
    /// line's continuation stands further in, so that it cannot be taken for a line of its own.
    pub(super) fn labelled(&mut self, label: &str, text: &str, tone: Tone) {
        let room = self.width.saturating_sub(LABEL + 2);
        let mut label = label;
        for line in clean::lines(text) {
            let mut rest = clean::wrap(&line, room);
            if rest.len() > 1 {
                let first = rest.remove(0);
                let tail = line.get(first.len()..).unwrap_or_default().trim_start();
                rest = clean::wrap(tail, room.saturating_sub(2));
                for part in &mut rest {
                    part.insert_str(0, "  ");
                }
                rest.insert(0, first);
            }
            for part in rest {
                let left = clean::exactly(label, LABEL, "");
                let left = self.cx.span(format!(" {left}"), Tone::Quiet);
                let part = self.cx.clean(part, tone);
                self.line(vec![left, part]);
                label = "";
            }
        }
    }

    /// A label, a sign, untrusted text, and more at the right where it fits, else below.
    pub(super) fn signed(
        &mut self,
        label: &str,
        (signed, tone): (&'static str, Tone),
        text: &str,
        (right, right_tone): (&str, Tone),
    ) {
        let label = clean::exactly(label, LABEL, "");
        let room = self.width.saturating_sub(LABEL + 3 + signed.width());
        let right = clean::line(right);
        let text: Vec<String> = clean::lines(text)
            .iter()
            .flat_map(|line| clean::wrap(line, room))
            .collect();
        let fits = text.len() == 1 && text[0].width() + 3 + right.width() <= room;
        for (number, part) in text.iter().enumerate() {
            let (label, sign) = if number == 0 {
                (label.as_str(), signed)
            } else {
                ("        ", "")
            };
            let sign = clean::exactly(sign, signed.width(), "");
            let mut spans = vec![
                self.cx.span(format!(" {label}"), Tone::Quiet),
                self.cx.clean(format!("{sign} "), tone),
                self.cx.clean(part.clone(), Tone::Plain),
            ];
            if fits && !right.is_empty() {
                let blank = room - part.width() - right.width();
                spans.push(Span::raw(" ".repeat(blank)));
                spans.push(self.cx.clean(right.clone(), right_tone));
            }
            self.line(spans);
        }
        if !fits && !right.is_empty() {
            let blank = " ".repeat(LABEL + 5);
            for part in clean::wrap(&right, room.saturating_sub(2)) {
                let spans = vec![Span::raw(blank.clone()), self.cx.clean(part, right_tone)];
                self.line(spans);
            }
        }
    }
}

/// The lines that fit, from a place on; the first or last of them says how many more there are.
pub(super) fn scrolled(
    cx: &Cx<'_>,
    mut lines: Vec<Line<'static>>,
    area: Rect,
    from: usize,
) -> Vec<Line<'static>> {
    let height = usize::from(area.height);
    if lines.len() <= height || height < 3 {
        lines.truncate(height);
        return lines;
    }
    let from = from.min(lines.len() - height);
    let below = lines.len() - height - from;
    let mut part: Vec<Line<'static>> = lines.drain(from..from + height).collect();
    let more = |sign: &str, hidden: usize, way: &str, key: &str| {
        let text = format!(" {sign} {} {way}, {key}", say::count(hidden, "more line"));
        Line::from(cx.span(text, Tone::Care))
    };
    if from > 0 {
        part[0] = more(cx.signs.up, from + 1, "above", "PgUp");
    }
    if below > 0 {
        part[height - 1] = more(cx.signs.down, below + 1, "below", "PgDn");
    }
    part
}

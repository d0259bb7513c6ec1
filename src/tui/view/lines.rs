//! The same sentences as lines of text, for a screen reader, a terminal that knows no cursor, or a pipe.
//!
//! What a step is, what is wanted and what is wrong comes from the same functions as on the screen; only what
//! stands where is another matter.

use ratatui::text::Line;

use super::page::Page;
use super::step::Exhibits;
use super::{Cx, armed, block, chart, end, header, lanes, sheet, step, way_back};
use crate::names::{MachineName, StepId};
use crate::run::{Entry, PlannedStep, StepState};
use crate::tui::app::{App, Now, Waiting};
use crate::tui::clean;
use crate::tui::look::{SPOKEN, Tone};
use crate::tui::say;

/// A height at which nothing gives way to anything.
const TALL: usize = 10_000;

/// What tells of a run in lines of a width.
pub(in crate::tui) struct Teller<'a> {
    cx: Cx<'a>,
    width: usize,
}

impl<'a> Teller<'a> {
    pub(in crate::tui) fn new(app: &'a App, width: usize, now: Now) -> Self {
        let cx = Cx {
            signs: &SPOKEN,
            ..Cx::of(app, now)
        };
        Self { cx, width }
    }

    /// Words of our own as the terminal can show them.
    pub(in crate::tui) fn own(&self, text: &str) -> String {
        self.cx.look.own(text)
    }

    /// A text that may be untrusted, cleaned and wrapped.
    pub(in crate::tui) fn text(&self, text: &str) -> Vec<String> {
        let mut page = Page::new(&self.cx, self.width);
        page.own(text, Tone::Plain);
        written(page.lines)
    }

    /// A time of day, with seconds.
    pub(in crate::tui) fn clock(&self, at: crate::clock::Timestamp) -> String {
        self.cx.clock(at, true)
    }

    /// Where we are, how late it is, who is here, and how far back we can go.
    pub(in crate::tui) fn head(&self) -> Vec<String> {
        let cx = &self.cx;
        let run = &cx.app.folded.run;
        let Some(plan) = &run.plan else {
            return Vec::new();
        };
        let kind = match run.is_production() {
            true => "PRODUCTION",
            false => "REHEARSAL",
        };
        let title = clean::line(&plan.title);
        let mut lines = self.text(&format!("{kind}, {}: {title}", plan.environment));
        let spoken = |spans: Vec<ratatui::text::Span<'static>>| one(&Line::from(spans));
        let clock = spoken(header::times(cx, TALL));
        lines.extend(self.text(&format!("clock    {}", clock.replace("  ", ", "))));
        lines.extend(self.text(&format!("here     {}", spoken(header::people(cx)))));
        if let Some(since) = cx.app.downtime() {
            let text = format!("DOWN     {}", say::stopwatch(say::between(since, cx.now)));
            lines.extend(self.text(&text));
        }
        if run.ending.is_none() {
            let [back, ..] = way_back::words(&run.undo_limit());
            lines.extend(self.text(&format!("back     {back}")));
            if let Some(deadline) = self.deadline() {
                lines.extend(self.text(&format!("         {deadline}")));
            }
        }
        lines
    }

    /// When the way back must be begun.
    pub(in crate::tui) fn deadline(&self) -> Option<String> {
        way_back::deadline(&self.cx).map(|([text, _], _)| self.own(&text))
    }

    /// How loud that is to be said.
    pub(in crate::tui) fn deadline_tone(&self) -> Option<Tone> {
        way_back::deadline(&self.cx).map(|(_, tone)| tone)
    }

    /// The step that is looked at with all that is known of it; at the end, the end.
    pub(in crate::tui) fn page(&self) -> Vec<String> {
        let Some(viewed) = self.cx.app.viewed() else {
            return written(end::lines(&self.cx, self.width));
        };
        let size = (self.width, TALL);
        written(step::detail(&self.cx, size, viewed, Exhibits::Here, false))
    }

    /// What is wanted now.
    pub(in crate::tui) fn wanted(&self) -> Vec<String> {
        let lines = block::lines(&self.cx, self.width, TALL, Exhibits::Here);
        let mut said = written(lines);
        let title = block::title(&self.cx);
        if !said.is_empty() && !title.is_empty() {
            said.insert(0, format!("{}:", title.to_uppercase()));
        }
        said
    }

    /// What is wrong with the connection, the engine or the disk.
    pub(in crate::tui) fn alarms(&self) -> Vec<String> {
        let alarms = header::alarms(&self.cx, TALL);
        alarms.iter().map(|alarm| self.own(alarm)).collect()
    }

    /// One line for an entry of the record.
    pub(in crate::tui) fn entry(&self, entry: &Entry) -> String {
        let who = say::actor(&entry.by);
        let what = say::event(entry, &self.cx.app.folded.run);
        self.own(&format!("{} {who}: {what}", self.cx.clock(entry.at, true)))
    }

    /// The last entries of the record.
    pub(in crate::tui) fn record(&self, most: usize) -> Vec<String> {
        let entries = &self.cx.app.folded.entries;
        let first = entries.len().saturating_sub(most);
        let mut lines: Vec<String> = entries[first..].iter().map(|e| self.entry(e)).collect();
        lines.push(format!("head {}", clean::line(&self.cx.app.folded.head)));
        lines
    }

    /// What was found on the machines before the run.
    pub(in crate::tui) fn machines(&self) -> Vec<String> {
        written(sheet::machines(&self.cx, self.width))
    }

    /// The steps with how each stands, by phase.
    pub(in crate::tui) fn steps(&self) -> Vec<String> {
        let run = &self.cx.app.folded.run;
        let Some(plan) = &run.plan else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        for phase in &plan.phases {
            let steps = plan.steps.iter().zip(&run.steps).enumerate();
            let of: Vec<_> = steps
                .filter(|(_, (planned, _))| planned.phase == phase.id)
                .collect();
            let settled = of.iter().filter(|(_, (_, state))| state.is_settled());
            let title = clean::line(&phase.title);
            let count = settled.count();
            lines.push(format!("{title}: {count} of {} settled", of.len()));
            for (number, (planned, state)) in of {
                let (_, word, _) = armed::stands(run, number, state, &SPOKEN);
                let title = clean::line(&planned.title);
                let turn = match run.current() == Some(number) && run.ending.is_none() {
                    true => ", its turn",
                    false => "",
                };
                lines.push(format!("  {} {title}: {word}{turn}", number + 1));
            }
        }
        lines
    }

    /// A step by number and title, when its turn has come.
    pub(in crate::tui) fn turn(&self, step: &StepId) -> Option<String> {
        let (number, planned, state) = self.cx.app.folded.run.step(step)?;
        let place = lanes::place(&self.cx, planned, state);
        let of = self.cx.app.folded.run.steps.len();
        let title = clean::line(&planned.title);
        Some(format!("step {} of {of}: {title} ({place})", number + 1))
    }

    /// What a question that does not hold yet says now, and where its numbers go.
    pub(in crate::tui) fn waiting(
        &self,
        (step, lane): (&StepId, &MachineName),
        waiting: &Waiting,
    ) -> Vec<String> {
        let cx = &self.cx;
        let until = waiting
            .until
            .map(|until| format!(", until {}", cx.clock(until, true)));
        let mut page = Page::new(cx, self.width);
        page.own(
            &format!(
                "waiting, step {step} on {lane}: now {} (asked {}{})",
                waiting.seen,
                chart::times(waiting.times),
                until.unwrap_or_default()
            ),
            Tone::Plain,
        );
        if let Some(numbers) = &waiting.numbers {
            chart::put(cx, &mut page, (self.width, 0), numbers, waiting.until);
        }
        written(page.lines)
    }
}

/// The head of a step: number, title, how it stands, and where it runs.
pub(super) fn head(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    (number, planned, state): (usize, &PlannedStep, &StepState),
    (word, tone): (&str, Tone),
) {
    let of = cx.app.folded.run.steps.len();
    page.text(
        &format!("Step {} of {of}: {}", number + 1, planned.title),
        Tone::Strong,
    );
    let place = lanes::place(cx, planned, state);
    let attempt = match state.attempt {
        0 | 1 => String::new(),
        attempt => format!(", attempt {attempt}"),
    };
    page.text(&format!("{word}, {place}{attempt}"), tone);
}

/// Lines as text, without the blank that stands at the left on a screen.
fn written(lines: Vec<Line<'static>>) -> Vec<String> {
    lines.iter().map(one).collect()
}

fn one(line: &Line<'_>) -> String {
    let text: String = line
        .spans
        .iter()
        .map(|span| span.content.as_ref())
        .collect();
    let text = text.trim_end();
    text.strip_prefix(' ').unwrap_or(text).to_owned()
}

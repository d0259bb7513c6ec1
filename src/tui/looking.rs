//! Looking around: which step, which output, how far scrolled. None of it changes the run.

use crate::kinds::Progress;
use crate::names::MachineName;
use crate::run::{LaneAt, PlannedStep, StepState};
use crate::wire::output_file;

use super::app::{App, Effect, Pane};
use super::dialog::Dialog;
use super::keys::Action;
use super::output::Output;

/// One file that a step printed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) lane: MachineName,
    /// From 0.
    pub(super) leg: u16,
    pub(super) file: String,
    pub(super) length: u64,
    pub(super) progress: Progress,
    /// Whether it ran on a terminal.
    pub(super) on_a_terminal: bool,
    /// Whether it is still being written.
    pub(super) running: bool,
    /// Whether it did not end well.
    pub(super) bad: bool,
}

impl App {
    /// The files that the step that is looked at printed to in the attempt that is looked at, in the order of lanes and
    /// legs.
    pub(super) fn outputs(&self) -> Vec<Printed> {
        match (self.attempt, self.viewed()) {
            (Some(number), _) => self.outputs_of_attempt(number),
            (None, Some(viewed)) => self.outputs_of(viewed),
            (None, None) => Vec::new(),
        }
    }

    /// The files that a step printed to.
    pub(super) fn outputs_of(
        &self,
        (_, planned, state): (usize, &PlannedStep, &StepState),
    ) -> Vec<Printed> {
        let mut found = Vec::new();
        for lane in &state.lanes {
            let legs = state.proposal(&lane.name).map(|shown| &shown.proposal.legs);
            let shown = |leg: u16| legs.and_then(|legs| legs.get(usize::from(leg)));
            let progress = |leg| shown(leg).map_or(Progress::None, |leg| leg.progress);
            let on_a_terminal = |leg| shown(leg).is_some_and(|leg| leg.interactive);
            for (leg, output) in &lane.outputs {
                let bad = matches!(&lane.at, LaneAt::Badly { leg: last, .. } | LaneAt::Unknown { leg: last, .. } if last == leg);
                found.push(Printed {
                    lane: lane.name.clone(),
                    leg: *leg,
                    file: output.file.clone(),
                    length: output.bytes,
                    progress: progress(*leg),
                    on_a_terminal: on_a_terminal(*leg),
                    running: false,
                    bad,
                });
            }
            let (leg, running) = match &lane.at {
                LaneAt::Running { leg, .. } => (*leg, true),
                LaneAt::Unknown { leg, .. } => (*leg, false),
                _ => continue,
            };
            let file = output_file(&planned.id, state.attempt, &lane.name, leg);
            if let Some((length, progress)) = self.growing.get(&file)
                && !lane.outputs.contains_key(&leg)
            {
                found.push(Printed {
                    lane: lane.name.clone(),
                    leg,
                    file,
                    length: *length,
                    progress: *progress,
                    on_a_terminal: on_a_terminal(leg),
                    running,
                    bad: !running,
                });
            }
        }
        found
    }

    /// The file that is looked at: the one that was chosen, else what runs, else what ended badly, else
    /// the last.
    pub(super) fn printed(&self) -> Option<Printed> {
        let found = self.outputs();
        let chosen = found
            .iter()
            .find(|printed| Some(&printed.file) == self.chosen.as_ref());
        chosen
            .or_else(|| found.iter().find(|printed| printed.running))
            .or_else(|| found.iter().find(|printed| printed.bad))
            .or_else(|| found.last())
            .cloned()
    }

    /// The file of a leg that runs, or ended nobody knows how, and of which nothing was heard since this screen was connected: it may have printed
    /// before. Each is given once.
    fn not_heard_of(&mut self) -> Option<Effect> {
        let unheard =
            |file: &String| !self.growing.contains_key(file) && !self.peeked.contains(file);
        let file = self.may_have_printed().into_iter().find(unheard)?;
        self.peeked.insert(file.clone());
        Some(Effect::Read {
            file,
            offset: 0,
            most: 1,
        })
    }

    /// Takes note of what such a question found.
    pub(super) fn found_output(&mut self, file: &str, length: u64) {
        if length > 0 && self.peeked.remove(file) && !self.growing.contains_key(file) {
            self.growing
                .insert(file.to_owned(), (length, Progress::None));
        }
    }

    /// Makes the output that is held the one that is looked at, and asks for what of it is missing.
    pub(super) fn steer(&mut self) -> Vec<Effect> {
        if self.is_live()
            && let Some(effect) = self.not_heard_of()
        {
            return vec![effect];
        }
        let Some(printed) = self.printed() else {
            self.output = None;
            return Vec::new();
        };
        match &mut self.output {
            Some(output) if output.file == printed.file => {
                output.grew(printed.length, printed.progress);
            }
            _ => {
                let output = Output::new(printed.file, printed.length, printed.progress);
                self.output = Some(match printed.on_a_terminal {
                    true => output.on_a_terminal(),
                    false => output,
                });
            }
        }
        if !matches!(self.connection, super::app::Connection::Up { .. }) {
            return Vec::new();
        }
        let read = |output: &mut Output| {
            let wanted = output.wanted()?;
            let file = output.file.clone();
            Some(Effect::Read {
                file,
                offset: wanted.offset,
                most: wanted.most,
            })
        };
        self.output.as_mut().and_then(read).into_iter().collect()
    }

    /// Does what a key of looking around means.
    pub(super) fn look_around(&mut self, action: Action) {
        match action {
            Action::Output => self.toggle(Pane::Output),
            Action::Journal => self.toggle(Pane::Journal),
            Action::NextLane => {
                let found = self.outputs();
                let now = self.printed().map(|printed| printed.file);
                let at = found
                    .iter()
                    .position(|printed| Some(&printed.file) == now.as_ref());
                let next = (at.map_or(0, |at| at + 1)) % found.len().max(1);
                self.chosen = found.get(next).map(|printed| printed.file.clone());
            }
            Action::Here => {
                self.selected = None;
                self.pane = Pane::Step;
                self.scroll = 0;
                self.chosen = None;
                self.attempt = None;
                self.search = None;
            }
            Action::Up => self.select(-1),
            Action::Down => self.select(1),
            Action::PageUp => self.page(true, 10),
            Action::PageDown => self.page(false, 10),
            Action::Top => match (self.pane, &mut self.output) {
                (Pane::Output, Some(output)) => output.top(),
                (Pane::Journal, _) => self.scroll = usize::MAX,
                _ => self.scroll = 0,
            },
            Action::Bottom => match (self.pane, &mut self.output) {
                (Pane::Output, Some(output)) => output.follow(),
                (Pane::Journal, _) => self.scroll = 0,
                _ => self.scroll = usize::MAX,
            },
            _ => {}
        }
    }

    fn toggle(&mut self, pane: Pane) {
        self.pane = if self.pane == pane { Pane::Step } else { pane };
        self.scroll = 0;
        if self.attempt.take().is_some() {
            self.chosen = None;
        }
    }

    fn select(&mut self, by: isize) {
        let current = self.folded.run.current();
        let last = self.folded.run.steps.len().saturating_sub(1);
        // After the last step, looking up starts at the end.
        let from = self.selected.or(current).unwrap_or(last + 1);
        self.look_at(from.saturating_add_signed(by).min(last));
    }

    /// Looks at a step.
    pub(super) fn look_at(&mut self, to: usize) {
        let current = self.folded.run.current();
        self.selected = (Some(to) != current).then_some(to);
        self.scroll = 0;
        self.chosen = None;
        self.attempt = None;
    }

    pub(super) fn page(&mut self, up: bool, rows: usize) {
        if let Some(Dialog::Sheet(_, at)) = &mut self.dialog {
            *at = if up {
                at.saturating_sub(rows)
            } else {
                at.saturating_add(rows)
            };
            return;
        }
        match (self.pane, &mut self.output) {
            (Pane::Output, Some(output)) if up => output.up(rows),
            (Pane::Output, Some(output)) => output.down(rows),
            // The journal is scrolled from its end.
            (Pane::Journal, _) if up => self.scroll = self.scroll.saturating_add(rows),
            (Pane::Journal, _) => self.scroll = self.scroll.saturating_sub(rows),
            _ if up => self.scroll = self.scroll.saturating_sub(rows),
            _ => self.scroll = self.scroll.saturating_add(rows),
        }
    }
}

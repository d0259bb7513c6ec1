//! The outputs of every attempt of a step, the undo's among them: the run's state remembers those of the latest alone.

use std::collections::BTreeMap;

use crate::kinds::Progress;
use crate::names::{MachineName, StepId};
use crate::probe::Holds;
use crate::run::{Asked, Entry, Event, LaneAt, LaneOutcome, LaneShown, Way};
use crate::wire::output_file;

use super::app::{App, Pane};
use super::looking::Printed;
use super::say;

/// One leg of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Leg {
    progress: Progress,
    on_a_terminal: bool,
    /// How it ended; none while that is not known.
    ended: Option<LaneOutcome>,
    unknown: bool,
    /// How long what it printed is; none while that is not on record.
    length: Option<u64>,
}

/// One attempt of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attempt {
    number: u32,
    way: Way,
    shown: Vec<LaneShown>,
    legs: BTreeMap<(MachineName, u16), Leg>,
    /// Whether its proof held when it was asked last.
    proved: Option<bool>,
}

/// What every attempt of every step printed to, from the entries in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempts {
    of: BTreeMap<StepId, Vec<Attempt>>,
}

/// Which way among the attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Toward {
    Earlier,
    Later,
    Latest,
}

impl Attempts {
    /// Takes an entry.
    pub(super) fn take(&mut self, entry: &Entry) {
        match &entry.event {
            Event::StepReached {
                step, attempt, way, ..
            } => self.of.entry(step.clone()).or_default().push(Attempt {
                number: *attempt,
                way: *way,
                shown: Vec::new(),
                legs: BTreeMap::new(),
                proved: None,
            }),
            Event::StepShown {
                step,
                attempt,
                lanes,
                ..
            } => {
                if let Some(at) = self.at(step, *attempt) {
                    at.shown = lanes.clone();
                }
            }
            Event::LegStarted {
                step,
                attempt,
                lane,
                leg,
                ..
            } => {
                if let Some(at) = self.at(step, *attempt) {
                    at.begin(lane, *leg);
                }
            }
            Event::LegEnded {
                step,
                attempt,
                lane,
                leg,
                outcome,
                output,
            } => {
                if let Some(at) = self.leg(step, *attempt, (lane, *leg)) {
                    at.ended = Some(outcome.clone());
                    at.unknown = false;
                    at.length = output.as_ref().map(|output| output.bytes).or(at.length);
                }
            }
            Event::LegUnknown {
                step,
                attempt,
                lane,
                leg,
                output,
                ..
            } => {
                if let Some(at) = self.leg(step, *attempt, (lane, *leg)) {
                    at.unknown = true;
                    at.length = output.as_ref().map(|output| output.bytes).or(at.length);
                }
            }
            Event::LegFound {
                step,
                attempt,
                lane,
                leg,
                ..
            } => {
                if let Some(at) = self.leg(step, *attempt, (lane, *leg)) {
                    at.unknown = false;
                }
            }
            Event::ProofAnswered {
                step,
                attempt,
                asked: Asked::Proof,
                answers,
            } => {
                if let Some(at) = self.at(step, *attempt) {
                    at.proved = Some(answers.iter().all(|answer| answer.holds == Holds::Yes));
                }
            }
            _ => {}
        }
    }

    fn at(&mut self, step: &StepId, number: u32) -> Option<&mut Attempt> {
        let attempts = self.of.get_mut(step)?;
        attempts.iter_mut().find(|at| at.number == number)
    }

    fn leg(&mut self, step: &StepId, number: u32, leg: (&MachineName, u16)) -> Option<&mut Leg> {
        let at = self.at(step, number)?;
        at.legs.get_mut(&(leg.0.clone(), leg.1))
    }

    fn of(&self, step: &StepId) -> &[Attempt] {
        self.of.get(step).map_or(&[], Vec::as_slice)
    }
}

impl Attempt {
    fn begin(&mut self, lane: &MachineName, leg: u16) {
        let shown = self.shown.iter().find(|shown| shown.lane == *lane);
        let shown = shown.and_then(|shown| shown.proposal.legs.get(usize::from(leg)));
        let begun = Leg {
            progress: shown.map_or(Progress::None, |leg| leg.progress),
            on_a_terminal: shown.is_some_and(|leg| leg.interactive),
            ended: None,
            unknown: false,
            length: None,
        };
        self.legs.insert((lane.clone(), leg), begun);
    }

    /// How a leg of it ended, and whether it was proved then.
    fn outcome(&self, leg: &Leg) -> Option<String> {
        let ended = match (&leg.ended, leg.unknown) {
            (Some(ended), _) => say::outcome(ended),
            (None, true) => "outcome unknown".to_owned(),
            (None, false) => return None,
        };
        let well = leg.ended.as_ref().is_some_and(LaneOutcome::is_success);
        Some(match self.proved.filter(|_| well) {
            Some(true) => format!("{ended}, proved"),
            Some(false) => format!("{ended}, not proved"),
            None => ended,
        })
    }
}

impl App {
    fn attempts(&self) -> (&[Attempt], Option<&StepId>) {
        let step = self.viewed().map(|(_, planned, _)| &planned.id);
        (step.map_or(&[], |step| self.attempts.of(step)), step)
    }

    /// The files that an attempt of the step that is looked at printed to.
    pub(super) fn outputs_of_attempt(&self, number: u32) -> Vec<Printed> {
        let (attempts, step) = self.attempts();
        let (Some(step), Some(at)) = (step, attempts.iter().find(|at| at.number == number)) else {
            return Vec::new();
        };
        let printed = |((lane, number), leg): (&(MachineName, u16), &Leg)| {
            let file = output_file(step, at.number, lane, *number);
            let heard = || self.growing.get(&file).map(|(length, _)| *length);
            let length = leg.length.or_else(heard)?;
            Some(Printed {
                lane: lane.clone(),
                leg: *number,
                file,
                length,
                progress: leg.progress,
                on_a_terminal: leg.on_a_terminal,
                running: leg.ended.is_none() && !leg.unknown,
                bad: leg.unknown || leg.ended.as_ref().is_some_and(|ended| !ended.is_success()),
            })
        };
        at.legs.iter().filter_map(printed).collect()
    }

    /// The attempt whose output is looked at.
    fn attempt_seen(&self) -> Option<u32> {
        if self.attempt.is_some() {
            return self.attempt;
        }
        let (_, planned, state) = self.viewed()?;
        let Some(printed) = self.printed() else {
            return Some(state.attempt);
        };
        // A lane that the latest attempt is not about has what it printed before.
        let is_its = |at: &&Attempt| {
            output_file(&planned.id, at.number, &printed.lane, printed.leg) == printed.file
        };
        let at = self.attempts().0.iter().find(is_its);
        Some(at.map_or(state.attempt, |at| at.number))
    }

    /// The attempt to go to; within, none for the latest.
    fn attempt_toward(&self, toward: Toward) -> Option<Option<u32>> {
        let (_, _, state) = self.viewed()?;
        let seen = self.attempt_seen()?;
        let (attempts, _) = self.attempts();
        let mut printed = attempts
            .iter()
            .map(|at| at.number)
            .filter(|number| !self.outputs_of_attempt(*number).is_empty());
        let latest = |number: u32| (number != state.attempt).then_some(number);
        match toward {
            Toward::Earlier => printed.rfind(|number| *number < seen).map(Some),
            Toward::Later => match printed.find(|number| *number > seen) {
                Some(number) => Some(latest(number)),
                None => self.attempt.map(|_| None),
            },
            Toward::Latest => self.attempt.map(|_| None),
        }
    }

    /// Whether there is an attempt there.
    pub(super) fn has_attempt(&self, toward: Toward) -> bool {
        self.attempt_toward(toward).is_some()
    }

    /// Goes to the output of another attempt: of the same lane and part, if it printed there too.
    pub(super) fn go_to_attempt(&mut self, toward: Toward) {
        let Some(to) = self.attempt_toward(toward) else {
            return;
        };
        let seen = self.printed();
        self.attempt = to;
        self.pane = Pane::Output;
        self.scroll = 0;
        let same = |printed: &&Printed| {
            let seen = seen.as_ref().map(|seen| (&seen.lane, seen.leg));
            seen == Some((&printed.lane, printed.leg))
        };
        let outputs = self.outputs();
        self.chosen = outputs.iter().find(same).map(|same| same.file.clone());
    }

    /// Which attempt a file is of, and how that ended; none while there is one attempt alone.
    pub(super) fn attempt_in_words(&self, printed: &Printed) -> Option<String> {
        self.words_of_attempt(self.attempt_seen()?, printed)
    }

    /// The same of an attempt by its number.
    pub(super) fn words_of_attempt(&self, number: u32, printed: &Printed) -> Option<String> {
        let (attempts, _) = self.attempts();
        let last = attempts.last()?.number;
        let at = attempts.iter().find(|at| at.number == number)?;
        let leg = at.legs.get(&(printed.lane.clone(), printed.leg))?;
        let mut words = format!("attempt {number} of {last}");
        if at.way == Way::Back {
            words.push_str(", taking it back");
        }
        if let Some(outcome) = at.outcome(leg) {
            words = format!("{words}: {outcome}");
        }
        (last > 1).then_some(words)
    }

    /// Legs that may have printed to a file of which nothing is known.
    pub(super) fn may_have_printed(&self) -> Vec<String> {
        let Some((_, planned, state)) = self.viewed() else {
            return Vec::new();
        };
        let running = state.lanes.iter().filter_map(|lane| match &lane.at {
            LaneAt::Running { leg, .. } => {
                Some(output_file(&planned.id, state.attempt, &lane.name, *leg))
            }
            _ => None,
        });
        let (attempts, _) = self.attempts();
        let silent = attempts.iter().flat_map(|at| {
            let legs = at.legs.iter();
            legs.filter(|(_, leg)| leg.unknown && leg.length.is_none())
                .map(|((lane, leg), _)| output_file(&planned.id, at.number, lane, *leg))
        });
        running.chain(silent).collect()
    }
}

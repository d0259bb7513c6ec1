//! What the screen has to say to the last key, and for how long it is true.

use std::mem::{Discriminant, discriminant};

use super::app::App;
use super::gate::Seen;
use super::look::Tone;
use crate::run::StepAt;

/// What a person has before them: where another step, gate or question is, it is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    turn: Option<(usize, u32, Discriminant<StepAt>)>,
    gate: Option<Seen>,
    question: Option<u16>,
    is_over: bool,
}

impl App {
    /// Says something until the next key.
    pub(super) fn say(&mut self, text: &str, tone: Tone) {
        self.message = Some((text.to_owned(), tone));
        self.said_of = None;
    }

    /// Takes note that what was said to a key is about this moment: why it did nothing here. What was done for a key, and
    /// what the engine or a program's end has to say, is true in the next one too.
    pub(super) fn said_of_now(&mut self) {
        if matches!(self.message, Some((_, Tone::Care))) {
            self.said_of = Some(self.moment());
        }
    }

    /// Takes back what was said about a moment that is past.
    pub(super) fn unsay(&mut self) {
        if self.said_of.as_ref().is_some_and(|of| *of != self.moment()) {
            self.message = None;
            self.said_of = None;
        }
    }

    fn moment(&self) -> Moment {
        let turn = self.current();
        let turn = turn.map(|(number, _, state)| (number, state.attempt, discriminant(&state.at)));
        Moment {
            turn,
            gate: self.gate(),
            question: self.open_question().map(|(number, _)| number),
            is_over: self.folded.run.ending.is_some() || self.folded.run.suspended.is_some(),
        }
    }
}

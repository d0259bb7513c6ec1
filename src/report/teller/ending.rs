//! How the run stands at the end of what was heard, and how long it took.

use super::Teller;
use crate::clock::Timestamp;
use crate::report::story::*;
use crate::report::words::{count, seconds_between};
use crate::run::{Ending, Plan};

impl Teller<'_> {
    pub(super) fn when(&mut self, plan: &Plan, opened: Timestamp) -> When {
        let ended = self.ended.as_ref().map(|(at, _)| *at);
        let seconds = seconds_between(opened, ended.unwrap_or(self.latest));
        let over = match plan.window_seconds {
            0 => 0,
            // A window is for the work, and not for the days between two halves of it.
            window => u64::try_from(seconds - self.rested)
                .unwrap_or(0)
                .saturating_sub(window),
        };
        When {
            opened,
            ended,
            latest: self.latest,
            seconds,
            window_seconds: (plan.window_seconds > 0).then_some(plan.window_seconds),
            over_window_seconds: over,
            downtime: std::mem::take(&mut self.watch).read(self.latest),
            way_back: String::new(),
            latest_return: None,
        }
    }

    pub(super) fn outcome(&self, plan: &Plan) -> Outcome {
        let ends = |wanted: &[StepEnd]| {
            let among = |story: &&StepStory| wanted.contains(&story.state);
            self.steps.iter().filter(among).count()
        };
        let mut outcome = Outcome {
            kind: OutcomeKind::Open,
            sentence: String::new(),
            steps: plan.steps.len(),
            proved: ends(&[StepEnd::Proved, StepEnd::ProvedVacuously]),
            attested: ends(&[StepEnd::Attested]),
            unchecked: ends(&[StepEnd::Unchecked]),
            chosen: ends(&[StepEnd::Chosen]),
            skipped: ends(&[StepEnd::Skipped]),
            ruled_out: ends(&[StepEnd::RuledOut]),
        };
        let settled = outcome.proved
            + outcome.attested
            + outcome.unchecked
            + outcome.chosen
            + outcome.skipped
            + outcome.ruled_out;
        let parts: Vec<String> = [
            (outcome.proved, "proved"),
            (outcome.unchecked, "without a proof asked for"),
            (outcome.attested, "on somebody's word"),
            (outcome.chosen, "decided by choice"),
            (outcome.skipped, "skipped"),
            (outcome.ruled_out, "passed over by their rule"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
        let steps = count(outcome.steps, "step");
        (outcome.kind, outcome.sentence) = match (&self.run.ending, &self.ended) {
            (Some(Ending::Finished), _) => (
                OutcomeKind::Finished,
                format!("The run went through its {steps}: {}.", parts.join(", ")),
            ),
            (Some(Ending::EndedEarly { reason }), ended) => {
                let by = ended.as_ref().and_then(|(_, by)| by.as_deref());
                let by = by.unwrap_or("the engine");
                let sentence = format!(
                    "{by} ended the run before the last step, with {settled} of {steps} settled: {reason}"
                );
                (OutcomeKind::EndedEarly, sentence)
            }
            (None, _) => {
                let current = self.run.current().and_then(|place| self.steps.get(place));
                let stands = match current {
                    Some(story) => {
                        format!("step {} ({}) {}", story.number, story.id, story.sentence)
                    }
                    None => "it waits to be ended".to_owned(),
                };
                let sentence =
                    format!("The run has not ended: {settled} of {steps} are settled; {stands}.");
                (OutcomeKind::Open, sentence)
            }
        };
        outcome
    }
}

impl Outcome {
    /// Says in the sentence of a run that has ended what is written and not known to be in effect.
    pub(super) fn with_armed(mut self, steps: &[StepStory], look: &[Look]) -> Self {
        let armed = |look: &&Look| look.kind == LookKind::Armed;
        let named: Vec<String> = (look.iter().filter(armed))
            .filter_map(|look| {
                steps
                    .iter()
                    .find(|step| Some(&step.id) == look.step.as_ref())
            })
            .map(|step| format!("{} ({})", step.number, step.id))
            .collect();
        if self.kind != OutcomeKind::Open && !named.is_empty() {
            let named = named.join(", ");
            self.sentence.push_str(&format!(
                " ARMED and not known to be in effect: step {named}."
            ));
        }
        self
    }
}

//! Questions and text boxes: what is asked before something is done, and what an answer leads to.

use crate::kinds::Performer;
use crate::names::StepId;
use crate::probe::Holds;
use crate::run::{Command, Event, Intent, PlannedUndo, Proof, StepAt, Stop, Way, decide};
use crate::runbook::Gate;

use super::app::{App, Effect};
use super::clean;
use super::dialog::{Choose, Dialog, Purpose, Then, Write};
use super::gate::{Came, Verdict};
use super::keys::Action;
use super::look::Tone;

impl App {
    pub(super) fn keep(&mut self, draft: Option<(Purpose, String)>) {
        if let Some((purpose, text)) = draft.filter(|(_, text)| !text.trim().is_empty()) {
            self.drafts.retain(|(known, _)| *known != purpose);
            self.drafts.push((purpose, text));
        }
    }

    pub(super) fn draft(&mut self, purpose: &Purpose) -> String {
        match self.drafts.iter().position(|(known, _)| known == purpose) {
            Some(at) => self.drafts.remove(at).1,
            None => String::new(),
        }
    }

    /// The first question of the proof that waits for a person.
    pub(super) fn open_question(&self) -> Option<(u16, &Proof)> {
        let (_, planned, state) = self.current()?;
        if state.at != StepAt::Proving {
            return None;
        }
        state
            .proofs(planned)
            .iter()
            .enumerate()
            .find_map(|(number, proof)| {
                let number = u16::try_from(number).ok()?;
                (proof.person && !state.answers.contains_key(&number)).then_some((number, proof))
            })
    }

    pub(super) fn write(&mut self, purpose: Purpose) {
        let draft = self.draft(&purpose);
        self.dialog = Some(Dialog::Write(Box::new(Write::new(purpose, &draft))));
    }

    pub(super) fn ask_for_the_answer(&mut self) {
        let Some((proof, asked)) = self.open_question() else {
            return;
        };
        let lines = clean::lines(&asked.says);
        let Some(Purpose::Reply { step, attempt, .. }) = self.purpose(Action::Answer) else {
            return;
        };
        let evidence = asked.evidence.clone();
        let reply = |yes| {
            Then::Write(Purpose::Reply {
                step: step.clone(),
                attempt,
                proof,
                yes,
                evidence: evidence.clone(),
            })
        };
        let mut choose = Choose::new("Is it so?".to_owned(), lines, "Look again before answering")
            .or("No, it is not so…", reply(false))
            .or("Yes, it is so…", reply(true));
        // The focused answer is the one that claims least of those that answer.
        choose.at = 1;
        self.dialog = Some(Dialog::Choose(choose));
    }

    pub(super) fn ask_first(&mut self, action: Action) {
        let Some(intent) = self.intent(action) else {
            return;
        };
        let auto = self.current().is_some_and(|(_, planned, state)| {
            planned.gate == Gate::Auto && state.way == Way::Forward && !state.undone
        });
        let choose = match (&intent, action) {
            (Intent::End { .. }, _) => Choose::new(
                "End the run as finished?".to_owned(),
                vec!["Every step is done or was skipped. Nothing can be done in this run afterwards.".to_owned()],
                "Not yet",
            )
            .or("End the run", Then::Wish(intent)),
            (Intent::Retry { step, .. }, _) => Choose::new(
                format!("Try step {step} again?"),
                self.before_a_retry(&intent, auto),
                "Not now",
            )
            .or("Try it again", Then::Wish(intent)),
            (Intent::Keep { lane, .. }, _) => Choose::new(
                format!("Keep the change on {lane}?"),
                self.before_keeping(),
                "Not now",
            )
            .or("Keep it", Then::Wish(intent)),
            (Intent::GoBack { step }, _) => {
                let headline = self.undo_headline();
                let mut lines = Vec::new();
                // It is seldom the step that is looked at.
                if let Some((number, planned, _)) = self.folded.run.step(step) {
                    lines.push(format!("{}  {}", number + 1, clean::line(&planned.title)));
                }
                lines.push("It is shown at its gate before anything runs. It does:".to_owned());
                lines.extend(headline.iter().flat_map(|line| clean::lines(line)));
                Choose::new(format!("Take back step {step}?"), lines, "Not now")
                    .or("Take it back", Then::Wish(intent))
            }
            (Intent::Stop { step, attempt, stop }, Action::StopLeft) => {
                let signal = match stop {
                    Stop::Ask => "SIGTERM, so that it may tidy up",
                    Stop::Kill => "SIGKILL: it was asked to end and has not",
                };
                let text = format!("It was decided about, and runs on all the same. It gets {signal}.");
                Choose::new(format!("End attempt {attempt} of step {step}?"), vec![text], "Let it run")
                    .or("End it", Then::Wish(intent))
            }
            (Intent::Stop { step, stop: Stop::Ask, .. }, _) => {
                let [title, line, harmless, end] = self.before_a_stop(step);
                Choose::new(title, vec![line], &harmless).or(&end, Then::Wish(intent))
            }
            (Intent::Stop { step, .. }, _) => Choose::new(
                format!("Kill step {step}?"),
                vec!["It was asked to end and has not. SIGKILL ends it in the middle of what it does.".to_owned()],
                "Give it more time",
            )
            .or("Kill it", Then::Wish(intent)),
            _ => return,
        };
        self.dialog = Some(Dialog::Choose(choose));
    }

    /// What is asked before something is ended, by who does it: the question, what it comes to, and both answers.
    fn before_a_stop(&self, step: &StepId) -> [String; 4] {
        let run = &self.folded.run;
        let performer = run
            .step(step)
            .and_then(|(_, planned, state)| planned.performer(state.way));
        match performer {
            Some(Performer::Person) => [
                format!("Give up step {step}?"),
                "Nothing runs on a machine. The step counts as stopped, and what was done by hand stays done.".to_owned(),
                "Go on with it".to_owned(),
                "Give it up".to_owned(),
            ],
            Some(Performer::Watch) => [
                format!("Stop waiting in step {step}?"),
                "It only asks, and nothing else ends with it. The step counts as stopped.".to_owned(),
                "Go on waiting".to_owned(),
                "Stop waiting".to_owned(),
            ],
            Some(Performer::Machine | Performer::Nobody) | None => [
                format!("Ask step {step} to end?"),
                "It gets SIGTERM and may tidy up. What it did until then stays done.".to_owned(),
                "Let it run".to_owned(),
                "Ask it to end".to_owned(),
            ],
        }
    }

    /// What another try is about, where that is not the whole step, and what it begins with.
    fn before_a_retry(&self, intent: &Intent, auto: bool) -> Vec<String> {
        let (run, mut lines) = (&self.folded.run, Vec::new());
        let command = |who: &crate::run::Operator| Command::Wish {
            who: who.clone(),
            intent: intent.clone(),
        };
        let decided = self.me().and_then(|who| decide(run, &command(who)).ok());
        if let Some((_, Event::StepReached { step, lanes, .. })) = decided
            && let Some((_, _, state)) = run.step(&step)
            && lanes.len() < state.lanes.len()
        {
            let named: Vec<&str> = lanes.iter().take(6).map(|lane| lane.as_str()).collect();
            let more = lanes.len().saturating_sub(named.len());
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            lines.push(format!(
                "Only where it is not right: {}{more}.",
                named.join(", ")
            ));
        }
        lines.push(match auto {
            true => "Its gate asks nobody: it runs again at once.".to_owned(),
            false => "It is shown at its gate again before anything runs.".to_owned(),
        });
        lines
    }

    /// What the proof said of a change that is to be kept.
    fn before_keeping(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some((_, planned, state)) = self.current() {
            for (number, proof) in state.proofs(planned).iter().enumerate() {
                let answer = u16::try_from(number).ok().and_then(|n| state.look.get(&n));
                let holds = answer.map(|answer| answer.holds);
                let word = match holds {
                    Some(Holds::Yes) => "so",
                    Some(Holds::No) => "NOT SO",
                    Some(Holds::CannotSay) | None => "not known",
                };
                lines.push(format!("{word}: {}", clean::line(&proof.says)));
            }
        }
        lines.push(
            "Its guard is let go of over a new connection, and the proof is asked.".to_owned(),
        );
        lines
    }

    fn undo_headline(&self) -> Option<String> {
        let run = &self.folded.run;
        match &run.planned(run.undo_next()?)?.undo {
            PlannedUndo::Action { headline, .. } => Some(headline.clone()),
            PlannedUndo::Never { .. } | PlannedUndo::Nothing { .. } | PlannedUndo::Unsaid => None,
        }
    }

    pub(super) fn in_dialog(&mut self, action: Action, came: Came) -> Vec<Effect> {
        match self.dialog {
            Some(Dialog::Find(_)) => return self.in_the_palette(action, came),
            Some(Dialog::Search(_)) => {
                self.in_the_search(action);
                return Vec::new();
            }
            _ => {}
        }
        let bundled = came == Came::InABundle && matches!(action, Action::Pick | Action::Save);
        if bundled {
            self.say_too_early(Verdict::TooFast);
            return Vec::new();
        }
        match (self.dialog.take(), action) {
            (Some(Dialog::Choose(mut choose)), Action::Previous | Action::Next | Action::Mark) => {
                match action {
                    Action::Previous => choose.previous(),
                    Action::Mark => choose.mark(),
                    _ => choose.next(),
                }
                self.dialog = Some(Dialog::Choose(choose));
            }
            (Some(Dialog::Choose(choose)), Action::Pick) => {
                match choose
                    .answers
                    .into_iter()
                    .nth(choose.at)
                    .map(|(_, then)| then)
                {
                    Some(Then::Wish(intent)) => return self.wish(intent, None),
                    Some(Then::Write(purpose)) => self.write(purpose),
                    Some(Then::Close) | None => {}
                }
            }
            (Some(Dialog::Write(write)), Action::Save) => {
                let text = write.text();
                if text.trim().is_empty() && !write.purpose.may_be_empty() {
                    self.say("a few words are needed", Tone::Care);
                    self.dialog = Some(Dialog::Write(write));
                } else if !self.is_live() {
                    self.say(
                        "not connected; it stays here until the line is back",
                        Tone::Care,
                    );
                    self.dialog = Some(Dialog::Write(write));
                } else {
                    let text = text.trim().to_owned();
                    let intent = write.purpose.intent(text.clone());
                    return self.wish(intent, Some((write.purpose, text)));
                }
            }
            (Some(Dialog::Write(write)), Action::Close) => {
                let text = write.text();
                self.keep(Some((write.purpose, text)));
            }
            _ => {}
        }
        Vec::new()
    }
}

//! From what a person wants to an intent, and whether that is possible now.
//!
//! Whether it is possible is asked of the same `decide` as the engine asks, with the run as it is on this
//! screen. So the footer cannot offer what the engine would refuse, and there is no second list of rules.

use crate::run::{
    Command, Intent, LaneAt, PlannedStep, Refusal, StepAt, StepState, Stop, Way, decide,
};

use super::app::{App, Effect, Pane};
use super::clean;
use super::dialog::{Dialog, Purpose, Sheet};
use super::gate::{Came, Verdict};
use super::how::Hands;
use super::keys::Action;
use super::look::Tone;
use super::screen::Leaving;

/// Stands for the words that a person has still to write, when it is only asked whether they would count.
const WORDS: &str = "-";

impl App {
    /// Whether an action is possible now.
    pub(super) fn offers(&self, action: Action) -> bool {
        let run = &self.folded.run;
        let ended = run.ending.is_some();
        match action {
            Action::Approve => {
                let to_be_read = self.pane == Pane::Step || self.wide;
                to_be_read && !self.is_typed_back_elsewhere() && self.would_do(action)
            }
            Action::TypeBack => {
                self.field_left && self.gate_words().is_some() && self.would_do(Action::Approve)
            }
            Action::SayDone
            | Action::Answer
            | Action::Keep
            | Action::Retry
            | Action::ProveAgain
            | Action::Look
            | Action::Choose
            | Action::Settle(_)
            | Action::Attest
            | Action::Review
            | Action::Skip
            | Action::GoBack
            | Action::DropBack
            | Action::Stop
            | Action::StopLeft
            | Action::TakeKeyboard
            | Action::GiveBack
            | Action::Note => self.would_do(action),
            Action::End | Action::Suspend => run.current().is_some() && self.would_do(action),
            Action::Finish => {
                run.plan.is_some() && run.current().is_none() && self.would_do(action)
            }
            Action::Mark => {
                matches!(&self.dialog, Some(Dialog::Choose(choose)) if choose.numbered)
            }
            Action::Mouse => self.hands == Hands::Keys,
            Action::Leave => ended || run.suspended.is_some(),
            Action::NextLane => self.outputs().len() > 1,
            Action::Output => self.output.is_some() || self.pane == Pane::Output,
            Action::Read(reading) => self.offers_reading(reading),
            Action::Journal => run.plan.is_some(),
            Action::Machines => !run.preflight.is_empty(),
            Action::Here => !self.is_here() || self.pane != Pane::Step,
            Action::NotNow
            | Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::Top
            | Action::Bottom
            | Action::Find
            | Action::Help
            | Action::Detach
            | Action::Redraw
            | Action::Interrupt
            | Action::Previous
            | Action::Next
            | Action::Pick
            | Action::Save
            | Action::Close => true,
        }
    }

    /// The gate is typed back, and its field does not have the keys.
    fn is_typed_back_elsewhere(&self) -> bool {
        self.gate_words().is_some() && self.place() != super::keys::Place::Field
    }

    /// Whether this person could decide anything now.
    pub(super) fn may_decide(&self) -> bool {
        let watches = |who: &crate::run::Operator| {
            self.folded
                .run
                .present
                .get(&who.client)
                .is_none_or(|present| present.watch)
        };
        self.is_live() && self.me().is_some_and(|who| !watches(who))
    }

    fn would_do(&self, action: Action) -> bool {
        self.verdict_on(action)
            .is_some_and(|verdict| verdict.is_ok())
    }

    /// What `decide` says to an action; none where there is nothing to ask.
    pub(super) fn verdict_on(&self, action: Action) -> Option<Result<(), Refusal>> {
        if !self.is_live() {
            return None;
        }
        let who = self.me()?.clone();
        let intent = self.intent(action)?;
        let command = Command::Wish { who, intent };
        Some(decide(&self.folded.run, &command).and_then(|(_, event)| {
            match self.standing.refuses(&event) {
                Some(why) => Err(Refusal::NoRoom(why.to_owned())),
                None => Ok(()),
            }
        }))
    }

    /// Whether an action would be possible with more room on the engine's disk.
    pub(super) fn lacks_room(&self, action: Action) -> bool {
        matches!(self.verdict_on(action), Some(Err(Refusal::NoRoom(_))))
    }

    /// The intent of an action, with a stand-in for the words that are still to be written.
    ///
    /// None while another step is looked at: what is decided is what is on the screen.
    pub(super) fn intent(&self, action: Action) -> Option<Intent> {
        match action {
            Action::End => {
                return Some(Intent::End {
                    reason: WORDS.to_owned(),
                });
            }
            Action::Suspend => {
                return Some(Intent::Suspend {
                    reason: WORDS.to_owned(),
                });
            }
            Action::Finish => {
                return Some(Intent::End {
                    reason: String::new(),
                });
            }
            Action::StopLeft => return self.stop_left(),
            Action::TakeKeyboard | Action::GiveBack => return self.keyboard_intent(action),
            Action::Note => return Some(self.note_purpose().intent(WORDS.to_owned())),
            Action::GoBack => {
                let back = self.folded.run.undo_next()?;
                let under_way = |(number, _, state): (usize, &PlannedStep, &StepState)| {
                    number == back && state.way == Way::Back && state.at == StepAt::AtGate
                };
                if self.current().is_some_and(under_way) {
                    // Its gate is open already.
                    return None;
                }
                let step = self.folded.run.planned(back)?.id.clone();
                return Some(Intent::GoBack { step });
            }
            _ => {}
        }
        if !self.is_here() {
            return None;
        }
        let (_, planned, state) = self.current()?;
        let (step, attempt) = (planned.id.clone(), state.attempt);
        Some(match action {
            Action::Approve => Intent::Approve {
                step,
                attempt,
                digest: state.shown.as_ref()?.digest.clone(),
                typed: self.gate_words().map(str::to_owned),
            },
            Action::Choose => return self.first_option(),
            Action::Review => Intent::Review { step, attempt },
            Action::Retry => Intent::Retry { step, attempt },
            Action::ProveAgain => Intent::ProveAgain { step, attempt },
            Action::Look => Intent::Look { step, attempt },
            Action::DropBack => Intent::DropBack { step, attempt },
            Action::Keep => Intent::Keep {
                step,
                attempt,
                lane: state.to_be_kept().next()?.0.clone(),
            },
            Action::Stop if !state.is_under_way() => return None,
            Action::Stop => Intent::Stop {
                step,
                attempt,
                stop: match state.stop {
                    None => Stop::Ask,
                    Some(_) => Stop::Kill,
                },
            },
            Action::SayDone
            | Action::Answer
            | Action::Settle(_)
            | Action::Attest
            | Action::Skip => self.purpose(action)?.intent(WORDS.to_owned()),
            _ => return None,
        })
    }

    /// What a text would be for.
    pub(super) fn purpose(&self, action: Action) -> Option<Purpose> {
        let (_, planned, state) = self.current()?;
        let (step, attempt) = (planned.id.clone(), state.attempt);
        Some(match action {
            Action::SayDone => {
                let lane = state
                    .lanes
                    .iter()
                    .find(|lane| matches!(lane.at, LaneAt::Running { .. }))?;
                Purpose::SayDone {
                    step,
                    attempt,
                    lane: lane.name.clone(),
                }
            }
            Action::Answer => {
                let (proof, asked) = self.open_question()?;
                let evidence = asked.evidence.clone();
                Purpose::Reply {
                    step,
                    attempt,
                    proof,
                    yes: true,
                    evidence,
                }
            }
            Action::Settle(decision) => {
                let lane = state
                    .lanes
                    .iter()
                    .find(|lane| matches!(lane.at, LaneAt::Unknown { .. }))?;
                Purpose::Settle {
                    step,
                    attempt,
                    lane: lane.name.clone(),
                    decision,
                }
            }
            Action::Attest => Purpose::Attest { step, attempt },
            Action::Skip => Purpose::Skip { step },
            Action::End => Purpose::End,
            Action::Suspend => Purpose::Suspend,
            _ => return None,
        })
    }

    /// The end of what runs on although it was decided about: of the step that is looked at, or else of the first.
    fn stop_left(&self) -> Option<Intent> {
        let run = &self.folded.run;
        let viewed = self.viewed().map(|(_, planned, _)| &planned.id);
        let mut of_viewed = viewed.into_iter().flat_map(|step| run.still_running(step));
        let doubt = of_viewed
            .next()
            .or_else(|| run.doubts.values().find(|doubt| doubt.still_runs()))?;
        Some(Intent::Stop {
            step: doubt.step.clone(),
            attempt: doubt.attempt,
            stop: match doubt.stop {
                None => Stop::Ask,
                Some(_) => Stop::Kill,
            },
        })
    }

    fn note_purpose(&self) -> Purpose {
        Purpose::Note {
            step: self.viewed().map(|(_, planned, _)| planned.id.clone()),
        }
    }

    /// Does what a key means. Only called with what [`App::offers`].
    pub(super) fn act(&mut self, action: Action, verdict: Verdict, came: Came) -> Vec<Effect> {
        match action {
            Action::Approve => return self.approve(verdict),
            Action::ProveAgain | Action::Look | Action::Review | Action::DropBack => {
                return self
                    .intent(action)
                    .map_or_else(Vec::new, |intent| self.wish(intent, None));
            }
            Action::TakeKeyboard | Action::GiveBack => return self.change_hands(action),
            Action::TypeBack => self.field_left = false,
            Action::NotNow => {
                self.field_left = true;
                self.typed.clear();
            }
            Action::SayDone
            | Action::Settle(_)
            | Action::Attest
            | Action::Skip
            | Action::Suspend
            | Action::End => {
                if let Some(purpose) = self.purpose(action) {
                    self.write(purpose);
                }
            }
            Action::Note => self.write(self.note_purpose()),
            Action::Answer => self.ask_for_the_answer(),
            Action::Choose => self.ask_for_the_choice(),
            Action::Finish
            | Action::Retry
            | Action::GoBack
            | Action::Keep
            | Action::Stop
            | Action::StopLeft => self.ask_first(action),
            Action::Leave => return vec![Effect::Leave(Leaving::Ended)],
            Action::Detach => {
                let run = &self.folded.run;
                let ended = run.ending.is_some() || run.suspended.is_some();
                let how = if ended {
                    Leaving::Ended
                } else {
                    Leaving::Detached
                };
                return vec![Effect::Leave(how)];
            }
            Action::Redraw => return vec![Effect::Redraw],
            Action::Mouse => return self.change_mouse(),
            Action::Interrupt => self.say(
                &format!(
                    "nothing was stopped. {} stops a step; {} only leaves this screen",
                    self.how(Action::Stop),
                    self.how(Action::Detach)
                ),
                Tone::Care,
            ),
            Action::Find => self.open_the_palette(),
            Action::Help => self.dialog = Some(Dialog::Sheet(Sheet::Keys, 0)),
            Action::Machines => self.dialog = Some(Dialog::Sheet(Sheet::Machines, 0)),
            Action::Previous
            | Action::Next
            | Action::Mark
            | Action::Pick
            | Action::Save
            | Action::Close => {
                return self.in_dialog(action, came);
            }
            Action::Read(reading) => return self.read(reading),
            Action::Here if self.stop_searching() => {}
            Action::Output
            | Action::Journal
            | Action::NextLane
            | Action::Here
            | Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::Top
            | Action::Bottom => self.look_around(action),
        }
        Vec::new()
    }

    fn approve(&mut self, verdict: Verdict) -> Vec<Effect> {
        let seen = self.guard.seen().cloned();
        match (verdict, seen) {
            (Verdict::Counts, Some(seen)) if Some(&seen) == self.gate().as_ref() => {
                let wanted = self.gate_words().map(str::to_owned);
                if let Some(words) = &wanted
                    && self.typed_words().trim() != words.trim()
                {
                    let words = clean::line(words);
                    self.say(&format!("not the words yet; type  {words}"), Tone::Care);
                    return Vec::new();
                }
                let typed = wanted.map(|_| self.typed_words().trim().to_owned());
                let approve = Intent::Approve {
                    step: seen.step,
                    attempt: seen.attempt,
                    digest: seen.digest,
                    typed,
                };
                self.wish(approve, None)
            }
            (verdict, _) => {
                self.say_too_early(verdict);
                Vec::new()
            }
        }
    }
}

//! The hands of the simulated engine that ask about starts whose outcome was never known.

use runsheet::kinds::Obstacle;
use runsheet::names::StepId;
use runsheet::run::*;

use super::World;
use super::engine::{Engine, For, Receipt};
use super::hand::{Hand, nonce_of};
use super::machine::{Verb, Word};
use super::made_up::place;

/// What is open, and whether an answer is on its way.
pub struct Late {
    open: Vec<Receipt>,
    stop: Option<Stop>,
    asked: bool,
}

fn receipt(token: &Token, doubt: &Doubt) -> Option<Receipt> {
    let nonce = nonce_of(doubt.spool.as_deref()?);
    Some((place(&doubt.machine), token.clone(), nonce))
}

impl Late {
    /// Asks a machine what became of one start.
    pub fn about(run: &Run, token: &Token, stop: Option<Stop>) -> Self {
        let doubt = run.doubts.get(token);
        Self {
            open: doubt
                .and_then(|doubt| receipt(token, doubt))
                .into_iter()
                .collect(),
            stop,
            asked: false,
        }
    }

    /// Fences earlier starts of a step off, before it is prepared.
    pub fn before(run: &Run, step: &StepId) -> Hand {
        let may_run = |doubt: &Doubt| {
            let ended = matches!(
                doubt.says,
                Some(Evidence::Ended { .. } | Evidence::NeverRan)
            );
            doubt.step == *step && !ended
        };
        let doubts = run.doubts.iter().filter(|(_, doubt)| may_run(doubt));
        let open: Vec<_> = doubts
            .filter_map(|(token, doubt)| receipt(token, doubt))
            .collect();
        match open.is_empty() {
            true => Hand::Answers,
            false => Hand::Late(Self {
                open,
                stop: None,
                asked: false,
            }),
        }
    }
}

impl Engine {
    pub fn ask_late(&mut self, world: &mut World, task: &Task) {
        let Some(Hand::Late(late)) = self.hands.get_mut(task) else {
            return;
        };
        let Some(receipt) = late.open.last().cloned() else {
            return;
        };
        if std::mem::replace(&mut late.asked, true) {
            return;
        }
        if let Some(stop) = late.stop.take() {
            self.signal(world, receipt.clone(), stop);
        }
        let machine = receipt.0;
        self.post(
            world,
            machine,
            Verb::Revoke,
            Some(receipt),
            For::Hand(task.clone()),
        );
    }

    pub fn heard_late(&mut self, world: &mut World, task: &Task, word: Option<Word>) {
        let Some(Hand::Late(late)) = self.hands.get_mut(task) else {
            return;
        };
        late.asked = false;
        let Some((machine, token, _)) = late.open.last().cloned() else {
            return;
        };
        if let Task::Prepare { step, attempt, .. } = task {
            match word {
                // It is not at work, and cannot begin any more.
                Some(Word::Revoked | Word::Exited(_) | Word::Lost { .. }) => {
                    late.open.pop();
                    if late.open.is_empty() {
                        self.hands.insert(task.clone(), Hand::Answers);
                    }
                }
                _ => {
                    let finding = Finding::Obstructed {
                        step: step.clone(),
                        attempt: *attempt,
                        lane: super::made_up::machine(machine),
                        obstacle: Obstacle::new("an earlier attempt may still begin or run"),
                    };
                    self.finish(task, finding, None);
                }
            }
            return;
        }
        let says = match word {
            Some(Word::Running) => Evidence::Running,
            Some(Word::Exited(code)) => Evidence::Ended { code },
            Some(Word::Revoked) => Evidence::NeverRan,
            Some(Word::Lost { .. }) => Evidence::CannotSay {
                why: "lost".to_owned(),
            },
            // It could not be fenced off, or not be asked: again, after a pause.
            _ => return self.lost(world, machine),
        };
        let finding = Finding::Evidence {
            token,
            says: says.clone(),
        };
        match says {
            Evidence::Running => self.inbox.push_back((finding, None)),
            _ => self.finish(task, finding, None),
        }
    }
}

//! The hands of the simulated engine that follow legs. What they do at each answer is the real engine's
//! own table.

use runsheet::names::{MachineName, StepId};
use runsheet::run::*;

use super::engine::{Engine, For, Receipt};
use super::late::Late;
use super::machine::{Verb, Word};
use super::made_up::place;
use super::{Died, Flaw, World};

pub enum Hand {
    /// Asks or thinks, and then has an answer.
    Answers,
    /// Asks where the receipt of a leg will be.
    Begin { asked: bool },
    /// Follows a leg.
    Follow(Follow),
    /// Asks late about a leg, or fences earlier ones off before their step is prepared.
    Late(Late),
    /// It has said its last word.
    Done,
}

pub struct Follow {
    machine: usize,
    text: String,
    token: Token,
    nonce: Option<(u32, u32)>,
    place: (StepId, u32, MachineName, u16),
    sent: Sent,
    stop: Option<Stop>,
    doing: Doing,
    was_lost: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Doing {
    /// Nothing yet, or it pauses.
    Nothing,
    Asking,
    Revoking,
    Sending,
    Following,
}

pub fn nonce_text((spool, boot): (u32, u32)) -> String {
    format!("{spool:x}.{boot:x}")
}

pub fn nonce_of(text: &str) -> (u32, u32) {
    let (spool, boot) = text.split_once('.').unwrap();
    let number = |hex| u32::from_str_radix(hex, 16).unwrap();
    (number(spool), number(boot))
}

impl Follow {
    pub fn of(run: &Run, task: &Task, sent: Sent) -> Option<Self> {
        let Task::Follow {
            step,
            attempt,
            lane,
            leg,
            token,
            spool,
        } = task
        else {
            return None;
        };
        let shown = run.step(step)?.2.proposal(lane)?;
        let planned = shown.proposal.legs.get(usize::from(*leg))?;
        Some(Self {
            machine: place(&planned.at),
            text: planned.text.clone(),
            token: token.clone(),
            nonce: spool.as_deref().map(nonce_of),
            place: (step.clone(), *attempt, lane.clone(), *leg),
            sent,
            stop: None,
            doing: Doing::Nothing,
            was_lost: false,
        })
    }

    fn ended(&self, outcome: LaneOutcome) -> Finding {
        let (step, attempt, lane, leg) = self.place.clone();
        Finding::Ended {
            step,
            attempt,
            lane,
            leg,
            outcome,
            output: None,
        }
    }

    fn unknown(&self, last_word: bool) -> Finding {
        let (step, attempt, lane, leg) = self.place.clone();
        Finding::Unknown {
            step,
            attempt,
            lane,
            leg,
            why: "nobody knows".into(),
            output: None,
            last_word,
        }
    }
}

/// What an answer says, for the table.
fn said(doing: Doing, word: Word, flaw: Flaw) -> Said {
    let at_last = doing != Doing::Asking;
    match word {
        Word::NoSuchToken if at_last => Said::Vanished,
        Word::NoSuchToken => Said::NoSuchToken,
        Word::Exited(_) if matches!(doing, Doing::Sending | Doing::Following) => Said::Ended,
        Word::Running | Word::Exited(_) => Said::UnderWay,
        Word::Revoked => Said::Revoked,
        Word::Lost { other_spool: true } if flaw == Flaw::AnySpoolWillDo => Said::Revoked,
        Word::Lost { .. } => Said::Lost,
        Word::NoRoom => Said::WouldNot,
        Word::Hello(..) | Word::Signalled | Word::NotRunning => Said::Silent,
    }
}

impl Engine {
    /// Lets a hand do what it does when nobody keeps it waiting.
    pub fn drive(&mut self, world: &mut World, task: &Task) -> Result<(), Died> {
        match self.hands.get_mut(task) {
            Some(Hand::Begin { asked }) if !*asked => {
                *asked = true;
                let machine = self.machine_of(task);
                match self.known.get(&machine) {
                    Some(nonce) if !world.dice.one_in(4) => self.begin(task, *nonce),
                    _ => self.post(world, machine, Verb::Hello, None, For::Hand(task.clone())),
                }
            }
            Some(Hand::Follow(follow)) if follow.doing == Doing::Nothing => {
                if follow.nonce.is_none() {
                    let proof = "nothing was sent".to_owned();
                    let finding = follow.ended(LaneOutcome::NotRun { proof });
                    self.finish(task, finding, None);
                    return Ok(());
                }
                let next = next(follow.sent, follow.stop, Said::NotAsked);
                self.act(world, task, (next, Said::NotAsked), None);
            }
            Some(Hand::Late(_)) => self.ask_late(world, task),
            _ => {}
        }
        Ok(())
    }

    fn machine_of(&self, task: &Task) -> usize {
        match task {
            Task::Begin { lane, .. } => place(lane),
            _ => 0,
        }
    }

    fn begin(&mut self, task: &Task, nonce: (u32, u32)) {
        if let Task::Begin {
            step,
            attempt,
            lane,
            leg,
        } = task.clone()
        {
            let spool = Some(nonce_text(nonce));
            let finding = Finding::Begin {
                step,
                attempt,
                lane,
                leg,
                spool,
            };
            self.inbox.push_back((finding, None));
        }
    }

    pub fn finish(&mut self, task: &Task, finding: Finding, receipt: Option<Receipt>) {
        // It stays among the hands, done, until the run does not want it any more.
        self.hands.insert(task.clone(), Hand::Done);
        self.inbox.push_back((finding, receipt));
    }

    /// An answer to a hand, or that none came: `None`.
    pub fn heard(&mut self, world: &mut World, task: &Task, word: Option<Word>) {
        let machine = match self.hands.get_mut(task) {
            Some(Hand::Begin { asked }) => {
                *asked = false;
                let machine = self.machine_of(task);
                if let Some(Word::Hello(spool, boot)) = word {
                    self.known.insert(machine, (spool, boot));
                    if let Some(Hand::Begin { asked }) = self.hands.get_mut(task) {
                        *asked = true;
                    }
                    return self.begin(task, (spool, boot));
                }
                return self.lost(world, machine);
            }
            Some(Hand::Follow(follow)) => follow.machine,
            Some(Hand::Late(_)) => return self.heard_late(world, task, word),
            Some(Hand::Answers | Hand::Done) | None => return,
        };
        let Some(Hand::Follow(follow)) = self.hands.get_mut(task) else {
            return;
        };
        let said = word.map_or(Said::Silent, |word| said(follow.doing, word, world.flaw));
        if follow.doing == Doing::Sending && said != Said::WouldNot {
            follow.sent = Sent::Perhaps;
        }
        let failed = matches!(said, Said::Silent | Said::WouldNot);
        let back = follow.was_lost && !failed;
        follow.was_lost = failed;
        let next = next(follow.sent, follow.stop, said);
        if failed && next == Next::Again {
            self.lost(world, machine);
        } else if back {
            let machine = super::made_up::machine(machine);
            self.inbox.push_back((Finding::LinkBack { machine }, None));
        }
        self.act(world, task, (next, said), word);
    }

    pub fn lost(&mut self, world: &mut World, machine: usize) {
        self.known.remove(&machine);
        world.links_lost += 1;
        let (machine, why) = (super::made_up::machine(machine), "lost".to_owned());
        self.inbox
            .push_back((Finding::LinkLost { machine, why }, None));
    }

    /// Carries out what the table says.
    fn act(
        &mut self,
        world: &mut World,
        task: &Task,
        (next, said): (Next, Said),
        word: Option<Word>,
    ) {
        let Some(Hand::Follow(follow)) = self.hands.get_mut(task) else {
            return;
        };
        let (machine, token, nonce) = (follow.machine, follow.token.clone(), follow.nonce);
        let receipt = nonce.map(|nonce| (machine, token.clone(), nonce));
        let (doing, verb) = match next {
            Next::Ask => (Doing::Asking, Verb::Probe),
            Next::Send => (Doing::Sending, Verb::Start(follow.text.clone())),
            Next::Revoke => (Doing::Revoking, Verb::Revoke),
            Next::Follow => (Doing::Following, Verb::Follow),
            Next::Again if world.flaw == Flaw::ALostLinkIsAFailure && said == Said::Silent => {
                let finding = follow.ended(LaneOutcome::Failed { code: 255 });
                return self.finish(task, finding, None);
            }
            Next::Again => {
                follow.doing = Doing::Nothing;
                if said == Said::Vanished {
                    follow.sent = Sent::Perhaps;
                }
                return;
            }
            Next::Ended => {
                let finding = match word {
                    Some(Word::Exited(0)) => follow.ended(LaneOutcome::Succeeded { code: 0 }),
                    Some(Word::Exited(code)) => follow.ended(LaneOutcome::Failed { code }),
                    _ => follow.unknown(true),
                };
                return self.finish(task, finding, receipt);
            }
            Next::NotRun => {
                let proof = "so it says".to_owned();
                let finding = follow.ended(LaneOutcome::NotRun { proof });
                return self.finish(task, finding, receipt);
            }
            Next::Unknown => {
                let finding = follow.unknown(said == Said::Lost);
                self.known.remove(&machine);
                return self.finish(task, finding, None);
            }
        };
        follow.doing = doing;
        let stop = follow.stop;
        self.post(
            world,
            machine,
            verb,
            receipt.clone(),
            For::Hand(task.clone()),
        );
        if let (Doing::Sending | Doing::Following, Some(stop), Some(receipt)) =
            (doing, stop, receipt)
        {
            self.signal(world, receipt, stop);
        }
    }

    pub fn signal(&mut self, world: &mut World, receipt: Receipt, stop: Stop) {
        let (machine, token, nonce) = receipt.clone();
        let what = For::Signal(token, nonce);
        self.post(world, machine, Verb::Signal(stop), Some(receipt), what);
    }

    pub fn halt(
        &mut self,
        world: &mut World,
        (step, attempt, lane, leg): (&StepId, u32, &MachineName, u16),
        stop: Stop,
    ) {
        let mut signals = Vec::new();
        for hand in self.hands.values_mut() {
            if let Hand::Follow(follow) = hand
                && (
                    &follow.place.0,
                    follow.place.1,
                    &follow.place.2,
                    follow.place.3,
                ) == (step, attempt, lane, leg)
                && follow.stop != Some(stop)
            {
                follow.stop = Some(stop);
                if let (Doing::Sending | Doing::Following, Some(nonce)) =
                    (follow.doing, follow.nonce)
                {
                    signals.push((follow.machine, follow.token.clone(), nonce));
                }
            }
        }
        for receipt in signals {
            self.signal(world, receipt, stop);
        }
    }

    pub fn forget(&mut self, world: &mut World, receipt: Receipt) {
        let machine = receipt.0;
        self.post(world, machine, Verb::Forget, Some(receipt), For::Nothing);
    }

    pub fn post(
        &mut self,
        world: &mut World,
        machine: usize,
        verb: Verb,
        receipt: Option<Receipt>,
        what: For,
    ) {
        let id = world.link.send(machine, verb, receipt);
        self.waits.insert(id, (machine, what));
    }

    /// An answer to a request, or that none will come.
    pub fn answered(&mut self, world: &mut World, id: u64, word: Option<Word>) {
        let Some((machine, what)) = self.waits.remove(&id) else {
            return;
        };
        match (what, word) {
            (For::Hand(task), word) => self.heard(world, &task, word),
            // Its start may still be under way.
            (For::Signal(token, nonce), Some(Word::NotRunning)) => {
                let receipt = Some((machine, token, nonce));
                self.post(world, machine, Verb::Revoke, receipt, For::Nothing);
            }
            (For::Signal(..) | For::Nothing, _) => {}
        }
    }
}

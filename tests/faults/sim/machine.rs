//! A machine with the semantics of the receipt: claim, fence, status, revocation, spool and boot.

use std::collections::BTreeMap;

use runsheet::run::{Stop, Token};

use super::Flaw;
use super::made_up::Dice;

/// What goes to a machine.
#[derive(Clone)]
pub enum Verb {
    Hello,
    Start(String),
    Probe,
    Revoke,
    Follow,
    Signal(Stop),
    Forget,
}

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Word {
    /// The spool and the boot.
    Hello(u32, u32),
    NoSuchToken,
    Running,
    Exited(i32),
    Revoked,
    Lost {
        other_spool: bool,
    },
    NoRoom,
    Signalled,
    NotRunning,
}

/// The receipt of a token as it lies in the spool.
struct Job {
    fence: Option<Fence>,
    code: Option<i32>,
    forgotten: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Fence {
    Go,
    Revoked,
}

/// What runs for a token, or is about to.
struct Process {
    token: Token,
    text: String,
    begun: bool,
    /// Whether there is still somebody to write its status.
    kept: bool,
    spool: u32,
}

/// What really happened, whatever is on record.
#[derive(Default)]
pub struct Truth {
    /// How often the command of a token began, and with which text.
    pub began: BTreeMap<Token, u32>,
    /// With which code it ended by itself.
    pub ended: BTreeMap<Token, i32>,
    /// What began since somebody last looked.
    pub news: Vec<(Token, String)>,
}

pub struct Machine {
    spool: u32,
    boot: u32,
    jobs: BTreeMap<Token, Job>,
    processes: Vec<Process>,
    followers: Vec<(u64, Token, (u32, u32))>,
    flaw: Flaw,
}

const CODES: [i32; 8] = [0, 0, 0, 0, 0, 1, 7, 255];

impl Machine {
    pub fn new(flaw: Flaw) -> Self {
        Self {
            spool: 1,
            boot: 1,
            jobs: BTreeMap::new(),
            processes: Vec::new(),
            followers: Vec::new(),
            flaw,
        }
    }

    fn process(&self, token: &Token) -> Option<&Process> {
        let mut all = self.processes.iter();
        all.find(|process| process.token == *token && process.spool == self.spool)
    }

    /// What the receipt says; a claim whose keeper is gone is fenced off on the way.
    fn state(&mut self, token: &Token, (spool, boot): (u32, u32)) -> Word {
        let other_spool = spool != self.spool;
        let lost = Word::Lost { other_spool };
        if other_spool {
            return lost;
        }
        let same_boot = boot == self.boot;
        let kept = self.process(token).is_some_and(|process| process.kept);
        let Some(job) = self.jobs.get_mut(token) else {
            return if same_boot { Word::NoSuchToken } else { lost };
        };
        match (job.fence, job.code) {
            _ if job.forgotten => lost,
            (Some(Fence::Revoked), _) => Word::Revoked,
            (_, Some(code)) => Word::Exited(code),
            (_, None) if kept => Word::Running,
            (Some(Fence::Go), None) => lost,
            // After a power cut, no fence may be one that did not reach the disk.
            (None, None) if !same_boot && self.flaw != Flaw::FencesInAnotherBoot => lost,
            (None, None) => {
                job.fence = Some(Fence::Revoked);
                Word::Revoked
            }
        }
    }

    fn claim(&mut self, token: &Token) -> bool {
        if self.jobs.contains_key(token) && self.flaw != Flaw::ClaimIsNotAtomic {
            return false;
        }
        let job = Job {
            fence: None,
            code: None,
            forgotten: false,
        };
        self.jobs.insert(token.clone(), job);
        true
    }

    /// Carries out a verb. None: the answer comes when the job ends.
    pub fn hear(
        &mut self,
        (id, verb): (u64, &Verb),
        (token, nonce): (&Token, (u32, u32)),
        dice: &mut Dice,
        truth: &mut Truth,
    ) -> Option<Word> {
        let same_boot = nonce.1 == self.boot;
        match verb {
            Verb::Hello => return Some(Word::Hello(self.spool, self.boot)),
            _ if nonce.0 != self.spool => return Some(Word::Lost { other_spool: true }),
            Verb::Start(text) => {
                // By the request, so that a copy of it finds no room either.
                if same_boot && !self.jobs.contains_key(token) && id % 40 == 0 {
                    return Some(Word::NoRoom);
                }
                if same_boot && self.claim(token) {
                    self.processes.push(Process {
                        token: token.clone(),
                        text: text.clone(),
                        begun: false,
                        kept: true,
                        spool: self.spool,
                    });
                }
                return self.follow(id, token, nonce);
            }
            Verb::Follow => return self.follow(id, token, nonce),
            Verb::Probe => {}
            Verb::Revoke => {
                if same_boot && !self.jobs.contains_key(token) {
                    // On a full disk there is no claim to put a fence behind.
                    if id % 40 == 1 {
                        return Some(Word::NoSuchToken);
                    }
                    self.claim(token);
                }
                let may = same_boot || self.flaw == Flaw::FencesInAnotherBoot;
                if let Some(job) = self.jobs.get_mut(token)
                    && may
                {
                    job.fence.get_or_insert(Fence::Revoked);
                }
            }
            Verb::Signal(stop) => {
                let at = self
                    .processes
                    .iter()
                    .position(|process| process.token == *token && process.begun);
                let Some(at) = at else {
                    return Some(Word::NotRunning);
                };
                match stop {
                    Stop::Ask if dice.one_in(3) => {}
                    Stop::Ask => self.end(at, 143, truth),
                    Stop::Kill => self.end(at, 137, truth),
                }
                return Some(Word::Signalled);
            }
            Verb::Forget => {
                let state = self.state(token, nonce);
                if matches!(state, Word::Exited(_) | Word::Revoked) {
                    match self.flaw == Flaw::ForgetsTheName {
                        true => drop(self.jobs.remove(token)),
                        false => {
                            if let Some(job) = self.jobs.get_mut(token) {
                                job.forgotten = true;
                            }
                        }
                    }
                }
                return Some(state);
            }
        }
        Some(self.state(token, nonce))
    }

    fn follow(&mut self, id: u64, token: &Token, nonce: (u32, u32)) -> Option<Word> {
        let state = self.state(token, nonce);
        if state != Word::Running {
            return Some(state);
        }
        self.followers.push((id, token.clone(), nonce));
        None
    }

    /// What is said now to those who followed something that has ended.
    pub fn tend(&mut self) -> Vec<(u64, Word)> {
        let mut said = Vec::new();
        for (id, token, nonce) in std::mem::take(&mut self.followers) {
            match self.state(&token, nonce) {
                Word::Running => self.followers.push((id, token, nonce)),
                word => said.push((id, word)),
            }
        }
        said
    }

    pub fn is_busy(&self) -> bool {
        !self.processes.is_empty()
    }

    /// Something that runs, or is about to, goes on a little.
    pub fn work(&mut self, dice: &mut Dice, truth: &mut Truth) {
        if self.processes.is_empty() {
            return;
        }
        let at = dice.below(self.processes.len());
        let process = &mut self.processes[at];
        if process.begun {
            if dice.one_in(2) {
                self.end(at, *dice.pick(&CODES), truth);
            }
            return;
        }
        let mut passes = process.spool != self.spool;
        if let (false, Some(job)) = (passes, self.jobs.get_mut(&process.token)) {
            passes = job.fence.is_none() || self.flaw == Flaw::ClaimIsNotAtomic;
            job.fence.get_or_insert(Fence::Go);
        }
        if !passes {
            self.processes.swap_remove(at);
            return;
        }
        process.begun = true;
        *truth.began.entry(process.token.clone()).or_insert(0) += 1;
        truth
            .news
            .push((process.token.clone(), process.text.clone()));
    }

    fn end(&mut self, at: usize, code: i32, truth: &mut Truth) {
        let process = self.processes.swap_remove(at);
        truth.ended.insert(process.token.clone(), code);
        if process.kept
            && process.spool == self.spool
            && let Some(job) = self.jobs.get_mut(&process.token)
        {
            job.code = Some(code);
        }
    }

    /// The keeper of something is killed; what it kept goes on without it.
    pub fn lose_a_keeper(&mut self, dice: &mut Dice) {
        if !self.processes.is_empty() {
            let at = dice.below(self.processes.len());
            self.processes[at].kept = false;
        }
    }

    /// Somebody removes the spool. What had not begun finds no place for its fence, and does not.
    pub fn wipe(&mut self) {
        self.processes.retain(|process| process.begun);
        self.spool += 1;
        self.jobs.clear();
    }

    /// It starts anew. After a power cut, what was written last may not be there.
    pub fn restart(&mut self, power_cut: bool, dice: &mut Dice) {
        self.boot += 1;
        self.processes.clear();
        self.followers.clear();
        if !power_cut {
            return;
        }
        self.jobs.retain(|_, job| {
            match dice.below(5) {
                0 => return false,
                1 => (job.fence, job.code, job.forgotten) = (None, None, false),
                2 => (job.code, job.forgotten) = (None, false),
                _ => {}
            }
            true
        });
    }
}

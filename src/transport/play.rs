//! What a scripted machine has in mind.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::claim::{Claim, Nonce, NotAToken, Token};
use super::error::LinkTrouble;
use super::host::Guard;
use super::receipt::ReceiptState;
use super::script::Script;

/// What a scripted machine does with a script.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) code: i32,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) takes: Option<Duration>,
    pub(super) breaks: Option<(usize, Then)>,
    pub(super) held: Option<Held>,
    pub(super) pauses: Option<usize>,
}

/// Where a start is held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It was sent and has not arrived, as in the buffer of a link that hangs.
    OnTheWay,
    /// Its token is claimed, and its command has not begun.
    Claimed,
}

/// What became of a step whose link was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The start never arrived: no such token.
    Nothing,
    /// It runs on, and ends as its reply says.
    Runs,
    /// It ended while nobody listened.
    Ended,
    /// Its keeper died with it.
    Lost,
}

impl Reply {
    /// Ends at once with this code, and says nothing.
    pub fn exit(code: i32) -> Self {
        Self {
            code,
            stdout: Vec::new(),
            stderr: Vec::new(),
            takes: Some(Duration::ZERO),
            breaks: None,
            held: None,
            pauses: None,
        }
    }

    /// Says this on standard output. A step has one output: this, then standard error.
    pub fn stdout(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdout = bytes.into();
        self
    }

    /// Says this on standard error.
    pub fn stderr(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stderr = bytes.into();
        self
    }

    /// Takes this long after it has said everything.
    pub fn takes(mut self, time: Duration) -> Self {
        self.takes = Some(time);
        self
    }

    /// Goes on until it is signalled.
    pub fn until_signalled(mut self) -> Self {
        self.takes = None;
        self
    }

    /// Loses the link at its first start, after so many bytes of output.
    pub fn loses_link(mut self, after: usize, then: Then) -> Self {
        self.breaks = Some((after, then));
        self
    }

    /// Is held up at its first start, until [`super::Scripted::go_on`].
    pub fn held(mut self, at: Held) -> Self {
        self.held = Some(at);
        self
    }

    /// Says so many bytes of its output and then no more, until [`super::Scripted::grow`] or its end.
    pub fn pauses(mut self, after: usize) -> Self {
        self.pauses = Some(after);
        self
    }
}

#[derive(Default)]
pub(super) struct Play {
    pub(super) rules: Vec<(Pattern, Reply)>,
    pub(super) machine_id: Option<String>,
    pub(super) guard: Option<Guard>,
    /// Whether the guard has seen it since it was last reached anew.
    pub(super) met: bool,
    pub(super) down: Option<LinkTrouble>,
    pub(super) hangs: bool,
    pub(super) no_receipts: Option<String>,
    pub(super) no_fence: bool,
    pub(super) no_terminal: bool,
    pub(super) wiped: u32,
    pub(super) boots: u32,
    pub(super) jobs: HashMap<Token, Job>,
    /// Starts that are held up, on the way or claimed.
    pub(super) held: Vec<(Claim, Script)>,
    /// How many starts were sent to it.
    pub(super) sent: usize,
    pub(super) ran: Vec<(Token, Script)>,
    pub(super) asked: Vec<Script>,
    /// What was typed, by the command it was typed to.
    pub(super) typed: HashMap<Token, Vec<u8>>,
    /// The size that a terminal got last.
    pub(super) size: Option<(u16, u16)>,
}

pub(super) enum Pattern {
    Contains(String),
    Exactly(String),
}

#[derive(Clone)]
pub(super) struct Job {
    /// What it has said.
    pub(super) output: Vec<u8>,
    /// What it will have said when it ends.
    pub(super) rest: Vec<u8>,
    pub(super) code: i32,
    pub(super) fate: Fate,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fate {
    /// Its command has not begun.
    Claimed,
    Runs(Option<Instant>),
    Ended,
    Revoked,
    Lost,
    /// Acknowledged: the receipt is gone, and the name stays taken.
    Gone,
}

impl Play {
    pub(super) fn nonce(&self) -> Result<Nonce, NotAToken> {
        Nonce::new(format!("5c{:x}.{:x}", self.wiped, self.boots))
    }

    pub(super) fn find(&self, script: &Script) -> Option<usize> {
        self.rules.iter().rposition(|(pattern, _)| match pattern {
            Pattern::Contains(text) => script.text().contains(text.as_str()),
            Pattern::Exactly(text) => script.text() == text,
        })
    }

    pub(super) fn reply(&self, script: &Script) -> Reply {
        self.find(script).map_or_else(
            || Reply::exit(127).stderr(format!("no rule for {:?}\n", script.text())),
            |found| self.rules[found].1.clone(),
        )
    }

    pub(super) fn mend(&mut self, script: &Script) {
        if let Some(found) = self.find(script) {
            self.rules[found].1.breaks = None;
            self.rules[found].1.held = None;
        }
    }

    /// Makes the claim, and begins the command unless it is held up behind it. Gives what it says.
    pub(super) fn claim(&mut self, claim: &Claim, script: &Script, reply: &Reply) -> Vec<u8> {
        let all = [&reply.stdout[..], &reply.stderr[..]].concat();
        let said = reply.pauses.map_or(all.len(), |after| after.min(all.len()));
        let job = Job {
            output: all[..said].to_vec(),
            rest: all[said..].to_vec(),
            code: reply.code,
            fate: Fate::Claimed,
        };
        self.jobs.insert(claim.token.clone(), job);
        match reply.held {
            Some(_) => self.held.push((claim.clone(), script.clone())),
            None => self.begin(claim, script, reply),
        }
        all
    }

    /// Begins the command behind a claim.
    pub(super) fn begin(&mut self, claim: &Claim, script: &Script, reply: &Reply) {
        if let Some(job) = self.jobs.get_mut(&claim.token) {
            job.fate = Fate::Runs(reply.takes.map(|time| Instant::now() + time));
            self.ran.push((claim.token.clone(), script.clone()));
        }
    }

    pub(super) fn state(&mut self, claim: &Claim) -> ReceiptState {
        let lost = |why: &str| ReceiptState::Lost { why: why.into() };
        let Ok(nonce) = self.nonce() else {
            return lost("the spool has no name");
        };
        let split = |nonce: &Nonce| {
            let text = nonce.as_str().to_owned();
            text.split_once('.')
                .map(|(spool, boot)| (spool.to_owned(), boot.to_owned()))
        };
        let (now, then) = (split(&nonce), split(&claim.nonce));
        if now.as_ref().map(|now| &now.0) != then.as_ref().map(|then| &then.0) {
            return lost("the spool is not the one the step was started in");
        }
        let Some(job) = self.jobs.get_mut(&claim.token) else {
            return match now == then {
                true => ReceiptState::None,
                false => lost("the host has restarted since, and what it knew may be gone"),
            };
        };
        job.pass_time();
        let bytes = job.output.len() as u64;
        match job.fate {
            // It is about to run.
            Fate::Claimed => ReceiptState::Running { bytes: 0 },
            Fate::Runs(_) => ReceiptState::Running { bytes },
            Fate::Ended => ReceiptState::Exited {
                code: job.code,
                bytes,
            },
            Fate::Revoked => ReceiptState::Revoked,
            Fate::Gone => lost("its end was recorded, and its receipt was removed since"),
            Fate::Lost => lost("its keeper is gone and left no status"),
        }
    }
}

impl Job {
    pub(super) fn pass_time(&mut self) {
        if matches!(self.fate, Fate::Runs(Some(end)) if end <= Instant::now()) {
            self.end();
        }
    }

    /// Ends it, with all that it had to say.
    pub(super) fn end(&mut self) {
        self.output.append(&mut self.rest);
        self.fate = Fate::Ended;
    }
}

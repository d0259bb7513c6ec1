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
}

#[derive(Default)]
pub(super) struct Play {
    pub(super) rules: Vec<(Pattern, Reply)>,
    pub(super) machine_id: Option<String>,
    pub(super) guard: Option<Guard>,
    /// Whether the guard has seen it since it was last reached anew.
    pub(super) met: bool,
    pub(super) down: Option<LinkTrouble>,
    pub(super) no_receipts: Option<String>,
    pub(super) no_fence: bool,
    pub(super) wiped: u32,
    pub(super) boots: u32,
    pub(super) jobs: HashMap<Token, Job>,
    pub(super) ran: Vec<(Token, Script)>,
    pub(super) asked: Vec<Script>,
}

pub(super) enum Pattern {
    Contains(String),
    Exactly(String),
}

#[derive(Clone)]
pub(super) struct Job {
    pub(super) output: Vec<u8>,
    pub(super) code: i32,
    pub(super) fate: Fate,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fate {
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
            self.fate = Fate::Ended;
        }
    }
}

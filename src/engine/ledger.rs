//! The journal with the run folded from it: what is true, and the only way to add to it.

use std::collections::VecDeque;

use crate::clock::Clock;
use crate::journal::{Journal, JournalError, Opened, Record, Room};
use crate::names::{MachineName, StepId};
use crate::run::{Command, Entry, Event, Finding, LaneAt, Refusal, Run, Token, decide};

use super::error::EngineError;
use super::log::Log;

/// Holds the journal and the run. Whatever it says is true is on disk.
pub(super) struct Ledger {
    journal: Journal,
    run: Run,
    log: Log,
    clock: Clock,
    left: VecDeque<Left>,
}

/// A receipt of an ended leg that an earlier engine may not have had the time to let its machine forget.
pub(super) struct Left {
    pub machine: MachineName,
    pub token: Token,
    pub spool: String,
}

/// The longest record of a wish that may come out of the journal's reserve, in bytes.
const WORDS: usize = 64 * 1024;

/// How many such receipts are looked after: more than are ever under way at the same time.
const LEFT: usize = 256;

impl Ledger {
    /// Begins a run with an empty journal.
    pub fn begin(journal: Journal, clock: Clock) -> Self {
        Self {
            journal,
            run: Run::default(),
            log: Log::new(),
            clock,
            left: VecDeque::new(),
        }
    }

    /// Folds what a journal holds, and records what was cut off its end and not told yet.
    ///
    /// # Errors
    ///
    /// A record that is none of this version's or cannot follow, and a journal that takes nothing more.
    pub fn take_up(journal: Journal, opened: Opened, clock: Clock) -> Result<Self, EngineError> {
        let mut ledger = Self::begin(journal, clock);
        for (seq, record) in (0..).zip(&opened.records) {
            ledger.fold(seq, record)?;
        }
        if let (Some(torn), true) = (opened.torn, ledger.run.plan.is_some()) {
            let (bytes, saved_as) = (torn.bytes, torn.saved_as);
            ledger.must(&Command::Found(Finding::Repaired { bytes, saved_as }))?;
        }
        Ok(ledger)
    }

    fn fold(&mut self, seq: u64, record: &Record) -> Result<(), EngineError> {
        let entry: Entry = serde_json::from_str(&record.json)
            .map_err(|source| EngineError::Record { seq, source })?;
        if let Event::LegEnded { step, lane, .. } = &entry.event
            && let Some(left) = left_by(&self.run, step, lane)
        {
            self.left.push_back(left);
            if self.left.len() > LEFT {
                self.left.pop_front();
            }
        }
        self.run.apply(&entry)?;
        self.log
            .push(record.json.as_bytes(), &record.hash.to_string());
        Ok(())
    }

    /// Receipts that may be left on machines; given once.
    pub fn left(&mut self) -> impl Iterator<Item = Left> + use<> {
        std::mem::take(&mut self.left).into_iter()
    }

    /// The run as its journal tells it.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The entries for the clients.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Decides a command, writes down what it becomes, and makes it true and seen, in this order.
    /// Gives the entry's number.
    ///
    /// # Errors
    ///
    /// The inner error is a refusal, and nothing has happened. The outer one is the end of this engine:
    /// the disk failed, or what was written cannot be applied.
    pub fn command(&mut self, command: &Command) -> Result<Result<u64, Refusal>, EngineError> {
        let (by, event) = match decide(&self.run, command) {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let entry = Entry {
            seq: self.run.next_seq,
            at: self.clock.now(),
            by,
            event,
        };
        let json = serde_json::to_vec(&entry).map_err(|source| EngineError::Record {
            seq: entry.seq,
            source,
        })?;
        let wordy = matches!(command, Command::Wish { .. }) && json.len() > WORDS;
        if (entry.event.begins_something() || wordy)
            && let Some(why) = self.full()
        {
            return Ok(Err(Refusal::NoRoom(why)));
        }
        let head = match self.journal.append(&json) {
            Ok(head) => head,
            Err(JournalError::Rejected(why)) => {
                return Ok(Err(Refusal::CannotBeKept(why.to_string())));
            }
            Err(error) => return Err(error.into()),
        };
        self.run.apply(&entry)?;
        self.log.push(&json, &head.hash.to_string());
        Ok(Ok(entry.seq))
    }

    /// Why nothing new may be started, asking the disk anew; none where there is room.
    pub fn full(&mut self) -> Option<String> {
        match self.journal.room() {
            Room::Plenty => None,
            Room::Reserve { why } => Some(format!("{}: {why}", self.journal.folder().display())),
        }
    }

    /// Puts a command through that must not be refused.
    ///
    /// # Errors
    ///
    /// As [`Ledger::command`], and the refusal.
    pub fn must(&mut self, command: &Command) -> Result<u64, EngineError> {
        Ok(self.command(command)??)
    }
}

/// The receipt of the leg that a lane runs; none where nothing was sent.
fn left_by(run: &Run, step: &StepId, lane: &MachineName) -> Option<Left> {
    let (_, _, state) = run.step(step)?;
    let LaneAt::Running {
        leg, token, spool, ..
    } = &state.lane(lane)?.at
    else {
        return None;
    };
    let shown = state.proposal(lane)?;
    Some(Left {
        machine: shown.proposal.legs.get(usize::from(*leg))?.at.clone(),
        token: token.clone(),
        spool: spool.clone()?,
    })
}

//! What must hold, asked of what really happened and of what is safe on disk.

use runsheet::journal::{Hash, Record};
use runsheet::names::{MachineName, StepId};
use runsheet::run::*;

use super::engine::Receipt;
use super::hand::nonce_of;
use super::made_up::place;
use super::{Died, World};

impl World {
    /// Keeps the first thing that is wrong, and ends the run.
    pub fn wrong<T>(&mut self, what: String) -> Result<T, Died> {
        self.violation.get_or_insert(what);
        Err(Died::Wrong)
    }

    /// A place where the engine may die.
    pub fn at_a_point(&mut self) -> Result<(), Died> {
        match self.bench.platter().dies_here() {
            true => Err(Died::Engine),
            false => Ok(()),
        }
    }

    /// The engine handed an entry to the disk.
    pub fn written(&mut self, entry: Entry, end: usize) {
        self.log.push((end, entry));
    }

    /// Clients may have been told of an entry.
    pub fn told(&mut self, seq: u64, hash: Hash) {
        self.told.insert(seq, hash);
    }

    /// What a new engine read, against what the old one wrote, told and knew.
    pub fn taken_up(
        &mut self,
        records: &[Record],
        entries: &[Entry],
        run: &Run,
    ) -> Result<(), Died> {
        for (seq, hash) in &self.told {
            let kept = records.get(*seq as usize);
            if kept.is_none_or(|record| record.hash != *hash) {
                let all = records.len();
                return self.wrong(format!("entry {seq} was told and is lost; {all} are left"));
            }
        }
        let log = self.log.iter().map(|(_, entry)| entry);
        if records.len() > self.log.len() || log.zip(entries).any(|(wrote, read)| wrote != read) {
            return self.wrong("what is read is not what was written".to_owned());
        }
        self.log.truncate(records.len());
        if let Some(last) = self.last.take()
            && last.next_seq == run.next_seq
            && last != *run
        {
            return self.wrong("folding again gives another state".to_owned());
        }
        while self.checked < self.log.len() {
            self.check(self.checked)?;
        }
        Ok(())
    }

    /// An entry is on disk and was told: is it true?
    pub fn check(&mut self, seq: usize) -> Result<(), Died> {
        self.checked = seq + 1;
        let entry = self.log[seq].1.clone();
        match &entry.event {
            Event::LegEnded {
                step,
                attempt,
                lane,
                leg,
                outcome,
                ..
            } => {
                let Some(token) = self.token(step, *attempt, lane, *leg) else {
                    return self.wrong("a leg ended that was never started".to_owned());
                };
                match outcome {
                    LaneOutcome::Succeeded { code }
                    | LaneOutcome::Captured { code, .. }
                    | LaneOutcome::NotCaptured { code, .. }
                    | LaneOutcome::Failed { code } => {
                        let real = self.truth.ended.get(&token).copied();
                        if real != Some(*code) {
                            return self.wrong(format!(
                                "{token} is recorded with exit code {code}, and really: {real:?}"
                            ));
                        }
                    }
                    LaneOutcome::NotRun { .. } if self.truth.began.contains_key(&token) => {
                        return self.wrong(format!("{token} is recorded as not run, and it ran"));
                    }
                    LaneOutcome::NotRun { .. } => drop(self.denied.insert(token)),
                    LaneOutcome::SaidDone { .. }
                    | LaneOutcome::Came { .. }
                    | LaneOutcome::DidNotCome { .. } => {}
                }
            }
            Event::UnknownSettled { reason, .. } => {
                let by_person = matches!(entry.by, Actor::Operator(_));
                if !by_person || reason.trim().is_empty() {
                    return self.wrong("an unknown outcome was decided by nobody".to_owned());
                }
            }
            Event::LegFound { token, says, .. } | Event::EvidenceCame { token, says, .. } => {
                let began = self.truth.began.contains_key(token);
                let so = match says {
                    Evidence::Running => began,
                    Evidence::Ended { code } => self.truth.ended.get(token) == Some(code),
                    Evidence::NeverRan => !began,
                    Evidence::CannotSay { .. } => true,
                };
                if *says == Evidence::NeverRan {
                    self.denied.insert(token.clone());
                }
                self.late += 1;
                if !so {
                    return self.wrong(format!("late evidence is wrong: {:?}", entry.event));
                }
            }
            Event::LegUnknown { .. } | Event::LinkLost { .. } if self.quiet => {
                return self.wrong(format!("unknown without any trouble: {:?}", entry.event));
            }
            Event::LegUnknown { .. } => self.unknown += 1,
            _ => {}
        }
        Ok(())
    }

    /// The receipts of legs that ended, by the record.
    pub fn receipts_left(&self) -> Vec<Receipt> {
        let mut left = Vec::new();
        for (_, entry) in &self.log {
            if let Event::LegEnded {
                step,
                attempt,
                lane,
                leg,
                ..
            } = &entry.event
                && let Some(token) = self.token(step, *attempt, lane, *leg)
                && let Some(nonce) = self.nonce(&token)
            {
                left.push((place(lane), token, nonce));
            }
        }
        left
    }

    fn nonce(&self, token: &Token) -> Option<(u32, u32)> {
        self.log.iter().find_map(|(_, entry)| match &entry.event {
            Event::LegStarted {
                token: t, spool, ..
            } if t == token => spool.as_deref().map(nonce_of),
            _ => None,
        })
    }

    fn token(&self, step: &StepId, attempt: u32, lane: &MachineName, leg: u16) -> Option<Token> {
        self.log
            .iter()
            .rev()
            .find_map(|(_, entry)| match &entry.event {
                Event::LegStarted {
                    step: s,
                    attempt: a,
                    lane: l,
                    leg: g,
                    token,
                    ..
                } if (s, *a, l, *g) == (step, attempt, lane, leg) => Some(token.clone()),
                _ => None,
            })
    }

    /// What began on machines since the last look: was it to begin?
    pub fn look_at_machines(&mut self) -> Result<(), Died> {
        for (token, text) in std::mem::take(&mut self.truth.news) {
            self.began += 1;
            if self.truth.began[&token] > 1 {
                return self.wrong(format!("{token} ran twice"));
            }
            if self.denied.contains(&token) {
                return self.wrong(format!("{token} ran after it was recorded as not run"));
            }
            if self.revoked.contains(&token) {
                return self.wrong(format!("{token} ran after it was revoked"));
            }
            if self.began_a_later_try(&token) {
                return self.wrong(format!("{token} ran after a later attempt had begun"));
            }
            if let Err(what) = self.was_to_begin(&token, &text) {
                return self.wrong(format!("{token} {what}"));
            }
        }
        Ok(())
    }

    fn began_a_later_try(&self, token: &Token) -> bool {
        let start = |entry: &Entry| match &entry.event {
            Event::LegStarted {
                step,
                attempt,
                lane,
                token,
                ..
            } => Some((step.clone(), lane.clone(), *attempt, token.clone())),
            _ => None,
        };
        let starts: Vec<_> = self
            .log
            .iter()
            .filter_map(|(_, entry)| start(entry))
            .collect();
        let Some(own) = starts.iter().find(|start| start.3 == *token) else {
            return false;
        };
        starts.iter().any(|other| {
            let same = (&other.0, &other.1) == (&own.0, &own.1);
            same && other.2 > own.2 && self.truth.began.contains_key(&other.3)
        })
    }

    /// Whether the start is on disk, with a yes for exactly this text before it, and nothing open behind it.
    fn was_to_begin(&self, token: &Token, text: &str) -> Result<(), &'static str> {
        let safe = self.bench.platter().safe();
        let safe = self.log.iter().take_while(|(end, _)| *end <= safe);
        let entries: Vec<&Entry> = safe.map(|(_, entry)| entry).collect();
        let started = entries.iter().position(
            |entry| matches!(&entry.event, Event::LegStarted { token: t, .. } if t == token),
        );
        let started = started.ok_or("ran, and its start was not on disk")?;
        let Event::LegStarted {
            step,
            attempt,
            lane,
            leg,
            ..
        } = &entries[started].event
        else {
            return Err("has no start");
        };
        let before = &entries[..started];
        let approved = before.iter().rev().find_map(|entry| match &entry.event {
            Event::StepApproved {
                step: s,
                attempt: a,
                digest,
                ..
            } if (s, a) == (step, attempt) => Some(digest),
            _ => None,
        });
        let approved = approved.ok_or("ran without a yes")?;
        // Of any attempt: an undo that is dropped brings back what stood at the gate before it.
        let shown = before.iter().rev().find_map(|entry| match &entry.event {
            Event::StepShown {
                step: s,
                digest,
                lanes,
                ..
            } if (s, digest) == (step, approved) => Some(lanes),
            _ => None,
        });
        let lanes = shown.ok_or("ran, and what the yes was for was never shown")?;
        if LaneShown::digest_of(lanes) != *approved {
            return Err("ran without a yes for what was shown");
        }
        let planned = lanes.iter().find(|shown| shown.lane == *lane);
        let planned = planned.and_then(|shown| shown.proposal.legs.get(usize::from(*leg)));
        if planned.is_none_or(|leg| leg.text != text) {
            return Err("ran another text than was shown");
        }
        self.nothing_is_open(before, step, lane)
    }

    /// Every earlier start of the same work has an end on record, or a person's decision.
    fn nothing_is_open(
        &self,
        before: &[&Entry],
        step: &StepId,
        lane: &MachineName,
    ) -> Result<(), &'static str> {
        let mut open = None;
        for entry in before {
            match &entry.event {
                Event::LegStarted {
                    step: s, lane: l, ..
                } if (s, l) == (step, lane) => open = Some(()),
                Event::LegEnded {
                    step: s, lane: l, ..
                } if (s, l) == (step, lane) => open = None,
                Event::UnknownSettled {
                    step: s, lane: l, ..
                } if (s, l) == (step, lane) => open = None,
                _ => {}
            }
        }
        match open {
            Some(()) => Err("ran while an earlier start of the same work was open"),
            None => Ok(()),
        }
    }
}

//! Makes a written entry true. Says no, out loud, to one that cannot follow what is true already.

use super::{
    Done, Entry, Event, FilledIn, LaneAt, Link, Note, Plan, Present, Run, StepAt, StepState, Stuck,
    Way,
};

/// An entry that cannot follow the ones before it: the journal was not written by a whole engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} ({event}) cannot follow what is before it: {why}")]
pub struct Illegal {
    /// The record's number.
    pub seq: u64,
    /// The kind of its event, for the message.
    pub event: String,
    /// What does not fit.
    pub why: String,
}

pub(super) type Applied = Result<(), String>;

impl Run {
    /// Makes one entry true.
    ///
    /// # Errors
    ///
    /// An entry that cannot follow; the run is then as it was, or to be thrown away where the entry was
    /// half taken in, because a journal with such an entry must not be continued.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Illegal> {
        let illegal = |why: String| Illegal {
            seq: entry.seq,
            event: entry.event.kind(),
            why,
        };
        if entry.seq != self.next_seq {
            return Err(illegal(format!("record {} was expected", self.next_seq)));
        }
        let opens = matches!(entry.event, Event::RunOpened { .. });
        if opens != self.plan.is_none() {
            return Err(illegal(
                "a run is opened once, by its first record".to_owned(),
            ));
        }
        if self.ending.is_some() {
            return Err(illegal("the run has ended".to_owned()));
        }
        self.take(entry).map_err(illegal)?;
        self.let_go_of_the_keyboard();
        self.next_seq += 1;
        self.latest_at = Some(entry.at);
        Ok(())
    }

    fn take(&mut self, entry: &Entry) -> Applied {
        match &entry.event {
            Event::RunOpened { run, plan, .. } => {
                self.id = Some(run.clone());
                self.steps = plan.steps.iter().map(StepState::new).collect();
                self.plan = Some(Plan::clone(plan));
                self.opened_at = Some(entry.at);
                Ok(())
            }
            Event::EngineStarted { epoch, .. } => self.take_up(*epoch, entry.at),
            Event::RunSuspended { reason } => self.lay_down(reason, entry),
            Event::TailRepaired { .. } => Ok(()),
            Event::Attached { who, watch } => {
                if who.client != self.last_client + 1 {
                    return Err(format!("client {} was expected", self.last_client + 1));
                }
                self.last_client = who.client;
                let present = Present {
                    who: who.clone(),
                    watch: *watch,
                    since: entry.at,
                };
                self.present.insert(who.client, present);
                Ok(())
            }
            Event::Detached { client } => match self.present.remove(client) {
                Some(_) => Ok(()),
                None => Err(format!("client {client} is not attached")),
            },
            Event::StepReached {
                step,
                attempt,
                way,
                lanes,
            } => self.reach(step, *attempt, *way, lanes),
            Event::StepShown {
                step,
                attempt,
                digest,
                lanes,
                before,
                words,
                proofs,
            } => {
                let filled = FilledIn {
                    words: words.clone(),
                    proofs: proofs.clone(),
                };
                let state = self.at_attempt(step, *attempt)?;
                state.show(digest, lanes, before, filled, entry.at)
            }
            Event::StepObstructed {
                step,
                attempt,
                lane,
                obstacle,
            } => {
                let state = self.at_attempt(step, *attempt)?;
                state.must_be("preparing", state.at == StepAt::Preparing)?;
                let (lane, obstacle) = (lane.clone(), obstacle.clone());
                state.at = StepAt::Stuck {
                    why: Stuck::Obstructed { lane, obstacle },
                };
                Ok(())
            }
            Event::StepReviewed { step, attempt } => {
                let state = self.at_attempt(step, *attempt)?;
                state.must_be("at its gate", state.at == StepAt::AtGate)?;
                state.shown = None;
                state.approvals.clear();
                state.at = StepAt::Preparing;
                Ok(())
            }
            Event::BackDropped { step, attempt } => {
                let state = self.at_attempt(step, *attempt)?;
                state.must_be("about to be taken back", state.back_can_be_dropped())?;
                let stood = state.stood.take().ok_or("how the step was is not known")?;
                // The attempt was used up: its number must not come again.
                *state = StepState {
                    attempt: *attempt,
                    ..*stood
                };
                Ok(())
            }
            Event::StepApproved {
                step,
                attempt,
                digest,
                ..
            } => self.approve(step, *attempt, digest, entry),
            Event::LegStarted {
                step,
                attempt,
                lane,
                leg,
                token,
                spool,
            } => {
                if !self.tokens.insert(token.clone()) {
                    return Err(format!("token {token} was started before"));
                }
                let at = entry.at;
                let state = self.at_attempt(step, *attempt)?;
                state.must_be(
                    "cleared or running",
                    matches!(state.at, StepAt::Cleared | StepAt::Running),
                )?;
                let expected = match state.lane_mut(lane)?.at {
                    LaneAt::Idle => 0,
                    LaneAt::Between { next } => next,
                    _ => return Err(format!("lane {lane} is not ready for a leg")),
                };
                if *leg != expected {
                    return Err(format!("leg {expected} of lane {lane} was expected"));
                }
                state.lane_mut(lane)?.at = LaneAt::Running {
                    leg: *leg,
                    token: token.clone(),
                    spool: spool.clone(),
                    since: at,
                };
                state.lane_mut(lane)?.touched |= state.way == Way::Forward;
                state.started_at.get_or_insert(at);
                state.at = StepAt::Running;
                state.touched = true;
                // Kept from the first leg on: a step that got stuck half way can be taken back too.
                let leaves = state
                    .proposal(lane)
                    .map(|shown| shown.proposal.leaves.clone());
                if let (Way::Forward, Some(leaves)) = (state.way, leaves) {
                    state.leaves.insert(lane.clone(), leaves);
                }
                Ok(())
            }
            Event::LegEnded {
                step,
                attempt,
                lane,
                leg,
                outcome,
                output,
            } => self.end_leg(
                step,
                *attempt,
                lane,
                (*leg, outcome),
                output.as_ref(),
                entry,
            ),
            Event::LegUnknown {
                step,
                attempt,
                lane,
                leg,
                why,
                output,
                last_word,
            } => {
                self.doubt((step, *attempt), (lane, *leg), *last_word);
                self.lose_leg(
                    (step, *attempt),
                    (lane, *leg),
                    why,
                    output.as_ref(),
                    entry.at,
                )
            }
            Event::LegFound { token, .. } => self.found_again(token),
            Event::EvidenceCame {
                token,
                says,
                contradicts,
                ..
            } => self.take_evidence(token, says, *contradicts, entry.at),
            Event::PreflightDone { checks } => self.look_before(checks),
            Event::MachineMet { machine, identity } => self.meet(machine, identity),
            Event::LinkLost { machine, why } => {
                let link = Link {
                    lost_at: entry.at,
                    why: why.clone(),
                };
                self.links.entry(machine.clone()).or_insert(link);
                Ok(())
            }
            Event::LinkBack { machine } => match self.links.remove(machine) {
                Some(_) => Ok(()),
                None => Err(format!("the link to {machine} was not lost")),
            },
            Event::StopAsked {
                step,
                attempt,
                stop,
                ..
            } => self.ask_to_end(step, *attempt, *stop, entry.at),
            Event::ProofReopened { step, attempt } => {
                let state = self.at_attempt(step, *attempt)?;
                state.must_be(
                    "stuck where a proof can settle it",
                    state.can_be_proved_again() && state.guards().next().is_none(),
                )?;
                state.answers.clear();
                state.at = StepAt::Proving;
                state.ended_at = None;
                Ok(())
            }
            Event::LookAsked { step, attempt } => {
                let state = self.at_attempt(step, *attempt)?;
                state.must_be("where a look is possible", state.can_be_looked_at())?;
                state.looking = true;
                self.ask_doubts_again(step);
                Ok(())
            }
            Event::ProofAnswered {
                step,
                attempt,
                asked,
                answers,
            } => self.answer(step, *attempt, *asked, answers, entry),
            Event::StepAttested {
                step,
                attempt,
                note,
            } => {
                let at = entry.at;
                let state = self.at_attempt(step, *attempt)?;
                let guarded = state.guards().next().is_some();
                state.must_be("stuck", state.can_be_attested() && !guarded)?;
                state.finish(Done::Attested { note: note.clone() }, at);
                Ok(())
            }
            Event::StepSkipped { step, reason } => {
                let at = entry.at;
                let state = self.state_mut(step)?;
                state.must_be("at its gate or stuck", state.can_be_skipped())?;
                state.at = StepAt::Skipped {
                    reason: reason.clone(),
                };
                state.way = Way::Forward;
                state.ended_at = Some(at);
                Ok(())
            }
            Event::StepRuledOut { step, rule } => self.rule_out(step, rule, entry.at),
            Event::ChoiceMade {
                step,
                attempt,
                digest,
                name,
                value,
            } => self.choose((step, *attempt), digest, (name, value), entry),
            Event::UnknownSettled {
                step,
                attempt,
                lane,
                decision,
                reason,
            } => self.settle(step, *attempt, lane, (*decision, reason), entry),
            Event::KeyboardTaken {
                step,
                attempt,
                lane,
                leg,
            } => self.take_keyboard((step, *attempt), (lane, *leg), entry),
            Event::KeyboardReturned {
                step,
                attempt,
                lane,
                leg,
            } => self.return_keyboard((step, *attempt), (lane, *leg), entry),
            Event::ChangeKept {
                step,
                attempt,
                lane,
            } => self.keep_change((step, *attempt), lane, entry),
            Event::NoteAdded { step, text } => {
                if let Some(step) = step {
                    self.state_mut(step)?;
                    self.note_doubts(step);
                }
                self.notes.push(Note {
                    at: entry.at,
                    by: entry.by.clone(),
                    step: step.clone(),
                    text: text.clone(),
                });
                Ok(())
            }
            Event::RunEnded { ending } => {
                if self.steps.iter().any(StepState::is_under_way) {
                    return Err("a step is under way".to_owned());
                }
                self.ending = Some(ending.clone());
                Ok(())
            }
        }
    }
}

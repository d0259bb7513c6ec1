//! Makes a written entry true. Says no, out loud, to one that cannot follow what is true already.

use super::event::{
    Actor, Answer, Asked, Decision, Entry, Event, LaneOutcome, LaneShown, Output, Way,
};
use super::plan::Plan;
use super::state::{
    Approval, Done, Lane, LaneAt, Link, Note, Present, Run, Shown, StepAt, StepState, Stuck,
};
use crate::kinds::Performer;
use crate::names::{MachineName, StepId};
use crate::probe::Holds;
use crate::runbook::Gate;

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

type Applied = Result<(), String>;

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
            event: kind_of(&entry.event),
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
            Event::EngineStarted { epoch, .. } => {
                if *epoch != self.epoch + 1 {
                    return Err(format!("engine {} was expected", self.epoch + 1));
                }
                self.epoch = *epoch;
                // Connections and links belong to an engine's life; a new one starts without any.
                self.present.clear();
                self.links.clear();
                Ok(())
            }
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
            } => {
                let state = self.at_attempt(step, *attempt)?;
                state.must_be("preparing", state.at == StepAt::Preparing)?;
                state.shown = Some(Shown {
                    digest: digest.clone(),
                    lanes: lanes.clone(),
                    before: before.iter().map(|a| (a.proof, a.clone())).collect(),
                    at: entry.at,
                });
                state.at = StepAt::AtGate;
                Ok(())
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
            } => {
                let at = entry.at;
                let state = self.running_lane(step, *attempt, lane, *leg)?;
                let lane = state.lane_mut(lane)?;
                if let LaneAt::Running { token, .. } = &lane.at {
                    let (token, why) = (token.clone(), why.clone());
                    lane.keep(*leg, output.as_ref());
                    lane.at = LaneAt::Unknown {
                        leg: *leg,
                        token,
                        why,
                    };
                }
                self.rest_if_all_ended(step, at)
            }
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
            } => {
                let state = self.at_attempt(step, *attempt)?;
                state.must_be(
                    "cleared or running",
                    matches!(state.at, StepAt::Cleared | StepAt::Running),
                )?;
                if state.stop >= Some(*stop) {
                    return Err("that was asked already".to_owned());
                }
                state.stop = Some(*stop);
                self.rest_if_all_ended(step, entry.at)
            }
            Event::ProofReopened { step, attempt } => {
                let state = self.at_attempt(step, *attempt)?;
                state.must_be(
                    "stuck where a proof can settle it",
                    state.can_be_proved_again(),
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
                state.must_be("stuck", state.can_be_attested())?;
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
            Event::UnknownSettled {
                step,
                attempt,
                lane,
                decision,
                reason,
            } => self.settle(step, *attempt, lane, (*decision, reason), entry),
            Event::NoteAdded { step, text } => {
                if let Some(step) = step {
                    self.state_mut(step)?;
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

    fn reach(&mut self, step: &StepId, attempt: u32, way: Way, lanes: &[MachineName]) -> Applied {
        let number = self.number(step)?;
        if self.steps.iter().any(StepState::is_under_way) {
            return Err("a step is under way".to_owned());
        }
        match way {
            Way::Forward if self.current() != Some(number) => {
                return Err(format!("it is not the turn of {step}"));
            }
            Way::Back if self.undo_next() != Some(number) && self.current() != Some(number) => {
                return Err(format!("{step} is not the next to be taken back"));
            }
            Way::Forward | Way::Back => {}
        }
        // Going back leaves what stands open further on, so that only one step is ever in hand. Whatever
        // was settled after the step only read, waited, or was skipped; it is asked again on the way
        // forward, because the world it looked at is not there any more.
        if way == Way::Back {
            for state in &mut self.steps[number + 1..] {
                state.at = StepAt::Waiting;
                state.shown = None;
                state.approvals.clear();
            }
        }
        let state = &mut self.steps[number];
        if attempt != state.attempt + 1 {
            return Err(format!("attempt {} was expected", state.attempt + 1));
        }
        for lane in lanes {
            state.lane_mut(lane)?;
        }
        for lane in &mut state.lanes {
            lane.taking_part = lanes.contains(&lane.name);
            if lane.taking_part {
                lane.at = LaneAt::Idle;
                lane.outputs.clear();
            }
        }
        if way == Way::Back && state.stood.is_none() {
            state.stood = Some(Box::new(state.clone()));
        }
        state.attempt = attempt;
        state.way = way;
        state.at = StepAt::Preparing;
        state.shown = None;
        state.approvals.clear();
        state.answers.clear();
        state.look.clear();
        state.looking = false;
        state.stop = None;
        state.started_at = None;
        state.ended_at = None;
        Ok(())
    }

    fn approve(&mut self, step: &StepId, attempt: u32, digest: &str, entry: &Entry) -> Applied {
        let number = self.number(step)?;
        let performer = self
            .planned(number)
            .and_then(|planned| planned.performer(self.steps[number].way));
        let two = self
            .planned(number)
            .is_some_and(|planned| planned.gate == Gate::TwoPeople);
        let state = self.at_attempt(step, attempt)?;
        state.must_be("at its gate", state.at == StepAt::AtGate)?;
        match &state.shown {
            Some(shown) if shown.digest == digest => {}
            _ => return Err("the approval is for something that was not shown".to_owned()),
        }
        state.approvals.push(Approval {
            by: entry.by.clone(),
            at: entry.at,
        });
        let enough = match &entry.by {
            Actor::Operator(_) if two => state.approvals.len() >= 2,
            Actor::Operator(_) | Actor::Engine => true,
        };
        if !enough {
            return Ok(());
        }
        state.at = StepAt::Cleared;
        let nobody = performer == Some(Performer::Nobody);
        let already = performer == Some(Performer::Machine)
            && state
                .lanes
                .iter()
                .all(|lane| !lane.taking_part || state.legs(&lane.name) == 0);
        if nobody || already {
            state.started_at = Some(entry.at);
            for lane in &mut state.lanes {
                if lane.taking_part {
                    lane.at = LaneAt::Well {
                        outcome: LaneOutcome::Succeeded { code: 0 },
                    };
                }
            }
            return self.rest_if_all_ended(step, entry.at);
        }
        Ok(())
    }

    fn end_leg(
        &mut self,
        step: &StepId,
        attempt: u32,
        lane: &MachineName,
        (leg, outcome): (u16, &LaneOutcome),
        output: Option<&Output>,
        entry: &Entry,
    ) -> Applied {
        let state = self.running_lane(step, attempt, lane, leg)?;
        let legs = state.legs(lane);
        let lane = state.lane_mut(lane)?;
        lane.keep(leg, output);
        lane.at = if !outcome.is_success() {
            LaneAt::Badly {
                leg,
                outcome: outcome.clone(),
            }
        } else if leg + 1 < legs {
            LaneAt::Between { next: leg + 1 }
        } else {
            LaneAt::Well {
                outcome: outcome.clone(),
            }
        };
        self.rest_if_all_ended(step, entry.at)
    }

    /// Moves a step on when none of its lanes has anything left to do.
    fn rest_if_all_ended(&mut self, step: &StepId, at: crate::clock::Timestamp) -> Applied {
        let number = self.number(step)?;
        let proofs = self.proof_count(number);
        let state = &mut self.steps[number];
        let stopped = state.stop.is_some();
        let mut verdict = None;
        for lane in state.lanes.iter().filter(|lane| lane.taking_part) {
            let why = match &lane.at {
                LaneAt::Running { .. } => return Ok(()),
                // A stop ends the lane where it is: the next leg is not begun.
                LaneAt::Idle | LaneAt::Between { .. } if stopped => Some(Stuck::Stopped),
                // One lane that ended badly does not keep its neighbours from beginning.
                LaneAt::Idle | LaneAt::Between { .. } => return Ok(()),
                LaneAt::Well { .. } => None,
                LaneAt::Badly { .. } if stopped => Some(Stuck::Stopped),
                LaneAt::Badly { .. } => Some(Stuck::Failed),
                LaneAt::Unknown { .. } => Some(Stuck::Unknown),
            };
            if verdict != Some(Stuck::Unknown) && why.is_some() {
                verdict = why;
            }
        }
        match verdict {
            Some(why) => {
                state.at = StepAt::Stuck { why };
                state.ended_at = Some(at);
            }
            None if proofs == 0 => state.finish(Done::Unchecked, at),
            None => state.at = StepAt::Proving,
        }
        Ok(())
    }

    fn answer(
        &mut self,
        step: &StepId,
        attempt: u32,
        asked: Asked,
        answers: &[Answer],
        entry: &Entry,
    ) -> Applied {
        let number = self.number(step)?;
        let proofs = self.proof_count(number);
        let state = self.at_attempt(step, attempt)?;
        if answers
            .iter()
            .any(|answer| usize::from(answer.proof) >= proofs)
        {
            return Err("there is no such question in the proof".to_owned());
        }
        if asked == Asked::Look {
            state.looking = false;
            state
                .look
                .extend(answers.iter().map(|a| (a.proof, a.clone())));
            return Ok(());
        }
        state.must_be("proving", state.at == StepAt::Proving)?;
        if answers
            .iter()
            .any(|answer| state.answers.contains_key(&answer.proof))
        {
            return Err("that question is answered already".to_owned());
        }
        state
            .answers
            .extend(answers.iter().map(|a| (a.proof, a.clone())));
        if state.answers.len() < proofs {
            return Ok(());
        }
        if state
            .answers
            .values()
            .all(|answer| answer.holds == Holds::Yes)
        {
            let vacuous = state.answers.keys().all(|proof| state.held_before(*proof));
            state.finish(Done::Proved { vacuous }, entry.at);
        } else {
            state.at = StepAt::Stuck {
                why: Stuck::Unproved,
            };
            state.ended_at = Some(entry.at);
        }
        Ok(())
    }

    fn settle(
        &mut self,
        step: &StepId,
        attempt: u32,
        lane: &MachineName,
        (decision, reason): (Decision, &str),
        entry: &Entry,
    ) -> Applied {
        let state = self.at_attempt(step, attempt)?;
        state.must_be(
            "stuck",
            state.at
                == StepAt::Stuck {
                    why: Stuck::Unknown,
                },
        )?;
        let legs = state.legs(lane);
        let lane = state.lane_mut(lane)?;
        let LaneAt::Unknown { leg, .. } = lane.at else {
            return Err(format!("the outcome on lane {} is known", lane.name));
        };
        let proof = || format!("decided by a person: {reason}");
        lane.at = match decision {
            Decision::Happened if leg + 1 < legs => LaneAt::Between { next: leg + 1 },
            Decision::Happened => LaneAt::Well {
                outcome: LaneOutcome::SaidDone { note: proof() },
            },
            Decision::Failed | Decision::DidNotHappen | Decision::RunAgain => LaneAt::Badly {
                leg,
                outcome: LaneOutcome::NotRun { proof: proof() },
            },
        };
        state.at = StepAt::Running;
        state.ended_at = None;
        self.rest_if_all_ended(step, entry.at)
    }

    fn proof_count(&self, number: usize) -> usize {
        self.planned(number)
            .map_or(0, |planned| planned.proofs(self.steps[number].way).len())
    }

    fn number(&self, step: &StepId) -> Result<usize, String> {
        let found = self.plan.as_ref().and_then(|plan| plan.step(step));
        found
            .map(|(number, _)| number)
            .ok_or_else(|| format!("there is no step {step}"))
    }

    fn state_mut(&mut self, step: &StepId) -> Result<&mut StepState, String> {
        let number = self.number(step)?;
        self.steps
            .get_mut(number)
            .ok_or_else(|| format!("there is no step {step}"))
    }

    fn at_attempt(&mut self, step: &StepId, attempt: u32) -> Result<&mut StepState, String> {
        let state = self.state_mut(step)?;
        if state.attempt == attempt {
            Ok(state)
        } else {
            Err(format!("step {step} is at attempt {}", state.attempt))
        }
    }

    fn running_lane(
        &mut self,
        step: &StepId,
        attempt: u32,
        lane: &MachineName,
        leg: u16,
    ) -> Result<&mut StepState, String> {
        let state = self.at_attempt(step, attempt)?;
        match state.lane_mut(lane)?.at {
            LaneAt::Running { leg: running, .. } if running == leg => Ok(state),
            _ => Err(format!("leg {leg} of lane {lane} is not running")),
        }
    }
}

impl StepState {
    fn must_be(&self, what: &str, so: bool) -> Applied {
        if so {
            Ok(())
        } else {
            Err(format!("the step is not {what}"))
        }
    }

    fn lane_mut(&mut self, name: &MachineName) -> Result<&mut Lane, String> {
        let lane = self.lanes.iter_mut().find(|lane| lane.name == *name);
        lane.ok_or_else(|| format!("the step has no lane {name}"))
    }

    /// Comes to rest, done. A step that was taken back waits for its turn again.
    fn finish(&mut self, how: Done, at: crate::clock::Timestamp) {
        self.ended_at = Some(at);
        match self.way {
            Way::Forward => {
                self.at = StepAt::Done { how };
            }
            Way::Back => {
                self.at = StepAt::Waiting;
                self.way = Way::Forward;
                self.stood = None;
                self.undone = true;
                self.touched = false;
                self.leaves.clear();
            }
        }
    }

    pub(super) fn can_be_looked_at(&self) -> bool {
        !self.looking && matches!(self.at, StepAt::AtGate | StepAt::Stuck { .. })
    }

    pub(super) fn can_be_proved_again(&self) -> bool {
        matches!(
            &self.at,
            StepAt::Stuck {
                why: Stuck::Failed | Stuck::Stopped | Stuck::Unproved
            }
        )
    }

    pub(super) fn can_be_attested(&self) -> bool {
        matches!(&self.at, StepAt::Stuck { why } if *why != Stuck::Unknown)
    }

    pub(super) fn can_be_skipped(&self) -> bool {
        self.way == Way::Forward && (self.at == StepAt::AtGate || self.can_be_attested())
    }

    pub(super) fn back_can_be_dropped(&self) -> bool {
        let untouched = match &self.at {
            StepAt::AtGate => true,
            StepAt::Stuck { why } => matches!(why, Stuck::Obstructed { .. }),
            _ => false,
        };
        self.way == Way::Back && untouched
    }
}

impl Lane {
    fn keep(&mut self, leg: u16, output: Option<&Output>) {
        if let Some(output) = output {
            self.outputs.insert(leg, output.clone());
        }
    }
}

/// The kind of an event as the journal writes it.
fn kind_of(event: &Event) -> String {
    let kind = serde_json::to_value(event).ok();
    let kind = kind
        .as_ref()
        .and_then(|value| value.get("kind"))
        .and_then(|kind| kind.as_str());
    kind.unwrap_or("event").to_owned()
}

// LaneShown is what an approval is for; the digest over several lanes is made in one place.
impl LaneShown {
    /// The digest that an approval of these lanes names: SHA-256, in hex, of their names and digests.
    pub fn digest_of(lanes: &[LaneShown]) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for shown in lanes {
            hash.update(format!("{} {}\n", shown.lane, shown.proposal.digest()));
        }
        crate::kinds::hex(&hash.finalize())
    }
}

//! How a step moves from one standing to the next: the parts of [`Run::apply`] that take more than a line.

use std::collections::BTreeSet;

use super::apply::Applied;
use super::{
    Actor, Answer, Approval, Asked, Done, Entry, Lane, LaneAt, LaneOutcome, Made, Output, Run,
    StepAt, StepState, Stop, Stuck, Way,
};
use crate::clock::Timestamp;
use crate::kinds::Performer;
use crate::names::{MachineName, StepId};
use crate::probe::Holds;
use crate::runbook::Gate;

impl Run {
    pub(super) fn reach(
        &mut self,
        step: &StepId,
        attempt: u32,
        way: Way,
        lanes: &[MachineName],
    ) -> Applied {
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
                state.made = None;
            }
        }
        let spread = match (way, &self.steps[number].at) {
            (Way::Forward, StepAt::Waiting) => Some(self.spread(number)),
            _ => None,
        };
        let state = &mut self.steps[number];
        state.lanes = spread.unwrap_or_else(|| std::mem::take(&mut state.lanes));
        if attempt != state.attempt + 1 {
            return Err(format!("attempt {} was expected", state.attempt + 1));
        }
        let about: BTreeSet<&MachineName> = lanes.iter().collect();
        let known: BTreeSet<&MachineName> = state.lanes.iter().map(|lane| &lane.name).collect();
        if let Some(other) = about.difference(&known).next() {
            return Err(format!("the step has no lane {other}"));
        }
        for lane in &mut state.lanes {
            lane.taking_part = about.contains(&lane.name);
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
        // Its undo may still need what it made.
        if way == Way::Forward {
            state.made = None;
        }
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

    pub(super) fn approve(
        &mut self,
        step: &StepId,
        attempt: u32,
        digest: &str,
        entry: &Entry,
    ) -> Applied {
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
        // A lane where all is as wanted already has nothing to run, whatever its neighbours have.
        let has_nothing = |lane: &&Lane| match performer {
            Some(Performer::Nobody) => true,
            Some(Performer::Machine) => state.legs(&lane.name) == 0,
            Some(Performer::Person | Performer::Watch) | None => false,
        };
        let taking_part = || state.lanes.iter().filter(|lane| lane.taking_part);
        let well: Vec<MachineName> = taking_part()
            .filter(has_nothing)
            .map(|lane| lane.name.clone())
            .collect();
        let nothing_to_run = well.len() == taking_part().count();
        for lane in &mut state.lanes {
            if well.contains(&lane.name) {
                lane.at = LaneAt::Well {
                    outcome: LaneOutcome::Succeeded { code: 0 },
                };
            }
        }
        if nothing_to_run {
            state.started_at = Some(entry.at);
            return self.rest_if_all_ended(step, entry.at);
        }
        Ok(())
    }

    pub(super) fn end_leg(
        &mut self,
        step: &StepId,
        attempt: u32,
        lane: &MachineName,
        (leg, outcome): (u16, &LaneOutcome),
        output: Option<&Output>,
        entry: &Entry,
    ) -> Applied {
        let capture = self
            .number(step)
            .ok()
            .and_then(|number| self.planned(number));
        let capture = capture.and_then(|planned| planned.capture.clone());
        let state = self.running_lane(step, attempt, lane, leg)?;
        let legs = state.legs(lane);
        if let LaneOutcome::Captured { lines, .. } = outcome {
            let forward = state.way == Way::Forward && leg + 1 == legs;
            let capture = capture.filter(|_| forward);
            let capture = capture.ok_or("the step captures nothing there")?;
            state.made = Some(Made {
                name: capture.name,
                value: lines.join("\n"),
            });
        }
        let name = lane;
        let lane = state.lane_mut(name)?;
        lane.keep(leg, output);
        let LaneAt::Running { since, .. } = lane.at else {
            return Err(format!("lane {name} runs nothing"));
        };
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
        state.guard_after(name, leg, outcome, since)?;
        self.look_before_keeping(self.number(step)?, name);
        self.rest_if_all_ended(step, entry.at)
    }

    pub(super) fn lose_leg(
        &mut self,
        (step, attempt): (&StepId, u32),
        (lane, leg): (&MachineName, u16),
        why: &str,
        output: Option<&Output>,
        at: Timestamp,
    ) -> Applied {
        let state = self.running_lane(step, attempt, lane, leg)?;
        let lane = state.lane_mut(lane)?;
        if let LaneAt::Running { token, since, .. } = &lane.at {
            let (token, since, why) = (token.clone(), *since, why.to_owned());
            lane.keep(leg, output);
            lane.at = LaneAt::Unknown { leg, token, why };
            let name = lane.name.clone();
            state.guard_unknown(&name, leg, since)?;
        }
        self.rest_if_all_ended(step, at)
    }

    pub(super) fn ask_to_end(
        &mut self,
        step: &StepId,
        attempt: u32,
        stop: Stop,
        at: Timestamp,
    ) -> Applied {
        let left = self.end_doubts(step, attempt, stop);
        let more = |state: &StepState| {
            state.attempt == attempt
                && matches!(state.at, StepAt::Cleared | StepAt::Running)
                && state.stop < Some(stop)
        };
        if left && !more(self.state_mut(step)?) {
            return Ok(());
        }
        let state = self.at_attempt(step, attempt)?;
        state.must_be(
            "cleared or running",
            matches!(state.at, StepAt::Cleared | StepAt::Running),
        )?;
        if state.stop >= Some(stop) {
            return Err("that was asked already".to_owned());
        }
        state.stop = Some(stop);
        self.rest_if_all_ended(step, at)
    }

    /// Moves a step on when none of its lanes has anything left to do.
    pub(super) fn rest_if_all_ended(&mut self, step: &StepId, at: Timestamp) -> Applied {
        let number = self.number(step)?;
        let proofs = self.proof_count(number);
        let held = self
            .planned(number)
            .is_some_and(|planned| self.steps[number].holds_back(planned));
        let state = &mut self.steps[number];
        let stopped = state.stop.is_some();
        let mut verdict = None;
        for lane in state.lanes.iter().filter(|lane| lane.taking_part) {
            let why = match &lane.at {
                LaneAt::Running { .. } => return Ok(()),
                // A stop ends the lane where it is: the next leg is not begun.
                LaneAt::Idle | LaneAt::Between { .. } if stopped => Some(Stuck::Stopped),
                // What was to begin after one that ended badly has not begun, and does not by itself.
                LaneAt::Idle if held => None,
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
            None if proofs == 0 => state.finish(state.by_itself(), at),
            None => state.at = StepAt::Proving,
        }
        Ok(())
    }

    pub(super) fn answer(
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
}

impl StepState {
    /// Comes to rest, done. A step that was taken back waits for its turn again.
    pub(super) fn finish(&mut self, how: Done, at: Timestamp) {
        self.ended_at = Some(at);
        self.measure(&how);
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
                for lane in &mut self.lanes {
                    lane.touched = false;
                }
                self.leaves.clear();
                self.made = None;
            }
        }
    }
}

//! Who types to a command that runs on a terminal.
//!
//! One operator at a time. What they type goes by without a record; that they could type is what a reviewer has to
//! know, so taking the keyboard and giving it back are events. It also goes back by itself, when what it is for has
//! ended and when whoever has it is not there any more: that follows from other events and is no event of its own.

use serde::{Deserialize, Serialize};

use super::apply::Applied;
use super::decide::{Refusal, at, not_now, running_leg};
use super::{Actor, Entry, Event, LaneAt, Operator, Run, StepState, Token};
use crate::clock::Timestamp;
use crate::names::{MachineName, StepId};

/// Somebody has the keyboard of a leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyboard {
    /// Who.
    pub who: Operator,
    /// Since when.
    pub since: Timestamp,
    /// The step.
    pub step: StepId,
    /// The attempt.
    pub attempt: u32,
    /// The lane.
    pub lane: MachineName,
    /// The leg, from 0.
    pub leg: u16,
}

impl Keyboard {
    fn is_of(&self, (step, attempt): (&StepId, u32), (lane, leg): (&MachineName, u16)) -> bool {
        (&self.step, self.attempt, &self.lane, self.leg) == (step, attempt, lane, leg)
    }
}

impl StepState {
    /// Whether a leg of this attempt runs on a terminal.
    fn is_on_a_terminal(&self, lane: &MachineName, leg: u16) -> bool {
        let shown = self.proposal(lane);
        let leg = shown.and_then(|shown| shown.proposal.legs.get(usize::from(leg)));
        leg.is_some_and(|leg| leg.interactive)
    }
}

impl Run {
    /// The step, the attempt and the lane that run on a terminal now.
    pub fn at_a_terminal(&self) -> Option<(StepId, u32, MachineName)> {
        let number = self.current()?;
        let (planned, state) = (self.planned(number)?, self.steps.get(number)?);
        let lane = state.lanes.iter().find(|lane| match &lane.at {
            LaneAt::Running { leg, .. } => {
                lane.taking_part && state.is_on_a_terminal(&lane.name, *leg)
            }
            _ => false,
        })?;
        Some((planned.id.clone(), state.attempt, lane.name.clone()))
    }

    /// What a client types to at a place: the start that runs there, where they have its keyboard.
    pub fn types_to(
        &self,
        client: u32,
        (step, attempt, lane): &(StepId, u32, MachineName),
    ) -> Option<&Token> {
        let has = self.keyboard.as_ref()?;
        let theirs = has.who.client == client && has.is_of((step, *attempt), (lane, has.leg));
        let (_, _, state) = self.step(step).filter(|_| theirs)?;
        match &state.lane(lane)?.at {
            LaneAt::Running { token, .. } => Some(token),
            _ => None,
        }
    }

    pub(super) fn take_keyboard(
        &mut self,
        (step, attempt): (&StepId, u32),
        (lane, leg): (&MachineName, u16),
        entry: &Entry,
    ) -> Applied {
        let Actor::Operator(who) = &entry.by else {
            return Err("only an operator has hands to type with".to_owned());
        };
        if let Some(has) = &self.keyboard {
            return Err(format!("{} has the keyboard", has.who.name));
        }
        let state = self.running_lane(step, attempt, lane, leg)?;
        state.must_be("on a terminal", state.is_on_a_terminal(lane, leg))?;
        self.keyboard = Some(Keyboard {
            who: who.clone(),
            since: entry.at,
            step: step.clone(),
            attempt,
            lane: lane.clone(),
            leg,
        });
        Ok(())
    }

    pub(super) fn return_keyboard(
        &mut self,
        step: (&StepId, u32),
        lane: (&MachineName, u16),
        entry: &Entry,
    ) -> Applied {
        let theirs = |has: &Keyboard| {
            let same = matches!(&entry.by, Actor::Operator(who) if who.client == has.who.client);
            same && has.is_of(step, lane)
        };
        match self.keyboard.take_if(|has| theirs(has)) {
            Some(_) => Ok(()),
            None => Err("they do not have that keyboard".to_owned()),
        }
    }

    /// Nobody has the keyboard of what has ended, and nobody who is gone has one.
    pub(super) fn let_go_of_the_keyboard(&mut self) {
        let Some(has) = &self.keyboard else {
            return;
        };
        let runs = self.step(&has.step).is_some_and(|(_, _, state)| {
            let lane = state.lane(&has.lane).map(|lane| &lane.at);
            state.attempt == has.attempt
                && matches!(lane, Some(LaneAt::Running { leg, .. }) if *leg == has.leg)
        });
        if !runs || !self.present.contains_key(&has.who.client) {
            self.keyboard = None;
        }
    }
}

/// What the wish to type becomes.
pub(super) fn take(
    run: &Run,
    who: &Operator,
    (step, attempt): (&StepId, u32),
    lane: &MachineName,
) -> Result<Event, Refusal> {
    let (_, state) = at(run, step, attempt)?;
    let leg = running_leg(state, lane)?;
    if !state.is_on_a_terminal(lane, leg) {
        return Err(not_now(state, step, "typing to it"));
    }
    if let Some(has) = &run.keyboard {
        let name = match has.who.client == who.client {
            true => "you have".to_owned(),
            false => format!("{} has", has.who.name),
        };
        return Err(Refusal::Already(format!("{name} the keyboard")));
    }
    Ok(Event::KeyboardTaken {
        step: step.clone(),
        attempt,
        lane: lane.clone(),
        leg,
    })
}

/// What the wish to type no more becomes.
pub(super) fn give_back(
    run: &Run,
    who: &Operator,
    step: (&StepId, u32),
    lane: &MachineName,
) -> Result<Event, Refusal> {
    at(run, step.0, step.1)?;
    let theirs = |has: &&Keyboard| has.who.client == who.client && has.is_of(step, (lane, has.leg));
    let Some(has) = run.keyboard.as_ref().filter(theirs) else {
        return Err(Refusal::Already("you do not have the keyboard".to_owned()));
    };
    Ok(Event::KeyboardReturned {
        step: has.step.clone(),
        attempt: has.attempt,
        lane: has.lane.clone(),
        leg: has.leg,
    })
}

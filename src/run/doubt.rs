//! Outcomes that could not be known, and what their machines say of them later.
//!
//! An unknown outcome is asked about for as long as the run lasts. What comes before a person has decided
//! settles it, because a receipt is worth more than a guess. What comes afterwards changes nothing that
//! was done on the decision; it is recorded, and where it contradicts the decision it is shouted.

use serde::{Deserialize, Serialize};

use super::apply::Applied;
use super::decide::Refusal;
use super::{Decision, Entry, Event, LaneAt, LaneOutcome, Run, StepAt, Stop, Stuck, Token};
use crate::clock::Timestamp;
use crate::kinds::accepts;
use crate::names::{MachineName, StepId};

/// A leg whose outcome was unknown at least once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// The step.
    pub step: StepId,
    /// The attempt.
    pub attempt: u32,
    /// The lane.
    pub lane: MachineName,
    /// The leg.
    pub leg: u16,
    /// The machine that may know.
    pub machine: MachineName,
    /// The spool that has the receipt; none where nothing was ever sent.
    pub spool: Option<String>,
    /// When the leg was started.
    pub since: Timestamp,
    /// The exit codes that count as success; 0 alone where there are none.
    pub ok_codes: Vec<i32>,
    /// Whether the machine was asked and could not say: there is nothing to come from it.
    pub last_word: bool,
    /// What a person decided; none until then.
    pub decision: Option<Decision>,
    /// What the machine said later; none until then.
    pub says: Option<Evidence>,
    /// When it said so.
    pub said_at: Option<Timestamp>,
    /// How what still runs is to end, if somebody wants that.
    pub stop: Option<Stop>,
    /// Whether somebody wrote something about the step after a contradiction came to light.
    pub noted: bool,
}

/// What a machine says of a leg whose outcome was unknown. Asking it also fences the leg off: one that has
/// not begun by then never will.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Evidence {
    /// It runs.
    Running,
    /// It ended with this exit code; 128 + N stands for signal N.
    Ended {
        /// The code.
        code: i32,
    },
    /// It never ran, and never will.
    NeverRan,
    /// The machine cannot say either.
    CannotSay {
        /// Why not.
        why: String,
    },
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Running => f.write_str("it is running"),
            Self::Ended { code } => write!(f, "it ended with exit code {code}"),
            Self::NeverRan => f.write_str("it never ran, and never will"),
            Self::CannotSay { why } => write!(f, "nobody can say: {why}"),
        }
    }
}

impl Doubt {
    /// Whether the machine is still to be asked.
    pub fn is_open(&self) -> bool {
        self.spool.is_some()
            && match &self.says {
                None => !self.last_word,
                Some(says) => *says == Evidence::Running,
            }
    }

    /// Whether, as far as is known, it still runs although it was decided about.
    pub fn still_runs(&self) -> bool {
        self.says == Some(Evidence::Running)
    }

    /// Whether what the machine says is not what a person decided.
    pub fn is_contradicted(&self) -> bool {
        let (Some(decision), Some(says)) = (self.decision, &self.says) else {
            return false;
        };
        match (decision, says) {
            (_, Evidence::CannotSay { .. }) => false,
            // Nothing that was decided expects it to be at work still.
            (_, Evidence::Running) => true,
            (Decision::Happened, Evidence::Ended { code }) => !accepts(&self.ok_codes, *code),
            (Decision::Happened, Evidence::NeverRan) => true,
            (Decision::Failed, Evidence::Ended { code }) => accepts(&self.ok_codes, *code),
            (Decision::Failed, Evidence::NeverRan) => true,
            (Decision::DidNotHappen, Evidence::Ended { .. }) => true,
            (Decision::DidNotHappen, Evidence::NeverRan) => false,
            // The risk that was accepted has come true.
            (Decision::RunAgain, Evidence::Ended { .. }) => true,
            (Decision::RunAgain, Evidence::NeverRan) => false,
        }
    }

    /// Whether it contradicts a decision and nobody has written anything about the step since.
    pub fn is_shouted(&self) -> bool {
        self.is_contradicted() && !self.noted
    }
}

impl Run {
    /// The legs of a step that still run although they were decided about.
    pub fn still_running<'a>(&'a self, step: &'a StepId) -> impl Iterator<Item = &'a Doubt> {
        let of_step = move |doubt: &&Doubt| doubt.step == *step && doubt.still_runs();
        self.doubts.values().filter(of_step)
    }

    /// What may be running on machines without anybody following it.
    pub fn may_be_running(&self) -> impl Iterator<Item = &Doubt> {
        self.doubts.values().filter(|doubt| match &doubt.says {
            None => true,
            Some(Evidence::Running | Evidence::CannotSay { .. }) => true,
            Some(Evidence::Ended { .. } | Evidence::NeverRan) => false,
        })
    }

    /// What a machine's late word becomes.
    pub(super) fn hear(&self, token: &Token, says: &Evidence) -> Result<Event, Refusal> {
        let no_such = || Refusal::NoSuch(format!("open question about {token}"));
        let doubt = self.doubts.get(token).ok_or_else(no_such)?;
        if !doubt.is_open() {
            return Err(no_such());
        }
        if doubt.says.as_ref() == Some(says) {
            return Err(Refusal::Already("the machine said so before".to_owned()));
        }
        let settles = !matches!(says, Evidence::CannotSay { .. });
        if doubt.decision.is_none() && settles {
            return Ok(Event::LegFound {
                step: doubt.step.clone(),
                attempt: doubt.attempt,
                lane: doubt.lane.clone(),
                leg: doubt.leg,
                token: token.clone(),
                says: says.clone(),
            });
        }
        let heard = Doubt {
            says: Some(says.clone()),
            ..doubt.clone()
        };
        Ok(Event::EvidenceCame {
            step: doubt.step.clone(),
            attempt: doubt.attempt,
            lane: doubt.lane.clone(),
            leg: doubt.leg,
            token: token.clone(),
            says: says.clone(),
            contradicts: heard.is_contradicted(),
        })
    }

    /// Begins to doubt a leg that becomes unknown now.
    pub(super) fn doubt(
        &mut self,
        (step, attempt): (&StepId, u32),
        (lane, leg): (&MachineName, u16),
        last_word: bool,
    ) {
        let Some((_, _, state)) = self.step(step) else {
            return;
        };
        let Some(LaneAt::Running {
            token,
            spool,
            since,
            ..
        }) = state.lane(lane).map(|lane| &lane.at)
        else {
            return;
        };
        let shown = state.proposal(lane);
        let leg_shown = shown.and_then(|shown| shown.proposal.legs.get(usize::from(leg)));
        let doubt = Doubt {
            step: step.clone(),
            attempt,
            lane: lane.clone(),
            leg,
            machine: leg_shown.map_or_else(|| lane.machine(), |leg| leg.at.clone()),
            spool: spool.clone(),
            since: *since,
            ok_codes: leg_shown.map_or_else(Vec::new, |leg| leg.ok_codes.clone()),
            last_word,
            decision: None,
            says: None,
            said_at: None,
            stop: None,
            noted: false,
        };
        let token = token.clone();
        self.doubts.insert(token, doubt);
    }

    /// Puts a leg that its machine knows of after all back to where it is followed.
    pub(super) fn found_again(&mut self, token: &Token) -> Applied {
        let doubt = self.doubts.get(token).cloned();
        let doubt = doubt.ok_or_else(|| format!("the outcome of {token} was never unknown"))?;
        let state = self.at_attempt(&doubt.step, doubt.attempt)?;
        let lane = state.lane_mut(&doubt.lane)?;
        if !matches!(&lane.at, LaneAt::Unknown { token: unknown, .. } if unknown == token) {
            return Err(format!("the outcome of {token} is not unknown"));
        }
        lane.at = LaneAt::Running {
            leg: doubt.leg,
            token: token.clone(),
            spool: doubt.spool.clone(),
            since: doubt.since,
        };
        // Where other lanes are still at work, the step never came to rest.
        let unknown = StepAt::Stuck {
            why: Stuck::Unknown,
        };
        state.must_be(
            "running or unknown",
            state.at == StepAt::Running || state.at == unknown,
        )?;
        state.at = StepAt::Running;
        state.ended_at = None;
        self.doubts.remove(token);
        Ok(())
    }

    pub(super) fn take_evidence(
        &mut self,
        token: &Token,
        says: &Evidence,
        contradicts: bool,
        at: Timestamp,
    ) -> Applied {
        let doubt = self.doubts.get_mut(token);
        let doubt = doubt.ok_or_else(|| format!("the outcome of {token} was never unknown"))?;
        doubt.says = Some(says.clone());
        doubt.said_at = Some(at);
        doubt.noted = false;
        if doubt.is_contradicted() != contradicts {
            return Err("whether it contradicts the decision is told wrongly".to_owned());
        }
        Ok(())
    }

    /// Whether something of an attempt runs on although it was decided about, and is now to end.
    pub(super) fn end_doubts(&mut self, step: &StepId, attempt: u32, stop: Stop) -> bool {
        let mut any = false;
        for doubt in self.doubts.values_mut() {
            let is_it = doubt.step == *step && doubt.attempt == attempt && doubt.still_runs();
            if is_it && doubt.stop < Some(stop) {
                doubt.stop = Some(stop);
                any = true;
            }
        }
        any
    }

    /// A look asks the machines of open outcomes as well, also one that could not say.
    pub(super) fn ask_doubts_again(&mut self, step: &StepId) {
        for doubt in self.doubts.values_mut().filter(|d| d.step == *step) {
            let silent = matches!(doubt.says, None | Some(Evidence::CannotSay { .. }));
            if silent {
                doubt.last_word = false;
                doubt.says = None;
            }
        }
    }

    /// Takes a person's decision.
    pub(super) fn decide_doubt(&mut self, token: &Token, decision: Decision) {
        if let Some(doubt) = self.doubts.get_mut(token) {
            doubt.decision = Some(decision);
        }
    }

    pub(super) fn note_doubts(&mut self, step: &StepId) {
        for doubt in self.doubts.values_mut().filter(|d| d.step == *step) {
            doubt.noted |= doubt.is_contradicted();
        }
    }

    /// Takes in what a person decided about a leg whose outcome is unknown.
    pub(super) fn settle(
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
        let name = lane;
        let lane = state.lane_mut(name)?;
        let LaneAt::Unknown { leg, ref token, .. } = lane.at else {
            return Err(format!("the outcome on lane {} is known", lane.name));
        };
        let token = token.clone();
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
        if decision == Decision::Happened {
            let note = LaneOutcome::SaidDone { note: proof() };
            state.guard_after(name, leg, &note, entry.at)?;
        }
        self.look_before_keeping(self.number(step)?, name);
        self.decide_doubt(&token, decision);
        self.rest_if_all_ended(step, entry.at)
    }
}

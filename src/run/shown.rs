//! What stands at a gate, and what of it an attempt is about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::apply::Applied;
use super::{Answer, FilledIn, Lane, LaneShown, PlannedStep, Proof, StepAt, StepState, Way};
use crate::clock::Timestamp;
use crate::names::MachineName;
use crate::probe::Holds;
use crate::runbook::Gate;

/// What was shown at a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// What an approval must name.
    pub digest: String,
    /// What would be done.
    pub lanes: Vec<LaneShown>,
    /// The proof asked before anything was done.
    pub before: BTreeMap<u16, Answer>,
    /// The words of the gate, where a value came into them after the plan was laid.
    #[serde(default)]
    pub words: Option<String>,
    /// The questions of the proof, where a value or a lane came into them after the plan was laid.
    #[serde(default)]
    pub proofs: Option<Vec<Proof>>,
    /// When.
    pub at: Timestamp,
}

impl StepState {
    pub(super) fn show(
        &mut self,
        digest: &str,
        lanes: &[LaneShown],
        before: &[Answer],
        filled: FilledIn,
        at: Timestamp,
    ) -> Applied {
        self.must_be("preparing", self.at == StepAt::Preparing)?;
        self.shown = Some(Shown {
            digest: digest.to_owned(),
            lanes: lanes.to_vec(),
            before: before.iter().map(|a| (a.proof, a.clone())).collect(),
            words: filled.words,
            proofs: filled.proofs,
            at,
        });
        self.at = StepAt::AtGate;
        Ok(())
    }

    /// The questions that prove the attempt, with every value in them that is known by now.
    pub fn proofs<'a>(&'a self, planned: &'a PlannedStep) -> &'a [Proof] {
        let shown = self.shown.as_ref().and_then(|shown| shown.proofs.as_ref());
        shown.map_or(planned.proofs(self.way), Vec::as_slice)
    }

    /// The words that its gate wants typed, on the way forward; none where it wants none.
    pub fn words<'a>(&'a self, planned: &'a PlannedStep) -> Option<&'a str> {
        let Gate::TypeBack { words } = &planned.gate else {
            return None;
        };
        let shown = self.shown.as_ref().and_then(|shown| shown.words.as_ref());
        (self.way == Way::Forward).then_some(shown.unwrap_or(words))
    }

    /// The legs that would run, or run, on a lane in this attempt; 0 where there are none.
    pub fn legs(&self, lane: &MachineName) -> u16 {
        self.proposal(lane).map_or(0, |shown| {
            u16::try_from(shown.proposal.legs.len()).unwrap_or(0)
        })
    }

    /// What was shown for a lane in this attempt.
    pub fn proposal(&self, lane: &MachineName) -> Option<&LaneShown> {
        self.shown
            .as_ref()?
            .lanes
            .iter()
            .find(|shown| shown.lane == *lane)
    }

    /// The lane of a name.
    pub fn lane(&self, name: &MachineName) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.name == *name)
    }

    /// Whether a question of the proof already held before the step, and so proves nothing about it.
    pub fn held_before(&self, proof: u16) -> bool {
        self.shown
            .as_ref()
            .and_then(|shown| shown.before.get(&proof))
            .is_some_and(|answer| answer.holds == Holds::Yes)
    }
}

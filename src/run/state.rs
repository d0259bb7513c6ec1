//! What is true of a run, folded from its entries.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Actor, Answer, Check, Doubt, Ending, Lane, LaneAt, Operator, Shown, Stop, Token, Way};
use super::{Keyboard, Made, Plan, PlannedStep, Suspended};
use crate::clock::Timestamp;
use crate::kinds::Obstacle;
use crate::names::{MachineName, RunId, StepId};
use crate::runbook::EnvironmentKind;
use crate::transport::Identity;

/// A run as its journal tells it. Empty before the first entry.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Run {
    /// The id; none before the run was opened.
    pub id: Option<RunId>,
    /// What is to be done; none before the run was opened.
    pub plan: Option<Plan>,
    /// When the run was opened.
    pub opened_at: Option<Timestamp>,
    /// When the last entry was written.
    pub latest_at: Option<Timestamp>,
    /// The number that the next entry must have.
    pub next_seq: u64,
    /// How many engines have taken it up.
    pub epoch: u32,
    /// The state of each planned step, in the plan's order.
    pub steps: Vec<StepState>,
    /// Who is attached, by connection.
    pub present: BTreeMap<u32, Present>,
    /// The number of the latest connection.
    pub last_client: u32,
    /// What was found on the machines before the run; empty where nobody looked.
    pub preflight: Vec<Check>,
    /// Which machine each name was when it was reached; none for those that were not reached yet.
    pub machines: BTreeMap<MachineName, Identity>,
    /// Machines whose link is lost.
    pub links: BTreeMap<MachineName, Link>,
    /// Every token that was ever started.
    pub tokens: BTreeSet<Token>,
    /// Outcomes that are or were unknown, by the start they are about.
    pub doubts: BTreeMap<Token, Doubt>,
    /// Who types to what runs on a terminal; none while nobody does.
    #[serde(default)]
    pub keyboard: Option<Keyboard>,
    /// What people wrote down, in order.
    pub notes: Vec<Note>,
    /// That it was laid down; none while it goes on.
    pub suspended: Option<Suspended>,
    /// When it was last taken up after it had been laid down; none where it never was.
    pub resumed_at: Option<Timestamp>,
    /// How it ended; none while it goes on.
    pub ending: Option<Ending>,
}

/// Somebody attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// Who.
    pub who: Operator,
    /// Whether they only watch.
    pub watch: bool,
    /// Since when.
    pub since: Timestamp,
}

/// A lost link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Since when.
    pub lost_at: Timestamp,
    /// What was said about it.
    pub why: String,
}

/// Something a person wrote down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// About which step; none for the run.
    pub step: Option<StepId>,
    /// The words.
    pub text: String,
}

/// What is true of one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepState {
    /// The attempt's number; 0 before the first.
    pub attempt: u32,
    /// Whether the attempt does the step or takes it back.
    pub way: Way,
    /// Where it stands.
    pub at: StepAt,
    /// How it was before it was to be taken back; none on the way forward.
    pub stood: Option<Box<StepState>>,
    /// What was shown in this attempt; none while it is prepared.
    pub shown: Option<Shown>,
    /// Who said yes in this attempt, in order.
    pub approvals: Vec<Approval>,
    /// The lanes.
    pub lanes: Vec<Lane>,
    /// The proof's answers in this attempt, by their place in the planned proofs.
    pub answers: BTreeMap<u16, Answer>,
    /// What a look at the probes said last, deciding nothing.
    pub look: BTreeMap<u16, Answer>,
    /// Whether somebody waits for such a look.
    pub looking: bool,
    /// Whether something was asked to end, and how.
    pub stop: Option<Stop>,
    /// When the first leg of the attempt started, or it was approved where there is none.
    pub started_at: Option<Timestamp>,
    /// When the attempt came to rest.
    pub ended_at: Option<Timestamp>,
    /// Whether a leg was started, in any attempt, and was not taken back since.
    pub touched: bool,
    /// Whether it was taken back at least once; its gate then always asks.
    pub undone: bool,
    /// What it gave its name; none until it is done, and for a step without one.
    #[serde(default)]
    pub made: Option<Made>,
    /// How long it took the last time it was done in this run, in seconds; none where that was not measured.
    #[serde(default)]
    pub took: Option<u64>,
    /// How long its undo took the last time it was taken back in this run, in seconds.
    #[serde(default)]
    pub undo_took: Option<u64>,
    /// What the latest attempt forward left to an undo, lane by lane.
    pub leaves: BTreeMap<MachineName, BTreeMap<String, String>>,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StepAt {
    /// Its turn has not come.
    Waiting,
    /// The machines are asked what would be done.
    Preparing,
    /// It waits for a yes.
    AtGate,
    /// The yes is there; nothing was started.
    Cleared,
    /// At least one lane was started and not all have ended.
    Running,
    /// All lanes ended well; the proof is being asked.
    Proving,
    /// It is done.
    Done {
        /// On whose word.
        how: Done,
    },
    /// A person decided to go on without it.
    Skipped {
        /// Why.
        reason: String,
    },
    /// The rule of its author passed over it: it is not for this run.
    RuledOut {
        /// The condition that does not hold, and what is so instead.
        rule: String,
    },
    /// A person must decide.
    Stuck {
        /// Why.
        why: Stuck,
    },
}

/// On whose word a step is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Done {
    /// Its proof holds.
    Proved {
        /// Whether every question of the proof held before the step too, so that it proves nothing.
        vacuous: bool,
    },
    /// A person vouches for it.
    Attested {
        /// What they saw.
        note: String,
    },
    /// It ended well, and the runbook asks for no proof.
    Unchecked,
    /// It is a choice, and a person made it.
    Chosen {
        /// The value.
        value: String,
    },
}

/// Why a person must decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Stuck {
    /// It could not be said what would be done.
    Obstructed {
        /// Where.
        lane: MachineName,
        /// Why.
        obstacle: Obstacle,
    },
    /// A leg failed.
    Failed,
    /// A leg ended badly after it was asked to end.
    Stopped,
    /// It ended well, and its proof does not hold.
    Unproved,
    /// How a leg ended cannot be known.
    Unknown,
}

/// One yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl StepState {
    pub(super) fn new(step: &PlannedStep) -> Self {
        Self {
            attempt: 0,
            way: Way::Forward,
            at: StepAt::Waiting,
            stood: None,
            shown: None,
            approvals: Vec::new(),
            lanes: step
                .lanes
                .iter()
                .map(|name| Lane::new(name.clone(), None))
                .collect(),
            answers: BTreeMap::new(),
            look: BTreeMap::new(),
            looking: false,
            stop: None,
            started_at: None,
            ended_at: None,
            touched: false,
            undone: false,
            made: None,
            took: None,
            undo_took: None,
            leaves: BTreeMap::new(),
        }
    }

    /// Whether nothing more is to be done about it.
    pub fn is_settled(&self) -> bool {
        matches!(
            self.at,
            StepAt::Done { .. } | StepAt::Skipped { .. } | StepAt::RuledOut { .. }
        )
    }

    /// Whether something of it is under way that must not be left alone.
    pub fn is_under_way(&self) -> bool {
        matches!(self.at, StepAt::Cleared | StepAt::Running | StepAt::Proving)
    }

    pub(super) fn can_be_looked_at(&self) -> bool {
        let still = matches!(self.at, StepAt::AtGate | StepAt::Stuck { .. });
        !self.looking && (still || self.to_be_kept().next().is_some())
    }

    pub(super) fn can_be_proved_again(&self) -> bool {
        match &self.at {
            // What was held back by another's bad end has not been done, and no proof of the rest can say so.
            StepAt::Stuck { why: Stuck::Failed } => {
                let held_back = |lane: &Lane| lane.taking_part && lane.at == LaneAt::Idle;
                !self.lanes.iter().any(held_back)
            }
            StepAt::Stuck { why } => matches!(why, Stuck::Stopped | Stuck::Unproved),
            _ => false,
        }
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

impl Run {
    /// Folds entries from the first on.
    ///
    /// # Errors
    ///
    /// The first entry that cannot follow the ones before it.
    pub fn fold<'a>(
        entries: impl IntoIterator<Item = &'a super::Entry>,
    ) -> Result<Self, super::Illegal> {
        let mut run = Self::default();
        for entry in entries {
            run.apply(entry)?;
        }
        Ok(run)
    }

    /// The step of an id: its place, its plan and its state.
    pub fn step(&self, id: &StepId) -> Option<(usize, &PlannedStep, &StepState)> {
        let (number, planned) = self.plan.as_ref()?.step(id)?;
        Some((number, planned, self.steps.get(number)?))
    }

    /// The step whose turn it is: the first that is neither done nor skipped, or the one that is being
    /// taken back. None when every step is settled.
    pub fn current(&self) -> Option<usize> {
        self.steps
            .iter()
            .position(|step| {
                step.way == Way::Back && !step.is_settled() && step.at != StepAt::Waiting
            })
            .or_else(|| self.steps.iter().position(|step| !step.is_settled()))
    }

    /// The plan of a step by its place.
    pub fn planned(&self, number: usize) -> Option<&PlannedStep> {
        self.plan.as_ref()?.steps.get(number)
    }

    /// Whether this is the real thing.
    pub fn is_production(&self) -> bool {
        self.plan
            .as_ref()
            .is_some_and(|p| p.environment_kind == EnvironmentKind::Production)
    }

    /// Who can decide: everybody attached who does not only watch.
    pub fn deciders(&self) -> impl Iterator<Item = &Operator> {
        self.present
            .values()
            .filter(|present| !present.watch)
            .map(|present| &present.who)
    }

    /// How many different people are attached, those who watch included.
    pub fn people(&self) -> usize {
        let names: BTreeSet<&str> = self.present.values().map(|p| p.who.name.as_str()).collect();
        names.len()
    }
}

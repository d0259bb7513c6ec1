//! Asks a wait's probe until it holds.

use std::time::Duration;

use super::patience::{Next, Patience, Terms};
use super::prove::{Begun, hear, later};
use super::{Ground, Receipt};
use crate::clock::Timestamp;
use crate::kinds::{Action, Awaited};
use crate::names::{MachineName, StepId};
use crate::probe::{Holds, Place};
use crate::run::{Finding, LaneAt, LaneOutcome, Run, Spot, Way};
use crate::runbook::Undo;
use crate::wire::Live;

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The shortest pause between two questions.
const PAUSE: Duration = Duration::from_millis(100);

/// What is needed to wait.
pub(super) struct Watch {
    step: StepId,
    attempt: u32,
    way: Way,
    spot: Spot,
    leg: u16,
    since: Timestamp,
}

impl Watch {
    /// None where the lane does not run.
    pub fn of(run: &Run, step: &StepId, attempt: u32, lane: &MachineName) -> Option<Self> {
        let (_, planned, state) = run.step(step)?;
        let spot = state
            .spots(planned)
            .into_iter()
            .find(|spot| spot.lane == *lane)?;
        let LaneAt::Running { leg, since, .. } = state.lane(lane)?.at else {
            return None;
        };
        Some(Self {
            step: step.clone(),
            attempt,
            way: state.way,
            spot,
            leg,
            since,
        })
    }

    /// Asks until it holds or its time is up, counted from when the wait began, whichever engine began it.
    pub async fn run(self, ground: &Ground) -> (Finding, Option<Receipt>) {
        let ground = &*ground.on(&self.spot);
        let Some(awaited) = self.awaited(ground) else {
            let seen = "the runbook's copy does not say what to wait for".to_owned();
            return self.end(LaneOutcome::DidNotCome { seen });
        };
        let until = later(self.since, awaited.within);
        let begun = Begun::now(ground);
        let probe = awaited.probe.as_ref();
        let here = match probe.usual_place() {
            Place::Lane => self.spot.machine.clone(),
            Place::Bastion => MachineName::bastion(),
        };
        let terms = Terms {
            stable_for: awaited.stable_for,
            falling: awaited.falling,
        };
        let mut patience = Patience::new(probe, terms);
        let mut times = 0u32;
        loop {
            let heard = hear(ground, probe, &here, LIMIT, patience.watches()).await;
            let now = ground.clock.now();
            let time_is_up = until.is_some_and(|until| now >= until);
            let (seen, after) = match patience.heard(begun.ago(ground), heard, time_is_up) {
                Next::Again { seen, after } => (seen, after),
                Next::End(verdict) => {
                    let seen = verdict.seen;
                    return self.end(match verdict.holds {
                        Holds::Yes => LaneOutcome::Came { seen },
                        Holds::No | Holds::CannotSay => LaneOutcome::DidNotCome { seen },
                    });
                }
            };
            times = times.saturating_add(1);
            ground.live(Live::Asked {
                step: self.step.clone(),
                lane: self.spot.lane.clone(),
                proof: None,
                seen,
                times,
                until,
                numbers: patience.numbers().cloned(),
            });
            let left = until.and_then(|until| Duration::try_from(until.duration_since(now)).ok());
            let every = after.map_or(awaited.every, |after| awaited.every.min(after));
            let pause = every.max(PAUSE);
            tokio::time::sleep(left.map_or(pause, |left| pause.min(left))).await;
        }
    }

    fn awaited<'a>(&self, ground: &'a Ground) -> Option<&'a Awaited> {
        let spec = ground.spec(&self.step)?;
        let action: &dyn Action = match (self.way, &spec.undo) {
            (Way::Forward, _) => spec.action.as_ref(),
            (Way::Back, Undo::Action(action)) => action.as_ref(),
            (Way::Back, _) => return None,
        };
        action.awaited()
    }

    fn end(self, outcome: LaneOutcome) -> (Finding, Option<Receipt>) {
        let finding = Finding::Ended {
            step: self.step,
            attempt: self.attempt,
            lane: self.spot.lane,
            leg: self.leg,
            outcome,
            output: None,
        };
        (finding, None)
    }
}

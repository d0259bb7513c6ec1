//! Finds out where the receipt of a leg will be, before its start is recorded.

use super::{Ground, Receipt};
use crate::kinds::GuardLeg;
use crate::names::{MachineName, StepId};
use crate::run::{Finding, Run, Way};
use crate::transport::{LinkTrouble, Receipts};

/// What is needed to begin a leg.
pub(super) struct Begin {
    step: StepId,
    attempt: u32,
    lane: MachineName,
    leg: u16,
    machine: MachineName,
    /// Whether it has to go over a connection that is opened for it.
    anew: bool,
}

impl Begin {
    /// None where nothing was shown that could begin.
    pub fn of(
        run: &Run,
        (step, attempt): (&StepId, u32),
        (lane, leg): (&MachineName, u16),
    ) -> Option<Self> {
        let (_, _, state) = run.step(step)?;
        let shown = state.proposal(lane)?;
        let starts = shown.proposal.legs.get(usize::from(leg))?;
        Some(Self {
            step: step.clone(),
            attempt,
            lane: lane.clone(),
            leg,
            machine: starts.at.clone(),
            // On the way back whatever still reaches the machine is good.
            anew: match starts.guard {
                Some(GuardLeg::Keep | GuardLeg::LetGo) => state.way == Way::Forward,
                Some(GuardLeg::Arm { .. }) | None => false,
            },
        })
    }

    /// Asks until the machine answers; an operator's stop ends this hand.
    pub async fn run(self, ground: &Ground) -> (Finding, Option<Receipt>) {
        let mut tries = 0;
        // A change is kept by whoever can still come in, and not by a connection that was there before it.
        if self.anew
            && let Some(host) = ground.fleet.host(&self.machine)
        {
            host.close().await;
        }
        let spool = loop {
            match ground.fleet.receipts(&self.machine).await {
                Ok(Receipts::Kept(nonce)) => break Some(nonce.as_str().to_owned()),
                // Recorded without a spool, it is never sent; `Follow` says why.
                Ok(Receipts::Impossible(_)) => break None,
                Err(error)
                    if matches!(
                        error.trouble,
                        LinkTrouble::HostKeyChanged | LinkTrouble::OtherMachine
                    ) =>
                {
                    break None;
                }
                Err(error) => {
                    let pause = ground.lost(&self.machine, &error, tries).await;
                    tries += 1;
                    tokio::time::sleep(pause).await;
                }
            }
        };
        if tries > 0 {
            ground.back(&self.machine).await;
        }
        // Before the start is on record, so that the record says which machine it went to.
        ground.met(&self.machine).await;
        let finding = Finding::Begin {
            step: self.step,
            attempt: self.attempt,
            lane: self.lane,
            leg: self.leg,
            spool,
        };
        (finding, None)
    }
}

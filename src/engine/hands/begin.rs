//! Finds out where the receipt of a leg will be, before its start is recorded.

use super::{Ground, Receipt};
use crate::names::{MachineName, StepId};
use crate::run::{Finding, Run};
use crate::transport::{LinkTrouble, Receipts};

/// What is needed to begin a leg.
pub(super) struct Begin {
    step: StepId,
    attempt: u32,
    lane: MachineName,
    leg: u16,
    machine: MachineName,
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
        let machine = shown.proposal.legs.get(usize::from(leg))?.at.clone();
        Some(Self {
            step: step.clone(),
            attempt,
            lane: lane.clone(),
            leg,
            machine,
        })
    }

    /// Asks until the machine answers; an operator's stop ends this hand.
    pub async fn run(self, ground: &Ground) -> (Finding, Option<Receipt>) {
        let mut tries = 0;
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

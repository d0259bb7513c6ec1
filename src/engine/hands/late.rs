//! Asks a machine what became of a leg whose outcome is unknown, for as long as there is something to hear.
//!
//! It asks with a revoke: nobody waits for such a leg to begin any more, so one that has not begun is
//! fenced off by the question itself, and "it did not run" is then proved for good. What runs or has ended is
//! not touched by it.

use std::time::Duration;

use super::{Ground, Receipt};
use crate::names::MachineName;
use crate::run::{Evidence, Finding, Run, Stop, Token};
use crate::transport::{self, Claim, Host, LinkError, LinkTrouble, Nonce, ReceiptState, Signal};

/// The pause between two questions about a leg that runs although it was decided about.
const AGAIN: Duration = Duration::from_secs(5);

/// What is needed to ask.
pub(super) struct AskLate {
    token: Token,
    machine: MachineName,
    spool: String,
    /// How it is to end if it runs; only ever wanted of one that nobody follows any more.
    stop: Option<Stop>,
}

impl AskLate {
    /// None where nothing is open about that start.
    pub fn of(run: &Run, token: &Token, stop: Option<Stop>) -> Option<Self> {
        let doubt = run.doubts.get(token)?;
        Some(Self {
            token: token.clone(),
            machine: doubt.machine.clone(),
            spool: doubt.spool.clone()?,
            stop,
        })
    }

    /// Asks until the machine has said its last word.
    pub async fn run(mut self, ground: &Ground) -> (Finding, Option<Receipt>) {
        let spool = Some(self.spool.as_str());
        let (host, claim) = match claim(ground, &self.token, &self.machine, spool) {
            Ok(ready) => ready,
            Err(why) => return (self.says(Evidence::CannotSay { why }), None),
        };
        let mut lost = None;
        loop {
            let heard = self.ask(&host, &claim).await;
            let state = match heard {
                Ok(state) => state,
                Err(error) if error.trouble == LinkTrouble::NoReceipt => {
                    let why = ground.words(&error.to_string());
                    return (self.says(Evidence::CannotSay { why }), None);
                }
                Err(error) => {
                    let tries = lost.unwrap_or(0);
                    let pause = ground.lost(&self.machine, &error, tries).await;
                    lost = Some(tries + 1);
                    tokio::time::sleep(pause).await;
                    continue;
                }
            };
            if lost.take().is_some() {
                ground.back(&self.machine).await;
            }
            if state == ReceiptState::None {
                // The fence could not be made, as on a full disk: a start may still arrive.
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            let says = match state {
                ReceiptState::Running { .. } => Evidence::Running,
                ReceiptState::Exited { code, .. } => Evidence::Ended { code },
                ReceiptState::Revoked | ReceiptState::None => Evidence::NeverRan,
                ReceiptState::Lost { why } => Evidence::CannotSay {
                    why: ground.words(&why),
                },
            };
            if says == Evidence::Running {
                // Before a decision this ends the asking, because the leg is followed again.
                ground.found(self.says(says)).await;
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            return (self.says(says), None);
        }
    }

    async fn ask(&mut self, host: &Host, claim: &Claim) -> Result<ReceiptState, LinkError> {
        if let Some(stop) = self.stop {
            let signal = match stop {
                Stop::Ask => Signal::Term,
                Stop::Kill => Signal::Kill,
            };
            host.signal(claim, signal).await?;
            self.stop = None;
        }
        host.revoke(claim).await
    }

    fn says(&self, says: Evidence) -> Finding {
        Finding::Evidence {
            token: self.token.clone(),
            says,
        }
    }
}

/// The machine and the claim of an earlier start, or why there is none to ask about.
pub(super) fn claim(
    ground: &Ground,
    token: &Token,
    machine: &MachineName,
    spool: Option<&str>,
) -> Result<(Host, Claim), String> {
    let host = ground.fleet.host(machine);
    let host = host.ok_or_else(|| format!("there is no machine {machine}"))?;
    let token = transport::Token::new(token.0.as_str()).map_err(|error| error.to_string())?;
    let spool = spool.ok_or_else(|| format!("nothing was sent to {machine}"))?;
    let nonce = Nonce::new(spool).map_err(|error| error.to_string())?;
    Ok((host.clone(), Claim::new(token, nonce)))
}

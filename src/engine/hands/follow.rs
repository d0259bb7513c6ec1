//! Sees a started leg to its end, whatever the link and earlier engines did.
//!
//! What is done at each answer is the table of [`next`]; here it is asked for and carried out.

use std::time::Duration;

use tokio::sync::watch as cell;
use tokio::time::Instant;

use super::said::{said, said_at_last, unsaid};
use super::turn::{Limit, Place, Tape, Turn, Unkept};
use super::{Ground, Receipt, capture, earlier};
use crate::clock::Timestamp;
use crate::kinds::Leg;
use crate::run::{
    Finding, LaneAt, LaneOutcome, Next, Run, Said, Sent, Spot, Stop, Task, Token, Way, next,
};
use crate::runbook::Capture;
use crate::transport::{
    self, Claim, Host, LinkError, Nonce, ReceiptState, Receipts, Script, Settled,
};
use crate::wire::output_file;

use super::super::output::Recorder;

/// How long a machine that has no such token after a start is given before it is asked again.
const BREATH: Duration = Duration::from_millis(200);

/// What is needed to follow a leg.
pub(super) struct Follow {
    place: Place,
    leg: Leg,
    /// The legs before it whose output it gets.
    before: Vec<u16>,
    token: Token,
    spool: Option<String>,
    since: Timestamp,
    /// When the step began, and how long it may take in seconds; 0 for no limit.
    step_limit: (Timestamp, u64),
    spot: Spot,
    /// What is to be kept of what it prints, where it is the leg that prints it.
    capture: Option<Capture>,
    sent: Sent,
    stop: cell::Receiver<Option<Stop>>,
}

/// How it ended, before it is a finding.
enum End {
    Outcome(LaneOutcome),
    Unknown(String, LastWord),
}

/// Whether an unknown outcome is the machine's own answer, or it could not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastWord {
    Said,
    NotHad,
}

impl Follow {
    /// None where the lane does not run what the task says.
    pub fn of(
        run: &Run,
        task: &Task,
        sent: Sent,
        stop: cell::Receiver<Option<Stop>>,
    ) -> Option<Self> {
        let Task::Follow {
            step,
            attempt,
            lane,
            leg: number,
            token,
            spool,
        } = task
        else {
            return None;
        };
        let (_, planned, state) = run.step(step)?;
        let LaneAt::Running { since, .. } = state.lane(lane)?.at else {
            return None;
        };
        let legs = &state.proposal(lane)?.proposal.legs;
        let leg = legs.get(usize::from(*number))?.clone();
        let forward = state.way == Way::Forward && usize::from(*number) + 1 == legs.len();
        let spots = state.spots(planned);
        // A guard is waited for by an operator, who is not what the limit is for.
        let limit = leg.guard.map_or(planned.timeout_seconds, |_| 0);
        Some(Self {
            before: earlier::before(legs, *number),
            place: Place {
                step: step.clone(),
                attempt: *attempt,
                lane: lane.clone(),
                leg: *number,
                file: output_file(step, *attempt, lane, *number),
                progress: leg.progress,
            },
            leg,
            token: token.clone(),
            spool: spool.clone(),
            since,
            step_limit: (state.started_at.unwrap_or(since), limit),
            spot: spots.into_iter().find(|spot| spot.lane == *lane)?,
            capture: planned.capture.clone().filter(|_| forward),
            sent,
            stop,
        })
    }

    /// Gives how it ended, and the receipt that may be forgotten once that is recorded.
    pub async fn run(mut self, ground: &Ground) -> (Finding, Option<Receipt>) {
        let ground = &*ground.on(&self.spot);
        let (host, claim, script) = match self.ready(ground).await {
            Ok(ready) => ready,
            Err(why) => return (self.not_ready(ground, &why), None),
        };
        let (folder, mask, clock) = (
            ground.output.clone(),
            ground.mask.clone(),
            ground.clock.clone(),
        );
        let (file, since) = (self.place.file.clone(), self.since);
        let spool = host.spool_file(&claim.token);
        let mut tape =
            Tape::open(move || Recorder::open(&folder, &file, &mask, since, &clock, spool)).await;
        let end = self
            .see_through(ground, (&host, &claim, &script), &mut tape)
            .await;
        let complete = match &end {
            End::Outcome(LaneOutcome::Succeeded { .. } | LaneOutcome::Failed { .. }) => true,
            End::Outcome(_) | End::Unknown(..) => false,
        };
        let (output, end) = match (tape.finish(complete).await, end) {
            (Ok(output), end) => (output, end),
            // Recorded without it, the end would let the machine forget what only it still has.
            (Err(Unkept::Disk(error)), End::Outcome(_)) => {
                return ground.no_room(&self.place.file, error).await;
            }
            (Err(Unkept::Lost(trouble)), End::Outcome(outcome)) => {
                let ended = self.told(&outcome);
                let why = format!("{ended}, but what it printed could not be kept: {trouble}");
                (None, End::Unknown(why, LastWord::Said))
            }
            (Err(_), unknown) => (None, unknown),
        };
        match end {
            End::Outcome(outcome) => {
                let outcome = match (outcome, self.capture.clone()) {
                    (LaneOutcome::Succeeded { code }, Some(wanted)) => {
                        capture::outcome(ground, &self.place.file, wanted, code).await
                    }
                    (outcome, _) => outcome,
                };
                let finding = self.ended(outcome, output);
                (finding, Some(Receipt { host, claim }))
            }
            End::Unknown(why, last_word) => (self.unknown(ground, &why, output, last_word), None),
        }
    }

    /// What is so where nothing can be sent. Without a spool on record nothing was ever sent, by any engine.
    /// With one, an earlier engine may have sent what this one cannot even put together.
    fn not_ready(&self, ground: &Ground, why: &str) -> Finding {
        let why = ground.words(why);
        if self.spool.is_some() && self.sent == Sent::Perhaps {
            let why = format!("it may have been sent, and cannot be followed: {why}");
            return self.unknown(ground, &why, None, LastWord::NotHad);
        }
        let proof = format!("nothing was sent: {why}");
        self.ended(LaneOutcome::NotRun { proof }, None)
    }

    /// The machine, the claim and the text; or why nothing can be sent.
    async fn ready(&self, ground: &Ground) -> Result<(Host, Claim, Script), String> {
        let machine = &self.leg.at;
        let host = ground
            .fleet
            .host(machine)
            .ok_or_else(|| format!("there is no machine {machine}"))?;
        let Some(spool) = &self.spool else {
            let why = match ground.fleet.receipts(machine).await {
                Ok(Receipts::Impossible(why)) => format!("{machine} cannot keep a receipt: {why}"),
                Ok(Receipts::Kept(_)) => format!("{machine} could not keep a receipt"),
                Err(error) => error.to_string(),
            };
            return Err(why);
        };
        let token = transport::Token::new(self.token.0.as_str());
        let token = token.map_err(|error| error.to_string())?;
        let nonce = Nonce::new(spool.as_str()).map_err(|error| error.to_string())?;
        let mut env = self.leg.env.clone();
        env.extend(earlier::environment(ground, &self.place, &self.before)?);
        let script = ground
            .script_of(&self.leg, &env)
            .map_err(|error| error.to_string())?;
        Ok((host.clone(), Claim::new(token, nonce), script))
    }

    async fn see_through(
        &mut self,
        ground: &Ground,
        (host, claim, script): (&Host, &Claim, &Script),
        tape: &mut Tape,
    ) -> End {
        let mut limit = self.limit(ground.clock.now());
        let mut lost = None;
        loop {
            let tried = self.try_once(ground, (host, claim, script), tape, &mut limit, &mut lost);
            let error = match tried.await {
                Ok(settled) => match self.next(said_at_last(&settled)) {
                    Next::Ended | Next::NotRun | Next::Unknown => {
                        return self.settled(ground, settled, tape);
                    }
                    _ => {
                        self.sent = Sent::Perhaps;
                        tokio::time::sleep(BREATH).await;
                        continue;
                    }
                },
                Err(error) => error,
            };
            if let Some(end) = self.gives_up(&error) {
                return end;
            }
            let tries = lost.unwrap_or(0);
            let pause = ground.lost(&self.leg.at, &error, tries).await;
            lost = Some(tries + 1);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // Once more, at once: whoever wants an end wants to know whether that can be had.
                Ok(()) = self.stop.changed() => {}
            }
        }
    }

    fn next(&self, said: Said) -> Next {
        next(self.sent, *self.stop.borrow(), said)
    }

    /// Asks for the receipt where there may be one, and starts or follows.
    async fn try_once(
        &mut self,
        ground: &Ground,
        (host, claim, script): (&Host, &Claim, &Script),
        tape: &mut Tape,
        limit: &mut Option<Limit>,
        lost: &mut Option<usize>,
    ) -> Result<Settled, LinkError> {
        let state = match self.next(Said::NotAsked) {
            Next::Ask => host.probe(claim).await?,
            _ => ReceiptState::None,
        };
        if lost.take().is_some() {
            ground.back(&self.leg.at).await;
        }
        let next = self.next(said(&state));
        let state = match next {
            Next::Revoke => host.revoke(claim).await?,
            _ => state,
        };
        let turn = Turn {
            ground,
            place: &self.place,
            host,
            claim,
            stop: &mut self.stop,
            limit,
        };
        match state {
            ReceiptState::None if next == Next::Send => {
                let tried = turn.start(script.clone(), tape).await;
                if !matches!(&tried, Err(error) if unsaid(error, self.sent) == Said::WouldNot) {
                    self.sent = Sent::Perhaps;
                }
                tried
            }
            ReceiptState::None => Ok(Settled::NotStarted),
            ReceiptState::Running { .. } | ReceiptState::Exited { .. } => turn.attach(tape).await,
            ReceiptState::Revoked => Ok(Settled::Revoked),
            ReceiptState::Lost { why } => Ok(Settled::Lost { why }),
        }
    }

    fn settled(&self, ground: &Ground, settled: Settled, tape: &Tape) -> End {
        match settled {
            Settled::Exited { code, bytes } => {
                let outcome = match self.leg.accepts(code) {
                    true => LaneOutcome::Succeeded { code },
                    false => LaneOutcome::Failed { code },
                };
                if tape.is_whole(bytes) {
                    return End::Outcome(outcome);
                }
                let why = format!(
                    "{}, but it printed {bytes} bytes and {} are kept here",
                    self.told(&outcome),
                    tape.next()
                );
                End::Unknown(why, LastWord::Said)
            }
            Settled::Revoked => End::Outcome(LaneOutcome::NotRun {
                proof: "it was revoked before it began".to_owned(),
            }),
            Settled::NotStarted => End::Outcome(LaneOutcome::NotRun {
                proof: "its machine has never heard of it".to_owned(),
            }),
            Settled::Lost { why } => {
                ground.fleet.doubt(&self.leg.at);
                End::Unknown(why, LastWord::Said)
            }
        }
    }

    /// Whether trouble with the link ends the following.
    fn gives_up(&self, error: &LinkError) -> Option<End> {
        let said = unsaid(error, self.sent);
        let unknown = |why| Some(End::Unknown(why, LastWord::NotHad));
        match self.next(said) {
            Next::NotRun => Some(End::Outcome(LaneOutcome::NotRun {
                proof: format!("nothing was sent: {error}"),
            })),
            Next::Unknown if said == Said::KeyChanged => {
                unknown(format!("{error}; {}", error.hint()))
            }
            Next::Unknown => unknown(format!(
                "it was asked to end, and its machine could not be asked what became of it: {error}"
            )),
            _ => None,
        }
    }

    /// The earlier of the leg's and the step's limit.
    fn limit(&self, now: Timestamp) -> Option<Limit> {
        let (started, step_seconds) = self.step_limit;
        let limits = [
            (self.since, self.leg.limit_seconds, "the leg's"),
            (started, step_seconds, "the step's"),
        ];
        limits
            .into_iter()
            .filter(|(_, seconds, _)| *seconds > 0)
            .map(|(since, seconds, whose)| {
                let gone = Duration::try_from(now.duration_since(since)).unwrap_or_default();
                let left = Duration::from_secs(seconds).saturating_sub(gone);
                (left, seconds, whose)
            })
            .min()
            .map(|(left, seconds, whose)| Limit {
                at: Instant::now() + left,
                because: format!("{whose} limit of {seconds} s"),
            })
    }

    fn told(&self, outcome: &LaneOutcome) -> String {
        match outcome {
            LaneOutcome::Succeeded { code } | LaneOutcome::Failed { code } => {
                format!("it ended with exit code {code}")
            }
            LaneOutcome::NotRun { proof } => format!("it did not run ({proof})"),
            LaneOutcome::Captured { .. }
            | LaneOutcome::NotCaptured { .. }
            | LaneOutcome::SaidDone { .. }
            | LaneOutcome::Came { .. }
            | LaneOutcome::DidNotCome { .. } => "it ended".to_owned(),
        }
    }

    fn unknown(
        &self,
        ground: &Ground,
        why: &str,
        output: Option<crate::run::Output>,
        last_word: LastWord,
    ) -> Finding {
        Finding::Unknown {
            step: self.place.step.clone(),
            attempt: self.place.attempt,
            lane: self.place.lane.clone(),
            leg: self.place.leg,
            why: ground.words(why),
            output,
            last_word: last_word == LastWord::Said,
        }
    }

    fn ended(&self, outcome: LaneOutcome, output: Option<crate::run::Output>) -> Finding {
        Finding::Ended {
            step: self.place.step.clone(),
            attempt: self.place.attempt,
            lane: self.place.lane.clone(),
            leg: self.place.leg,
            outcome,
            output,
        }
    }
}

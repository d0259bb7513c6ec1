//! Turns a wish or a finding into one event, or says why not.

use super::event::{Actor, Asked, Ending, Event, LaneShown, Operator, Stop, Token, Way};
use super::intent::{Command, Finding, Intent};
use super::plan::PlannedStep;
use super::state::{LaneAt, Run, StepAt, StepState, Stuck};
use crate::kinds::Performer;
use crate::names::{MachineName, StepId};
use crate::runbook::Gate;

/// Why a command does not become an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The run has ended, or was never opened.
    #[error("the run is not open")]
    NotOpen,
    /// The person only watches.
    #[error("you are watching; attach without --watch to decide")]
    Watching,
    /// There is no such step, lane or question.
    #[error("there is no {0}")]
    NoSuch(String),
    /// The wish was for an attempt that is over.
    #[error("the screen was behind: step {step} is at attempt {now} now")]
    Late {
        /// The step.
        step: StepId,
        /// Its attempt now.
        now: u32,
    },
    /// What would be done has changed since it was shown.
    #[error("not what you saw: what step {0} would do has changed; look again")]
    NotWhatYouSaw(StepId),
    /// Somebody else was first.
    #[error("already: {0}")]
    Already(String),
    /// The step is not where this could be done to it.
    #[error("step {step} {is}; {wish} is not possible now")]
    NotNow {
        /// The step.
        step: StepId,
        /// Where it is: `is running`.
        is: &'static str,
        /// What was wanted: `a retry`.
        wish: &'static str,
    },
    /// The gate wants other words.
    #[error("the gate wants these words: {0}")]
    OtherWords(String),
    /// A reason or a note is missing.
    #[error("{0} needs a reason in words")]
    NeedsWords(&'static str),
    /// The environment wants more people.
    #[error("{wanted} people must be attached before a gate is passed; {here} here now")]
    PeopleMissing {
        /// How many.
        wanted: u32,
        /// How many there are.
        here: usize,
    },
    /// The gate wants a second person, and this is the first again.
    #[error("you said yes already; step {0} wants the yes of a second person")]
    SecondPerson(StepId),
    /// A step that this one needs was skipped.
    #[error("step {step} needs step {need}, which was skipped; skip it too, or end the run")]
    NeedSkipped {
        /// The step.
        step: StepId,
        /// What it needs.
        need: StepId,
    },
    /// There is no way back from here.
    #[error("step {0} cannot be taken back from here")]
    NoWayBack(StepId),
    /// The run cannot be ended while something is under way.
    #[error("step {0} is under way; stop it first")]
    UnderWay(StepId),
}

/// Decides what a command becomes.
///
/// # Errors
///
/// A [`Refusal`]; nothing has happened then.
pub fn decide(run: &Run, command: &Command) -> Result<(Actor, Event), Refusal> {
    match command {
        Command::Found(finding) => Ok((Actor::Engine, found(run, finding)?)),
        Command::Wish { who, intent } => {
            let present = run.present.get(&who.client);
            if run.plan.is_none() || run.ending.is_some() {
                return Err(Refusal::NotOpen);
            }
            let watch = present.is_none_or(|present| present.watch);
            if watch && !matches!(intent, Intent::Note { .. }) {
                return Err(Refusal::Watching);
            }
            Ok((Actor::Operator(who.clone()), wish(run, who, intent)?))
        }
    }
}

fn wish(run: &Run, who: &Operator, intent: &Intent) -> Result<Event, Refusal> {
    match intent {
        Intent::Approve {
            step,
            attempt,
            digest,
            typed,
        } => approve(run, who, (step, *attempt), digest, typed.as_deref()),
        Intent::Review { step, attempt } => {
            let state = now(run, step, *attempt)?;
            allowed(state.at == StepAt::AtGate, state, step, "looking again")?;
            Ok(Event::StepReviewed {
                step: step.clone(),
                attempt: *attempt,
            })
        }
        Intent::SayDone {
            step,
            attempt,
            lane,
            note,
        } => {
            let (planned, state) = at(run, step, *attempt)?;
            let by_person = planned.performer(state.way) == Some(Performer::Person);
            allowed(
                by_person && state.at == StepAt::Running,
                state,
                step,
                "saying that it is done",
            )?;
            let leg = running_leg(state, lane)?;
            Ok(Event::LegEnded {
                step: step.clone(),
                attempt: *attempt,
                lane: lane.clone(),
                leg,
                outcome: super::LaneOutcome::SaidDone { note: note.clone() },
                output: None,
            })
        }
        Intent::Reply {
            step,
            attempt,
            proof,
            yes,
            note,
        } => {
            let (planned, state) = at(run, step, *attempt)?;
            allowed(state.at == StepAt::Proving, state, step, "an answer")?;
            let asked = planned.proofs(state.way).get(usize::from(*proof));
            if !asked.is_some_and(|asked| asked.person) {
                return Err(Refusal::NoSuch(format!("question {proof} for a person")));
            }
            if state.answers.contains_key(proof) {
                return Err(Refusal::Already("that question is answered".to_owned()));
            }
            if !yes && note.trim().is_empty() {
                return Err(Refusal::NeedsWords("a no"));
            }
            Ok(Event::ProofAnswered {
                step: step.clone(),
                attempt: *attempt,
                asked: Asked::Proof,
                answers: vec![super::Answer {
                    proof: *proof,
                    holds: if *yes {
                        crate::probe::Holds::Yes
                    } else {
                        crate::probe::Holds::No
                    },
                    seen: note.clone(),
                }],
            })
        }
        Intent::Retry { step, attempt } => retry(run, step, *attempt),
        Intent::ProveAgain { step, attempt } => {
            let (planned, state) = at(run, step, *attempt)?;
            let has_proof = !planned.proofs(state.way).is_empty();
            allowed(
                has_proof && state.can_be_proved_again(),
                state,
                step,
                "proving again",
            )?;
            Ok(Event::ProofReopened {
                step: step.clone(),
                attempt: *attempt,
            })
        }
        Intent::Look { step, attempt } => {
            let (planned, state) = at(run, step, *attempt)?;
            let asks = planned.proofs(state.way).iter().any(|proof| !proof.person);
            allowed(
                asks && state.can_be_looked_at(),
                state,
                step,
                "a look at its probes",
            )?;
            Ok(Event::LookAsked {
                step: step.clone(),
                attempt: *attempt,
            })
        }
        Intent::Attest {
            step,
            attempt,
            note,
        } => {
            let state = now(run, step, *attempt)?;
            allowed(state.can_be_attested(), state, step, "vouching for it")?;
            words("vouching for a step", note)?;
            Ok(Event::StepAttested {
                step: step.clone(),
                attempt: *attempt,
                note: note.clone(),
            })
        }
        Intent::Skip { step, reason } => {
            let (number, _, state) = find(run, step)?;
            let its_turn = run.current() == Some(number);
            allowed(
                its_turn && state.can_be_skipped(),
                state,
                step,
                "skipping it",
            )?;
            words("skipping a step", reason)?;
            Ok(Event::StepSkipped {
                step: step.clone(),
                reason: reason.clone(),
            })
        }
        Intent::Settle {
            step,
            attempt,
            lane,
            decision,
            reason,
        } => {
            let state = now(run, step, *attempt)?;
            let stuck = state.at
                == StepAt::Stuck {
                    why: Stuck::Unknown,
                };
            allowed(stuck, state, step, "deciding an unknown outcome")?;
            let lane_state = state.lane(lane);
            if !lane_state.is_some_and(|lane| matches!(lane.at, LaneAt::Unknown { .. })) {
                return Err(Refusal::NoSuch(format!("unknown outcome on {lane}")));
            }
            words("deciding an unknown outcome", reason)?;
            Ok(Event::UnknownSettled {
                step: step.clone(),
                attempt: *attempt,
                lane: lane.clone(),
                decision: *decision,
                reason: reason.clone(),
            })
        }
        Intent::Stop {
            step,
            attempt,
            stop,
        } => {
            let state = now(run, step, *attempt)?;
            stop_running(state, step, *attempt, *stop, None)
        }
        Intent::GoBack { step } => go_back(run, step),
        Intent::DropBack { step, attempt } => {
            let state = now(run, step, *attempt)?;
            allowed(
                state.back_can_be_dropped(),
                state,
                step,
                "leaving it as it is",
            )?;
            Ok(Event::BackDropped {
                step: step.clone(),
                attempt: *attempt,
            })
        }
        Intent::Note { step, text } => {
            if let Some(step) = step {
                find(run, step)?;
            }
            words("a note", text)?;
            Ok(Event::NoteAdded {
                step: step.clone(),
                text: text.clone(),
            })
        }
        Intent::End { reason } => end(run, reason),
    }
}

fn approve(
    run: &Run,
    who: &Operator,
    (step, attempt): (&StepId, u32),
    digest: &str,
    typed: Option<&str>,
) -> Result<Event, Refusal> {
    let (planned, state) = at(run, step, attempt)?;
    if state.is_under_way() || state.is_settled() {
        let by = state.approvals.last().map(|approval| match &approval.by {
            Actor::Operator(operator) => format!("{} said yes to step {step}", operator.name),
            Actor::Engine => format!("step {step} needed no yes"),
        });
        return Err(Refusal::Already(
            by.unwrap_or_else(|| format!("step {step} went on")),
        ));
    }
    if state.at == StepAt::Preparing {
        return Err(Refusal::NotWhatYouSaw(step.clone()));
    }
    allowed(state.at == StepAt::AtGate, state, step, "a yes")?;
    if state
        .shown
        .as_ref()
        .is_none_or(|shown| shown.digest != digest)
    {
        return Err(Refusal::NotWhatYouSaw(step.clone()));
    }
    ready(run, planned)?;
    if let (Gate::TypeBack { words }, Way::Forward) = (&planned.gate, state.way)
        && typed.map(str::trim) != Some(words.trim())
    {
        return Err(Refusal::OtherWords(words.clone()));
    }
    let same = |approval: &super::Approval| match &approval.by {
        Actor::Operator(first) => !first.differs_from(who),
        Actor::Engine => false,
    };
    if state.approvals.iter().any(same) {
        return Err(Refusal::SecondPerson(step.clone()));
    }
    Ok(Event::StepApproved {
        step: step.clone(),
        attempt,
        digest: digest.to_owned(),
        typed: typed.map(str::to_owned),
    })
}

/// Whether people and needs allow a gate to be passed.
fn ready(run: &Run, planned: &PlannedStep) -> Result<(), Refusal> {
    let wanted = run.plan.as_ref().map_or(0, |plan| plan.people);
    let here = run.people();
    if wanted > 1 && (here as u64) < u64::from(wanted) {
        return Err(Refusal::PeopleMissing { wanted, here });
    }
    for need in &planned.needs {
        let skipped = |state: &StepState| matches!(state.at, StepAt::Skipped { .. });
        if run.step(need).is_some_and(|(_, _, state)| skipped(state)) {
            return Err(Refusal::NeedSkipped {
                step: planned.id.clone(),
                need: need.clone(),
            });
        }
    }
    Ok(())
}

fn retry(run: &Run, step: &StepId, attempt: u32) -> Result<Event, Refusal> {
    let state = now(run, step, attempt)?;
    let StepAt::Stuck { why } = &state.at else {
        return Err(not_now(state, step, "a retry"));
    };
    if *why == Stuck::Unknown {
        return Err(not_now(
            state,
            step,
            "a retry before the unknown outcome is decided",
        ));
    }
    let badly = |lane: &&super::Lane| !matches!(lane.at, LaneAt::Well { .. });
    let mut lanes: Vec<MachineName> = state
        .lanes
        .iter()
        .filter(badly)
        .map(|lane| lane.name.clone())
        .collect();
    // Unproved: every lane ended well, and yet the world is not right; all of them again.
    if lanes.is_empty() || *why == Stuck::Unproved {
        lanes = state.lanes.iter().map(|lane| lane.name.clone()).collect();
    }
    Ok(Event::StepReached {
        step: step.clone(),
        attempt: attempt + 1,
        way: state.way,
        lanes,
    })
}

fn go_back(run: &Run, step: &StepId) -> Result<Event, Refusal> {
    let (number, _, state) = find(run, step)?;
    if let Some(other) = run.steps.iter().position(StepState::is_under_way) {
        let id = run
            .planned(other)
            .map_or_else(|| step.clone(), |planned| planned.id.clone());
        return Err(Refusal::UnderWay(id));
    }
    if run.undo_next() != Some(number) {
        return Err(Refusal::NoWayBack(step.clone()));
    }
    let unknown = matches!(
        &state.at,
        StepAt::Stuck {
            why: Stuck::Unknown
        }
    );
    allowed(
        !unknown,
        state,
        step,
        "taking it back before the unknown outcome is decided",
    )?;
    Ok(Event::StepReached {
        step: step.clone(),
        attempt: state.attempt + 1,
        way: Way::Back,
        lanes: state.lanes.iter().map(|lane| lane.name.clone()).collect(),
    })
}

fn end(run: &Run, reason: &str) -> Result<Event, Refusal> {
    if let Some(number) = run.steps.iter().position(StepState::is_under_way)
        && let Some(planned) = run.planned(number)
    {
        return Err(Refusal::UnderWay(planned.id.clone()));
    }
    let ending = if run.steps.iter().all(StepState::is_settled) {
        Ending::Finished
    } else {
        words("ending a run before its last step", reason)?;
        Ending::EndedEarly {
            reason: reason.to_owned(),
        }
    };
    Ok(Event::RunEnded { ending })
}

fn found(run: &Run, finding: &Finding) -> Result<Event, Refusal> {
    if let Finding::Open {
        run: id,
        version,
        plan,
    } = finding
    {
        return match &run.plan {
            Some(_) => Err(Refusal::Already("the run was opened".to_owned())),
            None => Ok(Event::RunOpened {
                run: id.clone(),
                version: version.clone(),
                plan: plan.clone(),
            }),
        };
    }
    if run.plan.is_none() || run.ending.is_some() {
        return Err(Refusal::NotOpen);
    }
    match finding.clone() {
        Finding::Open { .. } => Err(Refusal::NotOpen),
        Finding::Started { pid, boot, version } => Ok(Event::EngineStarted {
            epoch: run.epoch + 1,
            pid,
            boot,
            version,
        }),
        Finding::Repaired { bytes, saved_as } => Ok(Event::TailRepaired { bytes, saved_as }),
        Finding::Attached { who, watch } => match who.client == run.last_client + 1 {
            true => Ok(Event::Attached { who, watch }),
            false => Err(Refusal::NoSuch(format!("client {} to come", who.client))),
        },
        Finding::Detached { client } => match run.present.contains_key(&client) {
            true => Ok(Event::Detached { client }),
            false => Err(Refusal::NoSuch(format!("client {client}"))),
        },
        Finding::Reach { step } => {
            let (number, _, state) = find(run, &step)?;
            let turn = run.current() == Some(number) && state.at == StepAt::Waiting;
            allowed(turn, state, &step, "its turn")?;
            let lanes = state.lanes.iter().map(|lane| lane.name.clone()).collect();
            let attempt = state.attempt + 1;
            Ok(Event::StepReached {
                step,
                attempt,
                way: Way::Forward,
                lanes,
            })
        }
        Finding::Shown {
            step,
            attempt,
            lanes,
            before,
        } => {
            let state = now(run, &step, attempt)?;
            allowed(state.at == StepAt::Preparing, state, &step, "showing it")?;
            let digest = LaneShown::digest_of(&lanes);
            Ok(Event::StepShown {
                step,
                attempt,
                digest,
                lanes,
                before,
            })
        }
        Finding::Obstructed {
            step,
            attempt,
            lane,
            obstacle,
        } => {
            let state = now(run, &step, attempt)?;
            allowed(state.at == StepAt::Preparing, state, &step, "an obstacle")?;
            Ok(Event::StepObstructed {
                step,
                attempt,
                lane,
                obstacle,
            })
        }
        Finding::Pass { step, attempt } => {
            let (planned, state) = at(run, &step, attempt)?;
            let open = state.at == StepAt::AtGate && passes_by_itself(planned, state);
            allowed(open, state, &step, "passing its gate without a yes")?;
            ready(run, planned)?;
            let digest = state.shown.as_ref().map(|shown| shown.digest.clone());
            let digest = digest.ok_or_else(|| not_now(state, &step, "passing its gate"))?;
            Ok(Event::StepApproved {
                step,
                attempt,
                digest,
                typed: None,
            })
        }
        Finding::Begin {
            step,
            attempt,
            lane,
            leg,
            spool,
        } => {
            let state = now(run, &step, attempt)?;
            let ready = match state.lane(&lane).map(|lane| &lane.at) {
                Some(LaneAt::Idle) => leg == 0,
                Some(LaneAt::Between { next }) => leg == *next,
                _ => false,
            };
            let open = matches!(state.at, StepAt::Cleared | StepAt::Running);
            allowed(
                ready && open && state.stop.is_none(),
                state,
                &step,
                "starting a leg",
            )?;
            let id = run.id.as_ref().ok_or(Refusal::NotOpen)?;
            let token = Token::of(id, &step, attempt, &lane, leg);
            Ok(Event::LegStarted {
                step,
                attempt,
                lane,
                leg,
                token,
                spool,
            })
        }
        Finding::Ended {
            step,
            attempt,
            lane,
            leg,
            outcome,
            output,
        } => {
            let state = now(run, &step, attempt)?;
            allowed(
                running_leg(state, &lane)? == leg,
                state,
                &step,
                "the end of that leg",
            )?;
            Ok(Event::LegEnded {
                step,
                attempt,
                lane,
                leg,
                outcome,
                output,
            })
        }
        Finding::Unknown {
            step,
            attempt,
            lane,
            leg,
            why,
            output,
        } => {
            let state = now(run, &step, attempt)?;
            allowed(
                running_leg(state, &lane)? == leg,
                state,
                &step,
                "losing that leg",
            )?;
            Ok(Event::LegUnknown {
                step,
                attempt,
                lane,
                leg,
                why,
                output,
            })
        }
        Finding::LinkLost { machine, why } => match run.links.contains_key(&machine) {
            false => Ok(Event::LinkLost { machine, why }),
            true => Err(Refusal::Already(format!("the link to {machine} is lost"))),
        },
        Finding::LinkBack { machine } => match run.links.contains_key(&machine) {
            true => Ok(Event::LinkBack { machine }),
            false => Err(Refusal::Already(format!("the link to {machine} is there"))),
        },
        Finding::TimeUp {
            step,
            attempt,
            because,
        } => {
            let state = now(run, &step, attempt)?;
            stop_running(state, &step, attempt, Stop::Ask, Some(because))
        }
        Finding::Answered {
            step,
            attempt,
            asked,
            answers,
        } => {
            let (planned, state) = at(run, &step, attempt)?;
            let proofs = planned.proofs(state.way);
            let known = answers.iter().all(|a| usize::from(a.proof) < proofs.len());
            if !known {
                return Err(Refusal::NoSuch("such question".to_owned()));
            }
            let fresh = answers
                .iter()
                .all(|a| !state.answers.contains_key(&a.proof));
            let open = match asked {
                Asked::Look => state.looking,
                Asked::Proof => state.at == StepAt::Proving && fresh,
            };
            allowed(open, state, &step, "an answer")?;
            Ok(Event::ProofAnswered {
                step,
                attempt,
                asked,
                answers,
            })
        }
    }
}

/// Whether a gate opens without anybody: an `auto` gate on the first try, forward, and only while the
/// step was never taken back. Whoever took it back did not ask for it to be done again.
pub(super) fn passes_by_itself(planned: &PlannedStep, state: &StepState) -> bool {
    planned.gate == Gate::Auto && state.way == Way::Forward && !state.undone
}

fn stop_running(
    state: &StepState,
    step: &StepId,
    attempt: u32,
    stop: Stop,
    because: Option<String>,
) -> Result<Event, Refusal> {
    // Cleared too: a machine that cannot be reached keeps a step there for as long as that lasts.
    let open = matches!(state.at, StepAt::Cleared | StepAt::Running);
    allowed(open, state, step, "stopping it")?;
    if state.stop >= Some(stop) {
        return Err(Refusal::Already(format!("step {step} was asked to end")));
    }
    Ok(Event::StopAsked {
        step: step.clone(),
        attempt,
        stop,
        because,
    })
}

fn running_leg(state: &StepState, lane: &MachineName) -> Result<u16, Refusal> {
    match state.lane(lane).map(|lane| &lane.at) {
        Some(LaneAt::Running { leg, .. }) => Ok(*leg),
        Some(_) => Err(Refusal::Already(format!("lane {lane} has ended"))),
        None => Err(Refusal::NoSuch(format!("lane {lane}"))),
    }
}

fn find<'a>(
    run: &'a Run,
    step: &StepId,
) -> Result<(usize, &'a PlannedStep, &'a StepState), Refusal> {
    run.step(step)
        .ok_or_else(|| Refusal::NoSuch(format!("step {step}")))
}

fn at<'a>(
    run: &'a Run,
    step: &StepId,
    attempt: u32,
) -> Result<(&'a PlannedStep, &'a StepState), Refusal> {
    let (_, planned, state) = find(run, step)?;
    if state.attempt == attempt {
        Ok((planned, state))
    } else {
        Err(Refusal::Late {
            step: step.clone(),
            now: state.attempt,
        })
    }
}

fn now<'a>(run: &'a Run, step: &StepId, attempt: u32) -> Result<&'a StepState, Refusal> {
    at(run, step, attempt).map(|(_, state)| state)
}

fn words(what: &'static str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        Err(Refusal::NeedsWords(what))
    } else {
        Ok(())
    }
}

fn allowed(so: bool, state: &StepState, step: &StepId, wish: &'static str) -> Result<(), Refusal> {
    if so {
        Ok(())
    } else {
        Err(not_now(state, step, wish))
    }
}

fn not_now(state: &StepState, step: &StepId, wish: &'static str) -> Refusal {
    let is = match &state.at {
        StepAt::Waiting => "is waiting for its turn",
        StepAt::Preparing => "is being prepared",
        StepAt::AtGate => "is at its gate",
        StepAt::Cleared | StepAt::Running => "is running",
        StepAt::Proving => "is being proved",
        StepAt::Done { .. } => "is done",
        StepAt::Skipped { .. } => "was skipped",
        StepAt::Stuck { .. } => "is stuck",
    };
    Refusal::NotNow {
        step: step.clone(),
        is,
        wish,
    }
}

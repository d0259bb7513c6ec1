//! What a person's wish becomes.

use super::back::{go_back, is_unknown};
use super::decide::{
    Refusal, allowed, at, find, not_now, now, ready, running_leg, stop_running, words,
};
use super::{
    Actor, Answer, Asked, Done, Ending, Event, Intent, Lane, LaneAt, LaneOutcome, Operator,
    PlannedChoice, Run, StepAt, StepState, Stuck, Way,
};
use super::{guard, keyboard};
use crate::kinds::Performer;
use crate::names::{MachineName, StepId};
use crate::probe::Holds;

pub(super) fn wish(run: &Run, who: &Operator, intent: &Intent) -> Result<Event, Refusal> {
    match intent {
        Intent::Approve {
            step,
            attempt,
            digest,
            typed,
        } => approve(run, who, (step, *attempt), digest, typed.as_deref()),
        Intent::Choose {
            step,
            attempt,
            digest,
            value,
        } => choose(run, (step, *attempt), digest, value),
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
                outcome: LaneOutcome::SaidDone { note: note.clone() },
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
            let asked = state.proofs(planned).get(usize::from(*proof));
            let Some(asked) = asked.filter(|asked| asked.person) else {
                return Err(Refusal::NoSuch(format!("question {proof} for a person")));
            };
            if state.answers.contains_key(proof) {
                return Err(Refusal::Already("that question is answered".to_owned()));
            }
            if !yes && note.trim().is_empty() {
                return Err(Refusal::NeedsWords("a no"));
            }
            if asked.evidence.is_some() && note.trim().is_empty() {
                return Err(Refusal::NeedsWords("a yes to this question"));
            }
            Ok(Event::ProofAnswered {
                step: step.clone(),
                attempt: *attempt,
                asked: Asked::Proof,
                answers: vec![Answer {
                    proof: *proof,
                    holds: if *yes { Holds::Yes } else { Holds::No },
                    seen: note.clone(),
                }],
            })
        }
        Intent::Retry { step, attempt } => retry(run, step, *attempt),
        Intent::ProveAgain { step, attempt } => {
            let (planned, state) = at(run, step, *attempt)?;
            let has_proof = !state.proofs(planned).is_empty();
            guard::unguarded(state, step)?;
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
            let asks = state.proofs(planned).iter().any(|proof| !proof.person) || is_unknown(state);
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
            guard::unguarded(state, step)?;
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
            let mut left = run.still_running(step).filter(|d| d.attempt == *attempt);
            if left.any(|doubt| doubt.stop < Some(*stop)) {
                return Ok(Event::StopAsked {
                    step: step.clone(),
                    attempt: *attempt,
                    stop: *stop,
                    because: None,
                });
            }
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
        Intent::Keep {
            step,
            attempt,
            lane,
        } => guard::keep(run, (step, *attempt), lane),
        Intent::Suspend { reason } => run.suspend(reason),
        Intent::TakeKeyboard {
            step,
            attempt,
            lane,
        } => keyboard::take(run, who, (step, *attempt), lane),
        Intent::ReturnKeyboard {
            step,
            attempt,
            lane,
        } => keyboard::give_back(run, who, (step, *attempt), lane),
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
    if let (Some(choice), Way::Forward) = (&planned.choice, state.way) {
        return Err(Refusal::OneOf(options(choice)));
    }
    if let Some(words) = state.words(planned)
        && typed.map(str::trim) != Some(words.trim())
    {
        return Err(Refusal::OtherWords(words.to_owned()));
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

fn choose(
    run: &Run,
    (step, attempt): (&StepId, u32),
    digest: &str,
    value: &str,
) -> Result<Event, Refusal> {
    let (planned, state) = at(run, step, attempt)?;
    if let StepAt::Done {
        how: Done::Chosen { value },
    } = &state.at
    {
        return Err(Refusal::Already(format!("`{value}` was chosen")));
    }
    let choice = planned
        .choice
        .as_ref()
        .filter(|_| state.way == Way::Forward);
    let choice = choice.ok_or_else(|| Refusal::NoSuch(format!("choice at step {step}")))?;
    if state.at == StepAt::Preparing {
        return Err(Refusal::NotWhatYouSaw(step.clone()));
    }
    allowed(state.at == StepAt::AtGate, state, step, "choosing")?;
    if state
        .shown
        .as_ref()
        .is_none_or(|shown| shown.digest != digest)
    {
        return Err(Refusal::NotWhatYouSaw(step.clone()));
    }
    ready(run, planned)?;
    if !choice.options.iter().any(|option| option.value == value) {
        return Err(Refusal::OneOf(options(choice)));
    }
    Ok(Event::ChoiceMade {
        step: step.clone(),
        attempt,
        digest: digest.to_owned(),
        name: choice.name.clone(),
        value: value.to_owned(),
    })
}

/// The values to choose from, as a person reads them.
fn options(choice: &PlannedChoice) -> String {
    let values: Vec<&str> = choice.options.iter().map(|o| o.value.as_str()).collect();
    values.join(", ")
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
    let badly = |lane: &&Lane| !matches!(lane.at, LaneAt::Well { .. });
    let concerned = || state.concerned(state.way);
    let mut lanes: Vec<MachineName> = concerned().filter(badly).map(|l| l.name.clone()).collect();
    // Unproved: every lane ended well, and yet the world is not right. Those of which that is known are done again;
    // all of them where a question that does not hold was asked for several.
    if *why == Stuck::Unproved {
        let (planned, _) = at(run, step, attempt)?;
        let unproved = state.unproved(planned);
        lanes = concerned()
            .map(|lane| lane.name.clone())
            .filter(|lane| unproved.contains(lane))
            .collect();
    }
    if lanes.is_empty() {
        lanes = concerned().map(|lane| lane.name.clone()).collect();
    }
    Ok(Event::StepReached {
        step: step.clone(),
        attempt: attempt + 1,
        way: state.way,
        lanes,
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

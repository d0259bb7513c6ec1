//! What a finding of the engine becomes.

use super::decide::{
    Refusal, allowed, at, find, not_now, now, passes_by_itself, ready, running_leg, stop_running,
};
use super::{
    Asked, Event, Finding, LaneAt, LaneOutcome, LaneShown, Rule, Run, StepAt, Stop, Token, Way,
};

pub(super) fn found(run: &Run, finding: &Finding) -> Result<Event, Refusal> {
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
            if let Rule::RulesOut(rule) = run.rule(number) {
                return Ok(Event::StepRuledOut { step, rule });
            }
            let lanes = run
                .spread(number)
                .into_iter()
                .map(|lane| lane.name)
                .collect();
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
            filled,
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
                words: filled.words,
                proofs: filled.proofs,
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
            let (planned, state) = at(run, &step, attempt)?;
            let ready = match state.lane(&lane).map(|lane| &lane.at) {
                Some(LaneAt::Idle) => leg == 0 && state.free(planned).contains(&&lane),
                Some(LaneAt::Between { next }) => {
                    leg == *next && state.waits_to_be_kept(&lane).is_none()
                }
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
            let (planned, state) = at(run, &step, attempt)?;
            let captures = planned.capture.is_some()
                && state.way == Way::Forward
                && leg + 1 == state.legs(&lane);
            let fits = captures || !matches!(outcome, LaneOutcome::Captured { .. });
            allowed(
                fits && running_leg(state, &lane)? == leg,
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
            last_word,
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
                last_word,
            })
        }
        Finding::Evidence { token, says } => run.hear(&token, &says),
        Finding::Preflight { checks } => run.looked(checks),
        Finding::Met { machine, identity } => run.met(machine, identity),
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
            let proofs = state.proofs(planned);
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

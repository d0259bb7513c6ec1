//! The part of the story that is about one step.

mod legs;
mod rest;

use crate::names::{MachineName, StepId};
use crate::probe::Holds;
use crate::run::{Answer, Asked, Entry, Event, LaneShown, Plan, Proof, Run};

use super::story::*;
use super::teller::Teller;
use super::words::{decision, stop, who};

pub(super) use rest::{conclude, rested};

/// The steps of a plan before anything happened.
pub(super) fn waiting(plan: &Plan) -> Vec<StepStory> {
    let step = |(place, step): (usize, &crate::run::PlannedStep)| StepStory {
        number: place + 1,
        id: step.id.clone(),
        phase: step.phase.clone(),
        title: step.title.clone(),
        about: step.about.clone(),
        kind: step.kind.clone(),
        headline: step.headline.clone(),
        performer: step.performer,
        lanes: step.lanes.clone(),
        gate: step.gate.clone(),
        undo: step.undo.clone(),
        downtime: step.downtime,
        point_of_no_return: step.point_of_no_return,
        interactive: step.interactive,
        armed_until: step.armed_until.clone(),
        confirm_within_seconds: (step.confirm_within_seconds > 0)
            .then_some(step.confirm_within_seconds),
        effect: None,
        estimate_seconds: (step.estimate_seconds > 0).then_some(step.estimate_seconds),
        state: StepEnd::NotReached,
        sentence: String::new(),
        started: None,
        ended: None,
        attempts: Vec::new(),
        notes: Vec::new(),
    };
    plan.steps.iter().enumerate().map(step).collect()
}

/// Takes in an event about a step; events about no step are none of its business.
pub(super) fn hear(teller: &mut Teller<'_>, entry: &Entry) {
    let Some(step) = entry.event.step() else {
        return;
    };
    match &entry.event {
        Event::StepReached {
            attempt,
            way,
            lanes,
            ..
        } => {
            let before = teller.attempt(step);
            let again = before.is_some_and(|last| last.way == *way && last.result.is_some());
            if again {
                let text = format!("tried again, as attempt {attempt}");
                teller.note_look(LookKind::Retried, Some(step), entry, text);
            }
            if let Some(story) = teller.story(step) {
                story.attempts.push(Attempt {
                    number: *attempt,
                    way: *way,
                    lanes: lanes.clone(),
                    reached: entry.at,
                    reviews: 0,
                    shown: None,
                    approvals: Vec::new(),
                    legs: Vec::new(),
                    proofs: Vec::new(),
                    remarks: Vec::new(),
                    result: None,
                    ended: None,
                });
            }
        }
        Event::StepShown {
            digest,
            lanes,
            before,
            ..
        } => shown(teller, step, (digest, lanes), before, entry),
        Event::StepObstructed { lane, obstacle, .. } => {
            let text = format!("on {lane} it could not be said what would be done: {obstacle}");
            teller.note_look(LookKind::Obstructed, Some(step), entry, text.clone());
            remark(teller, step, entry, text);
        }
        Event::StepReviewed { .. } => {
            if let Some(attempt) = teller.attempt(step) {
                attempt.reviews += 1;
                attempt.approvals.clear();
            }
            remark(
                teller,
                step,
                entry,
                "asked to look at the machines again".to_owned(),
            );
        }
        Event::BackDropped { .. } => {
            let text = "decided not to take it back; nothing of its undo was started".to_owned();
            remark(teller, step, entry, text);
            if let Some(attempt) = teller.attempt(step) {
                attempt.result = Some("was left as it was".to_owned());
                attempt.ended = Some(entry.at);
            }
        }
        Event::StepApproved { digest, typed, .. } => {
            let approved = Approved {
                by: who(&entry.by),
                at: entry.at,
                typed: typed.clone(),
                digest: digest.clone(),
            };
            if let Some(attempt) = teller.attempt(step) {
                attempt.approvals.push(approved);
            }
        }
        Event::LegStarted { .. } | Event::LegEnded { .. } | Event::LegUnknown { .. } => {
            legs::leg(teller, step, entry);
        }
        Event::LegFound {
            lane, leg, says, ..
        } => {
            let text = format!(
                "on {lane}: what leg {} came to is known after all: {says}",
                leg + 1
            );
            teller.note_look(LookKind::Found, Some(step), entry, text.clone());
            remark(teller, step, entry, text);
        }
        Event::EvidenceCame {
            lane,
            leg,
            says,
            contradicts,
            ..
        } => {
            let text = format!(
                "on {lane}: its machine said later of leg {}: {says}",
                leg + 1
            );
            let kind = match contradicts {
                true => LookKind::Contradicted,
                false => LookKind::Found,
            };
            teller.note_look(kind, Some(step), entry, text.clone());
            remark(teller, step, entry, text);
        }
        Event::StopAsked {
            stop: how, because, ..
        } => {
            let mut text = format!("what was running was {}", stop(*how));
            if let Some(because) = because {
                text.push_str(&format!(" because of {because}"));
            }
            teller.note_look(LookKind::Stopped, Some(step), entry, text.clone());
            remark(teller, step, entry, text);
        }
        Event::ProofReopened { .. } => {
            let text = "the proof was asked again without doing the step again".to_owned();
            teller.note_look(LookKind::ProvedAgain, Some(step), entry, text.clone());
            remark(teller, step, entry, text);
        }
        Event::LookAsked { .. } => {
            remark(
                teller,
                step,
                entry,
                "asked what the probes say now".to_owned(),
            );
        }
        Event::ProofAnswered { asked, answers, .. } => {
            answered(teller, step, *asked, answers, entry);
        }
        Event::StepAttested { note, .. } => {
            let text = format!("vouched for: {note}");
            teller.note_look(LookKind::Attested, Some(step), entry, text.clone());
            remark(teller, step, entry, text);
        }
        Event::StepSkipped { reason, .. } => {
            let text = format!("skipped: {reason}");
            teller.note_look(LookKind::Skipped, Some(step), entry, text.clone());
            remark(teller, step, entry, text);
        }
        // Where it stands says all of it.
        Event::StepRuledOut { .. } => {}
        Event::ChoiceMade {
            digest,
            name,
            value,
            ..
        } => {
            if let Some(attempt) = teller.attempt(step) {
                attempt.approvals.push(Approved {
                    by: who(&entry.by),
                    at: entry.at,
                    typed: None,
                    digest: digest.clone(),
                });
            }
            remark(teller, step, entry, format!("chose {name} = {value}"));
        }
        Event::UnknownSettled {
            lane,
            decision: decided,
            reason,
            ..
        } => {
            let text = format!("on {lane} decided that {}: {reason}", decision(*decided));
            teller.note_look(LookKind::Settled, Some(step), entry, text.clone());
            remark(teller, step, entry, text);
        }
        Event::KeyboardTaken { lane, .. } => {
            let text = format!(
                "took the keyboard on {lane}; what was typed is not in the record, what was printed is"
            );
            teller.note_look(LookKind::Typed, Some(step), entry, text.clone());
            remark(teller, step, entry, text);
        }
        Event::KeyboardReturned { lane, .. } => {
            let text = format!("gave the keyboard on {lane} back");
            remark(teller, step, entry, text);
        }
        Event::ChangeKept { lane, .. } => {
            let text =
                format!("said to keep the change on {lane}, which its guard takes back otherwise");
            remark(teller, step, entry, text);
        }
        Event::RunOpened { .. }
        | Event::EngineStarted { .. }
        | Event::TailRepaired { .. }
        | Event::Attached { .. }
        | Event::Detached { .. }
        | Event::PreflightDone { .. }
        | Event::MachineMet { .. }
        | Event::LinkLost { .. }
        | Event::LinkBack { .. }
        | Event::NoteAdded { .. }
        | Event::RunSuspended { .. }
        | Event::RunEnded { .. } => {}
    }
}

fn remark(teller: &mut Teller<'_>, step: &StepId, entry: &Entry, text: String) {
    let remark = Remark {
        at: entry.at,
        by: who(&entry.by),
        text,
    };
    if let Some(attempt) = teller.attempt(step) {
        attempt.remarks.push(remark);
    }
}

fn proofs<'r>(run: &'r Run, step: &StepId) -> &'r [Proof] {
    run.step(step)
        .map_or(&[], |(_, planned, state)| state.proofs(planned))
}

fn shown(
    teller: &mut Teller<'_>,
    step: &StepId,
    (digest, lanes): (&str, &[LaneShown]),
    before: &[Answer],
    entry: &Entry,
) {
    for lane in lanes {
        if let Some(seen) = &lane.proposal.already {
            let text = format!("on {} it was already as wanted: {seen}", lane.lane);
            teller.note_look(LookKind::Already, Some(step), entry, text);
        }
    }
    let story = |proof: &Proof, place: usize| {
        let answer = before
            .iter()
            .find(|answer| usize::from(answer.proof) == place);
        ProofStory {
            says: proof.says.clone(),
            lane: proof.lane.clone(),
            at: proof.at.clone(),
            before: answer.map(|answer| AnswerStory {
                at: entry.at,
                holds: answer.holds,
                seen: answer.seen.clone(),
                by: None,
            }),
            after: Vec::new(),
            held_before: answer.is_some_and(|answer| answer.holds == Holds::Yes),
        }
    };
    let proofs = proofs(&teller.run, step)
        .iter()
        .enumerate()
        .map(|(place, proof)| story(proof, place))
        .collect();
    let item = |lane: &MachineName| {
        let (_, _, state) = teller.run.step(step)?;
        state.lane(lane)?.item.clone()
    };
    let shown = Shown {
        at: entry.at,
        digest: digest.to_owned(),
        lanes: lanes
            .iter()
            .map(|shown| LaneStory {
                lane: shown.lane.clone(),
                item: item(&shown.lane),
                exhibits: shown.proposal.exhibits.clone(),
                already: shown.proposal.already.clone(),
            })
            .collect(),
    };
    if let Some(attempt) = teller.attempt(step) {
        attempt.shown = Some(shown);
        attempt.proofs = proofs;
    }
}

fn answered(
    teller: &mut Teller<'_>,
    step: &StepId,
    asked: Asked,
    answers: &[Answer],
    entry: &Entry,
) {
    for answer in answers {
        let Some(attempt) = teller.attempt(step) else {
            return;
        };
        let Some(proof) = attempt.proofs.get_mut(usize::from(answer.proof)) else {
            continue;
        };
        match asked {
            Asked::Proof => proof.after.push(AnswerStory {
                at: entry.at,
                holds: answer.holds,
                seen: answer.seen.clone(),
                by: who(&entry.by),
            }),
            Asked::Look => {
                let text = format!(
                    "a look, deciding nothing: {}: {} ({})",
                    proof.says,
                    holds(answer.holds),
                    answer.seen
                );
                remark(teller, step, entry, text);
            }
        }
    }
}

/// An answer in a word.
pub(super) fn holds(holds: Holds) -> &'static str {
    match holds {
        Holds::Yes => "holds",
        Holds::No => "does not hold",
        Holds::CannotSay => "cannot be said",
    }
}

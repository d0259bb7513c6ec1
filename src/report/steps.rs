//! The part of the story that is about one step.

use crate::kinds::Performer;
use crate::names::StepId;
use crate::probe::Holds;
use crate::run::{
    Answer, Asked, Done, Entry, Event, LaneOutcome, LaneShown, Plan, Proof, Run, StepAt, StepState,
    Stuck, Way,
};

use super::story::*;
use super::teller::Teller;
use super::words::{code, decision, outcome, stop, who};

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
            leg(teller, step, entry);
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
        Event::RunOpened { .. }
        | Event::EngineStarted { .. }
        | Event::TailRepaired { .. }
        | Event::Attached { .. }
        | Event::Detached { .. }
        | Event::LinkLost { .. }
        | Event::LinkBack { .. }
        | Event::NoteAdded { .. }
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
        .map_or(&[], |(_, planned, state)| planned.proofs(state.way))
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
    let shown = Shown {
        at: entry.at,
        digest: digest.to_owned(),
        lanes: lanes
            .iter()
            .map(|shown| LaneStory {
                lane: shown.lane.clone(),
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

fn leg(teller: &mut Teller<'_>, step: &StepId, entry: &Entry) {
    let (lane, leg) = match &entry.event {
        Event::LegStarted { lane, leg, .. }
        | Event::LegEnded { lane, leg, .. }
        | Event::LegUnknown { lane, leg, .. } => (lane, *leg),
        _ => return,
    };
    if let Event::LegStarted { token, .. } = &entry.event {
        let state = teller.run.step(step).map(|(_, planned, state)| {
            let title = state
                .proposal(lane)
                .and_then(|shown| shown.proposal.legs.get(usize::from(leg)))
                .map_or_else(String::new, |leg| leg.title.clone());
            (planned.downtime, state.way, title)
        });
        let Some((mark, way, title)) = state else {
            return;
        };
        teller.watch.begins(step, mark, way, entry.at);
        let started = LegStory {
            lane: lane.clone(),
            leg,
            title,
            token: token.to_string(),
            started: entry.at,
            ended: None,
            code: None,
            outcome: None,
            by: None,
            unknown: false,
            output: None,
        };
        if let Some(story) = teller.story(step) {
            story.started.get_or_insert(entry.at);
        }
        if let Some(attempt) = teller.attempt(step) {
            attempt.legs.push(started);
        }
        return;
    }
    let (said, how, output) = match &entry.event {
        Event::LegEnded {
            outcome: how,
            output,
            ..
        } => (outcome(how), Some(how), output),
        Event::LegUnknown { why, output, .. } => (why.clone(), None, output),
        _ => return,
    };
    let printed = output.as_ref().map(|output| teller.printed(output));
    let found = teller.attempt(step).and_then(|attempt| {
        let same = |story: &&mut LegStory| story.lane == *lane && story.leg == leg;
        attempt.legs.iter_mut().rev().find(same)
    });
    let Some(story) = found else {
        return;
    };
    story.ended = Some(entry.at);
    story.code = how.and_then(code);
    story.outcome = Some(said.clone());
    story.by = who(&entry.by);
    story.unknown = how.is_none();
    story.output = printed;
    let what = match story.title.as_str() {
        "" => format!("on {lane}"),
        title => format!("{title}, on {lane}"),
    };
    match how {
        None => {
            let text = format!("{what}: how it ended is not known: {said}");
            teller.note_look(LookKind::Unknown, Some(step), entry, text);
        }
        Some(
            LaneOutcome::Succeeded { .. } | LaneOutcome::SaidDone { .. } | LaneOutcome::Came { .. },
        ) => {}
        Some(
            LaneOutcome::Failed { .. }
            | LaneOutcome::NotRun { .. }
            | LaneOutcome::DidNotCome { .. },
        ) => teller.note_look(
            LookKind::Failed,
            Some(step),
            entry,
            format!("{what}: {said}"),
        ),
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

/// A step came to stand somewhere else.
pub(super) fn rested(teller: &mut Teller<'_>, step: &StepId, at: &StepAt, entry: &Entry) {
    let Some((_, planned, state)) = teller.run.step(step) else {
        return;
    };
    let (mark, way, performer) = (planned.downtime, state.way, planned.performer);
    let finished_back = way == Way::Back && *at == StepAt::Waiting && state.ended_at.is_some();
    let result = match at {
        StepAt::Stuck { .. } | StepAt::Done { .. } | StepAt::Skipped { .. } => sentence(state),
        StepAt::Waiting if finished_back => "was taken back".to_owned(),
        StepAt::Waiting
        | StepAt::Preparing
        | StepAt::AtGate
        | StepAt::Cleared
        | StepAt::Running
        | StepAt::Proving => return,
    };
    if finished_back || matches!(at, StepAt::Done { .. }) {
        // A step that found everything as wanted has started no leg.
        teller.watch.begins(step, mark, way, entry.at);
        teller.watch.done(mark, way, entry.at);
    }
    if finished_back {
        teller.note_look(LookKind::Undone, Some(step), entry, result.clone());
    }
    look_at_proof(teller, step, at, performer, entry);
    if let Some(story) = teller.story(step) {
        story.ended = Some(entry.at);
        if let Some(attempt) = story.attempts.last_mut() {
            attempt.result = Some(result);
            attempt.ended = Some(entry.at);
        }
    }
}

fn look_at_proof(
    teller: &mut Teller<'_>,
    step: &StepId,
    at: &StepAt,
    performer: Performer,
    entry: &Entry,
) {
    let Some(attempt) = teller.attempt(step) else {
        return;
    };
    let said = |wanted: &dyn Fn(&&ProofStory) -> bool| {
        let says: Vec<String> = attempt
            .proofs
            .iter()
            .filter(wanted)
            .map(|proof| proof.says.clone())
            .collect();
        (says.len(), says.join("; "))
    };
    let (kind, text) = match at {
        StepAt::Done {
            how: Done::Proved { vacuous: true },
        } => {
            let (_, says) = said(&|_| true);
            let text = format!("all of its proof held before it, and so proves nothing: {says}");
            (LookKind::HeldBefore, text)
        }
        StepAt::Done {
            how: Done::Proved { vacuous: false },
        } => match said(&|proof| proof.held_before) {
            (0, _) => return,
            (_, says) => {
                let text = format!("this part of its proof held before it: {says}");
                (LookKind::HeldBefore, text)
            }
        },
        StepAt::Done {
            how: Done::Unchecked,
        } if matches!(performer, Performer::Machine | Performer::Person) => (
            LookKind::Unchecked,
            "done, and the runbook asks for no proof".to_owned(),
        ),
        StepAt::Stuck {
            why: Stuck::Unproved,
        } => {
            let holds = |proof: &&ProofStory| {
                let last = proof.after.last();
                last.is_none_or(|answer| answer.holds != Holds::Yes)
            };
            let (_, says) = said(&holds);
            (
                LookKind::Unproved,
                format!("its proof did not hold: {says}"),
            )
        }
        _ => return,
    };
    teller.note_look(kind, Some(step), entry, text);
}

/// Where a step stands at the end of the record.
pub(super) fn conclude(story: &mut StepStory, state: &StepState) {
    story.sentence = sentence(state);
    story.state = match &state.at {
        StepAt::Waiting if state.undone => StepEnd::TakenBack,
        StepAt::Waiting => StepEnd::NotReached,
        StepAt::Preparing
        | StepAt::AtGate
        | StepAt::Cleared
        | StepAt::Running
        | StepAt::Proving => StepEnd::Open,
        StepAt::Done {
            how: Done::Proved { vacuous: true },
        } => StepEnd::ProvedVacuously,
        StepAt::Done {
            how: Done::Proved { vacuous: false },
        } => StepEnd::Proved,
        StepAt::Done {
            how: Done::Attested { .. },
        } => StepEnd::Attested,
        StepAt::Done {
            how: Done::Unchecked,
        } => StepEnd::Unchecked,
        StepAt::Skipped { .. } => StepEnd::Skipped,
        StepAt::Stuck {
            why: Stuck::Unknown,
        } => StepEnd::Unknown,
        StepAt::Stuck { .. } => StepEnd::Stuck,
    };
}

/// Where a step stands, as it follows on "step 7".
fn sentence(state: &StepState) -> String {
    let back = match state.way {
        Way::Forward => "",
        Way::Back => " on the way back",
    };
    match &state.at {
        StepAt::Waiting if state.undone => "was taken back".to_owned(),
        StepAt::Waiting => "was not reached".to_owned(),
        StepAt::Preparing => format!("is being prepared{back}"),
        StepAt::AtGate => format!("waits for a yes{back}"),
        StepAt::Cleared => format!("has its yes and was not started{back}"),
        StepAt::Running => format!("is running{back}"),
        StepAt::Proving => format!("is being proved{back}"),
        StepAt::Done { how } => match how {
            Done::Proved { vacuous: false } => "is done and proved".to_owned(),
            Done::Proved { vacuous: true } => {
                "is done; its proof held before it already".to_owned()
            }
            Done::Attested { .. } => "is done on somebody's word".to_owned(),
            Done::Unchecked => "is done; no proof was asked for".to_owned(),
        },
        StepAt::Skipped { .. } => "was skipped".to_owned(),
        StepAt::Stuck { why } => match why {
            Stuck::Obstructed { .. } => format!("could not be shown{back}"),
            Stuck::Failed => format!("failed{back}"),
            Stuck::Stopped => format!("was stopped{back}"),
            Stuck::Unproved => format!("ran, and its proof does not hold{back}"),
            Stuck::Unknown => format!("has an unknown outcome{back}"),
        },
    }
}

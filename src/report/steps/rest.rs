//! How a step came to rest, and where it stands at the end of the record.

use crate::kinds::Performer;
use crate::names::StepId;
use crate::probe::Holds;
use crate::run::{Done, Entry, StepAt, StepState, Stuck, Way};

use super::super::story::*;
use super::super::teller::Teller;

/// A step came to stand somewhere else.
pub(in crate::report) fn rested(
    teller: &mut Teller<'_>,
    step: &StepId,
    at: &StepAt,
    entry: &Entry,
) {
    let Some((_, planned, state)) = teller.run.step(step) else {
        return;
    };
    let (mark, way, performer) = (planned.downtime, state.way, planned.performer);
    let finished_back = way == Way::Back && *at == StepAt::Waiting && state.ended_at.is_some();
    let result = match at {
        StepAt::Stuck { .. }
        | StepAt::Done { .. }
        | StepAt::Skipped { .. }
        | StepAt::RuledOut { .. } => sentence(state),
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
        // What its rule passed over was not tried.
        let tried = !matches!(at, StepAt::RuledOut { .. });
        if let Some(attempt) = story.attempts.last_mut().filter(|_| tried) {
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
        let mut says: Vec<String> = attempt
            .proofs
            .iter()
            .filter(wanted)
            .map(|proof| proof.says.clone())
            .collect();
        // The lanes of a step ask the same question each.
        says.dedup();
        says.join("; ")
    };
    // A proof of which a part held before still proves the step by the rest; it is marked in the step's
    // details, and would be noise here.
    let (kind, text) = match at {
        StepAt::Done {
            how: Done::Proved { vacuous: true },
        } => {
            let says = said(&|_| true);
            let text = format!("all of its proof held before it, and so proves nothing: {says}");
            (LookKind::HeldBefore, text)
        }
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
            let says = said(&holds);
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
pub(in crate::report) fn conclude(story: &mut StepStory, state: &StepState) {
    story.sentence = match (&state.at, story.performer) {
        (
            StepAt::Done {
                how: Done::Unchecked,
            },
            Performer::Nobody,
        ) => "was read".to_owned(),
        (
            StepAt::Done {
                how: Done::Proved { .. },
            },
            Performer::Watch,
        ) if state.answers.is_empty() => "came true: proved by its own question".to_owned(),
        _ => sentence(state),
    };
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
        StepAt::Done {
            how: Done::Chosen { .. },
        } => StepEnd::Chosen,
        StepAt::Skipped { .. } => StepEnd::Skipped,
        StepAt::RuledOut { .. } => StepEnd::RuledOut,
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
            Done::Chosen { value } => format!("was decided: {value}"),
        },
        StepAt::Skipped { .. } => "was skipped".to_owned(),
        StepAt::RuledOut { rule } => format!("was passed over by its rule: {rule}"),
        StepAt::Stuck { why } => match why {
            Stuck::Obstructed { .. } => format!("could not be shown{back}"),
            Stuck::Failed => format!("failed{back}"),
            Stuck::Stopped => format!("was stopped{back}"),
            Stuck::Unproved => format!("ran, and its proof does not hold{back}"),
            Stuck::Unknown => format!("has an unknown outcome{back}"),
        },
    }
}

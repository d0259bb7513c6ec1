//! A hand that died of a fault of this program.

use super::prove;
use crate::kinds::Obstacle;
use crate::run::{Answer, Asked, Evidence, Finding, LaneAt, LaneOutcome, Run, Task};

/// What is true of a task whose hand died of a fault of this program. Nothing is repeated by itself.
pub(in crate::engine) fn broken(run: &Run, task: &Task) -> Option<Finding> {
    let why = "a fault in runsheet itself; the engine's log has its place";
    match task {
        Task::Prepare { step, attempt, .. } => Some(Finding::Obstructed {
            step: step.clone(),
            attempt: *attempt,
            lane: run.step(step)?.2.lanes.first()?.name.clone(),
            obstacle: Obstacle::new(why),
        }),
        Task::Follow {
            step,
            attempt,
            lane,
            leg,
            ..
        } => Some(Finding::Unknown {
            step: step.clone(),
            attempt: *attempt,
            lane: lane.clone(),
            leg: *leg,
            why: why.to_owned(),
            output: None,
            last_word: false,
        }),
        Task::Watch {
            step,
            attempt,
            lane,
        } => {
            let state = run.step(step)?.2.lane(lane)?;
            let LaneAt::Running { leg, .. } = state.at else {
                return None;
            };
            Some(Finding::Ended {
                step: step.clone(),
                attempt: *attempt,
                lane: lane.clone(),
                leg,
                outcome: LaneOutcome::DidNotCome {
                    seen: why.to_owned(),
                },
                output: None,
            })
        }
        Task::Prove { step, attempt } => doubts(run, step, *attempt, Asked::Proof, why),
        Task::Look { step, attempt } => doubts(run, step, *attempt, Asked::Look, why),
        Task::AskLate { token, .. } => Some(Finding::Evidence {
            token: token.clone(),
            says: Evidence::CannotSay {
                why: why.to_owned(),
            },
        }),
        Task::Reach { .. } | Task::Pass { .. } | Task::Begin { .. } | Task::Halt { .. } => None,
    }
}

fn doubts(
    run: &Run,
    step: &crate::names::StepId,
    attempt: u32,
    asked: Asked,
    why: &str,
) -> Option<Finding> {
    let answers = prove::open_questions(run, step, asked)?
        .into_iter()
        .map(|proof| Answer {
            proof,
            holds: crate::probe::Holds::CannotSay,
            seen: why.to_owned(),
        })
        .collect();
    Some(Finding::Answered {
        step: step.clone(),
        attempt,
        asked,
        answers,
    })
}

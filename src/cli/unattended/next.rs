//! What an unattended walk does next, by what is folded and by the answers alone.

use super::super::answers::{Answers, Reply, StepAnswers};
use super::super::exit::Exit;
use crate::kinds::Performer;
use crate::names::{MachineName, StepId};
use crate::probe::Holds;
use crate::run::{
    Intent, LaneAt, PlannedChoice, PlannedStep, Run, StepAt, StepState, Stuck, Way, wanted,
};
use crate::runbook::Gate;

/// What to do next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Nothing: the run goes on by itself.
    Wait,
    /// Say this.
    Wish(Intent),
    /// A person has to decide.
    Blocked(Block),
}

/// Why a person has to decide.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The step, where it is about one.
    pub step: Option<StepId>,
    /// Why, in a sentence.
    pub why: String,
    /// What to try, where that is known.
    pub hint: Option<String>,
    /// What the answers file could say; none where nothing in it would help.
    pub add: Option<String>,
    /// How the command ends.
    pub exit: Exit,
}

/// Judges.
pub(super) fn next(run: &Run, answers: &Answers) -> Next {
    if run.plan.is_none() || !wanted(run).person {
        return Next::Wait;
    }
    let Some(place) = run.current() else {
        let reason = String::new();
        return Next::Wish(Intent::End { reason });
    };
    let (Some(planned), Some(state)) = (run.planned(place), run.steps.get(place)) else {
        return Next::Wait;
    };
    if state.way == Way::Back {
        let why = format!(
            "step {} is being taken back, which only a person decides",
            planned.id
        );
        return blocked(planned, why, None);
    }
    match &state.at {
        StepAt::AtGate => at_gate(planned, state, answers),
        StepAt::Running => match state.to_be_kept().next() {
            Some((lane, _)) => keep(planned, state, lane),
            None => by_hand(planned, state, answers),
        },
        StepAt::Proving => questions(planned, state, answers),
        StepAt::Stuck { why } => stuck(planned, state, why, answers),
        StepAt::Waiting
        | StepAt::Preparing
        | StepAt::Cleared
        | StepAt::Done { .. }
        | StepAt::Skipped { .. }
        | StepAt::RuledOut { .. } => Next::Wait,
    }
}

/// A wish was refused, and would be again.
pub(super) fn refused(run: &Run, why: &str) -> Block {
    let step = run
        .current()
        .and_then(|place| run.planned(place))
        .map(|planned| planned.id.clone());
    Block {
        step,
        why: format!("refused: {why}"),
        hint: None,
        add: None,
        exit: Exit::Stuck,
    }
}

fn blocked(planned: &PlannedStep, why: String, add: Option<String>) -> Next {
    Next::Blocked(Block {
        step: Some(planned.id.clone()),
        why,
        hint: None,
        add,
        exit: Exit::Stuck,
    })
}

fn at_gate(planned: &PlannedStep, state: &StepState, answers: &Answers) -> Next {
    let step = planned.id.clone();
    let given = answers.of(&step);
    if let Some(reason) = given.and_then(|given| given.skip.clone()) {
        return Next::Wish(Intent::Skip { step, reason });
    }
    let Some(shown) = &state.shown else {
        return Next::Wait;
    };
    let words = state.words(planned).unwrap_or_default();
    let approve = |typed| {
        Next::Wish(Intent::Approve {
            step: step.clone(),
            attempt: state.attempt,
            digest: shown.digest.clone(),
            typed,
        })
    };
    if let Some(choice) = &planned.choice {
        return choose(planned, choice, (state.attempt, &shown.digest), given);
    }
    match &planned.gate {
        Gate::TwoPeople => {
            let why = format!("the gate of step {step} asks two people, and a file is none");
            blocked(planned, why, None)
        }
        Gate::TypeBack { .. } => match given.and_then(|given| given.typed.clone()) {
            Some(typed) if typed.trim() == words.trim() => approve(Some(typed)),
            Some(typed) => {
                let why = format!(
                    "the gate of step {step} wants `{words}`, and the answers file types `{typed}`"
                );
                blocked(planned, why, Some(key(&step, "type", words)))
            }
            None => {
                let why = format!("the gate of step {step} wants words to be typed");
                blocked(planned, why, Some(key(&step, "type", words)))
            }
        },
        Gate::Auto | Gate::Confirm if answers.approves(&step) => approve(None),
        Gate::Auto | Gate::Confirm => {
            let why = format!("the gate of step {step} asks for a yes");
            blocked(
                planned,
                why,
                Some(format!("\"{step}\" in the list approve = […]")),
            )
        }
    }
}

fn choose(
    planned: &PlannedStep,
    choice: &PlannedChoice,
    (attempt, digest): (u32, &str),
    given: Option<&StepAnswers>,
) -> Next {
    let step = planned.id.clone();
    match given.and_then(|given| given.choose.clone()) {
        Some(value) => Next::Wish(Intent::Choose {
            step,
            attempt,
            digest: digest.to_owned(),
            value: value.into_inner(),
        }),
        None => {
            let values: Vec<&str> = choice.options.iter().map(|o| o.value.as_str()).collect();
            let why = format!("step {step} asks for a choice: {}", values.join(" or "));
            let one = values.first().copied().unwrap_or_default();
            blocked(planned, why, Some(key(&step, "choose", one)))
        }
    }
}

/// Keeps a change that is as its proof wants it. What no machine can prove of it, a person has to look at.
fn keep(planned: &PlannedStep, state: &StepState, lane: &MachineName) -> Next {
    let step = planned.id.clone();
    if state.looking {
        return Next::Wait;
    }
    let proofs = (0u16..).zip(state.proofs(planned));
    let asked: Vec<u16> = proofs
        .filter(|(_, proof)| !proof.person)
        .map(|(number, _)| number)
        .collect();
    let holds = |number: &u16| {
        let answer = state.look.get(number);
        answer.is_some_and(|answer| answer.holds == Holds::Yes)
    };
    let why = match asked.is_empty() {
        true => "no machine can say whether it is right",
        false if asked.iter().all(holds) => {
            return Next::Wish(Intent::Keep {
                step,
                attempt: state.attempt,
                lane: lane.clone(),
            });
        }
        false => "its proof does not hold",
    };
    let why = format!(
        "the change of step {step} on {lane} is there, and {why}; nobody keeps it, so its guard takes it back"
    );
    blocked(planned, why, None)
}

fn by_hand(planned: &PlannedStep, state: &StepState, answers: &Answers) -> Next {
    let step = planned.id.clone();
    let running = state
        .lanes
        .iter()
        .find(|lane| lane.taking_part && matches!(lane.at, LaneAt::Running { .. }));
    let Some(lane) = running else {
        return Next::Wait;
    };
    if planned.performer(state.way) != Some(Performer::Person) {
        let why = format!("step {step} runs on a terminal, and a file has no hands to type with");
        return blocked(planned, why, None);
    }
    match answers.of(&step).and_then(|given| given.done.clone()) {
        Some(note) => Next::Wish(Intent::SayDone {
            step,
            attempt: state.attempt,
            lane: lane.name.clone(),
            note,
        }),
        None => {
            let why = format!("step {step} is done by hand: {}", planned.headline);
            blocked(planned, why, Some(key(&step, "done", "…")))
        }
    }
}

fn questions(planned: &PlannedStep, state: &StepState, answers: &Answers) -> Next {
    let step = planned.id.clone();
    let asked = state
        .proofs(planned)
        .iter()
        .enumerate()
        .filter(|(_, proof)| proof.person);
    for (place, (number, proof)) in asked.enumerate() {
        let Ok(number) = u16::try_from(number) else {
            continue;
        };
        if state.answers.contains_key(&number) {
            continue;
        }
        let reply = answers
            .of(&step)
            .and_then(|given| given.reply(&proof.says, place));
        let mute = |reply: &&Reply| reply.yes && reply.note.trim().is_empty();
        return match (reply, &proof.evidence) {
            (Some(reply), Some(wanted)) if mute(&reply) => {
                let says = &proof.says;
                let why = format!("a yes to `{says}` must tell {wanted}, and its note is empty");
                blocked(planned, why, None)
            }
            (Some(reply), _) => Next::Wish(Intent::Reply {
                step,
                attempt: state.attempt,
                proof: number,
                yes: reply.yes,
                note: reply.note.clone(),
            }),
            (None, _) => {
                let why = format!("the proof of step {step} asks a person: {}", proof.says);
                let add = format!(
                    "[step.{step}] answers = [{{ question = {}, yes = true, note = \"…\" }}]",
                    quoted(&proof.says)
                );
                blocked(planned, why, Some(add))
            }
        };
    }
    Next::Wait
}

fn stuck(planned: &PlannedStep, state: &StepState, why: &Stuck, answers: &Answers) -> Next {
    let step = planned.id.clone();
    let given = answers.of(&step);
    if *why == Stuck::Unknown {
        return Next::Blocked(Block {
            why: format!("how step {step} ended is not known, and only a person can look"),
            step: Some(step),
            hint: None,
            add: None,
            exit: Exit::Unknown,
        });
    }
    // An obstructed step has done nothing that could be vouched for.
    let obstacle = match why {
        Stuck::Obstructed { obstacle, .. } => Some(obstacle),
        _ => None,
    };
    if let (None, Some(note)) = (obstacle, given.and_then(|given| given.attest.clone())) {
        return Next::Wish(Intent::Attest {
            step,
            attempt: state.attempt,
            note,
        });
    }
    if let Some(reason) = given.and_then(|given| given.skip.clone()) {
        return Next::Wish(Intent::Skip { step, reason });
    }
    let said = match why {
        Stuck::Obstructed { lane, obstacle } => {
            format!("on {lane} it cannot be said what step {step} would do: {obstacle}")
        }
        Stuck::Failed => match fired(state) {
            Some((lane, fired)) => format!("step {step} failed: {fired}, on {lane}"),
            None => format!("step {step} failed"),
        },
        Stuck::Stopped => format!("step {step} was stopped"),
        Stuck::Unproved => format!("step {step} ran, and its proof does not hold"),
        Stuck::Unknown => format!("how step {step} ended is not known"),
    };
    let guards = state.guards().map(|(lane, _)| {
        format!("; its guard on {lane} takes it back by itself, unless somebody acts before")
    });
    let said = guards.fold(said, |said, guard| said + &guard);
    let add = format!("{}, where that is right", key(&step, "attest", "…"));
    Next::Blocked(Block {
        step: Some(planned.id.clone()),
        why: said,
        hint: obstacle.and_then(|obstacle| obstacle.hint.clone()),
        add: obstacle.is_none().then_some(add),
        exit: Exit::Stuck,
    })
}

/// The first lane on which the guard was faster, and what became of the step there.
fn fired(state: &StepState) -> Option<(&MachineName, &'static str)> {
    let lanes = state.lanes.iter().filter(|lane| lane.taking_part);
    let mut fired = lanes.filter_map(|lane| Some((&lane.name, state.guard_fired(&lane.name)?)));
    fired.next()
}

fn key(step: &StepId, key: &str, value: &str) -> String {
    format!("[step.{step}] {key} = {}", quoted(value))
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
pub(in crate::cli) mod tests;

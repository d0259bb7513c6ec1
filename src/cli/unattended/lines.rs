//! One line an entry, for a log.

use crate::names::StepId;
use crate::probe::Holds;
use crate::problem::visible;
use crate::run::{Actor, Answer, Asked, Ending, Entry, Event, LaneOutcome, Proof, Run, Stop, Way};

/// The line of an entry; `before` is the run up to it.
pub(super) fn line(entry: &Entry, before: &Run) -> String {
    let who = match &entry.by {
        Actor::Engine => String::new(),
        Actor::Operator(operator) => format!(" ({})", operator.name),
    };
    let step = entry
        .event
        .step()
        .map_or_else(String::new, |step| match before.step(step) {
            Some((place, ..)) => format!("{} {step}: ", place + 1),
            None => format!("{step}: "),
        });
    let at = entry.at.strftime("%H:%M:%S");
    let text = format!("{step}{}{who}", what(&entry.event, before));
    format!("{at} {}\n", visible(&text.replace(['\n', '\t'], " ")))
}

fn what(event: &Event, before: &Run) -> String {
    match event {
        Event::RunOpened { plan, .. } => {
            format!("opened, {} in {}", plan.title, plan.environment)
        }
        Event::EngineStarted { epoch, pid, .. } => format!("engine {epoch} started, pid {pid}"),
        Event::TailRepaired { bytes, saved_as } => {
            format!("an unfinished record of {bytes} bytes was set aside as {saved_as}")
        }
        Event::Attached { who, .. } => format!("{} attached", who.name),
        Event::Detached { client } => match before.present.get(client) {
            Some(present) => format!("{} went", present.who.name),
            None => format!("connection {client} went"),
        },
        Event::StepReached { attempt, way, .. } => match way {
            Way::Forward => format!("attempt {attempt}"),
            Way::Back => format!("attempt {attempt}, taking it back"),
        },
        Event::StepShown {
            step,
            digest,
            before: answers,
            proofs,
            ..
        } => {
            let proofs = proofs.as_deref();
            let digest = digest.get(..12).unwrap_or(digest);
            format!(
                "shown, digest {digest}{}",
                already_true(step, answers, proofs, before)
            )
        }
        Event::StepObstructed { lane, obstacle, .. } => format!("on {lane}: {obstacle}"),
        Event::StepReviewed { .. } => "looked at again".to_owned(),
        Event::BackDropped { .. } => "not taken back after all".to_owned(),
        Event::StepApproved { .. } => "approved".to_owned(),
        Event::LegStarted { lane, leg, .. } => format!("leg {} started on {lane}", leg + 1),
        Event::LegEnded {
            lane, leg, outcome, ..
        } => format!("leg {} ended on {lane}: {}", leg + 1, ended(outcome)),
        Event::LegUnknown { lane, leg, why, .. } => {
            format!("how leg {} ended on {lane} is not known: {why}", leg + 1)
        }
        Event::LegFound {
            lane, leg, says, ..
        } => format!(
            "the machine knows of leg {} on {lane} after all: {says}",
            leg + 1
        ),
        Event::EvidenceCame {
            lane,
            leg,
            says,
            contradicts,
            ..
        } => {
            let but = match contradicts {
                true => "NOT WHAT WAS DECIDED: ",
                false => "",
            };
            format!("{but}the machine says of leg {} on {lane}: {says}", leg + 1)
        }
        Event::PreflightDone { checks } => crate::report::preflight_in_short(checks),
        Event::MachineMet { machine, identity } => {
            format!("{machine} is {}", crate::report::identity(identity))
        }
        Event::LinkLost { machine, why } => format!("the link to {machine} is lost: {why}"),
        Event::LinkBack { machine } => format!("the link to {machine} is back"),
        Event::StopAsked { stop, because, .. } => {
            let how = match stop {
                Stop::Ask => "asked to end",
                Stop::Kill => "killed",
            };
            match because {
                Some(because) => format!("{how} because of {because}"),
                None => how.to_owned(),
            }
        }
        Event::ProofReopened { .. } => "its proof is asked again".to_owned(),
        Event::LookAsked { .. } => "its probes are looked at".to_owned(),
        Event::ProofAnswered {
            step,
            asked,
            answers,
            ..
        } => {
            let yes = answers.iter().filter(|a| a.holds == Holds::Yes).count();
            let what = match asked {
                Asked::Proof => "proof",
                Asked::Look => "look",
            };
            let seen: Vec<&str> = answers
                .iter()
                .filter(|answer| answer.holds != Holds::Yes)
                .map(|answer| answer.seen.as_str())
                .collect();
            let but = match seen.is_empty() {
                true => String::new(),
                false => format!(": {}", seen.join("; ")),
            };
            let vain = match asked {
                Asked::Proof => held_before(step, answers, before),
                Asked::Look => String::new(),
            };
            format!("{what}: {yes} of {} hold{vain}{but}", answers.len())
        }
        Event::StepAttested { note, .. } => format!("vouched for: {note}"),
        Event::StepSkipped { reason, .. } => format!("skipped: {reason}"),
        Event::StepRuledOut { rule, .. } => format!("passed over: {rule}"),
        Event::ChoiceMade { name, value, .. } => format!("chosen: {name} = {value}"),
        Event::UnknownSettled { lane, reason, .. } => format!("decided on {lane}: {reason}"),
        Event::KeyboardTaken { lane, .. } => {
            format!("the keyboard on {lane} was taken; what is typed is not recorded")
        }
        Event::KeyboardReturned { lane, .. } => format!("the keyboard on {lane} was given back"),
        Event::ChangeKept { lane, .. } => format!("the change on {lane} is to be kept"),
        Event::NoteAdded { text, .. } => format!("note: {text}"),
        Event::RunSuspended { reason } => format!("suspended: {reason}"),
        Event::RunEnded { ending } => match ending {
            Ending::Finished => "ended, every step is settled".to_owned(),
            Ending::EndedEarly { reason } => format!("ended early: {reason}"),
        },
    }
}

/// Which questions of a proof hold before the step, and so will prove nothing about it.
fn already_true(
    step: &StepId,
    answers: &[Answer],
    shown: Option<&[Proof]>,
    before: &Run,
) -> String {
    let Some((_, planned, state)) = before.step(step) else {
        return String::new();
    };
    let proofs = shown.unwrap_or(planned.proofs(state.way));
    let mut says: Vec<&str> = answers
        .iter()
        .filter(|answer| answer.holds == Holds::Yes)
        .filter_map(|answer| proofs.get(usize::from(answer.proof)))
        .map(|proof| proof.says.as_str())
        .collect();
    // The lanes of a step ask the same question each.
    says.dedup();
    match says.is_empty() {
        true => String::new(),
        false => format!(
            "; already true before it, and so proving nothing: {}",
            says.join("; ")
        ),
    }
}

/// How many of the answers prove nothing, because the same was true before the step.
fn held_before(step: &StepId, answers: &[Answer], before: &Run) -> String {
    let Some((_, _, state)) = before.step(step) else {
        return String::new();
    };
    let vain = answers
        .iter()
        .filter(|answer| answer.holds == Holds::Yes && state.held_before(answer.proof))
        .count();
    match vain {
        0 => String::new(),
        vain => format!(", {vain} of them before the step too, which proves nothing"),
    }
}

fn ended(outcome: &LaneOutcome) -> String {
    match outcome {
        LaneOutcome::Succeeded { code } | LaneOutcome::Failed { code } => format!("exit {code}"),
        LaneOutcome::Captured { code, lines } => {
            format!("exit {code}, captured {}", lines.join(", "))
        }
        LaneOutcome::NotCaptured { code, why } => format!("exit {code}, not captured: {why}"),
        LaneOutcome::NotRun { proof } => format!("never ran: {proof}"),
        LaneOutcome::SaidDone { note } => format!("said to be done: {note}"),
        LaneOutcome::Came { seen } => format!("came: {seen}"),
        LaneOutcome::DidNotCome { seen } => format!("did not come: {seen}"),
    }
}

//! Plain words for states, times, sizes and events.

use crate::clock::Timestamp;
use crate::probe::Holds;
use crate::run::{
    Actor, Asked, Decision, Done, Ending, Entry, Event, LaneAt, LaneOutcome, Run, StepAt,
    StepState, Stop, Stuck, Way,
};

use super::clean;
use super::look::{Signs, Tone};

/// The sign, the word and the tone of a step's state.
pub(super) fn state(state: &StepState, signs: &Signs) -> (&'static str, &'static str, Tone) {
    if state.way == Way::Back && !state.is_settled() && !matches!(state.at, StepAt::Stuck { .. }) {
        return (signs.back, "going back", Tone::Care);
    }
    match &state.at {
        StepAt::Waiting if state.undone => (signs.waiting, "taken back", Tone::Plain),
        StepAt::Waiting => (signs.waiting, "waiting", Tone::Quiet),
        StepAt::Preparing => (signs.gate, "preparing", Tone::Strong),
        StepAt::AtGate => (signs.gate, "your turn", Tone::Strong),
        StepAt::Cleared => (signs.running, "starting", Tone::Strong),
        StepAt::Running if state.stop.is_some() => (signs.running, "stopping", Tone::Care),
        StepAt::Running if state.to_be_kept().next().is_some() => {
            (signs.gate, "your turn", Tone::Strong)
        }
        StepAt::Running => (signs.running, "running", Tone::Strong),
        StepAt::Proving => (signs.proving, "proving", Tone::Strong),
        StepAt::Done { how } => match how {
            Done::Proved { vacuous: false } => (signs.proved, "proved", Tone::Good),
            Done::Proved { vacuous: true } => (signs.vacuous, "was so before", Tone::Care),
            Done::Attested { .. } => (signs.attested, "vouched", Tone::Care),
            Done::Unchecked => (signs.unchecked, "no proof", Tone::Plain),
            Done::Chosen { .. } => (signs.unchecked, "chosen", Tone::Plain),
        },
        StepAt::Skipped { .. } => (signs.skipped, "skipped", Tone::Care),
        StepAt::RuledOut { .. } => (signs.skipped, "ruled out", Tone::Quiet),
        StepAt::Stuck { why } => match why {
            Stuck::Obstructed { .. } => (signs.failed, "cannot start", Tone::Bad),
            Stuck::Failed => (signs.failed, "failed", Tone::Bad),
            Stuck::Stopped => (signs.failed, "stopped", Tone::Bad),
            Stuck::Unproved => (signs.failed, "not proved", Tone::Bad),
            Stuck::Unknown => (signs.unknown, "unknown", Tone::Bad),
        },
    }
}

/// The sign and tone of an answer; none yet where there is none.
pub(super) fn holds(holds: Option<Holds>, signs: &Signs) -> (&'static str, Tone) {
    match holds {
        Some(Holds::Yes) => (signs.yes, Tone::Good),
        Some(Holds::No) => (signs.no, Tone::Bad),
        Some(Holds::CannotSay) => (signs.unknown, Tone::Care),
        None => (signs.waiting, Tone::Quiet),
    }
}

/// How a lane stands, in words; `None` where nothing happened to it.
pub(super) fn lane(at: &LaneAt) -> (String, Tone) {
    match at {
        LaneAt::Idle => ("not started".to_owned(), Tone::Quiet),
        LaneAt::Running { leg, .. } => (format!("running, part {}", leg + 1), Tone::Strong),
        LaneAt::Between { next } => (format!("next is part {}", next + 1), Tone::Strong),
        LaneAt::Well { outcome } => (self::outcome(outcome), Tone::Good),
        LaneAt::Badly { leg, outcome } => (
            format!("{} in part {}", self::outcome(outcome), leg + 1),
            Tone::Bad,
        ),
        LaneAt::Unknown { why, .. } => (format!("unknown: {}", clean::line(why)), Tone::Bad),
    }
}

/// How a leg ended, in words.
pub(super) fn outcome(outcome: &LaneOutcome) -> String {
    let with = |what: &str, more: &str| match more.trim() {
        "" => what.to_owned(),
        more => format!("{what}: {}", clean::line(more)),
    };
    match outcome {
        LaneOutcome::Succeeded { code: 0 } => "ended well".to_owned(),
        LaneOutcome::Succeeded { code } => format!("ended well, exit {code}"),
        LaneOutcome::Failed { code } if *code > 128 && *code < 160 => {
            format!("exit {code}, by signal {}", code - 128)
        }
        LaneOutcome::Failed { code } => format!("exit {code}"),
        LaneOutcome::Captured { lines, .. } => match lines.as_slice() {
            [] => "captured an empty list".to_owned(),
            [one] => with("captured", one),
            [first, ..] => with(
                &format!("captured {} items", lines.len()),
                &format!("{first}, …"),
            ),
        },
        LaneOutcome::NotCaptured { why, .. } => with("ended well, and captured nothing", why),
        LaneOutcome::NotRun { proof } => with("did not run", proof),
        LaneOutcome::SaidDone { note } => with("said to be done", note),
        LaneOutcome::Came { seen } => with("came", seen),
        LaneOutcome::DidNotCome { seen } => with("did not come, last seen", seen),
    }
}

/// A decision about an unknown outcome, in words.
pub(super) fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Happened => "it happened",
        Decision::Failed => "it failed",
        Decision::DidNotHappen => "it did not happen",
        Decision::RunAgain => "nobody knows; it may be run again",
    }
}

/// A running clock: `6:41`, `1:02:03`.
pub(super) fn stopwatch(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{rest:02}"),
        _ => format!("{hours}:{minutes:02}:{rest:02}"),
    }
}

/// Whole hours and minutes, never rounded up: `1h46`, `46 min`. A colon stands between minutes and seconds elsewhere.
pub(super) fn hours(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours}h{minutes:02}"),
    }
}

/// About how long: `4 s`, `9 min`, `2 h 5 min`.
pub(super) fn about(seconds: u64) -> String {
    match seconds {
        0..=89 => format!("{seconds} s"),
        90..=5399 => format!("{} min", seconds.div_ceil(60)),
        _ => match seconds.div_ceil(60) {
            minutes if minutes % 60 == 0 => format!("{} h", minutes / 60),
            minutes => format!("{} h {} min", minutes / 60, minutes % 60),
        },
    }
}

/// Whole seconds from one time to a later one; 0 where the clocks disagree.
pub(super) fn between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second()).max(0)
}

/// A size: `512 B`, `41.2 GB`.
pub(super) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB", "PB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    match unit {
        "B" => format!("{bytes} B"),
        _ => format!("{value:.1} {unit}"),
    }
}

/// A count with its noun: `1 step`, `2 steps`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// Who made something happen.
pub(super) fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Engine => "runsheet".to_owned(),
        Actor::Operator(operator) => clean::line(&operator.name),
    }
}

/// What an entry says, in one line and without the time and the actor.
pub(super) fn event(entry: &Entry, run: &Run) -> String {
    let named = |id: &crate::names::StepId| match run.step(id) {
        Some((number, _, _)) => format!("step {} {id}", number + 1),
        None => format!("step {id}"),
    };
    let text = match &entry.event {
        Event::RunOpened { run, .. } => format!("opened the run {run}"),
        Event::EngineStarted { epoch: 1, .. } => "started".to_owned(),
        Event::EngineStarted { epoch, .. } => {
            format!("took the run up again, for the {epoch}. time")
        }
        Event::TailRepaired { bytes, saved_as } => {
            format!("set {bytes} torn bytes of the journal aside as {saved_as}")
        }
        Event::Attached { who, watch: true } => format!("{} came to watch", who.name),
        Event::Attached { who, watch: false } => format!("{} attached", who.name),
        Event::Detached { client } => format!("client {client} left"),
        Event::StepReached {
            step,
            attempt,
            way: Way::Forward,
            ..
        } => {
            format!("{}: attempt {attempt}", named(step))
        }
        Event::StepReached {
            step,
            way: Way::Back,
            ..
        } => format!("{}: to be taken back", named(step)),
        Event::StepShown { step, digest, .. } => {
            format!(
                "{}: shown, {}",
                named(step),
                digest.get(..12).unwrap_or(digest)
            )
        }
        Event::StepObstructed {
            step,
            lane,
            obstacle,
            ..
        } => {
            format!("{}: cannot start on {lane}: {}", named(step), obstacle.what)
        }
        Event::StepRuledOut { step, rule } => format!("{}: passed over, {rule}", named(step)),
        Event::ChoiceMade {
            step, name, value, ..
        } => {
            format!("{}: chose {name} = {value}", named(step))
        }
        Event::StepReviewed { step, .. } => format!("{}: to be looked at again", named(step)),
        Event::BackDropped { step, .. } => format!("{}: not taken back after all", named(step)),
        Event::StepApproved { step, digest, .. } => {
            let digest = digest.get(..12).unwrap_or(digest);
            match &entry.by {
                Actor::Engine => format!("{}: its gate asks nobody", named(step)),
                Actor::Operator(_) => format!("{}: said yes to {digest}", named(step)),
            }
        }
        Event::LegStarted {
            step, lane, leg, ..
        } => {
            format!("{}: part {} started on {lane}", named(step), leg + 1)
        }
        Event::LegEnded {
            step,
            lane,
            leg,
            outcome,
            ..
        } => {
            format!(
                "{}: part {} on {lane} {}",
                named(step),
                leg + 1,
                self::outcome(outcome)
            )
        }
        Event::LegUnknown {
            step,
            lane,
            leg,
            why,
            ..
        } => {
            format!(
                "{}: outcome of part {} on {lane} unknown: {why}",
                named(step),
                leg + 1
            )
        }
        Event::LegFound {
            step,
            lane,
            leg,
            says,
            ..
        } => format!(
            "{}: {lane} knows of part {} after all: {says}",
            named(step),
            leg + 1
        ),
        Event::EvidenceCame {
            step,
            lane,
            leg,
            says,
            contradicts,
            ..
        } => {
            let but = if *contradicts {
                "NOT WHAT WAS DECIDED: "
            } else {
                ""
            };
            format!(
                "{}: {but}{lane} says of part {}: {says}",
                named(step),
                leg + 1
            )
        }
        Event::PreflightDone { checks } => crate::report::preflight_in_short(checks),
        Event::MachineMet { machine, identity } => {
            format!("{machine} is {}", crate::report::identity(identity))
        }
        Event::LinkLost { machine, why } => format!("link to {machine} lost: {why}"),
        Event::LinkBack { machine } => format!("link to {machine} is back"),
        Event::StopAsked {
            step,
            stop,
            because,
            ..
        } => {
            let how = match stop {
                Stop::Ask => "asked to end",
                Stop::Kill => "to be killed",
            };
            let why = because.as_ref().map(|why| format!(", because of {why}"));
            format!("{}: {how}{}", named(step), why.unwrap_or_default())
        }
        Event::ProofReopened { step, .. } => format!("{}: to be proved again", named(step)),
        Event::LookAsked { step, .. } => format!("{}: what is true now?", named(step)),
        Event::ProofAnswered {
            step,
            asked,
            answers,
            ..
        } => {
            let yes = answers
                .iter()
                .filter(|answer| answer.holds == Holds::Yes)
                .count();
            let what = match asked {
                Asked::Proof => "proof",
                Asked::Look => "look",
            };
            format!("{}: {what}, {yes} of {} hold", named(step), answers.len())
        }
        Event::StepAttested { step, note, .. } => format!("{}: vouched: {note}", named(step)),
        Event::StepSkipped { step, reason } => format!("{}: skipped: {reason}", named(step)),
        Event::UnknownSettled {
            step,
            lane,
            decision,
            reason,
            ..
        } => {
            format!(
                "{}: on {lane} {}: {reason}",
                named(step),
                self::decision(*decision)
            )
        }
        Event::KeyboardTaken { step, lane, .. } => {
            format!("{}: took the keyboard on {lane}", named(step))
        }
        Event::KeyboardReturned { step, lane, .. } => {
            format!("{}: gave the keyboard on {lane} back", named(step))
        }
        Event::ChangeKept { step, lane, .. } => {
            format!("{}: keeps the change on {lane}", named(step))
        }
        Event::NoteAdded {
            step: Some(step),
            text,
        } => format!("{}: note: {text}", named(step)),
        Event::NoteAdded { step: None, text } => format!("note: {text}"),
        Event::RunSuspended { reason } => format!("suspended the run: {reason}"),
        Event::RunEnded {
            ending: Ending::Finished,
        } => "ended the run: finished".to_owned(),
        Event::RunEnded {
            ending: Ending::EndedEarly { reason },
        } => {
            format!("ended the run before its last step: {reason}")
        }
    };
    clean::line(&text.replace('\n', " / "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_read_as_a_person_says_them() {
        assert_eq!(stopwatch(401), "6:41");
        assert_eq!(stopwatch(3723), "1:02:03");
        assert_eq!(hours(6360), "1h46");
        assert_eq!(hours(2819), "46 min");
        assert_eq!(about(4), "4 s");
        assert_eq!(about(540), "9 min");
        assert_eq!(about(7500), "2 h 5 min");
        assert_eq!(about(7200), "2 h");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(41_200_000_000), "41.2 GB");
        assert_eq!(count(1, "step"), "1 step");
    }
}

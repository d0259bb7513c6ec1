//! Times, durations, people and outcomes in words.

use crate::clock::Timestamp;
use crate::run::{Actor, Check, Decision, LaneOutcome, Level, Operator, Run, Stop};
use crate::transport::Identity;

/// A time in UTC, to the second: `2026-11-21 02:14:33 UTC`.
pub fn time_utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The time of day in UTC, with the date where it is not that of `opened`.
pub(super) fn time_of_day(at: Timestamp, opened: Timestamp) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    if day(at) == day(opened) {
        at.strftime("%H:%M:%S").to_string()
    } else {
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// Whole seconds in words: `2 h 03 min`, `41 min 07 s`, `3 s`. A negative number counts as none.
pub fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest:02} s"),
        _ => format!("{hours} h {minutes:02} min"),
    }
}

/// Whole seconds from one time to another; 0 where the clock went back.
pub(super) fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second()).max(0)
}

/// Who made something happen; none for the engine.
pub(super) fn who(actor: &Actor) -> Option<String> {
    match actor {
        Actor::Engine => None,
        Actor::Operator(operator) => Some(operator.name.clone()),
    }
}

/// An account as the kernel told it: `uid 0, logged in as uid 1000`.
pub(super) fn account(uid: u32, login_uid: Option<u32>) -> String {
    match login_uid {
        Some(login) if login != uid => format!("uid {uid}, logged in as uid {login}"),
        _ => format!("uid {uid}"),
    }
}

/// Whether two operators came from one account, so that only their own word tells them apart.
pub(super) fn same_account(one: &Operator, other: &Operator) -> bool {
    one.uid == other.uid && one.login_uid == other.login_uid
}

/// How a leg ended.
pub(super) fn outcome(outcome: &LaneOutcome) -> String {
    match outcome {
        LaneOutcome::Succeeded { code: 0 } => "exit code 0".to_owned(),
        LaneOutcome::Succeeded { code } => format!("exit code {code}, which this step accepts"),
        LaneOutcome::Failed { code } if (129..=192).contains(code) => {
            format!("exit code {code}: ended by signal {}", code - 128)
        }
        LaneOutcome::Failed { code } => format!("exit code {code}"),
        LaneOutcome::Captured { code, lines } => match lines.as_slice() {
            [] => format!("exit code {code}, captured an empty list"),
            [one] => format!("exit code {code}, captured: {one}"),
            many => format!(
                "exit code {code}, captured {}: {}",
                count(many.len(), "item"),
                many.join(", ")
            ),
        },
        LaneOutcome::NotCaptured { code, why } => format!("exit code {code}, not captured: {why}"),
        LaneOutcome::NotRun { proof } => format!("never ran: {proof}"),
        LaneOutcome::SaidDone { note } if note.trim().is_empty() => "said to be done".to_owned(),
        LaneOutcome::SaidDone { note } => format!("said to be done: {note}"),
        LaneOutcome::Came { seen } => format!("came: {seen}"),
        LaneOutcome::DidNotCome { seen } => format!("did not come in time; seen last: {seen}"),
    }
}

/// The exit code of a program, where one ended.
pub(super) fn code(outcome: &LaneOutcome) -> Option<i32> {
    match outcome {
        LaneOutcome::Succeeded { code }
        | LaneOutcome::Captured { code, .. }
        | LaneOutcome::NotCaptured { code, .. }
        | LaneOutcome::Failed { code } => Some(*code),
        LaneOutcome::NotRun { .. }
        | LaneOutcome::SaidDone { .. }
        | LaneOutcome::Came { .. }
        | LaneOutcome::DidNotCome { .. } => None,
    }
}

/// What somebody decided that an unknown outcome counts as.
pub(super) fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Happened => "it ran and did its work",
        Decision::Failed => "it ran and failed",
        Decision::DidNotHappen => "it did not run",
        Decision::RunAgain => "nobody knows, and it may be run again all the same",
    }
}

/// How something was asked to end.
pub(super) fn stop(stop: Stop) -> &'static str {
    match stop {
        Stop::Ask => "asked to end (SIGTERM)",
        Stop::Kill => "killed (SIGKILL)",
    }
}

/// `1 step`, `2 steps`.
pub(super) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// Which machine it is, in one line.
pub fn identity(identity: &Identity) -> String {
    let Identity {
        host_keys,
        machine_id,
        node,
        boot,
    } = identity;
    let mut parts = vec![match node.as_str() {
        "" => "nameless".to_owned(),
        node => node.to_owned(),
    }];
    parts.extend(machine_id.as_ref().map(|id| format!("machine id {id}")));
    if !host_keys.is_empty() {
        parts.push(format!("host key {}", host_keys.join(" or ")));
    }
    parts.extend(boot.as_ref().map(|boot| format!("boot {boot}")));
    parts.join(", ")
}

/// How far back undo reaches, in one line: `6 steps can be taken back, about 9 min; no way back after step 24`.
pub fn way_back(run: &Run) -> String {
    let limit = run.undo_limit();
    let known = duration(i64::try_from(limit.length.seconds).unwrap_or(i64::MAX));
    let time = match (limit.length.is_unknown(), limit.length.unknown) {
        (true, _) => String::new(),
        (false, 0) => format!(", about {known}"),
        (false, _) => format!(", at least {known}"),
    };
    let mut parts = vec![match limit.steps {
        0 => "nothing can be taken back".to_owned(),
        steps => format!("{} can be taken back{time}", count(steps, "step")),
    }];
    match (limit.crossed, limit.stopped_by) {
        (Some(crossed), _) => parts.push(format!("no way back: crossed at step {crossed}")),
        (None, Some(step)) => parts.push(format!("step {step} cannot be taken back")),
        (None, None) => {}
    }
    let closes = limit.closes_at;
    parts.extend(closes.map(|step| format!("no way back after step {step}")));
    parts.join("; ")
}

/// What a preflight found, in one line.
pub fn preflight_in_short(checks: &[Check]) -> String {
    let of = |level| checks.iter().filter(|check| check.level == level).count();
    format!(
        "looked at the machines before the run: {} ok, {}, {}",
        of(Level::Ok),
        self::count(of(Level::Warning), "warning"),
        self::count(of(Level::Problem), "problem")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (seconds, said) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min 00 s"),
            (2467, "41 min 07 s"),
            (7380, "2 h 03 min"),
        ] {
            assert_eq!(duration(seconds), said);
        }
    }
}

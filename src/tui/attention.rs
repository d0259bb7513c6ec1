//! The bell and the terminal's title: what somebody who looks away is told, once for each thing that needs them.
//!
//! All of it is made of our own words and the run's id, whose grammar has nothing but letters, digits and dashes. A title of a
//! runbook is somebody else's text, and is left out.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::kinds::Performer;
use crate::names::RunId;
use crate::run::{Run, StepAt, Stuck, wanted};

/// How long after the last key somebody may have looked away, so that the bell is rung.
const AWAY: Duration = Duration::from_secs(10);

/// How long before the latest start of the way back it is called for, in seconds.
const NEAR: i64 = 900;

/// How somebody may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// Not at all.
    Off,
    /// By the bell: the terminal has no title, or says nothing of it.
    Bell,
    /// By the bell and the title.
    BellAndTitle,
}

/// What a person is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    word: &'static str,
    /// The step from 0, its attempt, and how many answers there are.
    of: (usize, u32, usize),
}

impl Need {
    /// What the run needs a person for now; none while it goes on by itself.
    pub(super) fn of(run: &Run) -> Option<Self> {
        if run.plan.is_none() || run.ending.is_some() || run.suspended.is_some() {
            return None;
        }
        if !wanted(run).person {
            return None;
        }
        let Some((number, state)) = run.current().and_then(|n| Some((n, run.steps.get(n)?))) else {
            let (word, of) = ("all settled", (run.steps.len(), 0, 0));
            return Some(Self { word, of });
        };
        let word = match &state.at {
            StepAt::AtGate => "gate",
            StepAt::Proving => "question",
            StepAt::Stuck {
                why: Stuck::Unknown,
            } => "OUTCOME UNKNOWN",
            StepAt::Stuck { .. } => "STUCK",
            _ => "in your hands",
        };
        let of = (number, state.attempt, state.answers.len());
        Some(Self { word, of })
    }
}

/// Whether a step that has begun goes no further without a person: its work is done by hand, or its proof asks one.
///
/// Where its work on a machine is being ended, or a program waits at its terminal, something runs all the same.
pub(super) fn is_with_a_person(run: &Run, number: usize) -> bool {
    if run.current() != Some(number) || run.ending.is_some() || run.suspended.is_some() {
        return false;
    }
    let of = |number: usize| {
        let plan = run.plan.as_ref()?;
        Some((plan.steps.get(number)?, run.steps.get(number)?))
    };
    let Some((planned, state)) = of(number) else {
        return false;
    };
    let begun = match state.at {
        StepAt::Running => {
            planned.performer(state.way) == Some(Performer::Person) && state.stop.is_none()
        }
        StepAt::Proving => true,
        _ => false,
    };
    begun && wanted(run).person
}

/// How near the latest start of the way back is: 0 far, 1 near, 2 over.
pub(super) fn lateness(run: &Run, now: Timestamp) -> u8 {
    match seconds_left(run, now) {
        None | Some(NEAR..) => 0,
        Some(0..NEAR) => 1,
        Some(_) => 2,
    }
}

/// In how many whole seconds at most that changes; none where it does not.
pub(super) fn until_later(run: &Run, now: Timestamp) -> Option<Duration> {
    let more = match seconds_left(run, now)? {
        left @ NEAR.. => left - NEAR + 1,
        left @ 0..NEAR => left + 1,
        _ => return None,
    };
    Some(Duration::from_secs(more.unsigned_abs()))
}

fn seconds_left(run: &Run, now: Timestamp) -> Option<i64> {
    if run.ending.is_some() || run.suspended.is_some() {
        return None;
    }
    let deadline = run.latest_return()?;
    Some(deadline.latest.as_second() - now.as_second())
}

/// The bytes that put a title on the terminal: `OSC 2 ; title ST` (ctlseqs).
pub(super) fn title(run: &Run, need: Option<Need>) -> Vec<u8> {
    let id = run.id.as_ref().map_or("", RunId::as_str);
    let state = match (need, &run.ending, &run.suspended) {
        (Some(need), ..) => need.word,
        (None, Some(_), _) => "ended",
        (None, None, Some(_)) => "suspended",
        (None, None, None) if run.plan.is_none() => "connecting",
        (None, None, None) => "running",
    };
    format!("\x1b]2;Runsheet: {state} - {id}\x1b\\").into_bytes()
}

/// Asks the terminal to remember its title (XTWINOPS; what does not know it passes it over).
pub(super) const KEEP: &[u8] = b"\x1b[22;0t";

/// Takes our title away, and asks for the one that was remembered.
pub(super) const BACK: &[u8] = b"\x1b]2;\x1b\\\x1b[23;0t";

/// Rings once when the run begins to need a person who has not pressed a key for a while.
#[derive(Default)]
pub(super) struct Bell {
    needed: Option<Need>,
    late: u8,
    last_key: Duration,
}

impl Bell {
    pub(super) fn key(&mut self, at: Duration) {
        self.last_key = at;
    }

    pub(super) fn wants_to_ring(&mut self, need: Option<Need>, late: u8, at: Duration) -> bool {
        let begins = need.is_some() && need != self.needed || late > self.late;
        self.needed = need;
        self.late = late;
        begins && at.saturating_sub(self.last_key) >= AWAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(word: &'static str) -> Option<Need> {
        Some(Need {
            word,
            of: (0, 1, 0),
        })
    }

    #[test]
    fn the_bell_rings_once_for_each_need_and_only_for_somebody_who_looked_away() {
        let mut bell = Bell::default();
        let at = Duration::from_secs;
        assert!(!bell.wants_to_ring(need("gate"), 0, at(1)), "just here");
        assert!(!bell.wants_to_ring(None, 0, at(20)));
        assert!(bell.wants_to_ring(need("gate"), 0, at(21)));
        assert!(!bell.wants_to_ring(need("gate"), 0, at(22)));
        assert!(bell.wants_to_ring(need("STUCK"), 0, at(23)), "another need");
        assert!(bell.wants_to_ring(need("STUCK"), 1, at(24)), "it gets late");
        assert!(!bell.wants_to_ring(need("STUCK"), 1, at(25)));
        bell.key(at(30));
        assert!(!bell.wants_to_ring(None, 1, at(31)));
        assert!(!bell.wants_to_ring(need("gate"), 1, at(32)));
    }
}

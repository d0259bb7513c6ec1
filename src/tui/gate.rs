//! Guards a yes against keys that were not meant for it.
//!
//! A yes counts only for a gate that has stood on the screen, drawn and connected, for [`QUIET`] without a
//! key; so a key typed ahead, a key held down and a gate that changes under the finger approve nothing.

use std::time::Duration;

use crate::names::StepId;

/// How long a gate must have stood there, quiet, before its key counts.
pub(super) const QUIET: Duration = Duration::from_millis(400);

/// How long before a yes no other key may have come: nobody types faster, but a paste does.
const APART: Duration = Duration::from_millis(25);

/// What a yes is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) step: StepId,
    pub(super) attempt: u32,
    /// The digest of what was drawn.
    pub(super) digest: String,
}

/// Whether a key came alone or in a bundle with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// It was the only one that waited.
    Alone,
    /// Others waited with it, as in a paste or after a stall of the line.
    InABundle,
}

/// The guard. Times are since the screen was started, by a clock that only goes forward.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard {
    drawn: Option<Seen>,
    quiet_since: Duration,
    open: bool,
    last_key: Option<Duration>,
}

impl Guard {
    /// Tells which gate the frame that was just written shows; none for a frame without one.
    pub(super) fn drawn(&mut self, gate: Option<Seen>, at: Duration) {
        if self.drawn != gate {
            self.drawn = gate;
            self.quiet_since = at;
            self.open = false;
        }
    }

    /// Tells that any key came. While the gate is new, every key makes it wait again.
    pub(super) fn key(&mut self, came: Came, at: Duration) -> Verdict {
        let apart = self
            .last_key
            .is_none_or(|last| at.saturating_sub(last) >= APART);
        self.last_key = Some(at);
        if self.drawn.is_none() {
            return Verdict::TooSoon;
        }
        if !self.open {
            self.open = at.saturating_sub(self.quiet_since) >= QUIET;
            if !self.open {
                self.quiet_since = at;
                return Verdict::TooSoon;
            }
        }
        match (came, apart) {
            (Came::Alone, true) => Verdict::Counts,
            (Came::InABundle, _) | (_, false) => Verdict::TooFast,
        }
    }

    /// What a yes would be for: exactly what was drawn.
    pub(super) fn seen(&self) -> Option<&Seen> {
        self.drawn.as_ref()
    }
}

/// Whether a key may mean yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may.
    Counts,
    /// The gate is new on the screen.
    TooSoon,
    /// It came together with others.
    TooFast,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(digest: &str) -> Option<Seen> {
        Some(Seen {
            step: StepId::new("a").unwrap(),
            attempt: 1,
            digest: digest.to_owned(),
        })
    }

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_key_counts_only_after_the_gate_stood_there_quietly() {
        let mut guard = Guard::default();
        assert_eq!(
            guard.key(Came::Alone, ms(0)),
            Verdict::TooSoon,
            "nothing drawn"
        );
        guard.drawn(seen("1"), ms(1000));
        assert_eq!(guard.key(Came::Alone, ms(1399)), Verdict::TooSoon);
        assert_eq!(
            guard.key(Came::Alone, ms(1500)),
            Verdict::TooSoon,
            "it waits again"
        );
        assert_eq!(guard.key(Came::Alone, ms(1900)), Verdict::Counts);
        assert_eq!(
            guard.key(Came::Alone, ms(2000)),
            Verdict::Counts,
            "and stays open"
        );
    }

    #[test]
    fn a_key_held_down_never_opens_the_next_gate() {
        let mut guard = Guard::default();
        guard.drawn(seen("1"), ms(0));
        for at in (30..10_000).step_by(30) {
            assert_eq!(guard.key(Came::Alone, ms(at)), Verdict::TooSoon);
        }
    }

    #[test]
    fn a_gate_that_changed_is_a_new_gate() {
        let mut guard = Guard::default();
        guard.drawn(seen("1"), ms(0));
        guard.drawn(seen("1"), ms(300));
        assert_eq!(
            guard.key(Came::Alone, ms(400)),
            Verdict::Counts,
            "drawn again is the same"
        );
        guard.drawn(seen("2"), ms(500));
        assert_eq!(guard.key(Came::Alone, ms(600)), Verdict::TooSoon);
        guard.drawn(None, ms(700));
        assert_eq!(guard.key(Came::Alone, ms(9000)), Verdict::TooSoon);
    }

    #[test]
    fn keys_that_come_together_do_not_count() {
        let mut guard = Guard::default();
        guard.drawn(seen("1"), ms(0));
        assert_eq!(guard.key(Came::InABundle, ms(500)), Verdict::TooFast);
        assert_eq!(guard.key(Came::Alone, ms(510)), Verdict::TooFast);
        assert_eq!(guard.key(Came::Alone, ms(600)), Verdict::Counts);
    }
}

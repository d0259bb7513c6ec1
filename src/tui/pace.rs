//! How often a frame may be written that no key asked for.
//!
//! A frame on a slow line must not wait behind others: a key would be answered after all of them. Writing seldom
//! blocks in time to tell, since pseudo-terminals and ssh take tens of kilobytes before they do. What tells is the
//! speed that the terminal says of itself, which is true of a serial console, and which ssh passes on; and a write
//! that blocked after all.

use std::time::Duration;

/// The shortest time between two frames that no key asked for: a flood of output costs a line no more.
const FRAME: Duration = Duration::from_millis(50);

/// Pseudo-terminals say this speed or a higher one, and it means nothing.
const MEANS_NOTHING: u32 = 38_400;

/// The longest that a write which blocked is waited for again. One can take an hour without a slow line: the
/// process was stopped meanwhile, its machine slept, or the terminal's other end was away.
const BLOCKED: Duration = Duration::from_secs(2);

/// When the next frame that no key asks for is due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// Bytes a second; none for a line that is not known to be slow.
    speed: Option<u32>,
    drawn: Option<Duration>,
    /// When the line has written what it was given.
    clear: Duration,
}

impl Pace {
    /// On a line of a speed in bits a second, as terminals tell it: ten to a byte.
    pub(super) fn at(baud: Option<u32>) -> Self {
        Self {
            speed: baud
                .filter(|baud| (1..MEANS_NOTHING).contains(baud))
                .map(|baud| (baud / 10).max(1)),
            ..Self::default()
        }
    }

    /// Tells of a frame: when it was begun, how long writing it took, and of how many bytes it was.
    pub(super) fn drawn(&mut self, at: Duration, took: Duration, bytes: u64) {
        let written = at + took;
        self.drawn = Some(written);
        // Half of a slow line stays free, for keys.
        let on_the_line = match self.speed {
            Some(speed) => Duration::from_millis(bytes.saturating_mul(2000) / u64::from(speed)),
            None => Duration::ZERO,
        };
        self.clear = (self.clear.max(at) + on_the_line).max(written + took.min(BLOCKED));
    }

    /// How long from now until it is due; none where it is due now.
    pub(super) fn until_due(&self, now: Duration) -> Option<Duration> {
        let due = (self.drawn? + FRAME).max(self.clear);
        due.checked_sub(now).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn on_a_fast_line_twenty_frames_a_second_are_due() {
        let mut pace = Pace::at(Some(38_400));
        assert_eq!(pace, Pace::at(None));
        assert_eq!(pace.until_due(ms(0)), None, "the first at once");
        pace.drawn(ms(100), ms(1), 50_000);
        assert_eq!(pace.until_due(ms(101)), Some(ms(50)));
        assert_eq!(pace.until_due(ms(151)), None);
    }

    #[test]
    fn on_a_slow_line_a_frame_waits_until_the_last_is_out_and_as_long_again() {
        let mut pace = Pace::at(Some(9600));
        pace.drawn(ms(0), ms(0), 1920);
        assert_eq!(pace.until_due(ms(0)), Some(ms(4000)));
        assert_eq!(pace.until_due(ms(4000)), None);
        // One that a key asked for goes at once, and the next waits for both.
        pace.drawn(ms(1000), ms(0), 960);
        assert_eq!(pace.until_due(ms(1000)), Some(ms(5000)));
        // After a pause, nothing is saved up.
        pace.drawn(ms(60_000), ms(0), 48);
        assert_eq!(pace.until_due(ms(60_000)), Some(ms(100)));
    }

    #[test]
    fn a_write_that_blocked_is_waited_for_as_long_again() {
        let mut pace = Pace::at(None);
        pace.drawn(ms(0), ms(800), 4096);
        assert_eq!(pace.until_due(ms(800)), Some(ms(800)));
    }

    #[test]
    fn a_process_that_was_stopped_while_it_wrote_draws_again_soon() {
        let mut pace = Pace::at(None);
        pace.drawn(ms(0), ms(3_600_000), 4096);
        assert_eq!(pace.until_due(ms(3_600_000)), Some(ms(2000)));
    }

    #[test]
    fn odd_speeds_stop_nothing_for_ever() {
        for baud in [0, 1, 9, u32::MAX] {
            let mut pace = Pace::at(Some(baud));
            pace.drawn(ms(0), ms(0), u64::MAX);
            pace.drawn(ms(1), ms(0), 10);
            assert!(pace.until_due(ms(1)).is_some());
        }
    }
}

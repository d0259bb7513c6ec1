//! A percentage, and how long the rest takes at the rate that was seen.

use std::time::Duration;

use crate::probe::{Aim, Series, Trend};

/// How far a program is.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) struct Percent {
    /// From 0 to 100.
    pub(in crate::tui) percent: f64,
    /// How long the rest takes.
    pub(in crate::tui) left: Left,
}

/// How long the rest takes, as far as it can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Left {
    /// There is nothing left.
    Nothing,
    /// It was not watched for long enough to say.
    TooEarly,
    /// Nothing has moved for so long.
    Still(Duration),
    /// So long at the rate that was seen lately.
    About(Duration),
    /// It moves so slowly that no end is in sight.
    Far,
}

/// After how long without a change no rate is told any more.
const STILL: Duration = Duration::from_secs(30);

/// The longest time between two numbers that are kept, and the shortest.
const SPACING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// How many of the spaces between numbers the time so far is divided into: what the rate is taken from then
/// covers most of it, and one slow minute does not throw it about.
const SPACES: u32 = 12;

/// A percentage over time, as it was seen here.
#[derive(Debug, Clone)]
pub(in crate::tui) struct Watch {
    series: Series,
    began: Duration,
    kept: Duration,
    /// The newest, and when it came to be that.
    newest: Option<(f64, Duration)>,
}

impl Default for Watch {
    fn default() -> Self {
        let whole = Aim {
            least: Some(100.0),
            most: None,
        };
        Self {
            series: Series::new(whole, false),
            began: Duration::ZERO,
            kept: Duration::ZERO,
            newest: None,
        }
    }
}

impl Watch {
    /// Takes the percentage that stands at the end of an output at a time since the wizard began. One that is
    /// smaller than the last begins anew: the program went on to its next part.
    pub(in crate::tui) fn saw(&mut self, percent: f64, at: Duration) {
        match self.newest {
            Some((newest, _)) if newest == percent => return,
            Some((newest, _)) if percent > newest => {}
            _ => {
                *self = Self::default();
                self.began = at;
            }
        }
        self.newest = Some((percent, at));
        let so_far = at.saturating_sub(self.began);
        let spacing = (so_far / SPACES).clamp(SPACING.0, SPACING.1);
        if self.series.count == 0 || at.saturating_sub(self.kept) >= spacing {
            self.kept = at;
            self.series.push(so_far, percent);
        }
    }

    /// How far it is at a time since the wizard began; none where nothing was seen.
    pub(in crate::tui) fn told(&self, now: Duration) -> Option<Percent> {
        let (percent, changed) = self.newest?;
        let since = now.saturating_sub(changed);
        let left = match self.series.trend() {
            _ if percent >= 100.0 => Left::Nothing,
            _ if since >= STILL => Left::Still(since),
            Trend::Towards(Some(left)) => {
                let passed = now.saturating_sub(self.kept);
                Left::About(left.saturating_sub(passed).max(Duration::from_secs(1)))
            }
            Trend::Towards(None) => Left::Far,
            Trend::TooEarly | Trend::Still | Trend::Away | Trend::There => Left::TooEarly,
        };
        Some(Percent { percent, left })
    }
}

/// The last percentage in a tail of output; none where there is none. `whole` says that nothing stands before it.
pub(in crate::tui) fn last(tail: &[u8], whole: bool) -> Option<f64> {
    let ends = tail.iter().enumerate().rev();
    ends.filter(|(_, byte)| **byte == b'%')
        .find_map(|(at, _)| before(&tail[..at], whole))
}

/// The number at the end of some text, from 0 to 100.
fn before(text: &[u8], whole: bool) -> Option<f64> {
    let text = text.strip_suffix(b" ").unwrap_or(text);
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let digits = text.iter().rev().take_while(|byte| is_part(byte)).count();
    let (rest, number) = text.split_at(text.len() - digits);
    // A number whose beginning is cut off is another one; so is one behind a sign, a letter or a comma.
    let stands_alone = match rest.last() {
        None => whole,
        Some(byte) => !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b',' | b'_')),
    };
    if !stands_alone || number.len() > 8 || !number.first()?.is_ascii_digit() {
        return None;
    }
    let number: f64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    (0.0..=100.0).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_percentage_counts_as_programs_print_it() {
        for (tail, percent) in [
            (&b"1.2GiB 0:00:12 [ 102MiB/s] [=====>     ] 64% ETA 0:00:07"[..], 64.0),
            (b"######################                 64.2%", 64.2),
            (b"10:01 [####....]  shop.orders  1234/5678  (21.7%)\n10:04 [#######.]  shop.orders  (88.1%)\n", 88.1),
            (b"\n12.3 %, 5 Done, 0 Failed, 10 Pending", 12.3),
            (b"\r  7%\r 8%\r100%\n", 100.0),
            (b"\x1b[2K\x1b[32m 33%\x1b[0m", 33.0),
            (b"at 9% then 10", 9.0),
            (b" 50% of 120% done", 50.0),
        ] {
            let shown = tail.escape_ascii().to_string();
            assert_eq!(last(tail, false), Some(percent), "{shown}");
        }
        assert_eq!(last(b"5%", true), Some(5.0));
    }

    #[test]
    fn what_only_looks_like_a_percentage_is_not_read() {
        for tail in [
            &b"5%"[..],
            b" % ",
            b" 101%",
            b" -3%",
            b" 1,5%",
            b" 1.2.3%",
            b" .5%",
            b" x5%",
            b" 00000000000001%",
            b"",
        ] {
            assert_eq!(last(tail, false), None, "{}", tail.escape_ascii());
        }
    }

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn the_time_left_is_told_at_the_rate_that_was_seen_and_no_sooner() {
        let mut watch = Watch::default();
        assert_eq!(watch.told(secs(100)), None);
        watch.saw(10.0, secs(100));
        assert_eq!(watch.told(secs(101)).unwrap().left, Left::TooEarly);
        for step in 1..=60_u32 {
            watch.saw(10.0 + f64::from(step) / 2.0, secs(100 + u64::from(step)));
        }
        // Half a per cent a second, and 60 of them left.
        let told = watch.told(secs(160)).unwrap();
        assert_eq!(told.percent, 40.0);
        let Left::About(left) = told.left else {
            panic!("{told:?}")
        };
        assert!((118..=125).contains(&left.as_secs()), "{left:?}");
        // It stands still: what was said before is not said again for ever.
        assert!(matches!(
            watch.told(secs(185)).unwrap().left,
            Left::About(_)
        ));
        assert_eq!(watch.told(secs(200)).unwrap().left, Left::Still(secs(40)));
        // The next of several parts.
        watch.saw(3.0, secs(201));
        assert_eq!(watch.told(secs(201)).unwrap().left, Left::TooEarly);
        watch.saw(100.0, secs(210));
        assert_eq!(watch.told(secs(210)).unwrap().left, Left::Nothing);
    }

    #[test]
    fn a_stall_of_ten_minutes_in_long_work_does_not_promise_the_old_rate() {
        let mut watch = Watch::default();
        for minute in 0..60_u32 {
            watch.saw(f64::from(minute) / 2.0, secs(u64::from(minute) * 60));
        }
        let quick = watch.told(secs(59 * 60)).unwrap();
        watch.saw(30.0, secs(70 * 60));
        let after = watch.told(secs(70 * 60)).unwrap();
        let (Left::About(quick), Left::About(after)) = (quick.left, after.left) else {
            panic!("{quick:?} {after:?}")
        };
        assert!(after > quick, "{quick:?} {after:?}");
    }
}

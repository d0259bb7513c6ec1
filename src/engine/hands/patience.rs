//! How often to ask until a probe has held for long enough, and what its numbers tell meanwhile.
//!
//! It asks nothing and reads no clock, so that tests can tell it any time.

use std::time::Duration;

use crate::probe::{Holds, Probe, Series, Verdict, figure};

/// What has to be so beyond the probe holding once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Terms {
    /// For how long on end it must hold; nothing where once is enough.
    pub stable_for: Duration,
    /// Whether its number must not rise.
    pub falling: bool,
}

/// One probe that is asked again and again.
#[derive(Debug)]
pub(super) struct Patience {
    terms: Terms,
    /// Since when it has held on end.
    since: Option<Duration>,
    /// The newest number.
    before: Option<f64>,
    /// Its numbers, where they are watched.
    series: Option<Series>,
}

/// What came back from one question.
pub(super) struct Heard {
    /// What the probe makes of it.
    pub verdict: Verdict,
    /// The number in it; none where no number is watched.
    pub number: Option<Result<f64, String>>,
}

/// What follows from an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// It is settled.
    End(Verdict),
    /// It must be asked again.
    Again {
        /// What was seen, as it stands now.
        seen: String,
        /// After which time at the latest; none where there is no hurry.
        after: Option<Duration>,
    },
}

impl Patience {
    pub fn new(probe: &dyn Probe, terms: Terms) -> Self {
        let aim = probe.aim().filter(|aim| aim.is_bound() || terms.falling);
        Self {
            terms,
            since: None,
            before: None,
            series: aim.map(|aim| Series::new(aim, terms.falling)),
        }
    }

    /// Whether the number in each answer is wanted.
    pub fn watches(&self) -> bool {
        self.series.is_some()
    }

    /// The numbers so far; none where no number is watched or none came.
    pub fn numbers(&self) -> Option<&Series> {
        self.series.as_ref().filter(|series| series.count > 0)
    }

    /// Takes an answer that came `at` after the first question. When the time is up, this is the end.
    pub fn heard(&mut self, at: Duration, heard: Heard, time_is_up: bool) -> Next {
        let verdict = self.with_its_number(at, heard);
        if verdict.holds != Holds::Yes {
            self.since = None;
            return match time_is_up {
                true => Next::End(self.closed(verdict)),
                false => Next::Again {
                    seen: verdict.seen,
                    after: None,
                },
            };
        }
        let since = *self.since.get_or_insert(at);
        let held = at.saturating_sub(since);
        let left = self.terms.stable_for.saturating_sub(held);
        if left.is_zero() {
            return Next::End(self.closed(verdict));
        }
        let (held, all) = (held.as_secs_f64(), self.terms.stable_for.as_secs_f64());
        let seen = format!("{}; held for {held:.0} s of {all} s", verdict.seen);
        match time_is_up {
            true => Next::End(self.closed(Verdict::no(seen))),
            false => Next::Again {
                seen,
                after: Some(left),
            },
        }
    }

    /// Notes the number, and judges whether it rises.
    fn with_its_number(&mut self, at: Duration, heard: Heard) -> Verdict {
        let verdict = heard.verdict;
        let number = match heard.number {
            Some(Ok(number)) => number,
            Some(Err(why)) if self.terms.falling && verdict.holds == Holds::Yes => {
                return Verdict::cannot_say(why);
            }
            Some(Err(_)) | None => return verdict,
        };
        if let Some(series) = &mut self.series {
            series.push(at, number);
        }
        let before = self.before.replace(number);
        if !self.terms.falling || verdict.holds != Holds::Yes {
            return verdict;
        }
        match before {
            None => Verdict::cannot_say(format!(
                "{}: one number so far, and it takes two to see one rise",
                verdict.seen
            )),
            Some(before) if number > before => Verdict::no(format!(
                "rose from {} to {}",
                figure(before),
                figure(number)
            )),
            Some(_) => verdict,
        }
    }

    /// The last word, with what its numbers were.
    fn closed(&self, verdict: Verdict) -> Verdict {
        let mut seen = verdict.seen;
        if self.terms.stable_for > Duration::ZERO && verdict.holds == Holds::Yes {
            let all = self.terms.stable_for.as_secs_f64();
            seen = format!("{seen}; held for {all} s on end");
        }
        if let Some(evidence) = self.series.as_ref().and_then(Series::evidence) {
            seen = format!("{seen} ({evidence})");
        }
        Verdict {
            holds: verdict.holds,
            seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use toml::de::ValueDeserializer;

    use super::*;
    use crate::probe::ProbeTable;

    fn patience(probe: &str, stable_for: u64, falling: bool) -> Patience {
        let table = ProbeTable::deserialize(ValueDeserializer::parse(probe).unwrap()).unwrap();
        let terms = Terms {
            stable_for: Duration::from_secs(stable_for),
            falling,
        };
        Patience::new(table.probe().unwrap().as_ref(), terms)
    }

    /// Hears an answer at a second: a number with whether it is low enough, or none.
    fn at(patience: &mut Patience, second: u64, answer: (Holds, Option<f64>), up: bool) -> Next {
        let (holds, number) = answer;
        let seen = number.map_or("gone".to_owned(), figure);
        let heard = Heard {
            verdict: Verdict { holds, seen },
            number: patience
                .watches()
                .then(|| number.ok_or("not a number: x".to_owned())),
        };
        patience.heard(Duration::from_secs(second), heard, up)
    }

    const TCP: &str = "{ tcp = 'a:1' }";
    const LAG: &str = "{ command = 'lag', at-most = 10 }";
    const ANY: &str = "{ command = 'lag' }";
    const YES: (Holds, Option<f64>) = (Holds::Yes, None);
    const NO: (Holds, Option<f64>) = (Holds::No, None);
    const DOUBT: (Holds, Option<f64>) = (Holds::CannotSay, None);

    fn again(next: &Next) -> Option<u64> {
        match next {
            Next::Again { after, .. } => Some(after.map_or(0, |after| after.as_secs())),
            Next::End(_) => None,
        }
    }

    fn ends(next: Next) -> (Holds, String) {
        match next {
            Next::End(verdict) => (verdict.holds, verdict.seen),
            Next::Again { seen, .. } => panic!("asked again after {seen}"),
        }
    }

    #[test]
    fn without_terms_the_first_yes_is_the_end_and_the_last_no_too() {
        let mut plain = patience(TCP, 0, false);
        assert!(!plain.watches());
        assert_eq!(again(&at(&mut plain, 0, NO, false)), Some(0));
        assert_eq!(
            ends(at(&mut plain, 5, YES, false)),
            (Holds::Yes, "gone".into())
        );
        let mut late = patience(TCP, 0, false);
        assert_eq!(ends(at(&mut late, 9, DOUBT, true)).0, Holds::CannotSay);
    }

    #[test]
    fn what_must_be_stable_holds_on_end_or_begins_anew() {
        let mut stable = patience(TCP, 30, false);
        assert_eq!(again(&at(&mut stable, 0, YES, false)), Some(30));
        assert_eq!(again(&at(&mut stable, 20, YES, false)), Some(10));
        let broken = at(&mut stable, 29, NO, false);
        assert_eq!(
            broken,
            Next::Again {
                seen: "gone".into(),
                after: None
            }
        );
        assert_eq!(
            again(&at(&mut stable, 31, YES, false)),
            Some(30),
            "counted from here"
        );
        // Nobody knows what it was when nobody could ask.
        assert_eq!(again(&at(&mut stable, 50, DOUBT, false)), Some(0));
        assert_eq!(again(&at(&mut stable, 52, YES, false)), Some(30));
        let Next::Again { seen, after } = at(&mut stable, 81, YES, false) else {
            panic!("a second too early");
        };
        assert_eq!(
            (seen.as_str(), after.unwrap().as_secs()),
            ("gone; held for 29 s of 30 s", 1)
        );
        assert_eq!(
            ends(at(&mut stable, 82, YES, false)),
            (Holds::Yes, "gone; held for 30 s on end".into())
        );
    }

    #[test]
    fn what_holds_when_the_time_is_up_but_not_for_long_enough_does_not_hold() {
        let mut stable = patience(TCP, 30, false);
        assert_eq!(again(&at(&mut stable, 40, YES, false)), Some(30));
        let end = ends(at(&mut stable, 60, YES, true));
        assert_eq!(end, (Holds::No, "gone; held for 20 s of 30 s".into()));
        let mut enough = patience(TCP, 30, false);
        at(&mut enough, 0, YES, false);
        assert_eq!(ends(at(&mut enough, 30, YES, true)).0, Holds::Yes);
    }

    #[test]
    fn a_number_that_must_fall_takes_two_and_must_not_rise() {
        let low = |n| (Holds::Yes, Some(n));
        let mut one = patience(LAG, 0, true);
        let end = ends(at(&mut one, 0, low(4.0), true));
        assert_eq!(end.0, Holds::CannotSay, "{}", end.1);
        let mut falls = patience(LAG, 0, true);
        assert_eq!(
            again(&at(&mut falls, 0, (Holds::No, Some(90.0)), false)),
            Some(0)
        );
        let risen = at(&mut falls, 5, (Holds::No, Some(95.0)), false);
        assert_eq!(
            risen,
            Next::Again {
                seen: "95".into(),
                after: None
            },
            "too high anyway"
        );
        assert_eq!(
            ends(at(&mut falls, 10, low(7.0), false)),
            (
                Holds::Yes,
                "7 (3 numbers in 10 s, first 90, lowest 7, highest 95)".into()
            )
        );
        let mut rises = patience(LAG, 0, true);
        at(&mut rises, 0, low(4.0), false);
        let risen = at(&mut rises, 5, low(5.5), false);
        assert_eq!(
            risen,
            Next::Again {
                seen: "rose from 4 to 5.5".into(),
                after: None
            }
        );
        assert_eq!(
            ends(at(&mut rises, 9, low(5.5), false)).0,
            Holds::Yes,
            "it may stay"
        );
        let (holds, seen) = ends(at(&mut rises, 12, low(6.0), true));
        assert_eq!(holds, Holds::No);
        assert!(seen.starts_with("rose from 5.5 to 6 (4 numbers"), "{seen}");
    }

    #[test]
    fn a_rise_breaks_what_must_be_stable_and_no_number_is_no_fall() {
        let any = |n| (Holds::Yes, Some(n));
        let mut both = patience(ANY, 10, true);
        assert!(both.watches());
        assert_eq!(again(&at(&mut both, 0, any(9.0), false)), Some(0));
        assert_eq!(again(&at(&mut both, 5, any(8.0), false)), Some(10));
        assert_eq!(again(&at(&mut both, 10, any(8.5), false)), Some(0));
        assert_eq!(again(&at(&mut both, 11, any(8.5), false)), Some(10));
        let odd = at(&mut both, 15, YES, false);
        assert_eq!(
            odd,
            Next::Again {
                seen: "not a number: x".into(),
                after: None
            }
        );
        assert_eq!(again(&at(&mut both, 16, any(8.0), false)), Some(10));
        assert_eq!(ends(at(&mut both, 26, any(8.0), false)).0, Holds::Yes);
    }
}

//! The numbers that a watched probe gave, over time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Aim;

/// The most points that are kept; where there are more, every second of them goes.
const KEPT: usize = 120;

/// How many points at the end say how fast a number moves.
const RECENT: usize = 12;

/// The longest time left that is worth telling.
const FAR: f64 = 30.0 * 24.0 * 3600.0;

/// The numbers of a watched probe. It stays small however long it grows: points are thinned out, and the
/// lowest and the highest are kept beside them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Series {
    /// Milliseconds since the first question, and the number, in the order of time. The first and the last
    /// are always there.
    pub points: Vec<(u64, f64)>,
    /// How many numbers came, those that were thinned out among them.
    pub count: u32,
    /// The lowest of them.
    pub lowest: f64,
    /// The highest of them.
    pub highest: f64,
    /// What the number must come to.
    pub aim: Aim,
    /// Whether it must not rise.
    pub falling: bool,
}

/// Where a number is going.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trend {
    /// There are too few numbers to say.
    TooEarly,
    /// It has come to its aim.
    There,
    /// It stays where it is.
    Still,
    /// It moves away from its aim, or up where it must fall.
    Away,
    /// It moves towards its aim, or down where it must fall; at this rate it is there after so long, where
    /// that can be said and is less than a month.
    Towards(Option<Duration>),
}

impl Series {
    /// None yet.
    pub fn new(aim: Aim, falling: bool) -> Self {
        Self {
            points: Vec::new(),
            count: 0,
            lowest: 0.0,
            highest: 0.0,
            aim,
            falling,
        }
    }

    /// Takes a number that came so long after the first question. One that is not finite is left out.
    pub fn push(&mut self, at: Duration, number: f64) {
        if !number.is_finite() {
            return;
        }
        if self.points.is_empty() {
            (self.lowest, self.highest) = (number, number);
        }
        self.lowest = self.lowest.min(number);
        self.highest = self.highest.max(number);
        self.count = self.count.saturating_add(1);
        if self.points.len() >= KEPT {
            let mut place = 0;
            self.points.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        // A clock that was set back makes no time run backwards.
        let at = self.points.last().map_or(at, |(last, _)| at.max(*last));
        self.points.push((at, number));
    }

    /// The first number.
    pub fn first(&self) -> Option<f64> {
        self.points.first().map(|(_, number)| *number)
    }

    /// The newest number.
    pub fn last(&self) -> Option<f64> {
        self.points.last().map(|(_, number)| *number)
    }

    /// Where it is going, by the line that fits its newest points best.
    pub fn trend(&self) -> Trend {
        let Some(last) = self.last() else {
            return Trend::TooEarly;
        };
        // How far it is from its aim, and in which direction that lies.
        let (far, towards) = match (self.aim.least, self.aim.most) {
            (Some(least), _) if last < least => (Some(least - last), 1.0),
            (_, Some(most)) if last > most => (Some(last - most), -1.0),
            (None, None) => (None, -1.0),
            _ => return Trend::There,
        };
        let Some(slope) = self.slope() else {
            return Trend::TooEarly;
        };
        let speed = slope * towards;
        if speed == 0.0 {
            return Trend::Still;
        }
        if speed < 0.0 {
            return Trend::Away;
        }
        let left = far.map(|far| far / speed).filter(|left| *left < FAR);
        Trend::Towards(left.map(Duration::from_secs_f64))
    }

    /// How much the number changes in a second, by the newest points; none where they are fewer than three.
    fn slope(&self) -> Option<f64> {
        let recent = &self.points[self.points.len().saturating_sub(RECENT)..];
        if recent.len() < 3 {
            return None;
        }
        let count = recent.len() as f64;
        let seconds = |at: u64| at as f64 / 1000.0;
        let mean_at = recent.iter().map(|(at, _)| seconds(*at)).sum::<f64>() / count;
        let mean = recent.iter().map(|(_, n)| n / count).sum::<f64>();
        let (mut with, mut square) = (0.0, 0.0);
        for (at, number) in recent {
            let off = seconds(*at) - mean_at;
            with += off * (number - mean);
            square += off * off;
        }
        let slope = with / square;
        // Below this it is the dust of reckoning.
        let least = (self.highest - self.lowest).abs() * 1e-9;
        slope
            .is_finite()
            .then(|| if slope.abs() <= least { 0.0 } else { slope })
    }

    /// What is recorded of it: `41 numbers in 200 s, first 1200, lowest 0, highest 1310`; none of a single
    /// number.
    pub fn evidence(&self) -> Option<String> {
        let first = self.first().filter(|_| self.count > 1)?;
        Some(format!(
            "{} numbers in {} s, first {}, lowest {}, highest {}",
            self.count,
            self.points.last().map_or(0, |(at, _)| at / 1000),
            figure(first),
            figure(self.lowest),
            figure(self.highest),
        ))
    }
}

/// A number as a person writes it: whole where it is whole, else with three digits behind the point.
pub fn figure(number: f64) -> String {
    if number == number.trunc() && number.abs() < 1e15 {
        // Adding nothing turns a negative zero into zero.
        return format!("{:.0}", number + 0.0);
    }
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(aim: Aim, falling: bool, numbers: &[f64]) -> Series {
        let mut series = Series::new(aim, falling);
        for (second, number) in (0..).zip(numbers) {
            series.push(Duration::from_secs(second * 10), *number);
        }
        series
    }

    const TO_ZERO: Aim = Aim {
        least: None,
        most: Some(0.0),
    };
    const TO_100: Aim = Aim {
        least: Some(100.0),
        most: None,
    };

    #[test]
    fn the_trend_says_how_long_it_takes_and_nothing_that_it_cannot_know() {
        let secs = |secs| Trend::Towards(Some(Duration::from_secs(secs)));
        let table: &[(Aim, &[f64], Trend)] = &[
            (TO_ZERO, &[], Trend::TooEarly),
            (TO_ZERO, &[50.0], Trend::TooEarly),
            (TO_ZERO, &[50.0, 40.0], Trend::TooEarly),
            (TO_ZERO, &[50.0, 40.0, 30.0], secs(30)),
            (TO_ZERO, &[30.0, 40.0, 50.0], Trend::Away),
            (TO_ZERO, &[50.0, 50.0, 50.0], Trend::Still),
            (TO_ZERO, &[50.0, 40.0, 0.0], Trend::There),
            (TO_100, &[0.0, 20.0, 40.0, 60.0], secs(20)),
            (TO_100, &[60.0, 40.0, 20.0], Trend::Away),
            (TO_100, &[60.0, 60.0, 100.5], Trend::There),
            (
                Aim {
                    least: Some(5.0),
                    most: Some(9.0),
                },
                &[30.0, 25.0, 20.0],
                secs(22),
            ),
            (Aim::default(), &[3.0, 2.0, 1.0], Trend::Towards(None)),
            (Aim::default(), &[1.0, 2.0, 3.0], Trend::Away),
            // Too slow to be told: a thousandth in ten seconds, and ten thousand to go.
            (
                TO_ZERO,
                &[10000.002, 10000.001, 10000.0],
                Trend::Towards(None),
            ),
        ];
        for (aim, numbers, wanted) in table {
            let trend = series(*aim, false, numbers).trend();
            match (trend, wanted) {
                (Trend::Towards(Some(left)), Trend::Towards(Some(wanted))) => {
                    assert_eq!(left.as_secs(), wanted.as_secs(), "{numbers:?}");
                }
                _ => assert_eq!(trend, *wanted, "{numbers:?}"),
            }
        }
    }

    #[test]
    fn what_happened_long_ago_does_not_count() {
        let mut numbers: Vec<f64> = (0..60).map(f64::from).collect();
        numbers.extend((0..12).map(|n| 60.0 - f64::from(n)));
        let trend = series(TO_ZERO, true, &numbers).trend();
        assert!(
            matches!(trend, Trend::Towards(Some(left)) if left.as_secs() == 490),
            "{trend:?}"
        );
    }

    #[test]
    fn a_long_series_stays_small_and_forgets_neither_ends_nor_extremes() {
        let mut long = Series::new(TO_ZERO, true);
        for n in 0..100_000u32 {
            let number = match n {
                50_001 => 9e9,
                70_001 => -1.0,
                n => f64::from(100_000 - n),
            };
            long.push(Duration::from_secs(n.into()), number);
        }
        assert!(long.points.len() <= 120, "{}", long.points.len());
        assert_eq!((long.first(), long.last()), (Some(100_000.0), Some(1.0)));
        assert_eq!((long.lowest, long.highest), (-1.0, 9e9));
        assert_eq!(long.count, 100_000);
        assert!(long.points.is_sorted_by(|a, b| a.0 < b.0));
        let json = serde_json::to_string(&long).unwrap();
        assert!(json.len() < 4000, "{}", json.len());
        assert_eq!(serde_json::from_str::<Series>(&json).unwrap(), long);
        assert_eq!(
            long.evidence().unwrap(),
            "100000 numbers in 99999 s, first 100000, lowest -1, highest 9000000000"
        );
        assert_eq!(series(TO_ZERO, true, &[3.0]).evidence(), None);
    }

    #[test]
    fn figures_are_written_as_people_write_them() {
        for (number, text) in [
            (0.0, "0"),
            (1200.0, "1200"),
            (-4.25, "-4.25"),
            (0.123456, "0.123"),
            (1e14, "100000000000000"),
            (-0.0, "0"),
        ] {
            assert_eq!(figure(number), text);
        }
        let mut series = Series::new(TO_ZERO, true);
        series.push(Duration::ZERO, f64::NAN);
        series.push(Duration::ZERO, f64::INFINITY);
        assert_eq!(series.count, 0);
    }
}

//! A watched number over time, with where it began, where it should come to, and how long that may take.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::bar;
use ratatui::widgets::{Sparkline, Widget};

use super::Cx;
use super::page::Page;
use crate::clock::Timestamp;
use crate::names::StepId;
use crate::probe::{Series, Trend, figure};
use crate::tui::how::Hands;
use crate::tui::look::Tone;
use crate::tui::say;

/// How far the chart stands from the left.
const INDENT: usize = 3;

/// A wider chart says no more.
const WIDEST: usize = 100;

/// The steps of one row of a chart.
const STEPS: usize = 8;

/// Bars for terminals without Unicode.
const ASCII: bar::Set<'static> = bar::Set {
    full: "#",
    seven_eighths: "#",
    three_quarters: "+",
    five_eighths: "+",
    half: "=",
    three_eighths: "=",
    one_quarter: "-",
    one_eighth: ".",
    empty: " ",
};

/// Whether a number of the step that is looked at is watched.
pub(super) fn is_drawn(cx: &Cx<'_>) -> bool {
    let Some((_, planned, _)) = cx.app.viewed() else {
        return false;
    };
    watched(cx, &planned.id) > 0
}

fn watched(cx: &Cx<'_>, step: &StepId) -> usize {
    let asked = cx.app.asked.iter();
    asked
        .filter(|((of, _, _), waiting)| of == step && waiting.numbers.is_some())
        .count()
}

/// How many rows the chart of a step has: fewer where several numbers are watched, or the screen is low.
pub(super) fn rows(cx: &Cx<'_>, step: &StepId, height: usize) -> usize {
    match watched(cx, step) {
        // Bars are nothing to be read aloud.
        _ if cx.app.hands == Hands::Lines => 0,
        0 | 1 if height >= 40 => 8,
        0 | 1 => 3,
        2..=4 if height >= 40 => 3,
        _ => 1,
    }
}

/// Puts a chart of some rows, and a line of what it means, below what the probe says now.
pub(super) fn put(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    (width, rows): (usize, usize),
    series: &Series,
    until: Option<Timestamp>,
) {
    let (Some(first), Some(last)) = (series.first(), series.last()) else {
        return;
    };
    let columns = width.saturating_sub(INDENT + 2).min(WIDEST);
    let trend = series.trend();
    let tone = match trend {
        Trend::There => Tone::Good,
        Trend::Away => Tone::Care,
        Trend::TooEarly | Trend::Still | Trend::Towards(_) => Tone::Plain,
    };
    if series.points.len() > 1 && rows > 0 {
        for row in bars(series, columns, rows, cx.look.unicode) {
            page.line(vec![cx.clean(format!("{}{row}", " ".repeat(INDENT)), tone)]);
        }
    }
    let aim = match (series.aim.least, series.aim.most) {
        (Some(least), Some(most)) => format!("aim {} to {}", figure(least), figure(most)),
        (Some(least), None) => format!("aim at least {}", figure(least)),
        (None, Some(most)) => format!("aim at most {}", figure(most)),
        (None, None) => "aim: never up".to_owned(),
    };
    let numbers = format!("first {} · last {} · {aim}", figure(first), figure(last));
    page.own(&format!("  {numbers}"), Tone::Plain);
    let (words, tone) = going(cx, trend, series, until);
    page.own(&format!("  {words}"), tone);
}

/// Where it is going, in words that promise nothing.
fn going(cx: &Cx<'_>, trend: Trend, series: &Series, until: Option<Timestamp>) -> (String, Tone) {
    let down = series
        .aim
        .least
        .is_none_or(|least| series.last().is_some_and(|n| n >= least));
    let way = if down { "falling" } else { "rising" };
    match trend {
        Trend::TooEarly => ("too early to say how long it takes".to_owned(), Tone::Quiet),
        Trend::There => ("it has come to its aim".to_owned(), Tone::Good),
        Trend::Still => (format!("not {way}: it stays where it is"), Tone::Care),
        Trend::Away if down => (format!("not {way}: it goes up"), Tone::Care),
        Trend::Away => (format!("not {way}: it goes down"), Tone::Care),
        Trend::Towards(None) if series.aim.is_bound() => (
            format!("{way}, but so slowly that no end is in sight"),
            Tone::Care,
        ),
        Trend::Towards(None) => (way.to_owned(), Tone::Plain),
        Trend::Towards(Some(left)) => {
            let seconds = left.as_secs().max(1);
            let text = format!("{way}; about {} left at this rate", say::about(seconds));
            let given = until.map(|until| say::between(cx.now, until));
            let late =
                given.is_some_and(|given| i64::try_from(seconds).unwrap_or(i64::MAX) > given);
            match late {
                true => (format!("{text}, later than it is given up"), Tone::Care),
                false => (text, Tone::Plain),
            }
        }
    }
}

/// The rows of the chart, from the top down.
fn bars(series: &Series, columns: usize, rows: usize, unicode: bool) -> Vec<String> {
    let data = heights(series, columns, rows * STEPS);
    let cells = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let area = Rect::new(0, 0, cells(columns), cells(rows));
    let mut buffer = Buffer::empty(area);
    let set = if unicode { bar::NINE_LEVELS } else { ASCII };
    Sparkline::default()
        .data(data)
        .max((rows * STEPS) as u64)
        .bar_set(set)
        .render(area, &mut buffer);
    (0..area.height)
        .map(|y| {
            let row: String = (0..area.width).map(|x| buffer[(x, y)].symbol()).collect();
            row.trim_end().to_owned()
        })
        .collect()
}

/// How high each column is, from 1 to `most`: a column shows the number that was the newest at its time.
fn heights(series: &Series, columns: usize, most: usize) -> Vec<u64> {
    let aim = series.aim.least.into_iter().chain(series.aim.most);
    let all = aim.chain(series.points.iter().map(|(_, number)| *number));
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| {
        (low.min(number), high.max(number))
    });
    // Halves first, because the difference of two large numbers may be no number.
    let span = high / 2.0 - low / 2.0;
    let height = |number: f64| {
        let share = match span > 0.0 {
            true => (number / 2.0 - low / 2.0) / span,
            false => 0.5,
        };
        1 + (share * (most - 1) as f64).round() as u64
    };
    let begin = series.points.first().map_or(0, |(at, _)| *at);
    let end = series.points.last().map_or(0, |(at, _)| *at);
    let long = end.saturating_sub(begin) as f64;
    let mut place = 0;
    (1..=columns)
        .map(|column| {
            let at = begin as f64 + long * column as f64 / columns as f64;
            while series
                .points
                .get(place + 1)
                .is_some_and(|(next, _)| *next as f64 <= at)
            {
                place += 1;
            }
            series
                .points
                .get(place)
                .map_or(0, |(_, number)| height(*number))
        })
        .collect()
}

/// How often something was asked.
pub(super) fn times(number: u32) -> String {
    match number {
        1 => "once".to_owned(),
        number => format!("{number} times"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::probe::Aim;

    fn series(aim: Aim, numbers: &[f64]) -> Series {
        let mut series = Series::new(aim, false);
        for (second, number) in (0..).zip(numbers) {
            series.push(Duration::from_secs(second), *number);
        }
        series
    }

    const TO_ZERO: Aim = Aim {
        least: None,
        most: Some(0.0),
    };

    #[test]
    fn a_falling_number_is_drawn_from_its_height_down_to_its_aim() {
        let falls = series(TO_ZERO, &[80.0, 60.0, 40.0, 20.0, 0.0]);
        assert_eq!(bars(&falls, 4, 1, true), ["▆▅▃▁"]);
        assert_eq!(bars(&falls, 4, 2, true), ["▄▁", "██▅▁"]);
        let ascii = bars(&falls, 4, 2, false);
        assert!(ascii.iter().all(|row| row.is_ascii()), "{ascii:?}");
        // Far from its aim it looks far from it, and not as low as the chart is.
        let far = series(TO_ZERO, &[1000.0, 999.0, 998.0]);
        assert_eq!(bars(&far, 3, 1, true), ["███"]);
        let still = series(Aim::default(), &[7.0, 7.0]);
        assert_eq!(bars(&still, 3, 1, true), ["▅▅▅"]);
    }

    #[test]
    fn numbers_of_any_size_at_any_time_are_drawn() {
        let wild = series(TO_ZERO, &[f64::MAX, f64::MIN, 0.0, 1e-300]);
        assert_eq!(bars(&wild, 20, 3, true).len(), 3);
        let mut at_once = Series::new(TO_ZERO, true);
        for number in [3.0, 2.0, 1.0] {
            at_once.push(Duration::ZERO, number);
        }
        assert_eq!(bars(&at_once, 5, 1, true).len(), 1);
        assert_eq!(bars(&at_once, 0, 1, true), [""]);
        let heights = heights(&wild, 50, 24);
        assert!(
            heights.iter().all(|height| (1..=24).contains(height)),
            "{heights:?}"
        );
    }
}

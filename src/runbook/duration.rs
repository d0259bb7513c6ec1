//! Lengths of time as people write them: `10s`, `4m`, `1h 30m`, `14d`.

use std::time::Duration;

use jiff::SpanRelativeTo;
use jiff::fmt::friendly::SpanParser;

/// Says why a text is not a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadDuration {
    #[error("not a length of time")]
    Unreadable,
    #[error("months and years have no fixed length")]
    Uneven,
    #[error("a length of time must be longer than nothing")]
    Nothing,
}

/// Reads a length of time in jiff's friendly format; a day is 24 hours.
///
/// ISO 8601 (`PT10S`) is left out: one way to write each thing.
pub(super) fn read(text: &str) -> Result<Duration, BadDuration> {
    let span = SpanParser::new()
        .parse_span(text.trim())
        .map_err(|_| BadDuration::Unreadable)?;
    if span.get_months() != 0 || span.get_years() != 0 {
        return Err(BadDuration::Uneven);
    }
    let signed = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| BadDuration::Unreadable)?;
    match Duration::try_from(signed) {
        Ok(Duration::ZERO) | Err(_) => Err(BadDuration::Nothing),
        Ok(duration) => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("10s", 10),
            ("4m", 240),
            ("1h 30m", 5400),
            ("14d", 14 * 86400),
            ("2 minutes", 120),
        ] {
            assert_eq!(read(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(read("500ms"), Ok(Duration::from_millis(500)));
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        assert_eq!(read(""), Err(BadDuration::Unreadable));
        assert_eq!(read("10"), Err(BadDuration::Unreadable));
        assert_eq!(read("PT10S"), Err(BadDuration::Unreadable));
        assert_eq!(read("soon"), Err(BadDuration::Unreadable));
        assert_eq!(read("1mo"), Err(BadDuration::Uneven));
        assert_eq!(read("0s"), Err(BadDuration::Nothing));
        assert_eq!(read("10s ago"), Err(BadDuration::Nothing));
        assert_eq!(read("-3s"), Err(BadDuration::Nothing));
    }
}

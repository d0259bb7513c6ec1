//! Progress, read out of the end of what a program prints.

mod percent;

pub(super) use percent::{Left, Percent, Watch, last as last_percent};

/// How far a program is, by what it prints.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// In rsync's words.
    Rsync(Rsync),
    /// A percentage alone.
    Percent(Percent),
}

/// The latest line of rsync's `--info=progress2` (rsync(1)): `1,234,567  64%  102.33MB/s    0:03:48`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rsync {
    /// Bytes so far.
    pub(super) bytes: u64,
    /// Per cent of everything known so far; while rsync still reads file lists, that grows.
    pub(super) percent: u8,
    /// The rate, in rsync's words.
    pub(super) rate: String,
    /// The time left, in rsync's words; at the end, the time it took.
    pub(super) left: String,
    /// Whether the time left is still going to change.
    pub(super) ended: bool,
}

impl Rsync {
    /// Reads the last whole progress line out of a tail of output; none where there is none.
    pub(super) fn last(tail: &[u8]) -> Option<Self> {
        tail.split(|byte| matches!(byte, b'\r' | b'\n'))
            .rev()
            .find_map(|line| Self::line(std::str::from_utf8(line).ok()?))
    }

    fn line(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let bytes: String = words
            .next()?
            .chars()
            .filter(|c| !matches!(c, ',' | '.'))
            .collect();
        let percent: u8 = words.next()?.strip_suffix('%')?.parse().ok()?;
        let rate = words.next().filter(|rate| rate.ends_with("B/s"))?;
        let left = words.next()?;
        let clock = !left.is_empty()
            && left
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, ':' | '?'));
        if percent > 100 || !clock || rate.len() > 16 || left.len() > 16 {
            return None;
        }
        Some(Self {
            bytes: bytes.parse().ok()?,
            percent,
            rate: rate.to_owned(),
            left: left.to_owned(),
            ended: words.next().is_some() && percent == 100,
        })
    }

    /// About how many bytes there are in all, from what was sent and its share; none before one per cent.
    pub(super) fn total(&self) -> Option<u64> {
        let share = u64::from(self.percent);
        (share > 0).then(|| self.bytes.saturating_mul(100) / share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_progress_line_counts() {
        let tail = b"sending\n\r  1,234,567   1%  9.00MB/s    0:10:00\r 41,200,000,000  64%  102.33MB/s    0:03:48  \r  42,0";
        let found = Rsync::last(tail).unwrap();
        assert_eq!((found.bytes, found.percent), (41_200_000_000, 64));
        assert_eq!(
            (found.rate.as_str(), found.left.as_str()),
            ("102.33MB/s", "0:03:48")
        );
        assert_eq!(found.total(), Some(64_375_000_000));
        assert!(!found.ended);
        let done = Rsync::last(b"64,000 100%  1.00MB/s    0:00:41 (xfr#5, to-chk=0/10)\n").unwrap();
        assert!(done.ended);
    }

    #[test]
    fn what_only_looks_like_progress_is_not_read() {
        for tail in [
            &b"100% sure"[..],
            b"5 120% 1MB/s 0:1",
            b"5 20% fast 0:01:00",
            b"5 20% 1MB/s \x1b[31m",
            b"",
        ] {
            assert_eq!(Rsync::last(tail), None, "{tail:?}");
        }
    }
}

//! The only reader of time, so that a test can hold it still.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub use jiff::Timestamp;

/// Tells the time, in UTC and to the microsecond.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    held: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's own wall clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `seconds` since 1970 until it is moved with [`Clock::advance`].
    pub fn held_at(seconds: i64) -> Self {
        Self {
            held: Some(Arc::new(AtomicI64::new(seconds.saturating_mul(1_000_000)))),
        }
    }

    /// Moves a held clock on; the system's clock is left alone.
    pub fn advance(&self, by: std::time::Duration) {
        if let Some(held) = &self.held {
            let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            held.fetch_add(micros, Ordering::Relaxed);
        }
    }

    /// The time now, cut to microseconds so that it reads back from a record as the same value.
    pub fn now(&self) -> Timestamp {
        let micros = match &self.held {
            Some(held) => held.load(Ordering::Relaxed),
            None => Timestamp::now().as_microsecond(),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

//! What stands over a run for as long as it is so, whoever attaches when.
//!
//! It is kept in a cell and not told through the actor: while the disk hangs, so does the actor, and just
//! then it has to be told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::clock::{Clock, Timestamp};
use crate::wire::Live;

/// How long an append may take before people are told that what was done last is not durable yet.
pub(super) const SLOW: Duration = Duration::from_millis(300);

/// What stands over a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Standing {
    /// Since when an append hangs; none while none does.
    unsaved: Option<Timestamp>,
    /// Why nothing new may be started; none while there is room.
    full: Option<String>,
    /// Whether the engine ends with the login session that it was started from.
    mortal: bool,
}

impl Standing {
    /// What is to be told to somebody who knows only what stood `before`.
    pub fn since(&self, before: &Standing) -> Vec<Live> {
        let mut words = Vec::new();
        if self.unsaved != before.unsaved {
            words.push(match self.unsaved {
                Some(since) => Live::Unsaved { since },
                None => Live::Saved,
            });
        }
        if self.full != before.full {
            words.push(match &self.full {
                Some(why) => Live::Full { why: why.clone() },
                None => Live::Room,
            });
        }
        if self.mortal && !before.mortal {
            words.push(Live::EndsAtLogout);
        }
        words
    }
}

/// The cell.
#[derive(Debug, Clone)]
pub(super) struct Stands(watch::Sender<Standing>);

impl Stands {
    pub fn new(mortal: bool) -> Self {
        Self(watch::Sender::new(Standing {
            mortal,
            ..Standing::default()
        }))
    }

    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.0.subscribe()
    }

    /// Says whether there is room; gives whether that is news.
    pub fn full(&self, why: Option<String>) -> bool {
        self.0.send_if_modified(|now| {
            let news = now.full != why;
            now.full = why;
            news
        })
    }

    /// Whether there is no room.
    pub fn is_full(&self) -> bool {
        self.0.borrow().full.is_some()
    }

    /// Watches an append that begins now, until what is given back is dropped. Needs a runtime.
    pub fn appending(&self, clock: &Clock) -> Appending {
        let over = Arc::new(AtomicBool::new(false));
        let (stands, ended, since) = (self.0.clone(), over.clone(), clock.now());
        let watching = tokio::spawn(async move {
            tokio::time::sleep(SLOW).await;
            stands.send_if_modified(|now| {
                // Asked within the cell's lock, which the end takes too: it cannot come in between.
                let hangs = !ended.load(Ordering::SeqCst);
                if hangs {
                    now.unsaved = Some(since);
                }
                hangs
            });
        });
        Appending {
            stands: self.clone(),
            over,
            watching: watching.abort_handle(),
        }
    }
}

/// An append under way.
pub(super) struct Appending {
    stands: Stands,
    over: Arc<AtomicBool>,
    watching: AbortHandle,
}

impl Drop for Appending {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.watching.abort();
        self.stands
            .0
            .send_if_modified(|now| now.unsaved.take().is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_append_that_is_soon_done_is_not_spoken_of() {
        let stands = Stands::new(false);
        let mut watch = stands.watch();
        let appending = stands.appending(&Clock::held_at(7));
        drop(appending);
        tokio::time::sleep(SLOW * 2).await;
        assert!(!watch.has_changed().unwrap());
        assert_eq!(watch.borrow_and_update().unsaved, None);
    }

    #[tokio::test]
    async fn one_that_hangs_is_told_and_told_again_when_it_is_over() {
        let stands = Stands::new(false);
        let mut watch = stands.watch();
        let before = watch.borrow_and_update().clone();
        let appending = stands.appending(&Clock::held_at(7));
        watch.changed().await.unwrap();
        let hangs = watch.borrow_and_update().clone();
        let since = Timestamp::from_second(7).unwrap();
        assert_eq!(hangs.since(&before), [Live::Unsaved { since }]);
        drop(appending);
        assert!(watch.has_changed().unwrap());
        let after = watch.borrow_and_update().clone();
        assert_eq!(after.since(&hangs), [Live::Saved]);
        assert_eq!(after, before);
    }

    #[test]
    fn a_newcomer_is_told_what_stands_and_nothing_that_does_not() {
        let stands = Stands::new(true);
        assert!(stands.full(Some("why".into())));
        assert!(!stands.full(Some("why".into())), "that is no news");
        let now = stands.watch().borrow().clone();
        let full = Live::Full { why: "why".into() };
        assert_eq!(now.since(&Standing::default()), [full, Live::EndsAtLogout]);
        assert!(Standing::default().since(&Standing::default()).is_empty());
    }
}

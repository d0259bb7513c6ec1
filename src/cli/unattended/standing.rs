//! What stands over a run that nobody looks at: a disk that is slow or full, an engine that says nothing.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::next::Block;
use crate::cli::exit::Exit;
use crate::run::{Run, StepAt};
use crate::wire::Live;

/// How long a full disk is waited for once nothing is under way any more.
const ROOM: Duration = Duration::from_secs(10);

/// What stands over the run.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Why nothing new is started, and until when that is waited for.
    full: Option<(String, Instant)>,
}

impl Standing {
    /// Takes a word of the engine; gives the line for it where it has one.
    pub fn take(&mut self, live: &Live) -> Option<String> {
        match live {
            Live::Unsaved { since } => Some(format!(
                "not yet durable: the disk is slow since {}; what was told until here is safe",
                since.strftime("%H:%M:%S")
            )),
            Live::Saved => Some("durable again: the disk has taken it".to_owned()),
            Live::Full { why } => {
                self.full = Some((why.clone(), Instant::now() + ROOM));
                Some(format!(
                    "no room on the disk: nothing new is started, outcomes are recorded ({why})"
                ))
            }
            Live::Room => {
                self.full = None;
                Some("there is room again: the run goes on".to_owned())
            }
            Live::EndsAtLogout
            | Live::Grew { .. }
            | Live::Sized { .. }
            | Live::Asked { .. }
            | Live::Busy { .. }
            | Live::Idle { .. }
            | Live::Poisoned { .. } => None,
        }
    }

    pub fn is_full(&self) -> bool {
        self.full.is_some()
    }

    /// Waits for what is heard; none where it is time to look at the full disk again.
    pub async fn heard<T>(&self, hearing: impl Future<Output = T>) -> Option<T> {
        match &self.full {
            None => Some(hearing.await),
            // One that was waited for long enough ends the walk as soon as nothing is under way.
            Some((_, end)) => {
                let again = (*end).max(Instant::now() + Duration::from_secs(1));
                timeout_at(again, hearing).await.ok()
            }
        }
    }

    /// Why the walk ends here: the disk stays full, and nothing is under way that could end meanwhile.
    pub fn block(&self, run: &Run) -> Option<Block> {
        let (why, end) = self.full.as_ref()?;
        let proving = run.steps.iter().any(|state| state.at == StepAt::Proving);
        let under_way = super::under_way(run).is_some() || proving;
        (!under_way && Instant::now() >= *end).then(|| Block {
            step: None,
            why: format!("no room on the disk, so nothing new is started ({why})"),
            hint: Some("make room on it; the engine goes on by itself".to_owned()),
            add: None,
            exit: Exit::Stuck,
        })
    }
}

/// The line for an engine that holds the run and owes an answer.
pub(super) fn silent(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!(
            "the engine does not answer: it holds the run as process {pid}; `kill -CONT {pid}` wakes one that \
             was stopped, and after `kill -9 {pid}` attaching starts another"
        ),
        None => "the engine does not answer".to_owned(),
    }
}

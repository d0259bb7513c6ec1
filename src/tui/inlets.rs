//! What the client tells a screen, in its order and to its end.

use std::future::pending;

use tokio::sync::mpsc;

use crate::client::Update;

/// What the client tells, in its order.
pub(super) struct Updates {
    from: mpsc::Receiver<Update>,
    open: bool,
}

impl Updates {
    pub(super) fn new(from: mpsc::Receiver<Update>) -> Self {
        Self { from, open: true }
    }

    /// The next, once it is there. The end of it is told as a line that was lost for good, and after that nothing comes.
    pub(super) async fn next(&mut self) -> Update {
        if !self.open {
            return pending().await;
        }
        match self.from.recv().await {
            Some(update) => update,
            None => {
                self.open = false;
                let why = "the line was closed".to_owned();
                Update::Disconnected { why, last: true }
            }
        }
    }

    /// The next, if it is there already.
    pub(super) fn there(&mut self) -> Option<Update> {
        self.from.try_recv().ok()
    }
}

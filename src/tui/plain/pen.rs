//! Writes, in a thread of its own: it may wait for a slow line or a stopped terminal.

use std::io::{self, IsTerminal, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::termios::tcdrain;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::desk::PATIENCE;

/// Writes, in a thread of its own.
pub(super) struct Pen {
    send: Option<std::sync::mpsc::Sender<String>>,
    waiting: Arc<AtomicUsize>,
    /// Something was written; closed when nothing can be any more.
    pub(super) written: mpsc::UnboundedReceiver<()>,
}

impl Pen {
    pub(super) fn take() -> Self {
        let (send, texts) = std::sync::mpsc::channel::<String>();
        let (tell, written) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = waiting.clone();
        std::thread::spawn(move || {
            let mut out = io::stdout();
            for text in texts {
                if out
                    .write_all(text.as_bytes())
                    .and_then(|()| out.flush())
                    .is_err()
                {
                    return;
                }
                if out.is_terminal() {
                    // On a slow line it is written long before it is to be read. What is no line has nothing to wait for.
                    let _ = tcdrain(&out);
                }
                left.fetch_sub(text.len(), Ordering::SeqCst);
                if tell.send(()).is_err() {
                    return;
                }
            }
        });
        Self {
            send: Some(send),
            waiting,
            written,
        }
    }

    pub(super) fn write(&self, text: String) {
        self.waiting.fetch_add(text.len(), Ordering::SeqCst);
        if let Some(send) = &self.send {
            // Where nobody writes any more, `written` is closed, and the loop ends by that.
            let _ = send.send(text);
        }
    }

    /// How many bytes are not written yet.
    pub(super) fn waits(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Waits until all is written that was given so far; tells whether it is.
    pub(super) async fn rests(&mut self) -> bool {
        let rest = async { while self.waits() > 0 && self.written.recv().await.is_some() {} };
        let in_time = timeout(PATIENCE, rest).await.is_ok();
        in_time && self.waits() == 0
    }

    /// Waits until all is written, or nobody takes it.
    pub(super) async fn end(&mut self) {
        self.send = None;
        let rest = async { while self.written.recv().await.is_some() {} };
        // Whoever does not take the last words in time has stopped reading.
        let _ = timeout(PATIENCE, rest).await;
    }
}

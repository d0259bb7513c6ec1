//! Reads lines, in a thread of its own, and lets another program read for a while.
//!
//! On a terminal it looks first and reads only what is a whole line already: so it is never in the middle of a read when the
//! keys are to be another's, and when what was typed is thrown away.

use std::io::{self, BufRead, IsTerminal, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::desk::PATIENCE;

/// The longest line that is taken, in bytes.
const LINE: usize = 64 * 1024;

/// How often it is looked whether it rests.
const LOOK: Duration = Duration::from_millis(5);

/// A line, and when it came.
pub(super) type Line = (String, Instant);

/// Who may read.
#[derive(Debug, Default)]
struct Turn {
    /// Another program is to read.
    lent: bool,
    /// Nothing of ours reads, and nothing will until it is not lent any more.
    rests: bool,
}

#[derive(Debug, Default)]
struct Shared {
    turn: Mutex<Turn>,
    changed: Condvar,
    /// Held while what is there is looked at and read, or thrown away.
    reads: Mutex<()>,
}

impl Shared {
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reads(&self) -> MutexGuard<'_, ()> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while it is lent.
    fn wait(&self) {
        let mut turn = self.turn();
        while turn.lent {
            turn.rests = true;
            turn = self
                .changed
                .wait(turn)
                .unwrap_or_else(PoisonError::into_inner);
        }
        turn.rests = false;
    }
}

/// What hears the lines.
pub(super) struct Ear {
    pub(super) lines: mpsc::Receiver<Line>,
    shared: Arc<Shared>,
    /// Wakes the thread that waits at a terminal; none where the input is none.
    wake: Option<UnixStream>,
}

impl Ear {
    /// Begins to read lines, each with when it came, until there are no more.
    ///
    /// # Errors
    ///
    /// What wakes the thread cannot be made.
    pub(super) fn listen() -> io::Result<Self> {
        let (send, lines) = mpsc::channel(64);
        let shared = Arc::new(Shared::default());
        let mut wake = None;
        if io::stdin().is_terminal() {
            let (ours, theirs) = UnixStream::pair()?;
            wake = Some(ours);
            let shared = shared.clone();
            std::thread::spawn(move || at_a_terminal(&send, &shared, &theirs));
        } else {
            std::thread::spawn(move || to_the_end(&send));
        }
        Ok(Self {
            lines,
            shared,
            wake,
        })
    }

    /// Throws away what was typed before a gate stood there. What of it is a whole line was read before, and counts for
    /// nothing either; this is for the half of one.
    pub(super) fn forget_typed_ahead(&self) {
        if self.wake.is_some() {
            let _reads = self.shared.reads();
            // A terminal that is gone has nothing typed ahead.
            let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        }
    }

    /// Stops reading, so that another program can; what was typed before is thrown away. Tells whether nothing of ours
    /// reads now.
    pub(super) async fn lend(&mut self) -> bool {
        let Some(wake) = &mut self.wake else {
            return false;
        };
        self.shared.turn().lent = true;
        // Where the thread has ended nobody hears it, and nothing reads.
        let _ = wake.write(b".");
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            let ended = loop {
                match self.lines.try_recv() {
                    Ok(_) => {}
                    Err(error) => break error == mpsc::error::TryRecvError::Disconnected,
                }
            };
            if ended || self.shared.turn().rests {
                return true;
            }
            sleep(LOOK).await;
        }
        self.take_back();
        false
    }

    /// Reads again.
    pub(super) fn take_back(&self) {
        self.shared.turn().lent = false;
        self.shared.changed.notify_all();
    }
}

/// Reads from what is no terminal.
fn to_the_end(send: &mpsc::Sender<Line>) {
    let mut input = io::stdin().lock();
    loop {
        let mut bytes = Vec::new();
        match input
            .by_ref()
            .take(LINE as u64)
            .read_until(b'\n', &mut bytes)
        {
            // An input that cannot be read has ended.
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if !tell(send, &bytes) {
            return;
        }
    }
}

/// Reads from a terminal, while that is not lent.
fn at_a_terminal(send: &mpsc::Sender<Line>, shared: &Shared, wake: &UnixStream) {
    let stdin = io::stdin();
    let mut left: Vec<u8> = Vec::new();
    loop {
        shared.wait();
        let mut both = [
            PollFd::new(&stdin, PollFlags::IN),
            PollFd::new(wake, PollFlags::IN),
        ];
        match poll(&mut both, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
        }
        if !both[1].revents().is_empty() {
            match rustix::io::read(wake, &mut [0; 8]) {
                // Nobody listens any more.
                Ok(0) | Err(_) => return,
                Ok(_) => continue,
            }
        }
        let mut bytes = [0; 4096];
        let count = {
            let _reads = shared.reads();
            // It may have been thrown away meanwhile.
            let mut one = [PollFd::new(&stdin, PollFlags::IN)];
            match poll(&mut one, Some(&Timespec::default())) {
                Ok(1..) => {}
                Ok(0) | Err(_) => continue,
            }
            match rustix::io::read(&stdin, &mut bytes) {
                Ok(count) => count,
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => 0,
            }
        };
        left.extend_from_slice(&bytes[..count]);
        while let Some(end) = end_of_a_line(&left) {
            let line: Vec<u8> = left.drain(..end).collect();
            if !tell(send, &line) {
                return;
            }
        }
        if count == 0 {
            if !left.is_empty() {
                tell(send, &left);
            }
            return;
        }
    }
}

/// Where the first line ends, also where it is longer than any that is taken.
fn end_of_a_line(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().take(LINE).position(|byte| *byte == b'\n');
    end.map(|end| end + 1)
        .or_else(|| (bytes.len() >= LINE).then_some(LINE))
}

/// Tells a line; gives whether anybody listens.
fn tell(send: &mpsc::Sender<Line>, bytes: &[u8]) -> bool {
    let at = Instant::now();
    let text = String::from_utf8_lossy(bytes);
    let line = text.trim_end_matches(['\n', '\r']).to_owned();
    send.blocking_send((line, at)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_its_feed_or_where_it_is_too_long() {
        assert_eq!(end_of_a_line(b"one\ntwo\n"), Some(4));
        assert_eq!(end_of_a_line(b"\n"), Some(1));
        assert_eq!(end_of_a_line(b"one"), None);
        let long = [vec![b'x'; LINE], b"y\n".to_vec()].concat();
        assert_eq!(end_of_a_line(&long), Some(LINE));
        assert_eq!(end_of_a_line(&long[LINE..]), Some(2));
    }
}

//! A person's side of the socket: connects, stays connected, folds what arrives.
//!
//! [`Client::connect`] gives a handle for wishes and a stream of [`Update`]s. When the connection is lost,
//! the client connects again by itself and asks only for the entries it does not have.

mod folded;
mod link;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::clock::Timestamp;
use crate::names::{MachineName, RunId, StepId};
use crate::run::{Entry, Intent};
use crate::wire::{Live, ToEngine, Typed};

pub use folded::Folded;

/// How many updates wait for whoever draws. Beyond that the engine waits, and in the end lets go.
const UPDATES: usize = 1024;

/// How to attach.
#[derive(Debug, Clone)]
pub struct Attach {
    /// The engine's socket.
    pub socket: PathBuf,
    /// The name the person goes by.
    pub name: String,
    /// Whether they only watch.
    pub watch: bool,
}

/// What a client is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// The connection is there; the entries up to this one follow at once.
    Connected {
        /// The run.
        run: RunId,
        /// The number of this connection in the run; finds the person in [`crate::run::Run::present`].
        client: u32,
        /// The engine's clock.
        now: Timestamp,
        /// The number of the next entry to be written.
        caught_up_at: u64,
    },
    /// The connection is gone; the next try follows by itself.
    Disconnected {
        /// What was said about it.
        why: String,
        /// Whether the engine said goodbye, so that no further try is made.
        last: bool,
    },
    /// An entry, already applied to the client's [`crate::run::Run`] by [`Folded::take`] or to be applied
    /// by the caller. Each comes once and in order, however often the connection was lost.
    Entry {
        /// The entry.
        entry: Box<Entry>,
        /// The head of the chain after it, in hex.
        head: String,
    },
    /// A wish became the entry of this number.
    Granted {
        /// The number that [`Client::wish`] gave it.
        id: u64,
        /// The entry.
        seq: u64,
    },
    /// What was typed reached the terminal that it was for.
    Passed {
        /// The number that [`Client::type_to`] gave it.
        id: u64,
    },
    /// A wish or what was typed was refused, or the connection was lost before it was answered.
    Refused {
        /// The number that [`Client::wish`] gave it.
        id: u64,
        /// Why, for the person.
        why: String,
    },
    /// What goes on between two entries.
    Live(Live),
    /// An engine holds the run and has not answered for a while. Whatever comes after this says that it does.
    Silent {
        /// Its process, where the system says so.
        pid: Option<u32>,
    },
    /// A piece of an output file.
    Piece {
        /// The file.
        file: String,
        /// From which byte.
        offset: u64,
        /// The bytes as they came.
        bytes: Vec<u8>,
        /// How long the file is now.
        length: u64,
    },
}

/// A handle for wishes. Clones are the same connection, which is closed with the last of them.
#[derive(Debug, Clone)]
pub struct Client(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    say: mpsc::UnboundedSender<ToEngine>,
    last_wish: AtomicU64,
    work: AbortHandle,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl Client {
    /// Begins to connect, on the current tokio runtime, and gives the stream of what is told. It ends after
    /// an [`Update::Disconnected`] that says it is the last.
    pub fn connect(attach: Attach) -> (Self, mpsc::Receiver<Update>) {
        // Without a bound: a person's keys fill it, one at a time, and the screen must never wait.
        let (say, said) = mpsc::unbounded_channel();
        let (updates, told) = mpsc::channel(UPDATES);
        let work = tokio::spawn(link::stay_connected(attach, said, updates));
        let handle = Handle {
            say,
            last_wish: AtomicU64::new(0),
            work: work.abort_handle(),
        };
        (Self(Arc::new(handle)), told)
    }

    /// Says what the person wants, and gives the number that the answer will have. Never waits.
    pub fn wish(&self, intent: Intent) -> u64 {
        let id = self.0.last_wish.fetch_add(1, Ordering::Relaxed) + 1;
        self.say(ToEngine::Wish { id, intent });
        id
    }

    /// Types to what runs on a terminal, and gives the number that the answer will have. Never waits, and is never sent
    /// twice: what is under way when the connection is lost has no answer.
    pub fn type_to(&self, at: (StepId, u32, MachineName), typed: Typed) -> u64 {
        let id = self.0.last_wish.fetch_add(1, Ordering::Relaxed) + 1;
        let (step, attempt, lane) = at;
        self.say(ToEngine::Type {
            id,
            step,
            attempt,
            lane,
            typed,
        });
        id
    }

    /// Asks for at most `most` bytes of an output file from `offset` on; they come as [`Update::Piece`].
    /// A question that is under way when the connection is lost has no answer: ask again when connected.
    pub fn read(&self, file: &str, offset: u64, most: u32) {
        let file = file.to_owned();
        self.say(ToEngine::Read { file, offset, most });
    }

    fn say(&self, message: ToEngine) {
        // Closed only after the last goodbye, which the person has seen.
        let _ = self.0.say.send(message);
    }
}

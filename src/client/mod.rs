//! A person's side of the socket: connects, stays connected, folds what arrives.
//!
//! [`Client::connect`] gives a handle for wishes and a stream of [`Update`]s. When the connection is lost,
//! the client connects again by itself and asks only for the entries it does not have.

use std::path::PathBuf;

use crate::clock::Timestamp;
use crate::names::RunId;
use crate::run::{Entry, Run};
use crate::wire::Live;

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
        /// The number of this connection in the run; finds the person in [`Run::present`].
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
    /// An entry, already applied to the client's [`Run`] by [`Folded::take`] or to be applied by the caller.
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
    /// A wish was refused.
    Refused {
        /// The number that [`Client::wish`] gave it.
        id: u64,
        /// Why, for the person.
        why: String,
    },
    /// What goes on between two entries.
    Live(Live),
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

/// A run as this client knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Folded {
    /// The run.
    pub run: Run,
    /// Every entry, in order, for the journal's live tail.
    pub entries: Vec<Entry>,
    /// The head of the chain after the last entry, in hex; empty before the first.
    pub head: String,
}

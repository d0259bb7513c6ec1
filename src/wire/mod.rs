//! What an engine and its clients say to each other, over a Unix socket.
//!
//! A frame is a length (4 bytes, big endian, at most [`MAX_FRAME`]), then JSON. Entries are pushed; output
//! is not: the engine only says how long a file has grown, and a client reads it piece by piece, at its own
//! pace. So a client that stands still costs the engine one number, and a flood on the run costs the client
//! what it chooses to look at. Pushing output was the road not taken: it needs a buffer for each client, and
//! a rule for when it is full.

mod frame;
mod typed;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::kinds::Progress;
use crate::names::{MachineName, RunId, StepId};
use crate::probe::Series;
use crate::run::{Entry, Intent};

pub use frame::{MAX_FRAME, WireError, read, write};
pub use typed::{Keys, Typed};

/// The version of this protocol; both sides must be of the same.
pub const PROTOCOL: u32 = 3;

/// From a client to the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "say",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum ToEngine {
    /// The first message of every connection.
    Hello {
        /// [`PROTOCOL`].
        protocol: u32,
        /// The name the person goes by.
        name: String,
        /// Whether they only watch.
        watch: bool,
        /// The number of the first entry that the client does not have; 0 for all.
        from: u64,
    },
    /// A person wants something.
    Wish {
        /// The client's own number for it, given back in the answer.
        id: u64,
        /// What.
        intent: Intent,
    },
    /// Whoever has the keyboard types to what runs on a terminal. It becomes no entry.
    Type {
        /// The client's own number for it, given back in the answer.
        id: u64,
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// What.
        typed: Typed,
    },
    /// The client wants a piece of an output file.
    Read {
        /// The file's name in the run's `output` folder.
        file: String,
        /// From which byte.
        offset: u64,
        /// How many bytes at most; the engine gives at most 256 KiB.
        most: u32,
    },
}

/// From the engine to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "say",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum FromEngine {
    /// The answer to a hello.
    Welcome {
        /// The run.
        run: RunId,
        /// The number of this connection.
        client: u32,
        /// The engine's clock, so that elapsed times agree.
        now: Timestamp,
        /// The number of the next entry that will be written; when the client has all before it, it
        /// has caught up.
        caught_up_at: u64,
    },
    /// One durable entry, with the head of the chain after it, in hex.
    Entry {
        /// The entry.
        entry: Box<Entry>,
        /// The hash that its record ends the chain with.
        head: String,
    },
    /// A wish became an entry.
    Granted {
        /// The client's number for it.
        id: u64,
        /// The entry's number.
        seq: u64,
    },
    /// What was typed has reached the terminal that it was for.
    Passed {
        /// The client's number for it.
        id: u64,
    },
    /// A wish did not become an entry, or what was typed did not arrive.
    Refused {
        /// The client's number for it.
        id: u64,
        /// Why, in a sentence for the person.
        why: String,
    },
    /// Something is going on that no entry tells of yet.
    Live(Live),
    /// A piece of an output file.
    Piece {
        /// The file.
        file: String,
        /// From which byte.
        offset: u64,
        /// The bytes, in Base64; empty when there is nothing there yet.
        bytes: String,
        /// How long the file is now.
        length: u64,
    },
    /// The engine closes this connection.
    Goodbye {
        /// Why, in a sentence for the person.
        why: String,
    },
}

/// What goes on between two entries. It may be lost without harm, and is never shown as recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Live {
    /// A running leg's output has grown.
    Grew {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg.
        leg: u16,
        /// The file in the run's `output` folder.
        file: String,
        /// How long it is now.
        length: u64,
        /// How to read progress out of it.
        progress: Progress,
    },
    /// The terminal that a leg runs on has this size: what it prints is meant for that.
    Sized {
        /// The file in the run's `output` folder.
        file: String,
        /// Rows.
        rows: u16,
        /// Columns.
        columns: u16,
    },
    /// A wait or a proof was asked and does not hold yet.
    Asked {
        /// The step.
        step: StepId,
        /// The lane.
        lane: MachineName,
        /// The question's place in the planned proofs; none for the probe of a wait.
        proof: Option<u16>,
        /// What was seen.
        seen: String,
        /// How often it was asked so far.
        times: u32,
        /// When it is given up; none where it is asked once.
        until: Option<Timestamp>,
        /// The numbers that came so far, thinned out; none where no number is watched.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        numbers: Option<Series>,
    },
    /// A machine is being asked, or a link is being made again.
    Busy {
        /// The machine.
        machine: MachineName,
        /// With what: `reading /etc/nginx/site.conf`.
        doing: String,
        /// When the next try is; none while one is under way.
        next_try: Option<Timestamp>,
    },
    /// The machine is not busy any more.
    Idle {
        /// The machine.
        machine: MachineName,
    },
    /// What was done last is not on disk yet, because the disk takes its time. What was told until now is.
    Unsaved {
        /// Since when it is being written.
        since: Timestamp,
    },
    /// What was done last is on disk.
    Saved,
    /// The disk has no room: nothing new is started, and outcomes are still recorded.
    Full {
        /// What the system said, and where.
        why: String,
    },
    /// There is room again.
    Room,
    /// The engine ends with the login session that it was started from.
    EndsAtLogout,
    /// The engine cannot go on writing the journal; what is true is what was written until then.
    Poisoned {
        /// What the system said.
        why: String,
    },
}

/// The name of the output file of a leg in the run's `output` folder: `STEP.ATTEMPT.LANE.LEG`.
pub fn output_file(step: &StepId, attempt: u32, lane: &MachineName, leg: u16) -> String {
    format!("{step}.{attempt}.{lane}.{leg}")
}

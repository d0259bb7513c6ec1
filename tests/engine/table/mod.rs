//! The recovery table: the engine dies at every point of a step's life, and comes back to its machine in
//! every state. The engine, its journal and its folder are the program's own; the machine plays its part.

mod cell;
mod mortal;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::size::told;
use cell::{Cell, Flaw};

/// Where the engine dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Before the start is written.
    StartUnwritten,
    /// The start was written and not synced, and nothing of it got to the disk.
    StartLost,
    /// The same, and half of it did.
    StartTorn,
    /// The same, and all of it did.
    StartKept,
    /// The start is safe, and nothing was sent.
    Unsent,
    /// It was sent, and has not arrived.
    Sent,
    /// Its token is claimed, and the command has not begun.
    Claimed,
    /// It runs, and a part of its output was fetched.
    Running,
    /// It has ended and all was fetched, and nothing of that is written.
    Ended,
    /// Its end was written and not synced, and nothing of it got to the disk.
    EndLost,
    /// The same, and half of it did.
    EndTorn,
    /// The same, and all of it did.
    EndKept,
    /// Its end is safe, and its machine does not know that.
    Unforgotten,
    /// Its machine has forgotten it.
    Forgotten,
}

impl Point {
    fn is_before_the_end(self) -> bool {
        (self as u8) < Self::Ended as u8
    }

    fn is_on_record(self) -> bool {
        self as u8 >= Self::StartKept as u8
    }
}

/// How the machine stands when the engine is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No such token, in the same spool and since the same boot.
    Nothing,
    /// It runs.
    Running,
    /// It ended with this code, after all it had to print.
    Done(i32),
    /// It was revoked, or its keeper died before it began.
    Revoked,
    /// Its keeper died while it ran.
    Lost,
    /// Its spool was removed and made anew.
    Wiped,
    /// It restarted, and its disk has all receipts.
    Restarted,
    /// It restarted, and its disk has none.
    PowerCut,
    /// It cannot be reached, and then it can.
    Away,
    /// It cannot be reached, somebody wants an end, and then it can.
    Stopped,
    /// It does not answer, somebody wants an end, and then it does: an end was wanted before it is asked.
    Hung,
    /// Another host key answers.
    KeyChanged,
}

/// What must come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Must {
    /// The engine that came back starts it, once, and records its code.
    Start,
    /// It is followed or only asked about, and its code is recorded.
    Record,
    /// It is followed, the end that somebody wanted reaches it, and the code of that is recorded.
    Stop,
    /// What is on record stays, and nothing is added to it.
    Keep,
    /// Nobody can know, and a person must decide; the command ran so often.
    Unknown(usize),
    /// It is proved that it did not run, and it can be tried again.
    Offer,
    /// There is no such cell, for this reason.
    Never(&'static str),
}

impl Must {
    /// How often the command has run, whatever arrives late.
    fn ran(self) -> usize {
        match self {
            Self::Start | Self::Record | Self::Stop | Self::Keep => 1,
            Self::Unknown(ran) => ran,
            Self::Offer | Self::Never(_) => 0,
        }
    }
}

/// The states in the order of the table's columns; what ended stands for each of [`CODES`].
const STATES: [State; 12] = [
    State::Nothing,
    State::Running,
    State::Done(0),
    State::Revoked,
    State::Lost,
    State::Wiped,
    State::Restarted,
    State::PowerCut,
    State::Away,
    State::Stopped,
    State::Hung,
    State::KeyChanged,
];

/// What a command can end with: well, badly, with what ssh says of a lost link, by a signal.
const CODES: [i32; 4] = [0, 7, 255, 143];

/// What must come of each cell. `?N` is unknown after N runs; a letter is one of [`REASONS`].
#[rustfmt::skip]
const TABLE: [(Point, [&str; 12]); 14] = [
    //                       nothing   running    done N     revoked   lost     wiped     restarted   power cut   away       stopped   hung      key changed
    (Point::StartUnwritten, ["start",  "A",       "A",       "A",      "A",     "start",  "start",    "start",    "start",   "offer",  "offer",  "offer"]),
    (Point::StartLost,      ["start",  "A",       "A",       "A",      "A",     "start",  "start",    "start",    "start",   "offer",  "offer",  "offer"]),
    (Point::StartTorn,      ["start",  "A",       "A",       "A",      "A",     "start",  "start",    "start",    "start",   "offer",  "offer",  "offer"]),
    (Point::StartKept,      ["start",  "B",       "B",       "offer",  "B",     "?0",     "?0",       "?0",       "start",   "offer",  "offer",  "?0"]),
    (Point::Unsent,         ["start",  "B",       "B",       "offer",  "B",     "?0",     "?0",       "?0",       "start",   "offer",  "offer",  "?0"]),
    (Point::Sent,           ["start",  "record",  "record",  "offer",  "?1",    "?0",     "?0",       "?0",       "start",   "offer",  "offer",  "?1"]),
    (Point::Claimed,        ["C",      "record",  "record",  "offer",  "?1",    "?0",     "?0",       "?0",       "record",  "offer",  "offer",  "?1"]),
    (Point::Running,        ["C",      "record",  "record",  "D",      "?1",    "?1",     "?1",       "?1",       "record",  "stop",   "stop",   "?1"]),
    (Point::Ended,          ["C",      "E",       "record",  "D",      "E",     "?1",     "record",   "?1",       "record",  "record", "record", "?1"]),
    (Point::EndLost,        ["C",      "E",       "record",  "D",      "E",     "?1",     "record",   "?1",       "record",  "record", "record", "?1"]),
    (Point::EndTorn,        ["C",      "E",       "record",  "D",      "E",     "?1",     "record",   "?1",       "record",  "record", "record", "?1"]),
    (Point::EndKept,        ["C",      "E",       "keep",    "D",      "E",     "keep",   "keep",     "keep",     "keep",    "keep",   "keep",   "keep"]),
    (Point::Unforgotten,    ["C",      "E",       "keep",    "D",      "E",     "keep",   "keep",     "keep",     "keep",    "keep",   "keep",   "keep"]),
    (Point::Forgotten,      ["keep",   "E",       "keep",    "D",      "keep",  "keep",   "keep",     "keep",     "keep",    "keep",   "keep",   "keep"]),
];

/// Why there are no such cells.
const REASONS: [(&str, &str); 5] = [
    (
        "A",
        "nothing was sent, and no record tells anybody of its token",
    ),
    ("B", "nothing was sent, so nothing can have begun"),
    (
        "C",
        "a claim stays for as long as its spool and the machine's boot",
    ),
    (
        "D",
        "what has begun is behind its fence, and cannot be revoked",
    ),
    ("E", "it has ended, and its status is written"),
];

fn must(word: &str) -> Must {
    match word {
        "start" => Must::Start,
        "record" => Must::Record,
        "stop" => Must::Stop,
        "keep" => Must::Keep,
        "offer" => Must::Offer,
        "?0" => Must::Unknown(0),
        "?1" => Must::Unknown(1),
        letter => {
            let reason = REASONS.iter().find(|(name, _)| *name == letter);
            Must::Never(reason.expect("a word of the table").1)
        }
    }
}

/// Every cell there is, the impossible ones among them.
fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (point, words) in TABLE {
        for (state, word) in STATES.into_iter().zip(words) {
            let states = match state {
                State::Done(_) => CODES.map(State::Done).to_vec(),
                state => vec![state],
            };
            cells.extend(states.into_iter().map(|state| Cell {
                point,
                state,
                must: must(word),
                flaw: Flaw::None,
            }));
        }
    }
    cells
}

/// How many cells are played at the same time: most of them wait for a link.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn every_death_of_an_engine_meets_every_state_of_a_machine_as_the_table_says() {
    let (never, real): (Vec<_>, Vec<_>) = cells()
        .into_iter()
        .partition(|cell| matches!(cell.must, Must::Never(_)));
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut playing = JoinSet::new();
    let names: std::collections::HashMap<_, _> = real
        .iter()
        .map(|cell| {
            let (cell, turns) = (*cell, turns.clone());
            let handle = playing.spawn(async move {
                let _turn = turns.acquire_owned().await;
                cell.play().await
            });
            (handle.id(), cell)
        })
        .collect();
    let mut wrong = Vec::new();
    while let Some(played) = playing.join_next_with_id().await {
        let (id, why) = match played {
            Ok((_, Ok(()))) => continue,
            Ok((id, Err(why))) => (id, why),
            Err(error) => (error.id(), "it never came to rest".to_owned()),
        };
        wrong.push(format!("{:?}: {why}", names[&id]));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));

    let mut caught = Vec::new();
    for (flaw, point, state, must, says) in [
        (
            Flaw::Forgets,
            Point::Running,
            State::Running,
            Must::Record,
            "ran 2 times",
        ),
        (
            Flaw::LyingDisk,
            Point::Forgotten,
            State::Wiped,
            Must::Keep,
            "ran 2 times",
        ),
        (
            Flaw::OtherCode,
            Point::Running,
            State::Done(7),
            Must::Record,
            "was to be recorded",
        ),
    ] {
        let cell = Cell {
            point,
            state,
            must,
            flaw,
        };
        let why = cell.play().await.expect_err("it must be caught");
        assert!(why.contains(says), "{flaw:?}: {why}");
        caught.push(why);
    }
    assert_eq!(caught.len(), 3);
    let (all, impossible) = (real.len() + never.len(), never.len());
    told(
        "the recovery table",
        &format!(
            "{all} cells, {impossible} of them impossible with a reason, 0 violations; control: a machine that \
             forgets what it started and a disk that loses a start that was safe, each caught running it twice, \
             and a machine with another exit code"
        ),
    );
}

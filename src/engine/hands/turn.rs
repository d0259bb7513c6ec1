//! One stretch of following a leg: from a start, or from the byte where the last stretch ended, to the
//! leg's end or the loss of the link.

use std::time::Duration;

use tokio::sync::{mpsc, watch as cell};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::{Dropped, Ground};
use crate::kinds::Progress;
use crate::names::{MachineName, StepId};
use crate::run::{Finding, Output, Stop};
use crate::transport::{Chunk, Claim, Host, LinkError, Script, Settled, Signal, Signalled};
use crate::wire::Live;

use super::super::mutter::mutter;
use super::super::output::Recorder;

/// How many pieces may be on their way between the link and the file. The link waits beyond that, so
/// that a flood costs memory once and not without end.
const PIECES: usize = 16;

/// The shortest time between two words about the same growing file.
const WORDS: Duration = Duration::from_millis(30);

/// How often and after which pause a signal is sent again that did not get through.
const SIGNALS: (u32, Duration) = (5, Duration::from_secs(1));

/// Which leg of which attempt this is.
#[derive(Clone)]
pub(super) struct Place {
    pub step: StepId,
    pub attempt: u32,
    pub lane: MachineName,
    pub leg: u16,
    pub file: String,
    pub progress: Progress,
}

/// Why what a leg printed is not kept.
pub(super) enum Unkept {
    /// The disk takes no more; with room on it, the rest is fetched from the machine that still has it.
    Disk(std::io::Error),
    /// It cannot be had, as told.
    Lost(String),
}

impl From<std::io::Error> for Unkept {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | ReadOnlyFilesystem => Self::Disk(error),
            _ => Self::Lost(error.to_string()),
        }
    }
}

impl From<tokio::task::JoinError> for Unkept {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Lost(error.to_string())
    }
}

/// The output file, written off the async threads. The first trouble is kept, and ends the writing only.
pub(super) struct Tape {
    recorder: Option<Recorder>,
    trouble: Option<Unkept>,
}

impl Tape {
    pub async fn open(
        opening: impl FnOnce() -> std::io::Result<Recorder> + Send + 'static,
    ) -> Self {
        let mut tape = Self {
            recorder: None,
            trouble: None,
        };
        match tokio::task::spawn_blocking(opening).await {
            Ok(Ok(recorder)) => tape.recorder = Some(recorder),
            Ok(Err(error)) => tape.trouble = Some(error.into()),
            Err(error) => tape.trouble = Some(error.into()),
        }
        tape
    }

    /// The place of the next byte that is wanted; the beginning once nothing is kept any more.
    pub fn next(&self) -> u64 {
        self.recorder.as_ref().map_or(0, Recorder::next)
    }

    /// Whether an output of so many bytes has all arrived. Unkept output is told by [`Tape::finish`].
    pub fn is_whole(&self, bytes: u64) -> bool {
        self.recorder.as_ref().is_none_or(|r| r.next() == bytes)
    }

    fn length(&self) -> u64 {
        self.recorder.as_ref().map_or(0, Recorder::length)
    }

    async fn take(&mut self, chunks: Vec<Chunk>) {
        let Some(mut recorder) = self.recorder.take() else {
            return;
        };
        let writing = tokio::task::spawn_blocking(move || {
            chunks.iter().try_for_each(|chunk| recorder.take(chunk))?;
            Ok::<_, std::io::Error>(recorder)
        });
        match writing.await {
            Ok(Ok(recorder)) => self.recorder = Some(recorder),
            Ok(Err(error)) => self.trouble = Some(error.into()),
            Err(error) => self.trouble = Some(error.into()),
        }
    }

    /// Takes out that the disk takes no more, where that is the trouble.
    fn disk(&mut self) -> Option<std::io::Error> {
        match self.trouble.take() {
            Some(Unkept::Disk(error)) => Some(error),
            other => {
                self.trouble = other;
                None
            }
        }
    }

    /// Makes the file durable. `complete` says that the machine has proved the leg's end.
    ///
    /// # Errors
    ///
    /// The first trouble: what is on disk is not what was printed.
    pub async fn finish(self, complete: bool) -> Result<Option<Output>, Unkept> {
        let Some(recorder) = self.recorder else {
            let unsaid = || Unkept::Lost(String::new());
            return Err(self.trouble.unwrap_or_else(unsaid));
        };
        Ok(tokio::task::spawn_blocking(move || recorder.finish(complete)).await??)
    }
}

/// When a leg has taken too long, and what is then recorded.
pub(super) struct Limit {
    pub at: Instant,
    pub because: String,
}

/// Whatever a stretch needs beside the tape.
pub(super) struct Turn<'a> {
    pub ground: &'a Ground,
    pub place: &'a Place,
    pub host: &'a Host,
    pub claim: &'a Claim,
    pub stop: &'a mut cell::Receiver<Option<Stop>>,
    /// Taken when it has been told.
    pub limit: &'a mut Option<Limit>,
}

impl Turn<'_> {
    /// Sends the start, and follows from the first byte.
    pub async fn start(self, script: Script, tape: &mut Tape) -> Result<Settled, LinkError> {
        let (out, pieces) = mpsc::channel(PIECES);
        let (host, claim) = (self.host.clone(), self.claim.clone());
        let work = tokio::spawn(async move { host.start(&claim, &script, out).await });
        self.follow(work, pieces, tape).await
    }

    /// Follows what was started, from the first byte that is not kept.
    pub async fn attach(self, tape: &mut Tape) -> Result<Settled, LinkError> {
        let (out, pieces) = mpsc::channel(PIECES);
        let (host, claim, from) = (self.host.clone(), self.claim.clone(), tape.next());
        let work = tokio::spawn(async move { host.attach(&claim, from, out).await });
        self.follow(work, pieces, tape).await
    }

    async fn follow(
        mut self,
        mut work: JoinHandle<Result<Settled, LinkError>>,
        mut pieces: mpsc::Receiver<Chunk>,
        tape: &mut Tape,
    ) -> Result<Settled, LinkError> {
        let _dropped = Dropped(work.abort_handle());
        let mut signal: Option<Dropped> = self.signal();
        let mut chunks = Vec::with_capacity(PIECES);
        let mut told = (Instant::now() - WORDS, tape.length());
        let mut stop_is_open = true;
        loop {
            let due = (tape.length() > told.1).then(|| told.0 + WORDS);
            let limit = self.limit.as_ref().map(|limit| limit.at);
            tokio::select! {
                got = pieces.recv_many(&mut chunks, PIECES) => {
                    if got == 0 {
                        break;
                    }
                    tape.take(std::mem::take(&mut chunks)).await;
                    if let Some(error) = tape.disk() {
                        return self.ground.no_room(&self.place.file, error).await;
                    }
                }
                changed = self.stop.changed(), if stop_is_open => {
                    stop_is_open = changed.is_ok();
                    signal = self.signal().or(signal);
                }
                () = maybe(limit) => self.time_is_up().await,
                () = maybe(due) => {}
            }
            if tape.length() > told.1 && told.0.elapsed() >= WORDS {
                self.grew(tape.length()).await;
                told = (Instant::now(), tape.length());
            }
        }
        // The pieces are all here; the end may still be on its way, and nothing holds it up.
        let settled = loop {
            let limit = self.limit.as_ref().map(|limit| limit.at);
            tokio::select! {
                settled = &mut work => break settled,
                changed = self.stop.changed(), if stop_is_open => {
                    stop_is_open = changed.is_ok();
                    signal = self.signal().or(signal);
                }
                () = maybe(limit) => self.time_is_up().await,
            }
        };
        if tape.length() > told.1 {
            self.grew(tape.length()).await;
        }
        match settled {
            Ok(settled) => settled,
            // A task of this program that died: whatever it saw is told by the receipt.
            Err(error) => Err(LinkError {
                host: self.host.name().to_owned(),
                doing: "follow".to_owned(),
                trouble: crate::transport::LinkTrouble::Lost,
                said: error.to_string(),
            }),
        }
    }

    async fn time_is_up(&mut self) {
        if let Some(limit) = self.limit.take() {
            self.ground
                .found(Finding::TimeUp {
                    step: self.place.step.clone(),
                    attempt: self.place.attempt,
                    because: limit.because,
                })
                .await;
        }
    }

    async fn grew(&self, length: u64) {
        let place = self.place;
        self.ground.live(Live::Grew {
            step: place.step.clone(),
            attempt: place.attempt,
            lane: place.lane.clone(),
            leg: place.leg,
            file: place.file.clone(),
            length,
            progress: place.progress,
        });
    }

    /// Sends the signal that is wanted, beside the following, until it got through or the stretch ends.
    fn signal(&self) -> Option<Dropped> {
        let signal = match (*self.stop.borrow())? {
            Stop::Ask => Signal::Term,
            Stop::Kill => Signal::Kill,
        };
        let (host, claim) = (self.host.clone(), self.claim.clone());
        let work = tokio::spawn(async move {
            for _ in 0..SIGNALS.0 {
                match end(&host, &claim, signal).await {
                    Ok(()) => return,
                    Err(error) => mutter(&format!("signal {}: {error}", claim.token)),
                }
                tokio::time::sleep(SIGNALS.1).await;
            }
        });
        Some(Dropped(work.abort_handle()))
    }
}

/// Signals what runs, or sees to it that it never does.
async fn end(host: &Host, claim: &Claim, signal: Signal) -> Result<(), LinkError> {
    match host.signal(claim, signal).await? {
        Signalled::Sent => Ok(()),
        // Its start may still be under way; what the receipt says then is told to whoever follows.
        Signalled::NotRunning => host.revoke(claim).await.map(|_| ()),
    }
}

async fn maybe(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

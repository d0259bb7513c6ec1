//! Keeps a connection, and makes it again when it is lost.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Attach, Update};
use crate::wire::{self, FromEngine, Live, PROTOCOL, ToEngine, WireError};

/// The pauses between tries; the last is repeated.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
];

/// How long an engine may owe an answer before the person is told that it does not speak.
const SILENCE: Duration = Duration::from_secs(5);

/// How long an engine that takes no more words is listened to.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a client keeps over several connections.
struct Link {
    attach: Attach,
    said: mpsc::UnboundedReceiver<ToEngine>,
    updates: mpsc::Sender<Update>,
    /// The number of the first entry that was not handed on.
    next: u64,
    /// Wishes without an answer.
    open: BTreeSet<u64>,
    /// Whether the engine said that its disk is slow: then it is not silent.
    slow: bool,
}

/// How a connection ended.
enum End {
    /// Try again.
    Lost(String),
    /// The engine said goodbye.
    Goodbye(String),
    /// Nobody listens to the updates any more.
    Unheard,
}

pub(super) async fn stay_connected(
    attach: Attach,
    said: mpsc::UnboundedReceiver<ToEngine>,
    updates: mpsc::Sender<Update>,
) {
    let mut link = Link {
        attach,
        said,
        updates,
        next: 0,
        open: BTreeSet::new(),
        slow: false,
    };
    let mut tries = 0;
    let mut told = None;
    loop {
        let before = link.next;
        let connected = UnixStream::connect(&link.attach.socket).await;
        let end = match connected {
            Ok(stream) => link.talk(stream).await,
            Err(error) => Ok(End::Lost(format!("no engine answers: {error}"))),
        };
        let (why, last) = match end {
            Ok(End::Lost(why)) => (why, false),
            Ok(End::Goodbye(why)) => (why, true),
            Ok(End::Unheard) => return,
            Err(error) => (error.to_string(), false),
        };
        if link.next > before {
            (tries, told) = (0, None);
        }
        // Once for each trouble: the screen says since when, and need not be told at every try.
        if last || told.as_ref() != Some(&why) {
            told = Some(why.clone());
            if link.tell(Update::Disconnected { why, last }).await.is_err() {
                return;
            }
        }
        if last || link.refuse_open().await.is_err() {
            return;
        }
        let pause = tokio::time::sleep(PAUSES[tries.min(PAUSES.len() - 1)]);
        tries += 1;
        if link.refuse_until(pause).await.is_err() {
            return;
        }
    }
}

/// Nobody listens to the updates any more.
struct Unheard;

impl Link {
    async fn tell(&self, update: Update) -> Result<(), Unheard> {
        self.updates.send(update).await.map_err(|_| Unheard)
    }

    /// Tells that wishes which were under way have no answer. They are not sent again: whether they became
    /// entries is seen when the connection is back, and the person decides from there.
    async fn refuse_open(&mut self) -> Result<(), Unheard> {
        for id in std::mem::take(&mut self.open) {
            let why = "the connection was lost before the answer; look whether it was done";
            let why = why.to_owned();
            self.tell(Update::Refused { id, why }).await?;
        }
        Ok(())
    }

    /// Refuses what is wished while there is no connection.
    async fn refuse_until(&mut self, pause: tokio::time::Sleep) -> Result<(), Unheard> {
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => return Ok(()),
                message = self.said.recv() => match message {
                    Some(ToEngine::Wish { id, .. } | ToEngine::Type { id, .. }) => {
                        let why = "there is no connection to the engine".to_owned();
                        self.tell(Update::Refused { id, why }).await?;
                    }
                    Some(_) => {}
                    None => return Err(Unheard),
                }
            }
        }
    }

    async fn talk(&mut self, stream: UnixStream) -> Result<End, WireError> {
        // The process that listens, which is the engine.
        let pid = stream.peer_cred().ok().and_then(|peer| peer.pid());
        let pid = pid.and_then(|pid| u32::try_from(pid).ok());
        self.slow = false;
        let (from_engine, mut to_engine) = stream.into_split();
        let mut from_engine = BufReader::with_capacity(256 * 1024, from_engine);
        let hello = ToEngine::Hello {
            protocol: PROTOCOL,
            name: self.attach.name.clone(),
            watch: self.attach.watch,
            from: self.next,
        };
        wire::write(&mut to_engine, &hello).await?;
        // Reading is a task of its own, because a frame that was begun must be read to its end.
        let (heard, mut hears) = mpsc::channel(64);
        let reading = tokio::spawn(async move { read_all(&mut from_engine, heard).await });
        let end = self.converse(&mut to_engine, &mut hears, pid).await;
        reading.abort();
        end
    }

    async fn converse(
        &mut self,
        to_engine: &mut OwnedWriteHalf,
        hears: &mut mpsc::Receiver<Result<FromEngine, WireError>>,
        pid: Option<u32>,
    ) -> Result<End, WireError> {
        let mut welcome = false;
        let mut patience = Some(Instant::now() + SILENCE);
        loop {
            let owes = (!welcome || !self.open.is_empty()) && !self.slow;
            let silence = async {
                match patience.filter(|_| owes) {
                    Some(end) => tokio::time::sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = silence => {
                    patience = None;
                    if self.tell(Update::Silent { pid }).await.is_err() {
                        return Ok(End::Unheard);
                    }
                }
                message = hears.recv() => {
                    patience = Some(Instant::now() + SILENCE);
                    welcome |= matches!(message, Some(Ok(FromEngine::Welcome { .. })));
                    let update = match message {
                        Some(message) => self.update(message?),
                        None => return Ok(End::Lost("the engine closed the connection".to_owned())),
                    };
                    match update {
                        Ok(Some(update)) => {
                            if self.tell(update).await.is_err() {
                                return Ok(End::Unheard);
                            }
                        }
                        Ok(None) => {}
                        Err(end) => return Ok(end),
                    }
                }
                message = self.said.recv() => {
                    let Some(message) = message else {
                        return Ok(End::Unheard);
                    };
                    if let ToEngine::Wish { id, .. } = &message {
                        self.open.insert(*id);
                        patience = Some(Instant::now() + SILENCE);
                    }
                    if let Err(error) = wire::write(to_engine, &message).await {
                        return self.hear_out(hears, error).await;
                    }
                }
            }
        }
    }

    /// Hears out an engine that takes no more words: it may have said goodbye just before.
    async fn hear_out(
        &mut self,
        hears: &mut mpsc::Receiver<Result<FromEngine, WireError>>,
        error: WireError,
    ) -> Result<End, WireError> {
        let hearing = async {
            while let Some(Ok(message)) = hears.recv().await {
                let told = match self.update(message) {
                    Ok(Some(update)) => self.tell(update).await,
                    Ok(None) => Ok(()),
                    Err(end) => return Some(end),
                };
                if told.is_err() {
                    return Some(End::Unheard);
                }
            }
            None
        };
        match tokio::time::timeout(LAST_WORDS, hearing).await {
            Ok(Some(end)) => Ok(end),
            Ok(None) | Err(_) => Err(error),
        }
    }

    /// What a message means to whoever listens; the end of the connection where it is that.
    fn update(&mut self, message: FromEngine) -> Result<Option<Update>, End> {
        Ok(Some(match message {
            FromEngine::Welcome {
                run,
                client,
                now,
                caught_up_at,
            } => Update::Connected {
                run,
                client,
                now,
                caught_up_at,
            },
            FromEngine::Entry { entry, head } => {
                if entry.seq < self.next {
                    return Ok(None);
                }
                if entry.seq > self.next {
                    let why = format!("entry {} came instead of {}", entry.seq, self.next);
                    return Err(End::Lost(why));
                }
                self.next += 1;
                Update::Entry { entry, head }
            }
            FromEngine::Granted { id, seq } => {
                self.open.remove(&id);
                Update::Granted { id, seq }
            }
            FromEngine::Passed { id } => Update::Passed { id },
            FromEngine::Refused { id, why } => {
                self.open.remove(&id);
                Update::Refused { id, why }
            }
            FromEngine::Live(live) => {
                match live {
                    Live::Unsaved { .. } => self.slow = true,
                    Live::Saved => self.slow = false,
                    _ => {}
                }
                Update::Live(live)
            }
            FromEngine::Piece {
                file,
                offset,
                bytes,
                length,
            } => match BASE64_STANDARD.decode(bytes) {
                Ok(bytes) => Update::Piece {
                    file,
                    offset,
                    bytes,
                    length,
                },
                Err(error) => return Err(End::Lost(format!("a piece of output: {error}"))),
            },
            FromEngine::Goodbye { why } => return Err(End::Goodbye(why)),
        }))
    }
}

async fn read_all(
    from_engine: &mut BufReader<OwnedReadHalf>,
    heard: mpsc::Sender<Result<FromEngine, WireError>>,
) {
    loop {
        let message = match wire::read(from_engine).await {
            Ok(Some(message)) => Ok(message),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let failed = message.is_err();
        if heard.send(message).await.is_err() || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests;

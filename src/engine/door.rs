//! One client's connection.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::journal::is_file_name;
use crate::names::RunId;
use crate::problem::visible;
use crate::wire::{self, FromEngine, Live, PROTOCOL, ToEngine, WireError};

use super::actor::{Message, Visitor};
use super::log::Log;
use super::output;
use super::standing::{SLOW, Standing, Stands};

/// How long a client has for its first word.
const HELLO: Duration = Duration::from_secs(5);

/// How long a write may make no progress. Whoever does not read for so long is not there, and must not
/// count as a person at a gate; the client comes back by itself.
const STALLED: Duration = Duration::from_secs(30);

/// How many answers wait for a client.
const OUTBOX: usize = 256;

/// About how many bytes of entries are written at once.
const BATCH: usize = 64 * 1024;

/// The most of an output file that is given at once, in bytes.
const PIECE: u32 = 256 * 1024;

/// What is said to whoever comes too late.
const ENDS: &str = "the engine ends";

/// The longest name of a person, in characters.
const NAME: usize = 40;

/// What every connection of an engine shares.
pub(super) struct House {
    pub run: RunId,
    pub log: Log,
    pub output: PathBuf,
    pub clock: Clock,
    pub inbox: mpsc::Sender<Message>,
    /// What goes on between two entries.
    pub live: broadcast::Sender<Live>,
    pub stands: Stands,
    /// Says goodbye, and why, once the engine ends.
    pub closing: watch::Receiver<Option<String>>,
}

/// Serves one connection to its end. Trouble with it is the client's alone.
pub(super) async fn serve(house: Arc<House>, mut stream: UnixStream) {
    match enter(&house, &mut stream).await {
        Ok(mut guest) => {
            guest.stay(&house, stream).await;
            guest.number.close();
            let known = guest.client.or_else(|| guest.number.try_recv().ok());
            if let Some(client) = known {
                // The actor is gone only when the engine is.
                let _ = house.inbox.send(Message::Leave { client }).await;
            }
        }
        Err(why) => {
            let _ = say(&mut stream, &FromEngine::Goodbye { why }).await;
        }
    }
}

struct Guest {
    /// The number of the connection, once the actor has recorded it.
    client: Option<u32>,
    /// Where it comes from.
    number: oneshot::Receiver<u32>,
    from: u64,
    live: broadcast::Receiver<Live>,
    outbox: mpsc::Receiver<FromEngine>,
}

async fn enter(house: &House, stream: &mut UnixStream) -> Result<Guest, String> {
    let peer = stream.peer_cred().map_err(|error| error.to_string())?;
    let own = rustix::process::geteuid().as_raw();
    if peer.uid() != own && peer.uid() != 0 {
        return Err("this run belongs to another account".to_owned());
    }
    let hello = tokio::time::timeout(HELLO, wire::read::<ToEngine>(stream)).await;
    let hello = hello.map_err(|_| "nothing was said".to_owned())?;
    let Ok(Some(ToEngine::Hello {
        protocol,
        name,
        watch,
        from,
    })) = hello
    else {
        return Err("the first word must be a hello".to_owned());
    };
    if protocol != PROTOCOL {
        return Err(format!(
            "this engine speaks version {PROTOCOL} and the client version {protocol}; \
             attach with the version of runsheet that started the run"
        ));
    }
    let (sender, outbox) = mpsc::channel(OUTBOX);
    let (reply, number) = oneshot::channel();
    let live = house.live.subscribe();
    let visitor = Visitor {
        name: clean(&name, peer.uid()),
        uid: peer.uid(),
        login_uid: peer.pid().and_then(login_uid),
        watch,
        outbox: sender,
        reply,
    };
    let sent = house.inbox.send(Message::Enter(visitor)).await;
    sent.map_err(|_| ENDS.to_owned())?;
    Ok(Guest {
        client: None,
        number,
        from: from.min(house.log.length()),
        live,
        outbox,
    })
}

/// A name as it may stand in a record and on a screen.
fn clean(name: &str, uid: u32) -> String {
    let name: String = visible(name.trim()).chars().take(NAME).collect();
    match name.is_empty() {
        true => format!("uid-{uid}"),
        false => name,
    }
}

/// The account that the connected process was logged in with, after audit's `loginuid` (proc(5)); none
/// where the kernel does not keep it. The process may have ended since, and its number may be another's:
/// it is a hint for the reviewer, and decides nothing.
fn login_uid(pid: i32) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/loginuid")).ok()?;
    text.trim().parse().ok().filter(|uid| *uid != u32::MAX)
}

impl Guest {
    async fn stay(&mut self, house: &House, stream: UnixStream) {
        let (mut from_client, mut to_client) = stream.into_split();
        // Two pieces at a time: whoever asks for many waits for them one after the other.
        let (pieces, given) = mpsc::channel(2);
        let (known, mut knows) = watch::channel(None);
        let listening = async {
            loop {
                match wire::read::<ToEngine>(&mut from_client).await? {
                    Some(ToEngine::Wish { id, intent }) => {
                        let Ok(Some(client)) = knows.wait_for(Option::is_some).await.map(|n| *n)
                        else {
                            return Ok(());
                        };
                        let wish = Message::Wish { client, id, intent };
                        if house.inbox.send(wish).await.is_err() {
                            return Ok(());
                        }
                    }
                    Some(ToEngine::Type {
                        id,
                        step,
                        attempt,
                        lane,
                        typed,
                    }) => {
                        let Ok(Some(client)) = knows.wait_for(Option::is_some).await.map(|n| *n)
                        else {
                            return Ok(());
                        };
                        let at = (step, attempt, lane);
                        let typing = Message::Type {
                            client,
                            id,
                            at,
                            typed,
                        };
                        if house.inbox.send(typing).await.is_err() {
                            return Ok(());
                        }
                    }
                    Some(ToEngine::Read { file, offset, most }) => {
                        let piece = piece(house, file, offset, most).await;
                        if pieces.send(piece).await.is_err() {
                            return Ok(());
                        }
                    }
                    Some(ToEngine::Hello { .. }) | None => return Ok(()),
                }
            }
        };
        let talking = self.talk(house, &mut to_client, given, known);
        // Whichever ends first ends the connection; what went wrong with it concerns nobody else.
        let _: Result<(), WireError> = tokio::select! {
            ended = listening => ended,
            ended = talking => ended,
        };
    }

    async fn talk(
        &mut self,
        house: &House,
        stream: &mut (impl AsyncWrite + Unpin),
        mut given: mpsc::Receiver<FromEngine>,
        known: watch::Sender<Option<u32>>,
    ) -> Result<(), WireError> {
        let mut grown = house.log.watch();
        let mut stands = house.stands.watch();
        let mut told = Standing::default();
        let mut closing = house.closing.clone();
        let mut next = self.from;
        // A welcome comes first, unless the disk hangs: then what is durable is shown without one.
        let mut number = tokio::time::timeout(SLOW, &mut self.number).await.ok();
        loop {
            match number.take() {
                Some(Ok(client)) => {
                    self.client = Some(client);
                    known.send_replace(self.client);
                    say(stream, &welcome(house, client)).await?;
                }
                Some(Err(_)) => {
                    let why = ENDS.to_owned();
                    return say(stream, &FromEngine::Goodbye { why }).await;
                }
                None => {}
            }
            standing(stream, &mut stands, &mut told).await?;
            // Entries before answers: an answer to a wish comes after the entry that it speaks of.
            grown.mark_unchanged();
            next = entries(house, stream, next).await?;
            let message = tokio::select! {
                biased;
                new = &mut self.number, if self.client.is_none() => {
                    number = Some(new);
                    continue;
                }
                message = self.outbox.recv() => message,
                piece = given.recv() => piece,
                word = self.live.recv() => match word {
                    Ok(word) => Some(FromEngine::Live(word)),
                    Err(broadcast::error::RecvError::Lagged(_)) => continue,
                    Err(broadcast::error::RecvError::Closed) => None,
                },
                changed = stands.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => None,
                },
                grown = grown.changed() => match grown {
                    Ok(()) => continue,
                    Err(_) => None,
                },
                why = last_word(&mut closing) => {
                    return say(stream, &FromEngine::Goodbye { why }).await;
                }
            };
            // What follows may be an answer whose entry was written in the meantime.
            match message {
                Some(answer @ (FromEngine::Granted { .. } | FromEngine::Refused { .. })) => {
                    standing(stream, &mut stands, &mut told).await?;
                    next = entries(house, stream, next).await?;
                    say(stream, &answer).await?;
                }
                Some(message) => say(stream, &message).await?,
                None => return Ok(()),
            }
        }
    }
}

/// Says what has changed of what stands over the run.
async fn standing(
    stream: &mut (impl AsyncWrite + Unpin),
    stands: &mut watch::Receiver<Standing>,
    told: &mut Standing,
) -> Result<(), WireError> {
    let now = stands.borrow_and_update().clone();
    for word in now.since(told) {
        say(stream, &FromEngine::Live(word)).await?;
    }
    *told = now;
    Ok(())
}

fn welcome(house: &House, client: u32) -> FromEngine {
    FromEngine::Welcome {
        run: house.run.clone(),
        client,
        now: house.clock.now(),
        caught_up_at: house.log.length(),
    }
}

/// Why the engine ends, once it does.
async fn last_word(closing: &mut watch::Receiver<Option<String>>) -> String {
    let why = closing.wait_for(Option::is_some).await;
    let why = why.ok().and_then(|why| why.clone());
    why.unwrap_or_else(|| "the engine is gone".to_owned())
}

/// Writes the entries from `next` on, and says which follows them.
async fn entries(
    house: &House,
    stream: &mut (impl AsyncWrite + Unpin),
    mut next: u64,
) -> Result<u64, WireError> {
    loop {
        let some = house.log.some(next, BATCH);
        if some.is_empty() {
            return Ok(next);
        }
        in_time(stream.write_all(&some.concat())).await?;
        next += some.len() as u64;
    }
}

async fn say(
    stream: &mut (impl AsyncWrite + Unpin),
    message: &FromEngine,
) -> Result<(), WireError> {
    match tokio::time::timeout(STALLED, wire::write(stream, message)).await {
        Ok(said) => said,
        Err(_) => Err(stalled().into()),
    }
}

async fn in_time(writing: impl Future<Output = std::io::Result<()>>) -> Result<(), WireError> {
    match tokio::time::timeout(STALLED, writing).await {
        Ok(written) => Ok(written?),
        Err(_) => Err(stalled().into()),
    }
}

fn stalled() -> std::io::Error {
    std::io::ErrorKind::TimedOut.into()
}

/// Reads a piece of an output file, away from the actor. A file that is not there has no bytes yet.
async fn piece(house: &House, file: String, offset: u64, most: u32) -> FromEngine {
    let path = is_file_name(&file).then(|| house.output.join(&file));
    let read = tokio::task::spawn_blocking(move || {
        use std::os::unix::fs::FileExt;
        let open = output::open(&path?, rustix::fs::OFlags::RDONLY).ok()?;
        let length = open.metadata().ok()?.len();
        let most = u64::from(most.min(PIECE)).min(length.saturating_sub(offset));
        let mut bytes = vec![0; usize::try_from(most).ok()?];
        let mut got = 0;
        while got < bytes.len() {
            match open.read_at(&mut bytes[got..], offset + got as u64).ok()? {
                0 => break,
                more => got += more,
            }
        }
        bytes.truncate(got);
        Some((bytes, length))
    });
    let (bytes, length) = read.await.ok().flatten().unwrap_or_default();
    FromEngine::Piece {
        file,
        offset,
        bytes: BASE64_STANDARD.encode(bytes),
        length,
    }
}

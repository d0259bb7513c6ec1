//! Passes on what an operator types to what runs on a terminal: in the order in which it came, each byte once.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{Dropped, Ground};
use crate::names::MachineName;
use crate::run::{LaneAt, Run, Token};
use crate::transport::{self, Claim, Host, LinkError, Signalled};
use crate::wire::{FromEngine, Keys, Live, Typed, output_file};

/// How much may wait to be passed on, in messages. Nobody types so far ahead; what is pasted has its own limit.
const WAITING: usize = 64;

/// How long a machine has to take what is typed.
const LIMIT: Duration = Duration::from_secs(10);

/// What others are told where an item is a size.
pub(super) fn sized(run: &Run, item: &Item) -> Option<Live> {
    let has = run.keyboard.as_ref()?;
    let Typed::Size { rows, columns } = item.typed else {
        return None;
    };
    Some(Live::Sized {
        file: output_file(&has.step, has.attempt, &has.lane, has.leg),
        rows,
        columns,
    })
}

/// The way to one terminal.
pub(super) struct Keyboard {
    pub token: Token,
    queue: mpsc::Sender<Item>,
    _work: Dropped,
}

/// Something typed, and where its answer goes.
pub(in crate::engine) struct Item {
    /// The client's number for it.
    pub id: u64,
    /// What.
    pub typed: Typed,
    /// Where messages to the client go.
    pub outbox: mpsc::Sender<FromEngine>,
}

impl Item {
    /// Says that it does not arrive.
    pub fn refuse(&self, why: &str) {
        self.answer(&Err(why.to_owned()));
    }

    fn answer(&self, result: &Result<(), String>) {
        let id = self.id;
        let answer = match result {
            Ok(()) => FromEngine::Passed { id },
            Err(why) => FromEngine::Refused {
                id,
                why: why.clone(),
            },
        };
        // One that does not take its answers is let go by the actor when it next has something to say.
        let _ = self.outbox.try_send(answer);
    }
}

impl Keyboard {
    /// The way to what whoever has the keyboard types to; none while nobody has it.
    pub fn of(run: &Run, ground: &Ground) -> Option<Self> {
        let has = run.keyboard.as_ref()?;
        let (_, _, state) = run.step(&has.step)?;
        let LaneAt::Running { token, spool, .. } = &state.lane(&has.lane)?.at else {
            return None;
        };
        let legs = &state.proposal(&has.lane)?.proposal.legs;
        let leg = legs.get(usize::from(has.leg))?;
        let host = ground.fleet.host(&leg.at)?.clone();
        let name = transport::Token::new(token.0.as_str()).ok()?;
        let nonce = transport::Nonce::new(spool.as_deref()?).ok()?;
        let claim = Claim::new(name, nonce);
        let (queue, items) = mpsc::channel(WAITING);
        let (ground, machine) = (ground.clone(), leg.at.clone());
        let work = tokio::spawn(pass_on(ground, (machine, host, claim), items));
        Some(Self {
            token: token.clone(),
            queue,
            _work: Dropped(work.abort_handle()),
        })
    }

    /// Has something passed on after all that came before.
    pub fn pass(&self, item: Item) {
        if let Err(error) = self.queue.try_send(item) {
            let why = "what was typed before has not arrived yet; this was thrown away";
            error.into_inner().refuse(why);
        }
    }
}

async fn pass_on(
    ground: Ground,
    (machine, host, claim): (MachineName, Host, Claim),
    mut items: mpsc::Receiver<Item>,
) {
    let mut waiting = Vec::new();
    while items.recv_many(&mut waiting, WAITING).await > 0 {
        while !waiting.is_empty() {
            let together = first_of(&waiting);
            let result = send(&host, &claim, &waiting[..together]).await;
            let result = result.map_err(|why| ground.words(&format!("on {machine}: {why}")));
            // What follows half of a word must not arrive without it.
            let told = match &result {
                Ok(()) => together,
                Err(_) => {
                    while let Ok(item) = items.try_recv() {
                        waiting.push(item);
                    }
                    waiting.len()
                }
            };
            waiting.drain(..told).for_each(|item| item.answer(&result));
        }
    }
}

/// How many of what waits go in one message: keys together, as far as they fit.
fn first_of(waiting: &[Item]) -> usize {
    let mut bytes = 0;
    let keys = waiting.iter().take_while(|item| match &item.typed {
        Typed::Keys { keys } => {
            bytes += keys.bytes().len();
            bytes <= Keys::MOST
        }
        Typed::Size { .. } => false,
    });
    keys.count().max(1)
}

async fn send(host: &Host, claim: &Claim, items: &[Item]) -> Result<(), String> {
    let sending = async {
        match items {
            [
                Item {
                    typed: Typed::Size { rows, columns },
                    ..
                },
            ] => host.resize(claim, (*rows, *columns)).await,
            keys => {
                let bytes = keys.iter().filter_map(|item| match &item.typed {
                    Typed::Keys { keys } => Some(keys.bytes()),
                    Typed::Size { .. } => None,
                });
                let bytes: Vec<u8> = bytes.flatten().copied().collect();
                host.type_keys(claim, &bytes).await
            }
        }
    };
    match tokio::time::timeout(LIMIT, sending).await {
        Ok(Ok(Signalled::Sent)) => Ok(()),
        Ok(Ok(Signalled::NotRunning)) => Err("it does not run, and took no key".to_owned()),
        Ok(Err(error)) => Err(refused(&error)),
        Err(_) => Err(format!(
            "no answer within {} s; nobody knows whether the keys arrived",
            LIMIT.as_secs()
        )),
    }
}

fn refused(error: &LinkError) -> String {
    use transport::LinkTrouble::{NoTerminal, Unreachable};
    match error.trouble {
        NoTerminal => error.said.clone(),
        Unreachable => format!("{error}; no key arrived"),
        _ => format!("{error}; nobody knows whether the keys arrived"),
    }
}

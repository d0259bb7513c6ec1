//! The one task that owns the run: takes a message, decides, writes, applies, publishes, steers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::Instant;

use crate::names::{MachineName, StepId};
use crate::run::{Command, Finding, Intent, LaneAt, Operator, Refusal, Task, Wanted, wanted};
use crate::wire::{FromEngine, Live, Typed};

use super::error::EngineError;
use super::hands::{self, Ground, Hands, Receipt};
use super::ledger::Ledger;
use super::mutter::mutter;
use super::serve::Ended;
use super::standing::Stands;

/// How long clients have to read the end of a run.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long receipts have to be forgotten, once the run has ended.
const TIDYING: Duration = Duration::from_secs(3);

/// How often the disk is looked at, to see whether it has room for something new: while it had, and while
/// it had not.
const LOOKS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(1));

/// What reaches the actor.
pub(super) enum Message {
    /// A hand found something.
    Found {
        finding: Finding,
        /// To be forgotten by its machine once the finding is on disk.
        receipt: Option<Receipt>,
    },
    /// A hand died of a fault of this program.
    Broke { task: Task },
    /// The disk does not take what a leg prints.
    NoRoom {
        path: PathBuf,
        source: std::io::Error,
    },
    /// Somebody is at the door.
    Enter(Visitor),
    /// Somebody wants something.
    Wish {
        client: u32,
        id: u64,
        intent: Intent,
    },
    /// Somebody types to what runs on a terminal.
    Type {
        client: u32,
        id: u64,
        at: (StepId, u32, MachineName),
        typed: Typed,
    },
    /// A connection ended.
    Leave { client: u32 },
}

/// Somebody whose connection has said hello.
pub(super) struct Visitor {
    pub name: String,
    pub uid: u32,
    pub login_uid: Option<u32>,
    pub watch: bool,
    /// Where messages beside entries go.
    pub outbox: mpsc::Sender<FromEngine>,
    /// Where the number of the connection goes.
    pub reply: oneshot::Sender<u32>,
}

/// Owns the ledger.
pub(super) struct Actor {
    ledger: Ledger,
    hands: Hands,
    ground: Arc<Ground>,
    stands: Stands,
    inbox: mpsc::Receiver<Message>,
    /// When the disk is looked at next.
    look_at: Instant,
    clients: BTreeMap<u32, Client>,
    /// Receipts on their way to be forgotten.
    tidying: JoinSet<()>,
}

struct Client {
    who: Operator,
    outbox: mpsc::Sender<FromEngine>,
}

impl Actor {
    pub fn new(
        ledger: Ledger,
        ground: Arc<Ground>,
        stands: Stands,
        inbox: mpsc::Receiver<Message>,
    ) -> Self {
        Self {
            ledger,
            hands: Hands::new(ground.clone()),
            ground,
            stands,
            inbox,
            look_at: Instant::now(),
            clients: BTreeMap::new(),
            tidying: JoinSet::new(),
        }
    }

    /// Works until the run has ended, or `stop` says that this engine is to.
    ///
    /// # Errors
    ///
    /// A journal or a disk that takes nothing more. The clients were told; what runs on machines goes on there and
    /// waits for the next engine.
    pub async fn work(&mut self, stop: impl Future<Output = ()>) -> Result<Ended, EngineError> {
        let ended = self.until_the_end(stop).await;
        self.hands.rest();
        if let Err(error) = &ended {
            let why = error.to_string();
            self.ground.live(Live::Poisoned { why });
        }
        ended
    }

    async fn until_the_end(
        &mut self,
        stop: impl Future<Output = ()>,
    ) -> Result<Ended, EngineError> {
        tokio::pin!(stop);
        for left in self.ledger.left() {
            if let Some(receipt) = self.hands.receipt(&left) {
                self.forget(receipt);
            }
        }
        self.go_on()?;
        let mut farewell = None;
        loop {
            let run = self.ledger.run();
            let over = match (run.ending.is_some(), run.suspended.is_some()) {
                (true, _) => Some(Ended::RunEnded),
                (false, true) => Some(Ended::Suspended),
                (false, false) => None,
            };
            if let Some(over) = over {
                let until = *farewell.get_or_insert_with(|| Instant::now() + FAREWELL);
                if self.clients.is_empty() || Instant::now() >= until {
                    self.tidy_up().await;
                    return Ok(over);
                }
            }
            let farewell = async {
                match farewell {
                    Some(when) => tokio::time::sleep_until(when).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = self.inbox.recv() => match message {
                    Some(message) => self.take(message)?,
                    None => return Ok(Ended::Stopped),
                },
                () = &mut stop => return Ok(Ended::Stopped),
                () = farewell => {}
                () = tokio::time::sleep_until(self.look_at) => self.look_for_room()?,
                Some(_) = self.tidying.join_next() => {}
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), EngineError> {
        match message {
            Message::Found { finding, receipt } => {
                let instead = cannot_be_kept(&finding);
                match self.command(&Command::Found(finding))? {
                    Ok(_) => receipt.into_iter().for_each(|receipt| self.forget(receipt)),
                    Err(Refusal::CannotBeKept(why)) => {
                        if let Some(finding) = instead(why) {
                            self.late(&Command::Found(finding))?;
                        }
                    }
                    // It came too late: the run has gone on without it.
                    Err(_) => {}
                }
            }
            Message::Broke { task } => {
                if let Some(finding) = hands::broken(self.ledger.run(), &task) {
                    self.late(&Command::Found(finding))?;
                }
            }
            Message::NoRoom { path, source } => return Err(EngineError::NoRoom { path, source }),
            Message::Enter(visitor) => self.enter(visitor)?,
            Message::Wish { client, id, intent } => self.wish(client, id, intent)?,
            Message::Type {
                client,
                id,
                at,
                typed,
            } => self.typing(client, id, &at, typed),
            Message::Leave { client } => {
                self.clients.remove(&client);
                self.late(&Command::Found(Finding::Detached { client }))?;
            }
        }
        Ok(())
    }

    fn enter(&mut self, visitor: Visitor) -> Result<(), EngineError> {
        let who = Operator {
            name: visitor.name,
            uid: visitor.uid,
            login_uid: visitor.login_uid,
            client: self.next_client(),
        };
        // Before the entry, so that the newcomer gets all that is published from it on.
        let client = Client {
            who: who.clone(),
            outbox: visitor.outbox,
        };
        self.clients.insert(who.client, client);
        self.hands.tell_the_size();
        let watch = visitor.watch;
        // After the end nothing is recorded any more, and everything can still be read.
        let number = who.client;
        self.late(&Command::Found(Finding::Attached { who, watch }))?;
        if visitor.reply.send(number).is_err() {
            self.clients.remove(&number);
            self.late(&Command::Found(Finding::Detached { client: number }))?;
        }
        Ok(())
    }

    fn next_client(&self) -> u32 {
        let last = self.ledger.run().last_client;
        let here = self.clients.keys().next_back().copied().unwrap_or(0);
        last.max(here) + 1
    }

    fn wish(&mut self, client: u32, id: u64, intent: Intent) -> Result<(), EngineError> {
        let Some(known) = self.clients.get(&client) else {
            return Ok(());
        };
        let who = known.who.clone();
        let answer = match self.command(&Command::Wish { who, intent })? {
            Ok(seq) => FromEngine::Granted { id, seq },
            Err(refusal) => FromEngine::Refused {
                id,
                why: refusal.to_string(),
            },
        };
        // A client that does not take its own answers is let go; it comes back by itself.
        if let Some(known) = self.clients.get(&client)
            && known.outbox.try_send(answer).is_err()
        {
            self.clients.remove(&client);
        }
        Ok(())
    }

    /// Passes on what was typed, where whoever typed it has the keyboard. It is no part of the run.
    fn typing(&mut self, client: u32, id: u64, at: &(StepId, u32, MachineName), typed: Typed) {
        let Some(known) = self.clients.get(&client) else {
            return;
        };
        let outbox = known.outbox.clone();
        let item = hands::Item { id, typed, outbox };
        let run = self.ledger.run();
        match run.types_to(client, at) {
            Some(token) => self.hands.type_to(run, token, item),
            None => item.refuse("you do not have the keyboard of that"),
        }
    }

    /// Puts a command through, and lets the run go on where it was granted.
    fn command(&mut self, command: &Command) -> Result<Result<u64, Refusal>, EngineError> {
        let decided = self.write(command)?;
        // Refused for want of room, whoever found it is sent for it again when there is some.
        if matches!(decided, Ok(_) | Err(Refusal::NoRoom(_))) {
            self.go_on()?;
        }
        Ok(decided)
    }

    /// Puts a command through that may have come too late; a refusal is then right.
    fn late(&mut self, command: &Command) -> Result<(), EngineError> {
        self.command(command).map(|_| ())
    }

    fn write(&mut self, command: &Command) -> Result<Result<u64, Refusal>, EngineError> {
        // A sync of the disk may take its time; the runtime's other tasks must not wait for it.
        let appending = self.stands.appending(&self.ground.clock);
        let decided = block_in_place(|| self.ledger.command(command))?;
        drop(appending);
        if let Err(Refusal::NoRoom(why)) = &decided {
            self.stands.full(Some(why.clone()));
            self.look_at = Instant::now() + LOOKS.1;
        }
        if let (Ok(_), Command::Found(Finding::Begin { step, lane, .. })) = (&decided, command)
            && let Some((_, _, state)) = self.ledger.run().step(step)
            && let Some(LaneAt::Running { token, .. }) = state.lane(lane).map(|lane| &lane.at)
        {
            self.hands.note_start(token);
        }
        Ok(decided)
    }

    /// Does what can be done at once, and sets the hands to the rest.
    fn go_on(&mut self) -> Result<(), EngineError> {
        let mut refused = BTreeSet::new();
        loop {
            let run = self.ledger.run();
            let wanted = self.wanted();
            let next = wanted.tasks.iter().find_map(|task| {
                let finding = hands::at_once(run, task)?;
                (!refused.contains(task)).then(|| (task.clone(), finding))
            });
            let Some((task, finding)) = next else {
                self.hands.steer(self.ledger.run(), &wanted);
                return Ok(());
            };
            // Refused is a gate that waits for people: it is tried again when something has happened.
            if self.write(&Command::Found(finding))?.is_err() {
                refused.insert(task);
            }
        }
    }

    /// What the run wants, and nothing new where its outcome might find no room.
    fn wanted(&self) -> Wanted {
        let mut wanted = wanted(self.ledger.run());
        if self.stands.is_full() {
            wanted.tasks.retain(|task| !task.begins_something());
        }
        wanted
    }

    /// Looks whether the disk has room, and lets the run go on, or hold, where that has changed.
    fn look_for_room(&mut self) -> Result<(), EngineError> {
        let full = block_in_place(|| self.ledger.full());
        let pause = if full.is_some() { LOOKS.1 } else { LOOKS.0 };
        self.look_at = Instant::now() + pause;
        match self.stands.full(full) {
            true => self.go_on(),
            false => Ok(()),
        }
    }

    fn forget(&mut self, receipt: Receipt) {
        self.tidying.spawn(async move {
            // Left behind, a receipt costs a little room on its machine and nothing else.
            if let Err(error) = receipt.host.acknowledge(&receipt.claim).await {
                mutter(&format!(
                    "forget the receipt {}: {error}",
                    receipt.claim.token
                ));
            }
        });
    }

    async fn tidy_up(&mut self) {
        let all = async { while self.tidying.join_next().await.is_some() {} };
        if tokio::time::timeout(TIDYING, all).await.is_err() {
            mutter("some receipts were not forgotten in time");
        }
    }
}

/// What is said instead of a finding that does not fit into a record.
fn cannot_be_kept(finding: &Finding) -> impl FnOnce(String) -> Option<Finding> + use<> {
    let prepared = match finding {
        Finding::Shown {
            step,
            attempt,
            lanes,
            ..
        } => lanes
            .first()
            .map(|shown| (step.clone(), *attempt, shown.lane.clone())),
        _ => None,
    };
    move |why| {
        let (step, attempt, lane) = prepared?;
        Some(Finding::Obstructed {
            step,
            attempt,
            lane,
            obstacle: crate::kinds::Obstacle::new(format!("record what would be done: {why}"))
                .hint("split the step, or make what it shows smaller"),
        })
    }
}

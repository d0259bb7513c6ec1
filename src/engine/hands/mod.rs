//! The hands: the tasks that touch machines.
//!
//! [`Hands::steer`] starts what the run wants and is not under way, and drops what it does not want any
//! more. A hand never changes the run; it sends findings, and the actor decides what becomes of them.

mod begin;
mod broken;
mod capture;
mod earlier;
mod follow;
mod ground;
mod keyboard;
mod late;
mod patience;
mod prepare;
mod prove;
mod said;
mod turn;
mod watch;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::watch as cell;
use tokio::task::AbortHandle;

use crate::kinds::Performer;
use crate::names::ParamName;
use crate::run::{Asked, Finding, LaneOutcome, Run, Sent, Stop, Task, Token, Wanted};
use crate::transport;
use crate::wire::Live;

pub(super) use broken::broken;
pub(super) use ground::{Ground, Receipt};
pub(super) use keyboard::Item;

use keyboard::Keyboard;

use super::actor::Message;
use super::ledger::Left;

/// What is under way, by what it is for.
pub(super) struct Hands {
    ground: Arc<Ground>,
    /// What steps had given to names when the ground was laid.
    given: Vec<(ParamName, Result<String, String>)>,
    under_way: HashMap<Task, Hand>,
    /// Tokens whose start this engine recorded and has not sent yet.
    fresh: Vec<Token>,
    /// The way to the terminal that was typed to last.
    keyboard: Option<Keyboard>,
    /// The size that it was given last.
    size: Option<Live>,
}

/// One task. Dropped, it stops where it is; what it started on a machine goes on there.
struct Hand {
    stop: Option<cell::Sender<Option<Stop>>>,
    _work: Dropped,
}

/// Aborts a task when dropped.
struct Dropped(AbortHandle);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Hands {
    pub fn new(ground: Arc<Ground>) -> Self {
        Self {
            ground,
            given: Vec::new(),
            under_way: HashMap::new(),
            fresh: Vec::new(),
            keyboard: None,
            size: None,
        }
    }

    /// Has something passed on that whoever has the keyboard typed.
    pub fn type_to(&mut self, run: &Run, token: &Token, item: Item) {
        if self.keyboard.as_ref().is_none_or(|k| k.token != *token) {
            self.keyboard = Keyboard::of(run, &self.ground);
        }
        match &self.keyboard {
            Some(keyboard) => {
                if let Some(size) = keyboard::sized(run, &item) {
                    self.size = Some(size);
                    self.tell_the_size();
                }
                keyboard.pass(item);
            }
            None => item.refuse("its machine is not known"),
        }
    }

    /// Tells for what size the terminal prints that was typed to last; whoever comes later has not heard it.
    pub fn tell_the_size(&self) {
        if let Some(size) = &self.size {
            self.ground.live(size.clone());
        }
    }

    /// Notes that this engine has just recorded the start of a token: nothing was sent yet.
    pub fn note_start(&mut self, token: &Token) {
        self.fresh.push(token.clone());
    }

    /// The receipt of a leg that ended under an earlier engine; none on a machine that is not known any more.
    pub fn receipt(&self, left: &Left) -> Option<Receipt> {
        let host = self.ground.fleet.host(&left.machine)?.clone();
        let token = transport::Token::new(left.token.0.as_str()).ok()?;
        let nonce = transport::Nonce::new(left.spool.as_str()).ok()?;
        let claim = transport::Claim::new(token, nonce);
        Some(Receipt { host, claim })
    }

    /// Drops everything that is under way. What was started on machines goes on there.
    pub fn rest(&mut self) {
        self.under_way.clear();
    }

    /// Makes what is under way fit what is wanted.
    pub fn steer(&mut self, run: &Run, wanted: &Wanted) {
        self.learn(run);
        if run.keyboard.is_none() {
            self.keyboard = None;
        }
        // A set: a step can have a thousand lanes.
        let still: HashSet<&Task> = wanted.tasks.iter().collect();
        self.under_way.retain(|task, _| still.contains(task));
        for task in &wanted.tasks {
            if !self.under_way.contains_key(task)
                && let Some(hand) = self.start(run, task)
            {
                self.under_way.insert(task.clone(), hand);
            }
        }
        for task in &wanted.tasks {
            if let Task::Halt {
                step,
                attempt,
                lane,
                leg,
                stop,
            } = task
            {
                self.halt((step, *attempt), (lane, *leg), *stop);
            }
        }
    }

    /// Lets what steps have given to names be known to the hands that start from now on. What is under way keeps
    /// what it began with: a name gets its value when its step ends, and only one step is ever in hand.
    fn learn(&mut self, run: &Run) {
        let given = run.given();
        if given == self.given {
            return;
        }
        // The secrets were all there when the engine started.
        if let Ok(values) = run.values(self.ground.secrets.values()) {
            self.given = given;
            let ground = Ground::clone(&self.ground);
            self.ground = Arc::new(Ground { values, ..ground });
        }
    }

    fn halt(
        &self,
        (step, attempt): (&crate::names::StepId, u32),
        (lane, leg): (&crate::names::MachineName, u16),
        wanted: Stop,
    ) {
        for (task, hand) in &self.under_way {
            if let (
                Task::Follow {
                    step: s,
                    attempt: a,
                    lane: l,
                    leg: g,
                    ..
                },
                Some(stop),
            ) = (task, &hand.stop)
                && (s, *a, l, *g) == (step, attempt, lane, leg)
            {
                stop.send_if_modified(|now| {
                    let new = *now != Some(wanted);
                    *now = Some(wanted);
                    new
                });
            }
        }
    }

    fn start(&mut self, run: &Run, task: &Task) -> Option<Hand> {
        let ground = self.ground.clone();
        match task {
            Task::Reach { .. } | Task::Pass { .. } | Task::Halt { .. } => None,
            Task::Prepare { step, attempt, way } => {
                let job = prepare::Prepare::of(run, step, *attempt, *way)?;
                Some(self.spawn(task, None, async move { job.run(&ground).await }))
            }
            Task::Begin {
                step,
                attempt,
                lane,
                leg,
            } => {
                let job = begin::Begin::of(run, (step, *attempt), (lane, *leg))?;
                Some(self.spawn(task, None, async move { job.run(&ground).await }))
            }
            Task::Follow { token, .. } => {
                let fresh = match self.fresh.iter().position(|known| known == token) {
                    Some(at) => {
                        self.fresh.swap_remove(at);
                        Sent::NotYet
                    }
                    None => Sent::Perhaps,
                };
                let (stop, asked) = cell::channel(None);
                let job = follow::Follow::of(run, task, fresh, asked)?;
                Some(self.spawn(task, Some(stop), async move { job.run(&ground).await }))
            }
            Task::Watch {
                step,
                attempt,
                lane,
            } => {
                let job = watch::Watch::of(run, step, *attempt, lane)?;
                Some(self.spawn(task, None, async move { job.run(&ground).await }))
            }
            Task::AskLate { token, stop } => {
                let job = late::AskLate::of(run, token, *stop)?;
                Some(self.spawn(task, None, async move { job.run(&ground).await }))
            }
            Task::Prove { step, attempt } => {
                let job = prove::Prove::of(run, step, *attempt, Asked::Proof)?;
                Some(self.spawn(task, None, async move { job.run(&ground).await }))
            }
            Task::Look { step, attempt } => {
                let job = prove::Prove::of(run, step, *attempt, Asked::Look)?;
                Some(self.spawn(task, None, async move { job.run(&ground).await }))
            }
        }
    }

    fn spawn(
        &self,
        task: &Task,
        stop: Option<cell::Sender<Option<Stop>>>,
        work: impl Future<Output = (Finding, Option<Receipt>)> + Send + 'static,
    ) -> Hand {
        let inbox = self.ground.inbox.clone();
        let task = task.clone();
        let work = tokio::spawn(work);
        let handle = work.abort_handle();
        tokio::spawn(async move {
            let message = match work.await {
                Ok((finding, receipt)) => Message::Found { finding, receipt },
                Err(error) if error.is_panic() => Message::Broke { task },
                Err(_) => return,
            };
            // The actor is gone only when the engine is.
            let _ = inbox.send(message).await;
        });
        Hand {
            stop,
            _work: Dropped(handle),
        }
    }
}

/// What needs no machine and becomes a finding at once; none for every other task.
pub(super) fn at_once(run: &Run, task: &Task) -> Option<Finding> {
    let performer = |step| {
        let (_, planned, state) = run.step(step)?;
        planned.performer(state.way)
    };
    match task {
        Task::Reach { step } => Some(Finding::Reach { step: step.clone() }),
        Task::Pass { step, attempt } => Some(Finding::Pass {
            step: step.clone(),
            attempt: *attempt,
        }),
        Task::Begin {
            step,
            attempt,
            lane,
            leg,
        } => {
            let nothing_is_sent =
                matches!(performer(step), Some(Performer::Person | Performer::Watch));
            nothing_is_sent.then(|| Finding::Begin {
                step: step.clone(),
                attempt: *attempt,
                lane: lane.clone(),
                leg: *leg,
                spool: None,
            })
        }
        Task::Halt {
            step,
            attempt,
            lane,
            leg,
            ..
        } => {
            let outcome = match performer(step)? {
                Performer::Person => LaneOutcome::NotRun {
                    proof: "given up by the operator".to_owned(),
                },
                Performer::Watch => LaneOutcome::DidNotCome {
                    seen: "the waiting was ended before it came".to_owned(),
                },
                Performer::Machine | Performer::Nobody => return None,
            };
            Some(Finding::Ended {
                step: step.clone(),
                attempt: *attempt,
                lane: lane.clone(),
                leg: *leg,
                outcome,
                output: None,
            })
        }
        Task::Prepare { .. }
        | Task::Follow { .. }
        | Task::Watch { .. }
        | Task::AskLate { .. }
        | Task::Prove { .. }
        | Task::Look { .. } => None,
    }
}

//! What every hand stands on: the runbook, the values, the machines, and the way to the actor.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;

use super::Message;
use crate::clock::{Clock, Timestamp};
use crate::kinds;
use crate::names::{MachineName, RunId, StepId};
use crate::probe::{Question, Reply};
use crate::problem::visible;
use crate::run::{Finding, Plan, Spot};
use crate::runbook::{Runbook, StepSpec};
use crate::template::Values;
use crate::transport::{Claim, Host, LinkError, LinkTrouble, NotAScript, Script, Shell};
use crate::wire::Live;

use super::super::fleet::Fleet;
use super::super::mask::Mask;
use super::super::secrets::Secrets;

/// The most that is kept of each output of a question, in bytes.
const KEPT: usize = 1 << 20;

/// The longest text of an answer that is recorded, in characters.
const SEEN: usize = 2000;

/// How long something may take before the operators are told that it is going on.
const QUIET: Duration = Duration::from_millis(300);

/// The least that a question gets over a new link, after it was asked over one that was lost.
const AGAIN: Duration = Duration::from_secs(5);

/// The pauses between tries of a lost link; the last is repeated.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 15, 30];

/// A receipt that its machine may forget once the end is on our disk.
pub(in crate::engine) struct Receipt {
    /// The machine.
    pub host: Host,
    /// What it is found by.
    pub claim: Claim,
}

/// Shared by all hands of a run. Clones stand on the same machines.
#[derive(Clone)]
pub(in crate::engine) struct Ground {
    pub run: RunId,
    pub runbook: Arc<Runbook>,
    pub plan: Arc<Plan>,
    /// What names mean, with what steps have given until now.
    pub values: Values,
    /// The values of secret parameters.
    pub secrets: Secrets,
    pub mask: Mask,
    pub fleet: Fleet,
    /// The folder of recorded outputs.
    pub output: PathBuf,
    pub clock: Clock,
    pub inbox: mpsc::Sender<Message>,
    /// Where words go that no entry tells of; every connection hears them.
    pub live: broadcast::Sender<Live>,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::engine) enum Unanswered {
    #[error("there is no machine {0}")]
    NoMachine(MachineName),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("send the question: {0}")]
    Script(#[from] NotAScript),
}

impl Ground {
    /// The same ground, with what names mean on a lane.
    pub fn on(&self, spot: &Spot) -> Cow<'_, Self> {
        match spot.item {
            None => Cow::Borrowed(self),
            Some(_) => Cow::Owned(Self {
                values: spot.values(&self.values),
                ..self.clone()
            }),
        }
    }

    /// The step as the runbook declares it.
    pub fn spec(&self, step: &StepId) -> Option<&StepSpec> {
        self.runbook.steps.iter().find(|spec| spec.id == *step)
    }

    /// Asks a machine something that changes nothing; once more where the link goes before the answer.
    pub async fn ask(
        &self,
        question: &Question,
        limit: Duration,
        doing: &str,
    ) -> Result<Reply, Unanswered> {
        let machine = &question.at;
        let host = self
            .fleet
            .host(machine)
            .ok_or_else(|| Unanswered::NoMachine(machine.clone()))?;
        let script = self.script(question.shell, &question.env, &question.text)?;
        let begun = Instant::now();
        let asking = async {
            match host.ask_with(&script, Some(limit), KEPT).await {
                Err(error) if error.trouble == LinkTrouble::Lost => {
                    let left = limit.saturating_sub(begun.elapsed());
                    host.ask_with(&script, Some(left.max(AGAIN)), KEPT).await
                }
                answer => answer,
            }
        };
        let answer = self.telling(machine, doing, asking).await;
        let answer = answer.inspect_err(|_| self.fleet.doubt(machine))?;
        self.met(machine).await;
        Ok(Reply {
            code: answer.code,
            stdout: answer.stdout,
            stderr: answer.stderr,
            cut: answer.cut,
        })
    }

    /// Shell text with the run's values and its own variables, which win.
    pub fn script(
        &self,
        shell: kinds::Shell,
        env: &[(String, String)],
        text: &str,
    ) -> Result<Script, NotAScript> {
        let mut all = self.values.environment();
        all.extend_from_slice(env);
        let shell = match shell {
            kinds::Shell::Sh => Shell::Sh,
            kinds::Shell::Bash => Shell::Bash,
        };
        Script::with_env(shell, all, text)
    }

    /// A leg as it is sent.
    pub fn script_of(
        &self,
        leg: &kinds::Leg,
        env: &[(String, String)],
    ) -> Result<Script, NotAScript> {
        let script = self.script(leg.shell, env, &leg.text)?;
        Ok(match leg.interactive {
            true => script.on_a_terminal(),
            false => script,
        })
    }

    /// Waits for something on a machine, and tells the operators of it when it takes its time.
    pub async fn telling<T>(
        &self,
        machine: &MachineName,
        doing: &str,
        work: impl Future<Output = T>,
    ) -> T {
        tokio::pin!(work);
        if let Ok(done) = tokio::time::timeout(QUIET, &mut work).await {
            return done;
        }
        self.live(Live::Busy {
            machine: machine.clone(),
            doing: doing.to_owned(),
            next_try: None,
        });
        let done = work.await;
        self.live(Live::Idle {
            machine: machine.clone(),
        });
        done
    }

    /// Tells of a lost link and when the next try is. Gives the pause until then.
    pub async fn lost(&self, machine: &MachineName, error: &LinkError, tries: usize) -> Duration {
        self.fleet.doubt(machine);
        self.found(Finding::LinkLost {
            machine: machine.clone(),
            why: self.words(&error.why()),
        })
        .await;
        let pause = PAUSES[tries.min(PAUSES.len() - 1)];
        let next =
            self.clock.now().as_microsecond() + i64::try_from(pause).unwrap_or(0) * 1_000_000;
        self.live(Live::Busy {
            machine: machine.clone(),
            doing: "connecting again".to_owned(),
            next_try: Timestamp::from_microsecond(next).ok(),
        });
        Duration::from_secs(pause)
    }

    /// Tells that a link is back.
    pub async fn back(&self, machine: &MachineName) {
        self.found(Finding::LinkBack {
            machine: machine.clone(),
        })
        .await;
        self.live(Live::Idle {
            machine: machine.clone(),
        });
    }

    /// Has it recorded which machine was reached, where the record does not say so yet.
    pub async fn met(&self, machine: &MachineName) {
        if let Some(identity) = self.fleet.unrecorded(machine) {
            let machine = machine.clone();
            self.found(Finding::Met { machine, identity }).await;
        }
    }

    /// Sends a finding that is not the end of its hand.
    pub async fn found(&self, finding: Finding) {
        let receipt = None;
        self.send(Message::Found { finding, receipt }).await;
    }

    /// Tells the clients what goes on. It may be lost: one that does not keep up misses the oldest words.
    pub fn live(&self, live: Live) {
        // An error says that nobody is attached.
        let _ = self.live.send(live);
    }

    /// Ends the engine, because the disk does not take what a leg prints; never comes back.
    ///
    /// The leg stays on record as running and its receipt on its machine, so the next engine fetches the rest.
    pub async fn no_room<T>(&self, file: &str, source: std::io::Error) -> T {
        let path = self.output.join(file);
        self.send(Message::NoRoom { path, source }).await;
        std::future::pending().await
    }

    async fn send(&self, message: Message) {
        // The actor is gone only when the engine is, and this hand with it.
        let _ = self.inbox.send(message).await;
    }

    /// Words from outside as they may be recorded and shown: masked, harmless, and not too long.
    pub fn words(&self, text: &str) -> String {
        let text = self.mask.text(text.trim());
        let short: String = text.chars().take(SEEN).collect();
        short.lines().map(visible).collect::<Vec<_>>().join("\n")
    }
}

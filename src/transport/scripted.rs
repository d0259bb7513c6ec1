//! A machine that only plays its part, for tests of everything above.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, sleep_until, timeout};

use super::claim::{Claim, Token};
use super::error::{LinkError, LinkTrouble};
use super::host::Guard;
use super::play::{Fate, Held, Job, Pattern, Play, Reply, Then};
use super::receipt::{Answer, Chunk, ReceiptState, Settled, Signal, Signalled};
use super::script::Script;
use super::survey::{Receipts, Survey};

/// A scripted machine. Clones are the same machine, so a test keeps one and gives one to
/// [`super::Host::scripted`]. It starts with no rule, and refuses what no rule speaks of with code 127.
#[derive(Clone, Default)]
pub struct Scripted(Arc<Stage>);

#[derive(Default)]
struct Stage {
    play: Mutex<Play>,
    changed: Notify,
}

impl Scripted {
    /// A machine without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule for scripts that contain `text`. A newer rule wins over an older one.
    pub fn on(self, text: &str, reply: Reply) -> Self {
        self.play()
            .rules
            .push((Pattern::Contains(text.into()), reply));
        self
    }

    /// Adds a rule for the script that is `text`. A newer rule wins over an older one.
    pub fn on_exactly(self, text: &str, reply: Reply) -> Self {
        self.play()
            .rules
            .push((Pattern::Exactly(text.into()), reply));
        self
    }

    /// It keeps no receipts, for this reason.
    pub fn without_receipts(self, why: &str) -> Self {
        self.play().no_receipts = Some(why.into());
        self
    }

    /// How often the command of this token really began. More than once is a fault of the caller's.
    pub fn starts(&self, token: &Token) -> usize {
        self.play()
            .ran
            .iter()
            .filter(|(ran, _)| ran == token)
            .count()
    }

    /// How many starts were sent to it, whatever came of them.
    pub fn sent(&self) -> usize {
        self.play().sent
    }

    /// Every command that really began, in order.
    pub fn ran(&self) -> Vec<(Token, Script)> {
        self.play().ran.clone()
    }

    /// Every question, in order.
    pub fn asked(&self) -> Vec<Script> {
        self.play().asked.clone()
    }

    /// It says from now on that it is this machine, as another would that answers under its name. The link to
    /// the one before is lost.
    pub fn is_machine(&self, id: &str) {
        let mut play = self.play();
        play.machine_id = Some(id.into());
        play.met = false;
    }

    /// Looks at it the next time that it is reached.
    pub(super) fn set_guard(&self, guard: Guard) {
        let mut play = self.play();
        play.guard.get_or_insert(guard);
        play.met = false;
    }

    fn play(&self) -> MutexGuard<'_, Play> {
        self.0.play.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Comes back when it does not hang, or not any more.
    async fn answers(&self) {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if !self.play().hangs {
                return;
            }
            changed.await;
        }
    }

    fn enter(&self, host: &str, doing: &str) -> Result<MutexGuard<'_, Play>, LinkError> {
        let mut play = self.play();
        if let Some(trouble) = play.down {
            play.met = false;
            return Err(broken(host, doing, trouble));
        }
        if !play.met
            && let Some(guard) = &play.guard
        {
            guard(&surveyed(host, &play)).map_err(|said| LinkError::other_machine(host, said))?;
            play.met = true;
        }
        Ok(play)
    }

    pub(super) async fn survey(&self, host: &str) -> Result<Survey, LinkError> {
        self.answers().await;
        let play = self.enter(host, "survey")?;
        Ok(surveyed(host, &play))
    }

    pub(super) async fn ask(
        &self,
        host: &str,
        script: &Script,
        limit: Option<Duration>,
        cap: usize,
    ) -> Result<Answer, LinkError> {
        self.answers().await;
        let reply = {
            let mut play = self.enter(host, "ask")?;
            play.asked.push(script.clone());
            play.reply(script)
        };
        let taking = async {
            match reply.takes {
                Some(time) => sleep(time).await,
                None => std::future::pending().await,
            }
        };
        match limit {
            Some(limit) => timeout(limit, taking)
                .await
                .map_err(|_| broken(host, "ask", LinkTrouble::TimedOut))?,
            None => taking.await,
        }
        if reply.breaks.is_some() {
            return Err(broken(host, "ask", LinkTrouble::Lost));
        }
        let cut = reply.stdout.len() > cap || reply.stderr.len() > cap;
        let kept = |mut bytes: Vec<u8>| {
            bytes.truncate(cap);
            bytes
        };
        Ok(Answer {
            code: reply.code,
            stdout: kept(reply.stdout),
            stderr: kept(reply.stderr),
            cut,
        })
    }

    pub(super) async fn start(
        &self,
        host: &str,
        claim: &Claim,
        script: &Script,
        out: mpsc::Sender<Chunk>,
    ) -> Result<Settled, LinkError> {
        let doing = format!("start {}", claim.token);
        let (mut break_after, mut on_the_way) = (None, false);
        self.answers().await;
        {
            let mut play = self.enter(host, &doing)?;
            play.sent += 1;
            if let Some(why) = &play.no_receipts {
                let mut error = broken(host, &doing, LinkTrouble::NoReceipt);
                error.said = why.clone();
                return Err(error);
            }
            if play.state(claim) == ReceiptState::None {
                let reply = play.reply(script);
                // What is to go wrong with a start goes wrong once: sent again, it is an ordinary one.
                if reply.held.is_some() || matches!(reply.breaks, Some((_, Then::Nothing))) {
                    play.mend(script);
                }
                let then = reply.breaks.map(|(_, then)| then);
                on_the_way = reply.held == Some(Held::OnTheWay);
                let said = match then {
                    _ if on_the_way => {
                        play.held.push((claim.clone(), script.clone()));
                        Vec::new()
                    }
                    Some(Then::Nothing) => [reply.stdout, reply.stderr].concat(),
                    _ => play.claim(claim, script, &reply),
                };
                if let Some(job) = play.jobs.get_mut(&claim.token) {
                    match then {
                        Some(Then::Ended) => job.end(),
                        Some(Then::Lost) => job.fate = Fate::Lost,
                        Some(Then::Nothing | Then::Runs) | None => {}
                    }
                }
                break_after = reply
                    .breaks
                    .map(|(after, _)| said[..after.min(said.len())].to_vec());
            }
        }
        match break_after {
            _ if on_the_way => std::future::pending().await,
            None => self.attach(host, claim, 0, out).await,
            Some(bytes) => {
                if !bytes.is_empty() {
                    let _ = out.send(Chunk { offset: 0, bytes }).await;
                }
                Err(broken(host, &doing, LinkTrouble::Lost))
            }
        }
    }

    pub(super) async fn attach(
        &self,
        host: &str,
        claim: &Claim,
        mut offset: u64,
        out: mpsc::Sender<Chunk>,
    ) -> Result<Settled, LinkError> {
        let doing = format!("follow {}", claim.token);
        loop {
            self.answers().await;
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let (state, job) = {
                let mut play = self.enter(host, &doing)?;
                (play.state(claim), play.jobs.get(&claim.token).cloned())
            };
            let from = usize::try_from(offset).unwrap_or(usize::MAX);
            let rest = job
                .as_ref()
                .and_then(|job| job.output.get(from..))
                .unwrap_or_default();
            if !rest.is_empty()
                && !matches!(state, ReceiptState::Revoked | ReceiptState::Lost { .. })
            {
                let _ = out
                    .send(Chunk {
                        offset,
                        bytes: rest.to_vec(),
                    })
                    .await;
                offset += rest.len() as u64;
            }
            match state {
                ReceiptState::Exited { code, bytes } => return Ok(Settled::Exited { code, bytes }),
                ReceiptState::Revoked => return Ok(Settled::Revoked),
                ReceiptState::None => return Ok(Settled::NotStarted),
                ReceiptState::Lost { why } => return Ok(Settled::Lost { why }),
                ReceiptState::Running { .. } => match job.map(|job| job.fate) {
                    Some(Fate::Runs(Some(end))) => {
                        tokio::select! { () = sleep_until(end) => {}, () = changed => {} }
                    }
                    _ => changed.await,
                },
            }
        }
    }

    pub(super) async fn probe(&self, host: &str, claim: &Claim) -> Result<ReceiptState, LinkError> {
        self.answers().await;
        Ok(self
            .enter(host, &format!("look at {}", claim.token))?
            .state(claim))
    }

    pub(super) async fn revoke(
        &self,
        host: &str,
        claim: &Claim,
    ) -> Result<ReceiptState, LinkError> {
        self.answers().await;
        let mut play = self.enter(host, &format!("revoke {}", claim.token))?;
        if play.state(claim) == ReceiptState::None && !play.no_fence {
            let job = Job {
                output: Vec::new(),
                rest: Vec::new(),
                code: 0,
                fate: Fate::Revoked,
            };
            play.jobs.insert(claim.token.clone(), job);
        }
        let may = matches!(play.state(claim), ReceiptState::Running { .. }) && !play.no_fence;
        if let Some(job) = play.jobs.get_mut(&claim.token)
            && job.fate == Fate::Claimed
            && may
        {
            job.fate = Fate::Revoked;
            self.0.changed.notify_waiters();
        }
        Ok(play.state(claim))
    }

    pub(super) async fn signal(
        &self,
        host: &str,
        claim: &Claim,
        signal: Signal,
    ) -> Result<Signalled, LinkError> {
        self.answers().await;
        let mut play = self.enter(host, &format!("signal {}", claim.token))?;
        let running = matches!(play.state(claim), ReceiptState::Running { .. });
        match play.jobs.get_mut(&claim.token).filter(|_| running) {
            Some(job) if job.fate == Fate::Claimed => return Ok(Signalled::NotRunning),
            Some(job) => {
                job.fate = Fate::Ended;
                job.code = 128 + signal.number();
            }
            None => return Ok(Signalled::NotRunning),
        }
        drop(play);
        self.0.changed.notify_waiters();
        Ok(Signalled::Sent)
    }

    pub(super) async fn acknowledge(&self, host: &str, claim: &Claim) -> Result<(), LinkError> {
        let doing = format!("acknowledge {}", claim.token);
        self.answers().await;
        let mut play = self.enter(host, &doing)?;
        let settled = matches!(
            play.state(claim),
            ReceiptState::Exited { .. } | ReceiptState::Revoked
        );
        match play.jobs.get_mut(&claim.token) {
            Some(job) if settled || job.fate == Fate::Gone => {
                job.fate = Fate::Gone;
                job.output.clear();
                Ok(())
            }
            Some(_) => Err(broken(host, &doing, LinkTrouble::NoReceipt)),
            None => Ok(()),
        }
    }
}

fn broken(host: &str, doing: &str, trouble: LinkTrouble) -> LinkError {
    LinkError {
        host: host.into(),
        doing: doing.into(),
        trouble,
        said: String::new(),
    }
}

/// What a machine in a play says about itself.
fn surveyed(host: &str, play: &Play) -> Survey {
    Survey {
        hostname: host.into(),
        machine_id: play.machine_id.clone(),
        host_keys: Vec::new(),
        boot_id: Some(format!("{:x}", play.boots)),
        uid: Some(1000),
        bash: true,
        terminal: !play.no_terminal,
        receipts: match (&play.no_receipts, play.nonce()) {
            (Some(why), _) => Receipts::Impossible(why.clone()),
            (None, Ok(nonce)) => Receipts::Kept(nonce),
            (None, Err(bad)) => Receipts::Impossible(bad.to_string()),
        },
    }
}

mod backstage;
mod terminal;

#[cfg(test)]
mod tests;

//! A machine that words can reach.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::claim::{Claim, Token};
use super::destination::Destination;
use super::error::{LinkError, LinkTrouble};
use super::local::Local;
use super::pool::{Pool, Road};
use super::receipt::{Answer, Chunk, ReceiptState, Settled, Signal, Signalled};
use super::script::{Script, Shell};
use super::scripted::Scripted;
use super::ssh::Ssh;
use super::survey::{Receipts, Survey};

/// The most of each output that [`Host::ask`] keeps, in bytes.
const ANSWER: usize = 1024 * 1024;

/// Looks at a machine that answers, and says why it is not the one that is meant.
pub type Guard = Arc<dyn Fn(&Survey) -> Result<(), String> + Send + Sync>;

/// A machine, by the name a runbook gives it. Clones are the same machine.
///
/// Nothing is opened before the first call. Every call may be dropped at any time; what it started goes
/// on where it runs.
#[derive(Clone)]
pub struct Host(Arc<Kind>);

enum Kind {
    Real(Box<Pool>),
    Scripted(String, Scripted),
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Host").field(&self.name()).finish()
    }
}

impl Host {
    /// This machine, with receipts in `spool`, an absolute path that is made if need be.
    pub fn local(name: &str, spool: PathBuf) -> Self {
        Self::local_under(name, spool, vec!["sh".into()])
    }

    /// This machine with another POSIX shell under the agent, as `["busybox", "sh"]`.
    pub fn local_under(name: &str, spool: PathBuf, shell: Vec<OsString>) -> Self {
        let road = Road::Local(Local { spool, shell });
        Self(Arc::new(Kind::Real(Box::new(Pool::new(name, road)))))
    }

    /// A machine behind ssh. `control_dir` exists, is ours alone (0700) and has a short path: at most
    /// 62 bytes, because a socket's whole name is limited.
    pub fn ssh(name: &str, destination: Destination, control_dir: PathBuf) -> Self {
        let road = Road::Ssh(Ssh::new(destination, control_dir));
        Self(Arc::new(Kind::Real(Box::new(Pool::new(name, road)))))
    }

    /// A play for tests.
    pub fn scripted(name: &str, scripted: Scripted) -> Self {
        Self(Arc::new(Kind::Scripted(name.into(), scripted)))
    }

    /// The name in the runbook.
    pub fn name(&self) -> &str {
        match &*self.0 {
            Kind::Real(pool) => &pool.host,
            Kind::Scripted(name, _) => name,
        }
    }

    /// Sets who looks at the machine each time a new connection to it opens, before anything is asked or started
    /// over it. What the guard refuses is [`LinkTrouble::OtherMachine`]. The first guard stays.
    pub fn set_guard(&self, guard: Guard) {
        // The first one stays, as it says above.
        let _ = match &*self.0 {
            Kind::Real(pool) => pool.guard.set(guard),
            Kind::Scripted(_, scripted) => {
                scripted.set_guard(guard);
                Ok(())
            }
        };
    }

    /// Whether it is this machine, without ssh.
    pub fn is_local(&self) -> bool {
        matches!(&*self.0, Kind::Real(pool) if matches!(pool.road, Road::Local(_)))
    }

    /// Asks the machine about itself, above all whether it keeps receipts and in which spool.
    ///
    /// # Errors
    /// The machine cannot be reached, refuses the login, shows an unknown or changed host key, or has
    /// no shell.
    pub async fn survey(&self) -> Result<Survey, LinkError> {
        match &*self.0 {
            Kind::Scripted(name, scripted) => scripted.survey(name).await,
            Kind::Real(pool) => {
                let mut lease = pool.lease().await?;
                let result = lease.channel.survey().await;
                lease.settle(result, "survey")
            }
        }
    }

    /// Asks a question: runs a script that changes nothing, without receipt, standard input empty.
    /// Keeps the first MiB of each output and waits as long as it takes.
    ///
    /// # Errors
    /// The link; an exit code other than 0 is an answer.
    pub async fn ask(&self, script: &Script) -> Result<Answer, LinkError> {
        self.ask_with(script, None, ANSWER).await
    }

    /// Asks a question, with a limit on time and on the bytes kept of each output. When time is up
    /// the script's process group is killed.
    ///
    /// # Errors
    /// As [`Host::ask`], and [`LinkTrouble::TimedOut`].
    pub async fn ask_with(
        &self,
        script: &Script,
        limit: Option<Duration>,
        cap: usize,
    ) -> Result<Answer, LinkError> {
        let pool = match &*self.0 {
            Kind::Scripted(name, scripted) => return scripted.ask(name, script, limit, cap).await,
            Kind::Real(pool) => pool,
        };
        let Some(limit) = limit else {
            let mut lease = pool.lease().await?;
            has_shell(pool, lease.channel.known(), script)?;
            let result = lease.channel.ask(script, cap, &mut None).await;
            return lease.settle(result, "ask");
        };
        let mut process = None;
        let asking = async {
            let mut lease = pool.lease().await?;
            has_shell(pool, lease.channel.known(), script)?;
            let result = lease.channel.ask(script, cap, &mut process).await;
            lease.settle(result, "ask")
        };
        if let Ok(answer) = tokio::time::timeout(limit, asking).await {
            return answer;
        }
        if let Some(process) = process {
            // As far as it works: the question is given up either way, and the channel it was asked on
            // has gone.
            let _ = tokio::time::timeout(Duration::from_secs(5), async {
                let mut lease = pool.lease().await?;
                let result = lease.channel.kill_question(process).await;
                lease.settle(result, "end a question")
            })
            .await;
        }
        Err(LinkError {
            host: self.name().into(),
            doing: "ask".into(),
            trouble: LinkTrouble::TimedOut,
            said: format!("nothing within {} s", limit.as_secs_f32()),
        })
    }

    /// Starts a step under its claim, and follows it from its first byte to its end. `out` sets the pace
    /// of the following, never of the step. Once the receiver of `out` is gone, output is dropped and
    /// the end is still waited for.
    ///
    /// A claim that exists already is only followed, so sending the same claim twice runs it once.
    /// Without a receipt nothing is started at all.
    ///
    /// # Errors
    /// The link, which leaves open whether the step started: ask [`Host::probe`].
    /// [`LinkTrouble::NoReceipt`], [`LinkTrouble::NoShell`] and [`LinkTrouble::NoTerminal`]: it did not start.
    pub async fn start(
        &self,
        claim: &Claim,
        script: &Script,
        out: mpsc::Sender<Chunk>,
    ) -> Result<Settled, LinkError> {
        match &*self.0 {
            Kind::Scripted(name, scripted) => scripted.start(name, claim, script, out).await,
            Kind::Real(pool) => {
                let mut lease = pool.lease_for_step().await?;
                let doing = format!("start {}", claim.token);
                has_shell(pool, lease.channel.known(), script)?;
                has_terminal(pool, lease.channel.known(), script)?;
                if let Receipts::Impossible(why) = &lease.channel.known().receipts {
                    return Err(LinkError {
                        host: pool.host.clone(),
                        doing,
                        trouble: LinkTrouble::NoReceipt,
                        said: why.clone(),
                    });
                }
                let result = lease.channel.start(claim, script, &out).await;
                lease.settle(result, &doing)
            }
        }
    }

    /// Follows a step that was started before, from byte `offset` of its output to its end.
    ///
    /// # Errors
    /// The link; whatever the receipt says is an answer.
    pub async fn attach(
        &self,
        claim: &Claim,
        offset: u64,
        out: mpsc::Sender<Chunk>,
    ) -> Result<Settled, LinkError> {
        match &*self.0 {
            Kind::Scripted(name, scripted) => scripted.attach(name, claim, offset, out).await,
            Kind::Real(pool) => {
                let mut lease = pool.lease_for_step().await?;
                let result = lease.channel.attach(claim, offset, &out).await;
                lease.settle(result, &format!("follow {}", claim.token))
            }
        }
    }

    /// Asks for a receipt, without waiting.
    ///
    /// # Errors
    /// The link.
    pub async fn probe(&self, claim: &Claim) -> Result<ReceiptState, LinkError> {
        match &*self.0 {
            Kind::Scripted(name, scripted) => scripted.probe(name, claim).await,
            Kind::Real(pool) => {
                let mut lease = pool.lease().await?;
                let result = lease.channel.probe(claim).await;
                lease.settle(result, &format!("look at {}", claim.token))
            }
        }
    }

    /// Sees to it that a claim never starts, even if its start is still under way.
    /// [`ReceiptState::Revoked`] means that this worked; any other answer is how things stand instead.
    ///
    /// # Errors
    /// The link.
    pub async fn revoke(&self, claim: &Claim) -> Result<ReceiptState, LinkError> {
        match &*self.0 {
            Kind::Scripted(name, scripted) => scripted.revoke(name, claim).await,
            Kind::Real(pool) => {
                let mut lease = pool.lease().await?;
                let result = lease.channel.revoke(claim).await;
                lease.settle(result, &format!("revoke {}", claim.token))
            }
        }
    }

    /// Signals a running step: the command and everything in its process group, never the keeper of
    /// its receipt. The end is told by `start` or `attach`.
    ///
    /// # Errors
    /// The link.
    pub async fn signal(&self, claim: &Claim, signal: Signal) -> Result<Signalled, LinkError> {
        match &*self.0 {
            Kind::Scripted(name, scripted) => scripted.signal(name, claim, signal).await,
            Kind::Real(pool) => {
                let mut lease = pool.lease().await?;
                let result = lease.channel.signal(claim, signal).await;
                lease.settle(result, &format!("signal {}", claim.token))
            }
        }
    }

    /// Types on the terminal of a running step, at most a few KiB at once. It is never sent twice: where the link
    /// goes before the answer, nobody knows whether it arrived.
    ///
    /// # Errors
    /// The link; and [`LinkTrouble::NoTerminal`] where the step has none, or reads nothing of what is typed.
    pub async fn type_keys(&self, claim: &Claim, keys: &[u8]) -> Result<Signalled, LinkError> {
        match &*self.0 {
            Kind::Scripted(name, scripted) => scripted.type_keys(name, claim, keys).await,
            Kind::Real(pool) => {
                let mut lease = pool.lease().await?;
                let result = lease.channel.type_keys(claim, keys).await;
                on_terminal(lease.settle(result, &format!("type to {}", claim.token)))
            }
        }
    }

    /// Gives the terminal of a running step a size, in rows and columns.
    ///
    /// # Errors
    /// The link.
    pub async fn resize(&self, claim: &Claim, size: (u16, u16)) -> Result<Signalled, LinkError> {
        match &*self.0 {
            Kind::Scripted(name, scripted) => scripted.resize(name, claim, size).await,
            Kind::Real(pool) => {
                let mut lease = pool.lease().await?;
                let result = lease.channel.resize(claim, size).await;
                on_terminal(lease.settle(result, &format!("size the terminal of {}", claim.token)))
            }
        }
    }

    /// Removes the receipt and output of a settled step. Only after its end is on our own disk: from
    /// then on the machine says that it never heard of the token.
    ///
    /// # Errors
    /// The link, and [`LinkTrouble::NoReceipt`] if the step is not settled or cannot be removed.
    pub async fn acknowledge(&self, claim: &Claim) -> Result<(), LinkError> {
        match &*self.0 {
            Kind::Scripted(name, scripted) => scripted.acknowledge(name, claim).await,
            Kind::Real(pool) => {
                let mut lease = pool.lease().await?;
                let result = lease.channel.acknowledge(claim).await;
                lease.settle(result, &format!("acknowledge {}", claim.token))
            }
        }
    }

    /// Where a step's output lies on this machine, so that it can be linked rather than copied; `None`
    /// for every other machine.
    pub fn spool_file(&self, token: &Token) -> Option<PathBuf> {
        match &*self.0 {
            Kind::Real(pool) => match &pool.road {
                Road::Local(local) => Some(local.spool.join("jobs").join(format!("{token}_out"))),
                Road::Ssh(_) => None,
            },
            Kind::Scripted(..) => None,
        }
    }

    /// Closes the link. A later call opens it again.
    pub async fn close(&self) {
        if let Kind::Real(pool) = &*self.0 {
            pool.close().await;
        }
    }
}

/// What an agent that is well will not do to a terminal is no trouble with a receipt.
fn on_terminal(result: Result<Signalled, LinkError>) -> Result<Signalled, LinkError> {
    result.map_err(|error| match error.trouble {
        LinkTrouble::NoReceipt => LinkError {
            trouble: LinkTrouble::NoTerminal,
            ..error
        },
        _ => error,
    })
}

fn has_terminal(pool: &Pool, known: &Survey, script: &Script) -> Result<(), LinkError> {
    if !script.wants_terminal() || known.terminal {
        return Ok(());
    }
    Err(LinkError {
        host: pool.host.clone(),
        doing: "run a script".into(),
        trouble: LinkTrouble::NoTerminal,
        said: "there is no `script` or no `stty` in its PATH".into(),
    })
}

fn has_shell(pool: &Pool, known: &Survey, script: &Script) -> Result<(), LinkError> {
    if script.shell() == Shell::Sh || known.bash {
        return Ok(());
    }
    Err(LinkError {
        host: pool.host.clone(),
        doing: "run a script".into(),
        trouble: LinkTrouble::NoShell,
        said: "there is no bash in its PATH".into(),
    })
}

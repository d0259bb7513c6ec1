//! The channels of one host.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::channel::Channel;
use super::error::{Fault, LinkError, LinkTrouble};
use super::host::Guard;
use super::local::Local;
use super::ssh::Ssh;

/// Below MaxSessions of sshd_config(5), 10 unless set, with room for an operator's own.
const CHANNELS: usize = 6;

/// Which way channels are opened.
pub(super) enum Road {
    Local(Local),
    Ssh(Ssh),
}

/// Opens channels when they are needed and keeps them.
///
/// A channel that follows a step is busy until the step ends. One channel of six is never given to a
/// step, so that a question or a signal always gets through.
pub(super) struct Pool {
    pub(super) host: String,
    pub(super) road: Road,
    /// Looks at every machine that answers, before a word goes to it.
    pub(super) guard: OnceLock<Guard>,
    idle: Mutex<Idle>,
    slots: Semaphore,
    steps: Semaphore,
}

/// The channels that wait for their next verb.
#[derive(Default)]
struct Idle {
    channels: Vec<Channel>,
    /// How often everything was closed. What was in use meanwhile belongs to a connection that nobody may be
    /// given any more: a change is kept only by whoever can still come in.
    closed: u64,
}

/// A channel in use. Dropped without [`Lease::settle`], as when the caller stops waiting, the channel is
/// in the middle of an answer and goes too.
pub(super) struct Lease<'a> {
    pub(super) channel: Channel,
    pool: &'a Pool,
    /// How often everything had been closed when it was asked for.
    closed: u64,
    _slot: SemaphorePermit<'a>,
    _step: Option<SemaphorePermit<'a>>,
}

impl Pool {
    pub(super) fn new(host: &str, road: Road) -> Self {
        Self {
            host: host.into(),
            road,
            guard: OnceLock::new(),
            idle: Mutex::default(),
            slots: Semaphore::new(CHANNELS),
            steps: Semaphore::new(CHANNELS - 1),
        }
    }

    /// A channel for a question.
    pub(super) async fn lease(&self) -> Result<Lease<'_>, LinkError> {
        self.lease_with(None).await
    }

    /// A channel for a step.
    pub(super) async fn lease_for_step(&self) -> Result<Lease<'_>, LinkError> {
        let step = permit(&self.steps, &self.host).await?;
        self.lease_with(Some(step)).await
    }

    async fn lease_with<'a>(
        &'a self,
        step: Option<SemaphorePermit<'a>>,
    ) -> Result<Lease<'a>, LinkError> {
        let slot = permit(&self.slots, &self.host).await?;
        // Before anything is opened: what closes meanwhile may be too late for it.
        let closed = self.idle().closed;
        let channel = match self.standing() {
            Some(channel) => channel,
            None => self.open().await?,
        };
        Ok(Lease {
            channel,
            pool: self,
            closed,
            _slot: slot,
            _step: step,
        })
    }

    /// A new channel, to the machine that is meant or to none.
    async fn open(&self) -> Result<Channel, LinkError> {
        let channel = match &self.road {
            Road::Local(local) => local.open(&self.host).await?,
            Road::Ssh(ssh) => ssh.open(&self.host).await?,
        };
        if let Some(guard) = self.guard.get()
            && let Err(said) = guard(channel.known())
        {
            // Not over this connection again: once the right machine is back under its name, it is found.
            drop(channel);
            self.close().await;
            return Err(LinkError::other_machine(&self.host, said));
        }
        Ok(channel)
    }

    /// The channel used last that still stands; broken ones go.
    fn standing(&self) -> Option<Channel> {
        let mut idle = self.idle();
        while let Some(mut channel) = idle.channels.pop() {
            if channel.is_quiet() {
                return Some(channel);
            }
        }
        None
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes what is idle, and the connection. What is in use goes when it is given back; what is still followed
    /// goes on where it runs.
    pub(super) async fn close(&self) {
        {
            let mut idle = self.idle();
            idle.channels.clear();
            idle.closed += 1;
        }
        if let Road::Ssh(ssh) = &self.road {
            ssh.close().await;
        }
    }
}

impl Lease<'_> {
    /// Gives the channel back if it is fit for another verb, and names what went wrong.
    ///
    /// A channel that closed by itself has most likely gone with its link, and what is idle with it: kept, the
    /// next question would be asked over the next dead channel, and be lost a second time.
    pub(super) fn settle<T>(self, result: Result<T, Fault>, doing: &str) -> Result<T, LinkError> {
        let spared = result.as_ref().err().is_none_or(Fault::spares_the_channel);
        let mut idle = self.pool.idle();
        match &result {
            _ if idle.closed != self.closed => {}
            Err(Fault::Gone(_)) => idle.channels.clear(),
            _ if spared => idle.channels.push(self.channel),
            _ => {}
        }
        drop(idle);
        result.map_err(|fault| fault.on(&self.pool.host, doing))
    }
}

async fn permit<'a>(
    semaphore: &'a Semaphore,
    host: &str,
) -> Result<SemaphorePermit<'a>, LinkError> {
    semaphore.acquire().await.map_err(|closed| LinkError {
        host: host.into(),
        doing: "take a channel".into(),
        trouble: LinkTrouble::Local,
        said: closed.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_in_use_when_everything_was_closed_is_given_to_nobody_again() {
        let temp = tempfile::tempdir().unwrap();
        let local = Local {
            spool: temp.path().join("spool"),
            shell: vec!["sh".into()],
        };
        let pool = Pool::new("here", Road::Local(local));
        for closes in [false, true] {
            let mut lease = pool.lease().await.unwrap();
            if closes {
                pool.close().await;
            }
            let result = lease.channel.survey().await;
            lease.settle(result, "survey").unwrap();
            assert_eq!(pool.standing().is_some(), !closes);
        }
    }
}

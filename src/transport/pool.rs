//! The channels of one host.

use std::sync::{Mutex, OnceLock, PoisonError};

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
    idle: Mutex<Vec<Channel>>,
    slots: Semaphore,
    steps: Semaphore,
}

/// A channel in use. Dropped without [`Lease::settle`], as when the caller stops waiting, the channel is
/// in the middle of an answer and goes too.
pub(super) struct Lease<'a> {
    pub(super) channel: Channel,
    pool: &'a Pool,
    _slot: SemaphorePermit<'a>,
    _step: Option<SemaphorePermit<'a>>,
}

impl Pool {
    pub(super) fn new(host: &str, road: Road) -> Self {
        Self {
            host: host.into(),
            road,
            guard: OnceLock::new(),
            idle: Mutex::new(Vec::new()),
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
        let channel = match self.standing() {
            Some(channel) => channel,
            None => self.open().await?,
        };
        Ok(Lease {
            channel,
            pool: self,
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
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut channel) = idle.pop() {
            if channel.is_quiet() {
                return Some(channel);
            }
        }
        None
    }

    /// Closes what is idle, and the connection. What is still followed goes on where it runs.
    pub(super) async fn close(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
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
        let mut idle = self
            .pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &result {
            Err(Fault::Gone(_)) => idle.clear(),
            _ if spared => idle.push(self.channel),
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

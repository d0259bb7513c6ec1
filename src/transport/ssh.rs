//! A shell behind ssh.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use openssh::{ControlPersist, KnownHosts, Session, Stdio};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::channel::{Channel, Ends};
use super::destination::Destination;
use super::error::{Fault, LinkError, LinkTrouble};
use super::known::host_keys;

/// Time for the connection itself; ssh counts it.
const CONNECT: Duration = Duration::from_secs(10);
/// Time for connection, login and greeting together: a login may run a slow profile.
const OPEN: Duration = Duration::from_secs(45);
/// After so long without a word from the server, ssh asks it for one. It asks ServerAliveCountMax times, 3
/// unless set, and gives up one interval after the last, counting in whole seconds: a link that takes
/// everything and answers nothing is known as dead after 4 intervals and a second.
///
/// That is 13 s. Five seconds would make 21, one more than an operator is promised; four leave 3 s for a
/// loaded bastion, and are more than the shortest time that a question has. A pause that is no loss, as
/// when a firewall fails over, costs a new login and nothing else.
const ALIVE: Duration = Duration::from_secs(3);
/// A standing master that turned a new shell down within this time did so by itself, or was dead before.
/// Later than that, it was the link that went while the shell was opened.
const AT_ONCE: Duration = Duration::from_secs(5);
/// How long an idle master outlives an engine that was killed.
const IDLE: usize = 600;
/// sun_path of unix(7) has 108 bytes. The crate adds `/.ssh-connectionXXXXXX/master`, and ssh 17 bytes
/// for the socket's first name.
const LONGEST_DIRECTORY: usize = 108 - 1 - 28 - 17;

/// How a machine behind ssh is spoken to: one master connection, any number of shells over it.
///
/// The openssh crate starts the operator's own `ssh` with their configuration, agent and known
/// hosts. It puts the destination without `--`; the grammar of [`Destination`] stands for that.
pub(super) struct Ssh {
    destination: Destination,
    control_dir: PathBuf,
    session: Mutex<Option<Arc<Login>>>,
}

/// A master connection, and the host keys that ssh took for the machine when it was made.
struct Login {
    session: Arc<Session>,
    host_keys: Vec<String>,
}

impl Ssh {
    pub(super) fn new(destination: Destination, control_dir: PathBuf) -> Self {
        Self {
            destination,
            control_dir,
            session: Mutex::new(None),
        }
    }

    /// Opens a shell and loads the agent, over the standing master if it takes one more. Anew otherwise:
    /// the master may have died, or the server's MaxSessions be reached.
    ///
    /// A link that goes meanwhile is an error at once. Whoever waits for the shell has waited for the
    /// keepalive already, and would learn of the loss only after a new login, or the failure of one.
    pub(super) async fn open(&self, host: &str) -> Result<Channel, LinkError> {
        let late = |_| error(host, LinkTrouble::TimedOut, "no login within 45 s".into());
        timeout(OPEN, self.open_in_time(host)).await.map_err(late)?
    }

    async fn open_in_time(&self, host: &str) -> Result<Channel, LinkError> {
        let standing = self.session.lock().await.clone();
        if let Some(session) = standing {
            let begun = Instant::now();
            match load(&session).await {
                Ok(channel) => return Ok(channel),
                Err(fault) => {
                    self.forget(&session).await;
                    if begun.elapsed() > AT_ONCE {
                        return Err(fault.on(host, "open a shell"));
                    }
                }
            }
        }
        let session = {
            let mut slot = self.session.lock().await;
            match &*slot {
                // somebody else connected while we waited
                Some(session) => session.clone(),
                None => {
                    let session = Arc::new(self.login(host).await?);
                    *slot = Some(session.clone());
                    session
                }
            }
        };
        match load(&session).await {
            Ok(channel) => Ok(channel),
            Err(fault) => {
                let stands = session.session.check().await.is_ok();
                self.forget(&session).await;
                Err(match fault {
                    Fault::Gone(said) if stands => error(host, LinkTrouble::NoShell, said),
                    fault => fault.on(host, "open a shell"),
                })
            }
        }
    }

    async fn forget(&self, session: &Arc<Login>) {
        let mut slot = self.session.lock().await;
        if slot
            .as_ref()
            .is_some_and(|standing| Arc::ptr_eq(standing, session))
        {
            *slot = None;
        }
    }

    async fn login(&self, host: &str) -> Result<Login, LinkError> {
        let (session, host_keys) = tokio::join!(self.connect(host), host_keys(&self.destination));
        Ok(Login {
            session: Arc::new(session?),
            host_keys,
        })
    }

    async fn connect(&self, host: &str) -> Result<Session, LinkError> {
        let length = self.control_dir.as_os_str().len();
        if length > LONGEST_DIRECTORY {
            let said = format!(
                "the path {} has {length} bytes, and a control socket in it would have too long a name",
                self.control_dir.display()
            );
            return Err(error(host, LinkTrouble::Local, said));
        }
        let mut builder = self.destination.builder();
        builder
            .known_hosts_check(KnownHosts::Strict)
            .connect_timeout(CONNECT)
            .server_alive_interval(ALIVE)
            .control_persist(ControlPersist::IdleFor(
                std::num::NonZeroUsize::new(IDLE).unwrap_or(std::num::NonZeroUsize::MIN),
            ))
            .control_directory(&self.control_dir);
        builder
            .connect(self.destination.as_str())
            .await
            .map_err(|error| sort(host, &error))
    }

    /// Ends the master connection.
    pub(super) async fn close(&self) {
        let session = self.session.lock().await.take();
        if let Some(session) = session
            .and_then(Arc::into_inner)
            .and_then(|login| Arc::into_inner(login.session))
        {
            // a master that does not answer is ended by its keepalive
            let _ = timeout(ALIVE, session.close()).await;
        }
    }
}

async fn load(login: &Login) -> Result<Channel, Fault> {
    // `exec` because every login shell knows it, and the agent needs nobody above it
    let mut command = Session::to_raw_command(login.session.clone(), "exec sh -s");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .await
        .map_err(|error| Fault::Gone(words(&error)))?;
    let (Some(input), Some(output), Some(noise)) = (
        child.stdin().take(),
        child.stdout().take(),
        child.stderr().take(),
    ) else {
        return Err(Fault::Gone("the ssh client has no pipes".into()));
    };
    let ends = Ends {
        input: Box::new(input),
        output: Box::new(output),
        noise: Box::new(noise),
        host_keys: login.host_keys.clone(),
        hold: Box::new(child),
    };
    Channel::open(ends, None).await
}

fn error(host: &str, trouble: LinkTrouble, said: String) -> LinkError {
    LinkError {
        host: host.into(),
        doing: "connect".into(),
        trouble,
        said,
    }
}

/// What the error and its sources say, without saying anything twice.
fn words(error: &openssh::Error) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

/// Sorts what ssh said by its words, which have been the same for many years; its exit code is 255 for
/// everything (ssh(1)).
fn sort(host: &str, failed: &openssh::Error) -> LinkError {
    let said = words(failed);
    let trouble = match failed {
        openssh::Error::Connect(cause) if cause.raw_os_error().is_some() => LinkTrouble::Local,
        openssh::Error::Connect(_) => trouble(&said),
        _ => LinkTrouble::Local,
    };
    error(host, trouble, said)
}

fn trouble(said: &str) -> LinkTrouble {
    let has = |words: &str| said.contains(words);
    if has("IDENTIFICATION HAS CHANGED") {
        LinkTrouble::HostKeyChanged
    } else if has("Host key verification failed") || has("host key is known") {
        LinkTrouble::HostKeyUnknown
    } else if has("Permission denied") || has("Too many authentication failures") {
        LinkTrouble::Refused
    } else if has("too long for Unix domain socket") || has("Bad configuration option") {
        LinkTrouble::Local
    } else {
        LinkTrouble::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_says_is_sorted() {
        for (said, kind) in [
            ("x: Permission denied (publickey).", LinkTrouble::Refused),
            (
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                LinkTrouble::HostKeyChanged,
            ),
            (
                "No ED25519 host key is known for x and you have requested strict checking.",
                LinkTrouble::HostKeyUnknown,
            ),
            (
                "connect to host x port 22: Connection refused",
                LinkTrouble::Unreachable,
            ),
            (
                "Could not resolve hostname x: Name or service not known",
                LinkTrouble::Unreachable,
            ),
        ] {
            assert_eq!(trouble(said), kind, "{said}");
        }
    }
}

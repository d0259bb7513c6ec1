//! A shell on this machine.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use duct::cmd;
use tokio::net::unix::pipe;

use super::channel::{Channel, Ends};
use super::error::{Fault, LinkError, LinkTrouble};

/// How this machine is spoken to.
#[derive(Debug, Clone)]
pub(super) struct Local {
    /// Where receipts are kept.
    pub(super) spool: PathBuf,
    /// The shell that reads the agent, and its first arguments.
    pub(super) shell: Vec<OsString>,
}

/// How far the shell is from the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    Session,
    Group,
}

impl Local {
    /// Starts a shell and loads the agent.
    pub(super) async fn open(&self, host: &str) -> Result<Channel, LinkError> {
        let doing = "start a shell";
        let local = |error: io::Error| LinkError {
            host: host.into(),
            doing: doing.into(),
            trouble: LinkTrouble::Local,
            said: error.to_string(),
        };
        let odd = |c: char| c.is_control();
        if !self.spool.is_absolute() || self.spool.to_str().is_none_or(|path| path.contains(odd)) {
            return Err(local(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "the spool {:?} is not an absolute, printable path",
                    self.spool
                ),
            )));
        }
        let ends = self.spawn().map_err(local)?;
        Channel::open(ends, Some(self.spool.clone()))
            .await
            .map_err(|fault| match fault {
                Fault::Gone(said) => LinkError {
                    host: host.into(),
                    doing: doing.into(),
                    trouble: LinkTrouble::NoShell,
                    said,
                },
                fault => fault.on(host, doing),
            })
    }

    /// In a session of its own where there is setsid(1): what ends the engine's whole session, as an operator
    /// does with `pkill -s`, is not meant for running steps, nor for what keeps their receipts. Where there is
    /// none, no receipt can be kept either, and a group of its own has to do.
    fn spawn(&self) -> io::Result<Ends> {
        match self.spawn_in(Apart::Session) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.spawn_in(Apart::Group),
            spawned => spawned,
        }
    }

    fn spawn_in(&self, apart: Apart) -> io::Result<Ends> {
        let (stdin, input) = io::pipe()?;
        let (output, stdout) = io::pipe()?;
        let (noise, stderr) = io::pipe()?;
        let before = (apart == Apart::Session).then(|| "setsid".into());
        let words = self.shell.iter().cloned().chain(["-s".into()]);
        let mut argv = before.into_iter().chain(words);
        let program = argv.next().ok_or(io::ErrorKind::InvalidInput)?;
        let handle = cmd(program, argv)
            .stdin_file(stdin)
            .stdout_file(stdout)
            .stderr_file(stderr)
            // setsid(1) would fork where it leads a group already, and we would reap the wrong process
            .before_spawn(move |command| {
                if apart == Apart::Group {
                    command.process_group(0);
                }
                Ok(())
            })
            .unchecked()
            .start()?;
        // Only to reap it. Not on the runtime's blocking pool: the agent stays as long as the step it
        // follows, and would keep the runtime from closing.
        std::thread::Builder::new()
            .name("reaper".into())
            .spawn(move || handle.wait().map(|_| ()))?;
        Ok(Ends {
            input: Box::new(pipe::Sender::from_owned_fd(OwnedFd::from(input))?),
            output: Box::new(pipe::Receiver::from_owned_fd(OwnedFd::from(output))?),
            noise: Box::new(pipe::Receiver::from_owned_fd(OwnedFd::from(noise))?),
            host_keys: Vec::new(),
            hold: Box::new(()),
        })
    }
}

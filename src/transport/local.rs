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

    fn spawn(&self) -> io::Result<Ends> {
        let (stdin, input) = io::pipe()?;
        let (output, stdout) = io::pipe()?;
        let (noise, stderr) = io::pipe()?;
        let mut argv = self.shell.iter().cloned().chain(["-s".into()]);
        let program = argv.next().ok_or(io::ErrorKind::InvalidInput)?;
        let handle = cmd(program, argv)
            .stdin_file(stdin)
            .stdout_file(stdout)
            .stderr_file(stderr)
            // out of our group: a signal to it, as from a terminal, is not meant for running steps
            .before_spawn(|command| {
                command.process_group(0);
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

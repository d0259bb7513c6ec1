//! What the system tells a screen.

use std::io;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What to do about a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// SIGTERM, SIGHUP, SIGINT and SIGQUIT: leave as a person does who detaches. In raw mode no key makes them.
    Leave,
    /// SIGTSTP: give the terminal back, and stop.
    Stop,
    /// SIGCONT: whoever had the terminal meanwhile has left it as they liked.
    GoOn,
}

/// The signals that a screen hears.
pub(super) struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    quit: Signal,
    stop: Signal,
    go_on: Signal,
}

impl Signals {
    /// Hears them from here on; until then they do what they do to any program.
    pub(super) fn hear() -> io::Result<Self> {
        let of = |number: Number| signal(SignalKind::from_raw(number.as_raw()));
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: of(Number::TSTP)?,
            go_on: of(Number::CONT)?,
        })
    }

    pub(super) async fn next(&mut self) -> Told {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Told::Leave,
            _ = self.hang_up.recv() => Told::Leave,
            _ = self.interrupt.recv() => Told::Leave,
            _ = self.quit.recv() => Told::Leave,
            _ = self.stop.recv() => Told::Stop,
            _ = self.go_on.recv() => Told::GoOn,
        }
    }
}

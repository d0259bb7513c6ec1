//! What the system tells a screen.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What to do about a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// SIGTERM and SIGHUP: leave as a person does who detaches.
    Leave,
    /// SIGINT: on a screen the same. In raw mode no key makes it; while another program has the terminal, its keys do.
    Interrupt,
    /// SIGQUIT: the same.
    Quit,
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
            _ = self.interrupt.recv() => Told::Interrupt,
            _ = self.quit.recv() => Told::Quit,
            _ = self.stop.recv() => Told::Stop,
            _ = self.go_on.recv() => Told::GoOn,
        }
    }

    /// Forgets those that keys made while another program had the terminal.
    pub(super) async fn forget_keys(&mut self) {
        for signal in [&mut self.interrupt, &mut self.quit] {
            poll_fn(|context| Poll::Ready(signal.poll_recv(context).is_ready())).await;
        }
    }
}

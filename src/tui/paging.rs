//! Lends the terminal to a pager and takes it back, while the run goes on.
//!
//! The keys are the pager's then: nothing of ours reads them, what was typed and not read goes nowhere, and a gate has to
//! stand on the screen anew. Signals that keys make are the pager's too.

use std::future::pending;
use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin};
use tokio::time::{sleep, timeout};

use super::app::{App, Now};
use super::clean;
use super::inlets::Updates;
use super::look::Tone;
use super::pager::{Feed, Paged};
use super::screen::{Leaving, Outgoing};
use super::signals::{Signals, Told};
use super::terminal::Held;
use crate::client::Update;

/// How long a pager may take to leave when it is asked to.
const LEAVING: Duration = Duration::from_secs(1);

/// How often it is looked whether somebody has to be called.
const LOOK: Duration = Duration::from_secs(1);

/// What is lent to a pager.
pub(super) trait Lent {
    /// Waits until it was given back because a part of this program that does not draw has panicked.
    fn lost(&self) -> impl Future<Output = io::Error>;
}

/// What came of it.
pub(super) enum Came {
    /// The person left the pager, or it ended; what is to be said of that.
    Back(Option<String>),
    /// A signal ends the screen.
    Ended,
}

/// Shows an output in the pager, until the person leaves it; [`Leaving`] where a signal ends the screen meanwhile.
///
/// # Errors
///
/// The terminal cannot be taken back, or was given back because something of ours failed.
pub(super) async fn show(
    paged: Paged,
    app: &mut App,
    out: &mut impl Outgoing,
    (held, signals, updates): (&mut Held, &mut Signals, &mut Updates),
    call: impl FnMut(&App, &mut Held) -> io::Result<()>,
    now: &impl Fn() -> Now,
) -> io::Result<Option<Leaving>> {
    held.lend();
    let inlets = (&mut *held, signals, updates);
    let hear = |update, app: &mut App| app.take(update, now());
    let came = read_in(paged, app, out, inlets, call, hear).await;
    // Also where something of ours failed: the line is as the pager left it.
    held.take_back()?;
    let came = came?;
    match came {
        Came::Ended => return Ok(Some(Leaving::Detached)),
        Came::Back(said) => app.is_back(said.as_deref(), now().since),
    }
    Ok(None)
}

impl App {
    /// The screen is there again after something else was: a gate on it has to stand there anew.
    pub(super) fn is_back(&mut self, said: Option<&str>, since: Duration) {
        self.guard.drawn(None, since);
        self.message = None;
        if let Some(said) = said {
            self.say(said, Tone::Care);
        }
    }
}

fn not_begun(app: &App, error: &io::Error) -> String {
    let program = clean::line(app.options.pager.program());
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is no pager {program} here; PAGER in the environment names another")
        }
        _ => format!("the pager {program} cannot be started: {error}"),
    }
}

/// Starts the pager and feeds it until the person leaves it. What is lent is the caller's to take back.
///
/// # Errors
///
/// What was lent is lost, or nobody can be called.
pub(super) async fn read_in<L: Lent>(
    paged: Paged,
    app: &mut App,
    out: &mut impl Outgoing,
    (lent, signals, updates): (&mut L, &mut Signals, &mut Updates),
    mut call: impl FnMut(&App, &mut L) -> io::Result<()>,
    mut hear: impl FnMut(Update, &mut App),
) -> io::Result<Came> {
    let mut child = match app.options.pager.begin() {
        Ok(child) => child,
        Err(error) => return Ok(Came::Back(Some(not_begun(app, &error)))),
    };
    let mut feed = Feed::new(paged);
    let mut pipe = child.stdin.take();
    let mut stopped = false;
    let ended = loop {
        if let Some((file, offset, most)) = feed.wanted() {
            out.read(&file, offset, most);
        }
        if feed.is_over() {
            pipe = None;
        }
        call(app, lent)?;
        tokio::select! {
            biased;
            error = lent.lost() => {
                end(&mut child).await;
                return Err(error);
            }
            told = signals.next() => match told {
                Told::Leave => {
                    end(&mut child).await;
                    return Ok(Came::Ended);
                }
                // `less` where it is safe ignores it, and would have the terminal together with the shell.
                Told::Stop => stopped = true,
                // The pager's own keys, and what lets it go on.
                Told::Interrupt | Told::Quit | Told::GoOn => {}
            },
            status = child.wait() => break status,
            wrote = write(&mut pipe, feed.ready()) => match wrote {
                Ok(count) => feed.taken(count),
                // It wants no more, and may still be read.
                Err(_) => pipe = None,
            },
            update = updates.next() => {
                feed.take(&update);
                hear(update, app);
            }
            () = sleep(LOOK) => {
                if std::mem::take(&mut stopped) {
                    tell(&child, Signal::CONT);
                }
            }
        }
    };
    signals.forget_keys().await;
    let program = clean::line(app.options.pager.program());
    Ok(Came::Back(match ended {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("the pager {program} ended with {status}")),
        Err(error) => Some(format!("the pager {program} cannot be waited for: {error}")),
    }))
}

/// Writes what the pager takes; waits for ever where it takes nothing any more.
async fn write(pipe: &mut Option<ChildStdin>, text: &[u8]) -> io::Result<usize> {
    match pipe {
        Some(pipe) if !text.is_empty() => pipe.write(text).await,
        _ => pending().await,
    }
}

fn tell(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    if let Some(pid) = pid.and_then(Pid::from_raw) {
        // One that has ended already needs no signal.
        let _ = kill_process(pid, signal);
    }
}

/// Asks the pager to leave, so that it puts the terminal right itself; then makes it.
async fn end(child: &mut Child) {
    // Stopped it would not hear it.
    tell(child, Signal::TERM);
    tell(child, Signal::CONT);
    if timeout(LEAVING, child.wait()).await.is_err() {
        // Nor does this: there is nobody left to tell of a pager that cannot be killed.
        let _ = child.kill().await;
    }
}

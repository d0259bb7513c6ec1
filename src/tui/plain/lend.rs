//! Lends the terminal to a pager and takes it back, between two questions.

use std::future::pending;
use std::io::{self, IsTerminal};

use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};

use crate::tui::app::{App, Now};
use crate::tui::inlets::Updates;
use crate::tui::look::Tone;
use crate::tui::pager::Paged;
use crate::tui::paging::{self, Came, Lent};
use crate::tui::screen::{Leaving, Outgoing};
use crate::tui::signals::Signals;

use super::desk;
use super::ear::Ear;
use super::pen::Pen;
use super::speaker::Plain;

/// Why no pager can be opened here.
pub(super) fn why_not() -> Option<&'static str> {
    match (io::stdin().is_terminal(), io::stdout().is_terminal()) {
        (true, true) => None,
        (false, _) => Some("standard input is no terminal, so a pager would get no keys"),
        (true, false) => Some("standard output is no terminal that a pager could show it on"),
    }
}

/// A terminal on which nothing is drawn: what goes wrong elsewhere is said there, and takes nothing away.
struct Lines;

impl Lent for Lines {
    async fn lost(&self) -> io::Error {
        pending().await
    }
}

/// Shows an output in the pager, until the person leaves it; [`Leaving`] where a signal ends the wizard meanwhile.
///
/// # Errors
///
/// What is told while it is open cannot be taken.
pub(super) async fn show(
    paged: Paged,
    (app, plain): (&mut App, &mut Plain),
    out: &mut impl Outgoing,
    (ear, pen): (&mut Ear, &mut Pen),
    (signals, updates): (&mut Signals, &mut Updates),
    now: &impl Fn() -> Now,
) -> io::Result<Option<Leaving>> {
    if !pen.rests().await || !ear.lend().await {
        app.say("the terminal is busy, and no pager was opened", Tone::Care);
        return Ok(None);
    }
    let modes = tcgetattr(io::stdin()).ok();
    let hear = |update, app: &mut App| desk::take(update, app, plain, now());
    let inlets = (&mut Lines, signals, updates);
    let came = paging::read_in(paged, app, out, inlets, |_, _| Ok(()), hear).await;
    // Whatever it was: the line is as the pager left it, and what was typed and not read goes nowhere. A terminal that
    // has gone has neither.
    if let Some(modes) = modes {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
    }
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    ear.take_back();
    match came? {
        Came::Ended => return Ok(Some(Leaving::Detached)),
        Came::Back(said) => app.is_back(said.as_deref(), now().since),
    }
    plain.is_back();
    Ok(None)
}

//! The loop: updates, keys and the clock in, frames and requests out.

use std::future::poll_fn;
use std::io::{self, Write as _};
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::client::Update;
use crate::clock::Clock;
use crate::names::{MachineName, StepId};
use crate::problem::visible;
use crate::run::Intent;
use crate::wire::Typed;

use super::app::{App, Effect, Now};
use super::attention::{self, Attention, Bell, Need};
use super::clipboard::Clipboard;
use super::gate::Came;
use super::inlets::Updates;
use super::look::Look;
use super::output::Output;
use super::pace::Pace;
use super::pager::{Paged, Pager};
use super::paging::{self, Lent as _};
use super::signals::{Signals, Told};
use super::terminal::Held;
use super::view;

/// How to draw.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the terminal can show.
    pub look: Look,
    /// The zone that times are shown in.
    pub zone: TimeZone,
    /// The wall clock.
    pub clock: Clock,
    /// The run's folder, shown where an output is longer than the screen holds, and at the end; empty
    /// where the screen does not know it.
    pub folder: String,
    /// How somebody who looks away may be called.
    pub attention: Attention,
    /// Whether the mouse is taken from the terminal at the start.
    pub mouse: bool,
    /// Whether there is a clipboard to copy to.
    pub clipboard: Clipboard,
    /// The program that shows an output page by page.
    pub pager: Pager,
    /// The command that comes back to this run, shown on leaving: `runsheet attach 20261121-…`.
    pub come_back: String,
}

/// Why the screen was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// The person left, or their terminal went; the run goes on.
    Detached,
    /// The run has ended, and the person has seen it.
    Ended,
}

/// Where the screen's wishes go. Neither call may block.
pub trait Outgoing {
    /// Sends a wish; gives the number that [`Update::Granted`] and [`Update::Refused`] will carry.
    fn wish(&mut self, intent: Intent) -> u64;

    /// Passes something on to what runs on a terminal; answered by [`Update::Passed`] or [`Update::Refused`].
    fn type_to(&mut self, at: (StepId, u32, MachineName), typed: Typed);

    /// Asks for at most `most` bytes of an output file from `offset` on, answered by [`Update::Piece`].
    fn read(&mut self, file: &str, offset: u64, most: u32);
}

/// Holds the terminal until the person leaves or the run has ended and was seen.
///
/// The terminal is given back before this returns, and also on a panic. SIGTERM, SIGHUP, SIGINT and
/// SIGQUIT leave as a person does who detaches, and SIGTSTP stops it as it stops any program. When `updates` is closed, the screen stays, says so, and decides nothing any more.
///
/// # Errors
///
/// The terminal cannot be taken, read or written.
pub async fn run(
    updates: mpsc::Receiver<Update>,
    out: &mut impl Outgoing,
    options: Options,
) -> io::Result<Leaving> {
    let come_back = visible(&options.come_back);
    let leaving = hold(updates, out, options).await?;
    if leaving == Leaving::Detached {
        let words = "the run goes on without this screen; come back with";
        // After a hang-up there is no terminal left to say it on, and nobody to tell that.
        let said = writeln!(io::stderr(), "{words}: {come_back}");
        drop(said);
    }
    Ok(leaving)
}

async fn hold(
    updates: mpsc::Receiver<Update>,
    out: &mut impl Outgoing,
    options: Options,
) -> io::Result<Leaving> {
    let mut signals = Signals::hear()?;
    let mut updates = Updates::new(updates);
    let started = Instant::now();
    let clock = options.clock.clone();
    let now = || Now {
        wall: clock.now(),
        since: started.elapsed(),
    };
    let mut app = App::new(options);
    let mut held = Held::take(app.options.attention, app.options.look.depth)?;
    if app.mouse {
        held.mouse(true)?;
    }
    let mut keys = EventStream::new();
    let mut bell = Bell::default();
    let mut pace = Pace::at(held.speed());
    let mut at_once = true;
    loop {
        while let Some(update) = updates.there() {
            app.take(update, now());
        }
        let wait = pace.until_due(started.elapsed());
        let due = at_once || wait.is_none();
        // Of a flood a frame shows one piece. To emulate all that could be had takes so much of a processor that the
        // scheduler lets the next key wait for it.
        if due || !app.output.as_ref().is_some_and(Output::is_behind) {
            do_all(app.steer(), &mut app, out, &mut held)?;
        }
        do_all(app.seek().into_iter().collect(), &mut app, out, &mut held)?;
        if due {
            let (begun, before) = (started.elapsed(), held.written());
            held.terminal
                .draw(|frame| view::draw(frame, &mut app, now()))?;
            let took = started.elapsed().saturating_sub(begun);
            pace.drawn(begun, took, held.written().saturating_sub(before));
            app.drawn(started.elapsed());
            do_all(app.after_drawing(), &mut app, out, &mut held)?;
        }
        at_once = false;
        let pause = match wait {
            Some(left) if !due => left,
            _ => until_next_tick(&app, now()),
        };
        call(&app, &mut bell, &mut held, now())?;
        tokio::select! {
            biased;
            error = held.lost() => return Err(error),
            told = signals.next() => match told {
                Told::Leave | Told::Interrupt | Told::Quit => return Ok(Leaving::Detached),
                Told::Stop => held.stop()?,
                Told::GoOn => {
                    held.take_again()?;
                    at_once = true;
                }
            },
            update = updates.next() => app.take(update, now()),
            event = keys.next() => {
                let Some(event) = event else { return Ok(Leaving::Detached) };
                let mut events = vec![event?];
                while let Some(event) = waiting(&mut keys).await {
                    events.push(event?);
                }
                bell.key(started.elapsed());
                // What came meanwhile is true already; a key is for what it finds, or for nothing.
                while let Some(update) = updates.there() {
                    app.take(update, now());
                }
                at_once = true;
                match take_events(&events, &mut app, out, &mut held, &now)? {
                    None => {}
                    Some(Turn::Leave(leaving)) => return Ok(leaving),
                    Some(Turn::Page(paged)) => {
                        // Nothing of ours may read a key meanwhile.
                        drop(keys);
                        let inlets = (&mut held, &mut signals, &mut updates);
                        let call = |app: &App, held: &mut Held| ring(app, &mut bell, held, now());
                        let shown = paging::show(paged, &mut app, out, inlets, call, &now);
                        if let Some(leaving) = shown.await? {
                            return Ok(leaving);
                        }
                        keys = EventStream::new();
                        while waiting(&mut keys).await.is_some() {}
                        bell.key(started.elapsed());
                    }
                }
            }
            () = sleep(pause) => {}
        }
    }
}

/// The next event that is there already.
///
/// `now_or_never` would ask with a waker that wakes nobody, and crossterm keeps the first waker it is given
/// until an event comes: the next key would then be seen only with the tick after it.
async fn waiting(keys: &mut EventStream) -> Option<io::Result<Event>> {
    poll_fn(|context| match keys.poll_next_unpin(context) {
        Poll::Ready(event) => Poll::Ready(event),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Calls somebody who looks away, as far as that is wanted.
fn call(app: &App, bell: &mut Bell, held: &mut Held, now: Now) -> io::Result<()> {
    let run = &app.folded.run;
    if app.options.attention == Attention::BellAndTitle {
        held.title(attention::title(run, Need::of(run)))?;
    }
    ring(app, bell, held, now)
}

/// The same by the bell alone.
fn ring(app: &App, bell: &mut Bell, held: &mut Held, now: Now) -> io::Result<()> {
    let run = &app.folded.run;
    let late = attention::lateness(run, app.wall(now));
    let rings = bell.wants_to_ring(Need::of(run), late, now.since);
    match rings && app.options.attention != Attention::Off {
        true => held.ring(),
        false => Ok(()),
    }
}

/// What ends the turn of the keys.
enum Turn {
    Leave(Leaving),
    Page(Paged),
}

fn take_events(
    events: &[Event],
    app: &mut App,
    out: &mut impl Outgoing,
    held: &mut Held,
    now: &impl Fn() -> Now,
) -> io::Result<Option<Turn>> {
    let counts = |event: &&Event| match event {
        Event::Key(key) => key.kind != KeyEventKind::Release,
        Event::Mouse(_) => true,
        _ => false,
    };
    let came = match events.iter().filter(counts).count() {
        0 | 1 => Came::Alone,
        _ => Came::InABundle,
    };
    for event in events {
        let effects = match event {
            Event::Key(key) => app.key(*key, came, now()),
            Event::Paste(text) => app.paste(text),
            Event::Mouse(mouse) => {
                app.mouse(*mouse, came, now());
                Vec::new()
            }
            // A terminal that was made small and large again has lost what did not fit, and has the size of the last frame.
            Event::Resize(..) => vec![Effect::Redraw],
            Event::FocusGained | Event::FocusLost => Vec::new(),
        };
        // What came with it in a bundle was not meant for what it leads to.
        if let Some(turn) = do_all(effects, app, out, held)? {
            return Ok(Some(turn));
        }
    }
    Ok(None)
}

fn do_all(
    effects: Vec<Effect>,
    app: &mut App,
    out: &mut impl Outgoing,
    held: &mut Held,
) -> io::Result<Option<Turn>> {
    for effect in effects {
        match effect {
            Effect::Wish(intent) => {
                let id = out.wish(intent);
                app.sent(id);
            }
            Effect::Read { file, offset, most } => out.read(&file, offset, most),
            Effect::Type { at, typed } => out.type_to(at, typed),
            Effect::Copy(text) => held.copy(&text)?,
            Effect::Mouse(on) => held.mouse(on)?,
            Effect::Redraw => held.wipe()?,
            Effect::Page(paged) => return Ok(Some(Turn::Page(paged))),
            Effect::Leave(leaving) => return Ok(Some(Turn::Leave(leaving))),
        }
    }
    Ok(None)
}

/// A second while seconds are shown, else until the minute turns or the way back comes near its latest start: an idle
/// screen draws nothing.
pub(super) fn until_next_tick(app: &App, now: Now) -> Duration {
    let micros = now
        .wall
        .as_microsecond()
        .rem_euclid(60_000_000)
        .unsigned_abs();
    let every = if app.shows_seconds() {
        1_000_000
    } else {
        60_000_000
    };
    let tick = Duration::from_micros(every - micros % every);
    let later = attention::until_later(&app.folded.run, app.wall(now));
    later.map_or(tick, |later| later.min(tick))
}

//! The loop: updates, lines and the clock in, lines and requests out.
//!
//! A thread reads and another writes, because either may wait for a slow line or a stopped terminal, and the run
//! must not wait for that.

use std::io::{self, IsTerminal, Write as _};
use std::time::Duration;

use rustix::termios::tcgetwinsize;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::client::Update;
use crate::problem::visible;
use crate::tui::app::{App, Effect, Now};
use crate::tui::clipboard;
use crate::tui::gate::{Came, Verdict};
use crate::tui::inlets::Updates;
use crate::tui::keys::{Action, Place};
use crate::tui::pager::Paged;
use crate::tui::screen::{Leaving, Options, Outgoing, until_next_tick};
use crate::tui::signals::{Signals, Told};

use super::ear::Ear;
use super::echo::Echo;
use super::lend;
use super::pen::Pen;
use super::speaker::Plain;
use super::stop;

/// How long after a line it is seen whether others came with it.
const TOGETHER: Duration = Duration::from_millis(15);

/// How soon is looked again whether something that waits can be told.
const RESTLESS: Duration = Duration::from_millis(250);

/// How much may wait to be written before what a step prints is held back, in bytes.
const SLOW: usize = 2048;

/// How long the end of the input waits for something to have been told, and the end of the wizard for it to be written.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How wide lines are where nobody says it, and the least and most.
const WIDTH: u16 = 80;
const WIDTHS: std::ops::RangeInclusive<u16> = 40..=160;

/// Tells a run in lines until the person leaves, their input ends, or the run has ended and was seen.
///
/// SIGTERM, SIGHUP and SIGQUIT leave as a person does who detaches; so does SIGINT where the input is no terminal. The end of
/// the input leaves once it was told where the run stands.
///
/// # Errors
///
/// A signal handler cannot be set up.
pub async fn run(
    updates: mpsc::Receiver<Update>,
    out: &mut impl Outgoing,
    options: Options,
) -> io::Result<Leaving> {
    let come_back = visible(&options.come_back);
    let leaving = hold(updates, out, options).await?;
    if leaving == Leaving::Detached {
        let words = "the run goes on without you; come back with";
        // After a hang-up there is nobody left to tell it.
        let _ = writeln!(io::stderr(), "{words}: {come_back} --plain");
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
    let now_at = |at: Instant| Now {
        wall: clock.now(),
        since: at.duration_since(started),
    };
    let now = || now_at(Instant::now());
    let mut app = App::new(options);
    let mut plain = Plain::new(&mut app, width());
    plain.no_pager = lend::why_not();
    let (mut ear, mut pen) = (Ear::listen()?, Pen::take());
    let mut echo = Echo::default();
    // Since when there is no more input.
    let mut ended: Option<Instant> = None;
    let left = loop {
        while let Some(update) = updates.there() {
            take(update, &mut app, &mut plain, now());
        }
        let mut effects = app.steer();
        effects.extend(plain.reads(&app));
        // Nothing that is read asks for anything else.
        drop(do_all(effects, &mut app, out, &pen));
        echo.shows(app.place() != Place::Terminal);
        let text = plain.speak(&mut app, now(), pen.waits() > SLOW);
        if !text.is_empty() {
            pen.write(text);
        }
        if pen.waits() == 0 {
            let gate = app.guard.seen().cloned();
            plain.written(&mut app, now().since);
            if app.guard.seen().is_some() && app.guard.seen() != gate.as_ref() {
                ear.forget_typed_ahead();
            }
        }
        let told = plain.has_told() && pen.waits() == 0 && !plain.is_restless(&app);
        if ended.is_some_and(|since| told || since.elapsed() >= PATIENCE) {
            break leaves(&mut app);
        }
        let pause = match plain.is_restless(&app) || pen.waits() > 0 || ended.is_some() {
            true => RESTLESS,
            false => until_next_tick(&app, now()),
        };
        tokio::select! {
            biased;
            told = signals.next() => match told {
                Told::Leave | Told::Quit => break Leaving::Detached,
                Told::Interrupt if !io::stdin().is_terminal() => break Leaving::Detached,
                Told::Interrupt => if !plain.stop_quest() {
                    drop(app.act(Action::Interrupt, Verdict::TooSoon, Came::Alone));
                },
                Told::Stop => {
                    echo.shows(true);
                    stop::stop()?;
                }
                Told::GoOn => {}
            },
            written = pen.written.recv() => if written.is_none() {
                // Nobody reads any more.
                break Leaving::Detached;
            },
            update = updates.next() => take(update, &mut app, &mut plain, now()),
            line = ear.lines.recv(), if ended.is_none() => match line {
                None => ended = Some(Instant::now()),
                Some(line) => {
                    let mut all = vec![line];
                    sleep(TOGETHER).await;
                    while let Ok(line) = ear.lines.try_recv() {
                        all.push(line);
                    }
                    // What came meanwhile is true already; a line is for what it finds, or for nothing.
                    while let Some(update) = updates.there() {
                        take(update, &mut app, &mut plain, now());
                    }
                    let came = if all.len() > 1 { Came::InABundle } else { Came::Alone };
                    let mut turn = None;
                    for (line, at) in all {
                        let effects = plain.line(&mut app, &line, came, now_at(at));
                        turn = do_all(effects, &mut app, out, &pen);
                        // What came with it in a bundle was not meant for what it leads to.
                        if turn.is_some() {
                            break;
                        }
                    }
                    match turn {
                        None => {}
                        Some(Turn::Leave(leaving)) => break leaving,
                        Some(Turn::Page(paged)) => {
                            let ends = (&mut ear, &mut pen);
                            let inlets = (&mut signals, &mut updates);
                            let wizard = (&mut app, &mut plain);
                            let shown = lend::show(paged, wizard, out, ends, inlets, &now);
                            if let Some(leaving) = shown.await? {
                                break leaving;
                            }
                        }
                    }
                }
            },
            () = sleep(pause) => {}
        }
    };
    pen.end().await;
    Ok(left)
}

/// Takes what the client tells.
pub(super) fn take(update: Update, app: &mut App, plain: &mut Plain, now: Now) {
    plain.hear(&update, now.since);
    app.take(update, now);
}

fn leaves(app: &mut App) -> Leaving {
    let effects = app.act(Action::Detach, Verdict::TooSoon, Came::Alone);
    let leaving = effects.into_iter().find_map(|effect| match effect {
        Effect::Leave(leaving) => Some(leaving),
        _ => None,
    });
    leaving.unwrap_or(Leaving::Detached)
}

/// What ends the turn of the lines.
enum Turn {
    Leave(Leaving),
    Page(Paged),
}

fn do_all(effects: Vec<Effect>, app: &mut App, out: &mut impl Outgoing, pen: &Pen) -> Option<Turn> {
    for effect in effects {
        match effect {
            Effect::Wish(intent) => {
                let id = out.wish(intent);
                app.sent(id);
            }
            Effect::Read { file, offset, most } => out.read(&file, offset, most),
            Effect::Type { at, typed } => out.type_to(at, typed),
            Effect::Copy(text) => {
                let sequence = clipboard::sequence(&text);
                pen.write(String::from_utf8_lossy(&sequence).into_owned());
            }
            // There is no screen.
            Effect::Mouse(_) | Effect::Redraw => {}
            Effect::Page(paged) => return Some(Turn::Page(paged)),
            Effect::Leave(leaving) => return Some(Turn::Leave(leaving)),
        }
    }
    None
}

fn width() -> u16 {
    let told = tcgetwinsize(io::stdout()).map_or(WIDTH, |size| size.ws_col);
    match told {
        0 => WIDTH,
        told => told.clamp(*WIDTHS.start(), *WIDTHS.end()),
    }
}

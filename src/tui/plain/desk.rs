//! The loop: updates, lines and the clock in, lines and requests out.
//!
//! A thread reads and another writes, because either may wait for a slow line or a stopped terminal, and the run
//! must not wait for that.

use std::io::{self, BufRead, IsTerminal, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::termios::{QueueSelector, tcdrain, tcflush, tcgetwinsize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::client::Update;
use crate::problem::visible;
use crate::tui::app::{App, Effect, Now};
use crate::tui::gate::{Came, Verdict};
use crate::tui::keys::{Action, Place};
use crate::tui::screen::{Leaving, Options, Outgoing, until_next_tick};

use super::echo::Echo;
use super::speaker::Plain;

/// The longest line that is taken, in bytes.
const LINE: u64 = 64 * 1024;

/// How long after a line it is seen whether others came with it.
const TOGETHER: Duration = Duration::from_millis(15);

/// How soon is looked again whether something that waits can be told.
const RESTLESS: Duration = Duration::from_millis(250);

/// How much may wait to be written before what a step prints is held back, in bytes.
const SLOW: usize = 2048;

/// How long the end of the input waits for something to have been told, and the end of the wizard for it to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// How wide lines are where nobody says it, and the least and most.
const WIDTH: u16 = 80;
const WIDTHS: std::ops::RangeInclusive<u16> = 40..=160;

/// Tells a run in lines until the person leaves, their input ends, or the run has ended and was seen.
///
/// SIGTERM and SIGHUP leave as a person does who detaches; so does SIGINT where the input is no terminal. The end of
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
    mut updates: mpsc::Receiver<Update>,
    out: &mut impl Outgoing,
    options: Options,
) -> io::Result<Leaving> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let started = Instant::now();
    let clock = options.clock.clone();
    let now_at = |at: Instant| Now {
        wall: clock.now(),
        since: at.duration_since(started),
    };
    let now = || now_at(Instant::now());
    let mut app = App::new(options);
    let mut plain = Plain::new(&mut app, width());
    let (mut lines, mut pen) = (listen(), Pen::take());
    let mut echo = Echo::default();
    let mut listening = true;
    // Since when there is no more input.
    let mut ended: Option<Instant> = None;
    let left = loop {
        while let Ok(update) = updates.try_recv() {
            take(update, &mut app, &mut plain, now());
        }
        let mut effects = app.steer();
        effects.extend(plain.reads(&app));
        if let Some(leaving) = do_all(effects, &mut app, out) {
            break leaving;
        }
        echo.shows(app.place() != Place::Terminal);
        let text = plain.speak(&mut app, now(), pen.waits() > SLOW);
        if !text.is_empty() {
            pen.write(text);
        }
        if pen.waits() == 0 {
            let gate = app.guard.seen().cloned();
            plain.written(&mut app, now().since);
            if app.guard.seen().is_some() && app.guard.seen() != gate.as_ref() {
                forget_typed_ahead();
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
            _ = terminate.recv() => break Leaving::Detached,
            _ = hang_up.recv() => break Leaving::Detached,
            _ = interrupt.recv() => match io::stdin().is_terminal() {
                true if plain.stop_quest() => {}
                true => drop(app.act(Action::Interrupt, Verdict::TooSoon, Came::Alone)),
                false => break Leaving::Detached,
            },
            written = pen.written.recv() => if written.is_none() {
                // Nobody reads any more.
                break Leaving::Detached;
            },
            update = updates.recv(), if listening => match update {
                Some(update) => take(update, &mut app, &mut plain, now()),
                None => {
                    listening = false;
                    let why = "the line was closed".to_owned();
                    take(Update::Disconnected { why, last: true }, &mut app, &mut plain, now());
                }
            },
            line = lines.recv(), if ended.is_none() => match line {
                None => ended = Some(Instant::now()),
                Some(line) => {
                    let mut all = vec![line];
                    sleep(TOGETHER).await;
                    while let Ok(line) = lines.try_recv() {
                        all.push(line);
                    }
                    // What came meanwhile is true already; a line is for what it finds, or for nothing.
                    while let Ok(update) = updates.try_recv() {
                        take(update, &mut app, &mut plain, now());
                    }
                    let came = if all.len() > 1 { Came::InABundle } else { Came::Alone };
                    let mut leaving = None;
                    for (line, at) in all {
                        let effects = plain.line(&mut app, &line, came, now_at(at));
                        leaving = leaving.or(do_all(effects, &mut app, out));
                    }
                    if let Some(leaving) = leaving {
                        break leaving;
                    }
                }
            },
            () = sleep(pause) => {}
        }
    };
    pen.end().await;
    Ok(left)
}

fn take(update: Update, app: &mut App, plain: &mut Plain, now: Now) {
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

fn do_all(effects: Vec<Effect>, app: &mut App, out: &mut impl Outgoing) -> Option<Leaving> {
    for effect in effects {
        match effect {
            Effect::Wish(intent) => {
                let id = out.wish(intent);
                app.sent(id);
            }
            Effect::Read { file, offset, most } => out.read(&file, offset, most),
            Effect::Type { at, typed } => out.type_to(at, typed),
            // Lines of text are copied by whoever shows them.
            Effect::Copy(_) | Effect::Page(_) | Effect::Mouse(_) | Effect::Redraw => {}
            Effect::Leave(leaving) => return Some(leaving),
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

/// Throws away what was typed before a gate stood there. What of it is a whole line was read before, and counts for
/// nothing either; this is for the half of one.
fn forget_typed_ahead() {
    if io::stdin().is_terminal() {
        // A terminal that is gone has nothing typed ahead.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    }
}

/// Reads lines, each with when it came, until there are no more.
fn listen() -> mpsc::Receiver<(String, Instant)> {
    let (send, lines) = mpsc::channel(64);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut bytes = Vec::new();
            match input.by_ref().take(LINE).read_until(b'\n', &mut bytes) {
                // An input that cannot be read has ended.
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let at = Instant::now();
            let text = String::from_utf8_lossy(&bytes);
            let line = text.trim_end_matches(['\n', '\r']).to_owned();
            if send.blocking_send((line, at)).is_err() {
                return;
            }
        }
    });
    lines
}

/// Writes, in a thread of its own.
struct Pen {
    send: Option<std::sync::mpsc::Sender<String>>,
    waiting: Arc<AtomicUsize>,
    /// Something was written; closed when nothing can be any more.
    written: mpsc::UnboundedReceiver<()>,
}

impl Pen {
    fn take() -> Self {
        let (send, texts) = std::sync::mpsc::channel::<String>();
        let (tell, written) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = waiting.clone();
        std::thread::spawn(move || {
            let mut out = io::stdout();
            for text in texts {
                if out
                    .write_all(text.as_bytes())
                    .and_then(|()| out.flush())
                    .is_err()
                {
                    return;
                }
                if out.is_terminal() {
                    // On a slow line it is written long before it is to be read. What is no line has nothing to wait for.
                    let _ = tcdrain(&out);
                }
                left.fetch_sub(text.len(), Ordering::SeqCst);
                if tell.send(()).is_err() {
                    return;
                }
            }
        });
        Self {
            send: Some(send),
            waiting,
            written,
        }
    }

    fn write(&self, text: String) {
        self.waiting.fetch_add(text.len(), Ordering::SeqCst);
        if let Some(send) = &self.send {
            // Where nobody writes any more, `written` is closed, and the loop ends by that.
            let _ = send.send(text);
        }
    }

    /// How many bytes are not written yet.
    fn waits(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Waits until all is written, or nobody takes it.
    async fn end(&mut self) {
        self.send = None;
        let rest = async { while self.written.recv().await.is_some() {} };
        // Whoever does not take the last words in time has stopped reading.
        let _ = timeout(PATIENCE, rest).await;
    }
}

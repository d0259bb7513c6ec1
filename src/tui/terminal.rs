//! Takes the terminal and gives it back, whatever happens.

use std::io::{self, Stdout, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use super::attention::{self, Attention};
use super::clipboard;

/// The terminal, while the wizard has it. Dropping it gives it back.
pub(super) struct Held {
    pub(super) terminal: Terminal<CrosstermBackend<Counted>>,
    written: Arc<AtomicU64>,
    taken: Arc<AtomicBool>,
    /// The title as it was written last.
    titled: Vec<u8>,
    has_title: bool,
}

impl Held {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste.
    ///
    /// # Errors
    ///
    /// Standard output is not a terminal, or does not take it; it is given back then.
    pub(super) fn take(attention: Attention) -> io::Result<Self> {
        let has_title = attention == Attention::BellAndTitle;
        let taken = Arc::new(AtomicBool::new(true));
        let in_panic = taken.clone();
        let before = panic::take_hook();
        // Without this the message of a panic is written onto the alternate screen and lost with it.
        panic::set_hook(Box::new(move |info| {
            give_back(&in_panic, has_title);
            before(info);
        }));
        let written = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            out: io::stdout(),
            written: written.clone(),
        };
        let start = || -> io::Result<_> {
            enable_raw_mode()?;
            if has_title {
                io::stdout().write_all(attention::KEEP)?;
            }
            execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
            Terminal::new(CrosstermBackend::new(counted))
        };
        let held = start().and_then(|terminal| {
            let mut held = Self {
                terminal,
                written,
                taken: taken.clone(),
                titled: Vec::new(),
                has_title,
            };
            held.wipe()?;
            Ok(held)
        });
        match held {
            Ok(held) => Ok(held),
            Err(error) => {
                give_back(&taken, has_title);
                Err(error)
            }
        }
    }

    /// Empties the screen, so that the next frame draws all of it.
    ///
    /// Not by `Terminal::clear`, which asks the terminal where its cursor is and gives up after two
    /// seconds: a slow link would end the wizard, and the answer races with the operator's keys.
    pub(super) fn wipe(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal
            .resize(Rect::new(0, 0, size.width, size.height))
    }

    /// Puts a title on the terminal, where it has another.
    pub(super) fn title(&mut self, title: Vec<u8>) -> io::Result<()> {
        if self.titled != title {
            let mut out = io::stdout();
            out.write_all(&title)?;
            out.flush()?;
            self.titled = title;
        }
        Ok(())
    }

    /// Asks the terminal to put a clean text into its clipboard.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(&clipboard::sequence(text))?;
        out.flush()
    }

    /// How many bytes were written for frames so far.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// The speed of the line in bits a second, as the terminal tells it; none where it does not.
    pub(super) fn speed(&self) -> Option<u32> {
        let modes = rustix::termios::tcgetattr(io::stdout()).ok()?;
        Some(modes.output_speed())
    }

    /// Rings the bell: the run waits for a person who has looked away.
    pub(super) fn ring(&mut self) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(b"\x07")?;
        out.flush()
    }
}

/// Standard output, with a count of what went there.
pub(super) struct Counted {
    out: Stdout,
    written: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        let count = u64::try_from(taken).unwrap_or(u64::MAX);
        self.written.fetch_add(count, Ordering::Relaxed);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back(&self.taken, self.has_title);
    }
}

/// Gives the terminal back, once. A terminal that is gone cannot be given back, and nobody is there to be
/// told, so what it says is not looked at.
fn give_back(taken: &AtomicBool, has_title: bool) {
    if taken.swap(false, Ordering::SeqCst) {
        if has_title {
            let _ = io::stdout().write_all(attention::BACK);
        }
        let shown = execute!(
            io::stdout(),
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let cooked = disable_raw_mode();
        drop((shown, cooked));
    }
}

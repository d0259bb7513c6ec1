//! Takes the terminal and gives it back, whatever happens.

use std::io::{self, Stdout, Write};
use std::os::fd::AsFd;
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
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, QueueSelector, Termios, tcflush,
    tcgetattr, tcsetattr,
};
use tokio::sync::Notify;

use super::attention::{self, Attention};
use super::clipboard;
use super::look::Depth;
use super::mouse;
use super::paging::Lent;
use super::sixteen::Sixteen;

/// The terminal, while the wizard has it. Dropping it gives it back.
pub(super) struct Held {
    pub(super) terminal: Terminal<CrosstermBackend<Counted>>,
    written: Arc<AtomicU64>,
    taken: Arc<AtomicBool>,
    lost: Arc<Notify>,
    /// The title as it was written last.
    titled: Vec<u8>,
    has_title: bool,
    has_mouse: bool,
    /// The modes of the line while another program has it.
    lent: Option<Termios>,
}

impl Held {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste. `depth` is how many colours it has.
    ///
    /// # Errors
    ///
    /// Standard output is not a terminal, or does not take it; it is given back then.
    pub(super) fn take(attention: Attention, depth: Depth) -> io::Result<Self> {
        let has_title = attention == Attention::BellAndTitle;
        let taken = Arc::new(AtomicBool::new(true));
        let lost = Arc::new(Notify::new());
        let in_panic = (taken.clone(), lost.clone());
        let before = panic::take_hook();
        // Without this the message of a panic is written onto the alternate screen and lost with it.
        panic::set_hook(Box::new(move |info| {
            give_back(&in_panic.0, has_title);
            in_panic.1.notify_one();
            before(info);
        }));
        let written = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            out: io::stdout(),
            sixteen: (depth == Depth::Sixteen).then(Sixteen::default),
            written: written.clone(),
            taken: taken.clone(),
        };
        let start = || -> io::Result<_> {
            begin(has_title)?;
            Terminal::new(CrosstermBackend::new(counted))
        };
        let held = start().and_then(|terminal| {
            let mut held = Self {
                terminal,
                written,
                taken: taken.clone(),
                lost,
                titled: Vec::new(),
                has_title,
                has_mouse: false,
                lent: None,
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

    /// Gives the terminal back and stops this process. It goes on when somebody lets it, and takes the terminal again then.
    pub(super) fn stop(&mut self) -> io::Result<()> {
        give_back(&self.taken, self.has_title);
        Ok(kill_process(getpid(), Signal::STOP)?)
    }

    /// Takes the terminal again, whatever was done to it while this process was stopped.
    pub(super) fn take_again(&mut self) -> io::Result<()> {
        // SIGSTOP gives no time to give it back, and a shell makes it its own all the same; crossterm does not know.
        disable_raw_mode()?;
        let was_given_back = !self.taken.swap(true, Ordering::SeqCst);
        begin(self.has_title && was_given_back)?;
        self.titled.clear();
        if self.has_mouse {
            self.mouse(true)?;
        }
        self.wipe()
    }

    /// Lends the terminal to another program: as it was before it was taken.
    pub(super) fn lend(&mut self) {
        give_back(&self.taken, self.has_title);
        self.lent = tcgetattr(io::stdin()).ok();
    }

    /// Takes back the terminal that was lent, and sets the line to what it was before. What was typed and not read goes
    /// nowhere.
    ///
    /// # Errors
    ///
    /// The terminal cannot be taken.
    pub(super) fn take_back(&mut self) -> io::Result<()> {
        if let Some(modes) = self.lent.take() {
            tcsetattr(io::stdin(), OptionalActions::Now, &modes)?;
        }
        self.take_again()?;
        // Where the keys come from another terminal, the guard of the gates is what is left.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        Ok(())
    }

    /// Takes the mouse, or gives it back to the terminal.
    pub(super) fn mouse(&mut self, on: bool) -> io::Result<()> {
        self.has_mouse = on;
        let mut out = io::stdout();
        out.write_all(if on { mouse::ON } else { mouse::OFF })?;
        out.flush()
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
        let modes = tcgetattr(io::stdout()).ok()?;
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
///
/// Once the terminal was given back, what comes goes nowhere: a frame would be written over the message of a panic, and
/// an error would be told by ratatui, which shows the cursor once more in the end.
pub(super) struct Counted {
    out: Stdout,
    sixteen: Option<Sixteen>,
    written: Arc<AtomicU64>,
    taken: Arc<AtomicBool>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.taken.load(Ordering::SeqCst) {
            return Ok(bytes.len());
        }
        let (taken, written) = match &mut self.sixteen {
            Some(sixteen) => {
                let turned = sixteen.turned(bytes);
                self.out.write_all(&turned)?;
                (bytes.len(), turned.len())
            }
            None => {
                let written = self.out.write(bytes)?;
                (written, written)
            }
        };
        let more = u64::try_from(written).unwrap_or(u64::MAX);
        self.written.fetch_add(more, Ordering::Relaxed);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Lent for Held {
    async fn lost(&self) -> io::Error {
        self.lost.notified().await;
        io::Error::other("a part of this program failed, as it said above")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back(&self.taken, self.has_title);
    }
}

/// Makes the terminal what a screen needs.
fn begin(keeps_title: bool) -> io::Result<()> {
    enable_raw_mode()?;
    if keeps_title {
        io::stdout().write_all(attention::KEEP)?;
    }
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

/// Goes to a line of its own below the last frame. A terminal without another screen, as a Linux console is one and GNU
/// screen unless it is told otherwise, keeps that frame, and what is said next would be written over it; where there is
/// another screen, the cursor is put back where it was.
const BELOW: &[u8] = b"\x1b[m\x1b[999;1H\r\n";

/// Gives the terminal back, once. A terminal that is gone cannot be given back, and nobody is there to be
/// told, so what it says is not looked at.
fn give_back(taken: &AtomicBool, has_title: bool) {
    if taken.swap(false, Ordering::SeqCst) {
        if has_title {
            let _ = io::stdout().write_all(attention::BACK);
        }
        // Unasked: the reports would be typed into the shell, and a panic does not know whether there are any.
        let _ = io::stdout().write_all(mouse::OFF);
        let _ = io::stdout().write_all(BELOW);
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

/// Ends every mode that a screen of ours may have left, where there is nothing else to know of the terminal.
///
/// `?1049l` goes back to the cursor's place from before the screen; of a terminal that shows no other screen any more
/// xterm and tmux know such a place too, and would write over what stands there. So the place is noted first (`ESC 7`),
/// which each screen of a terminal has for itself, and the cursor then goes to a line of its own at the bottom. The
/// reports of mouse and focus are ended unasked: they would be typed into the shell.
const RIGHT: &[u8] = b"\x1b7\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?1049l\x1b[?25h\x1b[m\x1b[999B\r\n";

/// Puts a terminal right on which a screen was ended without a chance to give it back.
///
/// The line discipline is set only where it does not edit lines and show what is typed, to what `stty sane` makes of the
/// modes that a screen takes away. `draws` says whether the terminal understands more than text, and `titled` whether it
/// got a title from the screen. None of it hurts a terminal that is right already.
///
/// # Errors
///
/// The terminal cannot be asked, set or written.
pub fn put_right(mut terminal: impl Write + AsFd, draws: bool, titled: bool) -> io::Result<()> {
    let mut modes = tcgetattr(&terminal)?;
    let usable = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
    if !modes.local_modes.contains(usable) {
        modes.local_modes |= usable | LocalModes::IEXTEN;
        modes.input_modes |= InputModes::BRKINT | InputModes::ICRNL | InputModes::IXON;
        modes.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
        tcsetattr(&terminal, OptionalActions::Now, &modes)?;
    }
    if titled {
        terminal.write_all(attention::BACK)?;
    }
    if draws {
        terminal.write_all(RIGHT)?;
    }
    terminal.flush()
}

//! A pseudo-terminal, what is started on it, and what stands on its screen.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use rustix::termios::{LocalModes, tcgetattr};
use vt100::{Callbacks, Color, Parser, Screen};

use super::home::{Home, RUNSHEET, until};

/// How long a gate has to stand without a key before its own counts, and some more.
const GATE: Duration = Duration::from_millis(500);

/// How many lines it has.
pub const ROWS: NonZeroU16 = NonZeroU16::new(24).unwrap();
/// How many columns it has.
pub const COLUMNS: NonZeroU16 = NonZeroU16::new(80).unwrap();

/// A terminal of 24 lines and 80 columns with one program, which may start others. Dropping it ends the program.
pub struct Tty {
    pty: Arc<Pty>,
    shown: Arc<Mutex<Shown>>,
    reader: Option<JoinHandle<()>>,
    child: Child,
}

struct Shown {
    parser: Parser<Heard>,
    /// How many bytes came.
    bytes: usize,
    /// After how many pieces there was a colour on the screen.
    coloured: usize,
    /// In how many pieces a colour was named by its number in the palette of 256.
    by_number: usize,
}

/// What came that does not stand on the screen: how often the bell, and a title.
#[derive(Default)]
struct Heard {
    bells: usize,
    titles: usize,
}

impl Callbacks for Heard {
    fn audible_bell(&mut self, _: &mut Screen) {
        self.bells += 1;
    }

    fn set_window_title(&mut self, _: &mut Screen, _: &[u8]) {
        self.titles += 1;
    }
}

impl Tty {
    /// Starts `runsheet`.
    pub fn runsheet(home: &Home, words: &[&str]) -> Self {
        Self::with(home, RUNSHEET, words, &[])
    }

    /// Starts `runsheet` with variables of its own; an empty one is taken out.
    pub fn on(home: &Home, words: &[&str], own: &[(&str, &str)]) -> Self {
        Self::with(home, RUNSHEET, words, own)
    }

    /// Starts a program, with variables of its own; an empty one is taken out.
    pub fn with(home: &Home, program: &str, words: &[&str], own: &[(&str, &str)]) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(Size::new(ROWS.get(), COLUMNS.get())).unwrap();
        let mut command = Command::new(program)
            .args(words)
            .envs(home.variables())
            .current_dir(home.book(""));
        for name in Home::OTHERS {
            command = command.env_remove(name);
        }
        for (name, value) in own {
            command = match value.is_empty() {
                true => command.env_remove(name),
                false => command.env(name, value),
            };
        }
        let child = command.spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let shown = Arc::new(Mutex::new(Shown {
            parser: Parser::new_with_callbacks(ROWS, COLUMNS, 0, Heard::default()),
            bytes: 0,
            coloured: 0,
            by_number: 0,
        }));
        let reader = std::thread::spawn({
            let (pty, shown) = (pty.clone(), shown.clone());
            move || read_all(&pty, &shown)
        });
        Self {
            pty,
            shown,
            reader: Some(reader),
            child,
        }
    }

    /// The process of the program.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What stands on the screen, one line a row.
    pub fn screen(&self) -> String {
        self.shown().parser.screen().contents()
    }

    /// How many bytes were written to the terminal.
    pub fn bytes(&self) -> usize {
        self.shown().bytes
    }

    /// How often its bell was rung.
    pub fn bells(&self) -> usize {
        self.shown().parser.callbacks().bells
    }

    /// How often it was given a title.
    pub fn titles(&self) -> usize {
        self.shown().parser.callbacks().titles
    }

    /// After how many of the pieces that were written to it there was a colour on the screen.
    pub fn coloured(&self) -> usize {
        self.shown().coloured
    }

    /// In how many of the pieces a colour was named by its number in the palette of 256.
    pub fn by_number(&self) -> usize {
        self.shown().by_number
    }

    /// Waits until the screen shows something, and fails with the screen where it never does.
    #[track_caller]
    pub fn wait_for(&self, what: &str) -> &Self {
        self.wait_until(what, |screen| screen.contains(what))
    }

    /// Waits until something is true of the screen.
    #[track_caller]
    pub fn wait_until(&self, what: &str, so: impl Fn(&str) -> bool) -> &Self {
        let begun = std::time::Instant::now();
        while !so(&self.screen()) {
            let screen = self.screen();
            let patient = begun.elapsed() < Duration::from_secs(30);
            assert!(patient, "never on the screen: {what}\n{screen}");
            sleep(Duration::from_millis(10));
        }
        self
    }

    /// Sends keys one by one, as fingers do: a burst is rightly taken for a paste.
    pub fn keys(&self, keys: &[&str]) -> &Self {
        for key in keys {
            sleep(Duration::from_millis(40));
            (&*self.pty).write_all(key.as_bytes()).unwrap();
        }
        self
    }

    /// Presses Enter at a gate that has stood for long enough.
    pub fn yes(&self) -> &Self {
        // On a busy machine a step is there some time before its gate.
        let stands = |screen: &str| screen.contains("─ gate ─") || screen.contains("- gate -");
        self.wait_until("a gate", stands);
        sleep(GATE);
        self.keys(&["\r"])
    }

    /// Presses a key, and says yes to the question that it asks: the marked answer is no, and yes stands below it.
    #[track_caller]
    pub fn asked(&self, key: &str, question: &str) -> &Self {
        self.keys(&[key]).wait_for(question).wait_for("▶  ");
        self.keys(&["\u{1b}[B", "\r"])
    }

    /// Gives a shell a line at once.
    pub fn line(&self, line: &str) -> &Self {
        (&*self.pty).write_all(line.as_bytes()).unwrap();
        self
    }

    /// Whether lines are edited and what is typed is shown, as a shell wants it.
    pub fn is_cooked(&self) -> bool {
        let usable = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        tcgetattr(&*self.pty).unwrap().local_modes.contains(usable)
    }

    /// What is left of a screen that was drawn on it, in words; nothing where it is as a shell wants it.
    pub fn left(&self) -> Vec<&'static str> {
        let shown = self.shown();
        let screen = shown.parser.screen();
        let paste = screen.bracketed_paste();
        let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        let modes = [
            (screen.alternate_screen(), "another screen"),
            (screen.hide_cursor(), "no cursor"),
            (paste, "marks around what is pasted"),
            (mouse, "reports of the mouse"),
            (!self.is_cooked(), "no lines"),
        ];
        let left = modes.into_iter().filter(|(is, _)| *is);
        left.map(|(_, what)| what).collect()
    }

    /// Waits for the end of the program; gives what is left of a screen then, and what stands on the terminal.
    #[track_caller]
    pub fn left_at_its_end(mut self) -> (Vec<&'static str>, String) {
        until("the program has ended", || {
            self.child.try_wait().unwrap().is_some()
        });
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        (self.left(), self.screen())
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // It may have ended by itself; then both say so, and that is all right.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_all(pty: &Pty, shown: &Mutex<Shown>) {
    let mut bytes = [0_u8; 8192];
    // EIO says that the last program that had the terminal open has ended.
    while let Ok(count @ 1..) = (&mut &*pty).read(&mut bytes) {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.parser.process(&bytes[..count]);
        shown.bytes += count;
        shown.coloured += usize::from(has_colour(shown.parser.screen()));
        let by_number = bytes[..count].windows(4).any(|part| part == b"8;5;");
        shown.by_number += usize::from(by_number);
    }
}

fn has_colour(screen: &Screen) -> bool {
    let cells = (0..ROWS.get()).flat_map(|row| (0..COLUMNS.get()).map(move |at| (row, at)));
    let mut cells = cells.filter_map(|(row, at)| screen.cell(row, at));
    cells.any(|cell| [cell.fgcolor(), cell.bgcolor()] != [Color::Default; 2])
}

//! A pseudo-terminal with a program in it, judged by what stands on the screen.
//!
//! The screen is what a terminal emulator makes of the program's bytes, so a test sees what an operator
//! sees. Keys are sent one at a time with a pause, as fingers do: the wizard rightly takes a burst for a
//! paste.

use std::io::{ErrorKind, Read, Write};
use std::num::NonZeroU16;
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use vt100::Parser;

/// The pause between two keys.
const KEY: Duration = Duration::from_millis(40);

/// How long a screen must stay the same before it is read; gates take no key sooner either.
const STILL: Duration = Duration::from_millis(600);

/// A program in a terminal of its own. Dropping it ends the program.
pub struct Terminal {
    name: &'static str,
    pty: Arc<Pty>,
    seen: Arc<Mutex<Seen>>,
    reader: Option<JoinHandle<()>>,
    child: Child,
}

struct Seen {
    parser: Parser,
    /// Every screen that stood still long enough to be one, for whoever looks for something that passed by.
    passed: Vec<String>,
}

impl Terminal {
    /// Starts a program in a terminal; the name is for messages.
    pub fn start(name: &'static str, command: Command, rows: u16, columns: u16) -> Self {
        let (pty, pts) = pty_process::blocking::open().expect("open a pseudo-terminal");
        pty.resize(Size::new(rows, columns))
            .expect("give it a size");
        let command = command
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .env("LC_ALL", "C.UTF-8");
        let child = command.spawn(pts).expect("start the program in it");
        let pty = Arc::new(pty);
        let seen = Arc::new(Mutex::new(Seen {
            parser: Parser::new(size(rows), size(columns), 0),
            passed: Vec::new(),
        }));
        let reader = std::thread::spawn({
            let (pty, seen) = (pty.clone(), seen.clone());
            move || read_all(&pty, &seen)
        });
        Self {
            name,
            pty,
            seen,
            reader: Some(reader),
            child,
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // A reader that panicked has its own message; the screen it left can still be shown.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What stands on the screen, one line a row.
    pub fn screen(&self) -> String {
        self.seen().parser.screen().contents()
    }

    /// Whether some screen since the start has shown this.
    pub fn has_shown(&self, what: &str) -> bool {
        self.seen()
            .passed
            .iter()
            .any(|screen| screen.contains(what))
    }

    /// Fails the test, showing the screen.
    pub fn fail(&self, why: &str) -> ! {
        let screen = self.screen();
        panic!(
            "{}: {why}\n┌──── the screen\n{}\n└────",
            self.name,
            screen.trim_end()
        );
    }

    /// Waits until the screen shows something, and fails with the screen if it does not in time.
    pub fn wait_for(&self, what: &str, within: Duration) {
        self.wait_until(what, within, |screen| screen.contains(what));
    }

    /// Waits until something is true of the screen; `what` is for the message.
    pub fn wait_until(&self, what: &str, within: Duration, is: impl Fn(&str) -> bool) {
        let end = Instant::now() + within;
        while !is(&self.screen()) {
            if Instant::now() > end {
                self.fail(&format!(
                    "waited {} s in vain for: {what}",
                    within.as_secs()
                ));
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// The screen once it has stood still, clocks and moving marks aside.
    pub fn still(&self) -> String {
        let mut last = self.screen();
        let mut since = Instant::now();
        let end = since + Duration::from_secs(5);
        while since.elapsed() < STILL && Instant::now() < end {
            sleep(Duration::from_millis(30));
            let now = self.screen();
            if without_clocks(&now) != without_clocks(&last) {
                since = Instant::now();
            }
            last = now;
        }
        last
    }

    /// Presses one key.
    pub fn press(&self, key: &str) {
        sleep(KEY);
        self.send(key.as_bytes());
    }

    /// Types a text, key by key.
    pub fn type_text(&self, text: &str) {
        for key in text.chars() {
            self.press(&key.to_string());
        }
    }

    fn send(&self, bytes: &[u8]) {
        if let Err(error) = (&*self.pty).write_all(bytes) {
            self.fail(&format!("the program takes no keys any more: {error}"));
        }
    }

    /// Changes the size, as dragging a window's corner does.
    pub fn resize(&self, rows: u16, columns: u16) {
        self.seen().parser.set_size(size(rows), size(columns));
        self.pty
            .resize(Size::new(rows, columns))
            .expect("resize the terminal");
    }

    /// Waits for the program to end and gives its exit code; 128 + N for a signal.
    pub fn wait_exit(&mut self, within: Duration) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        let end = Instant::now() + within;
        loop {
            match self
                .child
                .try_wait()
                .expect("ask whether the program has ended")
            {
                Some(status) => {
                    return status
                        .code()
                        .or(status.signal().map(|n| 128 + n))
                        .unwrap_or(-1);
                }
                None if Instant::now() > end => self.fail("the program does not end"),
                None => sleep(Duration::from_millis(20)),
            }
        }
    }
}

impl Terminal {
    /// Writes every screen there was into the folder `RUNSHEET_LAB_SCREENS`, for whoever wants to look.
    fn keep_screens(&self) {
        let Some(folder) = std::env::var_os("RUNSHEET_LAB_SCREENS") else {
            return;
        };
        let path = std::path::Path::new(&folder).join(self.name);
        if let Err(error) = std::fs::write(&path, self.seen().passed.join("\n\x0c\n")) {
            eprintln!("write {}: {error}", path.display());
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself; then both say so, and that is all right.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.keep_screens();
    }
}

fn size(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).expect("a terminal has at least one row and one column")
}

/// Digits and spinner marks change every second on a screen where nothing happens.
fn without_clocks(screen: &str) -> String {
    screen
        .chars()
        .filter(|c| !c.is_ascii_digit() && !('\u{2800}'..='\u{28ff}').contains(c))
        .collect()
}

fn read_all(pty: &Pty, seen: &Mutex<Seen>) {
    let mut bytes = [0_u8; 8192];
    loop {
        match (&mut &*pty).read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.parser.process(&bytes[..count]);
                let screen = seen.parser.screen().contents();
                if seen.passed.last() != Some(&screen) {
                    seen.passed.push(screen);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // EIO: the last program that had the terminal open has ended.
            Err(_) => return,
        }
    }
}

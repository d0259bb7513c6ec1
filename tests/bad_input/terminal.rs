//! A pseudo-terminal with a program in it, judged by what stands on its screen.

use std::io::{ErrorKind, Read, Write};
use std::num::NonZeroU16;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use vt100::Parser;

use super::home::PATIENCE;

/// The pause before a key, as fingers make it: the wizard rightly takes a burst for a paste.
const KEY: Duration = Duration::from_millis(400);

/// A program in a terminal of its own. Dropping it ends the program.
pub struct Terminal {
    pty: Arc<Pty>,
    parser: Arc<Mutex<Parser>>,
    reader: Option<JoinHandle<()>>,
    child: Child,
}

impl Terminal {
    pub fn start(command: Command, rows: u16, columns: u16) -> Self {
        let (pty, pts) = pty_process::blocking::open().expect("open a pseudo-terminal");
        pty.resize(Size::new(rows, columns))
            .expect("give it a size");
        let command = command
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8");
        let child = command.spawn(pts).expect("start the program in it");
        let pty = Arc::new(pty);
        let parser = Arc::new(Mutex::new(Parser::new(size(rows), size(columns), 0)));
        let reader = std::thread::spawn({
            let (pty, parser) = (pty.clone(), parser.clone());
            move || read_all(&pty, &parser)
        });
        Self {
            pty,
            parser,
            reader: Some(reader),
            child,
        }
    }

    /// The process in it.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What stands on the screen, one line a row.
    pub fn screen(&self) -> String {
        let parser = self.parser.lock().unwrap_or_else(PoisonError::into_inner);
        parser.screen().contents()
    }

    /// Waits until the screen shows something, and fails with the screen if it does not in time.
    #[track_caller]
    pub fn wait_for(&self, what: &str) {
        let begun = Instant::now();
        while !self.screen().contains(what) {
            let screen = self.screen();
            assert!(
                begun.elapsed() < PATIENCE,
                "never on the screen: {what}\n{screen}"
            );
            sleep(Duration::from_millis(20));
        }
    }

    /// Says yes to whatever is asked, and tries again what is stuck, until something is so.
    #[track_caller]
    pub fn say_yes_until(&self, so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !so() {
            assert!(
                begun.elapsed() < PATIENCE,
                "it never came about:\n{}",
                self.screen()
            );
            // What the last key did is on the screen by then.
            sleep(KEY);
            let screen = self.screen();
            // The focused answer of a dialog is No, and Yes stands below it.
            let keys: &[&str] = match () {
                () if screen.contains("▶  ") => &["\u{1b}[B", "\r"],
                () if screen.contains("Esc goes back to it") => &["\u{1b}"],
                () if screen.contains("r retry") => &["r"],
                () => &["\r"],
            };
            for key in keys {
                self.press(key);
            }
        }
    }

    /// Presses one key.
    pub fn press(&self, key: &str) {
        sleep(KEY);
        (&*self.pty)
            .write_all(key.as_bytes())
            .expect("the program takes keys");
    }

    /// Changes the size, as dragging a window's corner does.
    pub fn resize(&self, rows: u16, columns: u16) {
        let mut parser = self.parser.lock().unwrap_or_else(PoisonError::into_inner);
        parser.set_size(size(rows), size(columns));
        drop(parser);
        self.pty
            .resize(Size::new(rows, columns))
            .expect("resize the terminal");
    }

    /// Makes it small and as large as before, faster than a program looks; gives what it has not lost by that.
    pub fn shrink_for_a_moment(&self, small: (u16, u16), large: (u16, u16)) -> String {
        let mut parser = self.parser.lock().unwrap_or_else(PoisonError::into_inner);
        for (rows, columns) in [small, large] {
            parser.set_size(size(rows), size(columns));
            self.pty
                .resize(Size::new(rows, columns))
                .expect("resize the terminal");
        }
        parser.screen().contents()
    }

    /// Whether the terminal edits lines and shows what is typed, as a shell wants it.
    pub fn is_usable(&self) -> bool {
        use rustix::termios::{LocalModes, tcgetattr};
        let modes = tcgetattr(&*self.pty).expect("ask how the terminal is set");
        let usable = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        modes.local_modes.contains(usable)
    }

    /// Whether the terminal was told to report what the mouse does.
    pub fn reports_the_mouse(&self) -> bool {
        let parser = self.parser.lock().unwrap_or_else(PoisonError::into_inner);
        parser.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }

    /// Waits for the program to end, and gives its exit code and its last screen.
    #[track_caller]
    pub fn end(mut self) -> (i32, String) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("ask whether it has ended") {
                if let Some(reader) = self.reader.take() {
                    reader.join().expect("the reader of the terminal");
                }
                return (status.code().unwrap_or(-1), self.screen());
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not end:\n{}",
                self.screen()
            );
            sleep(Duration::from_millis(20));
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
    }
}

fn size(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).expect("a terminal has at least one row and one column")
}

fn read_all(pty: &Pty, parser: &Mutex<Parser>) {
    let mut bytes = [0_u8; 8192];
    loop {
        match (&mut &*pty).read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => {
                let mut parser = parser.lock().unwrap_or_else(PoisonError::into_inner);
                parser.process(&bytes[..count]);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // EIO: the last program that had the terminal open has ended.
            Err(_) => return,
        }
    }
}

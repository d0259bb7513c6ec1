//! Somebody, or a program, who talks with the wizard in lines.

use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use super::home::{Home, PATIENCE};

/// As long as a question must have stood there, and a little more.
pub const READ: Duration = Duration::from_millis(450);

/// Somebody, or a program, who reads lines and types lines.
pub struct Talk {
    pub write: Option<Box<dyn Write>>,
    said: Arc<Mutex<Vec<u8>>>,
    /// Up to where it was read.
    read: usize,
    child: Child,
    /// Reads what it says, to its end.
    hears: Option<JoinHandle<()>>,
}

impl Talk {
    pub fn over_a_pipe(home: &Home, words: &[&str]) -> Self {
        let mut child = home
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let write = Box::new(child.stdin.take().unwrap());
        let read = child.stdout.take().unwrap();
        Self::with(child, write, read)
    }

    pub fn on_a_terminal(home: &Home, words: &[&str]) -> Self {
        Self::on_a("dumb", home, words)
    }

    /// On a terminal of a kind.
    pub fn on_a(kind: &str, home: &Home, words: &[&str]) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(pty_process::Size::new(24, 80)).unwrap();
        let command = home
            .in_terminal(words)
            .env("TERM", kind)
            .env("LC_ALL", "C.UTF-8");
        let child = command.spawn(pts).unwrap();
        let fd = std::os::fd::AsFd::as_fd(&pty).try_clone_to_owned().unwrap();
        Self::with(child, Box::new(pty), std::fs::File::from(fd))
    }

    fn with(child: Child, write: Box<dyn Write>, mut from: impl Read + Send + 'static) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = said.clone();
        let hears = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // A terminal whose program has ended gives an error instead of an end.
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                let mut said = heard.lock().unwrap_or_else(PoisonError::into_inner);
                said.extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            write: Some(write),
            said,
            read: 0,
            child,
            hears: Some(hears),
        }
    }

    /// The process that is talked with.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn said(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).replace("\r\n", "\n")
    }

    /// Waits until something new was said.
    #[track_caller]
    pub fn hears(&mut self, words: &str) -> &mut Self {
        let begun = Instant::now();
        loop {
            let said = self.said();
            if let Some(at) = said[self.read..].find(words) {
                self.read += at + words.len();
                return self;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it never said `{words}` after\n{said}"
            );
            sleep(Duration::from_millis(10));
        }
    }

    pub fn types(&mut self, line: &str) -> &mut Self {
        sleep(READ);
        self.at_once(&format!("{line}\n"))
    }

    pub fn at_once(&mut self, text: &str) -> &mut Self {
        let write = self.write.as_mut().unwrap();
        write.write_all(text.as_bytes()).unwrap();
        write.flush().unwrap();
        self
    }

    #[track_caller]
    pub fn ends(&mut self, code: i32) -> String {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // It has ended, and so what it says comes to an end: what it said last may be on its way still.
                self.hears.take().unwrap().join().unwrap();
                assert_eq!(status.code(), Some(code), "{}", self.said());
                return self.said();
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not end:\n{}",
                self.said()
            );
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

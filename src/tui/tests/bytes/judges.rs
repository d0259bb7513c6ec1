//! Terminals that say what was done to them.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use alacritty_terminal::Term;
use alacritty_terminal::event::{Event, EventListener};
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::term::{Config, Osc52};
use alacritty_terminal::vte::ansi::Processor;

/// What a terminal was made to do beside showing text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) clipboard: u64,
    pub(super) title: u64,
    pub(super) replies: u64,
    /// It did not come to the end of what it was shown.
    pub(super) lost: u64,
}

#[derive(Clone, Default)]
struct Ear(Rc<RefCell<Done>>);

impl EventListener for Ear {
    fn send_event(&self, event: Event) {
        let mut done = self.0.borrow_mut();
        match event {
            Event::ClipboardStore(..) | Event::ClipboardLoad(..) => done.clipboard += 1,
            Event::Title(_) | Event::ResetTitle => done.title += 1,
            Event::PtyWrite(_) | Event::ColorRequest(..) | Event::TextAreaSizeRequest(_) => {
                done.replies += 1;
            }
            _ => {}
        }
    }
}

struct Size {
    lines: usize,
    columns: usize,
}

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.lines
    }
    fn screen_lines(&self) -> usize {
        self.lines
    }
    fn columns(&self) -> usize {
        self.columns
    }
}

/// An emulator that reports clipboard, title and replies, and is let do all that it can.
pub(super) struct Emulator {
    term: Term<Ear>,
    parser: Processor,
    ear: Ear,
}

impl Emulator {
    pub(super) fn new(lines: usize, columns: usize) -> Self {
        let ear = Ear::default();
        let may = Config {
            scrolling_history: 0,
            osc52: Osc52::CopyPaste,
            kitty_keyboard: true,
            ..Config::default()
        };
        Self {
            term: Term::new(may, &Size { lines, columns }, ear.clone()),
            parser: Processor::new(),
            ear,
        }
    }

    /// What bytes do to it. Afterwards it is as it was before: what they began and did not end is broken off.
    pub(super) fn does(&mut self, bytes: &[u8]) -> Done {
        self.ear.0.take();
        self.parser.advance(&mut self.term, bytes);
        self.parser.stop_sync(&mut self.term);
        let done = self.ear.0.take();
        self.parser.advance(&mut self.term, b"\x18\x1b\\\x1bc");
        done
    }
}

/// Shows bytes in a tmux of its own, which ends with this; what they did to it. An error where there is no tmux.
///
/// # Panics
///
/// tmux does not do what it is told.
pub(super) fn tmux(bytes: &[u8], name: &str) -> Result<Done, String> {
    let room = tempfile::tempdir().expect("a folder");
    let (shown, back, end) = (
        room.path().join("shown"),
        room.path().join("back"),
        room.path().join("end"),
    );
    fs::write(&shown, bytes).expect("the bytes are written");
    let socket = room.path().join("tmux");
    let tell = |words: &[&str]| {
        let out = Command::new("tmux")
            .arg("-S")
            .arg(&socket)
            .args(["-f", "/dev/null"])
            .args(words)
            .output();
        out.map(|out| String::from_utf8_lossy(&out.stdout).trim_end().to_owned())
    };
    match Command::new("tmux").arg("-V").output() {
        Ok(_) => {}
        Err(error) => return Err(format!("tmux cannot be started: {error}")),
    }
    let quoted = |path: &Path| format!("'{}'", path.display());
    let script = format!(
        "stty raw -echo; (cat > {back}) & sleep 0.2; cat {shown}; sleep 1; : > {end}; sleep 60",
        back = quoted(&back),
        shown = quoted(&shown),
        end = quoted(&end),
    );
    // A background reader is not given the terminal's input unless it is told so.
    let script = script.replace("(cat >", "(cat <&3 >");
    let script = format!("exec 3<&0; {script}");
    tell(&[
        "new-session",
        "-d",
        "-s",
        name,
        "-x",
        "120",
        "-y",
        "40",
        "sleep 60",
    ])
    .expect("tmux starts");
    tell(&["set", "-g", "set-clipboard", "on"]).expect("tmux is told");
    tell(&["set", "-g", "allow-passthrough", "on"]).expect("tmux is told");
    tell(&["select-pane", "-T", "ours"]).expect("tmux is told");
    tell(&["respawn-pane", "-k", "-t", name, &script]).expect("tmux is told");
    let began = Instant::now();
    while !end.exists() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "tmux shows nothing"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let buffers = tell(&["list-buffers"]).expect("tmux answers");
    let title =
        tell(&["display-message", "-p", "-t", name, "#{pane_title}"]).expect("tmux answers");
    tell(&["kill-server"]).expect("tmux ends");
    Ok(Done {
        clipboard: buffers.lines().count() as u64,
        title: u64::from(title != "ours"),
        replies: fs::metadata(&back).map_or(0, |about| about.len()),
        lost: 0,
    })
}

//! The terminal that the list of control sequences is of, on a screen that nobody sees.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::judges::Done;

/// What xterm does not do unless it is told that it may: here it may do everything. (Events that are sent to it are
/// the exception: whoever allows them forbids the rest.) A second terminal for Tektronix's own language would
/// only hide what follows from this one.
const RESOURCES: &[&str] = &[
    "allowWindowOps: true",
    "allowTitleOps: true",
    "allowColorOps: true",
    "allowFontOps: true",
    "allowTcapOps: true",
    "allowMouseOps: true",
    "allowPasteControls: true",
    "allowSendEvents: false",
    "answerbackString: owned",
    "decTerminalID: 420",
    "tekInhibit: true",
];

/// What runs in it: keeps what comes back from the terminal, lays something into its clipboard, looks at its window,
/// shows the bytes, and looks again. It knows that the terminal has taken all before when it says the colour that
/// nobody else asks it for; before the last one a string is ended, VT52 mode left, the printer let go and the terminal reset.
const SHOW: &str = r#"
exec 3<&0
stty raw -echo
listen() { cat <&3 >"$1" & ear=$!; }
heard() { n=0; until grep -aqF "$2" "$1" || [ $n -gt "$3" ]; do n=$((n + 1)); sleep 0.02; done; }
look() { { xprop -id "$WINDOWID"; xprop -root; } >"$1" 2>&1; }
listen back
printf '\033]52;c;b3Vycw==\033\\\033]52;p;b3Vycw==\033\\\033]52;0;b3Vycw==\033\\\033]4;254;?\033\\'
heard back ']4;254;rgb:' 1500
look before
timeout 30 cat shown
printf '\030\033\\\033<\033[4i\033c\033]4;255;?\033\\'
heard back ']4;255;rgb:' 1500
look after
kill $ear
wait $ear 2>/dev/null
listen kept
for of in c p; do
    printf '\033]52;%s;?\033\\' $of
    heard kept "]52;$of;" 150
done
: >end
exec sleep 60
"#;

/// How those colours come back.
const HEARD: [&[u8]; 2] = [
    b"\x1b]4;254;rgb:e4e4/e4e4/e4e4\x1b\\",
    b"\x1b]4;255;rgb:eeee/eeee/eeee\x1b\\",
];

const END: &[u8] = b"4;255;rgb:";

/// Which letters xterm makes of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// UTF-8, whatever the bytes say.
    Utf8,
    /// One of a byte, and controls of those from 128 to 159.
    Latin1,
}

/// A program that ends with this.
struct Ours(Child);

impl Ours {
    fn runs(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|ended| ended.is_none())
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        // It may have ended by itself. One that is told to end takes its socket and its lock away.
        if let Some(pid) = Pid::from_raw(self.0.id().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let began = Instant::now();
        while self.runs() && began.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Shows bytes in an xterm of its own, which ends with this; what they did to it: what it holds for clipboard and
/// selection, every property of its window and of the root (title, icon, size, cut buffers) that is another now,
/// and how many bytes it typed back. An error names the program that is not there.
///
/// # Panics
///
/// They are there and do not begin.
pub(super) fn xterm(bytes: &[u8], letters: Letters) -> Result<Done, String> {
    for program in ["Xvfb", "xterm", "xprop"] {
        let there = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .any(|folder| folder.join(program).is_file());
        if !there {
            return Err(format!("there is no {program}"));
        }
    }
    let room = tempfile::tempdir().expect("a folder");
    let at = |name: &str| room.path().join(name);
    fs::write(at("shown"), bytes).expect("the bytes are written");
    fs::write(at("show.sh"), SHOW).expect("the words are written");
    let (_screen, display) = screen();
    let mut window = window(room.path(), &display, letters);
    let began = Instant::now();
    while !at("end").exists() && began.elapsed() < Duration::from_secs(60) && window.runs() {
        std::thread::sleep(Duration::from_millis(20));
    }
    // What it never came to is not there.
    let read = |name: &str| fs::read(at(name)).unwrap_or_default();
    let (before, after) = (read("before"), read("after"));
    let was = String::from_utf8_lossy(&before);
    assert!(
        was.contains("WM_NAME(STRING) = \"ours\"") && was.contains("CUT_BUFFER0"),
        "xterm does not begin, or xprop says nothing: {was}"
    );
    let is = String::from_utf8_lossy(&after);
    let others = is.lines().filter(|line| !was.lines().any(|l| l == *line));
    let gone = was.lines().filter(|line| !is.lines().any(|l| l == *line));
    let kept = read("kept");
    let holds = |of: &str| {
        let ours = format!("\u{1b}]52;{of};b3Vycw==");
        kept.windows(ours.len()).any(|part| part == ours.as_bytes())
    };
    let mut back = read("back");
    // After raw bytes it may answer in another form, or not at all.
    let at = |part: &[u8], back: &[u8]| back.windows(part.len()).position(|p| p == part);
    let lost = at(END, &back).is_none();
    for heard in HEARD {
        if let Some(at) = at(heard, &back) {
            back.drain(at..at + heard.len());
        }
    }
    Ok(Done {
        clipboard: u64::from(!holds("c")) + u64::from(!holds("p")),
        title: (others.count() + gone.count()) as u64,
        replies: back.len() as u64,
        lost: u64::from(lost),
    })
}

/// A screen in memory, and its name.
fn screen() -> (Ours, String) {
    let mut screen = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1024x768x24"])
        .args(["-nolisten", "tcp", "-noreset"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Xvfb starts");
    let says = screen.stdout.take().expect("it was asked for");
    let screen = Ours(screen);
    let mut number = String::new();
    BufReader::new(says)
        .read_line(&mut number)
        .expect("Xvfb says its number");
    assert!(
        number.trim().parse::<u32>().is_ok(),
        "Xvfb says {number:?} for its number"
    );
    (screen, format!(":{}", number.trim()))
}

fn window(room: &Path, display: &str, letters: Letters) -> Ours {
    let mut xterm = Command::new("xterm");
    xterm
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", room)
        .env("DISPLAY", display)
        .current_dir(room)
        .args(["-T", "ours", "-n", "ours", "-geometry", "120x40"]);
    for resource in RESOURCES {
        xterm.args(["-xrm", &format!("XTerm*{resource}")]);
    }
    match letters {
        Letters::Utf8 => xterm.env("LANG", "C.UTF-8").args(["-xrm", "XTerm*utf8: 2"]),
        Letters::Latin1 => xterm.env("LANG", "C").args(["-xrm", "XTerm*utf8: 0"]),
    };
    let window = xterm
        .args(["-e", "sh", "show.sh"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("xterm starts");
    Ours(window)
}

#[test]
fn each_thing_that_xterm_is_made_to_do_is_seen() {
    let nothing = Done::default();
    let (clipboard, title, replies) = (1, 1, 1);
    for (bytes, letters, done) in [
        (&b"plain text\r\n"[..], Letters::Utf8, nothing),
        // A letter of UTF-8 with the byte of CSI in it, and a question behind that byte.
        ("\u{db}c".as_bytes(), Letters::Utf8, nothing),
        (
            "\u{db}c".as_bytes(),
            Letters::Latin1,
            Done { replies, ..nothing },
        ),
        (b"\x1b[c", Letters::Utf8, Done { replies, ..nothing }),
        (
            b"\x1b]52;c;b3duZWQ=\x07",
            Letters::Utf8,
            Done {
                clipboard,
                ..nothing
            },
        ),
        (
            b"\x1b]2;owned\x07",
            Letters::Utf8,
            Done { title, ..nothing },
        ),
        (
            b"\x1b]3;OWNED=owned\x07",
            Letters::Utf8,
            Done { title, ..nothing },
        ),
        (b"\x05", Letters::Utf8, Done { replies, ..nothing }),
    ] {
        let found = match xterm(bytes, letters) {
            Ok(found) => found,
            Err(why) => {
                eprintln!("SKIPPED xterm as a judge: {why}");
                return;
            }
        };
        let tripped = Done {
            clipboard: found.clipboard.min(1),
            title: found.title.min(1),
            replies: found.replies.min(1),
            lost: found.lost,
        };
        assert_eq!(
            tripped,
            done,
            "{:?} {letters:?}",
            bytes.escape_ascii().to_string()
        );
    }
}

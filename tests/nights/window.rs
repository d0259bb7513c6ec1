//! An xterm on a screen that nobody sees: keys and clicks come from a keyboard and a mouse, and what stands in it is
//! what it would print.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::home::{Home, is_here, until};

/// How long a gate has to stand without a key before its own counts, and some more.
const GATE: Duration = Duration::from_millis(500);

/// What it has beside its defaults: F12 prints what stands in it, colours included, into a file beside the runbook.
/// The file is there at once with all that is in it. No border and no scrollbar, so that a cell's place can be reckoned.
const RESOURCES: [&str; 7] = [
    "VT100.translations: #override <Key>F12: print-everything()",
    "printerCommand: cat >printed.new; mv printed.new printed",
    "printerAutoClose: true",
    "printAttributes: 2",
    "saveLines: 0",
    "utf8: 2",
    "answerbackString: e",
];

/// Asks the terminal how its modes stand (DECRQM), and writes what it answers into a file. The last answer is to
/// another question (DSR 5).
const MODES: &str = r#"
was=$(stty -g)
stty raw -echo
printf '\033[?%s$p' 25 1000 1002 1003 1006 1049 2004
printf '\033[5n'
said=
until [ "${said%0n}" != "$said" ]; do said=$said$(dd bs=1 count=1 2>/dev/null); done
stty "$was"
printf '%s' "$said" >modes.new
mv modes.new modes
"#;

/// A program that ends with this.
struct Ours(Child);

impl Drop for Ours {
    fn drop(&mut self) {
        // It may have ended by itself. One that is told to end takes its socket and its lock away.
        if let Some(pid) = Pid::from_raw(self.0.id().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let end = Instant::now() + Duration::from_secs(5);
        while self.0.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < end {
            sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An xterm of 24 lines and 80 columns with a shell in it. Dropping it ends it and its screen.
pub struct Window<'h> {
    home: &'h Home,
    display: String,
    /// Its number on that screen.
    id: String,
    /// How wide and high a cell is.
    cell: (usize, usize),
    // The window goes before the screen that it is on.
    _xterm: Ours,
    _screen: Ours,
}

impl<'h> Window<'h> {
    /// Starts one with words of its own. None where there is no xterm, no screen in memory or nobody for the keys.
    pub fn start(home: &'h Home, own: &[&str]) -> Option<Self> {
        if !["xterm", "Xvfb", "xdotool", "dash"]
            .map(is_here)
            .iter()
            .all(|is| *is)
        {
            return None;
        }
        let (screen, display) = screen();
        let mut xterm = Command::new("xterm");
        xterm.args(["-geometry", "80x24+0+0", "-b", "0", "+sb"]);
        for resource in RESOURCES {
            xterm.args(["-xrm", &format!("XTerm*{resource}")]);
        }
        xterm
            .args(own)
            .args(["-e", "dash"])
            .envs(home.variables())
            .env("DISPLAY", &display)
            .env("PS1", "READY> ")
            .current_dir(home.book(""))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for name in Home::OTHERS.into_iter().chain(["COLORTERM"]) {
            xterm.env_remove(name);
        }
        let mut window = Self {
            home,
            display,
            id: String::new(),
            cell: (0, 0),
            _xterm: Ours(xterm.spawn().unwrap()),
            _screen: screen,
        };
        until("its window is seen", || {
            let found = window.command(&["search", "--onlyvisible", "--class", "XTerm"]);
            window.id = found.unwrap_or_default().trim().to_owned();
            !window.id.is_empty()
        });
        let (width, height) = window.size();
        window.cell = (width / 80, height / 24);
        assert_eq!((width % 80, height % 24), (0, 0), "nothing but cells");
        // Nobody manages the windows here, so that the keys go where the pointer is.
        window.point_at(0, 0).wait_for("READY>");
        fs::write(home.book("modes.sh"), MODES).unwrap();
        Some(window)
    }

    /// What xdotool answers; none where it says no.
    fn command(&self, words: &[&str]) -> Option<String> {
        let mut xdotool = Command::new("xdotool");
        xdotool.args(words).env("DISPLAY", &self.display);
        let done = xdotool.output().unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        done.status.success().then_some(said)
    }

    /// Has a hand do something.
    #[track_caller]
    fn does(&self, words: &[&str]) -> String {
        let said = self.command(words);
        said.unwrap_or_else(|| panic!("xdotool says no to {words:?}"))
    }

    /// How wide and high it is.
    fn size(&self) -> (usize, usize) {
        let said = self.does(&["getwindowgeometry", "--shell", &self.id]);
        let of = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().parse::<usize>().unwrap()
        };
        (of("WIDTH="), of("HEIGHT="))
    }

    /// The title of its window.
    pub fn title(&self) -> String {
        let title = self.does(&["getwindowname", &self.id]);
        title.trim_end().to_owned()
    }

    /// What stands in it, with its colours as they are set.
    pub fn printed(&self) -> String {
        let file = self.home.book("printed");
        // It is not there the first time.
        let _ = fs::remove_file(&file);
        self.does(&["key", "F12"]);
        until("it has printed what stands in it", || file.exists());
        fs::read_to_string(file).unwrap()
    }

    /// What stands in it, one line a row.
    pub fn screen(&self) -> String {
        let mut text = String::new();
        let printed = self.printed();
        let mut rest = printed.chars();
        while let Some(c) = rest.next() {
            match c {
                // Colours, or the width of a line.
                '\u{1b}' if rest.next() == Some('[') => {
                    rest.by_ref().find(|c| c.is_ascii_alphabetic());
                }
                '\u{1b}' => drop(rest.next()),
                '\r' => {}
                c => text.push(c),
            }
        }
        text
    }

    /// Waits until something is true of the screen.
    #[track_caller]
    pub fn wait_until(&self, what: &str, so: impl Fn(&str) -> bool) -> &Self {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if so(&screen) {
                return self;
            }
            let patient = begun.elapsed() < Duration::from_secs(30);
            assert!(patient, "never on the screen: {what}\n{screen}");
            sleep(Duration::from_millis(30));
        }
    }

    /// Waits until the screen shows something, and fails with the screen where it never does.
    #[track_caller]
    pub fn wait_for(&self, what: &str) -> &Self {
        self.wait_until(what, |screen| screen.contains(what))
    }

    /// Presses keys one by one, by the names that X has for them.
    pub fn keys(&self, keys: &[&str]) -> &Self {
        for key in keys {
            sleep(Duration::from_millis(40));
            self.does(&["key", key]);
        }
        self
    }

    /// Types letters one by one.
    fn types(&self, text: &str) -> &Self {
        self.does(&["type", "--delay", "40", text]);
        self
    }

    /// Gives the shell a line.
    pub fn line(&self, line: &str) -> &Self {
        self.does(&["type", "--delay", "1", line]);
        self.keys(&["Return"])
    }

    /// Presses Enter at a gate that has stood for long enough.
    pub fn yes(&self) -> &Self {
        self.wait_for("─ gate ─");
        sleep(GATE);
        self.keys(&["Return"])
    }

    /// Types the words of a gate that has stood for long enough, and presses Enter.
    #[track_caller]
    pub fn words(&self, words: &str) -> &Self {
        self.wait_for("› █");
        sleep(GATE);
        self.types(words).wait_for(&format!("› {words}"));
        self.keys(&["Return"])
    }

    /// Points at a cell.
    fn point_at(&self, column: usize, row: usize) -> &Self {
        let middle = |at: usize, size: usize| (at * size + size / 2).to_string();
        let (x, y) = (middle(column, self.cell.0), middle(row, self.cell.1));
        self.does(&["mousemove", "--window", &self.id, &x, &y]);
        self
    }

    /// Points at a text, which has to stand there.
    #[track_caller]
    pub fn point(&self, what: &str) -> &Self {
        let screen = self.wait_for(what).screen();
        let mut lines = screen.lines().enumerate();
        let found = lines.find_map(|(row, line)| {
            let before = line.split_once(what)?.0;
            Some((before.chars().count(), row))
        });
        let (column, row) = found.unwrap();
        self.point_at(column, row)
    }

    /// Takes the keyboard from it, and gives it back.
    pub fn look_away(&self) -> &Self {
        // The first is no window, but whatever is pointed at (PointerRoot): here it.
        for focused in [&self.id, "1", &self.id] {
            self.does(&["windowfocus", focused]);
        }
        self
    }

    /// Presses a button of the mouse so many times where it points; the wheel's are 4 and 5.
    pub fn button(&self, button: &str, times: &str) -> &Self {
        self.does(&["click", "--repeat", times, "--delay", "20", button]);
        self
    }

    /// Makes it as large as so many columns and rows.
    pub fn resize(&self, columns: usize, rows: usize) -> &Self {
        let (x, y) = (columns * self.cell.0, rows * self.cell.1);
        self.does(&["windowsize", &self.id, &x.to_string(), &y.to_string()]);
        self
    }

    /// The file of the terminal that it is for the programs in it.
    pub fn tty(&self) -> String {
        self.line("tty >tty.new; mv tty.new tty");
        until("the shell says its terminal", || {
            self.home.book("tty").exists()
        });
        self.home.text("tty").trim().to_owned()
    }

    /// What is left of a screen that was drawn in it, in words, asked of it by the shell.
    pub fn left(&self) -> Vec<&'static str> {
        let file = self.home.book("modes");
        // It is not there the first time.
        let _ = fs::remove_file(&file);
        self.line("sh modes.sh");
        until("it says its modes", || file.exists());
        let said = self.home.text("modes");
        let is = |mode: &str, set: u8| said.contains(&format!("\u{1b}[?{mode};{set}$y"));
        let modes = [
            (is("25", 2), "no cursor"),
            (is("1049", 1), "another screen"),
            (is("2004", 1), "marks around what is pasted"),
            (is("1000", 1), "reports of the mouse"),
            (is("1002", 1) || is("1003", 1), "reports of movement"),
            (is("1006", 1), "long reports of the mouse"),
        ];
        for mode in ["25", "1000", "1002", "1003", "1006", "1049", "2004"] {
            assert!(is(mode, 1) || is(mode, 2), "{mode} is not told: {said:?}");
        }
        let left = modes.into_iter().filter(|(is, _)| *is);
        left.map(|(_, what)| what).collect()
    }
}

/// A screen in memory, and its name.
fn screen() -> (Ours, String) {
    let mut screen = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1600x1000x24"])
        .args(["-nolisten", "tcp", "-noreset"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let says = screen.stdout.take().unwrap();
    let screen = Ours(screen);
    let mut number = String::new();
    BufReader::new(says).read_line(&mut number).unwrap();
    let number = number.trim().parse::<u32>();
    let number = number.expect("Xvfb says its number");
    (screen, format!(":{number}"))
}

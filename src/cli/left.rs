//! What a screen leaves on its terminal when it is ended without a chance to put that right, as by `kill -9` or
//! for want of memory: the next command there puts it right and says why it looked odd.
//!
//! While a screen is up, a small file of this user says on which terminal, in which session and by which process.
//! A number of any of them is given out again one day, so each process is named with the time of its start, and all
//! with the boot of the machine. What does not fit is somebody else's terminal, and nothing is written to it.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::pick;
use super::say::Say;
use super::terminal::is_drawn_on;
use crate::names::RunId;
use crate::paths::Paths;
use crate::tui::{self, Stat};

/// The device number of `/dev/tty`, which is whatever terminal a process has (tty(4)).
const DEV_TTY: u64 = 0x500;

/// How long a mark is at most, in bytes; nothing of ours is longer.
const LONGEST: u64 = 4096;

/// A screen that is up, as its mark tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Screen {
    boot: String,
    process: Process,
    /// The leader of its session: the shell that it was started from.
    session: Process,
    /// The device number of its terminal.
    terminal: u64,
    /// Whether it has given the terminal a title.
    titled: bool,
    run: RunId,
}

/// A process, and not another one that has got its number since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Process {
    pid: i32,
    /// When it began, in clock ticks since the boot: field 22 of `/proc/PID/stat` (proc(5)).
    began: u64,
}

/// Where this command runs.
#[derive(Debug, PartialEq, Eq)]
struct Here {
    boot: String,
    session: Process,
    terminal: u64,
}

/// What becomes of a mark.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Its screen is up, its terminal is another one that is still there, or it is not ours to judge.
    Stays,
    /// It tells nobody anything any more.
    Goes,
    /// Its screen was on this very terminal, and is gone.
    IsOurs(Screen),
}

/// The mark of the screen of this process. Dropping it says that the terminal was given back.
#[derive(Debug)]
pub(super) struct Mark {
    file: PathBuf,
}

impl Mark {
    /// Marks that the screen of a run goes up on standard output.
    ///
    /// None where that cannot be written down: the screen is as good without, and only a violent end is not
    /// explained.
    pub fn put(paths: &Paths, run: &RunId, titled: bool) -> Option<Self> {
        let own = rustix::process::getpid().as_raw_nonzero().get();
        let here = Here::of(&io::stdout())?;
        let screen = Screen {
            boot: here.boot,
            process: Process::of(own)?,
            session: here.session,
            terminal: here.terminal,
            titled,
            run: run.clone(),
        };
        let text = serde_json::to_string(&screen).ok()?;
        let file = paths.screens().ok()?.join(own.to_string());
        // One of an earlier process with this number.
        let removed = std::fs::remove_file(&file);
        drop(removed);
        let mut open = OpenOptions::new();
        let mut opened = open.write(true).create_new(true).mode(0o600).open(&file);
        let mark = Self { file };
        opened.as_mut().ok()?.write_all(text.as_bytes()).ok()?;
        Some(mark)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        // Where it stays, this process is soon gone and its terminal right: the next command says a word too much.
        let removed = std::fs::remove_file(&self.file);
        drop(removed);
    }
}

/// Looks for a screen that was ended on the terminal of standard error, and puts that right and says why.
///
/// Where standard error is no terminal, or one that another job has, nothing is done.
pub(super) fn look(say: &Say) {
    let terminal = io::stderr();
    if !terminal.is_terminal() {
        return;
    }
    let (Ok(paths), Some(here)) = (Paths::of_user(), Here::of(&terminal)) else {
        return;
    };
    let Some(folder) = paths.screens_if_any() else {
        return;
    };
    for screen in gone(&folder, &here) {
        let drawn_on = is_drawn_on();
        let title = screen.titled && drawn_on;
        let done = tui::put_right(io::stderr(), drawn_on, title);
        let goes_on = goes_on(&paths, &screen.run);
        say.talk(&notice(&screen.run, done, drawn_on, &goes_on));
    }
}

/// The screens that were ended on this terminal. Their marks are taken away, and those that are of no use.
fn gone(folder: &Path, here: &Here) -> Vec<Screen> {
    // A folder that cannot be listed tells nothing, and no command fails for it.
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    let judged = files.into_iter().filter_map(|file| {
        let screen = match fate(&file, here) {
            Fate::Stays => return None,
            Fate::Goes => None,
            Fate::IsOurs(screen) => Some(screen),
        };
        // One that somebody else has just taken away is told by them.
        std::fs::remove_file(&file).ok()?;
        screen
    });
    judged.collect()
}

fn fate(file: &Path, here: &Here) -> Fate {
    let Some(text) = read(file) else {
        return Fate::Stays;
    };
    let Ok(screen) = serde_json::from_slice::<Screen>(&text) else {
        return Fate::Goes;
    };
    match () {
        () if screen.boot != here.boot => Fate::Goes,
        () if screen.process.is_there() => Fate::Stays,
        () if (screen.session, screen.terminal) == (here.session, here.terminal) => {
            Fate::IsOurs(screen)
        }
        // With its leader a session has lost its terminal, and what has the same number now is another.
        () if screen.session.is_there() => Fate::Stays,
        () => Fate::Goes,
    }
}

/// What stands in a plain file of this user; none where it is anything else.
fn read(file: &Path) -> Option<Vec<u8>> {
    // Neither through a link nor waiting for the other end of a fifo.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).ok()?;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(file)
        .ok()?;
    let about = opened.metadata().ok()?;
    let own = rustix::process::geteuid().as_raw();
    if !about.is_file() || about.uid() != own {
        return None;
    }
    let mut text = Vec::new();
    File::take(opened, LONGEST).read_to_end(&mut text).ok()?;
    Some(text)
}

impl Here {
    /// None where the terminal is not the one that this process obeys, where another job has it, or where it cannot be
    /// told from others, as without `/proc`.
    ///
    /// To set a terminal that another job has would stop this process (termios(3)).
    fn of(terminal: &impl AsFd) -> Option<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let own = Stat::of("self")?;
        let device = rustix::fs::fstat(terminal).ok()?.st_rdev;
        let is_own = device == own.terminal || device == DEV_TTY;
        if !is_own || own.group != own.owner {
            return None;
        }
        Some(Self {
            boot: boot.trim().to_owned(),
            session: Process::of(own.session)?,
            terminal: own.terminal,
        })
    }
}

impl Process {
    /// The living process of a number.
    fn of(pid: i32) -> Option<Self> {
        let began = Stat::of(pid)?.began;
        Some(Self { pid, began })
    }

    fn is_there(self) -> bool {
        Self::of(self.pid) == Some(self)
    }
}

/// How the run stands whose screen is gone, and how to come back to it.
fn goes_on(paths: &Paths, run: &RunId) -> String {
    if pick::is_alive(paths, run) {
        return format!("The run goes on; come back with: runsheet attach {run}");
    }
    match pick::fold(paths, run) {
        Ok(folded) if folded.ending.is_none() => {
            format!("No engine holds the run; take it up again with: runsheet attach {run}")
        }
        Ok(_) => "The run has ended.".to_owned(),
        Err(_) => format!("How the run stands is told by: runsheet show {run}"),
    }
}

/// What is said: why the terminal looked odd, what was done about that, and what is left to do.
fn notice(run: &RunId, done: io::Result<()>, drawn_on: bool, goes_on: &str) -> String {
    let what = match done {
        Ok(()) if drawn_on => "That is done now; if it still looks odd, type: reset".to_owned(),
        // Nothing but text may be written to it.
        Ok(()) => "By what TERM says it cannot be done here; type: reset".to_owned(),
        Err(error) => format!("Here it failed ({error}); type: reset"),
    };
    format!(
        "the screen of run {run}\non this terminal was ended by force (kill -9, or no memory left) before it could\n\
         put the terminal right. {what}\n{goes_on}"
    )
}

#[cfg(test)]
mod tests;

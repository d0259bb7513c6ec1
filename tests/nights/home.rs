//! The folders and the processes of one night.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything may take; nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program.
pub const RUNSHEET: &str = env!("CARGO_BIN_EXE_runsheet");

/// Opens a run of the runbook and shows it.
pub const RUN: [&str; 4] = ["run", "night.toml", "--env", "here"];

/// A step of a runbook, which has the rest of its keys from its test.
pub fn step(id: &str, more: &str) -> String {
    format!(
        "\n[[step]]\nid = \"{id}\"\nphase = \"all\"\ntitle = \"The {id} one\"\non = \"here\"\n{more}\n"
    )
}

/// A step that makes a file of its own name and counts itself, and whose way back takes the file away.
pub fn makes(id: &str) -> String {
    let more = format!(
        "do.command.run = 'echo {id} >>\"$BOOK/count\"; echo {id} makes its file; touch \"$BOOK/{id}\"'\n\
         undo.command.run = 'rm \"$BOOK/{id}\"'\nundo-estimate = \"1m\"\n\
         verify = [{{ command = 'test -e \"$BOOK/{id}\"' }}]"
    );
    step(id, &more)
}

/// A home. Dropping it ends every process that was started from it, each by its id.
pub struct Home {
    // A short path: a socket's may have 107 bytes.
    folder: TempDir,
}

impl Home {
    /// One with a runbook of steps on this machine, and an environment `here` for it.
    pub fn with(steps: &[String]) -> Self {
        Self::bound("", steps, "hosts.here = \"local\"")
    }

    /// One with some more at the top of the runbook, and hosts of its own.
    pub fn bound(top: &str, steps: &[String], hosts: &str) -> Self {
        let folder = TempDir::with_prefix_in("rs-", "/tmp").unwrap();
        for name in ["state", "run", "book", "home"] {
            let path = folder.path().join(name);
            fs::DirBuilder::new().mode(0o700).create(path).unwrap();
        }
        let home = Self { folder };
        let runbook = format!(
            "format = 1\ntitle = \"A night\"\n{top}\n[hosts]\nhere = \"the machine\"\n\
             [params.BOOK]\nask = \"Where the steps write\"\nkind = \"path\"\n\
             [[phase]]\nid = \"all\"\ntitle = \"All\"\n{}",
            steps.concat()
        );
        fs::write(home.book("night.toml"), runbook).unwrap();
        let book = home.book("").display().to_string();
        let environments =
            format!("[here]\nkind = \"rehearsal\"\nparams.BOOK = \"{book}\"\n{hosts}\n");
        fs::write(home.book("environments.toml"), environments).unwrap();
        home
    }

    /// A file beside the runbook; steps on this machine are told where by the parameter `BOOK`.
    pub fn book(&self, name: &str) -> PathBuf {
        self.folder.path().join("book").join(name)
    }

    /// What stands in such a file; nothing where it is not there.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.book(name)).unwrap_or_default()
    }

    /// The variables that everything here is started with.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        vec![
            ("HOME", at("home")),
            ("XDG_STATE_HOME", at("state")),
            ("XDG_RUNTIME_DIR", at("run")),
            ("BOOK", at("book")),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("RUST_BACKTRACE", "0".to_owned()),
            ("RS", RUNSHEET.to_owned()),
        ]
    }

    /// The variables of whoever runs the tests that would make it another night.
    pub const OTHERS: [&str; 4] = ["NO_COLOR", "RUNSHEET_QUIET", "LC_CTYPE", "TMUX"];

    /// Runs `runsheet` without a terminal, which must go well, and gives its answer.
    #[track_caller]
    pub fn runsheet(&self, words: &[&str]) -> String {
        let done = Command::new(RUNSHEET)
            .args(words)
            .envs(self.variables())
            .current_dir(self.folder.path().join("book"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{words:?}: {said}");
        String::from_utf8(done.stdout).unwrap()
    }

    /// The id of the only run.
    pub fn run(&self) -> String {
        let runs = fs::read_dir(self.state("runs")).unwrap();
        let mut names = runs.map(|run| run.unwrap().file_name().into_string().unwrap());
        names.next().unwrap()
    }

    /// A file or folder of the program's own state.
    pub fn state(&self, name: &str) -> PathBuf {
        self.folder.path().join("state/runsheet").join(name)
    }

    /// A file or folder of what goes with a logout.
    pub fn runtime(&self, name: &str) -> PathBuf {
        self.folder.path().join("run/runsheet").join(name)
    }

    /// The record of the only run, as text.
    pub fn journal(&self) -> String {
        let file = self.state("runs").join(self.run()).join("journal");
        fs::read_to_string(file).unwrap()
    }

    /// How many records of a kind the only run has.
    pub fn recorded(&self, kind: &str) -> usize {
        self.journal()
            .matches(&format!("\"kind\":\"{kind}\""))
            .count()
    }

    /// The process of the engine of the only run.
    pub fn engine(&self) -> u32 {
        let journal = self.journal();
        let (_, pid) = journal.rsplit_once("\"pid\":").unwrap();
        let digits = pid.split(|c: char| !c.is_ascii_digit()).next();
        digits.unwrap().parse().unwrap()
    }

    /// The processes that have this folder in their command line or environment.
    fn processes(&self) -> Vec<Pid> {
        let here = self.folder.path().as_os_str().as_encoded_bytes();
        let names = |file: &Path| {
            fs::read(file).is_ok_and(|bytes| bytes.windows(here.len()).any(|part| part == here))
        };
        let own = rustix::process::getpid();
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        all.filter_map(|entry| {
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let folder = entry.path();
            let ours = names(&folder.join("cmdline")) || names(&folder.join("environ"));
            (ours && pid != own).then_some(pid)
        })
        .collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for pid in self.processes() {
            // One that has ended meanwhile is what is wanted.
            let _ = kill_process(pid, Signal::TERM);
        }
        let end = Instant::now() + Duration::from_secs(2);
        while !self.processes().is_empty() && Instant::now() < end {
            sleep(Duration::from_millis(20));
        }
        for pid in self.processes() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        sleep(Duration::from_millis(10));
    }
}

/// Whether a program is on this machine; says so where it is not.
pub fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !is {
        eprintln!("SKIPPED: there is no {program} here, and a path that needs it was not walked");
    }
    is
}

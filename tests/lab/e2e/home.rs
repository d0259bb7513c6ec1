//! A home of its own for one test: its runs, its sockets, and the processes that live in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The folders of one test. Dropping it ends every process that was started from it, by its id.
pub struct Home {
    // A short path: a socket's may have 107 bytes.
    folder: TempDir,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("rs-")
            .tempdir_in("/tmp")
            .expect("make a folder for the test");
        for name in ["state", "run"] {
            use std::os::unix::fs::DirBuilderExt;
            std::fs::DirBuilder::new()
                .mode(0o700)
                .create(folder.path().join(name))
                .expect("make a folder for the test");
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The variables that make a program live here.
    pub fn variables(&self) -> [(&'static str, PathBuf); 3] {
        [
            ("HOME", self.path().to_owned()),
            ("XDG_STATE_HOME", self.path().join("state")),
            ("XDG_RUNTIME_DIR", self.path().join("run")),
        ]
    }

    /// Runs `runsheet` to its end, in the folder of the sources.
    pub fn runsheet(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_runsheet"))
            .args(words)
            .envs(self.variables())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("start runsheet")
    }

    /// The command that starts `runsheet` in a terminal.
    pub fn in_terminal(&self, words: &[&str]) -> pty_process::blocking::Command {
        pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_runsheet"))
            .args(words)
            .envs(self.variables())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
    }

    /// The folder of the only run there is.
    pub fn only_run(&self) -> PathBuf {
        let runs = self.path().join("state/runsheet/runs");
        let mut all: Vec<PathBuf> = std::fs::read_dir(&runs)
            .unwrap_or_else(|error| panic!("{}: {error}", runs.display()))
            .map(|entry| entry.expect("list the runs").path())
            .collect();
        assert_eq!(all.len(), 1, "one run: {all:?}");
        all.remove(0)
    }

    /// The processes that have this folder in their command line or environment: engines and their ssh.
    fn processes(&self) -> Vec<Pid> {
        let here = self.path().as_os_str().as_encoded_bytes();
        let names = |file: PathBuf| {
            std::fs::read(file)
                .is_ok_and(|bytes| bytes.windows(here.len()).any(|part| part == here))
        };
        let Ok(entries) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| *pid != rustix::process::getpid().as_raw_nonzero().get())
            .filter(|pid| {
                let folder = PathBuf::from(format!("/proc/{pid}"));
                names(folder.join("cmdline")) || names(folder.join("environ"))
            })
            .filter_map(Pid::from_raw)
            .collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // One that ends by itself meanwhile is what is wanted.
        for pid in self.processes() {
            let _ = kill_process(pid, Signal::TERM);
        }
        let end = Instant::now() + Duration::from_secs(5);
        // One that has ended and was not asked about yet has no command line any more.
        while !self.processes().is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(50));
        }
        for pid in self.processes() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

//! A home of its own for each test, and the program in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// A user's folders, removed at the end.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The folder of all runs, made as the program makes it.
    pub fn runs(&self) -> PathBuf {
        let state = self.path().join("state/runsheet");
        let runtime = self.path().join("run");
        let paths = runsheet::paths::Paths::under(state, runtime);
        paths.runs().expect("the folder of runs")
    }

    /// A file with this text.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("write a file");
        path
    }

    /// Runs the program to its end, without a terminal.
    pub fn runsheet(&self, words: &[&str]) -> Said {
        self.with(words, &[])
    }

    /// The same with more variables.
    pub fn with(&self, words: &[&str], variables: &[(&str, &str)]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_runsheet"))
            .args(words)
            .current_dir(self.path())
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env("XDG_RUNTIME_DIR", self.path().join("run"))
            .env_remove("NO_COLOR")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .expect("start runsheet");
        Said::of(&output)
    }
}

/// Ends the engines of this home's runs: one that waits for a decision would wait for ever.
impl Drop for Home {
    fn drop(&mut self) {
        let here = self.path().as_os_str().as_encoded_bytes();
        let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let own = rustix::process::getpid();
        for pid in pids.filter_map(Pid::from_raw).filter(|pid| *pid != own) {
            // Another user's, or one that has just ended, cannot be read and is none of ours.
            let environ = std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero()));
            let environ = environ.unwrap_or_default();
            if environ.windows(here.len()).any(|part| part == here) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails unless the command ended so.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }
}

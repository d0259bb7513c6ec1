//! A home of its own for one test: its runbooks, its runs, its sockets, and the processes that live in it.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

pub use super::said::Said;

/// How long anything may take here; an answer that takes longer is one that nobody waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Two steps on one machine, the second slow enough to be met at work.
pub const TWO_STEPS: &str = r#"
format = 1
title  = "Two steps"

[hosts]
web = "the machine"

[params.COUNT]
ask     = "Where the steps count themselves"
kind    = "path"

[[phase]]
id    = "all"
title = "All"

[[step]]
id    = "first"
phase = "all"
title = "The first"
on    = "web"
do.command.run = 'echo first | tee -a "$COUNT"'
undo   = { never = "a test" }
verify = [{ command = 'grep -c first "$COUNT"', equals = "1" }]

[[step]]
id    = "second"
phase = "all"
title = "The second"
on    = "web"
do.command.run = 'echo second | tee -a "$COUNT"; sleep "$(cat "$COUNT.pause" 2>/dev/null || echo 0)"'
undo   = { never = "a test" }
verify = [{ command = 'grep -c second "$COUNT"', equals = "1" }]
"#;

/// Says yes to every gate.
pub const YES: &str = "format = 1\napprove = [\"*\"]\n";

/// The folders of one test. Dropping it ends every process that was started from it, by its id.
pub struct Home {
    // A short path: a socket's may have 107 bytes.
    folder: TempDir,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("rs-")
            .tempdir_in("/tmp")
            .unwrap();
        for name in ["state", "run", "book", "home"] {
            let path = folder.path().join(name);
            fs::DirBuilder::new().mode(0o700).create(path).unwrap();
        }
        let at = |name: &str| folder.path().join(name);
        let variables = vec![
            ("HOME", at("home")),
            ("XDG_STATE_HOME", at("state")),
            ("XDG_RUNTIME_DIR", at("run")),
        ];
        Self { folder, variables }
    }

    /// One with the two steps, an environment `here` on this machine, and a yes to everything.
    pub fn with_two_steps() -> Self {
        let home = Self::new();
        home.write("two.toml", TWO_STEPS);
        home.environment("\"local\"");
        home.write("yes.toml", YES);
        home
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A variable for everything that is started from here on.
    pub fn set(&mut self, name: &'static str, value: impl Into<PathBuf>) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
    }

    /// Writes a file beside the runbooks.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join("book").join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Binds `web` in the environment `here`.
    pub fn environment(&self, web: &str) {
        let count = self.count().display().to_string();
        let text = format!(
            "[here]\nkind = \"rehearsal\"\nhosts.web = {web}\nparams.COUNT = \"{count}\"\n"
        );
        self.write("environments.toml", text);
    }

    /// Where the steps count themselves.
    pub fn count(&self) -> PathBuf {
        self.path().join("count")
    }

    /// How often each of the two steps ran.
    pub fn counted(&self) -> (usize, usize) {
        let text = fs::read_to_string(self.count()).unwrap_or_default();
        (
            text.matches("first").count(),
            text.matches("second").count(),
        )
    }

    /// Lets the second step take this many seconds.
    pub fn slow(&self, seconds: u32) {
        fs::write(self.path().join("count.pause"), seconds.to_string()).unwrap();
    }

    /// The command that starts `runsheet` without a terminal.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.dressed(env!("CARGO_BIN_EXE_runsheet"));
        command.args(words);
        command
    }

    /// A program with the folders and variables of this home.
    fn dressed(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("NO_COLOR", "1")
            .current_dir(self.path().join("book"))
            .stdin(Stdio::null());
        command
    }

    /// The command that starts `runsheet` in a terminal.
    pub fn in_terminal(&self, words: &[&str]) -> pty_process::blocking::Command {
        self.in_terminal_under(&["env"], words)
    }

    /// The same under another program, which gets the rest as its arguments.
    pub fn in_terminal_under(
        &self,
        under: &[&str],
        words: &[&str],
    ) -> pty_process::blocking::Command {
        pty_process::blocking::Command::new(under[0])
            .args(&under[1..])
            .arg(env!("CARGO_BIN_EXE_runsheet"))
            .args(words)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.path().join("book"))
    }

    /// Starts `runsheet` without waiting for it.
    pub fn start(&self, words: &[&str]) -> Working {
        self.work(self.command(words))
    }

    /// Walks the two steps without a person, in a control group and under another program, which gets the
    /// rest as its arguments.
    #[track_caller]
    pub fn walk_within(&self, group: &Path, under: &[&str]) -> Said {
        let mut command = self.dressed("sh");
        command
            .args(["-c", "echo $$ >\"$0\" && exec \"$@\""])
            .arg(group)
            .args(under)
            .arg(env!("CARGO_BIN_EXE_runsheet"))
            .args(WALK);
        self.work(command).end()
    }

    fn work(&self, mut command: Command) -> Working {
        let number = fs::read_dir(self.path()).unwrap().count();
        let at = |end: &str| self.path().join(format!("said-{number}-{end}"));
        let (out, err) = (at("out"), at("err"));
        command.stdout(fs::File::create(&out).unwrap());
        command.stderr(fs::File::create(&err).unwrap());
        let child = command.spawn().unwrap();
        Working { child, out, err }
    }

    /// Runs `runsheet` to its end, which must come.
    #[track_caller]
    pub fn runsheet(&self, words: &[&str]) -> Said {
        self.start(words).end()
    }

    /// Walks the two steps without a person.
    #[track_caller]
    pub fn walk(&self) -> Said {
        self.runsheet(&WALK)
    }

    /// The folder of a run.
    pub fn folder(&self, run: &str) -> PathBuf {
        let state = self
            .variables
            .iter()
            .find(|(name, _)| *name == "XDG_STATE_HOME");
        state.unwrap().1.join("runsheet/runs").join(run)
    }

    /// The events of a run's journal, by their kind and as they are.
    pub fn events(&self, run: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.folder(run).join("journal")).unwrap_or_default();
        let whole = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        whole
            .filter_map(|line| serde_json::from_str(line.split_once(' ')?.1).ok())
            .collect()
    }

    /// Whether a run is over.
    pub fn has_ended(&self, run: &str) -> bool {
        let last = self.events(run).pop();
        last.is_some_and(|last| last.to_string().contains("run-ended"))
    }

    /// The process of the engine that was started last.
    pub fn engine(&self, run: &str) -> Pid {
        let events = self.events(run);
        let pid = events
            .iter()
            .rev()
            .find_map(|entry| find(entry, "pid")?.as_i64());
        Pid::from_raw(pid.unwrap().try_into().unwrap()).unwrap()
    }

    /// Ends the engine as the world does.
    pub fn kill_engine(&self, run: &str) {
        let pid = self.engine(run);
        kill_process(pid, Signal::KILL).unwrap();
        self.engine_is_gone(run);
    }

    /// Waits for the end of a killed engine.
    pub fn engine_is_gone(&self, run: &str) {
        // Its first thread may be gone before the last, which still holds the socket and the journal.
        let socket = self.path().join(format!("run/runsheet/{run}.sock"));
        until("the engine is gone", || {
            UnixStream::connect(&socket).is_err()
        });
    }

    /// Fails unless the record of a run is whole.
    #[track_caller]
    pub fn must_verify(&self, run: &str) {
        let said = self.runsheet(&["verify", run]);
        assert_eq!(said.code, 0, "{said}");
    }

    /// The processes that have this folder in their command line or environment: engines and their ssh.
    pub fn processes(&self) -> Vec<Pid> {
        let here = self.path().as_os_str().as_encoded_bytes();
        let names = |file: PathBuf| {
            fs::read(file).is_ok_and(|bytes| bytes.windows(here.len()).any(|part| part == here))
        };
        let Ok(entries) = fs::read_dir("/proc") else {
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

/// Walks the two steps without a person, whatever was found on the machines before.
pub const WALK: [&str; 8] = [
    "run",
    "two.toml",
    "--env",
    "here",
    "--unattended",
    "--answers",
    "yes.toml",
    "--despite-problems",
];

impl Drop for Home {
    fn drop(&mut self) {
        // One that ends by itself meanwhile is what is wanted.
        for pid in self.processes() {
            let _ = kill_process(pid, Signal::TERM);
        }
        let end = Instant::now() + Duration::from_secs(5);
        // One that has ended and was not asked about yet has no command line any more.
        while !self.processes().is_empty() && Instant::now() < end {
            sleep(Duration::from_millis(20));
        }
        for pid in self.processes() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// A `runsheet` at work.
pub struct Working {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Working {
    /// What it has said so far.
    pub fn so_far(&self) -> Said {
        let read = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        Said {
            code: -1,
            out: read(&self.out),
            err: read(&self.err),
        }
    }

    /// Waits until it has said something.
    #[track_caller]
    pub fn until_said(&self, words: &str) -> Said {
        let begun = Instant::now();
        loop {
            let said = self.so_far();
            if said.out.contains(words) || said.err.contains(words) {
                return said;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it never said `{words}`:\n{said}"
            );
            sleep(Duration::from_millis(10));
        }
    }

    /// Waits for its end, which must come: a command that waits in silence is the worst of answers.
    #[track_caller]
    pub fn end(mut self) -> Said {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Said {
                    code: status.code().unwrap_or(-1),
                    ..self.so_far()
                };
            }
            if begun.elapsed() > PATIENCE {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!("it does not end:\n{}", self.so_far());
            }
            sleep(Duration::from_millis(10));
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

/// The first value of a key, however deep it stands.
pub fn find<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map
            .get(key)
            .or_else(|| map.values().find_map(|value| find(value, key))),
        Value::Array(all) => all.iter().find_map(|value| find(value, key)),
        _ => None,
    }
}

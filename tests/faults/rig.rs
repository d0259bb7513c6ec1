//! A run in folders of its own, and an engine to hold it: the program's, or one that is broken on purpose.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use runsheet::clock::Clock;
use runsheet::engine::{self, Ended, Engine, EngineError, Fleet, Secrets, Setting};
use runsheet::journal::{Disk, Journal, JournalError, Opened};
use runsheet::names::{EnvName, HostName, RunId};
use runsheet::paths::Paths;
use runsheet::run::Plan;
use runsheet::runbook::{
    Binding, Environment, EnvironmentKind, Parameters, Require, read_runbook_text, values,
};

/// How long anything may take that must come.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Tells a process of this binary which run it is to hold as a broken engine, and how many records it keeps back.
const BROKEN: &str = "RUNSHEET_BROKEN_ENGINE";

/// Which engine holds the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The program itself.
    Real,
    /// One whose disk says "synced" and syncs nothing, with so many records still in its memory.
    Lying(usize),
}

/// A run, and the folders that it lives in.
pub struct Rig {
    temp: tempfile::TempDir,
    pub run: RunId,
}

impl Rig {
    /// Makes a run of steps, each with its id and its shell text, on this machine. `COUNT` in a text is the path of
    /// a file to count in.
    pub fn new(steps: &[(&str, &str)]) -> Self {
        Self::on(Binding::Local, "[0]", steps)
    }

    /// The same on another machine, and with the exit codes that count as success.
    pub fn on(binding: Binding, ok_codes: &str, steps: &[(&str, &str)]) -> Self {
        let temp = tempfile::Builder::new()
            .prefix("rs-")
            .tempdir_in("/tmp")
            .unwrap();
        let count = temp.path().join("count").display().to_string();
        let mut text = "format = 1\ntitle = \"Faults\"\n[hosts]\nhere = \"this machine\"\n\
             [[phase]]\nid = \"all\"\ntitle = \"All\"\n"
            .to_owned();
        for (id, shell) in steps {
            let shell = shell.replace("COUNT", &count);
            text.push_str(&format!(
                "[[step]]\nid = \"{id}\"\nphase = \"all\"\ntitle = \"{id}\"\non = \"here\"\n\
                 do.command = {{ ok-codes = {ok_codes}, run = '''{shell}''' }}\nundo = {{ never = \"a test\" }}\n\
                 verify = [{{ command = \"echo yes\", equals = \"yes\" }}]\n"
            ));
        }
        let (runbook, _) = read_runbook_text(Path::new("faults.toml"), &text).unwrap();
        let environment = Environment {
            name: EnvName::new("here").unwrap(),
            digest: "0".repeat(64),
            kind: EnvironmentKind::Rehearsal,
            require: Require::default(),
            hosts: [(HostName::new("here").unwrap(), vec![binding])].into(),
            params: Default::default(),
        };
        let values = values(
            &runbook,
            &environment,
            &Parameters::new(),
            &Default::default(),
        );
        let plan = Plan::lay(&runbook, &environment, &values).unwrap();
        let paths = paths(temp.path());
        let run = engine::create(&paths, &runbook, &plan, &Clock::system()).unwrap();
        Self { temp, run }
    }

    /// A run that the program itself has made in a folder, with `state` and `run` in it as here.
    pub fn of(temp: tempfile::TempDir, run: RunId) -> Self {
        Self { temp, run }
    }

    pub fn folder(&self) -> PathBuf {
        paths(self.temp.path()).run(&self.run).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// How often each step's command began, in order.
    pub fn counted(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("count")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The lines of the journal that have their newline.
    pub fn lines(&self) -> Vec<String> {
        let text = std::fs::read(self.folder().join("journal")).unwrap();
        let whole = text.split_inclusive(|byte| *byte == b'\n');
        whole
            .filter(|line| line.ends_with(b"\n"))
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }

    /// The command line of an engine, under another program's words where there are any.
    pub fn engine(&self, which: Which, under: &[&str]) -> Command {
        let (program, words): (PathBuf, Vec<String>) = match which {
            Which::Real => (
                env!("CARGO_BIN_EXE_runsheet").into(),
                vec!["engine".into(), self.run.to_string()],
            ),
            Which::Lying(_) => (
                std::env::current_exe().unwrap(),
                [
                    "rig::the_broken_engine",
                    "--exact",
                    "--ignored",
                    "--nocapture",
                ]
                .map(str::to_owned)
                .into(),
            ),
        };
        let mut command = match under {
            [] => Command::new(&program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(&program);
                command
            }
        };
        command
            .args(words)
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("HOME", self.temp.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Which::Lying(hold) = which {
            let root = self.temp.path().display();
            command.env(BROKEN, format!("{hold} {} {root}", self.run));
        }
        let log = File::options()
            .append(true)
            .create(true)
            .open(self.path("engine.log"))
            .unwrap();
        command.stderr(log);
        command
    }

    pub fn start(&self, which: Which) -> Child {
        self.engine(which, &[]).spawn().unwrap()
    }

    /// An engine in this process, over a disk that `between` makes of its journal.
    ///
    /// # Errors
    ///
    /// As the engine's: the journal does not open, or takes nothing more.
    pub async fn hold(
        &self,
        between: impl Fn(File) -> Box<dyn Disk>,
        stop: impl Future<Output = ()>,
    ) -> Result<Ended, EngineError> {
        let engine = Engine::open_on(&self.folder(), Clock::system(), between)?;
        let setting = setting(&engine, &paths(self.temp.path()), &self.run);
        engine.hold(setting, stop).await
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("engine.log")).unwrap_or_default()
    }

    pub fn socket(&self) -> PathBuf {
        paths(self.temp.path()).socket(&self.run).unwrap()
    }
}

fn paths(root: &Path) -> Paths {
    Paths::under(root.join("state/runsheet"), root.join("run/runsheet"))
}

/// A disk that keeps the latest records to itself and says that they are safe.
struct Liar {
    file: File,
    held: VecDeque<Vec<u8>>,
    hold: usize,
}

impl Disk for Liar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.push_back(bytes.to_vec());
        while self.held.len() > self.hold {
            let oldest = self.held.pop_front().unwrap_or_default();
            self.file.write_all(&oldest)?;
        }
        Ok(bytes.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens a journal. A process that another test has just forked has a copy of the lock until it executes its own
/// program, so one that is held is waited for.
pub fn open_journal(folder: &Path) -> Result<(Journal, Opened), JournalError> {
    let began = std::time::Instant::now();
    loop {
        match Journal::open(folder) {
            Err(JournalError::Held { .. }) if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(1));
            }
            opened => return opened,
        }
    }
}

/// What an engine needs to hold a run as the program itself does.
fn setting(engine: &Engine, paths: &Paths, run: &RunId) -> Setting {
    let plan = engine.run().plan.as_ref().unwrap();
    let copy = paths.run(run).unwrap().join(&plan.runbook.copy);
    let text = std::fs::read_to_string(&copy).unwrap();
    Setting {
        socket: paths.socket(run).unwrap(),
        runbook: read_runbook_text(&copy, &text).unwrap().0,
        secrets: Secrets::default(),
        fleet: Fleet::of_plan(plan, paths).unwrap(),
    }
}

/// Not a test: what a process does that is started as a broken engine.
#[test]
#[ignore = "the process that controls start"]
fn the_broken_engine() {
    let Ok(words) = std::env::var(BROKEN) else {
        return;
    };
    let words: Vec<&str> = words.splitn(3, ' ').collect();
    let [hold, run, root] = words[..] else {
        panic!("{words:?}")
    };
    let hold: usize = hold.parse().unwrap();
    let (run, paths) = (RunId::new(run).unwrap(), paths(Path::new(root)));
    let folder = paths.run(&run).unwrap();
    let engine = Engine::open_on(&folder, Clock::system(), |file| {
        Box::new(Liar {
            file,
            held: VecDeque::new(),
            hold,
        })
    });
    let engine = engine.expect("a journal that opens");
    let setting = setting(&engine, &paths, &run);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ended = runtime.block_on(engine.hold(setting, std::future::pending()));
    eprintln!("{ended:?}");
}

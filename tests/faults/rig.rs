//! A run in folders of its own, an engine process to hold it, and somebody who remembers what they were told.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use runsheet::client::{Attach, Client, Folded, Update};
use runsheet::clock::Clock;
use runsheet::engine::{self, Ended, Engine, EngineError, Fleet, Secrets, Setting};
use runsheet::journal::Disk;
use runsheet::names::{EnvName, HostName, RunId};
use runsheet::paths::Paths;
use runsheet::run::{Intent, Plan, StepAt};
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
                 do.command.run = '''{shell}'''\nundo = {{ never = \"a test\" }}\n\
                 verify = [{{ command = \"echo yes\", equals = \"yes\" }}]\n"
            ));
        }
        let (runbook, _) = read_runbook_text(Path::new("faults.toml"), &text).unwrap();
        let environment = Environment {
            name: EnvName::new("here").unwrap(),
            digest: "0".repeat(64),
            kind: EnvironmentKind::Rehearsal,
            require: Require::default(),
            hosts: [(HostName::new("here").unwrap(), vec![Binding::Local])].into(),
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

    pub fn attach(&self) -> Witness {
        let (client, updates) = Client::connect(Attach {
            socket: paths(self.temp.path()).socket(&self.run).unwrap(),
            name: "ana".into(),
            watch: false,
        });
        Witness {
            client,
            updates,
            folded: Folded::default(),
            told: Vec::new(),
            granted: Vec::new(),
            connected: false,
            gone: None,
        }
    }
}

fn paths(root: &Path) -> Paths {
    Paths::under(root.join("state/runsheet"), root.join("run/runsheet"))
}

/// Somebody attached who remembers everything they were told, over as many engines as it takes.
pub struct Witness {
    client: Client,
    updates: Receiver<Update>,
    pub folded: Folded,
    /// The heads of the entries they were told, in order.
    pub told: Vec<String>,
    /// The numbers of the entries that their wishes became.
    pub granted: Vec<u64>,
    pub connected: bool,
    /// What the engine said when it left for good.
    pub gone: Option<String>,
}

impl Witness {
    /// Takes the next word; none where nothing more can come.
    pub async fn next(&mut self) -> Option<Update> {
        let update = self.updates.recv().await?;
        self.folded.take(&update).expect("an entry that follows");
        match &update {
            Update::Connected { .. } => self.connected = true,
            Update::Disconnected { why, last } => {
                self.connected = false;
                if *last {
                    self.gone = Some(why.clone());
                }
            }
            Update::Entry { head, .. } => self.told.push(head.clone()),
            Update::Granted { seq, .. } => self.granted.push(*seq),
            _ => {}
        }
        Some(update)
    }

    /// Listens until something is so.
    pub async fn until(&mut self, rig: &Rig, so: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !so(self) {
                if self.next().await.is_none() {
                    return false;
                }
            }
            true
        };
        let came = tokio::time::timeout(PATIENCE, waiting).await;
        assert_eq!(
            came,
            Ok(true),
            "it never came; the engine's log:\n{}",
            rig.log()
        );
    }

    /// Says yes where a gate is open, and else writes something down; waits for the answer, or for the engine's end.
    pub async fn press(&mut self, text: &str) {
        let run = &self.folded.run;
        let gate = run.current().and_then(|number| {
            let state = &run.steps[number];
            let shown = state
                .shown
                .as_ref()
                .filter(|_| state.at == StepAt::AtGate)?;
            Some(Intent::Approve {
                step: run.planned(number)?.id.clone(),
                attempt: state.attempt,
                digest: shown.digest.clone(),
                typed: None,
            })
        });
        let note = Intent::Note {
            step: None,
            text: text.to_owned(),
        };
        let wish = self.client.wish(gate.unwrap_or(note));
        while let Some(update) = self.next().await {
            match update {
                Update::Granted { id, .. } | Update::Refused { id, .. } if id == wish => return,
                Update::Disconnected { .. } => return,
                _ => {}
            }
        }
    }

    /// Says yes to everything and ends the run once every step is settled. Gives whether it came to its end; it
    /// did not where the engine went before.
    pub async fn walk(&mut self) -> bool {
        let mut asked = false;
        // Before an engine answers, there is none to go.
        let mut was_there = self.connected;
        while self.folded.run.ending.is_none() {
            let number = self.folded.run.current();
            let open = number.is_some_and(|n| self.folded.run.steps[n].at == StepAt::AtGate);
            let settled = self.folded.run.plan.is_some() && number.is_none();
            if self.connected && open {
                self.press("").await;
                continue;
            }
            if self.connected && settled && !asked {
                asked = true;
                self.client.wish(Intent::End {
                    reason: String::new(),
                });
            }
            match self.next().await {
                None => break,
                Some(Update::Disconnected { .. }) if was_there => break,
                Some(_) => was_there |= self.connected,
            }
        }
        self.folded.run.ending.is_some()
    }

    /// The same where an engine is there that must come to the end.
    pub async fn finish(&mut self, rig: &Rig) {
        let ended = tokio::time::timeout(PATIENCE, self.walk()).await;
        assert_eq!(
            ended,
            Ok(true),
            "the run did not end: {:?}\n{}",
            self.folded.entries.last(),
            rig.log()
        );
    }

    /// Which told entries the journal does not have, or has otherwise: the first of them.
    pub fn lost(&self, rig: &Rig) -> Option<String> {
        let lines = rig.lines();
        for (number, head) in self.told.iter().enumerate() {
            match lines.get(number).and_then(|line| line.split(' ').next()) {
                Some(kept) if kept == head => {}
                Some(_) => return Some(format!("entry {number} is another than was told")),
                None => return Some(format!("entry {number} was told and is gone")),
            }
        }
        let granted = self.granted.iter().max().copied().unwrap_or(0);
        let kept = lines.len() as u64;
        (kept <= granted).then(|| format!("entry {granted} was granted, and there are {kept}"))
    }
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

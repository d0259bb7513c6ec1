//! A run of a test, with its folders and its engine.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use indexmap::IndexMap;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use runsheet::clock::Clock;
use runsheet::engine::{self, Ended, Engine, EngineError, Fleet, Secrets, Setting};
use runsheet::journal::Disk;
use runsheet::names::{EnvName, HostName, MachineName, ParamName, PhaseId, RunId};
use runsheet::paths::Paths;
use runsheet::run::Plan;
use runsheet::runbook::{
    Binding, Environment, EnvironmentKind, ParamKind, ParamSpec, PhaseSpec, Require, Runbook,
};
use runsheet::template::{Machine, Values};
use runsheet::transport::{Host, Scripted};

use super::acts::Step;
use super::person::{PATIENCE, Person};

/// Waits until something is so.
pub async fn eventually(so: impl Fn() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it never came true");
}

/// Whether a spool's folder keeps no output any more. The names of what ran stay taken.
pub fn has_no_output(jobs: &std::path::Path) -> bool {
    let is_output =
        |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().ends_with("_out");
    std::fs::read_dir(jobs).is_ok_and(|entries| !entries.flatten().any(is_output))
}

/// A run in folders of its own.
pub struct Stage {
    temp: std::sync::Arc<tempfile::TempDir>,
    paths: Paths,
    steps: Vec<Step>,
    secrets: Vec<(ParamName, String)>,
    run: std::sync::OnceLock<RunId>,
}

static NUMBER: AtomicU32 = AtomicU32::new(1_700_000_000);

impl Stage {
    pub fn new(steps: Vec<Step>) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let paths = Paths::under(temp.path().join("state"), temp.path().join("run"));
        Self {
            temp: temp.into(),
            paths,
            steps,
            secrets: Vec::new(),
            run: std::sync::OnceLock::new(),
        }
    }

    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets
            .push((ParamName::new(name).unwrap(), value.to_owned()));
        self
    }

    /// The same run, taken up by somebody who does not know its secrets.
    pub fn without_secrets(&self) -> Self {
        Self {
            temp: self.temp.clone(),
            paths: self.paths.clone(),
            steps: self.steps.clone(),
            secrets: Vec::new(),
            run: self.run.clone(),
        }
    }

    fn runbook(&self) -> Runbook {
        let text = "a runbook of a test\n";
        let spec = |kind| ParamSpec {
            ask: "?".into(),
            default: None,
            kind,
        };
        let mut params: IndexMap<_, _> =
            [(ParamName::new("COUNT").unwrap(), spec(ParamKind::Text))].into();
        params.extend(
            self.secrets
                .iter()
                .map(|(name, _)| (name.clone(), spec(ParamKind::Secret))),
        );
        Runbook {
            name: "a-test".into(),
            digest: runsheet::journal::Hash::of(text.as_bytes()).to_string(),
            text: text.into(),
            title: "a test".into(),
            about: String::new(),
            window: None,
            hosts: [(HostName::new("m").unwrap(), "a machine".to_owned())].into(),
            params,
            phases: vec![PhaseSpec {
                id: PhaseId::new("all").unwrap(),
                title: "all".into(),
            }],
            steps: self.steps.iter().map(Step::spec).collect(),
        }
    }

    fn id(&self) -> &RunId {
        self.run.get_or_init(|| {
            let runbook = self.runbook();
            let host = HostName::new("m").unwrap();
            let environment = Environment {
                name: EnvName::new("here").unwrap(),
                digest: "0".repeat(64),
                kind: EnvironmentKind::Rehearsal,
                require: Require::default(),
                hosts: [(host.clone(), vec![Binding::Local])].into(),
                params: IndexMap::new(),
            };
            let mut values = Values::default();
            values.set_param(
                ParamName::new("COUNT").unwrap(),
                self.count().display().to_string(),
            );
            for (name, value) in &self.secrets {
                values.set_secret(name.clone(), value.clone());
            }
            let machine = Machine {
                address: "localhost".into(),
                user: String::new(),
                port: 22,
                label: "local".into(),
            };
            values.bind(host, MachineName::new("m").unwrap(), machine);
            let plan = Plan::lay(&runbook, &environment, &values).unwrap();
            let clock = Clock::held_at(NUMBER.fetch_add(1, Ordering::Relaxed).into());
            engine::create(&self.paths, &runbook, &plan, &clock).unwrap()
        })
    }

    pub fn folder(&self) -> PathBuf {
        self.paths.run(self.id()).unwrap()
    }

    pub fn socket(&self) -> PathBuf {
        self.paths.socket(self.id()).unwrap()
    }

    /// A bare connection to the engine, as soon as it listens: the socket's file is there a moment before.
    pub async fn knock(&self) -> tokio::net::UnixStream {
        let socket = self.socket();
        let knocking = async {
            loop {
                match tokio::net::UnixStream::connect(&socket).await {
                    Ok(stream) => return stream,
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, knocking)
            .await
            .expect("nobody listens")
    }

    pub fn spool(&self) -> PathBuf {
        self.temp.path().join("spool")
    }

    /// A file that commands of a test write to.
    pub fn count(&self) -> PathBuf {
        self.temp.path().join("count")
    }

    /// Every file of the run and of the machine's spool.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.temp.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                match entry.file_type().unwrap() {
                    kind if kind.is_dir() => folders.push(entry.path()),
                    kind if kind.is_file() => files.push(entry.path()),
                    _ => {}
                }
            }
        }
        files
    }

    pub fn start(&self, machine: &Scripted) -> Running {
        self.start_on(Host::scripted("m", machine.clone()))
    }

    pub fn start_on(&self, host: Host) -> Running {
        self.start_with(host, |file| Box::new(file))
    }

    /// Starts it with a disk of the test's own between the journal and its file.
    pub fn start_with(&self, host: Host, between: impl Fn(File) -> Box<dyn Disk>) -> Running {
        self.start_all(host, Clock::system(), between)
    }

    /// Starts it by a clock of the test's own.
    pub fn start_by(&self, clock: Clock, machine: &Scripted) -> Running {
        let host = Host::scripted("m", machine.clone());
        self.start_all(host, clock, |file| Box::new(file))
    }

    fn start_all(
        &self,
        host: Host,
        clock: Clock,
        between: impl Fn(File) -> Box<dyn Disk>,
    ) -> Running {
        let engine = Engine::open_on(&self.folder(), clock, between).unwrap();
        let setting = Setting {
            socket: self.socket(),
            runbook: self.runbook(),
            secrets: Secrets::new(self.secrets.clone()),
            fleet: Fleet::of([(MachineName::new("m").unwrap(), host)]),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let work = tokio::spawn(engine.hold(setting, async {
            if stopped.await.is_err() {
                std::future::pending().await
            }
        }));
        Running { work, stop }
    }

    pub async fn attach(&self, name: &str) -> Person {
        Person::attach(self.socket(), name).await
    }
}

/// An engine at work.
pub struct Running {
    work: JoinHandle<Result<Ended, EngineError>>,
    stop: oneshot::Sender<()>,
}

impl Running {
    /// Ends it as SIGKILL would: nothing is tidied up.
    pub async fn kill(self) {
        self.work.abort();
        let _ = self.work.await;
    }

    /// Waits until it has died of what its disk did.
    pub async fn dies(self) {
        let died = tokio::time::timeout(PATIENCE, self.work).await;
        let died = died.expect("it never died");
        assert!(died.is_err(), "it ended by itself: {died:?}");
    }

    /// Waits for its own end.
    pub async fn end(self) -> Result<Ended, EngineError> {
        let ended = tokio::time::timeout(PATIENCE, self.work).await;
        ended.expect("it never ended").unwrap()
    }

    pub async fn stop(self) -> Result<Ended, EngineError> {
        self.stop.send(()).unwrap();
        self.work.await.unwrap()
    }
}

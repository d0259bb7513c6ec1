//! A run with its folders, its engine and its people.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use indexmap::IndexMap;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use runsheet::client::{Attach, Client, Folded, Update};
use runsheet::clock::Clock;
use runsheet::engine::{self, Ended, Engine, EngineError, Fleet, Secrets, Setting};
use runsheet::kinds::{
    Action, Exhibit, Leg, Mentions, Moment, Obstacle, Performer, Progress, Proposal, Question,
};
use runsheet::names::{EnvName, HostName, MachineName, ParamName, PhaseId, RunId, StepId};
use runsheet::paths::Paths;
use runsheet::probe::{self, Ask, Holds, Probe, Scene, Shell, Verdict};
use runsheet::run::{Event, Intent, Plan, Run, Stop};
use runsheet::runbook::{
    Binding, Environment, EnvironmentKind, Gate, ParamKind, ParamSpec, PhaseSpec, ProbeSpec,
    Require, Runbook, StepSpec, Undo,
};
use runsheet::template::{Machine, TemplateError, Values};
use runsheet::transport::{Host, Scripted};

const PATIENCE: Duration = Duration::from_secs(20);

pub fn step(id: &str) -> StepId {
    StepId::new(id).unwrap()
}

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

/// Whether a folder is there and has nothing in it.
pub fn is_empty(folder: &std::path::Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// What a step of a test does.
#[derive(Debug, Clone)]
pub enum Act {
    Run(Vec<String>, Vec<i32>),
    Person,
}

impl Act {
    pub fn run(text: &str) -> Self {
        Self::Run(vec![text.to_owned()], Vec::new())
    }

    pub fn then(self, text: &str) -> Self {
        match self {
            Self::Run(mut texts, codes) => {
                texts.push(text.to_owned());
                Self::Run(texts, codes)
            }
            Self::Person => self,
        }
    }

    pub fn ok(self, code: i32) -> Self {
        match self {
            Self::Run(texts, _) => Self::Run(texts, vec![code]),
            Self::Person => self,
        }
    }
}

impl Action for Act {
    fn kind(&self) -> &'static str {
        "act"
    }

    fn headline(&self, _: &Scene<'_>) -> Result<String, TemplateError> {
        Ok("an act of a test".into())
    }

    fn performer(&self) -> Performer {
        match self {
            Self::Run(..) => Performer::Machine,
            Self::Person => Performer::Person,
        }
    }

    fn survey(&self, moment: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        Ok(match self {
            Self::Run(..) => vec![Question {
                at: moment.scene.here.clone(),
                shell: Shell::Sh,
                text: ": is it possible".into(),
                env: Vec::new(),
            }],
            Self::Person => Vec::new(),
        })
    }

    fn propose(&self, moment: &Moment<'_>, _: &[probe::Reply]) -> Result<Proposal, Obstacle> {
        let Self::Run(texts, codes) = self else {
            return Ok(Proposal {
                exhibits: vec![Exhibit::Text {
                    text: "do it by hand".into(),
                }],
                ..Proposal::default()
            });
        };
        let leg = |text: &String| Leg {
            title: "run it".into(),
            at: moment.scene.here.clone(),
            shell: Shell::Sh,
            text: text.clone(),
            env: Vec::new(),
            ok_codes: codes.clone(),
            progress: Progress::None,
            limit_seconds: 0,
        };
        Ok(Proposal {
            legs: texts.iter().map(leg).collect(),
            ..Proposal::default()
        })
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions::default()
    }
}

/// A question that holds where its text exits with 0.
#[derive(Debug)]
struct Works(String);

impl Probe for Works {
    fn kind(&self) -> &'static str {
        "works"
    }

    fn says(&self, _: &Scene<'_>) -> Result<String, TemplateError> {
        Ok(self.0.clone())
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        Ok(Ask::Script(Question {
            at: scene.here.clone(),
            shell: Shell::Sh,
            text: self.0.clone(),
            env: Vec::new(),
        }))
    }

    fn judge(&self, _: &Scene<'_>, reply: &probe::Reply) -> Verdict {
        Verdict {
            holds: if reply.code == 0 {
                Holds::Yes
            } else {
                Holds::No
            },
            seen: String::from_utf8_lossy(&reply.stdout).into_owned(),
        }
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions::default()
    }
}

#[derive(Debug, Clone)]
pub struct Step {
    id: &'static str,
    act: Act,
    gate: Gate,
    proof: Option<&'static str>,
    timeout: Option<Duration>,
}

impl Step {
    pub fn new(id: &'static str, act: Act) -> Self {
        Self {
            id,
            act,
            gate: Gate::Confirm,
            proof: None,
            timeout: None,
        }
    }

    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    pub fn proof(mut self, text: &'static str) -> Self {
        self.proof = Some(text);
        self
    }

    pub fn timeout(mut self, seconds: u64) -> Self {
        self.timeout = Some(Duration::from_secs(seconds));
        self
    }

    fn spec(&self) -> StepSpec {
        let every = Duration::from_millis(10);
        let proof = |text: &&str| ProbeSpec {
            probe: Box::new(Works((*text).to_owned())),
            on: None,
            within: None,
            every,
        };
        StepSpec {
            id: step(self.id),
            phase: PhaseId::new("all").unwrap(),
            title: self.id.into(),
            about: String::new(),
            on: match self.act {
                Act::Run(..) => vec![HostName::new("m").unwrap()],
                Act::Person => Vec::new(),
            },
            action: Box::new(self.act.clone()),
            undo: Undo::Unsaid,
            gate: self.gate.clone(),
            verify: self.proof.iter().map(proof).collect(),
            estimate: None,
            downtime: None,
            point_of_no_return: false,
            needs: Vec::new(),
            timeout: self.timeout,
        }
    }
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
        let engine = Engine::open(&self.folder(), Clock::system()).unwrap();
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

/// Somebody attached.
pub struct Person {
    client: Client,
    updates: mpsc::Receiver<Update>,
    folded: Folded,
    number: u32,
}

impl Person {
    /// Attaches, and waits until the run says so.
    pub async fn attach(socket: PathBuf, name: &str) -> Self {
        let (client, updates) = Client::connect(Attach {
            socket,
            name: name.to_owned(),
            watch: false,
        });
        let mut person = Self {
            client,
            updates,
            folded: Folded::default(),
            number: 0,
        };
        while person.number == 0 || !person.run().present.contains_key(&person.number) {
            person.next().await;
        }
        person
    }

    pub fn run(&self) -> &Run {
        &self.folded.run
    }

    pub fn head(&self) -> String {
        self.folded.head.clone()
    }

    pub fn events(&self) -> Vec<Event> {
        self.folded
            .entries
            .iter()
            .map(|entry| entry.event.clone())
            .collect()
    }

    async fn next(&mut self) -> Update {
        let update = tokio::time::timeout(PATIENCE, self.updates.recv()).await;
        let update = update
            .unwrap_or_else(|_| panic!("nothing more came; last: {:?}", self.folded.entries.last()))
            .expect("the client has ended");
        self.folded.take(&update).unwrap();
        if let Update::Connected { client, .. } = &update {
            self.number = *client;
        }
        update
    }

    /// Reads on until the run is as wanted.
    pub async fn until(&mut self, so: impl Fn(&Run) -> bool) {
        while !so(self.run()) {
            self.next().await;
        }
    }

    pub async fn wish(&mut self, intent: Intent) -> Result<u64, String> {
        let wish = self.client.wish(intent);
        loop {
            match self.next().await {
                Update::Granted { id, seq } if id == wish => {
                    assert!(
                        seq < self.run().next_seq,
                        "the entry comes before the answer"
                    );
                    return Ok(seq);
                }
                Update::Refused { id, why } if id == wish => return Err(why),
                _ => {}
            }
        }
    }

    pub async fn approve(&mut self, id: &str) -> Result<u64, String> {
        let (_, _, state) = self.run().step(&step(id)).unwrap();
        let intent = Intent::Approve {
            step: step(id),
            attempt: state.attempt,
            digest: state.shown.as_ref().unwrap().digest.clone(),
            typed: None,
        };
        self.wish(intent).await
    }

    pub async fn stop(&mut self, id: &str, stop: Stop) -> Result<u64, String> {
        let attempt = self.run().step(&step(id)).unwrap().2.attempt;
        self.wish(Intent::Stop {
            step: step(id),
            attempt,
            stop,
        })
        .await
    }

    pub async fn read(&mut self, name: &str, from: u64, most: u32) -> Vec<u8> {
        self.client.read(name, from, most);
        loop {
            if let Update::Piece { file, bytes, .. } = self.next().await
                && file == name
            {
                return bytes;
            }
        }
    }

    pub async fn goodbye(&mut self) -> String {
        loop {
            if let Update::Disconnected { why, last: true } = self.next().await {
                return why;
            }
        }
    }
}

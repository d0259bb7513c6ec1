//! From a run's folder to an engine at work.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::journal::{self, Disk, Journal, JournalError, Opened};
use crate::names::RunId;
use crate::paths::Paths;
use crate::run::{Command, Finding, Plan, Run};
use crate::runbook::{Runbook, read_runbook_text};

use super::actor::Actor;
use super::door::House;
use super::error::EngineError;
use super::fleet::Fleet;
use super::hands::Ground;
use super::ledger::Ledger;
use super::mask::Mask;
use super::porter;
use super::secrets::Secrets;
use super::shelter::Shelter;
use super::socket::Socket;
use super::standing::Stands;

/// How many messages wait for the actor; whoever sends more waits.
const INBOX: usize = 1024;

/// How many words that no entry tells of wait for a client that is slow.
const LIVE: usize = 256;

/// How long a held journal is waited for.
const HELD: Duration = Duration::from_millis(500);

/// Why an engine ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The run is over.
    RunEnded,
    /// The run was laid down, to be taken up again when somebody attaches.
    Suspended,
    /// The engine was asked to end; the run can be taken up again.
    Stopped,
}

/// An engine that holds a run's journal, before it begins its work.
pub struct Engine {
    ledger: Ledger,
    folder: PathBuf,
    clock: Clock,
    mortal: bool,
}

/// What an engine needs beside the journal.
pub struct Setting {
    /// Where clients connect.
    pub socket: PathBuf,
    /// The runbook that the run was opened with.
    pub runbook: Runbook,
    /// The values of its secret parameters.
    pub secrets: Secrets,
    /// The machines.
    pub fleet: Fleet,
}

impl Engine {
    /// Opens the journal in a run's folder, and locks it. A torn tail is cut, and that is recorded.
    ///
    /// # Errors
    ///
    /// Another engine that holds the run, a journal that is damaged or was never begun, and a run that
    /// has ended.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, EngineError> {
        Self::open_on(folder, clock, |file| Box::new(file))
    }

    /// The same, with `between` standing between the journal and its file, for those who test what an engine
    /// does when its disk fails or lies.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`].
    pub fn open_on(
        folder: &Path,
        clock: Clock,
        between: impl Fn(File) -> Box<dyn Disk>,
    ) -> Result<Self, EngineError> {
        let (journal, opened) = open_journal(folder, between)?;
        Self::take_up(
            Ledger::take_up(journal, opened, clock.clone())?,
            folder,
            clock,
        )
    }

    pub(super) fn take_up(
        ledger: Ledger,
        folder: &Path,
        clock: Clock,
    ) -> Result<Self, EngineError> {
        if ledger.run().plan.is_none() {
            return Err(EngineError::NeverOpened(folder.to_owned()));
        }
        if ledger.run().ending.is_some() {
            return Err(EngineError::HasEnded(folder.to_owned()));
        }
        Ok(Self {
            ledger,
            folder: folder.to_owned(),
            clock,
            mortal: false,
        })
    }

    /// Says that this engine's process ends with a login session, for whoever attaches to know.
    pub fn ending_at_logout(self) -> Self {
        Self {
            mortal: true,
            ..self
        }
    }

    /// The run as its journal tells it.
    pub fn run(&self) -> &Run {
        self.ledger.run()
    }

    /// Holds the run until it ends, or `stop` says that this engine is to. Needs a runtime of several
    /// threads. Dropped, it leaves everything as a killed process would.
    ///
    /// # Errors
    ///
    /// A secret that is missing, a socket that cannot be bound, and a journal that takes nothing more.
    pub async fn hold(
        mut self,
        setting: Setting,
        stop: impl Future<Output = ()>,
    ) -> Result<Ended, EngineError> {
        let never = || EngineError::NeverOpened(self.folder.clone());
        let run = self.run().id.clone().ok_or_else(never)?;
        let plan = self.run().plan.clone().ok_or_else(never)?;
        let values = self
            .run()
            .values(setting.secrets.values())
            .map_err(EngineError::SecretsMissing)?;
        let socket = Socket::bind(&setting.socket)?;
        let boot = Path::new("/proc/sys/kernel/random/boot_id");
        self.ledger.must(&Command::Found(Finding::Started {
            pid: std::process::id(),
            boot: std::fs::read_to_string(boot)
                .map_err(EngineError::io("read", boot))?
                .trim()
                .to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }))?;

        let (inbox, messages) = mpsc::channel(INBOX);
        let (closing, closed) = watch::channel(None);
        let (live, _) = broadcast::channel(LIVE);
        let stands = Stands::new(self.mortal);
        let output = self.folder.join(journal::OUTPUT);
        let house = Arc::new(House {
            run: run.clone(),
            log: self.ledger.log().clone(),
            output: output.clone(),
            clock: self.clock.clone(),
            inbox: inbox.clone(),
            live: live.clone(),
            stands: stands.clone(),
            closing: closed,
        });
        let fleet = setting.fleet;
        for (machine, identity) in &self.run().machines {
            fleet.recorded(machine, identity);
        }
        let ground = Arc::new(Ground {
            run,
            runbook: Arc::new(setting.runbook),
            plan: Arc::new(plan),
            secrets: setting.secrets,
            mask: Mask::new(values.secrets()),
            values,
            fleet: fleet.clone(),
            output,
            clock: self.clock,
            inbox,
            live,
        });
        // Dropped, it takes its doors along, as the end of the process would.
        let mut porter = JoinSet::new();
        let mut actor = Actor::new(self.ledger, ground, stands, messages);
        // Bound anew to be dropped before the actor: its name goes while the journal is still locked, or
        // it could be the name of the next engine's socket.
        let socket = socket;
        porter.spawn(porter::receive(house, socket.listener()));
        let ended = actor.work(stop).await;
        let why = match &ended {
            Ok(Ended::RunEnded) => "the run has ended".to_owned(),
            Ok(Ended::Suspended) => "the run is suspended; attaching takes it up again".to_owned(),
            Ok(Ended::Stopped) => {
                "the engine was stopped; the run can be taken up again".to_owned()
            }
            Err(error) => format!("the engine cannot go on: {error}"),
        };
        closing.send_replace(Some(why));
        porter.join_next().await;
        fleet.close().await;
        ended
    }
}

/// Opens a journal, and waits a moment for one that is held.
///
/// A process that another thread or a dying engine has just forked has a copy of the lock until it executes
/// its own program, a few milliseconds later; flock(2) belongs to the open file and not to the process.
fn open_journal(
    folder: &Path,
    between: impl Fn(File) -> Box<dyn Disk>,
) -> Result<(Journal, Opened), JournalError> {
    let began = Instant::now();
    loop {
        match Journal::open_on(folder, &between) {
            Err(JournalError::Held { .. }) if began.elapsed() < HELD => {
                std::thread::sleep(Duration::from_millis(20));
            }
            opened => return opened,
        }
    }
}

/// Holds a run of this user until it ends: what the engine's own process does.
///
/// SIGTERM, SIGINT and SIGQUIT end the engine and leave the run to be taken up again; SIGHUP is passed over, because it
/// only says that somebody logged out.
///
/// # Errors
///
/// As [`Engine::open`] and [`Engine::hold`], and a runbook's copy that is not what the run began with.
pub async fn serve(paths: &Paths, run: &RunId, secrets: Secrets) -> Result<Ended, EngineError> {
    let folder = paths.run(run)?;
    let mut engine = Engine::open(&folder, Clock::system())?;
    if Shelter::find() == Shelter::Nowhere {
        engine = engine.ending_at_logout();
    }
    let plan = engine.run().plan.as_ref();
    let plan = plan.ok_or_else(|| EngineError::NeverOpened(folder.clone()))?;
    let setting = Setting {
        socket: paths.socket(run)?,
        runbook: runbook(&folder, plan)?,
        secrets,
        fleet: Fleet::of_plan(plan, paths)?,
    };
    let listen = |kind| signal(kind).map_err(EngineError::io("listen for signals in", &folder));
    let mut term = listen(SignalKind::terminate())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    // A shell that starts something in the background has these two passed over, and whatever it starts would have that
    // too: no step here could be interrupted from its own terminal. What is listened for is as usual again in them.
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut quit = listen(SignalKind::quit())?;
    let stop = async {
        loop {
            tokio::select! {
                _ = term.recv() => return,
                _ = interrupt.recv() => return,
                _ = quit.recv() => return,
                _ = hang_up.recv() => {}
            }
        }
    };
    engine.hold(setting, stop).await
}

/// The same with the secrets from standard input, in a session of its own: the hidden command that
/// [`super::spawn`] starts.
///
/// # Errors
///
/// As [`serve`], and secrets that cannot be read.
pub async fn serve_from_stdin(paths: &Paths, run: &RunId) -> Result<Ended, EngineError> {
    // Fails only for the leader of a group, which has a session of its own or a shell that minds it.
    let _ = rustix::process::setsid();
    let secrets = Secrets::read(std::io::stdin().lock())?;
    serve(paths, run, secrets).await
}

/// Reads the copy of the runbook, which must be the one of the plan to the byte.
fn runbook(folder: &Path, plan: &Plan) -> Result<Runbook, EngineError> {
    let path = folder.join(&plan.runbook.copy);
    let text = std::fs::read_to_string(&path).map_err(EngineError::io("read", &path))?;
    if journal::Hash::of(text.as_bytes()).to_string() != plan.runbook.sha256 {
        return Err(EngineError::OtherRunbook(path));
    }
    match read_runbook_text(&path, &text) {
        Ok((runbook, _warnings)) => Ok(runbook),
        Err(problems) => Err(EngineError::Runbook { path, problems }),
    }
}

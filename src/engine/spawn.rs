//! Starts an engine in the background.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::names::RunId;
use crate::paths::Paths;

use super::error::EngineError;
use super::secrets::Secrets;

/// The hidden command of the binary that is an engine; a run's id follows it.
pub const ENGINE_COMMAND: &str = "engine";

/// The file in the run's folder for what an engine says beside the journal.
const LOG: &str = "engine.log";

/// How long an engine has until its socket answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most of the log that an error repeats, in bytes.
const SAID: u64 = 4096;

/// Variables that an engine gets from whoever starts it. Every other stays behind: what a step does must not
/// hang on the shell that somebody happened to start it from.
const KEPT: [&str; 9] = [
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "LANG",
    "LC_ALL",
    "SSH_AUTH_SOCK",
    "TMPDIR",
    "TZ",
];

/// Variables kept by the beginning of their names.
const KEPT_PREFIX: &str = "XDG_";

/// The program that is an engine.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its file.
    pub path: PathBuf,
    /// What it is called with; the run's id follows.
    pub args: Vec<OsString>,
}

impl Program {
    /// This binary with its hidden command.
    ///
    /// # Errors
    ///
    /// A system that does not say which binary this is.
    pub fn own() -> Result<Self, EngineError> {
        let path = std::env::current_exe()
            .map_err(EngineError::io("find", Path::new("/proc/self/exe")))?;
        Ok(Self {
            path,
            args: vec![ENGINE_COMMAND.into()],
        })
    }
}

/// Whether an engine was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spawned {
    /// It was, and its socket answers.
    Started,
    /// One was there already; the secrets were not needed.
    WasThere,
}

/// Starts an engine for a run in the background and waits until its socket answers. Blocks meanwhile.
///
/// # Errors
///
/// A program that cannot be started, and what the engine said where it ended at once.
pub fn spawn(
    paths: &Paths,
    run: &RunId,
    secrets: &Secrets,
    program: &Program,
) -> Result<Spawned, EngineError> {
    let socket = paths.socket(run)?;
    if UnixStream::connect(&socket).is_ok() {
        return Ok(Spawned::WasThere);
    }
    let path = paths.run(run)?.join(LOG);
    let log = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .map_err(EngineError::io("open", &path))?;
    let before = log
        .metadata()
        .map_err(EngineError::io("look at", &path))?
        .len();
    let second = log.try_clone().map_err(EngineError::io("open", &path))?;
    let mut child = Command::new(&program.path)
        .args(&program.args)
        .arg(run.as_str())
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept)))
        .env("TERM", "dumb")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(log)
        .stderr(second)
        .spawn()
        .map_err(EngineError::io("start", &program.path))?;
    if let Some(pipe) = child.stdin.take() {
        // An engine that ended before it read them says why itself.
        if let Err(error) = secrets.write(pipe)
            && !matches!(child.try_wait(), Ok(Some(_)))
        {
            return Err(error.into());
        }
    }
    wait(&mut child, &socket, (&path, before))?;
    // It lives on when this process ends; while this lives, somebody has to ask for its end.
    std::thread::spawn(move || child.wait());
    Ok(Spawned::Started)
}

fn is_kept(name: &str) -> bool {
    KEPT.contains(&name) || name.starts_with(KEPT_PREFIX)
}

fn wait(child: &mut Child, socket: &Path, log: (&Path, u64)) -> Result<(), EngineError> {
    let began = Instant::now();
    loop {
        if UnixStream::connect(socket).is_ok() {
            return Ok(());
        }
        let ended = child
            .try_wait()
            .map_err(EngineError::io("wait for", socket))?;
        if let Some(status) = ended {
            let said = said(log).trim().to_owned();
            let said = match said.is_empty() {
                true => format!("it ended with {status} and said nothing"),
                false => said,
            };
            return Err(EngineError::DidNotStart { said });
        }
        if began.elapsed() > PATIENCE {
            return Err(EngineError::DidNotStart {
                said: format!(
                    "its socket {} did not answer within {} s; its log is {}",
                    socket.display(),
                    PATIENCE.as_secs(),
                    log.0.display()
                ),
            });
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What was added to the log since it had `before` bytes, as far as it can be read.
fn said((path, before): (&Path, u64)) -> String {
    let read = || {
        let mut log = std::fs::File::open(path)?;
        log.seek(SeekFrom::Start(before))?;
        let mut bytes = Vec::new();
        log.take(SAID).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    match read() {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!("its log {} cannot be read: {error}", path.display()),
    }
}

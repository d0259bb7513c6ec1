//! Makes the folder and the first record of a run.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::clock::Clock;
use crate::journal::{self, Journal};
use crate::names::{MachineName, RunId};
use crate::paths::Paths;
use crate::run::{Check, Command, Finding, Plan};
use crate::runbook::Runbook;
use crate::transport::Identity;

use super::error::EngineError;
use super::ledger::Ledger;

/// Crockford's base 32 in lower case: no letter looks like a digit.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The most of a runbook's name that goes into a run's id, so that the id stays within its 80 bytes.
const NAME: usize = 40;

/// Makes a run: its folder, the copy of the runbook, the journal and its first record.
///
/// Gives the run's id, `YYYYMMDD-HHMMSS-RUNBOOK-XXXX` with the time in UTC and 20 random bits. Nothing
/// runs yet; [`super::spawn`] starts the engine.
///
/// # Errors
///
/// A folder or file that cannot be made, and a journal that cannot be written. What was made until then
/// stays; it holds no step that ran.
pub fn create(
    paths: &Paths,
    runbook: &Runbook,
    plan: &Plan,
    clock: &Clock,
) -> Result<RunId, EngineError> {
    create_after(paths, runbook, plan, Before::default(), clock)
}

/// What was found on the machines before a run is made.
#[derive(Debug, Clone, Default)]
pub struct Before {
    /// What was looked at; empty where nobody looked.
    pub checks: Vec<Check>,
    /// Which machine each name is; the run takes no other for it.
    pub machines: BTreeMap<MachineName, Identity>,
}

/// The same, with what was found before on record from the beginning.
///
/// # Errors
///
/// As [`create`].
pub fn create_after(
    paths: &Paths,
    runbook: &Runbook,
    plan: &Plan,
    before: Before,
    clock: &Clock,
) -> Result<RunId, EngineError> {
    let run = name(&runbook.name, clock)?;
    let folder = paths.run(&run)?;
    // A run whose engine could not open its door is not begun at all.
    paths.socket(&run)?;
    journal::create_folder(&folder)?;
    copy(&folder.join(&plan.runbook.copy), &runbook.text)?;
    let output = folder.join(journal::OUTPUT);
    DirBuilder::new()
        .mode(0o700)
        .create(&output)
        .map_err(EngineError::io("create", &output))?;
    // The journal comes last and makes the names in the folder durable: a folder with a journal is whole.
    let journal = Journal::create(&folder)?;
    let mut ledger = Ledger::begin(journal, clock.clone());
    ledger.must(&Command::Found(Finding::Open {
        run: run.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plan: Box::new(plan.clone()),
    }))?;
    let Before { checks, machines } = before;
    for (machine, identity) in machines {
        ledger.must(&Command::Found(Finding::Met { machine, identity }))?;
    }
    if !checks.is_empty() {
        ledger.must(&Command::Found(Finding::Preflight { checks }))?;
    }
    Ok(run)
}

fn name(runbook: &str, clock: &Clock) -> Result<RunId, EngineError> {
    let time = clock.now().strftime("%Y%m%d-%H%M%S");
    let short: String = runbook
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')
        .take(NAME)
        .collect();
    Ok(RunId::new(format!("{time}-{short}-{}", random_word()?))?)
}

/// 20 random bits, as four characters.
fn random_word() -> Result<String, EngineError> {
    let mut bytes = [0u8; 4];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(std::io::Error::from)
        .map_err(EngineError::io(
            "read",
            Path::new("the system's random bytes"),
        ))?;
    let letter = |byte: u8| char::from(BASE32[usize::from(byte % 32)]);
    Ok(bytes.into_iter().map(letter).collect())
}

fn copy(path: &Path, text: &str) -> Result<(), EngineError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(EngineError::io("create", path))?;
    file.write_all(text.as_bytes())
        .map_err(EngineError::io("write", path))?;
    file.sync_all().map_err(EngineError::io("sync", path))
}

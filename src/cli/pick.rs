//! Finds the run that somebody means.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use super::exit::{Advise, Exit};
use crate::names::{RunId, did_you_mean};
use crate::paths::Paths;
use crate::report::Evidence;
use crate::run::Run;

/// The word that stands for the run that was opened last.
const LATEST: &str = "latest";

/// How much of a run's id is the time at which it was opened: `YYYYMMDD-HHMMSS`.
const SECOND: usize = 15;

/// The ids of all runs, in the order in which they were opened.
pub(super) fn all(paths: &Paths) -> anyhow::Result<Vec<RunId>> {
    let folder = paths.runs()?;
    let mut runs = Vec::new();
    let entries = std::fs::read_dir(&folder)
        .with_context(|| format!("list the runs in {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("list the runs in {}", folder.display()))?;
        // What is not named as a run is somebody else's business.
        if let Some(run) = entry.file_name().to_str().and_then(|n| RunId::new(n).ok()) {
            runs.push(run);
        }
    }
    // An id begins with the second in which the run was opened. Of two in the same, the folder's first file
    // tells: the runbook's copy is written once.
    runs.sort_by_cached_key(|run: &RunId| {
        let second: String = run.as_str().chars().take(SECOND).collect();
        let copy = folder.join(run.as_str()).join("runbook.toml");
        let written = std::fs::metadata(copy).and_then(|about| about.modified());
        (second, written.ok(), run.clone())
    });
    Ok(runs)
}

/// The run of a whole id, the beginning of one, or `latest`.
pub(super) fn one(paths: &Paths, word: &str) -> anyhow::Result<RunId> {
    let runs = all(paths)?;
    if word == LATEST {
        return runs
            .last()
            .cloned()
            .ok_or_else(|| anyhow!("there is no run yet"))
            .hint("start one with `runsheet run`, or take the tour with `runsheet demo`");
    }
    let mut fitting = runs.iter().filter(|run| run.as_str().starts_with(word));
    match (word, fitting.next(), fitting.next()) {
        ("", _, _) | (_, None, _) => {
            let near = did_you_mean(word, runs.iter().map(RunId::as_str));
            Err(anyhow!("there is no run `{word}`")).hint(match near {
                Some(near) => format!("did you mean `{near}`? `runsheet runs` lists them all"),
                None => "`runsheet runs` lists them all".to_owned(),
            })
        }
        (_, Some(run), None) => Ok(run.clone()),
        (_, Some(first), Some(second)) => match runs.iter().find(|run| run.as_str() == word) {
            Some(exact) => Ok(exact.clone()),
            None => Err(anyhow!(
                "`{word}` begins more than one run: {first}, {second}, …"
            ))
            .hint("give more of the id"),
        },
    }
    .usage()
}

/// The folder of a run by its id, the beginning of one, `latest`, or a path.
///
/// A path is what has a `/` in it or is there and no run's id: a reviewer gets a folder and no account here.
pub(super) fn folder(word: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(word);
    if word.contains('/') || (path.is_dir() && RunId::new(word).is_err()) {
        return Ok(path.to_owned());
    }
    let paths = Paths::of_user()?;
    let run = one(&paths, word)?;
    Ok(paths.run(&run)?)
}

/// The run as its journal tells it.
pub(super) fn fold(paths: &Paths, run: &RunId) -> anyhow::Result<Run> {
    let entries = Evidence::entries(&paths.run(run)?)?;
    Ok(Run::fold(&entries)?)
}

/// The only run that has not ended.
pub(super) fn the_open_one(paths: &Paths) -> anyhow::Result<RunId> {
    let mut open = Vec::new();
    for run in all(paths)?.into_iter().rev() {
        // A run that cannot be read is not open to anybody; naming it says why.
        if fold(paths, &run).is_ok_and(|folded| folded.id.is_some() && folded.ending.is_none()) {
            open.push(run);
        }
    }
    match open.as_slice() {
        [] => Err(anyhow!("no run is open"))
            .hint("start one with `runsheet run`; `runsheet runs` lists those that ended"),
        [run] => Ok(run.clone()),
        [latest, ..] => {
            let alive: Vec<&RunId> = open.iter().filter(|run| is_alive(paths, run)).collect();
            if let [run] = alive.as_slice() {
                return Ok((*run).clone());
            }
            let all: Vec<&str> = open.iter().map(RunId::as_str).collect();
            Err(anyhow!("{} runs are open:\n{}", open.len(), all.join("\n")))
                .hint(format!("name one, as in `runsheet attach {latest}`"))
        }
    }
    .usage()
}

/// Whether a run's engine answers its socket.
pub(super) fn is_alive(paths: &Paths, run: &RunId) -> bool {
    paths
        .socket(run)
        .is_ok_and(|socket| UnixStream::connect(socket).is_ok())
}

/// How a run that has ended, or stands, is told to scripts.
pub(super) fn exit_of(run: &Run) -> Exit {
    use crate::run::{Ending, StepAt, Stuck};
    match &run.ending {
        Some(Ending::EndedEarly { .. }) => Exit::EndedEarly,
        Some(Ending::Finished) => Exit::Done,
        None => {
            let stuck = run.current().and_then(|place| run.steps.get(place));
            match stuck.map(|state| &state.at) {
                Some(StepAt::Stuck {
                    why: Stuck::Unknown,
                }) => Exit::Unknown,
                Some(StepAt::Stuck { .. }) => Exit::Stuck,
                _ => Exit::Done,
            }
        }
    }
}

/// Refuses a run that has ended.
pub(super) fn must_be_open(folded: &Run, run: &RunId) -> anyhow::Result<()> {
    if folded.ending.is_some() {
        let error = Err(anyhow!("run {run} has ended"));
        return error.hint(format!("read it with `runsheet report {run}`"));
    }
    if folded.id.is_none() {
        bail!("run {run} was never opened: whoever made it was interrupted, and nothing was done");
    }
    Ok(())
}

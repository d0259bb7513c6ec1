//! `runsheet engine`: the process that holds a run. Started by others, never typed.

use anyhow::Context;

use super::args::EngineArgs;
use super::exit::Exit;
use crate::engine;
use crate::names::RunId;
use crate::paths::Paths;

pub(super) fn engine(args: &EngineArgs) -> anyhow::Result<Exit> {
    let run = RunId::new(args.run.as_str())?;
    let paths = Paths::of_user()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime
        .block_on(engine::serve_from_stdin(&paths, &run))
        .with_context(|| format!("hold run {run}"))?;
    Ok(Exit::Done)
}

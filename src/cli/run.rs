//! `runsheet run`: opens a run, starts its engine and attaches.

use std::io::IsTerminal;

use anyhow::{Context, anyhow};

use super::args::RunArgs;
use super::exit::{Advise, Exit};
use super::preflight::{self, Ask};
use super::prepared::{Prepared, prepare};
use super::say::Say;
use super::terminal::Shown;
use super::{answers, attach, pick, unattended};
use crate::clock::Clock;
use crate::engine::{self, Before};
use crate::names::RunId;
use crate::paths::Paths;
use crate::run::{Ending, Plan};
use crate::runbook::EnvironmentKind;

/// How many of the latest runs are read for the times of their steps.
const EARLIER: usize = 20;

pub(super) fn run(args: &RunArgs, say: &Say) -> anyhow::Result<Exit> {
    let shown = match args.unattended || args.detach {
        true => None,
        false => Some(Shown::decide(args.seat.plain, say)?),
    };
    let say = &shown.map_or(*say, |shown| say.for_what_is(shown));
    let mut prepared = prepare(&args.bound, say)?;
    let answers = match &args.answers {
        Some(file) => Some(answers::read(file, &prepared.plan, say)?),
        None => None,
    };
    if let Some(answers) = &answers {
        answers.leave_no_keyboard_alone(&prepared.plan)?;
    }
    let paths = Paths::of_user()?;
    rehearsed(&prepared, &paths)?;
    remember_times(&mut prepared.plan, &paths)?;
    let nobody = shown.is_none() || !std::io::stdin().is_terminal();
    let ask = match (args.despite_problems, nobody) {
        (true, _) => Ask::GoOn,
        (false, true) => Ask::Nobody,
        (false, false) => Ask::Person,
    };
    let before = preflight::before_run(&prepared, &paths, ask, say)?;
    let run = start(&prepared, &paths, before, say)?;
    if args.detach {
        say.talk(&format!(
            "the run goes on without you; `runsheet attach {run}` joins it"
        ));
        say.answer(&format!("{run}\n"))?;
        return Ok(Exit::Done);
    }
    match (answers, shown) {
        (Some(answers), _) => {
            let name = args.seat.name.as_deref().unwrap_or("unattended");
            unattended::walk(&paths, &run, (name, &answers), args.end_when_stuck, say)
        }
        (None, Some(shown)) => attach::sit_down(&paths, &run, (&args.seat, shown), say),
        (None, None) => Err(anyhow!("nobody is there to walk this run")).usage(),
    }
}

/// Makes the run and starts its engine.
pub(super) fn start(
    prepared: &Prepared,
    paths: &Paths,
    before: Before,
    say: &Say,
) -> anyhow::Result<RunId> {
    let clock = Clock::system();
    let run = engine::create_after(paths, &prepared.runbook, &prepared.plan, before, &clock)
        .context("open the run")?;
    attach::start_engine(paths, &run, &prepared.secrets, say).hint(format!(
        "nothing was done yet; `runsheet attach {run}` tries again"
    ))?;
    Ok(run)
}

/// Takes over how long the steps took in the latest rehearsals, for the times that the screen tells.
fn remember_times(plan: &mut Plan, paths: &Paths) -> anyhow::Result<()> {
    let mut earlier = Vec::new();
    for run in pick::all(paths)?.iter().rev().take(EARLIER) {
        // A run that cannot be read tells of no times.
        earlier.extend(pick::fold(paths, run).ok());
    }
    plan.remember(&earlier);
    Ok(())
}

/// Refuses a run whose environment asks for a rehearsal that was not.
fn rehearsed(prepared: &Prepared, paths: &Paths) -> anyhow::Result<()> {
    let Some(within) = prepared.environment.require.rehearsal_within else {
        return Ok(());
    };
    let now = Clock::system().now();
    for run in pick::all(paths)?.iter().rev() {
        // A run that cannot be read proves nothing.
        let Ok(folded) = pick::fold(paths, run) else {
            continue;
        };
        let (Some(plan), Some(at)) = (&folded.plan, folded.latest_at) else {
            continue;
        };
        let fresh = now.as_second() - at.as_second() <= i64::try_from(within.as_secs())?;
        if plan.environment_kind == EnvironmentKind::Rehearsal
            && plan.runbook.sha256 == prepared.runbook.digest
            && folded.ending == Some(Ending::Finished)
            && fresh
        {
            return Ok(());
        }
    }
    let days = within.as_secs() / 86_400;
    Err(anyhow!(
        "environment {} asks for a rehearsal of this very runbook that ended well within {}, and there is none",
        prepared.environment.name,
        match days {
            0 => crate::report::duration(i64::try_from(within.as_secs())?),
            _ => format!("{days} days"),
        }
    ))
    .hint("run it in an environment of kind \"rehearsal\" first; one changed byte makes it another runbook")
}

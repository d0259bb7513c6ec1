//! What is looked at on the machines before a run, all of them at the same time and changing nothing.

mod look;
mod room;
mod wants;

use std::collections::BTreeSet;

use anyhow::{Context, anyhow};

use super::exit::Advise;
use super::params::Terminal;
use super::pick;
use super::prepared::Prepared;
use super::say::Say;
use crate::engine::{Before, Fleet};
use crate::names::MachineName;
use crate::paths::Paths;
use crate::problem::visible;
use crate::run::{Check, Ending, Level, Plan};
use crate::transport::LinkError;

/// How many of the latest runs are read to find out who the machines were.
const EARLIER: usize = 20;

/// What was found.
pub(super) struct Looked {
    /// For the record.
    pub before: Before,
    /// Machines that are not the ones they should be: no run starts with them.
    pub others: Vec<LinkError>,
    /// Machines that could not be asked.
    pub silent: Vec<MachineName>,
}

impl Looked {
    /// How many problems were found.
    pub(super) fn problems(&self) -> usize {
        let levels = self.before.checks.iter().map(|check| check.level);
        levels.filter(|level| *level == Level::Problem).count()
    }

    /// The gravest of what was found; fine where nothing was looked at.
    fn worst(&self) -> Level {
        let levels = self.before.checks.iter().map(|check| check.level);
        levels.max().unwrap_or(Level::Ok)
    }
}

/// Looks at every machine of a plan.
pub(super) async fn look(fleet: &Fleet, prepared: &Prepared) -> Looked {
    let machines = machines(&prepared.plan);
    let looks = machines
        .iter()
        .map(|machine| look::machine(fleet, prepared, machine));
    let (looks, room) = tokio::join!(
        futures_util::future::join_all(looks),
        room::look(fleet, prepared)
    );
    let mut checks = Vec::new();
    let mut others = Vec::new();
    let mut reached = BTreeSet::new();
    let mut silent = Vec::new();
    for (machine, look) in machines.iter().zip(looks) {
        match look.reached {
            true => drop(reached.insert(machine)),
            false => silent.push(machine.clone()),
        }
        checks.extend(look.checks);
        others.extend(look.other);
    }
    // A machine that was not reached has said so once.
    checks.extend(
        room.into_iter()
            .filter(|check| reached.contains(&check.machine)),
    );
    for check in &mut checks {
        check.says = super::plan::masked(&prepared.values, std::mem::take(&mut check.says));
    }
    Looked {
        before: Before {
            checks,
            machines: fleet.met(),
        },
        others,
        silent,
    }
}

/// The machines of a plan, and this one where something is asked or done on it.
fn machines(plan: &Plan) -> Vec<MachineName> {
    let mut all: Vec<MachineName> = plan.machines.iter().map(|m| m.name.clone()).collect();
    let bastion = MachineName::bastion();
    let here = plan.steps.iter().any(|step| {
        step.lanes.contains(&bastion) || step.proofs.iter().any(|p| p.at.as_ref() == Some(&bastion))
    });
    if here && !all.contains(&bastion) {
        all.push(bastion);
    }
    all
}

/// Who the machines were in the latest run of the same runbook in the same environment that went to its end.
pub(super) fn remember(fleet: &Fleet, paths: &Paths, plan: &Plan) -> anyhow::Result<()> {
    for run in pick::all(paths)?.into_iter().rev().take(EARLIER) {
        // A run that cannot be read says nothing of them.
        let Ok(folded) = pick::fold(paths, &run) else {
            continue;
        };
        let same = folded.plan.as_ref().is_some_and(|earlier| {
            earlier.environment == plan.environment && earlier.title == plan.title
        });
        if same && folded.ending == Some(Ending::Finished) && !folded.machines.is_empty() {
            fleet.were(run, folded.machines);
            break;
        }
    }
    Ok(())
}

/// Whether somebody is there to say yes to a run that will run into problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// On the terminal.
    Person,
    /// Nobody: problems keep the run from starting.
    Nobody,
    /// Nobody, and they do not.
    GoOn,
}

/// Looks at the machines before a run is opened, and says what was found.
///
/// # Errors
///
/// A machine that is not the one it should be, whoever asks for what; and problems, unless somebody says yes.
pub(super) fn before_run(
    prepared: &Prepared,
    paths: &Paths,
    ask: Ask,
    say: &Say,
) -> anyhow::Result<Before> {
    let fleet = Fleet::of_plan(&prepared.plan, paths)?;
    remember(&fleet, paths, &prepared.plan)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let looked = runtime.block_on(async {
        let looked = look(&fleet, prepared).await;
        super::plan::close(&fleet, &prepared.plan).await;
        looked
    });
    let grave = |check: &&Check| check.level != Level::Ok;
    for check in looked.before.checks.iter().filter(grave) {
        say.talk(line(check).trim_end());
    }
    if let Some(other) = looked.others.first() {
        return Err(anyhow!("the run does not start: {other}")).hint(other.hint());
    }
    if looked.worst() == Level::Problem {
        match ask {
            Ask::GoOn => {}
            Ask::Nobody => {
                return Err(anyhow!(
                    "the run does not start: the machines have problems"
                ))
                .hint("mend them, or give --despite-problems; they are then in the record");
            }
            Ask::Person => {
                let mut terminal = Terminal::open().context("ask on the terminal")?;
                if !terminal.confirm("Start the run with these problems?")? {
                    return Err(anyhow!("the run was not started; nothing was done"));
                }
            }
        }
    }
    Ok(looked.before)
}

/// One check as it is printed, with what to do under it.
pub(super) fn line(check: &Check) -> String {
    let Check {
        machine,
        about,
        level,
        says,
        hint,
        pins: _,
    } = check;
    let mut lines = says.lines();
    let first = visible(lines.next().unwrap_or_default());
    let mut out = format!("{:<8} {machine:<12} {about}: {first}\n", level.word());
    for more in lines {
        out.push_str(&format!("         {}\n", visible(more)));
    }
    if let Some(hint) = hint {
        out.push_str(&format!("         hint: {}\n", visible(hint)));
    }
    out
}

/// All that was found, machine by machine.
pub(super) fn text(looked: &Looked) -> String {
    let mut out = "\n== Looked at before anything is done ==\n".to_owned();
    out.extend(looked.before.checks.iter().map(line));
    out
}

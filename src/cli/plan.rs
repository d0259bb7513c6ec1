//! `runsheet plan`: each step with its place and exactly what would be done, changing nothing.

mod survey;
mod text;

use std::collections::BTreeSet;

use anyhow::Context;

use super::args::PlanArgs;
use super::exit::Exit;
use super::preflight;
use super::prepared::prepare;
use super::say::Say;
use crate::engine::Fleet;
use crate::paths::Paths;

use survey::Unshown;
pub(super) use survey::{all_is_known, ask_within, close, masked, moment, no_run};

pub(super) fn plan(args: &PlanArgs, say: &Say) -> anyhow::Result<Exit> {
    let prepared = prepare(&args.bound, say)?;
    say.answer(&text::head(&prepared.plan))?;
    let online = match args.offline {
        true => None,
        false => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .context("start the runtime")?;
            let fleet = Fleet::of_plan(&prepared.plan, &Paths::of_user()?)?;
            say.talk("asking the machines, changing nothing; what a step finds after those before it may differ");
            Some((runtime, fleet))
        }
    };
    let (mut silent, mut problems) = (BTreeSet::new(), 0);
    if let Some((runtime, fleet)) = &online {
        let paths = Paths::of_user()?;
        preflight::remember(fleet, &paths, &prepared.plan)?;
        let looked = runtime.block_on(preflight::look(fleet, &prepared));
        say.answer(&preflight::text(&looked))?;
        problems = looked.problems();
        silent.extend(looked.silent);
    }
    let mut obstacles = 0;
    let mut phase = None;
    for (place, planned) in prepared.plan.steps.iter().enumerate() {
        if phase != Some(&planned.phase) {
            phase = Some(&planned.phase);
            say.answer(&text::phase(&prepared.plan, planned))?;
        }
        say.answer(&text::step(&prepared.plan, place, planned))?;
        let spec = prepared
            .runbook
            .steps
            .iter()
            .find(|spec| spec.id == planned.id);
        let (Some((runtime, fleet)), Some(spec)) = (&online, spec) else {
            continue;
        };
        for lane in &planned.lanes {
            let proposed = runtime.block_on(survey::propose(fleet, &prepared, (spec, lane)));
            match &proposed {
                Ok(_) => {}
                Err(Unshown::Yet(_)) => obstacles += 1,
                Err(Unshown::Silent(machine, _)) => {
                    silent.insert(machine.clone());
                }
            }
            let proposed = proposed.as_ref().map_err(Unshown::obstacle);
            let shown = text::proposed(planned, lane, proposed);
            say.answer(&survey::masked(&prepared.values, shown))?;
        }
    }
    if let Some((runtime, fleet)) = online {
        runtime.block_on(survey::close(&fleet, &prepared.plan));
    }
    if obstacles > 0 {
        say.talk(&format!(
            "{obstacles} could not be shown yet; where an earlier step makes what they need, that is as it should be"
        ));
    }
    match text::ending(&silent, problems) {
        None => Ok(Exit::Done),
        Some(ending) => {
            say.answer(&ending)?;
            Ok(Exit::Problems)
        }
    }
}

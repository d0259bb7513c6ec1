//! From a runbook's file to a plan: what `plan` and `run` have in common.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, anyhow};

use super::args::Bound;
use super::exit::Advise;
use super::params;
use super::say::Say;
use crate::engine::Secrets;
use crate::names::{MachineName, did_you_mean};
use crate::problem::Problem;
use crate::run::Plan;
use crate::runbook::{
    Binding, Environment, Runbook, as_stated, bind, environments_beside, read_environments,
    read_runbook, values,
};
use crate::template::{Machine, Values};

/// A runbook in an environment, with every value in its place.
pub(super) struct Prepared {
    pub runbook: Runbook,
    pub environment: Environment,
    pub values: Values,
    pub secrets: Secrets,
    pub plan: Plan,
}

/// Reads, checks and binds a runbook, and asks for what is missing. Machines are not contacted; only ssh's own
/// configuration is asked what its names mean.
pub(super) fn prepare(bound: &Bound, say: &Say) -> anyhow::Result<Prepared> {
    let file = &bound.file;
    let (runbook, warnings) = read_runbook(file).map_err(|problems| match mistaken(file) {
        Some(problem) => problem_in(file, &[problem], say),
        None => problem_in(file, &problems, say),
    })?;
    say.problems(&warnings);
    let beside = environments_beside(file);
    let environments =
        read_environments(&beside).map_err(|problems| problem_in(&beside, &problems, say))?;
    let known: Vec<&str> = environments
        .names()
        .map(|(name, _)| name.as_str())
        .collect();
    let Some(env) = &bound.env else {
        return Err(anyhow!("say in which environment, with --env NAME"))
            .hint(format!("{} has {}", beside.display(), known.join(", ")))
            .usage();
    };
    if !known.contains(&env.as_str()) {
        let error = anyhow!("{} has no environment `{env}`", beside.display());
        return Err(error)
            .hint(match did_you_mean(env, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? it has {}", known.join(", ")),
                None => format!("it has {}", known.join(", ")),
            })
            .usage();
    }
    let environment = bind(&runbook, &environments, env)
        .map_err(|problems| problem_in(&beside, &problems, say))?;
    let (parameters, secrets) = params::of_a_run(&runbook, &environment, &bound.set, say)?;
    let facts = facts(&environment)?;
    let values = values(&runbook, &environment, &parameters, &facts);
    let plan = Plan::lay(&runbook, &environment, &values)
        .with_context(|| format!("put {} together with {}", file.display(), environment.name))?;
    Ok(Prepared {
        runbook,
        environment,
        values,
        secrets,
        plan,
    })
}

/// What is wrong with a file that was given for a runbook and has environments instead; none where it has none.
pub(super) fn mistaken(file: &Path) -> Option<Problem> {
    let environments = read_environments(file).ok()?;
    environments.names().next()?;
    let message = format!("{} has environments, and is no runbook", file.display());
    Some(
        Problem::general(message)
            .hint("give the runbook that stands beside it; its environments are checked with it"),
    )
}

fn problem_in(file: &Path, problems: &[Problem], say: &Say) -> anyhow::Error {
    say.problems(problems);
    anyhow!("{} cannot be used as it is", file.display())
}

/// What ssh's configuration says about the machines of an environment.
fn facts(environment: &Environment) -> anyhow::Result<BTreeMap<MachineName, Machine>> {
    let mut facts = BTreeMap::new();
    for (_, name, binding) in environment.machines() {
        if matches!(binding, Binding::Ssh { .. }) {
            facts.insert(name, fact(binding)?);
        }
    }
    Ok(facts)
}

/// Asks ssh what it would do (`ssh -G`, ssh(1)); nothing is contacted.
fn fact(binding: &Binding) -> anyhow::Result<Machine> {
    let mut machine = as_stated(binding);
    let Binding::Ssh {
        destination,
        user,
        port,
        config,
        address,
        ..
    } = binding
    else {
        return Ok(machine);
    };
    let mut args = vec!["-G".to_owned()];
    let mut option = |name: &str, value: String| args.extend([name.to_owned(), value]);
    if let Some(config) = config {
        option("-F", config.display().to_string());
    }
    if let Some(user) = user {
        option("-l", user.clone());
    }
    if let Some(port) = port {
        option("-p", port.to_string());
    }
    args.extend(["--".to_owned(), destination.clone()]);
    let said = duct::cmd("ssh", &args)
        .stdin_null()
        .stderr_to_stdout()
        .unchecked()
        .stdout_capture()
        .run()
        .context("ask ssh what its configuration says")
        .hint("is ssh installed? (Debian: apt-get install openssh-client)")?;
    let text = String::from_utf8_lossy(&said.stdout);
    if !said.status.success() {
        let error = anyhow!("ssh does not understand `{destination}`: {}", text.trim());
        return Err(error).hint("does `ssh -G` work with it?");
    }
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("hostname", value)) if address.is_none() => machine.address = value.to_owned(),
            Some(("user", value)) => machine.user = value.to_owned(),
            Some(("port", value)) => {
                machine.port = value
                    .parse()
                    .with_context(|| format!("read the port that ssh names for `{destination}`"))?;
            }
            _ => {}
        }
    }
    Ok(machine)
}

//! Asks machines what a step would do on them, read-only.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::prepared::Prepared;
use crate::engine::Fleet;
use crate::kinds::{self, Moment, Obstacle, Proposal, Question, Reply};
use crate::names::{MachineName, ParamName, RunId};
use crate::probe::Scene;
use crate::run::Plan;
use crate::runbook::{StepSpec, Undo};
use crate::template::Values;
use crate::transport::{Script, Shell};

/// How long one question may take. An rsync's dry run over a large tree is one.
const LIMIT: Duration = Duration::from_secs(600);

/// The most that is kept of each output of a question, in bytes.
const KEPT: usize = 1 << 20;

/// What stands for a run's id in names that a step makes up, such as a backup's.
const NO_RUN: &str = "00000000-000000-plan";

/// Why it cannot be shown what a step would do on a machine.
#[derive(Debug)]
pub(super) enum Unshown {
    /// The machine does not answer: nobody knows.
    Silent(MachineName, Obstacle),
    /// The machine is not as the step needs it, or what it needs is known only then: a step before it may see to that.
    Yet(Obstacle),
}

impl Unshown {
    pub(super) const fn obstacle(&self) -> &Obstacle {
        match self {
            Self::Silent(_, obstacle) | Self::Yet(obstacle) => obstacle,
        }
    }
}

impl From<Obstacle> for Unshown {
    fn from(obstacle: Obstacle) -> Self {
        Self::Yet(obstacle)
    }
}

/// What a step would do on a machine as it is now.
///
/// # Errors
///
/// Why it cannot be said: the machine does not answer, or is not as the step needs it.
pub(super) async fn propose(
    fleet: &Fleet,
    prepared: &Prepared,
    (spec, lane): (&StepSpec, &MachineName),
) -> Result<Proposal, Unshown> {
    all_is_known(prepared, spec)?;
    let run = no_run()?;
    let nothing = BTreeMap::new();
    let moment = moment(prepared, (spec, lane), &run, &nothing);
    let mut replies = Vec::new();
    for question in spec.action.survey(&moment)? {
        let reply = ask_within(fleet, &prepared.values, &question, LIMIT).await;
        replies.push(reply.map_err(|obstacle| Unshown::Silent(question.at.clone(), obstacle))?);
    }
    let mut proposal = spec.action.propose(&moment, &replies)?;
    if let (Some(within), Undo::Action(undo)) = (spec.confirm_within, &spec.undo) {
        proposal.guard(&moment, undo.as_ref(), within.as_secs(), false)?;
    }
    Ok(proposal)
}

/// Whether a step uses no value that an earlier step gives it.
///
/// # Errors
///
/// Which value it is, and who gives it.
pub(in crate::cli) fn all_is_known(prepared: &Prepared, spec: &StepSpec) -> Result<(), Obstacle> {
    let mut mentions = spec.mentions(false);
    if spec.confirm_within.is_some() {
        mentions.extend(spec.mentions(true));
    }
    let uses = |name: &ParamName| mentions.iter().any(|mention| mention.uses(name.as_str()));
    if let Some(each) = spec.for_each.as_ref().filter(|each| uses(&each.name)) {
        let what = format!("it uses {}, which is another on each lane", each.name);
        return Err(Obstacle::new(what));
    }
    // What it captures itself, only its proof can use.
    let own = spec.capture.as_ref().map(|capture| &capture.name);
    let mut without = prepared.values.without();
    match without.find(|(name, _)| Some(*name) != own && uses(name)) {
        Some((name, why)) => Err(Obstacle::new(format!(
            "it uses {name}, which is known only then: {why}"
        ))),
        None => Ok(()),
    }
}

/// A moment of a step before any run.
pub(in crate::cli) fn moment<'a>(
    prepared: &'a Prepared,
    (spec, lane): (&'a StepSpec, &'a MachineName),
    run: &'a RunId,
    nothing: &'a BTreeMap<String, String>,
) -> Moment<'a> {
    Moment {
        scene: Scene {
            here: lane,
            values: &prepared.values,
        },
        run,
        step: &spec.id,
        attempt: 1,
        left: nothing,
        pins: nothing,
    }
}

/// What stands for a run's id before there is a run.
///
/// # Errors
///
/// Never, as long as it is a name.
pub(in crate::cli) fn no_run() -> Result<RunId, Obstacle> {
    RunId::new(NO_RUN).map_err(|error| Obstacle::new(error.to_string()))
}

/// Asks a machine something that changes nothing, with the values of the run.
///
/// # Errors
///
/// The machine does not answer in time.
pub(in crate::cli) async fn ask_within(
    fleet: &Fleet,
    values: &Values,
    question: &Question,
    limit: Duration,
) -> Result<Reply, Obstacle> {
    let host = fleet
        .host(&question.at)
        .ok_or_else(|| Obstacle::new(format!("there is no machine {}", question.at)))?;
    let mut env = values.environment();
    env.extend_from_slice(&question.env);
    let shell = match question.shell {
        kinds::Shell::Sh => Shell::Sh,
        kinds::Shell::Bash => Shell::Bash,
    };
    let script = Script::with_env(shell, env, question.text.as_str())
        .map_err(|error| Obstacle::new(format!("send the question: {error}")))?;
    let answer = host
        .ask_with(&script, Some(limit), KEPT)
        .await
        .map_err(|error| Obstacle::new(error.to_string()).hint(error.hint()))?;
    Ok(Reply {
        code: answer.code,
        stdout: answer.stdout,
        stderr: answer.stderr,
        cut: answer.cut,
    })
}

/// Takes the values of secrets out of what is printed.
pub(in crate::cli) fn masked(values: &Values, text: String) -> String {
    values
        .secrets()
        .flat_map(str::lines)
        .filter(|line| !line.trim().is_empty())
        .fold(text, |text, secret| text.replace(secret, "***"))
}

/// Closes every link.
pub(in crate::cli) async fn close(fleet: &Fleet, plan: &Plan) {
    for machine in &plan.machines {
        if let Some(host) = fleet.host(&machine.name) {
            host.close().await;
        }
    }
}

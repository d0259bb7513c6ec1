//! Asks machines what a step would do on them, read-only.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use crate::engine::Fleet;
use crate::kinds::{self, Moment, Obstacle, Proposal, Question, Reply};
use crate::names::{MachineName, RunId};
use crate::probe::Scene;
use crate::run::Plan;
use crate::runbook::StepSpec;
use crate::template::Values;
use crate::transport::{LinkError, Script, Shell};

/// How long one question may take. An rsync's dry run over a large tree is one.
const LIMIT: Duration = Duration::from_secs(600);

/// The most that is kept of each output of a question, in bytes.
const KEPT: usize = 1 << 20;

/// What stands for a run's id in names that a step makes up, such as a backup's.
const NO_RUN: &str = "00000000-000000-plan";

/// What a step would do on a machine as it is now.
///
/// # Errors
///
/// Why it cannot be said: the machine does not answer, or is not as the step needs it.
pub(super) async fn propose(
    fleet: &Fleet,
    values: &Values,
    (spec, lane): (&StepSpec, &MachineName),
) -> Result<Proposal, Obstacle> {
    let run = RunId::new(NO_RUN).map_err(|error| Obstacle::new(error.to_string()))?;
    let nothing = BTreeMap::new();
    let moment = Moment {
        scene: Scene { here: lane, values },
        run: &run,
        step: &spec.id,
        attempt: 1,
        left: &nothing,
    };
    let mentions = spec.mentions(false);
    for (name, why) in values.without() {
        if mentions.iter().any(|mention| mention.uses(name.as_str())) {
            let what = format!("it uses {name}, which is known only then: {why}");
            return Err(Obstacle::new(what));
        }
    }
    let mut replies = Vec::new();
    for question in spec.action.survey(&moment)? {
        replies.push(ask(fleet, values, &question).await?);
    }
    spec.action.propose(&moment, &replies)
}

/// The machines that cannot be had, each with why. Steps that need no answer to be shown would not tell.
pub(super) async fn unreachable(fleet: &Fleet, plan: &Plan) -> Vec<LinkError> {
    let surveys = plan.machines.iter().filter_map(|machine| {
        let host = fleet.host(&machine.name)?;
        Some(async move { host.survey().await.err() })
    });
    join_all(surveys).await.into_iter().flatten().collect()
}

async fn ask(fleet: &Fleet, values: &Values, question: &Question) -> Result<Reply, Obstacle> {
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
        .ask_with(&script, Some(LIMIT), KEPT)
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
pub(super) fn masked(values: &Values, text: String) -> String {
    values
        .secrets()
        .flat_map(str::lines)
        .filter(|line| !line.trim().is_empty())
        .fold(text, |text, secret| text.replace(secret, "***"))
}

/// Closes every link.
pub(super) async fn close(fleet: &Fleet, plan: &Plan) {
    for machine in &plan.machines {
        if let Some(host) = fleet.host(&machine.name) {
            host.close().await;
        }
    }
}

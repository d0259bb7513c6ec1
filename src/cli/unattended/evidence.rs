//! What there is to see where an unattended run is stuck.

use crate::names::RunId;
use crate::paths::Paths;
use crate::probe::Holds;
use crate::problem::visible;
use crate::report::{self, Evidence};

use super::super::say::Say;
use super::next::Block;

/// Prints the step's output and its proof, as the record has them.
pub(super) fn show(paths: &Paths, run: &RunId, block: &Block, say: &Say) -> anyhow::Result<()> {
    let Some(step) = &block.step else {
        return Ok(());
    };
    let evidence = Evidence::gather(&paths.run(run)?)?;
    let story = report::tell(&evidence)?;
    let Some(step) = story.steps.iter().find(|story| story.id == *step) else {
        return Ok(());
    };
    say.talk("");
    say.talk(&format!("step {} {}: {}", step.number, step.id, step.title));
    let Some(attempt) = step.attempts.last() else {
        return Ok(());
    };
    for leg in &attempt.legs {
        let outcome = leg.outcome.as_deref().unwrap_or("not ended");
        say.talk(&format!(
            "  {} on {}: {outcome}",
            title(&leg.title),
            leg.lane
        ));
        let tail = leg.output.as_ref().and_then(|output| output.tail.as_ref());
        for line in tail.iter().flat_map(|tail| &tail.lines) {
            say.talk(&format!("    | {}", visible(line)));
        }
    }
    for proof in &attempt.proofs {
        let Some(answer) = proof.after.last().or(proof.before.as_ref()) else {
            continue;
        };
        let holds = match answer.holds {
            Holds::Yes => "holds",
            Holds::No => "does not hold",
            Holds::CannotSay => "cannot be said",
        };
        say.talk(&format!(
            "  proof {holds}: {} ({})",
            proof.says, answer.seen
        ));
    }
    say.talk("");
    Ok(())
}

fn title(title: &str) -> &str {
    if title.is_empty() { "it" } else { title }
}

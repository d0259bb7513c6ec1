//! A plan as text.

use std::fmt::Write;

use crate::kinds::{Exhibit, Obstacle, Proposal};
use crate::names::MachineName;
use crate::problem::visible;
use crate::report::duration;
use crate::run::{Plan, PlannedStep, PlannedUndo};
use crate::runbook::{Downtime, EnvironmentKind, Gate};

/// What stands above the steps.
pub(super) fn head(plan: &Plan) -> String {
    let kind = match plan.environment_kind {
        EnvironmentKind::Production => "PRODUCTION",
        EnvironmentKind::Rehearsal => "rehearsal",
    };
    let estimate: u64 = plan.steps.iter().map(|step| step.estimate_seconds).sum();
    let mut out = format!(
        "{}\nenvironment {} ({kind}), {} steps, about {}\n",
        visible(&plan.title),
        plan.environment,
        plan.steps.len(),
        long(estimate),
    );
    for machine in &plan.machines {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {} = {}", machine.name, visible(&machine.label));
    }
    for (name, value) in &plan.params {
        let value = value
            .as_deref()
            .map_or_else(|| "(secret)".to_owned(), visible);
        let _ = writeln!(out, "  {} = {value}", visible(name));
    }
    out
}

/// The heading of a step's phase.
pub(super) fn phase(plan: &Plan, step: &PlannedStep) -> String {
    let phase = plan.phases.iter().find(|phase| phase.id == step.phase);
    let title = phase.map_or(step.phase.as_str(), |phase| phase.title.as_str());
    format!("\n== {} ==\n", visible(title))
}

/// What is known of a step before any machine was asked.
pub(super) fn step(plan: &Plan, place: usize, step: &PlannedStep) -> String {
    let mut out = String::new();
    let lanes: Vec<String> = step
        .lanes
        .iter()
        .map(|lane| visible(&format!("{lane} ({})", plan.label(lane))))
        .collect();
    let mut marks = Vec::new();
    if step.point_of_no_return {
        marks.push("POINT OF NO RETURN".to_owned());
    }
    match step.downtime {
        Some(Downtime::Starts) => marks.push("customers begin to notice".to_owned()),
        Some(Downtime::Ends) => marks.push("customers cease to notice".to_owned()),
        None => {}
    }
    if step.estimate_seconds > 0 {
        marks.push(format!("about {}", long(step.estimate_seconds)));
    }
    let _ = writeln!(
        out,
        "\n{:>3}  {} [{}]",
        place + 1,
        visible(&step.title),
        step.id
    );
    let rules: Vec<String> = step
        .when
        .iter()
        .map(|rule| visible(&rule.to_string()))
        .collect();
    if !rules.is_empty() {
        let _ = writeln!(out, "     only   where {}", rules.join(", and "));
    }
    let _ = match &step.choice {
        None => writeln!(out, "     on     {}", lanes.join(", ")),
        Some(choice) => writeln!(out, "     gives  {}, known only then", choice.name),
    };
    let _ = writeln!(out, "     does   {}", visible(&step.headline));
    for option in step.choice.iter().flat_map(|choice| &choice.options) {
        let _ = writeln!(
            out,
            "            {} = {}: {}",
            visible(&option.value),
            visible(&option.title),
            visible(&option.means)
        );
    }
    let _ = match &step.choice {
        None => writeln!(out, "     gate   {}", gate(&step.gate)),
        Some(_) => writeln!(out, "     gate   asks for one of these"),
    };
    for proof in &step.proofs {
        let at = proof.at.as_ref().map_or("a person", |at| at.as_str());
        let _ = writeln!(out, "     proof  {} ({at})", visible(&proof.says));
    }
    let _ = writeln!(out, "     undo   {}", undo(&step.undo));
    if !marks.is_empty() {
        let _ = writeln!(out, "     note   {}", marks.join(", "));
    }
    out
}

fn gate(gate: &Gate) -> String {
    match gate {
        Gate::Auto => "asks nobody".to_owned(),
        Gate::Confirm => "asks for a yes".to_owned(),
        Gate::TypeBack { words } => format!("type back: {}", visible(words)),
        Gate::TwoPeople => "asks two people".to_owned(),
    }
}

fn undo(undo: &PlannedUndo) -> String {
    match undo {
        PlannedUndo::Action { headline, .. } => visible(headline),
        PlannedUndo::Never { reason } => format!("none: {}", visible(reason)),
        PlannedUndo::Nothing { reason } => format!("not needed: {}", visible(reason)),
        PlannedUndo::Unsaid => "nobody said".to_owned(),
    }
}

/// What a machine's answers make of a step.
pub(super) fn proposed(
    lane: &MachineName,
    several: bool,
    proposed: &Result<Proposal, Obstacle>,
) -> String {
    let mut out = String::new();
    if several {
        let _ = writeln!(out, "     -- {lane}");
    }
    let proposal = match proposed {
        Ok(proposal) => proposal,
        Err(obstacle) => {
            block(&mut out, "cannot be shown now", &obstacle.what);
            if let Some(hint) = &obstacle.hint {
                block(&mut out, "hint", hint);
            }
            return out;
        }
    };
    if let Some(already) = &proposal.already {
        block(&mut out, "already as wanted", already);
    }
    for exhibit in &proposal.exhibits {
        match exhibit {
            Exhibit::Text { text } => block(&mut out, "text", text),
            Exhibit::Command { at, text, env } => {
                block(&mut out, &format!("command on {at}"), text);
                for (name, value) in env {
                    let _ = writeln!(out, "       {}={}", visible(name), visible(value));
                }
            }
            Exhibit::Diff { at, path, unified } => {
                block(&mut out, &format!("change of {path} on {at}"), unified);
            }
            Exhibit::Finding { label, text } => block(&mut out, label, text),
            Exhibit::Warning { text } => block(&mut out, "warning", text),
            // The plan has said it above.
            Exhibit::Choice { .. } => {}
        }
    }
    out
}

/// A label, and a text of several lines under it.
fn block(out: &mut String, label: &str, text: &str) {
    let _ = writeln!(out, "     {}:", visible(label));
    for line in text.lines() {
        let pieces: Vec<String> = line.split('\t').map(visible).collect();
        let _ = writeln!(out, "       {}", pieces.join("\t"));
    }
}

fn long(seconds: u64) -> String {
    duration(i64::try_from(seconds).unwrap_or(i64::MAX))
}

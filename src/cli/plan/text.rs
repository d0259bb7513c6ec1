//! A plan as text.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::kinds::{Exhibit, Obstacle, Performer, Proposal};
use crate::names::MachineName;
use crate::problem::visible;
use crate::report::duration;
use crate::run::{
    CERTAIN, OPEN, OWN_QUESTION, Plan, PlannedStep, PlannedUndo, Way, computed, sorted,
};
use crate::runbook::{Downtime, EnvironmentKind, Gate, Items};

/// What stands above the steps.
pub(super) fn head(plan: &Plan) -> String {
    let kind = match plan.environment_kind {
        EnvironmentKind::Production => "PRODUCTION",
        EnvironmentKind::Rehearsal => "rehearsal",
    };
    let estimate: u64 = plan.steps.iter().map(|step| step.estimate_seconds).sum();
    let mut out = format!(
        "{}\nenvironment {} ({kind}), {} step{}",
        visible(&plan.title),
        plan.environment,
        plan.steps.len(),
        if plan.steps.len() == 1 { "" } else { "s" },
    );
    out.push_str(&match estimate {
        0 => "; how long they take is not written down\n".to_owned(),
        _ => format!(", about {}\n", long(estimate)),
    });
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
    if step.interactive {
        marks.push("INTERACTIVE, somebody types to it: not for an unattended run".to_owned());
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
    if step.choice.is_none() {
        let _ = writeln!(out, "     on     {}", lanes.join(", "));
    }
    if let Some(each) = &step.for_each {
        let items = match &each.items {
            Items::Listed { items } => visible(&items.join(", ")),
            Items::Captured { list } => format!("{list}, known only then"),
        };
        let at_once = match step.at_once {
            0 => "one by one".to_owned(),
            most => format!("{most} at once"),
        };
        let _ = writeln!(out, "     each   {} in {items}; {at_once}", each.name);
    }
    if let Some(name) = step.makes() {
        let list = step.capture.as_ref().is_some_and(|capture| capture.lines);
        let what = if list { "a list, " } else { "" };
        let _ = writeln!(out, "     gives  {name}, {what}known only then");
    }
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
    if step.proofs.is_empty() && step.performer == Performer::Watch {
        let _ = writeln!(out, "     proof  {OWN_QUESTION}");
    }
    if let Some((by, active)) = (step.armed_until.as_ref()).and_then(|until| plan.step(until)) {
        let _ = writeln!(
            out,
            "     armed  until step {} [{}]: written here, in effect only then",
            by + 1,
            active.id
        );
    }
    if step.confirm_within_seconds > 0 {
        let _ = writeln!(
            out,
            "     guard  its machine runs the undo by itself, {} s after, unless somebody keeps the change",
            step.confirm_within_seconds
        );
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
    step: &PlannedStep,
    lane: &MachineName,
    proposed: Result<&Proposal, &Obstacle>,
) -> String {
    let mut out = String::new();
    let several = step.lanes.len() > 1;
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
    // What the runbook fixed comes first: all of the rest was made of what the machines said.
    let (fixed, rest) = sorted(&proposal.exhibits);
    for (number, exhibit) in fixed.iter().chain(&rest).enumerate() {
        let heading = match number {
            0 if !fixed.is_empty() => Some(CERTAIN.to_owned()),
            number if number == fixed.len() => Some(computed("now")),
            _ => None,
        };
        // A choice has nothing to compute, and the plan has said it above.
        if let (Some(heading), false) = (heading, matches!(exhibit, Exhibit::Choice { .. })) {
            let _ = writeln!(out, "     . {heading}");
        }
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
    if let Some(open) = step.open(Way::Forward, &[proposal], !step.proofs.is_empty()) {
        let _ = writeln!(out, "     . {OPEN}: {open}");
    }
    out
}

/// The last line of a plan that has a hole, or of machines that have problems.
pub(super) fn ending(silent: &BTreeSet<MachineName>, problems: usize) -> Option<String> {
    let names: Vec<&str> = silent.iter().map(MachineName::as_str).collect();
    match (names.as_slice(), problems) {
        ([], 0) => None,
        ([], 1) => Some("\nthe machines have a problem, told above\n".to_owned()),
        ([], many) => Some(format!("\nthe machines have {many} problems, told above\n")),
        (names, _) => Some(format!(
            "\nthis plan has a hole: {} could not be asked, so what the steps do there is not all in it\n",
            names.join(", ")
        )),
    }
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

//! Writes a story as CommonMark with tables.
//!
//! First what a reviewer must know, then what deserves a look, then a table of the steps, then each step in
//! detail, and last how to check all of it.

mod detail;
mod machines;

use std::fmt::Write;

use crate::kinds::Performer;
use crate::runbook::{EnvironmentKind, Gate};

use super::clean::{fenced, in_table, inline, prose, span};
use super::story::*;
use super::words::{account, duration, time_of_day, time_utc};

/// What the record can prove and what it cannot, in short.
const THREAT: &str = "The record is tamper-evident, not tamper-proof. Whoever was root on the bastion, or \
    controlled the program itself, could have invented or rewritten everything after the last head that was \
    kept out of their reach, and could have shown the operators a false screen; a target machine can lie in \
    its output. Given a head that was kept elsewhere, any change, removal, reordering or cut at or before it \
    is detected. Without one, completeness is not established.";

/// Writes a story.
pub(super) fn write(story: &Story) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, so that the result of each `write!` says nothing.
    let _ = first_page(&mut out, story);
    let _ = look(&mut out, story);
    let _ = machines::preflight(&mut out, story);
    let _ = table(&mut out, story);
    let _ = writeln!(out, "## The steps in detail\n");
    for step in &story.steps {
        let _ = detail::step(&mut out, story, step);
    }
    let _ = machines::identities(&mut out, story);
    let _ = notes(&mut out, story);
    let _ = chain(&mut out, story);
    out
}

fn first_page(out: &mut String, story: &Story) -> std::fmt::Result {
    let when = &story.when;
    writeln!(out, "# {}\n", inline(&story.title))?;
    writeln!(out, "**{}**\n", inline(&story.outcome.sentence))?;
    if !story.about.is_empty() {
        writeln!(out, "{}\n", prose(&story.about))?;
    }
    writeln!(out, "| | |\n| --- | --- |")?;
    let mut row = |name: &str, value: String| writeln!(out, "| {name} | {} |", in_table(&value));
    let kind = match story.environment_kind {
        EnvironmentKind::Production => "**PRODUCTION**",
        EnvironmentKind::Rehearsal => "rehearsal",
    };
    row(
        "environment",
        format!("{} ({kind})", inline(story.environment.as_str())),
    )?;
    row("run", span(story.run.as_str()))?;
    row("who", people(story))?;
    row("opened", time_utc(when.opened))?;
    match when.ended {
        Some(ended) => row("ended", time_utc(ended))?,
        None => row(
            "ended",
            format!("not ended; last record {}", time_utc(when.latest)),
        )?,
    }
    let mut took = duration(when.seconds);
    if let Some(window) = when.window_seconds {
        let _ = write!(took, ", in a window of {}", long(window));
        match when.over_window_seconds {
            0 => {}
            over => {
                let _ = write!(took, " (**overrun by {}**)", long(over));
            }
        }
    }
    row("took", took)?;
    row("way back", way_back(story))?;
    row("customers noticed", downtime(story))?;
    row("machines", machines(story))?;
    if !story.params.is_empty() {
        let params: Vec<String> = story.params.iter().map(param).collect();
        row("parameters", params.join(", "))?;
    }
    row(
        "runbook",
        format!("SHA-256 {}", span(&story.runbook_sha256)),
    )?;
    row(
        "environment file",
        format!("SHA-256 {}", span(&story.environment_sha256)),
    )?;
    row("made by", format!("runsheet {}", inline(&story.version)))?;
    row("head of the record", span(&story.chain.head))?;
    writeln!(out)
}

fn people(story: &Story) -> String {
    if story.people.is_empty() {
        return "nobody attached".to_owned();
    }
    let people: Vec<String> = story
        .people
        .iter()
        .map(|person| {
            let acts = match person.acts {
                0 => "watched".to_owned(),
                acts => format!("{acts} acts"),
            };
            let account = account(person.uid, person.login_uid);
            format!("{} ({account}; {acts})", inline(&person.name))
        })
        .collect();
    let shared = if story.shared_account {
        ". **Shared account:** the names are their own word"
    } else {
        ""
    };
    format!("{}{shared}", people.join(", "))
}

/// How far back undo reached when the record ends.
fn way_back(story: &Story) -> String {
    let when = &story.when;
    let at_the_end = match when.ended {
        Some(_) => "at the end of the run ",
        None => "at the last record ",
    };
    let latest = when.latest_return.map(|latest| {
        let over = if latest < when.latest {
            ", **which has passed**"
        } else {
            ""
        };
        let latest = time_of_day(latest, when.opened);
        format!("; for it to fit into the window it had to begin by {latest}{over}")
    });
    format!(
        "{at_the_end}{}{}",
        inline(&when.way_back),
        latest.unwrap_or_default()
    )
}

fn downtime(story: &Story) -> String {
    if story.when.downtime.is_empty() {
        return "no step marked as downtime was started".to_owned();
    }
    let times: Vec<String> = story
        .when
        .downtime
        .iter()
        .map(|down| {
            let from = time_of_day(down.from, story.when.opened);
            let took = duration(down.seconds);
            match down.to {
                Some(to) => {
                    let to = time_of_day(to, story.when.opened);
                    format!("{took}, {from} to {to}")
                }
                None => format!("since {from}, {took} until the last record; **not over**"),
            }
        })
        .collect();
    times.join("; ")
}

fn machines(story: &Story) -> String {
    let machines: Vec<String> = story
        .machines
        .iter()
        .map(|machine| {
            let name = inline(machine.name.as_str());
            format!("{name} = {}", inline(&machine.label))
        })
        .collect();
    match machines.is_empty() {
        true => "none but the bastion".to_owned(),
        false => machines.join(", "),
    }
}

fn param(param: &Param) -> String {
    match &param.value {
        Some(value) => format!("{} = {}", inline(&param.name), span(value)),
        None => format!("{} (secret, not recorded)", inline(&param.name)),
    }
}

fn look(out: &mut String, story: &Story) -> std::fmt::Result {
    writeln!(out, "## What deserves a look\n")?;
    if story.look.is_empty() {
        return writeln!(
            out,
            "Nothing: no step was skipped, vouched for, unknown, failed, stopped, repeated or taken back, \
             every proof failed before its step and held after it, and no link was lost.\n"
        );
    }
    for look in &story.look {
        write!(out, "- **{}", title(look.kind))?;
        if let Some(step) = &look.step {
            write!(out, ", step {}", number(story, step.as_str()))?;
        }
        write!(out, ":** {}", inline(&look.text))?;
        match (&look.by, look.at) {
            (Some(by), Some(at)) => {
                let at = time_of_day(at, story.when.opened);
                writeln!(out, " ({}, {at})", inline(by))?;
            }
            (None, Some(at)) => writeln!(out, " ({})", time_of_day(at, story.when.opened))?,
            (_, None) => writeln!(out)?,
        }
    }
    writeln!(out)
}

fn number(story: &Story, id: &str) -> String {
    let found = story.steps.iter().find(|step| step.id.as_str() == id);
    found.map_or_else(
        || inline(id),
        |step| format!("{} {}", step.number, inline(id)),
    )
}

fn title(kind: LookKind) -> &'static str {
    match kind {
        LookKind::Record => "The record",
        LookKind::Contradicted => "Not what was decided",
        LookKind::MayRun => "May still be running",
        LookKind::Armed => "Not in effect",
        LookKind::Unknown => "Unknown outcome",
        LookKind::Found => "Heard later",
        LookKind::Settled => "An unknown outcome decided",
        LookKind::Skipped => "Skipped",
        LookKind::Attested => "On somebody's word",
        LookKind::Preflight => "Known before the run",
        LookKind::HeldBefore => "Proof held before",
        LookKind::Unchecked => "Without proof",
        LookKind::Failed => "Failed",
        LookKind::Unproved => "Not proved",
        LookKind::Stopped => "Stopped",
        LookKind::Typed => "Typed by hand",
        LookKind::Retried => "Tried again",
        LookKind::ProvedAgain => "Proved again",
        LookKind::Undone => "Taken back",
        LookKind::Obstructed => "Could not be shown",
        LookKind::Already => "Nothing to do",
        LookKind::LinkLost => "Link lost",
        LookKind::Suspended => "Suspended",
        LookKind::EngineRestarted => "Engine restarted",
        LookKind::TailRepaired => "Record repaired",
        LookKind::SharedAccount => "Shared account",
        LookKind::OverWindow => "Window overrun",
        LookKind::ClockWentBack => "Clock went back",
    }
}

fn table(out: &mut String, story: &Story) -> std::fmt::Result {
    writeln!(out, "## The steps\n")?;
    writeln!(out, "Times are UTC.\n")?;
    writeln!(
        out,
        "| # | step | where | began | took | said yes | outcome | proof |\n\
         | --: | --- | --- | --- | --- | --- | --- | --- |"
    )?;
    for step in &story.steps {
        let lanes: Vec<&str> = step.lanes.iter().map(|lane| lane.as_str()).collect();
        let began = step.started.map(|at| time_of_day(at, story.when.opened));
        let took = match (step.started, step.ended) {
            (Some(from), Some(to)) => duration(super::words::seconds_between(from, to)),
            _ => "–".to_owned(),
        };
        let cells = [
            step.number.to_string(),
            inline(&step.title),
            inline(&lanes.join(", ")),
            began.unwrap_or_else(|| "–".to_owned()),
            took,
            approved(step),
            state(step).to_owned(),
            proof(step),
        ];
        let cells: Vec<String> = cells.iter().map(|cell| in_table(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    writeln!(out)
}

fn approved(step: &StepStory) -> String {
    let Some(last) = step.attempts.last() else {
        return "–".to_owned();
    };
    let names: Vec<String> = last
        .approvals
        .iter()
        .filter_map(|approved| approved.by.as_deref().map(inline))
        .collect();
    match (names.is_empty(), &step.gate) {
        (false, _) => names.join(", "),
        (true, Gate::Auto) if !last.approvals.is_empty() => "asks nobody".to_owned(),
        (true, _) => "–".to_owned(),
    }
}

/// Where a step stands, in a word or two.
pub fn state(step: &StepStory) -> &'static str {
    match step.state {
        StepEnd::Proved | StepEnd::ProvedVacuously => "done",
        StepEnd::Unchecked if step.performer == Performer::Nobody => "read",
        StepEnd::Unchecked => "done",
        StepEnd::Attested => "done",
        StepEnd::Chosen => "decided",
        StepEnd::Skipped => "**skipped**",
        StepEnd::RuledOut => "not for this run",
        StepEnd::NotReached => "not reached",
        StepEnd::TakenBack => "**taken back**",
        StepEnd::Open => "open",
        StepEnd::Stuck => "**stuck**",
        StepEnd::Unknown => "**unknown**",
    }
}

fn proof(step: &StepStory) -> String {
    match step.state {
        StepEnd::Proved => "proved".to_owned(),
        StepEnd::ProvedVacuously => "**held before**".to_owned(),
        StepEnd::Attested => "**on somebody's word**".to_owned(),
        StepEnd::Unchecked if step.performer == Performer::Nobody => "–".to_owned(),
        StepEnd::Unchecked if step.performer == Performer::Watch => "came true".to_owned(),
        StepEnd::Unchecked => "none asked for".to_owned(),
        StepEnd::Skipped
        | StepEnd::Chosen
        | StepEnd::RuledOut
        | StepEnd::NotReached
        | StepEnd::TakenBack
        | StepEnd::Open
        | StepEnd::Stuck
        | StepEnd::Unknown => "–".to_owned(),
    }
}

fn notes(out: &mut String, story: &Story) -> std::fmt::Result {
    if story.notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Notes about the run\n")?;
    for note in &story.notes {
        detail::note(out, story, note)?;
    }
    Ok(())
}

fn chain(out: &mut String, story: &Story) -> std::fmt::Result {
    let chain = &story.chain;
    let run = story.run.as_str();
    writeln!(out, "## How to check this\n")?;
    writeln!(
        out,
        "The record has {} entries. Its head, to be kept where the bastion's root cannot reach:\n",
        chain.records
    )?;
    out.push_str(&fenced("", &chain.head));
    writeln!(out, "\nWhen this was written, the verification said:\n")?;
    out.push_str(&fenced("", &verdict(&chain.verdict)));
    writeln!(
        out,
        "\nTo ask again, here or with the verifier in Python, which shares no code with this program:\n"
    )?;
    let commands = format!(
        "runsheet verify {run} --head {head}\npython3 verify_journal.py FOLDER --head {head}\n",
        head = chain.head
    );
    out.push_str(&fenced("sh", &commands));
    writeln!(out, "\n{THREAT}")
}

/// What the verification said; files that no record names are counted, because most are the times beside
/// outputs, and a reviewer who wants their names asks `verify`.
fn verdict(lines: &[String]) -> String {
    const UNRECORDED: &str = "unrecorded  ";
    let (unrecorded, mut kept): (Vec<&str>, Vec<&str>) = lines
        .iter()
        .map(String::as_str)
        .partition(|line| line.starts_with(UNRECORDED));
    let counted = format!(
        "{UNRECORDED}{} files that no record names",
        unrecorded.len()
    );
    if !unrecorded.is_empty() {
        kept.insert(kept.len().saturating_sub(1), &counted);
    }
    kept.join("\n")
}

fn long(seconds: u64) -> String {
    duration(i64::try_from(seconds).unwrap_or(i64::MAX))
}

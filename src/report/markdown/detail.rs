//! One step in detail: what was shown and approved, what ran, and what proved it.

use std::fmt::{Result, Write};

use crate::kinds::Exhibit;
use crate::probe::Holds;
use crate::run::{PlannedUndo, Way};
use crate::runbook::{Downtime, Gate};

use super::super::clean::{fenced, in_table, inline, prose, span};
use super::super::story::*;
use super::super::words::{duration, seconds_between, time_of_day};

/// Writes one step.
pub(super) fn step(out: &mut String, story: &Story, step: &StepStory) -> Result {
    writeln!(out, "### {} {}\n", step.number, inline(&step.title))?;
    let id = span(step.id.as_str());
    let kind = span(&step.kind);
    writeln!(
        out,
        "{id}, {kind}, {}{}: {}.\n",
        gate(&step.gate),
        marks(step),
        inline(&step.sentence)
    )?;
    if !step.about.is_empty() {
        writeln!(out, "{}\n", prose(&step.about))?;
    }
    writeln!(
        out,
        "Does: {}. {}\n",
        span(&step.headline),
        undo(&step.undo)
    )?;
    for one in &step.attempts {
        attempt(out, story, step, one)?;
    }
    for one in &step.notes {
        note(out, story, one)?;
    }
    Ok(())
}

fn gate(gate: &Gate) -> String {
    match gate {
        Gate::Auto => "asks nobody".to_owned(),
        Gate::Confirm => "asks for a yes".to_owned(),
        Gate::TypeBack { words } => format!("asks for the words {}", span(words)),
        Gate::TwoPeople => "asks two people".to_owned(),
    }
}

fn marks(step: &StepStory) -> String {
    let mut marks = Vec::new();
    if step.point_of_no_return {
        marks.push("**point of no return**".to_owned());
    }
    if step.interactive {
        marks.push("**interactive**".to_owned());
    }
    if let Some(until) = &step.armed_until {
        marks.push(format!("takes effect with {}", span(until.as_str())));
    }
    if let Some(seconds) = step.confirm_within_seconds {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        marks.push(format!(
            "**taken back by its own machine** unless kept within {}",
            duration(seconds)
        ));
    }
    match step.downtime {
        Some(Downtime::Starts) => marks.push("**customers begin to notice**".to_owned()),
        Some(Downtime::Ends) => marks.push("**customers cease to notice**".to_owned()),
        None => {}
    }
    if let Some(estimate) = step.estimate_seconds {
        let estimate = i64::try_from(estimate).unwrap_or(i64::MAX);
        marks.push(format!("estimated at {}", duration(estimate)));
    }
    marks.into_iter().map(|mark| format!(", {mark}")).collect()
}

fn undo(undo: &PlannedUndo) -> String {
    match undo {
        PlannedUndo::Action { headline, .. } => format!("Taken back by: {}.", span(headline)),
        PlannedUndo::Never { reason } => format!("Cannot be taken back: {}.", inline(reason)),
        PlannedUndo::Nothing { reason } => {
            format!("Leaves nothing to take back: {}.", inline(reason))
        }
        PlannedUndo::Unsaid => "The runbook does not say how to take it back.".to_owned(),
    }
}

fn attempt(out: &mut String, story: &Story, step: &StepStory, attempt: &Attempt) -> Result {
    let clock = |at| time_of_day(at, story.when.opened);
    let only = step.attempts.len() == 1 && attempt.way == Way::Forward;
    if !only {
        let way = match attempt.way {
            Way::Forward => "",
            Way::Back => ", taking it back",
        };
        writeln!(out, "#### Attempt {}{way}\n", attempt.number)?;
    }
    match &attempt.shown {
        Some(seen) => {
            let times = match attempt.reviews {
                0 => String::new(),
                _ => format!(", after {} more looks", attempt.reviews),
            };
            writeln!(
                out,
                "Shown at {}{times}, digest {}:\n",
                clock(seen.at),
                span(&seen.digest)
            )?;
            for lane in &seen.lanes {
                shown(out, lane, seen.lanes.len() > 1)?;
            }
        }
        None => writeln!(out, "Nothing was shown.\n")?,
    }
    for approved in &attempt.approvals {
        let by = approved
            .by
            .as_deref()
            .map_or_else(|| "nobody, by rule".to_owned(), inline);
        write!(out, "- Approved by {by} at {}", clock(approved.at))?;
        if let Some(typed) = &approved.typed {
            write!(out, ", who typed {}", span(typed))?;
        }
        if attempt
            .shown
            .as_ref()
            .is_some_and(|shown| shown.digest != approved.digest)
        {
            write!(out, " — **for another digest:** {}", span(&approved.digest))?;
        }
        writeln!(out)?;
    }
    for one in &attempt.remarks {
        let by = one
            .by
            .as_deref()
            .map_or_else(|| "the engine".to_owned(), inline);
        writeln!(out, "- {}, {by}: {}", clock(one.at), inline(&one.text))?;
    }
    if !attempt.approvals.is_empty() || !attempt.remarks.is_empty() {
        writeln!(out)?;
    }
    for one in &attempt.legs {
        leg(out, story, one)?;
    }
    proofs(out, story, attempt)?;
    if let (false, Some(result)) = (only, &attempt.result) {
        writeln!(out, "The step {}.\n", inline(result))?;
    }
    Ok(())
}

fn shown(out: &mut String, lane: &LaneStory, several: bool) -> Result {
    if several {
        let item = lane.item.as_deref().map(|item| format!(", {}", span(item)));
        let item = item.unwrap_or_default();
        writeln!(out, "On {}{item}:\n", inline(lane.lane.as_str()))?;
    }
    if let Some(already) = &lane.already {
        writeln!(out, "Already as wanted: {}\n", inline(already))?;
    }
    for exhibit in &lane.exhibits {
        match exhibit {
            Exhibit::Text { text } => out.push_str(&fenced("text", text)),
            Exhibit::Command { at, text, env } => {
                writeln!(out, "Command on {}:\n", inline(at.as_str()))?;
                out.push_str(&fenced("sh", text));
                if !env.is_empty() {
                    let values: Vec<String> = env
                        .iter()
                        .map(|(name, value)| format!("{} = {}", inline(name), span(value)))
                        .collect();
                    writeln!(out, "\nwith {}", values.join(", "))?;
                }
            }
            Exhibit::Diff { at, path, unified } => {
                writeln!(
                    out,
                    "Change of {} on {}:\n",
                    span(path),
                    inline(at.as_str())
                )?;
                out.push_str(&fenced("diff", unified));
            }
            Exhibit::Finding { label, text } => {
                writeln!(out, "Found, {}:\n", inline(label))?;
                out.push_str(&fenced("text", text));
            }
            Exhibit::Warning { text } => writeln!(out, "**Warning:** {}", inline(text))?,
            Exhibit::Choice { ask, options } => {
                writeln!(out, "{}\n", inline(ask))?;
                for option in options {
                    let (title, means) = (inline(&option.title), inline(&option.means));
                    writeln!(out, "- {} = {title}: {means}", span(&option.value))?;
                }
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

fn leg(out: &mut String, story: &Story, leg: &LegStory) -> Result {
    let clock = |at| time_of_day(at, story.when.opened);
    let title = match leg.title.as_str() {
        "" => format!("On {}", inline(leg.lane.as_str())),
        title => format!("{}, on {}", inline(title), inline(leg.lane.as_str())),
    };
    write!(out, "**{title}**, started {}", clock(leg.started))?;
    match (leg.ended, &leg.outcome) {
        (Some(ended), Some(outcome)) => {
            let took = duration(seconds_between(leg.started, ended));
            let unknown = if leg.unknown {
                "**how it ended is not known:** "
            } else {
                ""
            };
            write!(out, ", {took}: {unknown}{}", inline(outcome))?;
            if let Some(by) = &leg.by {
                write!(out, ", by {}", inline(by))?;
            }
            writeln!(out, ".\n")?;
        }
        _ => writeln!(out, "; **its end is not in the record.**\n")?,
    }
    let Some(printed) = &leg.output else {
        return Ok(());
    };
    writeln!(
        out,
        "Output {}, {} bytes, SHA-256 {}:\n",
        span(&printed.file),
        printed.bytes,
        span(&printed.sha256)
    )?;
    match &printed.tail {
        Some(tail) if tail.lines.is_empty() => writeln!(out, "It printed nothing.\n"),
        Some(tail) => {
            let before = if tail.more { "[…]\n" } else { "" };
            let text = format!("{before}{}", tail.lines.join("\n"));
            out.push_str(&fenced("text", &text));
            writeln!(out)
        }
        None => writeln!(out, "**The file is not there to be read.**\n"),
    }
}

fn proofs(out: &mut String, story: &Story, attempt: &Attempt) -> Result {
    if attempt.proofs.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "| proof | asked on | before | after |\n| --- | --- | --- | --- |"
    )?;
    for proof in &attempt.proofs {
        let at = proof.at.as_ref().map_or("a person", |at| at.as_str());
        let before = match &proof.before {
            Some(answer) if proof.held_before => format!("**held:** {}", inline(&answer.seen)),
            Some(answer) => said(answer),
            None => "not asked".to_owned(),
        };
        let after: Vec<String> = proof
            .after
            .iter()
            .map(|answer| {
                let clock = time_of_day(answer.at, story.when.opened);
                let by = answer.by.as_deref().map(inline);
                let by = by.map_or_else(String::new, |by| format!(", {by}"));
                format!("{} ({clock}{by})", said(answer))
            })
            .collect();
        let after = match after.is_empty() {
            true => "not asked".to_owned(),
            false => after.join("; then "),
        };
        let cells = [span(&proof.says), inline(at), before, after];
        let cells: Vec<String> = cells.iter().map(|cell| in_table(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    writeln!(out)
}

fn said(answer: &AnswerStory) -> String {
    let word = match answer.holds {
        Holds::Yes => "holds",
        Holds::No => "does not hold",
        Holds::CannotSay => "**cannot be said**",
    };
    match answer.seen.trim() {
        "" => word.to_owned(),
        seen => format!("{word}: {}", inline(seen)),
    }
}

/// Writes a note.
pub(super) fn note(out: &mut String, story: &Story, note: &Noted) -> Result {
    let by = note
        .by
        .as_deref()
        .map_or_else(|| "the engine".to_owned(), inline);
    writeln!(
        out,
        "Note by {by} at {}:\n",
        time_of_day(note.at, story.when.opened)
    )?;
    out.push_str(&fenced("text", &note.text));
    writeln!(out)
}

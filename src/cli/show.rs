//! `runsheet show`: where a run stands.

use std::fmt::Write;

use serde::Serialize;

use super::args::{ShowArgs, TextFormat};
use super::exit::Exit;
use super::pick;
use super::say::Say;
use crate::clock::{Clock, Timestamp};
use crate::names::RunId;
use crate::paths::Paths;
use crate::problem::visible;
use crate::report::{self, Evidence, OutcomeKind, StepEnd, Story, duration, json_text, time_utc};
use crate::run::Run;
use crate::runbook::EnvironmentKind;

/// A run in a few words, as `show` and `runs` print it with `--format json`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Summary {
    pub title: String,
    pub environment: String,
    pub environment_kind: EnvironmentKind,
    pub opened: Timestamp,
    pub ended: Option<Timestamp>,
    /// `finished`, `ended-early` or `open`.
    pub kind: OutcomeKind,
    /// Whether it was laid down, until somebody attaches.
    pub suspended: bool,
    /// Whether an engine holds it now.
    pub alive: bool,
    /// How it stands, in a sentence.
    pub sentence: String,
    /// The step whose turn it is, from 1; none where there is none.
    pub at_step: Option<usize>,
    pub steps: usize,
    /// How far back undo reaches and about how long that takes, in a sentence.
    pub way_back: String,
    /// When the way back must be begun for it to end within the window; none where that is no question.
    pub latest_return: Option<Timestamp>,
}

/// What `show --format json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Shown<'a> {
    run: &'a RunId,
    folder: String,
    summary: Summary,
    head: &'a str,
    steps: Vec<Line<'a>>,
}

/// One step of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Line<'a> {
    number: usize,
    id: &'a str,
    title: &'a str,
    state: StepEnd,
    sentence: &'a str,
    attempts: usize,
}

impl Summary {
    /// Reads the journal of a run.
    pub fn of(paths: &Paths, run: &RunId) -> anyhow::Result<Self> {
        let folder = paths.run(run)?;
        let evidence = Evidence::gather(&folder)?;
        let story = report::tell(&evidence)?;
        let folded = Run::fold(&evidence.entries)?;
        Ok(Self::from(&story, &folded, pick::is_alive(paths, run)))
    }

    fn from(story: &Story, folded: &Run, alive: bool) -> Self {
        Self {
            title: story.title.clone(),
            environment: story.environment.to_string(),
            environment_kind: story.environment_kind,
            opened: story.when.opened,
            ended: story.when.ended,
            kind: story.outcome.kind,
            alive,
            sentence: story.outcome.sentence.clone(),
            suspended: folded.suspended.is_some(),
            at_step: match folded.ending {
                None => folded.current().map(|place| place + 1),
                Some(_) => None,
            },
            steps: story.outcome.steps,
            way_back: story.when.way_back.clone(),
            latest_return: story.when.latest_return,
        }
    }

    /// The state in a few words.
    pub fn state(&self) -> String {
        if self.suspended {
            return "suspended: attach to take it up again".to_owned();
        }
        match (self.kind, self.at_step, self.alive) {
            (OutcomeKind::Finished, _, _) => "finished".to_owned(),
            (OutcomeKind::EndedEarly, _, _) => "ended early".to_owned(),
            (OutcomeKind::Open, Some(step), true) => format!("at step {step} of {}", self.steps),
            (OutcomeKind::Open, None, true) => "every step is settled".to_owned(),
            (OutcomeKind::Open, _, false) => {
                "open, and no engine holds it: attach to go on".to_owned()
            }
        }
    }
}

pub(super) fn show(args: &ShowArgs, say: &Say) -> anyhow::Result<Exit> {
    let paths = Paths::of_user()?;
    let run = pick::one(&paths, &args.run)?;
    let folder = paths.run(&run)?;
    let evidence = Evidence::gather(&folder)?;
    let story = report::tell(&evidence)?;
    let folded = Run::fold(&evidence.entries)?;
    let summary = Summary::from(&story, &folded, pick::is_alive(&paths, &run));
    match args.format {
        TextFormat::Json => {
            let steps = story
                .steps
                .iter()
                .map(|step| Line {
                    number: step.number,
                    id: step.id.as_str(),
                    title: &step.title,
                    state: step.state,
                    sentence: &step.sentence,
                    attempts: step.attempts.len(),
                })
                .collect();
            let shown = Shown {
                run: &run,
                folder: folder.display().to_string(),
                head: &story.chain.head,
                summary,
                steps,
            };
            say.answer(&json_text(&shown)?)?;
        }
        TextFormat::Text => say.answer(&text(&story, &summary, &folder.display().to_string()))?,
    }
    Ok(Exit::Done)
}

/// Until when the way back fits into the window.
fn latest_start(latest: Timestamp, now: Timestamp) -> String {
    match latest.as_second() - now.as_second() {
        left @ 0.. => format!(
            "latest start {}, {} from now",
            time_utc(latest),
            duration(left)
        ),
        _ => format!(
            "no longer fits into the window: its latest start was {}",
            time_utc(latest)
        ),
    }
}

fn text(story: &Story, summary: &Summary, folder: &str) -> String {
    let mut out = String::new();
    let kind = match story.environment_kind {
        EnvironmentKind::Production => "PRODUCTION",
        EnvironmentKind::Rehearsal => "rehearsal",
    };
    let people: Vec<String> = story.people.iter().map(|p| visible(&p.name)).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", visible(&story.title));
    let _ = writeln!(out, "{}\n", visible(&summary.sentence));
    let _ = writeln!(out, "environment  {} ({kind})", story.environment);
    let _ = writeln!(out, "state        {}", summary.state());
    let _ = writeln!(out, "opened       {}", time_utc(story.when.opened));
    let _ = writeln!(out, "took         {}", duration(story.when.seconds));
    let _ = writeln!(out, "way back     {}", visible(&summary.way_back));
    if let Some(latest) = summary.latest_return {
        let _ = writeln!(
            out,
            "             {}",
            latest_start(latest, Clock::system().now())
        );
    }
    let _ = writeln!(out, "who          {}", people.join(", "));
    let _ = writeln!(out, "folder       {}", visible(folder));
    let _ = writeln!(out, "head         {}\n", story.chain.head);
    for step in &story.steps {
        let _ = writeln!(
            out,
            "{:>4}  {}\n      {}",
            step.number,
            visible(&step.title),
            step.sentence
        );
    }
    if !story.look.is_empty() {
        let _ = writeln!(
            out,
            "\n{} things deserve a look: `runsheet report {}`",
            story.look.len(),
            story.run
        );
    }
    out
}

//! `runsheet runs`: what has run and what is running.

use serde::Serialize;

use super::args::{RunsArgs, TextFormat};
use super::exit::Exit;
use super::pick;
use super::say::Say;
use super::show::Summary;
use crate::paths::Paths;
use crate::problem::visible;
use crate::report::{json_text, time_utc};

/// One line of the list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Line {
    run: String,
    /// None where the record cannot be read.
    summary: Option<Summary>,
    /// Why not.
    trouble: Option<String>,
}

pub(super) fn runs(args: &RunsArgs, say: &Say) -> anyhow::Result<Exit> {
    let paths = Paths::of_user()?;
    let mut lines = Vec::new();
    for run in pick::all(&paths)?.into_iter().rev() {
        let summary = Summary::of(&paths, &run);
        let (summary, trouble) = match summary {
            Ok(summary) => (Some(summary), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        lines.push(Line {
            run: run.to_string(),
            summary,
            trouble,
        });
    }
    if args.format == TextFormat::Json {
        say.answer(&json_text(&lines)?)?;
        return Ok(Exit::Done);
    }
    if lines.is_empty() {
        say.talk("there is no run yet; `runsheet demo` shows what one is like");
    }
    for line in lines {
        let text = match (&line.summary, &line.trouble) {
            (Some(summary), _) => format!(
                "{}  {}  {}\n    {} · {}\n",
                line.run,
                time_utc(summary.opened),
                summary.state(),
                visible(&summary.title),
                visible(&summary.environment),
            ),
            (None, trouble) => format!(
                "{}  cannot be read: {}\n",
                line.run,
                visible(trouble.as_deref().unwrap_or("nobody knows why"))
            ),
        };
        say.answer(&text)?;
    }
    Ok(Exit::Done)
}

//! `runsheet check`: every problem of a runbook and of the environments beside it.

use std::path::Path;

use serde::Serialize;

use super::args::{CheckArgs, CheckFormat};
use super::exit::Exit;
use super::prepared::mistaken;
use super::say::Say;
use crate::problem::{Problem, Severity};
use crate::report::json_text;
use crate::runbook::{bind, environments_beside, read_environments, read_runbook};

/// A problem as `--format json` prints it. Lines and columns count from 1, columns in characters.
#[derive(Debug, Serialize)]
struct Told {
    severity: &'static str,
    message: String,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    hint: Option<String>,
}

pub(super) fn check(args: &CheckArgs, say: &Say) -> anyhow::Result<Exit> {
    let mut problems = Vec::new();
    for file in &args.files {
        problems.extend(problems_of(file));
    }
    let errors = number(&problems, Severity::Error);
    match args.format {
        CheckFormat::Json => {
            let told: Vec<Told> = problems.iter().map(told).collect();
            say.answer(&json_text(&told)?)?;
        }
        CheckFormat::Human => {
            let colour = say.out_colour();
            for problem in &problems {
                say.answer(&format!("{}\n\n", problem.render(colour)))?;
            }
            let warnings = number(&problems, Severity::Warning);
            say.talk(&summary(args.files.len(), errors, warnings));
        }
    }
    Ok(match errors {
        0 => Exit::Done,
        _ => Exit::Problems,
    })
}

/// Everything that is wrong with a runbook, with the environments beside it, and with how they fit.
fn problems_of(file: &Path) -> Vec<Problem> {
    let (runbook, mut problems) = match read_runbook(file) {
        Ok((runbook, warnings)) => (Some(runbook), warnings),
        Err(problems) => match mistaken(file) {
            Some(problem) => return vec![problem],
            None => (None, problems),
        },
    };
    let beside = environments_beside(file);
    // A runbook without environments can be written and checked; it only cannot be run yet.
    if !beside.exists() {
        return problems;
    }
    match read_environments(&beside) {
        Err(more) => problems.extend(more),
        Ok(environments) => {
            if let Some(runbook) = &runbook {
                for (name, _) in environments.names() {
                    if let Err(more) = bind(runbook, &environments, name.as_str()) {
                        problems.extend(more);
                    }
                }
            }
        }
    }
    problems
}

fn number(problems: &[Problem], severity: Severity) -> usize {
    problems.iter().filter(|p| p.severity == severity).count()
}

fn told(problem: &Problem) -> Told {
    let position = problem.position();
    Told {
        severity: match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: problem.message.clone(),
        file: problem
            .source
            .as_ref()
            .map(|source| source.path.display().to_string()),
        line: position.map(|(line, _)| line),
        column: position.map(|(_, column)| column),
        hint: problem.hint.clone(),
    }
}

fn summary(files: usize, errors: usize, warnings: usize) -> String {
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    let files = count(files, "file");
    match (errors, warnings) {
        (0, 0) => format!("{files}: no problem found"),
        (0, _) => format!("{files}: {}", count(warnings, "warning")),
        (_, 0) => format!("{files}: {}", count(errors, "error")),
        _ => format!(
            "{files}: {}, {}",
            count(errors, "error"),
            count(warnings, "warning")
        ),
    }
}

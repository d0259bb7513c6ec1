//! Which machines they were, and what was found on them before the run.

use std::fmt::{Result, Write};

use crate::report::clean::{in_table, inline};
use crate::report::story::Story;
use crate::report::words::identity;
use crate::run::Level;

/// Writes which machine each name was; nothing where none was reached.
pub(super) fn identities(out: &mut String, story: &Story) -> Result {
    if story.identities.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Which machines they were\n")?;
    writeln!(
        out,
        "As each said when the run first reached it; from then on nothing was sent to any other under its name.\n"
    )?;
    writeln!(out, "| machine | is |\n| --- | --- |")?;
    for was in &story.identities {
        let is = in_table(&inline(&identity(&was.identity)));
        writeln!(out, "| {} | {is} |", inline(was.name.as_str()))?;
    }
    writeln!(out)
}

/// Writes what was found before the run; nothing where nobody looked.
pub(super) fn preflight(out: &mut String, story: &Story) -> Result {
    if story.preflight.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Looked at before the run\n")?;
    writeln!(
        out,
        "| | machine | what | found |\n| --- | --- | --- | --- |"
    )?;
    for check in &story.preflight {
        let level = match check.level {
            Level::Ok => "ok",
            Level::Warning => "**warning**",
            Level::Problem => "**problem**",
        };
        writeln!(
            out,
            "| {level} | {} | {} | {} |",
            inline(check.machine.as_str()),
            in_table(&inline(&check.about)),
            in_table(&inline(&check.says)),
        )?;
    }
    writeln!(out)
}

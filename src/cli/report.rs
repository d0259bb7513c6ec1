//! `runsheet report`: what a reviewer reads.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use anyhow::Context;

use super::args::{ReportArgs, ReportFormat};
use super::exit::{Advise, Exit};
use super::pick;
use super::say::Say;
use crate::report::{Evidence, EvidenceError, Format};

pub(super) fn report(args: &ReportArgs, say: &Say) -> anyhow::Result<Exit> {
    let folder = pick::folder(&args.run)?;
    let format = match args.format {
        ReportFormat::Markdown => Format::Markdown,
        ReportFormat::Json => Format::Json,
    };
    let evidence = match Evidence::gather(&folder) {
        Ok(evidence) => evidence,
        Err(EvidenceError::Journal(error)) => {
            let hint = error.hint();
            let told = Err(error).with_context(|| format!("report on {}", folder.display()));
            return match hint {
                Some(hint) => told.hint(hint),
                None => told,
            };
        }
        Err(error) => {
            return Err(error).with_context(|| format!("report on {}", folder.display()));
        }
    };
    let text = crate::report::report(&evidence, format)?;
    match &args.output {
        None => say.answer(&text)?,
        Some(path) => {
            // Never over a file that is there: it may be the report that was signed off.
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .with_context(|| format!("create {}", path.display()))
                .hint("name a file that is not there yet, in a folder that is")?;
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| format!("write {}", path.display()))?;
            say.talk(&format!("wrote {}", path.display()));
        }
    }
    if evidence.verdict.is_ok() {
        Ok(Exit::Done)
    } else {
        say.talk(
            "the record is not what was written; the report says where, and `runsheet verify` too",
        );
        Ok(Exit::Problems)
    }
}

//! `runsheet verify`: checks a record, also one that somebody sent.

use std::path::Path;

use anyhow::Context;

use super::args::VerifyArgs;
use super::exit::{Advise, Exit};
use super::pick;
use super::say::Say;
use crate::journal::{self, Hash};

pub(super) fn verify(args: &VerifyArgs, say: &Say) -> anyhow::Result<Exit> {
    let head = match &args.head {
        None => None,
        Some(text) => Some(
            text.trim()
                .parse::<Hash>()
                .with_context(|| format!("read the head `{text}`"))
                .usage()?,
        ),
    };
    let path = Path::new(&args.what);
    let verdict = if path.is_file() {
        let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
        journal::verify(&bytes, head)
    } else {
        let folder = pick::folder(&args.what)?;
        let verified = journal::verify_folder(&folder, head);
        let hint = verified.as_ref().err().and_then(|error| error.hint());
        match hint {
            Some(hint) => verified.hint(hint)?,
            None => verified?,
        }
    };
    let lines: Vec<String> = verdict
        .to_string()
        .lines()
        .map(crate::problem::visible)
        .collect();
    say.answer(&format!("{}\n", lines.join("\n")))?;
    Ok(match verdict.is_ok() {
        true => Exit::Done,
        false => Exit::Problems,
    })
}

//! What every edit of a file has in common: read it, show the diff, swap it, and put it back.
//!
//! The survey reads the file; the diff at the gate is computed here, from what was read; the leg swaps
//! the file only while it is still the one that was shown, after keeping a backup, and puts it back
//! where the validation fails. The way back restores the backup only over what the step wrote.

mod proof;
mod restore;

use std::fmt;
use std::sync::Arc;

use toml::Spanned;

use self::proof::Edited;
use self::restore::Restore;
use super::{Action, Exhibit, Leg, Mentions, Moment, Obstacle, Performer, Proposal, Question};
use super::{Reply, Scene};
use crate::edit::diff::Diff;
use crate::edit::swap::{self, FileSeen, Swap, SwapExit};
use crate::edit::{EditError, Reason};
use crate::names::MachineName;
use crate::probe::{Probe, complaint, one_line};
use crate::template::{Template, TemplateError};

/// Keys under which an edit leaves what its way back needs.
mod left {
    /// The path of the backup.
    pub(super) const BACKUP: &str = "backup";
    /// The digest of what was written, in hex.
    pub(super) const WRITTEN: &str = "new-sha256";
    /// The file as it was before, as JSON.
    pub(super) const STAMP: &str = "stamp";
}

/// One kind of edit, with the values not in yet.
pub(super) trait Change: fmt::Debug + Send + Sync {
    /// The kind's name.
    fn kind(&self) -> &'static str;
    /// What it does to a file, in few words that follow the file's name: `core_server leads to …`.
    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError>;
    /// The new text; a refusal is about the text, or about a value that cannot be had.
    fn apply(&self, scene: &Scene<'_>, text: &str) -> Result<String, Refused>;
    /// Whether a text that it cannot be made on can be what it made: a line that it took out is not there.
    fn is_as_after(&self, _: &Scene<'_>, _: &str) -> bool {
        false
    }
    /// Its texts with `{{name}}` places.
    fn templates(&self) -> Vec<&Spanned<Template>>;
}

/// Why an edit gives no new text.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Value(#[from] TemplateError),
    #[error(transparent)]
    Text(#[from] EditError),
}

/// The step that edits a file.
#[derive(Debug)]
pub(super) struct FileEdit {
    pub(super) file: Spanned<Template>,
    /// Shell text that must succeed on the new content; none checks nothing.
    pub(super) validate: Option<Spanned<String>>,
    pub(super) change: Arc<dyn Change>,
}

fn obstacle(doing: &str, error: &EditError) -> Obstacle {
    let what = Obstacle::new(format!("{doing}: {error}"));
    match error.advice() {
        Some(advice) => what.hint(advice),
        None => what,
    }
}

/// Asks for a file on a machine.
fn read_question(at: &MachineName, path: &str) -> Result<Question, Obstacle> {
    let text =
        swap::read_program(path).map_err(|error| obstacle(&format!("read {path}"), &error))?;
    Ok(Question {
        at: at.clone(),
        shell: Default::default(),
        text,
        env: Vec::new(),
    })
}

/// Reads the answer to it.
fn read_reply(at: &MachineName, path: &str, reply: &Reply) -> Result<FileSeen, Obstacle> {
    let doing = format!("reading {path} on {at}");
    if reply.cut {
        return Err(Obstacle::new(format!(
            "{doing}: the file is too large to show"
        )));
    }
    if reply.code != 0 && reply.stdout.is_empty() {
        return Err(Obstacle::new(format!("{doing}: {}", complaint(reply))));
    }
    swap::parse_read(path, &reply.stdout).map_err(|error| obstacle(&doing, &error))
}

/// Asks where backups go: the state folder of the XDG Base Directory Specification, beside nothing
/// that reads whole folders, and the same whatever the login's home is called.
fn folder_question(at: &MachineName) -> Question {
    let text = "printf '%s/runsheet/backups' \"${XDG_STATE_HOME:-${HOME:?}/.local/state}\"";
    Question {
        at: at.clone(),
        shell: Default::default(),
        text: text.to_owned(),
        env: Vec::new(),
    }
}

/// The path of the backup; every part of its name is a checked name, and the attempt makes it new.
fn backup_path(moment: &Moment<'_>, reply: &Reply) -> Result<String, Obstacle> {
    let doing = format!("finding a place for backups on {}", moment.scene.here);
    if reply.code != 0 {
        return Err(Obstacle::new(format!("{doing}: {}", complaint(reply))));
    }
    let folder = std::str::from_utf8(&reply.stdout).unwrap_or_default();
    if !folder.starts_with('/') || folder.chars().any(char::is_control) {
        let said = one_line(&reply.stdout);
        return Err(Obstacle::new(format!("{doing}: `{said}` is not a folder")));
    }
    let Moment {
        run,
        step,
        attempt,
        scene,
        ..
    } = moment;
    Ok(format!("{folder}/{run}.{step}.{attempt}.{}", scene.here))
}

fn diff_exhibit(at: &MachineName, path: &str, old: &str, new: &str) -> Exhibit {
    Exhibit::Diff {
        at: at.clone(),
        path: path.to_owned(),
        unified: Diff::new(path, old, path, new).to_unified(),
    }
}

impl FileEdit {
    fn path(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        self.file.get_ref().fill(scene.values)
    }
}

impl Action for FileEdit {
    fn kind(&self) -> &'static str {
        self.change.kind()
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        Ok(format!(
            "{}: {}",
            self.path(scene)?,
            self.change.says(scene)?
        ))
    }

    fn performer(&self) -> Performer {
        Performer::Machine
    }

    fn survey(&self, moment: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        let here = moment.scene.here;
        let path = self.path(&moment.scene)?;
        Ok(vec![read_question(here, &path)?, folder_question(here)])
    }

    fn propose(&self, moment: &Moment<'_>, replies: &[Reply]) -> Result<Proposal, Obstacle> {
        let at = moment.scene.here;
        let path = self.path(&moment.scene)?;
        let [read, folder] = replies else {
            return Err(Obstacle::new(format!("reading {path} on {at}: no answer")));
        };
        let seen = read_reply(at, &path, read)?;
        let mut proposal = Proposal::default();
        let new = match self.change.apply(&moment.scene, &seen.content) {
            Ok(new) => new,
            Err(Refused::Text(error)) if error.is_unchanged() => {
                proposal.already = Some(error.what().to_owned());
                return Ok(proposal);
            }
            Err(Refused::Text(error)) => {
                return Err(obstacle(&format!("editing {path} on {at}"), &error));
            }
            Err(Refused::Value(error)) => return Err(error.into()),
        };
        let backup = backup_path(moment, folder)?;
        let stamp = &seen.stamp;
        let finding = |label: &str, text: String| Exhibit::Finding {
            label: label.to_owned(),
            text,
        };
        proposal.exhibits = vec![
            diff_exhibit(at, &path, &seen.content, &new),
            finding(
                "file",
                format!(
                    "owner {}, mode {}, kept as they are",
                    stamp.owner(),
                    stamp.octal()
                ),
            ),
            finding("backup", backup.clone()),
        ];
        if !stamp.via.is_empty() {
            let real = one_line(stamp.folder.as_bytes());
            proposal.exhibits.push(Exhibit::Warning {
                text: format!("a folder above it is a symbolic link; the file is really in {real}"),
            });
        }
        let validate = self.validate.as_ref().map(|text| text.get_ref().clone());
        if let Some(text) = &validate {
            proposal.exhibits.push(Exhibit::Text {
                text: "The old content is put back unless this succeeds:".to_owned(),
            });
            proposal.exhibits.push(Exhibit::Command {
                at: at.clone(),
                text: text.clone(),
                env: super::command::shown_values(moment.scene.values, text),
            });
        }
        let written = swap::sha256_hex(new.as_bytes());
        let text = swap::swap_program(&Swap {
            stamp: stamp.clone(),
            content: new,
            backup: backup.clone(),
            validate,
        })
        .map_err(|error| obstacle(&format!("editing {path} on {at}"), &error))?;
        let json = serde_json::to_string(stamp)
            .map_err(|error| Obstacle::new(format!("keeping what {path} was: {error}")))?;
        for (key, value) in [
            (left::BACKUP, backup),
            (left::WRITTEN, written),
            (left::STAMP, json),
        ] {
            proposal.leaves.insert(key.to_owned(), value);
        }
        proposal.legs.push(leg(format!("edit {path}"), at, text));
        Ok(proposal)
    }

    fn validate(&self) -> Option<&str> {
        self.validate.as_ref().map(|text| text.get_ref().as_str())
    }

    fn own_proof(&self) -> Vec<Box<dyn Probe>> {
        vec![Box::new(Edited {
            file: self.file.clone(),
            change: self.change.clone(),
        })]
    }

    fn derived_undo(&self) -> Option<Box<dyn Action>> {
        Some(Box::new(Restore {
            file: self.file.clone(),
            validate: self.validate.clone(),
            kind: self.change.kind(),
        }))
    }

    fn mentions(&self) -> Mentions<'_> {
        let mut templates = vec![&self.file];
        templates.extend(self.change.templates());
        Mentions {
            templates,
            shells: self.validate.iter().collect(),
            ..Mentions::default()
        }
    }
}

fn leg(title: String, at: &MachineName, text: String) -> Leg {
    Leg {
        title,
        at: at.clone(),
        shell: Default::default(),
        text,
        env: Vec::new(),
        // Somebody else may have made the very same change since it was shown.
        ok_codes: vec![SwapExit::Done.code(), SwapExit::Already.code()],
        progress: Default::default(),
        limit_seconds: 0,
        interactive: false,
        guard: None,
    }
}

/// Whether a refusal means that the file could not be looked at, so that nothing is known of it.
fn is_blind(error: &EditError) -> bool {
    matches!(
        error.reason(),
        Reason::Host | Reason::Answer | Reason::Changed
    )
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

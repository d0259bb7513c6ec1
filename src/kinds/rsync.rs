//! A copy with rsync, from the machine of the step to another or to itself.
//!
//! ```toml
//! on = "source"
//! do.rsync = { path = "{{ROOT}}/pryv/core/data/", to = "dest", to-path = "{{ROOT}}/pryv/core/data/",
//!              key = "/root/.ssh/runsheet-migration", copy-links = true, exclude = ["*.log"] }
//! ```
//!
//! The key is one that `ssh-key` made. Without `to` the copy stays on the machine. With a slash at its
//! end `path` stands for the contents of a folder, without one for the folder itself; a copy that would
//! make a folder inside one of the same name is refused unless `nest = true` says that it is meant.

mod dry_run;
mod line;
mod target;

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use self::dry_run::{FindsNothing, Report};
use self::line::{Line, Mode};
use self::target::Target;
use super::{Action, Exhibit, Kind, Leg, Mentions, Moment, Obstacle, Performer, Progress};
use super::{Proposal, Question, Reply, Room, Scene};
use crate::names::HostName;
use crate::probe::Probe;
use crate::template::{Template, TemplateError};

pub use self::dry_run::amount;

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "rsync",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<Rsync, toml::de::Error> {
    Ok(Rsync {
        keys: Keys::deserialize(value)?,
    })
}

#[derive(Debug)]
struct Rsync {
    keys: Keys,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    path: Spanned<Template>,
    to: Option<Spanned<HostName>>,
    to_path: Spanned<Template>,
    key: Option<Spanned<Template>>,
    #[serde(default = "archive_and_compress")]
    options: Vec<RsyncOption>,
    #[serde(default)]
    delete: bool,
    #[serde(default)]
    exclude: Vec<Spanned<Template>>,
    #[serde(default)]
    copy_links: bool,
    /// Whether files are compared by content, not by size and time.
    #[serde(default)]
    checksum: bool,
    #[serde(default)]
    nest: bool,
}

fn archive_and_compress() -> Vec<RsyncOption> {
    ["--archive", "--compress"]
        .map(|option| RsyncOption(option.to_owned()))
        .to_vec()
}

/// A long option of rsync's that does not take away what this kind promises.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct RsyncOption(String);

impl TryFrom<String> for RsyncOption {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let name = text.split('=').next().unwrap_or_default();
        if !name.starts_with("--") || name.len() < 4 || text.contains('\0') {
            return Err(format!(
                "`{}` is not a long option, such as --archive",
                text.escape_debug()
            ));
        }
        // rsync takes any beginning of a long option that is not ambiguous, and so does this test.
        let ours = [
            ("--rsh", "the key has a key of its own: key"),
            ("--dry-run", "the dry run is shown at the gate by itself"),
            ("--delete", "write delete = true"),
            ("--del", "write delete = true"),
            ("--exclude", "write exclude = [\"…\"]"),
            ("--info", "the progress is read from it"),
            ("--out-format", "what would be copied is read from it"),
            ("--log-format", "what would be copied is read from it"),
            ("--itemize-changes", "what would be copied is read from it"),
            ("--quiet", "the progress is read from what it prints"),
            ("--list-only", "nothing would be copied"),
            ("--human-readable", "numbers are read from what it prints"),
            ("--no-dry-run", "the dry run must change nothing"),
            ("--no-n", "the dry run must change nothing"),
            ("--daemon", "this is a copy, not a server"),
            (
                "--remove-source-files",
                "a copy that deletes its source cannot be proved; use a command",
            ),
        ];
        match ours.iter().find(|(option, _)| option.starts_with(name)) {
            Some((option, why)) => Err(format!("{option} cannot be given here: {why}")),
            None => Ok(Self(text)),
        }
    }
}

impl Action for Rsync {
    fn kind(&self) -> &'static str {
        "rsync"
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let line = Line::new(&self.keys, scene)?;
        Ok(format!("rsync {} to {}", line.source, line.target_shown()))
    }

    fn performer(&self) -> Performer {
        Performer::Machine
    }

    fn survey(&self, moment: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        let line = Line::new(&self.keys, &moment.scene)?;
        Ok(vec![dry_run::question(&line)?, target::question(&line)])
    }

    fn propose(&self, moment: &Moment<'_>, replies: &[Reply]) -> Result<Proposal, Obstacle> {
        let line = Line::new(&self.keys, &moment.scene)?;
        let [dry, there] = replies else {
            return Err(Obstacle::new(
                "looking at what would be copied: not every answer came",
            ));
        };
        let target = Target::read(&line, there)?;
        let report = Report::read(&line, dry)?;
        let lands = target.lands(&line, report.source, self.keys.nest)?;
        let text = line.text(Mode::Copy)?;
        let finding = |label: &str, text: String| Exhibit::Finding {
            label: label.to_owned(),
            text,
        };
        let mut exhibits = vec![
            Exhibit::Command {
                at: line.here.clone(),
                text: text.clone(),
                env: Vec::new(),
            },
            finding("lands", lands),
            finding("would copy", report.summary()),
            finding("free there", target.free_shown()),
        ];
        if !report.first.is_empty() {
            exhibits.push(finding("changes", report.listing()));
        }
        exhibits.extend(
            target
                .warnings(report.bytes)
                .into_iter()
                .map(|text| Exhibit::Warning { text }),
        );
        if report.deleted > 0 {
            exhibits.push(Exhibit::Warning {
                text: format!(
                    "{} of the things in {} would be deleted",
                    report.deleted,
                    line.target_shown()
                ),
            });
        }
        let mut proposal = Proposal {
            exhibits,
            ..Proposal::default()
        };
        if report.changes == 0 {
            proposal.already = Some("a dry run finds nothing to copy".to_owned());
            return Ok(proposal);
        }
        proposal.legs.push(Leg {
            title: format!("copy to {}", line.target_shown()),
            at: line.here.clone(),
            shell: Default::default(),
            text,
            env: Vec::new(),
            // 24, files that vanished while they were copied, is not taken for success: what was
            // stopped for a migration must not change under it.
            ok_codes: Vec::new(),
            progress: Progress::Rsync,
            limit_seconds: 0,
            interactive: false,
            guard: None,
        });
        Ok(proposal)
    }

    fn own_proof(&self) -> Vec<Box<dyn Probe>> {
        vec![Box::new(FindsNothing {
            keys: self.keys.clone(),
        })]
    }

    fn programs(&self) -> &'static [&'static str] {
        &["rsync"]
    }

    fn programs_beside(&self) -> &'static [&'static str] {
        &["rsync"]
    }

    fn takes_room(&self) -> bool {
        true
    }

    fn room(&self, moment: &Moment<'_>, replies: &[Reply]) -> Result<Option<Room>, Obstacle> {
        let line = Line::new(&self.keys, &moment.scene)?;
        let [dry, there] = replies else {
            return Ok(None);
        };
        let target = Target::read(&line, there)?;
        let report = Report::read(&line, dry)?;
        Ok(Some(Room {
            at: line.there().clone(),
            around: target.nearest,
            bytes: report.bytes,
            free: target.free,
        }))
    }

    fn mentions(&self) -> Mentions<'_> {
        self.keys.mentions()
    }
}

impl Keys {
    fn mentions(&self) -> Mentions<'_> {
        let mut templates = vec![&self.path, &self.to_path];
        templates.extend(&self.key);
        templates.extend(&self.exclude);
        Mentions {
            hosts: self.to.iter().collect(),
            templates,
            ..Mentions::default()
        }
    }
}

#[cfg(test)]
mod tests;

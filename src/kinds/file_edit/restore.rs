//! The way back of an edit: the backup, put back over what the edit wrote and over nothing else.

use toml::Spanned;

use super::{diff_exhibit, left, leg, obstacle, read_question, read_reply};
use crate::edit::swap::{self, Stamp};
use crate::kinds::{Action, Exhibit, Mentions, Moment, Obstacle, Performer, Proposal, Question};
use crate::kinds::{Reply, Scene};
use crate::template::{Template, TemplateError};

#[derive(Debug)]
pub(super) struct Restore {
    pub(super) file: Spanned<Template>,
    pub(super) validate: Option<Spanned<String>>,
    pub(super) kind: &'static str,
}

/// What the edit left.
struct Left {
    stamp: Stamp,
    written: String,
    backup: String,
}

impl Left {
    fn of(moment: &Moment<'_>) -> Result<Self, Obstacle> {
        let get = |key: &str| moment.left.get(key).cloned();
        let (Some(stamp), Some(written), Some(backup)) =
            (get(left::STAMP), get(left::WRITTEN), get(left::BACKUP))
        else {
            return Err(Obstacle::new("no backup of this step is known")
                .hint("if the step found everything already so, there is nothing to take back"));
        };
        let stamp = serde_json::from_str(&stamp).map_err(|error| {
            Obstacle::new(format!(
                "reading what the file was, from the record: {error}"
            ))
        })?;
        Ok(Self {
            stamp,
            written,
            backup,
        })
    }
}

impl Action for Restore {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let path = self.file.get_ref().fill(scene.values)?;
        Ok(format!("put {path} back as it was"))
    }

    fn performer(&self) -> Performer {
        Performer::Machine
    }

    fn survey(&self, moment: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        let left = Left::of(moment)?;
        let here = moment.scene.here;
        Ok(vec![
            read_question(here, &left.stamp.path)?,
            read_question(here, &left.backup)?,
        ])
    }

    fn propose(&self, moment: &Moment<'_>, replies: &[Reply]) -> Result<Proposal, Obstacle> {
        let left = Left::of(moment)?;
        let at = moment.scene.here;
        let path = left.stamp.path.clone();
        let [now, backup] = replies else {
            return Err(Obstacle::new(format!("reading {path} on {at}: no answer")));
        };
        let now = read_reply(at, &path, now)?;
        let mut proposal = Proposal::default();
        if now.stamp.sha256 == left.stamp.sha256 {
            proposal.already = Some(format!("{path} is as it was before the step"));
            return Ok(proposal);
        }
        if now.stamp.sha256 != left.written {
            let what = format!("{path} on {at} was changed after the step wrote it");
            let hint = format!(
                "compare it with the backup {} and decide by hand",
                left.backup
            );
            return Err(Obstacle::new(what).hint(hint));
        }
        let backup = read_reply(at, &left.backup, backup)?;
        if backup.stamp.sha256 != left.stamp.sha256 {
            let what = format!(
                "the backup {} on {at} is not what the file was",
                left.backup
            );
            return Err(
                Obstacle::new(what).hint("the diff of the step, in the record, has the old lines")
            );
        }
        proposal.exhibits = vec![
            diff_exhibit(at, &path, &now.content, &backup.content),
            Exhibit::Finding {
                label: "from".to_owned(),
                text: left.backup.clone(),
            },
        ];
        let text = swap::restore_program(&swap::Restore {
            stamp: left.stamp,
            expect_sha256: left.written,
            backup: left.backup,
            validate: self.validate.as_ref().map(|text| text.get_ref().clone()),
        })
        .map_err(|error| obstacle(&format!("putting {path} back on {at}"), &error))?;
        proposal
            .legs
            .push(leg(format!("put {path} back"), at, text));
        Ok(proposal)
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions {
            templates: vec![&self.file],
            shells: self.validate.iter().collect(),
            ..Mentions::default()
        }
    }
}

//! The proof of an edit: made again on the file as it is now, it would change nothing.

use std::sync::Arc;

use toml::Spanned;

use super::{Change, Refused, is_blind};
use crate::edit::swap;
use crate::probe::{Ask, Mentions, Probe, Question, Reply, Scene, Verdict, complaint};
use crate::template::{Template, TemplateError};

#[derive(Debug)]
pub(super) struct Edited {
    pub(super) file: Spanned<Template>,
    pub(super) change: Arc<dyn Change>,
}

impl Probe for Edited {
    fn kind(&self) -> &'static str {
        self.change.kind()
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let path = self.file.get_ref().fill(scene.values)?;
        Ok(format!("in {path}, {}", self.change.says(scene)?))
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        let path = self.file.get_ref().fill(scene.values)?;
        let text = swap::read_program(&path).map_err(|_| TemplateError::Unsafe {
            name: "file".to_owned(),
            why: "is not a plain absolute path",
        })?;
        Ok(Ask::Script(Question {
            at: scene.here.clone(),
            shell: Default::default(),
            text,
            env: Vec::new(),
        }))
    }

    fn judge(&self, scene: &Scene<'_>, reply: &Reply) -> Verdict {
        let path = match self.file.get_ref().fill(scene.values) {
            Ok(path) => path,
            Err(error) => return Verdict::cannot_say(error.to_string()),
        };
        if reply.cut || (reply.code != 0 && reply.stdout.is_empty()) {
            return Verdict::cannot_say(complaint(reply));
        }
        let seen = match swap::parse_read(&path, &reply.stdout) {
            Ok(seen) => seen,
            Err(error) if is_blind(&error) => return Verdict::cannot_say(error.to_string()),
            Err(error) => return Verdict::no(error.to_string()),
        };
        match self.change.apply(scene, &seen.content) {
            Err(Refused::Text(error)) if error.is_unchanged() => Verdict::yes(error.what()),
            Err(Refused::Text(error)) if self.change.is_as_after(scene, &seen.content) => {
                Verdict::yes(error.what())
            }
            Err(Refused::Text(error)) => Verdict::no(error.to_string()),
            Err(Refused::Value(error)) => Verdict::cannot_say(error.to_string()),
            Ok(_) => Verdict::no("not so yet"),
        }
    }

    fn mentions(&self) -> Mentions<'_> {
        let mut templates = vec![&self.file];
        templates.extend(self.change.templates());
        Mentions {
            templates,
            ..Mentions::default()
        }
    }
}

//! Literal text of a file, replaced where it is there exactly as often as was said.
//!
//! ```toml
//! do.edit = { file = "/etc/hosts", find = "10.0.0.1 core1", replace = "{{dest.address}} core1", count = 1,
//!   after = "# pryv", before = "# end of pryv" }
//! ```
//!
//! `after` and `before` are lines between which to look.

use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::file_edit::{Change, FileEdit, Refused};
use super::{Kind, Scene, first_line};
use crate::edit::replace::{self, Replacement};
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "edit",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<FileEdit, toml::de::Error> {
    let keys = Keys::deserialize(value)?;
    Ok(FileEdit {
        file: keys.file,
        validate: keys.validate,
        change: Arc::new(Replace {
            find: keys.find,
            replace: keys.replace,
            count: keys.count,
            after: keys.after,
            before: keys.before,
        }),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    file: Spanned<Template>,
    find: Spanned<Template>,
    replace: Spanned<Template>,
    #[serde(default = "once")]
    count: usize,
    after: Option<Spanned<Template>>,
    before: Option<Spanned<Template>>,
    validate: Option<Spanned<String>>,
}

fn once() -> usize {
    1
}

#[derive(Debug)]
struct Replace {
    find: Spanned<Template>,
    replace: Spanned<Template>,
    count: usize,
    after: Option<Spanned<Template>>,
    before: Option<Spanned<Template>>,
}

impl Change for Replace {
    fn kind(&self) -> &'static str {
        "edit"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let find = self.find.get_ref().fill(scene.values)?;
        let replace = self.replace.get_ref().fill(scene.values)?;
        Ok(match replace.is_empty() {
            true => format!("`{}` is gone", first_line(&find)),
            false => format!("`{}` became `{}`", first_line(&find), first_line(&replace)),
        })
    }

    fn apply(&self, scene: &Scene<'_>, text: &str) -> Result<String, Refused> {
        let fill = |template: &Option<Spanned<Template>>| match template {
            Some(template) => template.get_ref().fill(scene.values).map(Some),
            None => Ok(None),
        };
        let edit = Replacement {
            find: self.find.get_ref().fill(scene.values)?,
            replace: self.replace.get_ref().fill(scene.values)?,
            count: self.count,
            after: fill(&self.after)?,
            before: fill(&self.before)?,
        };
        Ok(replace::replace(text, &edit)?)
    }

    fn templates(&self) -> Vec<&Spanned<Template>> {
        let anchors = self.after.iter().chain(&self.before);
        [&self.find, &self.replace]
            .into_iter()
            .chain(anchors)
            .collect()
    }
}

//! Literal text of a file, replaced where it is there exactly as often as was said.
//!
//! ```toml
//! do.edit = { file = "/etc/hosts", find = "10.0.0.1 core1", replace = "{{dest.address}} core1", count = 1,
//!   after = "# pryv", before = "# end of pryv" }
//! ```
//!
//! `after` and `before` are lines between which to look. How often a text is in a file may differ from place
//! to place, so `count` may be a parameter's: `count = "{{ROUTES}}"`.

use std::fmt;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::file_edit::{Change, FileEdit, Refused};
use super::{Kind, Scene, first_line};
use crate::edit::replace::{self, Replacement};
use crate::edit::{EditError, Reason};
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
            count: keys
                .count
                .map(|count| Spanned::new(count.span(), count.into_inner().0)),
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
    count: Option<Spanned<Count>>,
    after: Option<Spanned<Template>>,
    before: Option<Spanned<Template>>,
    validate: Option<Spanned<String>>,
}

/// How often, as the runbook writes it: a whole number, or a text in which a parameter stands for one.
struct Count(Template);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = Count;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number, or the name of a parameter in braces")
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Count, E> {
        match usize::try_from(number) {
            Ok(number) => self.visit_str(&number.to_string()),
            Err(_) => Err(E::custom("how often cannot be less than zero")),
        }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Count, E> {
        Template::new(text).map(Count).map_err(E::custom)
    }
}

#[derive(Debug)]
struct Replace {
    find: Spanned<Template>,
    replace: Spanned<Template>,
    /// None is once.
    count: Option<Spanned<Template>>,
    after: Option<Spanned<Template>>,
    before: Option<Spanned<Template>>,
}

impl Replace {
    fn edit(&self, scene: &Scene<'_>) -> Result<Replacement, Refused> {
        let fill = |template: &Option<Spanned<Template>>| match template {
            Some(template) => template.get_ref().fill(scene.values).map(Some),
            None => Ok(None),
        };
        Ok(Replacement {
            find: self.find.get_ref().fill(scene.values)?,
            replace: self.replace.get_ref().fill(scene.values)?,
            count: self.count(scene)?,
            after: fill(&self.after)?,
            before: fill(&self.before)?,
        })
    }

    fn count(&self, scene: &Scene<'_>) -> Result<usize, Refused> {
        let Some(count) = &self.count else {
            return Ok(1);
        };
        let value = count.get_ref().fill(scene.values)?;
        value.trim().parse().map_err(|_| {
            let what = format!("`{value}` is not a number of times");
            Refused::Text(EditError::new(Reason::Request, what))
        })
    }
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
        Ok(replace::replace(text, &self.edit(scene)?)?)
    }

    fn is_as_after(&self, scene: &Scene<'_>, text: &str) -> bool {
        self.edit(scene)
            .is_ok_and(|edit| replace::is_as_after(text, &edit))
    }

    fn templates(&self) -> Vec<&Spanned<Template>> {
        let anchors = self.count.iter().chain(&self.after).chain(&self.before);
        [&self.find, &self.replace]
            .into_iter()
            .chain(anchors)
            .collect()
    }
}

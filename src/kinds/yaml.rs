//! One value of a YAML file, set by its path.
//!
//! ```toml
//! do.yaml = { file = "{{ROOT}}/config-leader/conf/platform.yml",
//!   path = "vars.MACHINES_AND_PLATFORM_SETTINGS.settings.HOSTINGS_AND_CORES.value.{{HOSTING}}.co1.ip",
//!   set = "{{dest.address}}" }
//! ```
//!
//! Keys are parted by dots; one that holds a dot stands in double quotes. A value that is put into the
//! path is one key, whatever is in it.

use std::str::FromStr;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::file_edit::{Change, FileEdit, Refused};
use super::{Kind, Scene};
use crate::edit::yaml::{self, Scalar, SetScalar, YamlPath};
use crate::probe::one_line;
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "yaml",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<FileEdit, toml::de::Error> {
    let keys = Keys::deserialize(value)?;
    Ok(FileEdit {
        file: keys.file,
        validate: keys.validate,
        change: Arc::new(Value {
            path: keys.path,
            set: keys.set,
        }),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    file: Spanned<Template>,
    path: KeyPath,
    set: Spanned<Template>,
    validate: Option<Spanned<String>>,
}

/// The path, taken apart before the values come in.
#[derive(Debug)]
struct KeyPath {
    whole: Spanned<Template>,
    keys: Vec<Template>,
}

impl<'de> Deserialize<'de> for KeyPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = Spanned::<Template>::deserialize(deserializer)?;
        let path = YamlPath::from_str(whole.get_ref().source()).map_err(D::Error::custom)?;
        let keys: Result<Vec<Template>, TemplateError> = path
            .keys()
            .iter()
            .map(|key| Template::new(key.as_str()))
            .collect();
        let keys = keys.map_err(|_| {
            D::Error::custom(
                "a key can hold a parameter, such as {{HOSTING}}, and not host.address",
            )
        })?;
        Ok(Self { whole, keys })
    }
}

#[derive(Debug)]
struct Value {
    path: KeyPath,
    set: Spanned<Template>,
}

impl Value {
    fn edit(&self, scene: &Scene<'_>) -> Result<SetScalar, Refused> {
        let keys: Result<Vec<String>, TemplateError> = self
            .path
            .keys
            .iter()
            .map(|key| key.fill(scene.values))
            .collect();
        Ok(SetScalar {
            path: YamlPath::new(keys?)?,
            value: Scalar::Text(self.set.get_ref().fill(scene.values)?),
        })
    }
}

impl Change for Value {
    fn kind(&self) -> &'static str {
        "yaml"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let path = self.path.whole.get_ref().fill(scene.values)?;
        let set = self.set.get_ref().fill(scene.values)?;
        Ok(format!("{path} is {}", one_line(set.as_bytes())))
    }

    fn apply(&self, scene: &Scene<'_>, text: &str) -> Result<String, Refused> {
        Ok(yaml::set(text, &self.edit(scene)?)?)
    }

    fn templates(&self) -> Vec<&Spanned<Template>> {
        vec![&self.path.whole, &self.set]
    }
}

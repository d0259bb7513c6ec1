//! Upstreams of an nginx configuration, pointed somewhere else.
//!
//! ```toml
//! do.nginx-upstream = { file = "{{ROOT}}/pryv/nginx/conf/site-443.conf",
//!   upstreams = ["core_server", "hfs_server"], servers = ["{{dest.address}}:443"], scheme = "https",
//!   validate = "docker exec pryvio_nginx nginx -t" }
//! ```
//!
//! `scheme` is that of every `proxy_pass` to one of the upstreams; without it they stay as they are. Old
//! lines are kept as comments.

use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::file_edit::{Change, FileEdit, Refused};
use super::{Kind, Scene};
use crate::edit::nginx::{self, UpstreamEdit};
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "nginx-upstream",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<FileEdit, toml::de::Error> {
    let keys = Keys::deserialize(value)?;
    Ok(FileEdit {
        file: keys.file,
        validate: keys.validate,
        change: Arc::new(Upstreams {
            upstreams: keys.upstreams,
            servers: keys.servers,
            scheme: keys.scheme,
            trusted_includes: keys.trusted_includes,
        }),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    file: Spanned<Template>,
    upstreams: Vec<Spanned<Template>>,
    servers: Vec<Spanned<Template>>,
    scheme: Option<Scheme>,
    #[serde(default)]
    trusted_includes: Vec<Spanned<Template>>,
    validate: Option<Spanned<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scheme {
    Http,
    Https,
}

#[derive(Debug)]
struct Upstreams {
    upstreams: Vec<Spanned<Template>>,
    servers: Vec<Spanned<Template>>,
    scheme: Option<Scheme>,
    trusted_includes: Vec<Spanned<Template>>,
}

impl Upstreams {
    fn edit(&self, scene: &Scene<'_>) -> Result<UpstreamEdit, TemplateError> {
        let fill = |all: &[Spanned<Template>]| -> Result<Vec<String>, TemplateError> {
            all.iter()
                .map(|template| template.get_ref().fill(scene.values))
                .collect()
        };
        Ok(UpstreamEdit {
            upstreams: fill(&self.upstreams)?,
            servers: fill(&self.servers)?,
            scheme: self.scheme.map(|scheme| match scheme {
                Scheme::Http => nginx::Scheme::Http,
                Scheme::Https => nginx::Scheme::Https,
            }),
            trusted_includes: fill(&self.trusted_includes)?,
        })
    }
}

impl Change for Upstreams {
    fn kind(&self) -> &'static str {
        "nginx-upstream"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let edit = self.edit(scene)?;
        let by = edit.scheme.map(|scheme| format!(" by {scheme}"));
        Ok(format!(
            "{} lead to {}{}",
            edit.upstreams.join(", "),
            edit.servers.join(", "),
            by.unwrap_or_default()
        ))
    }

    fn apply(&self, scene: &Scene<'_>, text: &str) -> Result<String, Refused> {
        Ok(nginx::rewrite(text, &self.edit(scene)?)?)
    }

    fn templates(&self) -> Vec<&Spanned<Template>> {
        let names = self.upstreams.iter().chain(&self.servers);
        names.chain(&self.trusted_includes).collect()
    }
}

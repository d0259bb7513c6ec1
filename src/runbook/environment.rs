//! Reads `environments.toml` and binds one of its environments to a runbook.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::binding::{self, Bound, Folders};
use super::document::tidy;
use super::model::{Environment, EnvironmentKind, Require, Runbook};
use super::parameters::check_value;
use super::several;
use super::syntax::{self, Parsed};
use super::table::{Item, Need, Reader, Syntax, Table, Text, list};
use crate::kinds::hex;
use crate::names::{EnvName, HostName, ParamName, did_you_mean};
use crate::problem::{Problem, Severity, Source};

/// Every environment of a file, read but not bound to a runbook.
#[derive(Debug)]
pub struct Environments {
    source: Arc<Source>,
    digest: String,
    drafts: IndexMap<String, EnvironmentDraft>,
}

#[derive(Debug)]
struct EnvironmentDraft {
    name: Spanned<EnvName>,
    kind: EnvironmentKind,
    require: Require,
    hosts: Vec<(Text, Vec<Bound>)>,
    params: Vec<(Text, Text)>,
}

impl Environments {
    /// The names of the environments with their kinds, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = (&EnvName, EnvironmentKind)> {
        self.drafts
            .values()
            .map(|draft| (draft.name.get_ref(), draft.kind))
    }
}

/// The environments file of a runbook: its own in the same folder, which is `NAME.environments.toml` for
/// `NAME.toml`, or else the folder's `environments.toml`, also where that is not there.
pub fn environments_beside(runbook: &Path) -> PathBuf {
    // Hosts and parameters are the runbook's: two runbooks in one folder can rarely share a file.
    let own = runbook.with_extension("environments.toml");
    if own.exists() {
        return own;
    }
    runbook.with_file_name("environments.toml")
}

/// Reads every environment of a file.
///
/// The bad end carries everything that is wrong with the file, also in environments that are not the one
/// wanted today.
pub fn read_environments(path: &Path) -> Result<Environments, Vec<Problem>> {
    let source = syntax::read_file(path, "the environments").map_err(|problem| {
        vec![problem.hint("it lies beside the runbook and says which machines its hosts are")]
    })?;
    read_source(source)
}

/// Reads the environments of a text; `path` is what its problems are told under.
pub fn read_environments_text(path: &Path, text: &str) -> Result<Environments, Vec<Problem>> {
    read_source(Arc::new(Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }))
}

fn read_source(source: Arc<Source>) -> Result<Environments, Vec<Problem>> {
    let whole = std::path::absolute(&source.path).map_err(|error| {
        let path = source.path.display();
        vec![Problem::general(format!(
            "find the folder of {path}: {error}"
        ))]
    })?;
    let folders = Folders {
        home: directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned()),
        file: whole.parent().map_or_else(PathBuf::new, Path::to_owned),
    };
    let Parsed {
        content: drafts,
        mut problems,
        ..
    } = syntax::parse(&source, "the environments", |reader, mut root| {
        let items = root.take_all();
        items
            .into_iter()
            .filter_map(|item| environment(reader, &folders, item))
            .map(|draft| (draft.name.get_ref().to_string(), draft))
            .collect()
    });
    tidy(&mut problems);
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(problems);
    }
    Ok(Environments {
        digest: hex(&Sha256::digest(source.text.as_bytes())),
        source,
        drafts,
    })
}

fn environment(
    reader: &mut Reader,
    folders: &Folders,
    Item { key, value }: Item<'_>,
) -> Option<EnvironmentDraft> {
    let name = match EnvName::new(key.get_ref().as_str()) {
        Ok(name) => Some(Spanned::new(key.span(), name)),
        Err(error) => {
            reader.error(key.span(), error.to_string());
            None
        }
    };
    let mut table = reader.table(key.get_ref(), "an environment", value)?;
    let kind = kind(reader, &mut table);
    let require = match table.take("require") {
        Some(item) => reader
            .table("require", "`require`", item.value)
            .map(|table| require(reader, table)),
        None => Some(Require::default()),
    };
    let hosts = named(reader, &mut table, "hosts", "`hosts`")
        .into_iter()
        .map(|Item { key, value }| {
            let machines = binding::machines(reader, folders, key.get_ref(), value);
            (key, machines)
        })
        .collect();
    let params = named(reader, &mut table, "params", "`params`")
        .into_iter()
        .filter_map(|Item { key, value }| {
            let value = reader.scalar(key.get_ref(), value)?;
            Some((key, value))
        })
        .collect();
    reader.close(table);
    Some(EnvironmentDraft {
        name: name?,
        kind: kind?,
        require: require?,
        hosts,
        params,
    })
}

fn named<'i>(
    reader: &mut Reader,
    table: &mut Table<'i>,
    key: &'static str,
    what: &'static str,
) -> Vec<Item<'i>> {
    table
        .take(key)
        .and_then(|item| reader.table(key, what, item.value))
        .map_or_else(Vec::new, |mut table| table.take_all())
}

fn kind(reader: &mut Reader, table: &mut Table<'_>) -> Option<EnvironmentKind> {
    let text = reader.string(table, "kind", Need::Required)?;
    match text.get_ref().as_str() {
        "rehearsal" => Some(EnvironmentKind::Rehearsal),
        "production" => Some(EnvironmentKind::Production),
        other => {
            let hint = match did_you_mean(other, ["rehearsal", "production"]) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write \"rehearsal\" or \"production\"".to_owned(),
            };
            let message = format!("unknown kind of environment `{other}`");
            reader.error(text.span(), message).hint = Some(hint);
            None
        }
    }
}

fn require(reader: &mut Reader, mut table: Table<'_>) -> Require {
    let require = Require {
        rehearsal_within: reader
            .duration(&mut table, "rehearsal-within")
            .map(Spanned::into_inner),
        people: reader.number(&mut table, "people", 1..=16).unwrap_or(0),
    };
    reader.close(table);
    require
}

/// Binds a runbook to the environment of that name.
///
/// A host that the environment leaves out, a host or parameter that the runbook does not know, and a value
/// that does not fit are problems, all told at once. A parameter without a value is not: an operator may
/// still give it; see [`super::missing_params`].
pub fn bind(
    runbook: &Runbook,
    environments: &Environments,
    name: &str,
) -> Result<Environment, Vec<Problem>> {
    let Some(draft) = environments.drafts.get(name) else {
        let names = environments.drafts.keys().map(String::as_str);
        let hint = match did_you_mean(name, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the environments are {}", list(names)),
        };
        let path = environments.source.path.display();
        let message = format!("{path} has no environment `{name}`");
        return Err(vec![Problem::general(message).hint(hint)]);
    };
    let mut reader = Reader::new(environments.source.clone(), Syntax::Whole);
    let hosts = bind_hosts(&mut reader, runbook, draft);
    let params = bind_params(&mut reader, runbook, draft);
    let places: HashMap<&str, &Text> = draft
        .hosts
        .iter()
        .map(|(name, _)| (name.get_ref().as_str(), name))
        .collect();
    several::check(&mut reader, runbook, &hosts, &places);
    tidy(&mut reader.problems);
    if reader.problems.is_empty() {
        Ok(Environment {
            name: draft.name.get_ref().clone(),
            digest: environments.digest.clone(),
            kind: draft.kind,
            require: draft.require.clone(),
            hosts,
            params,
        })
    } else {
        Err(reader.problems)
    }
}

fn bind_hosts(
    reader: &mut Reader,
    runbook: &Runbook,
    draft: &EnvironmentDraft,
) -> IndexMap<HostName, Vec<super::model::Binding>> {
    let mut hosts = IndexMap::new();
    for (name, machines) in &draft.hosts {
        let Some((host, _)) = runbook.hosts.get_key_value(name.get_ref().as_str()) else {
            let names = runbook.hosts.keys().map(HostName::as_str);
            let hint = match did_you_mean(name.get_ref(), names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its hosts are {}", list(names)),
            };
            let message = format!("the runbook has no host `{}`", name.get_ref());
            reader.error(name.span(), message).hint = Some(hint);
            continue;
        };
        for machine in machines {
            if let super::model::Binding::Ssh { expect, .. } = machine.get_ref()
                && let Some(other) = &expect.same_as
                && (!runbook.hosts.contains_key(other) || other == host)
            {
                let message =
                    format!("`same-as` names `{other}`, which is no other host of the runbook");
                let names = runbook.hosts.keys().map(HostName::as_str);
                reader.error(machine.span(), message).hint =
                    Some(format!("its hosts are {}", list(names)));
            }
        }
        let bindings: Vec<_> = machines.iter().map(|m| m.get_ref().clone()).collect();
        if host.as_str() == "bastion" && bindings != [super::model::Binding::Local] {
            // Steps without `on` run here under the same name, and two machines cannot share one.
            reader.error(name.span(), "`bastion` is this machine").hint =
                Some("bind it to \"local\", or give the host another name".to_owned());
        }
        hosts.insert(host.clone(), bindings);
    }
    for (host, about) in &runbook.hosts {
        if !draft
            .hosts
            .iter()
            .any(|(name, _)| name.get_ref() == host.as_str())
        {
            let environment = &draft.name;
            let about = if about.is_empty() {
                ""
            } else {
                &format!(" ({about})")
            };
            let message = format!(
                "the environment `{}` does not say which machine `{host}` is{about}",
                environment.get_ref()
            );
            reader.error(environment.span(), message).hint =
                Some(format!("add hosts.{host} = \"the ssh destination\""));
        }
    }
    // Everything that goes through the hosts goes in the order of the runbook.
    hosts.sort_by_key(|host, _| runbook.hosts.get_index_of(host));
    hosts
}

fn bind_params(
    reader: &mut Reader,
    runbook: &Runbook,
    draft: &EnvironmentDraft,
) -> IndexMap<ParamName, String> {
    let mut params = IndexMap::new();
    for (name, value) in &draft.params {
        let Some((param, spec)) = runbook.params.get_key_value(name.get_ref().as_str()) else {
            let names = runbook.params.keys().map(ParamName::as_str);
            let hint = match did_you_mean(name.get_ref(), names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its parameters are {}", list(names)),
            };
            let message = format!("the runbook has no parameter `{}`", name.get_ref());
            reader.error(name.span(), message).hint = Some(hint);
            continue;
        };
        if let Err(why) = check_value(&spec.kind, value.get_ref()) {
            let message = format!("the value of `{param}` does not fit: {why}");
            reader.error(value.span(), message);
        }
        params.insert(param.clone(), value.get_ref().clone());
    }
    params
}

//! Finds places that need one machine where an environment binds the host to several.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::model::{Binding, Runbook, StepSpec, Undo};
use super::shell;
use super::table::{Reader, Text};
use crate::names::HostName;
use crate::probe::Mentions;
use crate::template::{Template, address_variable};

/// Tells, at the binding, each step that needs one machine of a host that has several here.
///
/// It would come out at the gate of that step too, but by then half of the run is done.
pub(super) fn check(
    reader: &mut Reader,
    runbook: &Runbook,
    hosts: &IndexMap<HostName, Vec<Binding>>,
    places: &HashMap<&str, &Text>,
) {
    let several: HashMap<&str, String> = hosts
        .iter()
        .filter(|(_, machines)| machines.len() > 1)
        .map(|(host, _)| (host.as_str(), address_variable(host)))
        .collect();
    if several.is_empty() {
        return;
    }
    let variables: HashMap<&str, &str> = several
        .iter()
        .map(|(host, variable)| (variable.as_str(), *host))
        .collect();
    for step in &runbook.steps {
        let mut told = std::collections::BTreeSet::new();
        for (host, wording) in needing_one(step, &variables) {
            let (Some(place), true) = (places.get(host.as_str()), several.contains_key(&*host))
            else {
                continue;
            };
            if !told.insert(host.clone()) {
                continue;
            }
            let message = format!(
                "`{host}` is several machines here, but the step `{}` needs one: {wording}",
                step.id
            );
            reader.error(place.span(), message).hint = Some(
                "bind it to one machine, or let the step run `on` it and name it otherwise"
                    .to_owned(),
            );
        }
    }
}

/// The hosts that a step needs one machine of, each with how it names them.
fn needing_one(step: &StepSpec, variables: &HashMap<&str, &str>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if step.capture.is_some() {
        let said = |host: &HostName| (host.to_string(), "it captures one value".to_owned());
        found.extend(step.on.iter().map(said));
    }
    let undo_types = matches!(&step.undo, Undo::Action(undo) if undo.is_interactive());
    if step.action.is_interactive() || undo_types {
        let said = |host: &HostName| (host.to_string(), "somebody types to it".to_owned());
        found.extend(step.on.iter().map(said));
    }
    let mut mentions = vec![step.action.mentions()];
    if let Undo::Action(undo) = &step.undo {
        mentions.push(undo.mentions());
    }
    for probe in &step.verify {
        mentions.push(probe.probe.mentions());
        if let Some(host) = &probe.on {
            found.push((host.to_string(), format!("a probe is asked on `{host}`")));
        }
    }
    for mention in &mentions {
        one(mention, variables, &mut found);
    }
    if let super::model::Gate::TypeBack { words } = &step.gate
        && let Ok(words) = Template::new(words.as_str())
    {
        in_template(&words, &mut found);
    }
    found
}

fn one(
    mentions: &Mentions<'_>,
    variables: &HashMap<&str, &str>,
    found: &mut Vec<(String, String)>,
) {
    for host in &mentions.hosts {
        let host = host.get_ref();
        found.push((host.to_string(), format!("its action names `{host}`")));
    }
    for template in &mentions.templates {
        in_template(template.get_ref(), found);
    }
    for text in &mentions.shells {
        for (name, _) in shell::variables(text.get_ref()).reads {
            if let Some(host) = variables.get(name) {
                found.push(((*host).to_owned(), format!("it uses `${name}`")));
            }
        }
    }
}

fn in_template(template: &Template, found: &mut Vec<(String, String)>) {
    for place in template.places() {
        // `names` is all of them.
        if let Some((host, what)) = place.split_once('.')
            && what != "names"
        {
            found.push((host.to_owned(), format!("it uses `{{{{{place}}}}}`")));
        }
    }
}

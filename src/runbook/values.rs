//! From a runbook, an environment and its parameters to what every name means in one run.

use std::collections::BTreeMap;

use super::model::{Binding, Environment, ParamKind, Runbook};
use super::parameters::Parameters;
use crate::names::{HostName, MachineName};
use crate::template::{Machine, Values};

/// The port of ssh where nobody names another.
const SSH_PORT: u16 = 22;

impl Environment {
    /// Every machine with its host and how it is reached, in the order of the runbook's hosts.
    ///
    /// A host of one machine lends it its name; the machines of a host of several are numbered from 1.
    pub fn machines(&self) -> impl Iterator<Item = (&HostName, MachineName, &Binding)> {
        self.hosts.iter().flat_map(|(host, bindings)| {
            (1_u16..).zip(bindings).map(move |(number, binding)| {
                let number = if bindings.len() == 1 { 0 } else { number };
                (host, MachineName::of(host, number), binding)
            })
        })
    }
}

/// What every name means in one run.
///
/// `facts` is what ssh's configuration and the machines themselves say; a machine that is not in it gets
/// what the environment alone tells.
pub fn values(
    runbook: &Runbook,
    environment: &Environment,
    params: &Parameters,
    facts: &BTreeMap<MachineName, Machine>,
) -> Values {
    let mut values = Values::default();
    for (name, spec) in &runbook.params {
        let Some(param) = params.get(name) else {
            continue;
        };
        if spec.kind == ParamKind::Secret {
            values.set_secret(name.clone(), param.value.clone());
        } else {
            values.set_param(name.clone(), param.value.clone());
        }
    }
    for step in &runbook.steps {
        let chosen = step.action.choice().map(|choice| choice.name.get_ref());
        let captured = step.capture.as_ref().map(|capture| &capture.name);
        for name in chosen.into_iter().chain(captured) {
            values.set_without(name.clone(), format!("step {} gives it one", step.id));
        }
    }
    for (host, name, binding) in environment.machines() {
        let machine = match facts.get(&name) {
            Some(known) => known.clone(),
            None => as_stated(binding),
        };
        values.bind(host.clone(), name, machine);
    }
    values
}

/// What an environment alone tells of a machine, before ssh or the machine were asked.
pub fn as_stated(binding: &Binding) -> Machine {
    match binding {
        Binding::Local => Machine {
            address: "localhost".to_owned(),
            user: String::new(),
            port: SSH_PORT,
            label: "local".to_owned(),
        },
        Binding::Ssh {
            destination,
            user,
            port,
            address,
            ..
        } => {
            let (before, host) = match destination.rsplit_once('@') {
                Some((user, host)) => (user, host),
                None => ("", destination.as_str()),
            };
            Machine {
                address: address.clone().unwrap_or_else(|| host.to_owned()),
                user: user.clone().unwrap_or_else(|| before.to_owned()),
                port: port.unwrap_or(SSH_PORT),
                label: destination.clone(),
            }
        }
    }
}

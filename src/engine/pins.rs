//! Which machine each name is: held against whoever answers, each time a connection opens.

use std::collections::{BTreeMap, BTreeSet};

use crate::names::{MachineName, RunId};
use crate::run::Plan;
use crate::runbook::{Binding, Expected};
use crate::transport::Identity;

/// What is known of the machines of a run, and what must be true of them.
///
/// It is asked before a word goes over a new connection, so no question, change or receipt ever reaches a machine
/// that is not the one that is meant, whoever says yes.
#[derive(Debug, Default)]
pub(super) struct Pins {
    /// What the environment says that they are.
    expected: BTreeMap<MachineName, Expected>,
    /// Names that are this machine without ssh.
    local: Vec<MachineName>,
    /// Who they were when they were met in this run.
    met: BTreeMap<MachineName, Identity>,
    /// What of that the record has.
    recorded: BTreeMap<MachineName, Identity>,
    /// Who they were in an earlier run.
    before: Option<(RunId, BTreeMap<MachineName, Identity>)>,
}

impl Pins {
    /// Takes over what the environment says of the machines of a plan.
    pub fn expect(&mut self, plan: &Plan) {
        for machine in &plan.machines {
            if let Binding::Ssh { expect, .. } = &machine.binding {
                self.expected
                    .insert(machine.name.clone(), Expected::clone(expect));
            }
        }
    }

    /// Notes a name that is this machine without ssh.
    pub fn is_local(&mut self, machine: &MachineName) {
        self.local.push(machine.clone());
    }

    /// Takes over who a machine was, from the record.
    pub fn recorded(&mut self, machine: &MachineName, identity: &Identity) {
        self.met.insert(machine.clone(), identity.clone());
        self.recorded.insert(machine.clone(), identity.clone());
    }

    /// Takes over who the machines were in an earlier run of the same runbook in the same environment.
    pub fn were(&mut self, run: RunId, machines: BTreeMap<MachineName, Identity>) {
        self.before = Some((run, machines));
    }

    /// Every machine that was met.
    pub fn met(&self) -> &BTreeMap<MachineName, Identity> {
        &self.met
    }

    /// Who a machine is, where the record does not have it yet. Asked once: whoever asks records it.
    pub fn unrecorded(&mut self, machine: &MachineName) -> Option<Identity> {
        let met = self.met.get(machine)?;
        if self.recorded.get(machine) == Some(met) {
            return None;
        }
        self.recorded.insert(machine.clone(), met.clone());
        Some(met.clone())
    }

    /// Lets a machine in under a name, or says in plain words why it is not the one that is meant.
    pub fn admit(&mut self, machine: &MachineName, now: &Identity) -> Result<(), String> {
        self.as_expected(machine, now)?;
        if let Some(why) = self.met.get(machine).and_then(|met| met.contradicts(now)) {
            return Err(format!("{why} since the run first reached it"));
        }
        let meant = self.meant_as(machine);
        for (other, met) in &self.met {
            let is_another = other != machine && met.is_the_same_as(now);
            if is_another && !self.may_be_one(machine, other, &meant) {
                let who = format!("it is the same machine as {other} ({})", named(now));
                return Err(match other.host() == machine.host() {
                    true => format!(
                        "{who}, and each machine of a host may be there once; take one of them away in the environment"
                    ),
                    false => format!(
                        "{who}, and the runbook takes them for different ones; if that is meant, write \
                         same-as = \"{}\" in its table in the environment",
                        other.host()
                    ),
                });
            }
        }
        self.as_before(machine, now)?;
        self.met.insert(machine.clone(), now.clone());
        Ok(())
    }

    fn as_expected(&self, machine: &MachineName, now: &Identity) -> Result<(), String> {
        let Some(expected) = self.expected.get(machine) else {
            return Ok(());
        };
        if let Some(id) = &expected.machine_id
            && now.machine_id.as_ref() != Some(id)
        {
            let is = now.machine_id.as_deref().unwrap_or("not told");
            return Err(format!(
                "the environment says that its machine id is {id}, and it is {is}"
            ));
        }
        if let Some(key) = &expected.host_key
            && !now.host_keys.contains(key)
        {
            let is = match now.host_keys.as_slice() {
                [] => "not known to ssh".to_owned(),
                keys => keys.join(", "),
            };
            return Err(format!(
                "the environment says that its host key is {key}, and it is {is}"
            ));
        }
        Ok(())
    }

    /// Whether two names may be one machine; `meant` are the names that whoever bound them said are the first one.
    fn may_be_one(
        &self,
        one: &MachineName,
        other: &MachineName,
        meant: &BTreeSet<&MachineName>,
    ) -> bool {
        let bastion = MachineName::bastion();
        // Steps without a host run on the bastion, and a bastion may well be one of the machines.
        *one == bastion
            || *other == bastion
            || (self.local.contains(one) && self.local.contains(other))
            // A step on a host with one machine twice would do twice what is to be done once.
            || (meant.contains(other) && one.host() != other.host())
    }

    /// The names that are said to be one machine with this, of it or of others between them; itself is among them.
    fn meant_as<'a>(&'a self, machine: &'a MachineName) -> BTreeSet<&'a MachineName> {
        let says = |one: &MachineName, other: &MachineName| {
            let expected = self.expected.get(one).and_then(|e| e.same_as.as_ref());
            expected.is_some_and(|host| host.as_str() == other.host())
        };
        let names = || {
            self.expected
                .keys()
                .chain(&self.local)
                .chain(self.met.keys())
        };
        let mut meant = BTreeSet::from([machine]);
        let mut left = vec![machine];
        while let Some(this) = left.pop() {
            for that in names().filter(|that| says(this, that) || says(that, this)) {
                if meant.insert(that) {
                    left.push(that);
                }
            }
        }
        meant
    }

    /// Refuses a machine that had the name of another in the earlier run. What the environment pins is stronger.
    fn as_before(&self, machine: &MachineName, now: &Identity) -> Result<(), String> {
        let pinned = |e: &Expected| e.machine_id.is_some() || e.host_key.is_some();
        let Some((run, before)) = &self.before else {
            return Ok(());
        };
        if self.expected.get(machine).is_some_and(pinned) || self.local.contains(machine) {
            return Ok(());
        }
        let is = |met: &Identity| met.contradicts(now).is_none() && tells(met, now);
        if before.get(machine).is_none_or(is) {
            return Ok(());
        }
        let other = before
            .iter()
            .find(|(other, met)| other.host() != machine.host() && is(met));
        match other {
            Some((other, _)) => Err(format!(
                "it was {other} in the run {run}: are the hosts swapped in the environment? \
                 If not, pin it with machine-id = \"{}\" in its table there",
                now.machine_id.as_deref().unwrap_or("…")
            )),
            None => Ok(()),
        }
    }
}

/// Whether there is anything by which two could be told apart.
fn tells(one: &Identity, other: &Identity) -> bool {
    (one.machine_id.is_some() && one.machine_id == other.machine_id)
        || one
            .host_keys
            .iter()
            .any(|key| other.host_keys.contains(key))
}

/// A machine in few words.
fn named(identity: &Identity) -> String {
    let id = identity.machine_id.as_deref();
    format!("{}, machine id {}", identity.node, id.unwrap_or("not told"))
}

#[cfg(test)]
mod tests;

//! The machines of a run, and what is known of their spools.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::names::{MachineName, RunId};
use crate::paths::Paths;
use crate::run::{Plan, PlannedMachine};
use crate::runbook::Binding;
use crate::transport::{Destination, Host, Identity, LinkError, NotADestination, Receipts};

use super::error::EngineError;
use super::pins::Pins;

/// How long a spool's name is believed without asking again.
///
/// A machine that restarts has another, and takes longer than this to be back. One that changed it all the
/// same refuses the start, and nothing runs twice; but the outcome is then unknown until a person looks.
const FRESH: Duration = Duration::from_secs(30);

/// Every machine of a run by its name. Clones are the same machines.
#[derive(Clone, Default)]
pub struct Fleet {
    hosts: Arc<BTreeMap<MachineName, Host>>,
    receipts: Arc<Mutex<BTreeMap<MachineName, (Instant, Receipts)>>>,
    pins: Arc<Mutex<Pins>>,
}

impl Fleet {
    /// The machines of a plan, and this one, which steps without a host run on.
    ///
    /// # Errors
    ///
    /// A destination that ssh could misread, and a folder that cannot be had.
    pub fn of_plan(plan: &Plan, paths: &Paths) -> Result<Self, EngineError> {
        let bastion = MachineName::bastion();
        let mut hosts = vec![(
            bastion.clone(),
            Host::local(bastion.as_str(), paths.spool()?),
        )];
        for machine in &plan.machines {
            let name = machine.name.as_str();
            let host = match &machine.binding {
                Binding::Local => Host::local(name, paths.spool()?),
                Binding::Ssh { .. } => {
                    let to = destination(machine).map_err(|source| EngineError::Destination {
                        machine: name.to_owned(),
                        source,
                    })?;
                    Host::ssh(name, to, paths.links()?)
                }
            };
            hosts.push((machine.name.clone(), host));
        }
        let fleet = Self::of(hosts);
        fleet.pins().expect(plan);
        Ok(fleet)
    }

    /// Machines made elsewhere. The last of a name wins.
    pub fn of(hosts: impl IntoIterator<Item = (MachineName, Host)>) -> Self {
        let hosts: BTreeMap<MachineName, Host> = hosts.into_iter().collect();
        let pins = Arc::<Mutex<Pins>>::default();
        for (machine, host) in &hosts {
            if host.is_local() {
                lock(&pins).is_local(machine);
            }
            let (pins, machine) = (pins.clone(), machine.clone());
            host.set_guard(Arc::new(move |survey| {
                lock(&pins).admit(&machine, &Identity::of(survey))
            }));
        }
        Self {
            hosts: Arc::new(hosts),
            receipts: Arc::default(),
            pins,
        }
    }

    /// Takes over who the machines were in an earlier run: one that had another's name is then not let in.
    pub fn were(&self, run: RunId, machines: BTreeMap<MachineName, Identity>) {
        self.pins().were(run, machines);
    }

    /// Which machine each name is, of those that were reached.
    pub fn met(&self) -> BTreeMap<MachineName, Identity> {
        self.pins().met().clone()
    }

    /// Takes over who a machine was when the run reached it: nobody else is let in under its name.
    pub(super) fn recorded(&self, machine: &MachineName, identity: &Identity) {
        self.pins().recorded(machine, identity);
    }

    /// Who a machine is, where it was reached and the record does not have it yet.
    pub(super) fn unrecorded(&self, machine: &MachineName) -> Option<Identity> {
        self.pins().unrecorded(machine)
    }

    fn pins(&self) -> std::sync::MutexGuard<'_, Pins> {
        lock(&self.pins)
    }

    /// The machine of a name.
    pub fn host(&self, machine: &MachineName) -> Option<&Host> {
        self.hosts.get(machine)
    }

    /// Whether and in which spool a machine keeps receipts, asked at most so often.
    pub(super) async fn receipts(&self, machine: &MachineName) -> Result<Receipts, LinkError> {
        let known = self.known().get(machine).cloned();
        if let Some((at, receipts)) = known
            && at.elapsed() < FRESH
        {
            return Ok(receipts);
        }
        let Some(host) = self.host(machine) else {
            return Ok(Receipts::Impossible(format!(
                "there is no machine {machine}"
            )));
        };
        let receipts = host.survey().await?.receipts;
        let known = (Instant::now(), receipts.clone());
        self.known().insert(machine.clone(), known);
        Ok(receipts)
    }

    /// Forgets what a machine said, because its link was lost or it did not know its own spool.
    pub(super) fn doubt(&self, machine: &MachineName) {
        self.known().remove(machine);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<MachineName, (Instant, Receipts)>> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes every link. What runs on the machines goes on.
    pub(super) async fn close(&self) {
        for host in self.hosts.values() {
            host.close().await;
        }
    }
}

fn lock(pins: &Mutex<Pins>) -> std::sync::MutexGuard<'_, Pins> {
    pins.lock().unwrap_or_else(PoisonError::into_inner)
}

fn destination(machine: &PlannedMachine) -> Result<Destination, NotADestination> {
    let Binding::Ssh {
        destination,
        user,
        port,
        identity,
        config,
        jump,
        address: _,
        expect: _,
    } = &machine.binding
    else {
        return Destination::new(&machine.label);
    };
    let mut to = Destination::new(destination)?;
    if let Some(user) = user {
        to = to.user(user)?;
    }
    if let Some(port) = port {
        to = to.port(*port);
    }
    if let Some(identity) = identity {
        to = to.identity(identity.clone());
    }
    if let Some(config) = config {
        to = to.config(config.clone());
    }
    to.jump(jump.clone())
}

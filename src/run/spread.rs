//! How a step spreads over lanes: its machines, times the items of a list, and how many run at once.

use std::collections::{BTreeMap, BTreeSet};

use super::made::Meaning;
use super::{Lane, LaneAt, PlannedStep, Rule, Run, StepState, Way};
use crate::names::{MachineName, ParamName};
use crate::runbook::{Items, LANES};
use crate::template::Values;

/// A lane as whoever works on it sees it: where, and with which item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The lane.
    pub lane: MachineName,
    /// The machine it is on.
    pub machine: MachineName,
    /// The name and the value of its item; none where the step has no list.
    pub item: Option<(ParamName, String)>,
}

impl Spot {
    /// The only lane of a machine, without an item.
    pub fn of(machine: &MachineName) -> Self {
        Self {
            lane: machine.clone(),
            machine: machine.clone(),
            item: None,
        }
    }

    /// What names mean on this lane.
    pub fn values(&self, values: &Values) -> Values {
        match &self.item {
            Some((name, item)) => values.with(name.clone(), item.clone()),
            None => values.clone(),
        }
    }
}

impl Lane {
    pub(super) fn new(name: MachineName, item: Option<String>) -> Self {
        Self {
            name,
            item,
            taking_part: true,
            touched: false,
            at: LaneAt::Idle,
            outputs: BTreeMap::new(),
            guard: None,
        }
    }
}

impl StepState {
    /// Its lanes as whoever works on them sees them.
    pub fn spots(&self, planned: &PlannedStep) -> Vec<Spot> {
        let name = planned.for_each.as_ref().map(|each| &each.name);
        let spot = |lane: &Lane| Spot {
            lane: lane.name.clone(),
            machine: lane.name.machine(),
            item: name.cloned().zip(lane.item.clone()),
        };
        self.lanes.iter().map(spot).collect()
    }

    /// The lanes that have not begun and may begin now, in their order, for how many run at once and how others
    /// have ended.
    pub(super) fn free(&self, planned: &PlannedStep) -> Vec<&MachineName> {
        if self.holds_back(planned) {
            return Vec::new();
        }
        let taking_part = || self.lanes.iter().filter(|lane| lane.taking_part);
        let going =
            |lane: &&Lane| matches!(lane.at, LaneAt::Running { .. } | LaneAt::Between { .. });
        let idle = taking_part().filter(|lane| lane.at == LaneAt::Idle);
        let idle = idle.map(|lane| &lane.name);
        match (planned.at_once, &planned.for_each) {
            (0, None) => idle.collect(),
            // The items of one machine one by one, the machines beside each other.
            (0, Some(_)) => {
                let busy = taking_part().filter(going).map(|lane| lane.name.machine());
                let mut busy: BTreeSet<MachineName> = busy.collect();
                idle.filter(|lane| busy.insert(lane.machine())).collect()
            }
            (most, _) => {
                let busy = taking_part().filter(going).count();
                idle.take(usize::from(most).saturating_sub(busy)).collect()
            }
        }
    }

    /// Whether lanes that have not begun are held back, because one that was to be before them ended badly.
    pub(super) fn holds_back(&self, planned: &PlannedStep) -> bool {
        let in_turn = planned.at_once > 0 || planned.for_each.is_some();
        let bad = |lane: &Lane| {
            let bad = matches!(lane.at, LaneAt::Badly { .. } | LaneAt::Unknown { .. });
            lane.taking_part && bad
        };
        in_turn && self.lanes.iter().any(bad)
    }

    /// The lanes that an attempt can be about: on the way back those on which something was started.
    pub(super) fn concerned(&self, way: Way) -> impl Iterator<Item = &Lane> {
        let any = self.lanes.iter().any(|lane| lane.touched);
        let all = way == Way::Forward || !any;
        self.lanes.iter().filter(move |lane| all || lane.touched)
    }
}

impl Run {
    /// The lanes that a step has when its turn comes.
    pub(super) fn spread(&self, number: usize) -> Vec<Lane> {
        let Some(planned) = self.planned(number) else {
            return Vec::new();
        };
        let machines = planned.lanes.iter();
        match (self.rule(number), self.items(planned)) {
            (Rule::Holds, Some(Ok(items))) => machines
                .flat_map(|machine| {
                    let items = (1..).zip(&items);
                    items.map(|(n, item)| Lane::new(machine.item(n), Some(item.clone())))
                })
                .collect(),
            _ => machines
                .map(|machine| Lane::new(machine.clone(), None))
                .collect(),
        }
    }

    /// Whether the list of a step lets it have its turn.
    pub(super) fn rule_of_list(&self, planned: &PlannedStep) -> Rule {
        let list = match planned.for_each.as_ref().map(|each| &each.items) {
            Some(Items::Captured { list }) => format!("the list {list}"),
            _ => "its list".to_owned(),
        };
        match self.items(planned) {
            None => Rule::Holds,
            Some(Err(rule)) => rule,
            Some(Ok(items)) if items.is_empty() => Rule::RulesOut(format!("{list} is empty")),
            Some(Ok(items)) => {
                let lanes = items.len().saturating_mul(planned.lanes.len());
                match lanes > LANES {
                    false => Rule::Holds,
                    true => Rule::CannotSay(format!(
                        "{list} has {} items, which are {lanes} lanes; a step has {LANES} at most",
                        items.len()
                    )),
                }
            }
        }
    }

    /// The items of a step, or why there are none now; none at all where it has no list.
    fn items(&self, planned: &PlannedStep) -> Option<Result<Vec<String>, Rule>> {
        let list = match &planned.for_each.as_ref()?.items {
            Items::Listed { items } => return Some(Ok(items.clone())),
            Items::Captured { list } => list,
        };
        Some(match self.meaning(list) {
            Meaning::Is(lines) => Ok(lines.lines().map(str::to_owned).collect()),
            Meaning::RuledOut(maker) => Err(Rule::RulesOut(format!(
                "the list {list} has no value: step {maker} was ruled out"
            ))),
            Meaning::Without(why) => Err(Rule::CannotSay(why)),
        })
    }
}

//! How a step spreads over lanes: its machines, times the items of a list, and how many run at once.

use std::collections::{BTreeMap, BTreeSet};

use super::made::Meaning;
use super::{Lane, LaneAt, PlannedStep, Proof, Rule, Run, StepState, Way};
use crate::names::{MachineName, ParamName};
use crate::probe::Holds;
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

    /// The lanes whose own questions of the proof did not hold; none where it cannot be said which they are.
    pub(super) fn unproved<'a>(&'a self, planned: &'a PlannedStep) -> BTreeSet<&'a MachineName> {
        let proofs = (0u16..).zip(self.proofs(planned));
        let no = |number: &u16| {
            self.answers
                .get(number)
                .is_none_or(|a| a.holds != Holds::Yes)
        };
        let red: Vec<&Proof> = proofs
            .filter(|(number, _)| no(number))
            .map(|(_, proof)| proof)
            .collect();
        match red.iter().any(|proof| proof.shared) {
            true => BTreeSet::new(),
            false => red.into_iter().map(|proof| &proof.lane).collect(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Holds;
    use crate::run::walk::{captures, machine};
    use crate::run::{Answer, Command, Entry, Event, Intent, Operator, Present, Stuck, decide};
    use crate::run::{Done, LaneOutcome, StepAt};

    /// A step on three machines with a question for each, all of which ended well.
    fn ended_well(shared: bool, red: &[u16]) -> crate::run::Run {
        let mut step = captures(0);
        step.capture = None;
        step.lanes = (0..3).map(machine).collect();
        let asks = |lane: &MachineName| Proof {
            lane: lane.clone(),
            at: Some(lane.clone()),
            says: "it is so".into(),
            person: false,
            evidence: None,
            within_seconds: 0,
            every_millis: 0,
            shared,
        };
        step.proofs = step.lanes.iter().map(asks).collect();
        let plan = crate::run::walk::plan_of(vec![step]);
        let mut state = StepState::new(&plan.steps[0]);
        for lane in &mut state.lanes {
            lane.taking_part = true;
            lane.at = LaneAt::Well {
                outcome: LaneOutcome::Succeeded { code: 0 },
            };
        }
        state.attempt = 1;
        state.at = StepAt::Stuck {
            why: Stuck::Unproved,
        };
        let answer = |proof: u16| Answer {
            proof,
            holds: if red.contains(&proof) {
                Holds::No
            } else {
                Holds::Yes
            },
            seen: String::new(),
        };
        state.answers = (0..3).map(|proof| (proof, answer(proof))).collect();
        Run {
            steps: vec![state],
            plan: Some(plan),
            ..Run::default()
        }
    }

    fn tried_again(mut run: Run) -> Vec<String> {
        let who = Operator {
            name: "ana".into(),
            uid: 0,
            login_uid: None,
            client: 1,
        };
        let at = crate::clock::Timestamp::UNIX_EPOCH;
        let present = Present {
            who: who.clone(),
            watch: false,
            since: at,
        };
        run.present.insert(1, present);
        let step = run.planned(0).unwrap().id.clone();
        let intent = Intent::Retry { step, attempt: 1 };
        let (by, event) = decide(&run, &Command::Wish { who, intent }).unwrap();
        let Event::StepReached { lanes, .. } = &event else {
            panic!("{event:?}");
        };
        let names = lanes.iter().map(ToString::to_string).collect();
        let entry = Entry {
            seq: run.next_seq,
            at,
            by,
            event,
        };
        run.apply(&entry).unwrap();
        assert_ne!(
            run.steps[0].at,
            StepAt::Done {
                how: Done::Unchecked
            }
        );
        names
    }

    #[test]
    fn another_try_of_what_was_not_proved_is_of_the_lanes_whose_own_questions_do_not_hold() {
        assert_eq!(tried_again(ended_well(false, &[1])), ["m1"]);
        assert_eq!(tried_again(ended_well(false, &[0, 2])), ["m0", "m2"]);
        // Asked for several, a no does not say on which of them.
        assert_eq!(tried_again(ended_well(true, &[1])), ["m0", "m1", "m2"]);
    }
}

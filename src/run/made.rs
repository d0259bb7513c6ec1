//! What steps give to names, and what hangs on it: whether a later step has its turn at all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::apply::Applied;
use super::{Approval, Done, Entry, PlannedStep, Run, StepAt, StepState, Way};
use crate::clock::Timestamp;
use crate::names::{ParamName, StepId};
use crate::runbook::Condition;
use crate::template::Values;

/// A name, and what a step gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The name.
    pub name: ParamName,
    /// Its value; the items of a list stand on lines of their own.
    pub value: String,
}

/// Whether a step has its turn, by the conditions of its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// It has.
    Holds,
    /// It has not, for this reason; it is passed over.
    RulesOut(String),
    /// A condition hangs on a value that is not there, for this reason; a person must decide.
    CannotSay(String),
}

impl PlannedStep {
    /// The name that the step gives a value; none for most.
    pub fn makes(&self) -> Option<&ParamName> {
        let chosen = self.choice.as_ref().map(|choice| &choice.name);
        chosen.or(self.capture.as_ref().map(|capture| &capture.name))
    }
}

impl Run {
    /// What names mean in this run now, from the plan, what its steps gave, and the secrets.
    ///
    /// # Errors
    ///
    /// The secret parameters whose value is not among `secrets`.
    pub fn values(&self, secrets: &BTreeMap<ParamName, String>) -> Result<Values, Vec<ParamName>> {
        let Some(plan) = &self.plan else {
            return Ok(Values::default());
        };
        let mut values = plan.values(secrets)?;
        for (name, given) in self.given() {
            match given {
                Ok(value) => values.set_param(name, value),
                Err(why) => values.set_without(name, why),
            }
        }
        Ok(values)
    }

    /// Every name that some step gives a value, with the value, or why it has none now.
    pub fn given(&self) -> Vec<(ParamName, Result<String, String>)> {
        let steps = self.plan.iter().flat_map(|plan| &plan.steps);
        let makers = steps.zip(&self.steps).filter_map(|(planned, state)| {
            let given = match &state.made {
                Some(made) => Ok(made.value.clone()),
                None => Err(why_not(&planned.id, state)),
            };
            Some((planned.makes()?.clone(), given))
        });
        makers.collect()
    }

    /// Whether a step has its turn, by its conditions and what their names mean now.
    ///
    /// A name whose step was passed over by its own rule has no value, and then no condition on it holds. A
    /// name whose step a person skipped, or vouched for, decides nothing by itself.
    pub fn rule(&self, number: usize) -> Rule {
        let conditions = self.planned(number).map_or(&[][..], |step| &step.when);
        let mut unsaid = None;
        for condition in conditions {
            match self.meaning(&condition.name) {
                Meaning::Is(value) if condition.holds(value) => {}
                Meaning::Is(value) => return Rule::RulesOut(ruled_out(condition, value)),
                Meaning::RuledOut(maker) => {
                    return Rule::RulesOut(format!(
                        "only where {condition}, and {} has no value: step {maker} was ruled out",
                        condition.name
                    ));
                }
                Meaning::Without(why) => {
                    unsaid.get_or_insert(format!("it is done only where {condition}, and {why}"));
                }
            }
        }
        if let Some(why) = unsaid {
            return Rule::CannotSay(why);
        }
        self.planned(number)
            .map_or(Rule::Holds, |planned| self.rule_of_list(planned))
    }

    pub(super) fn rule_out(&mut self, step: &StepId, rule: &str, at: Timestamp) -> Applied {
        let number = self.number(step)?;
        if self.current() != Some(number) {
            return Err(format!("it is not the turn of {step}"));
        }
        if !matches!(self.rule(number), Rule::RulesOut(_)) {
            return Err(format!("no rule passes over {step}"));
        }
        let state = &mut self.steps[number];
        state.must_be("waiting", state.at == StepAt::Waiting)?;
        state.at = StepAt::RuledOut {
            rule: rule.to_owned(),
        };
        state.ended_at = Some(at);
        Ok(())
    }

    pub(super) fn choose(
        &mut self,
        (step, attempt): (&StepId, u32),
        digest: &str,
        (name, value): (&ParamName, &str),
        entry: &Entry,
    ) -> Applied {
        let number = self.number(step)?;
        let choice = self.planned(number).and_then(|step| step.choice.as_ref());
        let is_one = choice.is_some_and(|choice| {
            choice.name == *name && choice.options.iter().any(|option| option.value == value)
        });
        let state = self.at_attempt(step, attempt)?;
        let open = is_one && state.way == Way::Forward && state.at == StepAt::AtGate;
        state.must_be("a choice between that, at its gate", open)?;
        match &state.shown {
            Some(shown) if shown.digest == digest => {}
            _ => return Err("the choice is of something that was not shown".to_owned()),
        }
        state.approvals.push(Approval {
            by: entry.by.clone(),
            at: entry.at,
        });
        state.started_at = Some(entry.at);
        // So that going back comes to it, and does not pass over it as over something to read.
        state.touched = true;
        state.made = Some(Made {
            name: name.clone(),
            value: value.to_owned(),
        });
        let value = value.to_owned();
        state.finish(Done::Chosen { value }, entry.at);
        Ok(())
    }

    pub(super) fn meaning(&self, name: &ParamName) -> Meaning<'_> {
        let Some(plan) = &self.plan else {
            return Meaning::Without(String::new());
        };
        let param = plan.params.iter().find(|(known, _)| known == name.as_str());
        if let Some((_, Some(value))) = param {
            return Meaning::Is(value);
        }
        let mut makers = plan.steps.iter().zip(&self.steps);
        let maker = makers.find(|(planned, _)| planned.makes() == Some(name));
        let Some((planned, state)) = maker else {
            return Meaning::Without(format!("{name} has no value"));
        };
        match (&state.made, &state.at) {
            (Some(made), _) => Meaning::Is(&made.value),
            (None, StepAt::RuledOut { .. }) => Meaning::RuledOut(&planned.id),
            (None, _) => {
                let why = why_not(&planned.id, state);
                Meaning::Without(format!("{name} has no value: {why}"))
            }
        }
    }
}

/// What a name means.
pub(super) enum Meaning<'r> {
    Is(&'r str),
    RuledOut(&'r StepId),
    Without(String),
}

fn ruled_out(condition: &Condition, value: &str) -> String {
    format!("only where {condition}, and {} is {value}", condition.name)
}

/// Why a step has not given its name a value.
fn why_not(step: &StepId, state: &StepState) -> String {
    match &state.at {
        StepAt::RuledOut { .. } => format!("step {step} was ruled out"),
        StepAt::Skipped { .. } => format!("step {step} was skipped"),
        StepAt::Done { .. } => format!("step {step} was done in a way that gave none"),
        _ => format!("step {step} has not given it one"),
    }
}

#[cfg(test)]
mod tests;

//! Folds entries into the story of a run.

mod ending;

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::names::{MachineName, StepId};
use crate::run::{Actor, Check, Entry, Event, Level, Operator, Output, Plan, Run, StepAt};

use super::downtime::Stopwatch;
use super::evidence::{Evidence, EvidenceError};
use super::look;
use super::steps;
use super::story::*;
use super::words::{duration, same_account, seconds_between, way_back, who};

/// Folds what a run left behind.
pub(super) fn tell(evidence: &Evidence) -> Result<Story, EvidenceError> {
    let first = evidence.entries.first().ok_or(EvidenceError::Empty)?;
    let mut teller = Teller::new(evidence, first.at);
    for entry in &evidence.entries {
        teller.hear(entry)?;
    }
    teller.end()
}

/// What was heard so far.
pub(super) struct Teller<'e> {
    evidence: &'e Evidence,
    /// The run, folded along.
    pub run: Run,
    pub steps: Vec<StepStory>,
    pub look: Vec<Look>,
    pub watch: Stopwatch,
    version: String,
    operators: Vec<(Operator, Person)>,
    notes: Vec<Noted>,
    boot: Option<String>,
    /// For each machine whose link is lost, since when, and its place in `look`.
    lost: BTreeMap<MachineName, (Timestamp, usize)>,
    /// Since when the run is laid down, and for how many seconds it was before.
    laid_down: Option<Timestamp>,
    rested: i64,
    latest: Timestamp,
    ended: Option<(Timestamp, Option<String>)>,
}

impl<'e> Teller<'e> {
    fn new(evidence: &'e Evidence, opened: Timestamp) -> Self {
        Self {
            evidence,
            run: Run::default(),
            steps: Vec::new(),
            look: Vec::new(),
            watch: Stopwatch::default(),
            version: String::new(),
            operators: Vec::new(),
            notes: Vec::new(),
            boot: None,
            lost: BTreeMap::new(),
            laid_down: None,
            rested: 0,
            latest: opened,
            ended: None,
        }
    }

    fn hear(&mut self, entry: &Entry) -> Result<(), EvidenceError> {
        let before = self.standing(entry.event.step());
        self.run.apply(entry)?;
        if entry.at < self.latest {
            let text = format!(
                "record {} is dated {} earlier than the one before it; the order of records is true, \
                 durations across it are not",
                entry.seq,
                duration(seconds_between(entry.at, self.latest))
            );
            self.note_look(LookKind::ClockWentBack, None, entry, text);
        }
        self.latest = entry.at;
        self.count_act(entry);
        match &entry.event {
            Event::RunOpened { version, plan, .. } => {
                self.version.clone_from(version);
                self.steps = steps::waiting(plan);
            }
            Event::EngineStarted { epoch, boot, .. } => self.engine(*epoch, boot, entry),
            Event::TailRepaired { bytes, saved_as } => {
                let text = format!(
                    "a record that was never finished ({bytes} bytes) was set aside as {saved_as}; \
                     nobody had been told of it"
                );
                self.note_look(LookKind::TailRepaired, None, entry, text);
            }
            Event::Attached { who, .. } => self.attached(who),
            Event::Detached { .. } => {}
            Event::PreflightDone { checks } => {
                for check in checks.iter().filter(|check| check.level == Level::Problem) {
                    let Check {
                        machine,
                        about,
                        says,
                        ..
                    } = check;
                    let text = format!("known before it began: {machine}, {about}: {says}");
                    self.note_look(LookKind::Preflight, None, entry, text);
                }
            }
            Event::MachineMet { .. } => {}
            Event::LinkLost { machine, why } => {
                let text = format!("{machine}: {why}");
                self.lost
                    .insert(machine.clone(), (entry.at, self.look.len()));
                self.note_look(LookKind::LinkLost, None, entry, text);
            }
            Event::LinkBack { machine } => {
                if let Some((since, place)) = self.lost.remove(machine)
                    && let Some(look) = self.look.get_mut(place)
                {
                    let took = duration(seconds_between(since, entry.at));
                    look.text.push_str(&format!("; back after {took}"));
                }
            }
            Event::NoteAdded { step, text } => {
                let noted = Noted {
                    at: entry.at,
                    by: who(&entry.by),
                    text: text.clone(),
                };
                match step.as_ref().and_then(|step| self.story(step)) {
                    Some(story) => story.notes.push(noted),
                    None => self.notes.push(noted),
                }
            }
            Event::RunSuspended { reason } => {
                self.laid_down = Some(entry.at);
                let by = who(&entry.by).unwrap_or_default();
                self.note_look(LookKind::Suspended, None, entry, format!("{by}: {reason}"));
            }
            Event::RunEnded { .. } => self.ended = Some((entry.at, who(&entry.by))),
            _ => steps::hear(self, entry),
        }
        // Dropping the way back restores how the step stood; it does not come to rest a second time.
        if matches!(entry.event, Event::BackDropped { .. }) {
            return Ok(());
        }
        let after = self.standing(entry.event.step());
        if let (Some(step), Some(after)) = (entry.event.step(), after)
            && before.as_ref() != Some(&after)
        {
            steps::rested(self, step, &after, entry);
        }
        Ok(())
    }

    fn standing(&self, step: Option<&StepId>) -> Option<StepAt> {
        let (_, _, state) = self.run.step(step?)?;
        Some(state.at.clone())
    }

    /// The story of a step; none for one that the plan does not know, which `apply` refuses.
    pub fn story(&mut self, step: &StepId) -> Option<&mut StepStory> {
        self.steps.iter_mut().find(|story| story.id == *step)
    }

    /// The latest attempt of a step.
    pub fn attempt(&mut self, step: &StepId) -> Option<&mut Attempt> {
        self.story(step)?.attempts.last_mut()
    }

    /// Puts something before the reviewer's eyes.
    pub fn note_look(
        &mut self,
        kind: LookKind,
        step: Option<&StepId>,
        entry: &Entry,
        text: String,
    ) {
        self.look.push(Look {
            kind,
            step: step.cloned(),
            at: Some(entry.at),
            by: who(&entry.by),
            text,
        });
    }

    /// What a leg printed, with its last lines where the file is there.
    pub fn printed(&self, output: &Output) -> Printed {
        Printed {
            file: output.file.clone(),
            bytes: output.bytes,
            sha256: output.sha256.clone(),
            tail: self.evidence.tails.get(&output.file).cloned(),
        }
    }

    fn engine(&mut self, epoch: u32, boot: &str, entry: &Entry) {
        if let Some(since) = self.laid_down.take() {
            let seconds = seconds_between(since, entry.at);
            self.rested += seconds;
            let after = duration(seconds);
            if let Some(look) = self
                .look
                .iter_mut()
                .rfind(|look| look.kind == LookKind::Suspended)
            {
                look.text
                    .push_str(&format!("; taken up again after {after}"));
            }
        } else if epoch > 1 {
            let why = match &self.boot {
                Some(before) if before != boot => "; this machine was started anew in between",
                _ => "",
            };
            let text = format!("engine {epoch} took the run up{why}");
            self.note_look(LookKind::EngineRestarted, None, entry, text);
        }
        self.boot = Some(boot.to_owned());
    }

    fn attached(&mut self, operator: &Operator) {
        let known = self
            .operators
            .iter_mut()
            .find(|(known, _)| known.name == operator.name && same_account(known, operator));
        if let Some((latest, person)) = known {
            person.connections += 1;
            // Later entries are found by the connection's number.
            *latest = operator.clone();
            return;
        }
        let person = Person {
            name: operator.name.clone(),
            uid: operator.uid,
            login_uid: operator.login_uid,
            connections: 1,
            acts: 0,
        };
        self.operators.push((operator.clone(), person));
    }

    fn count_act(&mut self, entry: &Entry) {
        let Actor::Operator(operator) = &entry.by else {
            return;
        };
        if matches!(entry.event, Event::Attached { .. } | Event::Detached { .. }) {
            return;
        }
        let known = self
            .operators
            .iter_mut()
            .find(|(known, _)| known.name == operator.name && same_account(known, operator));
        if let Some((_, person)) = known {
            person.acts += 1;
        }
    }

    fn end(mut self) -> Result<Story, EvidenceError> {
        let way_back = way_back(&self.run);
        let latest_return = self.run.latest_return().map(|deadline| deadline.latest);
        let effects = look::of_what_is_armed(&mut self.look, &self.run);
        let (Some(plan), Some(run), Some(opened)) = (
            self.run.plan.take(),
            self.run.id.clone(),
            self.run.opened_at,
        ) else {
            return Err(EvidenceError::Empty);
        };
        for (story, state) in self.steps.iter_mut().zip(&self.run.steps) {
            steps::conclude(story, state);
        }
        for (number, says) in effects {
            if let Some(story) = self.steps.get_mut(number) {
                story.sentence = format!("{}; {says}", story.sentence);
                story.effect = Some(says);
            }
        }
        let people: Vec<Person> = self.operators.iter().map(|(_, p)| p.clone()).collect();
        let shared_account = self.operators.iter().enumerate().any(|(place, (one, _))| {
            self.operators[..place]
                .iter()
                .any(|(other, _)| same_account(one, other) && one.name != other.name)
        });
        let when = When {
            way_back,
            latest_return,
            ..self.when(&plan, opened)
        };
        look::of_what_may_run(&mut self.look, &self.run);
        look::of_the_run(&mut self.look, &people, shared_account, &when);
        look::of_the_record(&mut self.look, &self.evidence.verdict);
        // Stable: within a kind, the order of the record.
        self.look.sort_by_key(|look| look.kind);
        let verdict = &self.evidence.verdict;
        Ok(Story {
            format: FORMAT,
            run,
            version: self.version.clone(),
            title: plan.title.clone(),
            about: plan.about.clone(),
            runbook_sha256: plan.runbook.sha256.clone(),
            environment: plan.environment.clone(),
            environment_kind: plan.environment_kind,
            environment_sha256: plan.environment_digest.clone(),
            outcome: self.outcome(&plan).with_armed(&self.steps, &self.look),
            when,
            people,
            shared_account,
            machines: plan.machines.clone(),
            identities: (self.run.machines.iter())
                .map(|(name, identity)| MachineWas {
                    name: name.clone(),
                    identity: identity.clone(),
                })
                .collect(),
            preflight: self.run.preflight.clone(),
            params: params(&plan),
            look: self.look,
            phases: plan.phases,
            steps: self.steps,
            notes: self.notes,
            chain: ChainStory {
                records: verdict.head.records,
                head: verdict.head.hash.to_string(),
                consistent: verdict.is_ok(),
                verdict: verdict.to_string().lines().map(str::to_owned).collect(),
            },
        })
    }
}

fn params(plan: &Plan) -> Vec<Param> {
    plan.params
        .iter()
        .map(|(name, value)| Param {
            name: name.clone(),
            value: value.clone(),
        })
        .collect()
}

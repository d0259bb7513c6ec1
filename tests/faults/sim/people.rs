//! Operators: in chaos they press anything, in the calm they bring the run to its end.

use runsheet::probe::Holds;
use runsheet::run::*;

use super::engine::Engine;
use super::made_up::step_id;
use super::{Died, World};

const NAMES: [&str; 3] = ["ana", "ben", "cleo"];

impl Engine {
    pub fn attach(&mut self, world: &mut World, name: &str) -> Result<(), Died> {
        let who = Operator {
            name: name.to_owned(),
            uid: 0,
            login_uid: None,
            client: self.run.last_client + 1,
        };
        self.find(world, Finding::Attached { who, watch: false })
    }

    fn find(&mut self, world: &mut World, finding: Finding) -> Result<(), Died> {
        if self.command(world, &Command::Found(finding))?.is_ok() {
            self.go_on(world)?;
        }
        Ok(())
    }

    fn wish(&mut self, world: &mut World, who: Operator, intent: Intent) -> Result<bool, Died> {
        let granted = self.command(world, &Command::Wish { who, intent })?.is_ok();
        if granted {
            self.go_on(world)?;
        }
        Ok(granted)
    }

    /// Somebody comes, goes, or presses any key for any step, sensible or not.
    pub fn press(&mut self, world: &mut World) -> Result<(), Died> {
        let present: Vec<_> = self.run.present.values().map(|p| p.who.clone()).collect();
        if present.is_empty() || (present.len() < 3 && world.dice.one_in(30)) {
            let name = *world.dice.pick(&NAMES);
            return self.attach(world, name);
        }
        let who = world.dice.pick(&present).clone();
        if world.dice.one_in(40) {
            return self.find(world, Finding::Detached { client: who.client });
        }
        let intent = self.any_intent(world);
        self.wish(world, who, intent).map(|_| ())
    }

    fn any_intent(&self, world: &mut World) -> Intent {
        let dice = &mut world.dice;
        let number = match self.run.current() {
            Some(current) if !dice.one_in(6) => current,
            _ => dice.below(self.run.steps.len()),
        };
        let step = step_id(number);
        let state = &self.run.steps[number];
        let attempt = match dice.one_in(12) {
            true => dice.below(4) as u32,
            false => state.attempt,
        };
        let lane = dice.pick(&state.lanes).name.clone();
        let text = (*dice.pick(&["", "because", "because"])).to_owned();
        let digest = match &state.shown {
            Some(shown) if !dice.one_in(8) => shown.digest.clone(),
            _ => "another".to_owned(),
        };
        match dice.below(24) {
            0..=7 => Intent::Approve {
                step,
                attempt,
                digest,
                typed: None,
            },
            8 => Intent::Review { step, attempt },
            9 | 10 => Intent::SayDone {
                step,
                attempt,
                lane,
                note: text,
            },
            11 => Intent::Reply {
                step,
                attempt,
                proof: 0,
                yes: !dice.one_in(4),
                note: text,
            },
            12 | 13 => Intent::Retry { step, attempt },
            14 => Intent::ProveAgain { step, attempt },
            15 => Intent::Look { step, attempt },
            16 if dice.one_in(3) => Intent::Attest {
                step,
                attempt,
                note: text,
            },
            17 if dice.one_in(4) => Intent::Skip { step, reason: text },
            18 | 19 => Intent::Settle {
                step,
                attempt,
                lane,
                decision: *dice.pick(&[
                    Decision::Happened,
                    Decision::Failed,
                    Decision::DidNotHappen,
                    Decision::RunAgain,
                ]),
                reason: text,
            },
            20 | 21 => Intent::Stop {
                step,
                attempt,
                stop: *dice.pick(&[Stop::Ask, Stop::Kill]),
            },
            22 => Intent::GoBack { step },
            23 if dice.one_in(2) => Intent::DropBack { step, attempt },
            23 if dice.one_in(12) => Intent::End { reason: text },
            _ => Intent::Note {
                step: Some(step),
                text,
            },
        }
    }

    /// The sensible thing where the run waits for a person. False where there is none.
    pub fn press_on(&mut self, world: &mut World) -> Result<bool, Died> {
        for name in &NAMES[..2] {
            if self.run.present.values().all(|p| p.who.name != *name) {
                self.attach(world, name)?;
            }
        }
        let mut people = Vec::new();
        for name in &NAMES[..2] {
            let mut present = self.run.present.values();
            people.extend(present.find(|p| p.who.name == *name).map(|p| p.who.clone()));
        }
        for intent in self.sensible() {
            for who in &people {
                if self.wish(world, who.clone(), intent.clone())? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn sensible(&self) -> Vec<Intent> {
        let reason = || "seen with my own eyes".to_owned();
        let Some(number) = self.run.current() else {
            return vec![Intent::End { reason: reason() }];
        };
        let (Some(planned), Some(state)) = (self.run.planned(number), self.run.steps.get(number))
        else {
            return Vec::new();
        };
        let (step, attempt) = (planned.id.clone(), state.attempt);
        let lanes = state.lanes.iter().map(|lane| lane.name.clone());
        match &state.at {
            StepAt::AtGate => vec![Intent::Approve {
                step,
                attempt,
                digest: state
                    .shown
                    .as_ref()
                    .map_or_else(String::new, |s| s.digest.clone()),
                typed: None,
            }],
            StepAt::Running => lanes
                .map(|lane| Intent::SayDone {
                    step: step.clone(),
                    attempt,
                    lane,
                    note: reason(),
                })
                .collect(),
            StepAt::Proving => vec![Intent::Reply {
                step,
                attempt,
                proof: 0,
                yes: true,
                note: reason(),
            }],
            StepAt::Stuck {
                why: Stuck::Unknown,
            } => lanes
                .map(|lane| Intent::Settle {
                    step: step.clone(),
                    attempt,
                    lane,
                    decision: Decision::Happened,
                    reason: reason(),
                })
                .collect(),
            StepAt::Stuck { .. } => vec![Intent::Attest {
                step,
                attempt,
                note: reason(),
            }],
            _ => Vec::new(),
        }
    }

    /// What must hold in any state.
    pub fn holds(&self, world: &mut World) -> Result<(), Died> {
        let run = &self.run;
        let wanted = wanted(run);
        if run.steps.iter().filter(|step| step.is_under_way()).count() > 1 {
            return world.wrong("two steps at a time".to_owned());
        }
        if run.ending.is_none() && !wanted.person && wanted.tasks.is_empty() {
            return world.wrong("an open run without anybody to move it".to_owned());
        }
        for state in &run.steps {
            let unknown = |lane: &Lane| matches!(lane.at, LaneAt::Unknown { .. });
            let passed = matches!(
                state.at,
                StepAt::Done { .. } | StepAt::Skipped { .. } | StepAt::Waiting
            );
            if passed && state.lanes.iter().any(unknown) {
                return world.wrong("an unknown outcome was passed over".to_owned());
            }
            let proved = matches!(
                state.at,
                StepAt::Done {
                    how: Done::Proved { .. }
                }
            );
            if proved && state.answers.values().any(|a| a.holds != Holds::Yes) {
                return world.wrong("proved, and its proof does not hold".to_owned());
            }
        }
        Ok(())
    }
}

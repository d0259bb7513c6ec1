//! One walk: presses, failures, crashes, and what must hold after each of them.

use std::collections::BTreeMap;

use super::legs::{evidence, guarded, proposal};
use super::made_up::{Dice, random_plan, step_id};
use crate::clock::Clock;
use crate::kinds::Obstacle;
use crate::names::{RunId, StepId};
use crate::run::*;

/// What each token's command really did, beside what the run was told.
#[derive(Default)]
pub(super) struct World {
    pub(super) started: BTreeMap<Token, u32>,
    pub(super) reached: BTreeMap<&'static str, u64>,
}

pub(super) struct Walk {
    pub(super) dice: Dice,
    clock: Clock,
    pub(super) run: Run,
    pub(super) journal: Vec<String>,
    pub(super) world: World,
    pub(super) last_client: u32,
}

impl Walk {
    pub(super) fn new(seed: u64) -> Self {
        let mut walk = Self {
            dice: Dice(seed),
            clock: Clock::held_at(1_700_000_000),
            run: Run::default(),
            journal: Vec::new(),
            world: World::default(),
            last_client: 0,
        };
        let plan = Box::new(random_plan(&mut walk.dice));
        let run = RunId::new("20261121-walk").unwrap();
        walk.must(Command::Found(Finding::Open {
            run,
            version: "0".into(),
            plan,
        }));
        walk.start_engine();
        walk
    }

    pub(super) fn start_engine(&mut self) {
        let (boot, version) = ("b".to_owned(), "0".to_owned());
        self.must(Command::Found(Finding::Started {
            pid: 1,
            boot,
            version,
        }));
        for _ in 0..1 + self.dice.below(2) {
            self.attach();
        }
    }

    pub(super) fn attach(&mut self) {
        self.last_client = self.run.last_client + 1;
        let name = (*self.dice.pick(&["ana", "ben", "cleo"])).to_owned();
        let who = Operator {
            name,
            uid: 0,
            login_uid: None,
            client: self.last_client,
        };
        let watch = self.dice.one_in(6);
        self.must(Command::Found(Finding::Attached { who, watch }));
    }

    pub(super) fn must(&mut self, command: Command) {
        self.command(command).expect("the engine's own finding");
    }

    /// Decides, writes, reads back, applies: the road that every event takes.
    pub(super) fn command(&mut self, command: Command) -> Result<(), Refusal> {
        let (by, event) = decide(&self.run, &command)?;
        self.clock.advance(std::time::Duration::from_millis(7));
        let entry = Entry {
            seq: self.run.next_seq,
            at: self.clock.now(),
            by,
            event,
        };
        let line = serde_json::to_string(&entry).expect("an entry turns into JSON");
        let read: Entry = serde_json::from_str(&line).expect("and back");
        assert_eq!(read, entry, "an entry reads back as it was written");
        self.run
            .apply(&entry)
            .expect("whatever decide says, apply accepts");
        self.journal.push(line);
        Ok(())
    }

    pub(super) fn crash(&mut self) {
        let entries: Vec<Entry> = self
            .journal
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let folded = Run::fold(&entries).expect("a journal folds again");
        assert_eq!(folded, self.run, "and to the same state");
        self.run = folded;
        self.start_engine();
    }

    pub(super) fn world_moves(&mut self) {
        let tasks = wanted(&self.run).tasks;
        if tasks.is_empty() {
            return;
        }
        let task = self.dice.pick(&tasks).clone();
        let finding = match task {
            Task::Reach { step } => Finding::Reach { step },
            Task::Pass { step, attempt } => Finding::Pass { step, attempt },
            Task::Prepare { step, attempt, .. } => self.prepare(step, attempt),
            Task::Begin {
                step,
                attempt,
                lane,
                leg,
            } => Finding::Begin {
                step,
                attempt,
                lane,
                leg,
                spool: Some("5c0.0".into()),
            },
            Task::Follow {
                step,
                attempt,
                lane,
                leg,
                token,
                ..
            } => {
                // The world runs a token when it first gets it; a second send must be the same start.
                let count = self.world.started.entry(token).or_insert(0);
                *count = 1.max(*count);
                match self.dice.below(6) {
                    0 => return,
                    1 => Finding::Unknown {
                        step,
                        attempt,
                        lane,
                        leg,
                        why: "lost".into(),
                        output: None,
                        last_word: self.dice.one_in(2),
                    },
                    n => {
                        let outcome = match n {
                            2 => LaneOutcome::Failed { code: 255 },
                            _ => self.ended_well(&step, &lane, leg),
                        };
                        Finding::Ended {
                            step,
                            attempt,
                            lane,
                            leg,
                            outcome,
                            output: None,
                        }
                    }
                }
            }
            Task::Watch {
                step,
                attempt,
                lane,
            } => {
                let seen = "7".to_owned();
                let outcome = match self.dice.one_in(3) {
                    true => LaneOutcome::DidNotCome { seen },
                    false => LaneOutcome::Came { seen },
                };
                Finding::Ended {
                    step,
                    attempt,
                    lane,
                    leg: 0,
                    outcome,
                    output: None,
                }
            }
            Task::Halt {
                step,
                attempt,
                lane,
                leg,
                ..
            } => {
                let outcome = LaneOutcome::Failed { code: 143 };
                Finding::Ended {
                    step,
                    attempt,
                    lane,
                    leg,
                    outcome,
                    output: None,
                }
            }
            Task::AskLate { token, .. } => Finding::Evidence {
                token,
                says: evidence(&mut self.dice),
            },
            Task::Prove { step, attempt } => self.prove(step, attempt, Asked::Proof),
            Task::Look { step, attempt } => self.prove(step, attempt, Asked::Look),
        };
        // A finding may come too late, as in life; a refusal is then the right answer.
        let refused = self.command(Command::Found(finding)).is_err();
        *self
            .world
            .reached
            .entry(if refused { "late" } else { "found" })
            .or_default() += 1;
    }

    pub(super) fn prepare(&mut self, step: StepId, attempt: u32) -> Finding {
        let (_, planned, state) = self.run.step(&step).expect("a wanted step is there");
        let (planned, state) = (planned.clone(), state.clone());
        if self.dice.one_in(8) {
            let lane = state.lanes[0].name.clone();
            let obstacle = Obstacle::new("no such file");
            return Finding::Obstructed {
                step,
                attempt,
                lane,
                obstacle,
            };
        }
        let salt = self.dice.next();
        let lanes = state
            .lanes
            .iter()
            .filter(|lane| lane.taking_part)
            .map(|lane| LaneShown {
                lane: lane.name.clone(),
                proposal: guarded(
                    proposal(&mut self.dice, &lane.name, salt),
                    (&planned, &state),
                    &lane.name,
                ),
            })
            .collect();
        Finding::Shown {
            step,
            attempt,
            lanes,
            before: Vec::new(),
            filled: FilledIn::default(),
        }
    }

    /// Any intent for any step, sensible or not.
    pub(super) fn operator_presses(&mut self) {
        let Some(who) = ({
            let present: Vec<_> = self.run.present.values().map(|p| p.who.clone()).collect();
            (!present.is_empty()).then(|| self.dice.pick(&present).clone())
        }) else {
            return self.attach();
        };
        let number = match self.run.current() {
            Some(current) if !self.dice.one_in(4) => current,
            _ => self.dice.below(self.run.steps.len()),
        };
        let step = step_id(number);
        let state = self.run.steps[number].clone();
        let attempt = if self.dice.one_in(10) {
            self.dice.below(4) as u32
        } else {
            state.attempt
        };
        let lane = self.dice.pick(&state.lanes).name.clone();
        let text = (*self.dice.pick(&["", "because", "two\nlines"])).to_owned();
        let digest = match &state.shown {
            Some(shown) if !self.dice.one_in(6) => shown.digest.clone(),
            _ => "another".to_owned(),
        };
        // Few legs have a terminal, and they are soon over.
        let pressed = match &self.run.keyboard {
            Some(_) if self.dice.one_in(3) => 23,
            None if state.to_be_kept().next().is_some() && self.dice.one_in(3) => 24,
            None if state.at == StepAt::Running && self.dice.one_in(3) => 21,
            _ => self.dice.below(25),
        };
        let intent = match pressed {
            21 | 22 => Intent::TakeKeyboard {
                step,
                attempt,
                lane,
            },
            23 => Intent::ReturnKeyboard {
                step,
                attempt,
                lane,
            },
            24 => Intent::Keep {
                step,
                attempt,
                lane,
            },
            18 | 19 => Intent::Choose {
                step,
                attempt,
                digest,
                value: (*self.dice.pick(&["a", "b", "b", "c"])).to_owned(),
            },
            0..=3 => {
                let typed = (*self
                    .dice
                    .pick(&[Some("go on"), Some("go on"), Some("no"), None]))
                .map(str::to_owned);
                Intent::Approve {
                    step,
                    attempt,
                    digest,
                    typed,
                }
            }
            4 => Intent::Review { step, attempt },
            5 => Intent::SayDone {
                step,
                attempt,
                lane,
                note: text,
            },
            6 | 7 => {
                let proof = self.dice.below(3) as u16;
                Intent::Reply {
                    step,
                    attempt,
                    proof,
                    yes: !self.dice.one_in(4),
                    note: text,
                }
            }
            8 => Intent::Retry { step, attempt },
            9 => Intent::ProveAgain { step, attempt },
            10 => Intent::Look { step, attempt },
            11 => Intent::Attest {
                step,
                attempt,
                note: text,
            },
            12 if self.dice.one_in(3) => Intent::Skip { step, reason: text },
            13 => {
                let decision = *self.dice.pick(&[
                    Decision::Happened,
                    Decision::Failed,
                    Decision::DidNotHappen,
                    Decision::RunAgain,
                ]);
                Intent::Settle {
                    step,
                    attempt,
                    lane,
                    decision,
                    reason: text,
                }
            }
            14 => {
                let stop = *self.dice.pick(&[Stop::Ask, Stop::Kill]);
                Intent::Stop {
                    step,
                    attempt,
                    stop,
                }
            }
            15 => Intent::GoBack { step },
            16 => Intent::DropBack { step, attempt },
            17 if self.dice.one_in(12) => Intent::End { reason: text },
            20 if self.dice.one_in(10) => Intent::Suspend { reason: text },
            _ => Intent::Note {
                step: Some(step),
                text,
            },
        };
        let refused = self.command(Command::Wish { who, intent }).is_err();
        *self
            .world
            .reached
            .entry(if refused { "refused" } else { "wished" })
            .or_default() += 1;
    }
}

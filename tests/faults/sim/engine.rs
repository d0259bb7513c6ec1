//! An engine in the order of the real one: decide, append and sync, apply, publish, steer.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use runsheet::clock::Timestamp;
use runsheet::journal::{self, Journal};
use runsheet::kinds::{Obstacle, Performer};
use runsheet::probe::Holds;
use runsheet::run::*;

use super::hand::{Follow, Hand};
use super::late::Late;
use super::made_up::proposal;
use super::{Died, Flaw, Sim, World};

/// A receipt that may be forgotten once the finding beside it is on disk.
pub type Receipt = (usize, Token, (u32, u32));

pub struct Engine {
    journal: Journal,
    pub run: Run,
    pub hands: BTreeMap<Task, Hand>,
    /// Tokens whose start this engine recorded and has not sent yet.
    pub fresh: Vec<Token>,
    pub inbox: VecDeque<(Finding, Option<Receipt>)>,
    /// The spools it believes the machines to have.
    pub known: BTreeMap<usize, (u32, u32)>,
    /// What it waits for, by request.
    pub waits: BTreeMap<u64, (usize, For)>,
}

/// What a request is for.
#[derive(Clone)]
pub enum For {
    /// A hand that waits for the answer.
    Hand(Task),
    /// A signal, which is followed by a revocation where nothing ran.
    Signal(Token, (u32, u32)),
    /// Nobody.
    Nothing,
}

impl Engine {
    pub fn empty(world: &World) -> Self {
        let path = PathBuf::from("journal");
        Self::on(
            Journal::with_disk(world.bench.clone(), path, journal::Head::START),
            Run::default(),
        )
    }

    fn on(journal: Journal, run: Run) -> Self {
        Self {
            journal,
            run,
            hands: BTreeMap::new(),
            fresh: Vec::new(),
            inbox: VecDeque::new(),
            known: BTreeMap::new(),
            waits: BTreeMap::new(),
        }
    }

    /// Reads what a crash left, cuts the torn tail, folds.
    pub fn take_up(world: &mut World) -> Result<Self, Died> {
        let bytes = world.bench.platter().reopen();
        let verdict = journal::verify(&bytes, None);
        let records = match journal::read_bytes(&bytes) {
            Ok(records) => records,
            Err(damage) => return world.wrong(format!("a crash left damage: {damage:?}")),
        };
        let read = |record: &journal::Record| serde_json::from_str(&record.json).unwrap();
        let entries: Vec<Entry> = records.iter().map(read).collect();
        let run = match Run::fold(&entries) {
            Ok(run) => run,
            Err(illegal) => return world.wrong(format!("the journal does not fold: {illegal}")),
        };
        world.taken_up(&records, &entries, &run)?;
        let path = PathBuf::from("journal");
        let journal = Journal::with_disk(world.bench.clone(), path, verdict.head);
        let mut engine = Self::on(journal, run);
        // A run that has ended is not taken up again; it only has to be whole.
        if engine.run.ending.is_some() {
            return Ok(engine);
        }
        if let Some(tail) = verdict.tail {
            world.bench.platter().cut(tail.offset);
            let (bytes, saved_as) = (tail.bytes, "torn-1".to_owned());
            engine.must(world, Finding::Repaired { bytes, saved_as })?;
        }
        let (boot, version) = ("b".to_owned(), "0".to_owned());
        engine.must(
            world,
            Finding::Started {
                pid: 1,
                boot,
                version,
            },
        )?;
        Ok(engine)
    }

    /// The road that every event takes.
    pub fn command(
        &mut self,
        world: &mut World,
        command: &Command,
    ) -> Result<Result<(), Refusal>, Died> {
        let (by, event) = match decide(&self.run, command) {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Err(refusal)),
        };
        world.micros += 7000;
        let entry = Entry {
            seq: self.run.next_seq,
            at: Timestamp::from_microsecond(world.micros).unwrap(),
            by,
            event,
        };
        let early = world.flaw == Flaw::SendsBeforeItIsSynced
            && matches!(entry.event, Event::LegStarted { .. });
        let json = serde_json::to_vec(&entry).unwrap();
        if early {
            self.apply(world, &entry)?;
            self.steer(world)?;
        }
        world.at_a_point()?;
        // Sixty-four digits, a space, the record, a newline.
        let end = world.bench.platter().length() + 64 + 1 + json.len() + 1;
        world.written(entry.clone(), end);
        let Ok(head) = self.journal.append(&json) else {
            return Err(Died::Engine);
        };
        world.at_a_point()?;
        if !early {
            self.apply(world, &entry)?;
        }
        world.at_a_point()?;
        world.told(entry.seq, head.hash);
        world.check(entry.seq as usize)?;
        Ok(Ok(()))
    }

    fn apply(&mut self, world: &mut World, entry: &Entry) -> Result<(), Died> {
        if let Err(illegal) = self.run.apply(entry) {
            return world.wrong(format!("apply refuses what decide says: {illegal}"));
        }
        if let Event::LegStarted { token, .. } = &entry.event {
            self.fresh.push(token.clone());
        }
        Ok(())
    }

    fn must(&mut self, world: &mut World, finding: Finding) -> Result<(), Died> {
        match self.command(world, &Command::Found(finding))? {
            Ok(()) => Ok(()),
            Err(refusal) => world.wrong(format!("the engine's own finding is refused: {refusal}")),
        }
    }

    /// Does what can be done at once, and sets the hands to the rest.
    pub fn go_on(&mut self, world: &mut World) -> Result<(), Died> {
        let mut refused = Vec::new();
        loop {
            let next = wanted(&self.run).tasks.into_iter().find_map(|task| {
                let finding = at_once(&self.run, &task)?;
                (!refused.contains(&task)).then_some((task, finding))
            });
            let Some((task, finding)) = next else {
                world.at_a_point()?;
                return self.steer(world);
            };
            if self.command(world, &Command::Found(finding))?.is_err() {
                refused.push(task);
            }
        }
    }

    /// Makes what is under way fit what is wanted.
    fn steer(&mut self, world: &mut World) -> Result<(), Died> {
        let tasks = wanted(&self.run).tasks;
        self.hands.retain(|task, _| tasks.contains(task));
        for task in &tasks {
            if self.hands.contains_key(task) {
                continue;
            }
            let hand = match task {
                Task::Reach { .. } | Task::Pass { .. } | Task::Halt { .. } => continue,
                Task::Follow { token, .. } => {
                    let fresh = self.fresh.iter().position(|known| known == token);
                    let sent = match fresh.map(|at| self.fresh.swap_remove(at)) {
                        Some(_) => Sent::NotYet,
                        None => Sent::Perhaps,
                    };
                    match Follow::of(&self.run, task, sent) {
                        Some(follow) => Hand::Follow(follow),
                        None => continue,
                    }
                }
                Task::Begin { .. } => Hand::Begin { asked: false },
                Task::AskLate { token, stop } => Hand::Late(Late::about(&self.run, token, *stop)),
                Task::Prepare { step, .. } => Late::before(&self.run, step),
                Task::Watch { .. } | Task::Prove { .. } | Task::Look { .. } => Hand::Answers,
            };
            self.hands.insert(task.clone(), hand);
            if let (Task::Follow { .. }, Flaw::SendsBeforeItIsSynced) = (task, world.flaw) {
                self.drive(world, task)?;
            }
        }
        for task in &tasks {
            if let Task::Halt {
                step,
                attempt,
                lane,
                leg,
                stop,
            } = task
            {
                self.halt(world, (step, *attempt, lane, *leg), *stop);
            }
        }
        Ok(())
    }

    /// Lets the machines forget what ended under an earlier engine.
    pub fn forget_the_left(&mut self, world: &mut World) -> Result<(), Died> {
        for receipt in world.receipts_left() {
            self.forget(world, receipt);
        }
        Ok(())
    }

    /// One finding from the inbox becomes an entry, or comes too late.
    pub fn take(&mut self, world: &mut World) -> Result<(), Died> {
        let Some((finding, receipt)) = self.inbox.pop_front() else {
            return Ok(());
        };
        if self.command(world, &Command::Found(finding))?.is_ok() {
            if let Some(receipt) = receipt {
                self.forget(world, receipt);
            }
            self.go_on(world)?;
        }
        Ok(())
    }
}

/// What needs no machine.
fn at_once(run: &Run, task: &Task) -> Option<Finding> {
    let performer = |step| {
        let (_, planned, state) = run.step(step)?;
        planned.performer(state.way)
    };
    match task {
        Task::Reach { step } => Some(Finding::Reach { step: step.clone() }),
        Task::Pass { step, attempt } => Some(Finding::Pass {
            step: step.clone(),
            attempt: *attempt,
        }),
        Task::Begin {
            step,
            attempt,
            lane,
            leg,
        } => matches!(performer(step), Some(Performer::Person | Performer::Watch)).then(|| {
            Finding::Begin {
                step: step.clone(),
                attempt: *attempt,
                lane: lane.clone(),
                leg: *leg,
                spool: None,
            }
        }),
        Task::Halt {
            step,
            attempt,
            lane,
            leg,
            ..
        } => {
            let outcome = match performer(step)? {
                Performer::Person => LaneOutcome::NotRun {
                    proof: "given up".into(),
                },
                Performer::Watch => LaneOutcome::DidNotCome {
                    seen: "ended".into(),
                },
                Performer::Machine | Performer::Nobody => return None,
            };
            Some(Finding::Ended {
                step: step.clone(),
                attempt: *attempt,
                lane: lane.clone(),
                leg: *leg,
                outcome,
                output: None,
            })
        }
        _ => None,
    }
}

impl Sim {
    /// What a hand without a link of its own finds: proposals, proofs, waits.
    pub fn answer(&mut self, task: &Task) -> Option<Finding> {
        let dice = &mut self.world.dice;
        let run = &self.engine.as_ref()?.run;
        match task.clone() {
            Task::Prepare { step, attempt, .. } => {
                let (_, planned, state) = run.step(&step)?;
                let performer = planned.performer(state.way);
                if dice.one_in(12) && !self.world.calm {
                    let lane = state.lanes[0].name.clone();
                    let obstacle = Obstacle::new("no such file");
                    return Some(Finding::Obstructed {
                        step,
                        attempt,
                        lane,
                        obstacle,
                    });
                }
                let taking_part = state.lanes.iter().filter(|lane| lane.taking_part);
                let lanes = taking_part
                    .map(|lane| LaneShown {
                        lane: lane.name.clone(),
                        proposal: proposal(dice, &lane.name, performer),
                    })
                    .collect();
                Some(Finding::Shown {
                    step,
                    attempt,
                    lanes,
                    before: Vec::new(),
                    filled: FilledIn::default(),
                })
            }
            Task::Watch {
                step,
                attempt,
                lane,
            } => {
                let seen = "7".to_owned();
                let outcome = match dice.one_in(3) && !self.world.calm {
                    true => LaneOutcome::DidNotCome { seen },
                    false => LaneOutcome::Came { seen },
                };
                Some(Finding::Ended {
                    step,
                    attempt,
                    lane,
                    leg: 0,
                    outcome,
                    output: None,
                })
            }
            Task::Prove { step, attempt } | Task::Look { step, attempt } => {
                let asked = match task {
                    Task::Look { .. } => Asked::Look,
                    _ => Asked::Proof,
                };
                let (_, planned, state) = run.step(&step)?;
                let answers = state
                    .proofs(planned)
                    .iter()
                    .enumerate()
                    .filter(|(_, proof)| !proof.person)
                    .map(|(number, _)| number as u16)
                    .filter(|number| asked == Asked::Look || !state.answers.contains_key(number))
                    .map(|proof| Answer {
                        proof,
                        holds: match dice.one_in(5) && !self.world.calm {
                            true => Holds::No,
                            false => Holds::Yes,
                        },
                        seen: String::new(),
                    })
                    .collect();
                Some(Finding::Answered {
                    step,
                    attempt,
                    asked,
                    answers,
                })
            }
            _ => None,
        }
    }
}

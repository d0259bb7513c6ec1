//! What happens in the world, in chaos and in the calm after it.

use runsheet::run::{Run, Task, Token, wanted};

use super::Sim;
use super::engine::Engine;
use super::hand::Hand;
use super::link::Parcel;
use super::machine::{Verb, Word};
use super::made_up::MACHINES;

impl Sim {
    /// Anything happens.
    pub fn chaos(&mut self) {
        let dice = &mut self.world.dice;
        let machine = dice.below(MACHINES);
        match dice.below(100) {
            0 | 1 => self.world.bench.platter().fuse = Some(dice.below(14) as u32),
            2 if dice.one_in(3) => self.world.bench.platter().fails = true,
            3 if dice.one_in(2) => {
                let engine = self.engine.take();
                engine.into_iter().for_each(|engine| self.bury(engine));
            }
            4 => match dice.below(5) {
                0 | 1 => {
                    let power_cut = dice.one_in(2);
                    self.world.machines[machine].restart(power_cut, dice);
                    self.break_link(machine);
                }
                2 => self.world.machines[machine].wipe(),
                3 => self.world.machines[machine].lose_a_keeper(dice),
                _ => {}
            },
            5 => {
                let down = dice.one_in(2);
                self.world.link.down[machine] = down;
                if down {
                    self.break_link(machine);
                }
            }
            6 | 7 => self.give_up(),
            8..=40 => self.arrive(),
            41..=55 => self.work(machine),
            56..=70 => self.with(Engine::take),
            71..=82 => self.move_a_hand(),
            _ if self.engine.is_none() => self.take_up(),
            _ => self.with(Engine::press),
        }
    }

    /// Whoever waits for this machine hears that the link is lost. What is on its way may still come.
    fn break_link(&mut self, machine: usize) {
        let Some(engine) = &self.engine else { return };
        let waits = engine.waits.iter();
        let waits: Vec<u64> = waits
            .filter(|(_, (at, _))| *at == machine)
            .map(|(id, _)| *id)
            .collect();
        for id in waits {
            self.with(|engine, world| {
                engine.answered(world, id, None);
                Ok(())
            });
        }
    }

    /// One who waits gives up.
    fn give_up(&mut self) {
        let Some(engine) = &self.engine else { return };
        let waits: Vec<u64> = engine.waits.keys().copied().collect();
        if !waits.is_empty() {
            let id = *self.world.dice.pick(&waits);
            self.with(|engine, world| {
                engine.answered(world, id, None);
                Ok(())
            });
        }
    }

    fn arrive(&mut self) {
        let world = &mut self.world;
        match world.link.arrival(&mut world.dice, world.calm) {
            Some(Parcel::Back { id, word }) => self.with(|engine, world| {
                engine.answered(world, id, Some(word));
                Ok(())
            }),
            Some(Parcel::There(request)) => {
                let nobody = (request.machine, Token("nobody".into()), (0, 0));
                let (_, token, nonce) = match (&request.verb, request.receipt) {
                    (Verb::Hello, _) => nobody,
                    (_, Some(receipt)) => receipt,
                    (_, None) => return,
                };
                let word = world.machines[request.machine].hear(
                    (request.id, &request.verb),
                    (&token, nonce),
                    &mut world.dice,
                    &mut world.truth,
                );
                if word == Some(Word::Revoked) {
                    world.revoked.insert(token);
                }
                if let Some(word) = word {
                    world.link.reply(request.id, word);
                }
                self.tend(request.machine);
            }
            None => {}
        }
    }

    fn work(&mut self, machine: usize) {
        let world = &mut self.world;
        world.machines[machine].work(&mut world.dice, &mut world.truth);
        // What is wrong is kept in the world, and ends the run.
        let _ = world.look_at_machines();
        self.tend(machine);
    }

    fn tend(&mut self, machine: usize) {
        for (id, word) in self.world.machines[machine].tend() {
            self.world.link.reply(id, word);
        }
    }

    fn move_a_hand(&mut self) {
        let Some(engine) = &self.engine else { return };
        let tasks: Vec<_> = engine.hands.keys().cloned().collect();
        if tasks.is_empty() {
            return;
        }
        let task = self.world.dice.pick(&tasks).clone();
        self.move_hand(&task);
    }

    fn move_hand(&mut self, task: &Task) {
        let engine = self.engine.as_ref();
        if let Some(Hand::Answers) = engine.and_then(|engine| engine.hands.get(task)) {
            if let Some(finding) = self.answer(task)
                && let Some(engine) = &mut self.engine
            {
                engine
                    .hands
                    .insert(task.clone(), Hand::Begin { asked: true });
                engine.inbox.push_back((finding, None));
            }
            return;
        }
        self.with(|engine, world| engine.drive(world, task));
    }

    /// Nothing fails any more, and everybody does what is sensible: the run must come to its end.
    pub fn calm(&mut self) {
        self.world.calm = true;
        {
            let mut platter = self.world.bench.platter();
            (platter.fuse, platter.fails) = (None, false);
        }
        self.world.link.down = [false; MACHINES];
        for _ in 0..2000 {
            if self.world.violation.is_some() {
                return;
            }
            let Some(engine) = &self.engine else {
                self.take_up();
                continue;
            };
            if engine.run.ending.is_some() {
                return;
            }
            if self.settle_down() {
                let stands = wanted(
                    &self
                        .engine
                        .as_ref()
                        .map_or_else(Run::default, |e| e.run.clone()),
                );
                if !stands.tasks.is_empty() {
                    let tasks = format!("it stands still with {:?}", stands.tasks);
                    self.world.violation.get_or_insert(tasks);
                    return;
                }
                let mut pressed = true;
                self.with(|engine, world| {
                    pressed = engine.press_on(world)?;
                    Ok(())
                });
                if !pressed {
                    let stuck = "nothing sensible moves it".to_owned();
                    self.world.violation.get_or_insert(stuck);
                }
            }
        }
        let endless = "it does not come to its end".to_owned();
        self.world.violation.get_or_insert(endless);
    }

    /// Moves everything that moves by itself once. True where nothing did.
    pub fn settle_down(&mut self) -> bool {
        let mut still = true;
        while !self.world.link.is_empty() {
            still = false;
            self.arrive();
        }
        for machine in 0..MACHINES {
            while self.world.machines[machine].is_busy() {
                still = false;
                self.work(machine);
                if self.world.violation.is_some() {
                    return true;
                }
            }
        }
        if !self.world.link.is_empty() {
            return false;
        }
        let Some(engine) = &self.engine else {
            return false;
        };
        if !engine.inbox.is_empty() {
            self.with(Engine::take);
            return false;
        }
        // Whoever still waits does so for what was lost on its way.
        if !engine.waits.is_empty() {
            self.give_up();
            return false;
        }
        let tasks: Vec<_> = engine.hands.keys().cloned().collect();
        for task in tasks {
            self.move_hand(&task);
        }
        let moved = |engine: &Engine| !engine.inbox.is_empty() || !engine.waits.is_empty();
        still && !self.engine.as_ref().is_some_and(moved)
    }
}

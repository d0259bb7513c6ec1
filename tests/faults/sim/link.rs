//! The link: what is on its way may be lost, come late, or come twice, and whoever waits may give up first.

use super::engine::Receipt;
use super::machine::{Verb, Word};
use super::made_up::Dice;

#[derive(Clone)]
pub struct Request {
    pub id: u64,
    pub machine: usize,
    pub verb: Verb,
    pub receipt: Option<Receipt>,
}

#[derive(Clone)]
pub enum Parcel {
    There(Request),
    Back { id: u64, word: Word },
}

#[derive(Default)]
pub struct Link {
    flying: Vec<Parcel>,
    last: u64,
    /// Machines that nothing reaches now.
    pub down: [bool; super::made_up::MACHINES],
}

impl Link {
    pub fn send(&mut self, machine: usize, verb: Verb, receipt: Option<Receipt>) -> u64 {
        self.last += 1;
        let id = self.last;
        self.flying.push(Parcel::There(Request {
            id,
            machine,
            verb,
            receipt,
        }));
        id
    }

    pub fn reply(&mut self, id: u64, word: Word) {
        self.flying.push(Parcel::Back { id, word });
    }

    pub fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }

    /// Takes something that arrives now, whatever was sent before it.
    pub fn arrival(&mut self, dice: &mut Dice, calm: bool) -> Option<Parcel> {
        if self.flying.is_empty() {
            return None;
        }
        let at = dice.below(self.flying.len());
        if calm {
            return Some(self.flying.remove(at));
        }
        if let Parcel::There(request) = &self.flying[at]
            && self.down[request.machine]
        {
            return None;
        }
        match dice.below(12) {
            0 => {
                self.flying.swap_remove(at);
                None
            }
            1 => Some(self.flying[at].clone()),
            _ => Some(self.flying.swap_remove(at)),
        }
    }
}

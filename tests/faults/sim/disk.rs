//! The bastion's disk: what was written and not synced is kept, lost or torn when the power goes.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use runsheet::journal::Disk;

use super::made_up::Dice;

/// The smallest piece a disk writes whole.
const SECTOR: usize = 512;

/// The disk with the journal on it. Clones are the same disk.
#[derive(Clone, Default)]
pub struct Bench(Arc<Mutex<Platter>>);

#[derive(Default)]
pub struct Platter {
    /// What survives anything.
    durable: Vec<u8>,
    /// What was written since the last sync.
    pending: Vec<u8>,
    /// The engine dies at the so-manieth point from here.
    pub fuse: Option<u32>,
    /// Whether the engine died.
    pub dead: bool,
    /// The next write or sync fails, and may or may not have been done.
    pub fails: bool,
    /// It says that it has kept what it has not: the flaw of a control.
    pub lies: bool,
    /// How often a tail was cut, for the summary.
    pub torn: u64,
}

impl Bench {
    pub fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap()
    }
}

impl Platter {
    /// A place where the engine may die. True when it does.
    pub fn dies_here(&mut self) -> bool {
        match self.fuse {
            Some(0) => self.dead = true,
            Some(left) => self.fuse = Some(left - 1),
            None => {}
        }
        self.dead
    }

    /// How many bytes would survive a power cut.
    pub fn safe(&self) -> usize {
        self.durable.len()
    }

    /// How many bytes there are, safe or not.
    pub fn length(&self) -> usize {
        self.durable.len() + self.pending.len()
    }

    /// The power goes: of what was not synced, some is kept, from the front or with a hole.
    pub fn power_cut(&mut self, dice: &mut Dice) {
        let begins = self.durable.len();
        let kept = match dice.below(4) {
            0 => 0,
            1 => self.pending.len(),
            _ => dice.below(self.pending.len() + 1),
        };
        self.durable.extend_from_slice(&self.pending[..kept]);
        self.pending.clear();
        if kept > 0 && dice.one_in(4) {
            // The file grew, and one of its sectors never came.
            let first = begins / SECTOR;
            let last = (self.durable.len() - 1) / SECTOR;
            let sector = first + dice.below(last - first + 1);
            let from = (sector * SECTOR).max(begins);
            let to = ((sector + 1) * SECTOR).min(self.durable.len());
            self.durable[from..to].fill(0);
        }
    }

    /// What a new engine reads; it syncs first, so that it believes only what is safe.
    pub fn reopen(&mut self) -> Vec<u8> {
        let pending = std::mem::take(&mut self.pending);
        self.durable.extend(pending);
        (self.dead, self.fails, self.fuse) = (false, false, None);
        self.durable.clone()
    }

    pub fn cut(&mut self, at: u64) {
        self.durable.truncate(at as usize);
        self.torn += 1;
    }
}

fn dead() -> io::Error {
    io::Error::other("the engine is dead")
}

fn failed() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

impl Disk for Bench {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut platter = self.platter();
        if platter.dies_here() {
            return Err(dead());
        }
        // Killed in the middle of a write, it has written some of it.
        let most = if platter.fuse == Some(0) || platter.fails {
            bytes.len().div_ceil(2)
        } else {
            bytes.len()
        };
        platter.pending.extend_from_slice(&bytes[..most]);
        Ok(most)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut platter = self.platter();
        if platter.dies_here() {
            return Err(dead());
        }
        if platter.fails {
            return Err(failed());
        }
        if !platter.lies {
            let pending = std::mem::take(&mut platter.pending);
            platter.durable.extend(pending);
        }
        Ok(())
    }
}

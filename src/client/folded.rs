//! The run as a client knows it.

use super::Update;
use crate::run::{Entry, Illegal, Run};

/// A run as this client knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Folded {
    /// The run.
    pub run: Run,
    /// Every entry, in order, for the journal's live tail.
    pub entries: Vec<Entry>,
    /// The head of the chain after the last entry, in hex; empty before the first.
    pub head: String,
}

impl Folded {
    /// Takes what an update says of the run; most say nothing of it. An entry that is here already is
    /// passed over.
    ///
    /// # Errors
    ///
    /// An entry that cannot follow: the engine and this client are not of the same version.
    pub fn take(&mut self, update: &Update) -> Result<(), Illegal> {
        let Update::Entry { entry, head } = update else {
            return Ok(());
        };
        if entry.seq < self.run.next_seq {
            return Ok(());
        }
        self.run.apply(entry)?;
        self.entries.push(Entry::clone(entry));
        self.head.clone_from(head);
        Ok(())
    }
}

//! Somebody attached to a run, over as many engines as it takes.

use tokio::sync::mpsc::Receiver;

use runsheet::client::{Attach, Client, Folded, Update};
use runsheet::run::{Intent, StepAt};

use super::rig::{PATIENCE, Rig};

/// Somebody attached who remembers everything they were told, over as many engines as it takes.
pub struct Witness {
    /// None once they have left.
    client: Option<Client>,
    updates: Receiver<Update>,
    pub folded: Folded,
    /// The heads of the entries they were told, in order.
    pub told: Vec<String>,
    /// The numbers of the entries that their wishes became.
    pub granted: Vec<u64>,
    pub connected: bool,
    /// What the engine said when it left for good.
    pub gone: Option<String>,
}

impl Witness {
    /// Attaches, and stays attached.
    pub fn of(rig: &Rig) -> Self {
        let (client, updates) = Client::connect(Attach {
            socket: rig.socket(),
            name: "ana".into(),
            watch: false,
        });
        Self {
            client: Some(client),
            updates,
            folded: Folded::default(),
            told: Vec::new(),
            granted: Vec::new(),
            connected: false,
            gone: None,
        }
    }

    /// Says what it wants, and gives the number that the answer will have.
    pub fn wish(&self, intent: Intent) -> u64 {
        self.client
            .as_ref()
            .expect("somebody attached")
            .wish(intent)
    }

    /// Goes, so that no engine waits for them. What they were told stays in their memory.
    pub fn leave(&mut self) {
        self.client = None;
        self.updates.close();
        self.connected = false;
    }

    /// Takes the next word; none where nothing more can come.
    pub async fn next(&mut self) -> Option<Update> {
        let update = self.updates.recv().await?;
        self.folded.take(&update).expect("an entry that follows");
        match &update {
            Update::Connected { .. } => self.connected = true,
            Update::Disconnected { why, last } => {
                self.connected = false;
                if *last {
                    self.gone = Some(why.clone());
                }
            }
            Update::Entry { head, .. } => self.told.push(head.clone()),
            Update::Granted { seq, .. } => self.granted.push(*seq),
            _ => {}
        }
        Some(update)
    }

    /// Listens until something is so.
    pub async fn until(&mut self, rig: &Rig, so: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !so(self) {
                if self.next().await.is_none() {
                    return false;
                }
            }
            true
        };
        let came = tokio::time::timeout(PATIENCE, waiting).await;
        let last: Vec<_> = self.folded.entries.iter().rev().take(5).collect();
        assert_eq!(
            came,
            Ok(true),
            "it never came; the last entries, backwards: {last:#?}\nthe engine's log:\n{}",
            rig.log()
        );
    }

    /// Says yes where a gate is open, and else writes something down; waits for the answer, or for the engine's end.
    pub async fn press(&mut self, text: &str) {
        let run = &self.folded.run;
        let gate = run.current().and_then(|number| {
            let state = &run.steps[number];
            let shown = state
                .shown
                .as_ref()
                .filter(|_| state.at == StepAt::AtGate)?;
            Some(Intent::Approve {
                step: run.planned(number)?.id.clone(),
                attempt: state.attempt,
                digest: shown.digest.clone(),
                typed: None,
            })
        });
        let note = Intent::Note {
            step: None,
            text: text.to_owned(),
        };
        let wish = self.wish(gate.unwrap_or(note));
        while let Some(update) = self.next().await {
            match update {
                Update::Granted { id, .. } | Update::Refused { id, .. } if id == wish => return,
                Update::Disconnected { .. } => return,
                _ => {}
            }
        }
    }

    /// Asks the proof of a stuck step again.
    pub fn prove_again(&mut self, number: usize) {
        let run = &self.folded.run;
        let step = run.planned(number).map(|planned| planned.id.clone());
        let (step, attempt) = (step.expect("a step"), run.steps[number].attempt);
        self.wish(Intent::ProveAgain { step, attempt });
    }

    /// Says yes to everything and ends the run once every step is settled. Gives whether it came to its end; it
    /// did not where the engine went before.
    pub async fn walk(&mut self) -> bool {
        let mut asked = false;
        // Before an engine answers, there is none to go.
        let mut was_there = self.connected;
        while self.folded.run.ending.is_none() {
            let number = self.folded.run.current();
            let open = number.is_some_and(|n| self.folded.run.steps[n].at == StepAt::AtGate);
            let settled = self.folded.run.plan.is_some() && number.is_none();
            if self.connected && open {
                self.press("").await;
                continue;
            }
            if self.connected && settled && !asked {
                asked = true;
                self.wish(Intent::End {
                    reason: String::new(),
                });
            }
            match self.next().await {
                None => break,
                Some(Update::Disconnected { .. }) if was_there => break,
                Some(_) => was_there |= self.connected,
            }
        }
        self.folded.run.ending.is_some()
    }

    /// Says yes until the step of that number is settled. It may take as long as it goes on: only a minute without
    /// a word, not even of its output, is too long.
    pub async fn walk_past(&mut self, rig: &Rig, number: usize) {
        loop {
            let state = self.folded.run.steps.get(number);
            if state.is_some_and(|state| state.is_settled()) {
                return;
            }
            if state.is_some_and(|state| state.at == StepAt::AtGate) {
                self.press("").await;
                continue;
            }
            let next = tokio::time::timeout(PATIENCE, self.next()).await;
            assert!(matches!(next, Ok(Some(_))), "{next:?}\n{}", rig.log());
        }
    }

    /// Walks to the end, which must come.
    pub async fn finish(&mut self, rig: &Rig) {
        let walking = async {
            // A connection to an engine that was killed as it came up may still be told of, and is passed over.
            while !self.walk().await {
                if self.gone.is_some() {
                    return false;
                }
            }
            true
        };
        let ended = tokio::time::timeout(PATIENCE, walking).await;
        assert_eq!(
            ended,
            Ok(true),
            "the run did not end: {:?}\n{}",
            self.folded.entries.last(),
            rig.log()
        );
    }

    /// Which told entries the journal does not have, or has otherwise: the first of them.
    pub fn lost(&self, rig: &Rig) -> Option<String> {
        let lines = rig.lines();
        for (number, head) in self.told.iter().enumerate() {
            match lines.get(number).and_then(|line| line.split(' ').next()) {
                Some(kept) if kept == head => {}
                Some(_) => return Some(format!("entry {number} is another than was told")),
                None => return Some(format!("entry {number} was told and is gone")),
            }
        }
        let granted = self.granted.iter().max().copied().unwrap_or(0);
        let kept = lines.len() as u64;
        (kept <= granted).then(|| format!("entry {granted} was granted, and there are {kept}"))
    }
}

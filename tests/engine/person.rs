//! Somebody attached to a run of a test.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;

use runsheet::client::{Attach, Client, Folded, Update};
use runsheet::names::{MachineName, StepId};
use runsheet::probe::Series;
use runsheet::run::{Event, Intent, Run, Stop};
use runsheet::wire::{Live, Typed};

use super::acts::step;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody attached.
pub struct Person {
    client: Client,
    updates: mpsc::Receiver<Update>,
    folded: Folded,
    number: u32,
}

impl Person {
    /// Attaches, and waits until the run says so.
    pub async fn attach(socket: PathBuf, name: &str) -> Self {
        let (client, updates) = Client::connect(Attach {
            socket,
            name: name.to_owned(),
            watch: false,
        });
        let mut person = Self {
            client,
            updates,
            folded: Folded::default(),
            number: 0,
        };
        while person.number == 0 || !person.run().present.contains_key(&person.number) {
            person.next().await;
        }
        person
    }

    pub fn run(&self) -> &Run {
        &self.folded.run
    }

    pub fn head(&self) -> String {
        self.folded.head.clone()
    }

    pub fn events(&self) -> Vec<Event> {
        self.folded
            .entries
            .iter()
            .map(|entry| entry.event.clone())
            .collect()
    }

    async fn next(&mut self) -> Update {
        let update = tokio::time::timeout(PATIENCE, self.updates.recv()).await;
        let update = update
            .unwrap_or_else(|_| panic!("nothing more came; last: {:?}", self.folded.entries.last()))
            .expect("the client has ended");
        self.folded.take(&update).unwrap();
        if let Update::Connected { client, .. } = &update {
            self.number = *client;
        }
        update
    }

    /// Reads on until the run is as wanted.
    pub async fn until(&mut self, so: impl Fn(&Run) -> bool) {
        while !so(self.run()) {
            self.next().await;
        }
    }

    /// The next word about a probe that is asked again: what was seen, and its numbers.
    pub async fn asked(&mut self) -> (String, Option<Series>) {
        loop {
            if let Update::Live(Live::Asked { seen, numbers, .. }) = self.next().await {
                return (seen, numbers);
            }
        }
    }

    /// Waits until a probe that is asked again has seen something with these words in it.
    pub async fn sees(&mut self, words: &str) -> Option<Series> {
        loop {
            let (seen, numbers) = self.asked().await;
            if seen.contains(words) {
                return numbers;
            }
        }
    }

    pub async fn wish(&mut self, intent: Intent) -> Result<u64, String> {
        let wish = self.client.wish(intent);
        loop {
            match self.next().await {
                Update::Granted { id, seq } if id == wish => {
                    assert!(
                        seq < self.run().next_seq,
                        "the entry comes before the answer"
                    );
                    return Ok(seq);
                }
                Update::Refused { id, why } if id == wish => return Err(why),
                _ => {}
            }
        }
    }

    /// Types to what runs on a terminal, and waits for the answer.
    pub async fn types(
        &mut self,
        at: (StepId, u32, MachineName),
        typed: Typed,
    ) -> Result<(), String> {
        let number = self.client.type_to(at, typed);
        loop {
            match self.next().await {
                Update::Passed { id } if id == number => return Ok(()),
                Update::Refused { id, why } if id == number => return Err(why),
                _ => {}
            }
        }
    }

    pub async fn approve(&mut self, id: &str) -> Result<u64, String> {
        let yes = self.yes(id);
        self.wish(yes).await
    }

    /// Says yes, and waits for no answer.
    pub fn press_yes(&mut self, id: &str) {
        let yes = self.yes(id);
        self.client.wish(yes);
    }

    fn yes(&self, id: &str) -> Intent {
        let (_, _, state) = self.run().step(&step(id)).unwrap();
        Intent::Approve {
            step: step(id),
            attempt: state.attempt,
            digest: state.shown.as_ref().unwrap().digest.clone(),
            typed: None,
        }
    }

    pub async fn stop(&mut self, id: &str, stop: Stop) -> Result<u64, String> {
        let attempt = self.run().step(&step(id)).unwrap().2.attempt;
        self.wish(Intent::Stop {
            step: step(id),
            attempt,
            stop,
        })
        .await
    }

    pub async fn read(&mut self, name: &str, from: u64, most: u32) -> Vec<u8> {
        self.client.read(name, from, most);
        loop {
            if let Update::Piece { file, bytes, .. } = self.next().await
                && file == name
            {
                return bytes;
            }
        }
    }

    pub async fn goodbye(&mut self) -> String {
        loop {
            if let Update::Disconnected { why, last: true } = self.next().await {
                return why;
            }
        }
    }
}

//! The screen in a real terminal, at any moment of the night, for eyes and for tmux:
//! `RUNSHEET_MOMENT=running cargo test --lib tui::tests::live -- --ignored --nocapture`.

use tokio::sync::mpsc;

use super::night::MOMENTS;
use super::stage::Stage;
use crate::client::Update;
use crate::names::{MachineName, StepId};
use crate::run::{Command, Intent};
use crate::tui::{Look, Options, Outgoing, run};
use crate::wire::Typed;

/// Plays the engine: what is wished and possible is written, and comes back as an entry.
struct Played {
    stage: Stage,
    updates: mpsc::Sender<Update>,
    wishes: u64,
}

impl Played {
    fn tell(&self, update: Update) {
        self.updates.try_send(update).unwrap();
    }
}

impl Outgoing for Played {
    fn wish(&mut self, intent: Intent) -> u64 {
        self.wishes += 1;
        let id = self.wishes;
        let who = self.stage.operator(1);
        match self.stage.happen(&Command::Wish { who, intent }) {
            Ok(seq) => {
                let entry = self.stage.app.folded.entries.last().cloned().unwrap();
                let head = self.stage.app.folded.head.clone();
                self.tell(Update::Entry {
                    entry: Box::new(entry),
                    head,
                });
                self.tell(Update::Granted { id, seq });
            }
            Err(why) => self.tell(Update::Refused { id, why }),
        }
        id
    }

    fn type_to(&mut self, _: (StepId, u32, MachineName), typed: Typed) {
        self.stage.typed.push(typed);
    }

    fn read(&mut self, file: &str, offset: u64, most: u32) {
        let all = self.stage.files.get(file).cloned().unwrap_or_default();
        let from = usize::try_from(offset).unwrap().min(all.len());
        let to = (from + most as usize).min(all.len());
        let (bytes, length) = (all[from..to].to_vec(), all.len() as u64);
        self.tell(Update::Piece {
            file: file.into(),
            offset,
            bytes,
            length,
        });
    }
}

#[tokio::test]
#[ignore = "takes the terminal; for looking at it"]
async fn look_at_a_moment() {
    let wanted = std::env::var("RUNSHEET_MOMENT").unwrap_or_else(|_| "gate".into());
    let make = MOMENTS.iter().find(|(name, _)| *name == wanted).unwrap().1;
    let stage = make(Look::from_env(|name| std::env::var(name).ok()));
    let (updates, heard) = mpsc::channel(10_000);
    let options = Options {
        clock: crate::clock::Clock::system(),
        ..stage.app.options.clone()
    };
    let mut played = Played {
        stage,
        updates,
        wishes: 0,
    };
    let folded = played.stage.app.folded.clone();
    played.tell(Update::Connected {
        run: folded.run.id.clone().unwrap(),
        client: 1,
        now: folded.run.latest_at.unwrap(),
        caught_up_at: folded.run.next_seq,
    });
    for entry in folded.entries {
        played.tell(Update::Entry {
            entry: Box::new(entry),
            head: folded.head.clone(),
        });
    }
    for (file, (length, progress)) in played.stage.app.growing.clone() {
        let (step, attempt) = played.stage.turn();
        let lane = super::stage::machine("source");
        played.tell(Update::Live(crate::wire::Live::Grew {
            step,
            attempt,
            lane,
            leg: 0,
            file,
            length,
            progress,
        }));
    }
    let left = run(heard, &mut played, options).await.unwrap();
    println!("left: {left:?}");
}

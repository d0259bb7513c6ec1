//! What the client tells, taken into the screen's state.

use crate::client::Update;
use crate::names::StepId;
use crate::run::{Asked, Entry, Event, Way};
use crate::runbook::Downtime;
use crate::wire::Live;

use super::app::{App, Connection, Now, Waiting};
use super::clean;
use super::dialog::Purpose;
use super::how::Hands;
use super::look::Tone;
use super::standing::Standing;

impl App {
    /// Takes what the client tells.
    pub(super) fn take(&mut self, update: Update, now: Now) {
        let had = self.keyboard().is_some();
        self.hear(update, now);
        self.unsay();
        self.hands_changed(had, now.since);
    }

    fn hear(&mut self, update: Update, now: Now) {
        self.standing.silent = None;
        match update {
            Update::Connected {
                client,
                now: theirs,
                caught_up_at,
                ..
            } => {
                self.ahead = theirs.as_second() - now.wall.as_second();
                self.connection = Connection::Up {
                    client,
                    caught_up_at,
                };
                self.message = None;
            }
            Update::Disconnected { why, last } => {
                let since = match &self.connection {
                    Connection::Lost { since, .. } => *since,
                    Connection::Never | Connection::Up { .. } => self.wall(now),
                };
                self.connection = Connection::Lost {
                    why: clean::line(&why),
                    last,
                    since,
                };
                self.busy.clear();
                self.peeked.clear();
                self.standing = Standing::default();
                if let Some(output) = &mut self.output {
                    output.forget_asked();
                }
                if let Some(search) = &mut self.search {
                    search.forget_asked();
                }
                if let Some(pending) = self.pending.take() {
                    self.keep(pending.draft);
                    self.say(
                        "the line was lost before an answer came; the record will tell",
                        Tone::Care,
                    );
                }
            }
            Update::Entry { entry, head } => self.entry(*entry, head),
            Update::Granted { id, .. } => {
                let granted = self.pending.take_if(|pending| pending.id == Some(id));
                if let Some((Purpose::Note { .. }, _)) = granted.and_then(|wish| wish.draft) {
                    self.say("the note is in the record", Tone::Good);
                }
            }
            Update::Refused { id, why } => {
                if let Some(pending) = self.pending.take_if(|pending| pending.id == Some(id)) {
                    self.keep(pending.draft);
                }
                self.say(&format!("refused: {}", clean::line(&why)), Tone::Care);
            }
            // What the program makes of it is seen in what it prints.
            Update::Passed { .. } => {}
            Update::Live(live) => self.live_word(live),
            Update::Silent { pid } => self.standing.silent = Some(pid),
            Update::Piece {
                file,
                offset,
                bytes,
                length,
            } => {
                self.found_output(&file, length);
                self.searched(&file, offset, &bytes, length);
                if let Some(output) = self.output.as_mut().filter(|output| output.file == file) {
                    output.take(offset, &bytes, length);
                    output.watch(now.since);
                }
            }
        }
    }

    fn entry(&mut self, entry: Entry, head: String) {
        let run = &mut self.folded.run;
        if entry.seq < run.next_seq || self.broken.is_some() {
            return;
        }
        if let Err(illegal) = run.apply(&entry) {
            self.broken = Some(format!("this screen cannot follow the run: {illegal}"));
            return;
        }
        match &entry.event {
            Event::UnknownSettled { step, .. } => {
                self.looked.remove(step);
            }
            Event::LegStarted { step, .. } => {
                let starts = run.step(step).is_some_and(|(_, planned, state)| {
                    planned.downtime == Some(Downtime::Starts) && state.way == Way::Forward
                });
                if starts {
                    self.down_since.entry(step.clone()).or_insert(entry.at);
                }
            }
            Event::ProofAnswered {
                step,
                asked: Asked::Look,
                ..
            } => {
                self.looked.insert(step.clone());
            }
            Event::StepReached { step, .. }
            | Event::LegEnded { step, .. }
            | Event::ProofReopened { step, .. }
            | Event::ProofAnswered { step, .. } => {
                self.asked.retain(|(known, _, _), _| known != step);
                self.looked.remove(step);
            }
            _ => {}
        }
        let touched = |step: &StepId| run.step(step).is_some_and(|(_, _, state)| state.touched);
        self.down_since.retain(|step, _| touched(step));
        self.attempts.take(&entry);
        self.folded.entries.push(entry);
        self.folded.head = head;
        let turn = self
            .current()
            .map(|(number, _, state)| (number, state.attempt));
        if turn != self.last_turn {
            let same_step = turn.map(|turn| turn.0) == self.last_turn.map(|turn| turn.0);
            self.last_turn = turn;
            self.field_left = self.hands == Hands::Lines;
            if self.selected.is_none() {
                self.scroll = 0;
                // Who reads an earlier attempt goes on reading.
                if self.attempt.is_none() || !same_step {
                    self.chosen = None;
                    self.attempt = None;
                }
            }
        }
    }

    fn live_word(&mut self, live: Live) {
        let Some(live) = self.standing.take(live) else {
            return;
        };
        match live {
            // These stand, and were taken before.
            Live::Unsaved { .. }
            | Live::Saved
            | Live::Full { .. }
            | Live::Room
            | Live::EndsAtLogout => {}
            Live::Grew {
                file,
                length,
                progress,
                ..
            } => {
                self.growing.insert(file, (length, progress));
            }
            Live::Sized {
                file,
                rows,
                columns,
            } => {
                self.board.sizes.insert(file, (rows, columns));
            }
            Live::Asked {
                step,
                lane,
                proof,
                seen,
                times,
                until,
                numbers,
            } => {
                let waiting = Waiting {
                    seen: clean::line(&seen),
                    times,
                    until,
                    numbers,
                };
                self.asked.insert((step, lane, proof), waiting);
            }
            Live::Busy {
                machine,
                doing,
                next_try,
            } => {
                self.busy.insert(machine, (clean::line(&doing), next_try));
            }
            Live::Idle { machine } => {
                self.busy.remove(&machine);
            }
            Live::Poisoned { why } => {
                self.broken = Some(format!("the engine cannot go on: {why}"));
            }
        }
    }
}

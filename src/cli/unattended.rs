//! `runsheet run --unattended`: walks a run by an answers file.
//!
//! It is a client like any other, and the engine refuses it what it would refuse a person. `next` is the whole
//! of its judgement, and it never guesses: what the file does not answer ends the walk, and leaves the run to be
//! attached to by somebody who can.

mod armed;
mod evidence;
mod lines;
mod next;
mod standing;

use std::time::Duration;

use anyhow::Context;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::answers::Answers;
use super::attach;
use super::exit::Exit;
use super::pick;
use super::say::Say;
use crate::client::{Attach, Client, Folded, Update};
use crate::names::{RunId, StepId};
use crate::paths::Paths;
use crate::run::{Intent, LaneAt, Run};
use crate::wire::Live;

use next::{Block, Next, next};
use standing::Standing;

/// How long an engine that went may be away, in case somebody takes the run up again. Nobody looks at an
/// unattended walk, so it must not wait for ever.
const AWAY: Duration = Duration::from_secs(10);

/// Walks a run to its end, or to where the answers end.
pub(super) fn walk(
    paths: &Paths,
    run: &RunId,
    (name, answers): (&str, &Answers),
    end_when_stuck: bool,
    say: &Say,
) -> anyhow::Result<Exit> {
    let attach = Attach {
        socket: paths.socket(run)?,
        name: attach::name(Some(name))?,
        watch: false,
    };
    say.answer(&format!("run {run}\n"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let walked = runtime.block_on(async {
        let (client, updates) = Client::connect(attach);
        let mut walk = Walk {
            client,
            updates,
            folded: Folded::default(),
            answers,
            say,
            caught_up_at: None,
            open: None,
            refused: None,
            lost_at: None,
            standing: Standing::default(),
        };
        let mut walked = walk.go_on().await?;
        if let (Walked::Blocked(block), true) = (&mut walked, end_when_stuck) {
            walk.end(block).await?;
        }
        anyhow::Ok(walked)
    })?;
    match walked {
        Walked::Ended(head) => {
            say.answer(&format!("head {head}\n"))?;
            Ok(pick::exit_of(&pick::fold(paths, run)?))
        }
        Walked::Blocked(block) => {
            evidence::show(paths, run, &block, say)?;
            say.talk(&block.why);
            if let Some(hint) = &block.hint {
                say.talk(&format!("hint: {hint}"));
            }
            if let Some(key) = &block.add {
                say.talk(&format!(
                    "to go on here without a person, add to the answers: {key}"
                ));
            }
            let ended = pick::fold(paths, run)?.ending.is_some();
            say.talk(&match ended {
                true => format!("the run was ended; `runsheet report {run}` writes its report"),
                false => {
                    format!("the run stays as it is; `runsheet attach {run}` goes on from here")
                }
            });
            Ok(block.exit)
        }
        Walked::Gone(why) => {
            say.talk(&format!("the engine has gone: {why}"));
            let folded = pick::fold(paths, run)?;
            let under_way = under_way(&folded);
            if let Some(step) = under_way {
                say.talk(&format!(
                    "step {step} was under way; its machine keeps a receipt of how it ends"
                ));
            }
            say.talk(&format!(
                "nothing is lost, and nothing runs twice: `runsheet attach {run}` starts another engine and goes on from here"
            ));
            Ok(match under_way {
                Some(_) => Exit::Unknown,
                None => Exit::Problems,
            })
        }
    }
}

/// The step that runs on some machine, where one does.
fn under_way(run: &Run) -> Option<&StepId> {
    let place = run.current()?;
    let lanes = &run.steps.get(place)?.lanes;
    let runs = lanes
        .iter()
        .any(|lane| lane.taking_part && matches!(lane.at, LaneAt::Running { .. }));
    Some(&run.planned(place).filter(|_| runs)?.id)
}

/// How a walk came out.
enum Walked {
    /// The run has ended, with this head.
    Ended(String),
    /// A person has to decide.
    Blocked(Block),
    /// There is no engine any more, for this reason.
    Gone(String),
}

/// What there is to do after hearing.
enum Heard {
    /// Go on.
    More,
    /// There is no engine any more, for this reason.
    Gone(String),
}

/// A wish that was sent.
struct Open {
    id: u64,
    intent: Intent,
    /// The entry it became; none before the answer.
    became: Option<u64>,
}

struct Walk<'w> {
    client: Client,
    updates: mpsc::Receiver<Update>,
    folded: Folded,
    answers: &'w Answers,
    say: &'w Say,
    caught_up_at: Option<u64>,
    open: Option<Open>,
    /// The last wish that was refused, with the number of entries there were.
    refused: Option<(Intent, u64, String)>,
    /// Since when and why there is no connection.
    lost_at: Option<(Instant, String)>,
    standing: Standing,
}

impl Walk<'_> {
    async fn go_on(&mut self) -> anyhow::Result<Walked> {
        loop {
            if self.folded.run.ending.is_some() {
                return Ok(Walked::Ended(self.folded.head.clone()));
            }
            if let Some(block) = self.standing.block(&self.folded.run) {
                return Ok(Walked::Blocked(block));
            }
            if self.may_judge() {
                match next(&self.folded.run, self.answers) {
                    Next::Wait => {}
                    Next::Blocked(block) => return Ok(Walked::Blocked(block)),
                    Next::Wish(intent) => {
                        if let Some(block) = self.wish(intent) {
                            return Ok(Walked::Blocked(block));
                        }
                    }
                }
            }
            if let Heard::Gone(why) = self.hear().await? {
                return Ok(Walked::Gone(why));
            }
        }
    }

    /// Whether what is folded is all there is, and no wish of ours is under way.
    fn may_judge(&self) -> bool {
        let next_seq = self.folded.run.next_seq;
        let caught_up = self.caught_up_at.is_some_and(|seq| next_seq >= seq);
        let settled = match &self.open {
            None => true,
            Some(open) => open.became.is_some_and(|seq| next_seq > seq),
        };
        caught_up && settled && !self.standing.is_full()
    }

    /// Sends a wish; one that was refused just now, and nothing happened since, blocks the walk.
    fn wish(&mut self, intent: Intent) -> Option<Block> {
        if let Some((refused, seq, why)) = &self.refused
            && *refused == intent
            && *seq == self.folded.run.next_seq
        {
            return Some(next::refused(&self.folded.run, why));
        }
        self.open = Some(Open {
            id: self.client.wish(intent.clone()),
            intent,
            became: None,
        });
        None
    }

    async fn hear(&mut self) -> anyhow::Result<Heard> {
        let heard = match &self.lost_at {
            None => match self.standing.heard(self.updates.recv()).await {
                Some(heard) => heard,
                None => return Ok(Heard::More),
            },
            Some((since, why)) => match timeout_at(*since + AWAY, self.updates.recv()).await {
                Ok(heard) => heard,
                Err(_) => return Ok(Heard::Gone(why.clone())),
            },
        };
        let Some(update) = heard else {
            return Ok(Heard::Gone("it closed the connection".to_owned()));
        };
        if let Update::Entry { entry, .. } = &update
            && entry.seq >= self.folded.run.next_seq
        {
            let line = lines::line(entry, &self.folded.run);
            self.say.answer(&line)?;
            let before = armed::Before::of(entry, &self.folded.run);
            self.folded.take(&update)?;
            for line in before.lines(entry, &self.folded.run) {
                self.say.answer(&line)?;
            }
        } else {
            self.folded.take(&update)?;
        }
        match update {
            Update::Connected { caught_up_at, .. } => {
                self.caught_up_at = Some(caught_up_at);
                self.lost_at = None;
            }
            // Nothing is typed here.
            Update::Passed { .. } => {}
            Update::Disconnected { why, last } if self.folded.run.ending.is_none() => {
                if last {
                    return Ok(Heard::Gone(why));
                }
                self.caught_up_at = None;
                self.standing = Standing::default();
                self.say.talk(&format!("not connected: {why}"));
                let since = self
                    .lost_at
                    .take()
                    .map_or_else(Instant::now, |(since, _)| since);
                self.lost_at = Some((since, why));
            }
            Update::Disconnected { .. } => self.caught_up_at = None,
            Update::Granted { id, seq } => {
                if let Some(open) = self.open.as_mut().filter(|open| open.id == id) {
                    open.became = Some(seq);
                }
            }
            Update::Refused { id, why } => {
                if self.open.as_ref().is_some_and(|open| open.id == id)
                    && let Some(open) = self.open.take()
                {
                    self.refused = Some((open.intent, self.folded.run.next_seq, why));
                }
            }
            Update::Live(live) => {
                if let Some(line) = self.standing.take(&live) {
                    self.say.talk(&line);
                }
                if live == Live::Room {
                    // What was refused for want of room is worth another try.
                    self.refused = None;
                }
            }
            Update::Silent { pid } => self.say.talk(&standing::silent(pid)),
            Update::Entry { .. } | Update::Piece { .. } => {}
        }
        Ok(Heard::More)
    }

    /// Ends the run where it stands.
    async fn end(&mut self, block: &mut Block) -> anyhow::Result<()> {
        let reason = format!("unattended, and stuck: {}", block.why);
        let id = self.client.wish(Intent::End {
            reason: reason.clone(),
        });
        self.open = Some(Open {
            id,
            intent: Intent::End { reason },
            became: None,
        });
        while self.folded.run.ending.is_none() {
            let gone = match self.hear().await? {
                Heard::Gone(why) => Some(why),
                Heard::More => None,
            };
            if gone.is_some() || self.open.is_none() {
                let refused = || Some(self.refused.as_ref()?.2.clone());
                let why = gone.or_else(refused).unwrap_or_default();
                block
                    .why
                    .push_str(&format!("; the run could not be ended: {why}"));
                return Ok(());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(in crate::cli) mod tests {
    pub(in crate::cli) use super::next::tests::plan;
}

//! Plays one cell of the table: an engine that dies, a machine that something befalls, an engine that comes back.

use runsheet::run::{Event, Intent, LaneOutcome, Run, StepAt, Stop, Stuck, Token};
use runsheet::transport::{self, Claim, Held, Host, LinkTrouble, Nonce, Reply, Scripted};

use super::mortal::{Left, Mortal};
use super::{Must, Point, State};
use crate::acts::{Act, Step, step};
use crate::person::{PATIENCE, Person};
use crate::stage::{Stage, eventually};

/// What the command prints, and how much of it before it pauses.
const WHOLE: &[u8] = b"0123456789";
const FIRST: usize = 4;

/// What is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// The machine forgets what it started, and says that it has no such token.
    Forgets,
    /// The machine gives another exit code than the command's.
    OtherCode,
    /// The disk loses a start that it said was safe, and all after it.
    LyingDisk,
}

/// One cell.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    pub point: Point,
    pub state: State,
    pub must: Must,
    pub flaw: Flaw,
}

impl Cell {
    /// The code that the command ends with, if it is let.
    fn code(self) -> i32 {
        match self.state {
            State::Done(code) => code,
            _ => 0,
        }
    }

    fn machine(self) -> Scripted {
        let code = match self.flaw {
            Flaw::OtherCode => self.code() + 1,
            _ => self.code(),
        };
        let reply = Reply::exit(code).stdout(WHOLE);
        let slow = || reply.clone().until_signalled().pauses(FIRST);
        let reply = match self.point {
            Point::Sent => slow().held(Held::OnTheWay),
            Point::Claimed => slow().held(Held::Claimed),
            point if point.is_before_the_end() => slow(),
            _ => reply,
        };
        crate::scripted().on("do it", reply)
    }

    fn death(self) -> Option<(&'static str, Left)> {
        let (started, ended) = ("leg-started", "leg-ended");
        match self.point {
            _ if self.flaw == Flaw::LyingDisk => Some((started, Left::Swallowed)),
            Point::StartUnwritten => Some((started, Left::Unwritten)),
            Point::StartLost => Some((started, Left::Lost)),
            Point::StartTorn => Some((started, Left::Torn)),
            Point::StartKept => Some((started, Left::Kept)),
            Point::Unsent => Some((started, Left::Synced)),
            Point::Sent | Point::Claimed | Point::Running => None,
            Point::Ended => Some((ended, Left::Unwritten)),
            Point::EndLost => Some((ended, Left::Lost)),
            Point::EndTorn => Some((ended, Left::Torn)),
            Point::EndKept => Some((ended, Left::Kept)),
            Point::Unforgotten => Some((ended, Left::Synced)),
            Point::Forgotten => None,
        }
    }

    /// Plays it, and says what was not as the table has it.
    pub async fn play(self) -> Result<(), String> {
        let played = tokio::time::timeout(3 * PATIENCE, self.play_on()).await;
        played.unwrap_or_else(|_| Err("it never came to rest".to_owned()))
    }

    async fn play_on(self) -> Result<(), String> {
        let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
        let machine = self.machine();
        self.die(&stage, &machine).await;
        self.befall(&stage, &machine).await;

        let sent = machine.sent();
        let engine = stage.start(&machine);
        let mut ben = stage.attach("ben").await;
        self.come_back(&stage, &machine, &mut ben).await?;
        let sent = machine.sent() - sent;
        let judged = self.judge(&stage, &machine, &mut ben, sent).await;
        drop(ben);
        engine.kill().await;
        judged?;
        let verdict = runsheet::journal::verify_folder(&stage.folder(), None);
        match verdict {
            Ok(verdict) if verdict.is_ok() => Ok(()),
            other => Err(format!("the record is not whole: {other:?}")),
        }
    }

    /// The first engine, to its death.
    async fn die(self, stage: &Stage, machine: &Scripted) {
        let host = Host::scripted("m", machine.clone());
        let engine = stage.start_with(host, |file| Mortal::on(file, self.death()));
        let mut ana = stage.attach("ana").await;
        ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
        // Its answer may die with the engine.
        ana.press_yes("first");
        match self.point {
            Point::Sent | Point::Claimed => eventually(|| machine.held() == 1).await,
            Point::Running => eventually(|| kept(stage).len() == FIRST).await,
            Point::Forgotten => eventually(|| machine.forgotten() == 1).await,
            _ => return engine.dies().await,
        }
        engine.kill().await;
    }

    /// What comes over the machine while there is no engine.
    async fn befall(self, stage: &Stage, machine: &Scripted) {
        match self.state {
            State::Nothing if self.point == Point::Forgotten => machine.sweep(),
            State::Nothing => {}
            State::Running => machine.go_on(),
            State::Done(_) => {
                machine.go_on();
                machine.finish();
            }
            State::Revoked if self.point == Point::Claimed => machine.lose_keepers(),
            State::Revoked => {
                let host = Host::scripted("m", machine.clone());
                host.revoke(&claim(stage)).await.unwrap();
            }
            State::Lost => {
                machine.go_on();
                machine.lose_keepers();
            }
            State::Wiped => machine.wipe(),
            State::Restarted => machine.restart(),
            State::PowerCut => machine.lose_power(),
            State::Away | State::Stopped => machine.down(Some(LinkTrouble::Unreachable)),
            State::Hung => machine.hang(true),
            State::KeyChanged => machine.down(Some(LinkTrouble::HostKeyChanged)),
        }
        if self.flaw == Flaw::Forgets {
            machine.forget();
        }
    }

    /// Sees the second engine to where it has nothing more to do by itself.
    async fn come_back(
        self,
        stage: &Stage,
        machine: &Scripted,
        ben: &mut Person,
    ) -> Result<(), String> {
        let is_kept = matches!(self.must, Must::Keep);
        match self.state {
            State::Away if !is_kept => {
                ben.until(|run| !run.links.is_empty()).await;
                // A start that is still on its way when the link is back comes after the next one.
                if self.point == Point::Claimed {
                    machine.go_on();
                }
                machine.down(None);
            }
            State::Stopped | State::Hung if is_kept => {
                let refused = ben.stop("first", Stop::Ask).await.err();
                refused.ok_or("a stop of what has ended was granted")?;
            }
            State::Stopped => {
                ben.until(|run| !run.links.is_empty()).await;
                ben.stop("first", Stop::Ask).await.unwrap();
                ben.until(|run| matches!(run.steps[0].at, StepAt::Stuck { .. }))
                    .await;
                let unknown = is_unknown(ben.run());
                if unknown != self.point.is_on_record() {
                    return Err(format!("stopped while away: {:?}", ben.run().steps[0].at));
                }
                machine.down(None);
            }
            State::Hung => {
                let at = match self.point.is_on_record() {
                    true => StepAt::Running,
                    false => StepAt::Cleared,
                };
                ben.until(|run| run.steps[0].at == at).await;
                ben.stop("first", Stop::Ask).await.unwrap();
                machine.hang(false);
            }
            _ => {}
        }
        let goes_on = matches!(self.must, Must::Start | Must::Record);
        if goes_on && self.point.is_before_the_end() && !matches!(self.state, State::Done(_)) {
            // Followed while it runs, from the byte where the first engine stopped.
            eventually(|| kept(stage).len() == FIRST).await;
            machine.grow(3);
            eventually(|| kept(stage).len() == FIRST + 3).await;
            machine.finish();
        }
        let waits = self.state == State::Stopped;
        ben.until(|run| match &run.steps[0].at {
            StepAt::Done { .. } => true,
            // What a machine says late comes by itself.
            StepAt::Stuck { .. } => !waits || !is_unknown(run),
            _ => false,
        })
        .await;
        Ok(())
    }

    /// Holds what came to the table.
    async fn judge(
        self,
        stage: &Stage,
        machine: &Scripted,
        ben: &mut Person,
        sent: usize,
    ) -> Result<(), String> {
        let is = |so: bool, what: &str| match so {
            true => Ok(()),
            false => Err(format!("{what}: {:?}", ben.run().steps[0].at)),
        };
        let events = ben.events();
        let ran = machine.ran().len();
        let (mut starts, mut unknowns, mut ends) = (0, 0, Vec::new());
        let mut back = false;
        for event in &events {
            match event {
                Event::EngineStarted { epoch, .. } => back = *epoch == 2,
                Event::LegStarted { .. } => starts += 1,
                Event::LegUnknown { .. } => unknowns += 1,
                Event::LegEnded { outcome, .. } => ends.push((outcome.clone(), back)),
                _ => {}
            }
        }
        is(ran <= 1, &format!("the command ran {ran} times"))?;
        let again = usize::from(self.must == Must::Start);
        is(
            sent == again,
            &format!("the engine that came back sent {sent} starts"),
        )?;
        is(starts <= 1, &format!("{starts} starts are on record"))?;
        let code = match self.must {
            Must::Stop => 143,
            _ => self.code(),
        };
        let ended = match code {
            0 => LaneOutcome::Succeeded { code },
            _ => LaneOutcome::Failed { code },
        };
        let so_many = |wanted: usize| is(ran == wanted, &format!("the command ran {ran} times"));
        match self.must {
            Must::Never(why) => return Err(format!("played, and is impossible: {why}")),
            Must::Start | Must::Record | Must::Stop | Must::Keep => {
                let by_this = self.must != Must::Keep;
                let one = [(ended, by_this)];
                is(
                    ends == one,
                    &format!("{one:?} was to be recorded, and {ends:?} is"),
                )?;
                so_many(1)?;
                let printed = match self.must {
                    Must::Stop => &WHOLE[..FIRST],
                    _ => WHOLE,
                };
                is(kept(stage) == printed, "not all that it printed is kept")?;
                let done = matches!(ben.run().steps[0].at, StepAt::Done { .. });
                is(done == (code == 0), "not where its code leads")?;
                if self.keeps_its_receipt() {
                    eventually(|| machine.forgotten() == 1).await;
                }
            }
            Must::Unknown(_) => {
                is(is_unknown(ben.run()), "not unknown")?;
                is(
                    ends.is_empty(),
                    &format!("it is on record that it ended: {ends:?}"),
                )?;
                is(unknowns == 1, &format!("{unknowns} times unknown"))?;
                is(
                    WHOLE.starts_with(&kept(stage)),
                    "something else is kept than it printed",
                )?;
                if ben.wish(retry()).await.is_ok() {
                    return Err("it could be done again without a decision".to_owned());
                }
            }
            Must::Offer => {
                let not_run =
                    |end: &(LaneOutcome, bool)| matches!(end, (LaneOutcome::NotRun { .. }, true));
                let recorded = usize::from(starts == 1);
                let so = ends.len() == recorded && ends.iter().all(not_run);
                is(so, &format!("nothing ran, and {ends:?} is recorded"))?;
                so_many(0)?;
                machine.down(None);
                ben.wish(retry()).await?;
                ben.until(|run| run.steps[0].at == StepAt::AtGate && run.steps[0].attempt == 2)
                    .await;
            }
        }
        // A start that was on its way all the time arrives now.
        machine.go_on();
        let (ran, wanted) = (machine.ran().len(), self.must.ran());
        match ran == wanted {
            true => Ok(()),
            false => Err(format!(
                "in the end the command ran {ran} times, not {wanted}"
            )),
        }
    }

    /// Whether the machine could be told that the end is on record.
    fn keeps_its_receipt(self) -> bool {
        let lost = [State::Wiped, State::PowerCut, State::KeyChanged];
        let swept = self.point == Point::Forgotten && self.state == State::Nothing;
        let away = self.must == Must::Keep
            && matches!(self.state, State::Away | State::Stopped | State::Hung);
        !(lost.contains(&self.state) || swept || away)
    }
}

fn is_unknown(run: &Run) -> bool {
    let unknown = StepAt::Stuck {
        why: Stuck::Unknown,
    };
    run.steps[0].at == unknown
}

fn retry() -> Intent {
    Intent::Retry {
        step: step("first"),
        attempt: 1,
    }
}

/// What of the command's output is in the run's folder.
fn kept(stage: &Stage) -> Vec<u8> {
    std::fs::read(stage.folder().join("output/first.1.m.0")).unwrap_or_default()
}

/// The claim of the start that is on record, as its journal has it.
fn claim(stage: &Stage) -> Claim {
    let journal = std::fs::read_to_string(stage.folder().join("journal")).unwrap();
    let event = |line: &str| {
        let entry: runsheet::run::Entry = serde_json::from_str(line.split_once(' ')?.1).ok()?;
        match entry.event {
            Event::LegStarted { token, spool, .. } => Some((token, spool?)),
            _ => None,
        }
    };
    let (Token(token), spool) = journal.lines().find_map(event).expect("a start on record");
    let token = transport::Token::new(token).unwrap();
    Claim::new(token, Nonce::new(spool).unwrap())
}

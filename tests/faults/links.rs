//! Links that go while steps run: nothing runs twice, no exit status is wrong, and no byte of an output is lost.
//!
//! The program itself, an sshd of our own, and between them something that breaks on demand.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

use runsheet::run::{Event, LaneOutcome, StepAt, Stuck};
use runsheet::runbook::Binding;

use super::dice::{Dice, seed};
use super::proxy::Proxy;
use super::rig::{Rig, Which};
use super::size::{is_torture, told, tries};
use super::sshd::Sshd;
use super::witness::Witness;

/// How long until the operators must know, in the promise of `docs/reliability.md`.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

/// How the commands end, in turn. The last is what a shell says of one that SIGKILL ended.
const CODES: [i32; 4] = [0, 7, 255, 137];

/// What a step prints: so many pieces, with a pause after each, of so many lines.
const PIECES: usize = 20;
const LINES: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Break {
    /// SIGKILL to the client that a step goes through.
    ClientKilled,
    /// SIGKILL to the one that holds the connection.
    MasterKilled,
    /// A reset of the connection, to both sides.
    Reset,
    /// Everything vanishes, and comes late.
    BlackHole,
    /// A reset in the middle of what the client sends, from the start of the step on.
    CutShort,
}

/// In turn; of eight, one takes the time of a keepalive.
const BREAKS: [Break; 8] = [
    Break::BlackHole,
    Break::Reset,
    Break::ClientKilled,
    Break::CutShort,
    Break::MasterKilled,
    Break::Reset,
    Break::ClientKilled,
    Break::CutShort,
];

fn step_id(number: usize) -> String {
    format!("s{number}")
}

fn code(number: usize) -> i32 {
    CODES[number % CODES.len()]
}

/// The text of a step: it counts itself, prints, and ends as it should.
fn shell(number: usize) -> String {
    let ending = match code(number) {
        137 => "kill -s KILL $$".to_owned(),
        code => format!("exit {code}"),
    };
    format!(
        "echo {id} >>COUNT; i=0; while [ $i -lt {PIECES} ]; do \
         seq -f '{id} %.0f of what must not be lost' $((i * {LINES} + 1)) $((i * {LINES} + {LINES})); \
         i=$((i + 1)); sleep 0.07; done; {ending}",
        id = step_id(number)
    )
}

/// What it must have printed, made here without it.
fn printed(number: usize) -> String {
    (1..=PIECES * LINES)
        .map(|line| format!("{} {line} of what must not be lost\n", step_id(number)))
        .collect()
}

/// What came of the breaks of one kind.
#[derive(Debug, Default, Clone)]
struct Came {
    /// How often it was done.
    done: u64,
    /// How often the operators were told of a lost link. Not each time: a step may end before that.
    noticed: u64,
    /// How often a proof had to be asked again by the operator.
    asked_again: u64,
    /// The longest time from the break to that.
    longest: Duration,
}

/// One run behind one link.
struct Play {
    sshd: Sshd,
    proxy: Proxy,
    rig: Rig,
    ana: Witness,
    engine: std::process::Child,
    steps: usize,
}

impl Drop for Play {
    fn drop(&mut self) {
        // One that ended by itself says so.
        let _ = self.engine.kill();
        let _ = self.engine.wait();
    }
}

impl Play {
    /// None, and a word about it, where there is no sshd.
    async fn new(steps: usize) -> Option<Self> {
        let sshd = Sshd::start()?;
        let proxy = Proxy::to(sshd.port).await.expect("a port");
        sshd.know("host", proxy.port);
        sshd.come_as("user", proxy.port);
        let binding = Binding::Ssh {
            destination: "lab".into(),
            user: None,
            port: None,
            identity: None,
            config: Some(sshd.at("ssh_config")),
            jump: Vec::new(),
            address: Some("127.0.0.1".into()),
            expect: Box::default(),
        };
        let texts: Vec<(String, String)> = (0..steps).map(|n| (step_id(n), shell(n))).collect();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(id, text)| (&**id, &**text)).collect();
        let rig = Rig::on(binding, "[0, 7, 137, 255]", &texts);
        let engine = rig.start(Which::Real);
        let mut ana = Witness::of(&rig);
        ana.until(&rig, |ana| ana.connected).await;
        Some(Self {
            sshd,
            proxy,
            rig,
            ana,
            engine,
            steps,
        })
    }

    /// The processes of ssh that this engine has: those that hold a connection, or those that go through one.
    fn clients(&self, masters: bool) -> Vec<Pid> {
        let here = self.rig.path("run").display().to_string();
        let pids = std::fs::read_dir("/proc").expect("/proc").flatten();
        let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        pids.filter(|pid| {
            // One that has just ended has none.
            let words = std::fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline"));
            let words = String::from_utf8_lossy(&words.unwrap_or_default()).into_owned();
            words.starts_with("ssh") && words.contains(&here) && words.contains("\0-M\0") == masters
        })
        .filter_map(Pid::from_raw)
        .collect()
    }

    /// Breaks the link; gives whether there was one.
    fn breaks(&self, how: Break) -> bool {
        match how {
            Break::ClientKilled | Break::MasterKilled => {
                let clients = self.clients(how == Break::MasterKilled);
                let killed = clients
                    .into_iter()
                    .filter(|pid| kill_process(*pid, Signal::KILL).is_ok());
                killed.count() > 0
            }
            Break::Reset => {
                self.proxy.reset();
                true
            }
            Break::BlackHole => {
                self.proxy.hole(true);
                true
            }
            Break::CutShort => true,
        }
    }

    /// How often a link was told to be lost.
    fn losses(ana: &Witness) -> usize {
        let lost = |event: &Event| matches!(event, Event::LinkLost { .. });
        let entries = ana.folded.entries.iter();
        entries.filter(|entry| lost(&entry.event)).count()
    }

    /// Takes one step to its end, and breaks the link meanwhile.
    async fn step(&mut self, number: usize, how: Break, dice: &mut Dice, came: &mut Came) {
        let Self {
            rig, ana, proxy, ..
        } = self;
        let settled = |ana: &Witness| ana.folded.run.steps[number].is_settled();
        ana.until(rig, |ana| at(ana, number, StepAt::AtGate)).await;
        let before = Self::losses(ana);
        let cuts = proxy.cuts();
        if how == Break::CutShort {
            proxy.cut_after(u16::try_from(dice.below(600)).unwrap_or(0));
        }
        ana.press("").await;
        if how != Break::CutShort {
            ana.until(rig, |ana| at(ana, number, StepAt::Running) || settled(ana))
                .await;
            tokio::time::sleep(Duration::from_millis(dice.below(1_300))).await;
        }
        let begun = Instant::now();
        let done = self.breaks(how);
        let Self {
            rig, ana, proxy, ..
        } = self;
        ana.until(rig, |ana| {
            Self::losses(ana) > before || settled(ana) || stuck(ana, number)
        })
        .await;
        let noticed = Self::losses(ana) > before;
        let after = begun.elapsed();
        proxy.hole(false);
        loop {
            ana.until(rig, |ana| settled(ana) || stuck(ana, number))
                .await;
            if settled(ana) {
                break;
            }
            // Its end came just before, and the link was away for longer than a proof is asked for.
            came.asked_again += 1;
            let asked = ana.folded.entries.len();
            ana.prove_again(number);
            ana.until(rig, |ana| ana.folded.entries.len() > asked).await;
        }
        if how == Break::CutShort {
            came.done += proxy.cuts() - cuts;
        } else {
            came.done += u64::from(done);
        }
        if noticed {
            came.noticed += 1;
            // When a transfer is cut is not seen from here.
            if how != Break::CutShort {
                came.longest = came.longest.max(after);
            }
        }
    }

    /// What is wrong with the steps so far, beginning with the first.
    fn wrong(&self, steps: usize) -> Option<String> {
        let counted = self.rig.counted();
        for number in 0..steps {
            let id = step_id(number);
            match counted.iter().filter(|line| **line == id).count() {
                1 => {}
                times => return Some(format!("{id} ran {times} times")),
            }
            let ends: Vec<&LaneOutcome> = self.ends(&id).collect();
            match ends[..] {
                [LaneOutcome::Succeeded { code: is }] if *is == code(number) => {}
                _ => {
                    return Some(format!(
                        "{id} should have ended with {}: {ends:?}",
                        code(number)
                    ));
                }
            }
            let file = self.rig.folder().join(format!("output/{id}.1.here.0"));
            let kept = std::fs::read(file).unwrap_or_default();
            if kept != printed(number).as_bytes() {
                let (is, should) = (kept.len(), printed(number).len());
                return Some(format!(
                    "{id}: {is} bytes are kept, which are not the {should} printed"
                ));
            }
        }
        None
    }

    fn ends<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a LaneOutcome> {
        self.ana
            .folded
            .entries
            .iter()
            .filter_map(move |entry| match &entry.event {
                Event::LegEnded { step, outcome, .. } if step.as_str() == id => Some(outcome),
                _ => None,
            })
    }
}

fn at(ana: &Witness, number: usize, at: StepAt) -> bool {
    let state = ana.folded.run.steps.get(number);
    state.is_some_and(|state| state.at == at)
}

/// Whether its proof could not be asked. Nothing else may keep a step here.
fn stuck(ana: &Witness, number: usize) -> bool {
    let state = &ana.folded.run.steps[number];
    if let StepAt::Stuck { why } = &state.at {
        let last = ana.folded.entries.last();
        assert_eq!(*why, Stuck::Unproved, "step {number}: {last:?}");
    }
    matches!(state.at, StepAt::Stuck { .. })
}

/// Plays one run to its end, and tells of each kind of break what came of it.
async fn play(first: usize, steps: usize, seed: u64) -> Option<BTreeMap<Break, Came>> {
    let mut play = Play::new(steps).await?;
    let mut dice = Dice::new(seed);
    let mut all: BTreeMap<Break, Came> = BTreeMap::new();
    for number in 0..steps {
        let how = BREAKS[(first + number) % BREAKS.len()];
        play.step(number, how, &mut dice, all.entry(how).or_default())
            .await;
        let wrong = play.wrong(number + 1);
        assert_eq!(wrong, None, "seed {seed}, {how:?}\n{}", play.rig.log());
    }
    play.ana.finish(&play.rig).await;
    let verdict = runsheet::journal::verify_folder(&play.rig.folder(), None).expect("a folder");
    assert!(verdict.is_ok(), "{verdict:?}");
    Some(all)
}

/// A machine on which every connection has claims of its own, so that none knows what another started.
async fn forgetful() -> Option<String> {
    let mut play = Play::new(6).await?;
    play.sshd
        .let_in("command=\"sed -u 's,jobs/$1 rs_line,jobs/$1.$$ rs_line,' | exec sh -s\"");
    let mut dice = Dice::new(seed());
    for number in 0..play.steps {
        let mut came = Came::default();
        let step = play.step(number, Break::Reset, &mut dice, &mut came);
        // Such a machine may leave a step without an end.
        if tokio::time::timeout(Duration::from_secs(20), step)
            .await
            .is_err()
        {
            return Some(format!("{} did not come to its end", step_id(number)));
        }
        if let Some(wrong) = play.wrong(number + 1) {
            return Some(wrong);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_goes_costs_no_step_and_no_byte_and_repeats_none() {
    let (wanted, seed) = (tries(100, 2_000), seed());
    let at_once = if is_torture() { 16 } else { 10 };
    // A step may end before its link is broken, so each run has one more.
    let steps = usize::try_from(wanted.div_ceil(at_once) + 1).expect("a number of steps");
    let (to, mut from) = mpsc::unbounded_channel();
    for number in 0..at_once {
        let to = to.clone();
        tokio::spawn(async move {
            let first = usize::try_from(number).unwrap_or(0);
            to.send(play(first, steps, seed + number).await)
        });
    }
    drop(to);
    let mut all: BTreeMap<Break, Came> = BTreeMap::new();
    let mut ended = 0;
    while let Some(played) = from.recv().await {
        let Some(played) = played else { return };
        ended += 1;
        for (how, came) in played {
            let sum = all.entry(how).or_default();
            sum.done += came.done;
            sum.noticed += came.noticed;
            sum.asked_again += came.asked_again;
            sum.longest = sum.longest.max(came.longest);
        }
    }
    assert_eq!(ended, at_once, "a run failed, seed {seed}: see above");
    let done: u64 = all.values().map(|came| came.done).sum();
    assert!(
        done >= wanted,
        "{done} links were dropped, {wanted} were wanted: {all:?}"
    );
    for (how, came) in &all {
        assert!(came.longest <= TOLD_WITHIN, "{how:?}: {came:?}");
    }
    let again: u64 = all.values().map(|came| came.asked_again).sum();
    let caught = forgetful().await.expect("the control has to be caught");
    let kinds: Vec<String> = all
        .iter()
        .map(|(how, came)| match how {
            Break::CutShort => format!("{how:?} {}", came.done),
            _ => format!(
                "{how:?} {} ({} ms at most)",
                came.done,
                came.longest.as_millis()
            ),
        })
        .collect();
    told(
        "links dropped while steps run",
        &format!(
            "{done} in {at_once} runs from seed {seed}: {}; {} steps, 0 run twice, 0 wrong status, 0 bytes lost, {again} proofs asked again; \
             control, a machine that forgets its claims: caught ({caught})",
            kinds.join(", "),
            at_once * steps as u64
        ),
    );
}

//! Whole runs in a world without time: the pure heart, an engine in the real one's order, the real journal
//! on a simulated disk, machines with the receipt's semantics, and a link that does its worst.
//!
//! One seed is one run, and always the same one: `RUNSHEET_SEED=7` walks it again. Nothing here waits, and
//! nothing runs beside anything else; threads only share out the seeds.

mod chaos;
mod check;
mod disk;
mod engine;
mod hand;
mod late;
mod link;
mod machine;
mod made_up;
mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use runsheet::journal::Hash;
use runsheet::names::RunId;
use runsheet::run::{Command, Entry, Finding, Run, Token};

use super::size;
use disk::Bench;
use engine::Engine;
use link::Link;
use machine::{Machine, Truth};
use made_up::{Dice, MACHINES, plan};

/// What a control breaks on purpose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flaw {
    None,
    /// The disk says that it has kept what it has not.
    DiskLies,
    /// A machine starts a token each time it is sent.
    ClaimIsNotAtomic,
    /// A machine that has forgotten a receipt takes its token for a new one.
    ForgetsTheName,
    /// A machine takes a fence that a power cut took away for one that was never there.
    FencesInAnotherBoot,
    /// The engine takes a lost link for a failure, and goes on from there.
    ALostLinkIsAFailure,
    /// The engine sends before the record of the start is synced.
    SendsBeforeItIsSynced,
    /// The engine takes "no such token" in another spool for "did not start".
    AnySpoolWillDo,
}

/// Why an engine did not come to the end of what it was doing.
#[derive(Debug)]
pub enum Died {
    Engine,
    /// Something is wrong, and the run is over.
    Wrong,
}

/// Everything but the engine.
pub struct World {
    pub dice: Dice,
    pub micros: i64,
    pub bench: Bench,
    pub link: Link,
    machines: Vec<Machine>,
    pub truth: Truth,
    pub flaw: Flaw,
    /// Nothing fails any more.
    pub calm: bool,
    /// Nothing ever failed.
    pub quiet: bool,
    violation: Option<String>,
    /// What was written, with the length of the journal after it.
    log: Vec<(usize, Entry)>,
    told: BTreeMap<u64, Hash>,
    checked: usize,
    /// What the engine that died knew.
    last: Option<Run>,
    /// Tokens recorded as not run, and tokens of which a machine said so.
    denied: BTreeSet<Token>,
    revoked: BTreeSet<Token>,
    pub links_lost: u64,
    began: u64,
    unknown: u64,
    late: u64,
    deaths: u64,
}

pub struct Sim {
    pub world: World,
    engine: Option<Engine>,
}

impl Sim {
    fn new(seed: u64, flaw: Flaw) -> Self {
        let mut world = World {
            dice: Dice(seed),
            micros: 1_700_000_000_000_000,
            bench: Bench::default(),
            link: Link::default(),
            machines: (0..MACHINES).map(|_| Machine::new(flaw)).collect(),
            truth: Truth::default(),
            flaw,
            calm: false,
            quiet: false,
            violation: None,
            log: Vec::new(),
            told: BTreeMap::new(),
            checked: 0,
            last: None,
            denied: BTreeSet::new(),
            revoked: BTreeSet::new(),
            links_lost: 0,
            began: 0,
            unknown: 0,
            late: 0,
            deaths: 0,
        };
        world.quiet = world.dice.one_in(8);
        let plan = Box::new(plan(&mut world.dice));
        let mut engine = Engine::empty(&world);
        let opened = Finding::Open {
            run: RunId::new("20261121-sim").unwrap(),
            version: "0".into(),
            plan,
        };
        let done = engine.command(&mut world, &Command::Found(opened));
        assert!(matches!(done, Ok(Ok(()))), "a run is opened on a good disk");
        world.bench.platter().lies = flaw == Flaw::DiskLies;
        Self {
            world,
            engine: None,
        }
    }

    /// Lets the engine do something, and buries it if it dies of that.
    fn with(&mut self, work: impl FnOnce(&mut Engine, &mut World) -> Result<(), Died>) {
        let Some(mut engine) = self.engine.take() else {
            return;
        };
        let done = work(&mut engine, &mut self.world);
        match done.and_then(|()| engine.holds(&mut self.world)) {
            Ok(()) => self.engine = Some(engine),
            Err(_) => self.bury(engine),
        }
    }

    fn bury(&mut self, engine: Engine) {
        let world = &mut self.world;
        world.deaths += 1;
        world.last = Some(engine.run);
        let mut platter = world.bench.platter();
        // After a sync that failed, the pages may be gone as after a power cut.
        if platter.fails || world.dice.one_in(2) {
            platter.power_cut(&mut world.dice);
        }
    }

    fn take_up(&mut self) {
        match Engine::take_up(&mut self.world) {
            Ok(engine) => {
                self.engine = Some(engine);
                self.with(Engine::forget_the_left);
                self.with(Engine::go_on);
            }
            // It died while it began.
            Err(_) => self.world.last = None,
        }
    }
}

/// What a run came to, for the summary.
#[derive(Default)]
struct Found {
    runs: u64,
    entries: u64,
    began: u64,
    deaths: u64,
    torn: u64,
    links_lost: u64,
    unknown: u64,
    late: u64,
}

impl Found {
    fn add(&mut self, sim: &Sim) {
        self.runs += 1;
        self.entries += sim.world.log.len() as u64;
        self.began += sim.world.began;
        self.deaths += sim.world.deaths;
        self.torn += sim.world.bench.platter().torn;
        self.links_lost += sim.world.links_lost;
        self.unknown += sim.world.unknown;
        self.late += sim.world.late;
    }
}

fn simulate(seed: u64, flaw: Flaw) -> Sim {
    let mut sim = Sim::new(seed, flaw);
    sim.take_up();
    let moves = match sim.world.quiet {
        true => 0,
        false => 60 + sim.world.dice.below(300),
    };
    for _ in 0..moves {
        sim.chaos();
        let over = sim.engine.as_ref().is_some_and(|e| e.run.ending.is_some());
        if sim.world.violation.is_some() || over {
            break;
        }
    }
    sim.calm();
    // A late start is still a start: let all that is on its way arrive, and all that was begun end.
    sim.settle_down();
    sim
}

/// Walks many seeds and gives what they came to, with the first seed that is wrong and why.
fn simulate_many(first: u64, runs: u64, flaw: Flaw) -> (Found, Option<(u64, String)>) {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut found = Found::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= runs {
                return (found, None);
            }
            let seed = first.wrapping_add(number);
            let sim = simulate(seed, flaw);
            found.add(&sim);
            if let Some(what) = sim.world.violation {
                next.store(runs, Ordering::Relaxed);
                return (found, Some((seed, what)));
            }
        }
    };
    let parts: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    });
    let mut all = Found::default();
    let mut wrong = None;
    for (found, violation) in parts {
        all.runs += found.runs;
        all.entries += found.entries;
        all.began += found.began;
        all.deaths += found.deaths;
        all.torn += found.torn;
        all.links_lost += found.links_lost;
        all.unknown += found.unknown;
        all.late += found.late;
        wrong = wrong.or(violation);
    }
    (all, wrong)
}

/// The seed to begin with: the one that is to be walked again, or another each time.
fn first_seed() -> (u64, bool) {
    match super::dice::given_seed() {
        Some(seed) => (seed, true),
        None => (
            runsheet::clock::Timestamp::now().as_microsecond() as u64,
            false,
        ),
    }
}

#[test]
fn no_crash_no_lost_link_and_no_restart_makes_a_run_repeat_or_forget_anything() {
    let (first, again) = first_seed();
    let runs = match again {
        true => 1,
        false => size::tries(100_000, 1_000_000),
    };
    let (found, wrong) = simulate_many(first, runs, Flaw::None);
    if let Some((seed, what)) = wrong {
        for (_, entry) in simulate(seed, Flaw::None).world.log {
            eprintln!("{}", serde_json::to_string(&entry).unwrap());
        }
        panic!("{what}; walk it again with RUNSHEET_SEED={seed}");
    }
    let Found {
        runs,
        entries,
        began,
        deaths,
        torn,
        links_lost,
        unknown,
        late,
    } = found;
    size::told(
        "simulated runs",
        &format!(
            "{runs} from seed {first}, {entries} records, {began} starts, {deaths} engines died, \
             {torn} tails cut, {links_lost} links lost, {unknown} outcomes unknown, \
             {late} late words; 0 violations"
        ),
    );
    assert!(again || (deaths > runs / 2 && torn > 0 && unknown > 0 && began > runs / 2));
}

#[test]
fn a_broken_disk_machine_or_engine_is_caught_in_the_simulation() {
    let (first, _) = first_seed();
    for flaw in [
        Flaw::DiskLies,
        Flaw::ClaimIsNotAtomic,
        Flaw::ForgetsTheName,
        Flaw::FencesInAnotherBoot,
        Flaw::ALostLinkIsAFailure,
        Flaw::SendsBeforeItIsSynced,
        Flaw::AnySpoolWillDo,
    ] {
        let (found, wrong) = simulate_many(first, 400_000, flaw);
        let (seed, what) = wrong.unwrap_or_else(|| panic!("{flaw:?} was not caught"));
        let runs = found.runs;
        size::told(
            "simulated runs, control",
            &format!("{flaw:?} caught after {runs} runs, seed {seed}: {what}"),
        );
    }
}

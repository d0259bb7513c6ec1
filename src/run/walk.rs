//! A random walk: operators press anything, the world fails, stops and loses the link, the engine dies.
//!
//! Set `RUNSHEET_WALKS` for more runs and `RUNSHEET_SEED` to walk one again.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::clock::{Clock, Timestamp};
use crate::kinds::{Exhibit, Leg, Obstacle, Performer, Progress, Proposal, Shell};
use crate::names::{EnvName, MachineName, PhaseId, RunId, StepId};
use crate::probe::Holds;
use crate::runbook::{EnvironmentKind, Gate};

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): small enough to
/// stand here, and a seed always gives the same walk.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

fn step_id(number: usize) -> StepId {
    StepId::new(format!("s{number}")).unwrap()
}

fn machine(number: usize) -> MachineName {
    MachineName::new(format!("m{number}")).unwrap()
}

fn proof(lane: &MachineName, person: bool) -> Proof {
    Proof {
        lane: lane.clone(),
        at: (!person).then(|| lane.clone()),
        says: "it is so".into(),
        person,
        within_seconds: 0,
        every_millis: 0,
    }
}

fn random_plan(dice: &mut Dice) -> Plan {
    let phase = PhaseId::new("p").unwrap();
    let steps = (0..1 + dice.below(5))
        .map(|number| {
            let lanes: Vec<_> = (0..1 + dice.below(3)).map(machine).collect();
            let proofs = (0..dice.below(3))
                .map(|_| proof(&lanes[0], dice.one_in(4)))
                .collect();
            let performer = *dice.pick(&[
                Performer::Machine,
                Performer::Machine,
                Performer::Machine,
                Performer::Person,
                Performer::Watch,
                Performer::Nobody,
            ]);
            let gate = match dice.below(5) {
                0 => Gate::Auto,
                1 => Gate::TypeBack {
                    words: "go on".into(),
                },
                2 => Gate::TwoPeople,
                _ => Gate::Confirm,
            };
            let undo = match dice.below(3) {
                0 => PlannedUndo::Unsaid,
                1 => PlannedUndo::Never {
                    reason: "because".into(),
                },
                _ => PlannedUndo::Action {
                    headline: "undo".into(),
                    performer: Performer::Machine,
                    proofs: vec![proof(&lanes[0], false)],
                },
            };
            let needs = match number {
                0 => Vec::new(),
                n if dice.one_in(3) => vec![step_id(n - 1)],
                _ => Vec::new(),
            };
            PlannedStep {
                id: step_id(number),
                phase: phase.clone(),
                title: "step".into(),
                about: String::new(),
                kind: "command".into(),
                headline: "true".into(),
                performer,
                lanes,
                gate,
                proofs,
                undo,
                estimate_seconds: 10,
                timeout_seconds: 0,
                downtime: None,
                point_of_no_return: dice.one_in(8),
                needs,
            }
        })
        .collect();
    Plan {
        runbook: RunbookCopy {
            copy: "runbook.toml".into(),
            bytes: 1,
            sha256: "0".repeat(64),
        },
        title: "walk".into(),
        about: String::new(),
        environment: EnvName::new("here").unwrap(),
        environment_kind: EnvironmentKind::Rehearsal,
        environment_digest: "0".repeat(64),
        people: if dice.one_in(6) { 2 } else { 0 },
        window_seconds: 0,
        params: Vec::new(),
        machines: Vec::new(),
        phases: vec![PlannedPhase {
            id: phase,
            title: "p".into(),
        }],
        steps,
    }
}

fn proposal(dice: &mut Dice, lane: &MachineName, salt: u64) -> Proposal {
    let leg = |number| Leg {
        title: format!("leg {number}"),
        at: lane.clone(),
        shell: Shell::Sh,
        text: format!("true {salt}"),
        env: Vec::new(),
        ok_codes: Vec::new(),
        progress: Progress::None,
        limit_seconds: 0,
    };
    Proposal {
        exhibits: vec![Exhibit::Text {
            text: format!("{salt}"),
        }],
        legs: (0..dice.below(3)).map(leg).collect(),
        leaves: BTreeMap::from([("backup".to_owned(), format!("/b/{salt}"))]),
        already: None,
    }
}

/// What each token's command really did, beside what the run was told.
#[derive(Default)]
struct World {
    started: BTreeMap<Token, u32>,
    reached: BTreeMap<&'static str, u64>,
}

struct Walk {
    dice: Dice,
    clock: Clock,
    run: Run,
    journal: Vec<String>,
    world: World,
    last_client: u32,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut walk = Self {
            dice: Dice(seed),
            clock: Clock::held_at(1_700_000_000),
            run: Run::default(),
            journal: Vec::new(),
            world: World::default(),
            last_client: 0,
        };
        let plan = Box::new(random_plan(&mut walk.dice));
        let run = RunId::new("20261121-walk").unwrap();
        walk.must(Command::Found(Finding::Open {
            run,
            version: "0".into(),
            plan,
        }));
        walk.start_engine();
        walk
    }

    fn start_engine(&mut self) {
        let (boot, version) = ("b".to_owned(), "0".to_owned());
        self.must(Command::Found(Finding::Started {
            pid: 1,
            boot,
            version,
        }));
        for _ in 0..1 + self.dice.below(2) {
            self.attach();
        }
    }

    fn attach(&mut self) {
        self.last_client = self.run.last_client + 1;
        let name = (*self.dice.pick(&["ana", "ben", "cleo"])).to_owned();
        let who = Operator {
            name,
            uid: 0,
            login_uid: None,
            client: self.last_client,
        };
        let watch = self.dice.one_in(6);
        self.must(Command::Found(Finding::Attached { who, watch }));
    }

    fn must(&mut self, command: Command) {
        self.command(command).expect("the engine's own finding");
    }

    /// Decides, writes, reads back, applies: the road that every event takes.
    fn command(&mut self, command: Command) -> Result<(), Refusal> {
        let (by, event) = decide(&self.run, &command)?;
        self.clock.advance(std::time::Duration::from_millis(7));
        let entry = Entry {
            seq: self.run.next_seq,
            at: self.clock.now(),
            by,
            event,
        };
        let line = serde_json::to_string(&entry).expect("an entry turns into JSON");
        let read: Entry = serde_json::from_str(&line).expect("and back");
        assert_eq!(read, entry, "an entry reads back as it was written");
        self.run
            .apply(&entry)
            .expect("whatever decide says, apply accepts");
        self.journal.push(line);
        Ok(())
    }

    fn crash(&mut self) {
        let entries: Vec<Entry> = self
            .journal
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let folded = Run::fold(&entries).expect("a journal folds again");
        assert_eq!(folded, self.run, "and to the same state");
        self.run = folded;
        self.start_engine();
    }

    fn world_moves(&mut self) {
        let tasks = wanted(&self.run).tasks;
        if tasks.is_empty() {
            return;
        }
        let task = self.dice.pick(&tasks).clone();
        let finding = match task {
            Task::Reach { step } => Finding::Reach { step },
            Task::Pass { step, attempt } => Finding::Pass { step, attempt },
            Task::Prepare { step, attempt, .. } => self.prepare(step, attempt),
            Task::Begin {
                step,
                attempt,
                lane,
                leg,
            } => Finding::Begin {
                step,
                attempt,
                lane,
                leg,
                spool: Some("5c0.0".into()),
            },
            Task::Follow {
                step,
                attempt,
                lane,
                leg,
                token,
                ..
            } => {
                // The world runs a token when it first gets it; a second send must be the same start.
                let count = self.world.started.entry(token).or_insert(0);
                *count = 1.max(*count);
                match self.dice.below(6) {
                    0 => return,
                    1 => Finding::Unknown {
                        step,
                        attempt,
                        lane,
                        leg,
                        why: "lost".into(),
                        output: None,
                    },
                    n => {
                        let outcome = match n {
                            2 => LaneOutcome::Failed { code: 255 },
                            _ => LaneOutcome::Succeeded { code: 0 },
                        };
                        Finding::Ended {
                            step,
                            attempt,
                            lane,
                            leg,
                            outcome,
                            output: None,
                        }
                    }
                }
            }
            Task::Watch {
                step,
                attempt,
                lane,
            } => {
                let seen = "7".to_owned();
                let outcome = match self.dice.one_in(3) {
                    true => LaneOutcome::DidNotCome { seen },
                    false => LaneOutcome::Came { seen },
                };
                Finding::Ended {
                    step,
                    attempt,
                    lane,
                    leg: 0,
                    outcome,
                    output: None,
                }
            }
            Task::Halt {
                step,
                attempt,
                lane,
                leg,
                ..
            } => {
                let outcome = LaneOutcome::Failed { code: 143 };
                Finding::Ended {
                    step,
                    attempt,
                    lane,
                    leg,
                    outcome,
                    output: None,
                }
            }
            Task::Prove { step, attempt } => self.prove(step, attempt, Asked::Proof),
            Task::Look { step, attempt } => self.prove(step, attempt, Asked::Look),
        };
        // A finding may come too late, as in life; a refusal is then the right answer.
        let refused = self.command(Command::Found(finding)).is_err();
        *self
            .world
            .reached
            .entry(if refused { "late" } else { "found" })
            .or_default() += 1;
    }

    fn prepare(&mut self, step: StepId, attempt: u32) -> Finding {
        let state = self
            .run
            .step(&step)
            .expect("a wanted step is there")
            .2
            .clone();
        if self.dice.one_in(8) {
            let lane = state.lanes[0].name.clone();
            let obstacle = Obstacle::new("no such file");
            return Finding::Obstructed {
                step,
                attempt,
                lane,
                obstacle,
            };
        }
        let salt = self.dice.next();
        let lanes = state
            .lanes
            .iter()
            .filter(|lane| lane.taking_part)
            .map(|lane| LaneShown {
                lane: lane.name.clone(),
                proposal: proposal(&mut self.dice, &lane.name, salt),
            })
            .collect();
        Finding::Shown {
            step,
            attempt,
            lanes,
            before: Vec::new(),
        }
    }

    fn prove(&mut self, step: StepId, attempt: u32, asked: Asked) -> Finding {
        let (_, planned, state) = self.run.step(&step).expect("a wanted step is there");
        let open: Vec<u16> = planned
            .proofs(state.way)
            .iter()
            .enumerate()
            .filter(|(_, proof)| !proof.person)
            .map(|(number, _)| number as u16)
            .filter(|number| asked == Asked::Look || !state.answers.contains_key(number))
            .collect();
        let answers = open
            .into_iter()
            .map(|proof| Answer {
                proof,
                holds: *self.dice.pick(&[
                    Holds::Yes,
                    Holds::Yes,
                    Holds::Yes,
                    Holds::No,
                    Holds::CannotSay,
                ]),
                seen: "x".into(),
            })
            .collect();
        Finding::Answered {
            step,
            attempt,
            asked,
            answers,
        }
    }

    /// Any intent for any step, sensible or not.
    fn operator_presses(&mut self) {
        let Some(who) = ({
            let present: Vec<_> = self.run.present.values().map(|p| p.who.clone()).collect();
            (!present.is_empty()).then(|| self.dice.pick(&present).clone())
        }) else {
            return self.attach();
        };
        let number = match self.run.current() {
            Some(current) if !self.dice.one_in(4) => current,
            _ => self.dice.below(self.run.steps.len()),
        };
        let step = step_id(number);
        let state = self.run.steps[number].clone();
        let attempt = if self.dice.one_in(10) {
            self.dice.below(4) as u32
        } else {
            state.attempt
        };
        let lane = self.dice.pick(&state.lanes).name.clone();
        let text = (*self.dice.pick(&["", "because", "two\nlines"])).to_owned();
        let digest = match &state.shown {
            Some(shown) if !self.dice.one_in(6) => shown.digest.clone(),
            _ => "another".to_owned(),
        };
        let intent = match self.dice.below(18) {
            0..=3 => {
                let typed = (*self
                    .dice
                    .pick(&[Some("go on"), Some("go on"), Some("no"), None]))
                .map(str::to_owned);
                Intent::Approve {
                    step,
                    attempt,
                    digest,
                    typed,
                }
            }
            4 => Intent::Review { step, attempt },
            5 => Intent::SayDone {
                step,
                attempt,
                lane,
                note: text,
            },
            6 | 7 => {
                let proof = self.dice.below(3) as u16;
                Intent::Reply {
                    step,
                    attempt,
                    proof,
                    yes: !self.dice.one_in(4),
                    note: text,
                }
            }
            8 => Intent::Retry { step, attempt },
            9 => Intent::ProveAgain { step, attempt },
            10 => Intent::Look { step, attempt },
            11 => Intent::Attest {
                step,
                attempt,
                note: text,
            },
            12 if self.dice.one_in(3) => Intent::Skip { step, reason: text },
            13 => {
                let decision = *self.dice.pick(&[
                    Decision::Happened,
                    Decision::Failed,
                    Decision::DidNotHappen,
                    Decision::RunAgain,
                ]);
                Intent::Settle {
                    step,
                    attempt,
                    lane,
                    decision,
                    reason: text,
                }
            }
            14 => {
                let stop = *self.dice.pick(&[Stop::Ask, Stop::Kill]);
                Intent::Stop {
                    step,
                    attempt,
                    stop,
                }
            }
            15 => Intent::GoBack { step },
            16 => Intent::DropBack { step, attempt },
            17 if self.dice.one_in(12) => Intent::End { reason: text },
            _ => Intent::Note {
                step: Some(step),
                text,
            },
        };
        let refused = self.command(Command::Wish { who, intent }).is_err();
        *self
            .world
            .reached
            .entry(if refused { "refused" } else { "wished" })
            .or_default() += 1;
    }

    fn links_and_clients_move(&mut self) {
        let machine = machine(self.dice.below(3));
        let finding = match self.dice.below(4) {
            0 => Finding::LinkLost {
                machine,
                why: "reset".into(),
            },
            1 => Finding::LinkBack { machine },
            2 => Finding::Detached {
                client: self.last_client,
            },
            _ => return self.attach(),
        };
        let refused = self.command(Command::Found(finding)).is_err();
        *self
            .world
            .reached
            .entry(if refused { "late" } else { "found" })
            .or_default() += 1;
    }

    fn check(&self) {
        let wanted = wanted(&self.run);
        let under_way = self
            .run
            .steps
            .iter()
            .filter(|step| step.is_under_way())
            .count();
        assert!(under_way <= 1, "one step at a time");
        let stands = self.run.ending.is_none() && !wanted.person && wanted.tasks.is_empty();
        assert!(
            !stands,
            "an open run is never without somebody to move it: {:?}",
            self.run
        );
        for (planned, state) in self
            .run
            .plan
            .iter()
            .flat_map(|p| &p.steps)
            .zip(&self.run.steps)
        {
            if let StepAt::Done {
                how: Done::Proved { .. },
            } = &state.at
            {
                assert_eq!(state.answers.len(), planned.proofs.len());
                assert!(
                    state
                        .answers
                        .values()
                        .all(|answer| answer.holds == Holds::Yes)
                );
            }
            let unknown = state
                .lanes
                .iter()
                .any(|lane| matches!(lane.at, LaneAt::Unknown { .. }));
            if unknown {
                let done = matches!(state.at, StepAt::Done { .. } | StepAt::Skipped { .. });
                assert!(!done, "an unknown outcome is never passed over");
            }
        }
        self.undo_says_what_can_be();
    }

    fn undo_says_what_can_be(&self) {
        if let Some(number) = self.run.undo_next() {
            let planned = self.run.planned(number).expect("planned");
            assert!(!planned.point_of_no_return);
            assert!(self.run.undo_limit().steps >= 1);
        }
    }
}

fn walk(seed: u64) -> (bool, BTreeMap<&'static str, u64>) {
    let mut walk = Walk::new(seed);
    for _ in 0..40 + walk.dice.below(160) {
        if walk.run.ending.is_some() {
            break;
        }
        match walk.dice.below(40) {
            0 => walk.crash(),
            1 => walk.links_and_clients_move(),
            n if n < 24 => walk.world_moves(),
            _ => walk.operator_presses(),
        }
        walk.check();
    }
    let starts = walk
        .journal
        .iter()
        .filter(|line| line.contains(r#""kind":"leg-started""#))
        .count();
    assert_eq!(starts, walk.run.tokens.len(), "no token is started twice");
    assert!(
        walk.world
            .started
            .keys()
            .all(|token| walk.run.tokens.contains(token))
    );
    let entries: Vec<Entry> = walk
        .journal
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        Run::fold(&entries).unwrap(),
        walk.run,
        "folding again gives an equal state"
    );
    let mut reached = walk.world.reached;
    for entry in &entries {
        let value = serde_json::to_value(&entry.event).unwrap();
        let kind = value["kind"].as_str().unwrap().to_owned();
        let kind: &'static str = KINDS
            .iter()
            .find(|known| **known == kind)
            .expect("a known kind");
        *reached.entry(kind).or_default() += 1;
    }
    (walk.run.ending == Some(Ending::Finished), reached)
}

const KINDS: &[&str] = &[
    "run-opened",
    "engine-started",
    "attached",
    "detached",
    "step-reached",
    "step-shown",
    "step-obstructed",
    "step-reviewed",
    "back-dropped",
    "step-approved",
    "leg-started",
    "leg-ended",
    "leg-unknown",
    "link-lost",
    "link-back",
    "stop-asked",
    "proof-reopened",
    "look-asked",
    "proof-answered",
    "step-attested",
    "step-skipped",
    "unknown-settled",
    "note-added",
    "run-ended",
];

/// Walks every `threads`th seed from `first + part` on.
fn walk_many(
    first: u64,
    walks: u64,
    part: u64,
    threads: u64,
) -> (u64, BTreeMap<&'static str, u64>) {
    let mut finished = 0;
    let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in (first..first + walks)
        .skip(part as usize)
        .step_by(threads as usize)
    {
        let outcome = std::panic::catch_unwind(|| walk(seed));
        let Ok((done, counts)) = outcome else {
            panic!("walk failed; walk it again with RUNSHEET_SEED={seed}");
        };
        finished += u64::from(done);
        for (kind, count) in counts {
            *reached.entry(kind).or_default() += count;
        }
    }
    (finished, reached)
}

#[test]
fn whatever_is_pressed_and_whatever_fails_the_state_stays_whole() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let walks = number("RUNSHEET_WALKS").unwrap_or(20_000);
    let (first, walks) = match number("RUNSHEET_SEED") {
        Some(seed) => (seed, 1),
        None => (Timestamp::now().as_microsecond() as u64, walks),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let parts: Vec<_> = std::thread::scope(|scope| {
        let walkers: Vec<_> = (0..threads)
            .map(|part| scope.spawn(move || walk_many(first, walks, part, threads)))
            .collect();
        walkers.into_iter().map(|walker| walker.join()).collect()
    });
    let mut finished = 0;
    let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
    for part in parts {
        let (done, counts) = part.expect("a walk failed; its seed stands above");
        finished += done;
        for (kind, count) in counts {
            *reached.entry(kind).or_default() += count;
        }
    }
    println!("{walks} walks from seed {first}: {finished} finished, {reached:?}");
    if walks >= 20_000 {
        let seen: BTreeSet<&str> = reached.keys().copied().collect();
        for kind in KINDS {
            assert!(seen.contains(kind), "no walk came to {kind}");
        }
        assert!(finished > 0, "some walks get to the end");
    }
}

#[test]
fn the_record_s_description_knows_every_event() {
    let described = include_str!("../../docs/journal.md");
    for kind in KINDS.iter().chain(&["tail-repaired"]) {
        assert!(
            described.contains(&format!("| `{kind}` |")),
            "{kind} is not described"
        );
    }
}

//! A random walk: operators press anything, the world fails, stops and loses the link, the engine dies.
//!
//! Set `RUNSHEET_WALKS` for more runs and `RUNSHEET_SEED` to walk one again.

mod holds;
mod legs;
mod made_up;
mod walker;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::made_up::{captures, chooses, follows, leg, machine, plan_of, step_id};
use self::walker::Walk;
use super::*;
use crate::clock::Timestamp;

fn walk(seed: u64) -> (bool, BTreeMap<&'static str, u64>) {
    let mut walk = Walk::new(seed);
    for _ in 0..40 + walk.dice.below(160) {
        if walk.run.ending.is_some() {
            break;
        }
        match walk.dice.below(40) {
            0 => walk.crash(),
            // Somebody takes it up again before long.
            n if n < 10 && walk.run.suspended.is_some() => walk.crash(),
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
    "step-ruled-out",
    "choice-made",
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
    "leg-found",
    "evidence-came",
    "link-lost",
    "link-back",
    "stop-asked",
    "proof-reopened",
    "look-asked",
    "proof-answered",
    "step-attested",
    "step-skipped",
    "unknown-settled",
    "keyboard-taken",
    "keyboard-returned",
    "change-kept",
    "note-added",
    "run-suspended",
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
    let walks = number("RUNSHEET_WALKS").unwrap_or(3_000);
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
    if walks >= 1_500 {
        let seen: BTreeSet<&str> = reached.keys().copied().collect();
        for kind in KINDS {
            assert!(seen.contains(kind), "no walk came to {kind}");
        }
        assert!(finished > 0, "some walks get to the end");
    }
}

#[test]
fn the_record_s_description_knows_every_event() {
    let described = include_str!("../../../docs/journal.md");
    for kind in KINDS.iter().chain(&["tail-repaired"]) {
        assert!(
            described.contains(&format!("| `{kind}` |")),
            "{kind} is not described"
        );
    }
}

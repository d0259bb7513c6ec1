//! Races of an edit with hands that swap its file, folder, owner and mode: before the yes is carried out, and
//! while it is.
//!
//! Whatever happens, either what was shown has the result that was shown, or nothing was changed. The oracle
//! knows nothing of how the program works: what is there at the end must be what the hand alone makes of the
//! world, or what it makes of the world after the edit, and the exit code must say which.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use runsheet::edit::swap::{
    Restore, Stamp, Swap, SwapExit, parse_read, read_program, restore_program, sha256_hex,
    swap_program,
};

use super::dice::{Dice, seed};
use super::hands::{Hand, NEW, Picture, World};
use super::size::{told, tries};

/// Which program is raced with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Edit,
    Restore,
}

/// When the hand strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// After the diff was shown, before anything begins.
    Between,
    /// While the program runs.
    During,
}

/// What the program under test is made into before it runs.
type Twist = fn(&World, String) -> String;

fn as_it_is(_: &World, program: String) -> String {
    program
}

/// A careless one: it writes to the name that was shown.
fn careless(world: &World, _: String) -> String {
    format!("printf '%s' '{NEW}' >'{}'\n", world.target().display())
}

/// One without its compare: whatever is there is what was shown.
fn blind(_: &World, program: String) -> String {
    let blinder = "rs_is() { rs_look \"$1\"; }\nrs_shop=\n";
    let shown = program.replacen("rs_shop=\n", blinder, 1);
    let shown = shown.replace("[ \"$rs_hash\" != \"$rs_old\" ]", "false");
    shown.replace("[ \"$rs_hash\" = \"$3\" ]", ":")
}

/// As on a host that cannot exchange two names.
fn without_exchange(_: &World, program: String) -> String {
    let twisted = program.replacen("  rs_find_trade\n", "  rs_how=\n", 1);
    assert_ne!(twisted, program, "the control is none any more");
    twisted
}

/// Starts a program; one that waits for something that never comes is killed and counts as wrong.
pub fn run(program: &str) -> std::process::Child {
    let mut child = Command::new("timeout")
        .args(["-s", "KILL", "30", "sh"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(program.as_bytes()).unwrap();
    child
}

/// Ends it: its exit, where it is one of ours, and what it said.
pub fn end(child: std::process::Child) -> (Option<SwapExit>, String) {
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let exit = output.status.code().and_then(SwapExit::from_code);
    (
        exit,
        format!("{}{}", output.status, String::from_utf8_lossy(&said)),
    )
}

/// The file as the program that reads it tells it.
fn shown(world: &World) -> Stamp {
    let path = world.target().to_str().unwrap().to_owned();
    let read = run(&read_program(&path).unwrap());
    parse_read(&path, &read.wait_with_output().unwrap().stdout)
        .unwrap()
        .stamp
}

/// The program that is raced with, made from what was shown. For the way back the edit is made first.
pub fn program(world: &World, way: Way) -> String {
    let swap = Swap {
        stamp: world.stamp(),
        content: NEW.to_owned(),
        backup: world.at("kept/1").to_str().unwrap().to_owned(),
        validate: None,
    };
    let edit = swap_program(&swap).unwrap();
    if way == Way::Edit {
        return edit;
    }
    let (exit, said) = end(run(&edit));
    assert_eq!(exit, Some(SwapExit::Done), "{said}");
    restore_program(&Restore {
        stamp: swap.stamp,
        expect_sha256: sha256_hex(NEW.as_bytes()),
        backup: swap.backup,
        validate: None,
    })
    .unwrap()
}

/// What may be there at the end.
struct Expected {
    hand: Hand,
    way: Way,
    untouched: Picture,
    handed: Picture,
    made: Picture,
    made_and_handed: Picture,
    /// Only where a hand leaves the file as it was shown.
    handed_and_made: Option<Picture>,
}

impl Expected {
    fn of(hand: Hand, way: Way) -> Self {
        let world = World::new();
        assert_eq!(shown(&world), world.stamp());
        program(&world, way);
        let untouched = world.picture();
        hand.strikes(&world);
        let handed = world.picture();
        let world = World::new();
        let (exit, said) = end(run(&program(&world, way)));
        assert_eq!(exit, Some(SwapExit::Done), "{said}");
        let made = world.picture();
        hand.strikes(&world);
        let made_and_handed = world.picture();
        let handed_and_made = (hand == Hand::ReplacesByATwin && way == Way::Edit).then(|| {
            let world = World::new();
            let program = program(&world, way);
            hand.strikes(&world);
            let (exit, said) = end(run(&program));
            assert_eq!(exit, Some(SwapExit::Done), "{said}");
            world.picture()
        });
        Self {
            hand,
            way,
            untouched,
            handed,
            made,
            made_and_handed,
            handed_and_made,
        }
    }
}

#[derive(Debug, Default)]
struct Found {
    refused: AtomicU64,
    applied: AtomicU64,
    /// Writes into a file that was open while it lost its name.
    late: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

/// One race. What is wrong with how it ended goes to `found`.
fn race(expected: &Expected, when: When, twist: Twist, dice: &mut Dice, found: &Found) {
    let world = World::new();
    let program = twist(&world, program(&world, expected.way));
    let outside = world.outside();
    let begun = Instant::now();
    let (child, late) = match when {
        When::Between => {
            expected.hand.strikes(&world);
            (run(&program), false)
        }
        When::During => {
            let child = run(&program);
            let takes = Duration::from_millis(TAKES.load(Ordering::Relaxed).max(5));
            std::thread::sleep(takes.mul_f64(dice.below(1200) as f64 / 1000.0));
            (child, expected.hand.strikes(&world))
        }
    };
    let (exit, said) = end(child);
    if when == When::During && exit == Some(SwapExit::Done) {
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let before = TAKES.load(Ordering::Relaxed);
        TAKES.store((before * 7 + took) / 8, Ordering::Relaxed);
    }
    let there = world.picture();
    let so = |picture: &Picture| there == *picture;
    let undone = so(&expected.handed);
    let done = so(&expected.made_and_handed) || expected.handed_and_made.as_ref().is_some_and(so);
    let lost = late && (so(&expected.made) || so(&expected.untouched));
    let fits = match exit {
        _ if lost => true,
        Some(SwapExit::Done) => done,
        Some(SwapExit::NotRestored) => undone || done,
        Some(exit) => exit.is_as_before() && undone,
        None => false,
    };
    let untouched = world.outside() == outside;
    let counter = match exit {
        _ if lost => &found.late,
        Some(SwapExit::Done) => &found.applied,
        _ => &found.refused,
    };
    counter.fetch_add(1, Ordering::Relaxed);
    if !fits || !untouched {
        let (hand, way) = (expected.hand, expected.way);
        found.wrong.lock().unwrap().push(format!(
            "{way:?} {hand:?} {when:?}: {exit:?}, outside untouched: {untouched}\n{said}\n{there:#?}"
        ));
    }
}

/// How long an undisturbed program takes here, in milliseconds, as far as it is known.
static TAKES: AtomicU64 = AtomicU64::new(60);

/// Races as often as is said, with every hand in turn, on two threads. Ends early where `enough` are wrong.
fn races(
    all: &[Arc<Expected>],
    when: When,
    twist: Twist,
    times: u64,
    enough: usize,
    seed: u64,
) -> (u64, Found) {
    let found = Found::default();
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (found, next) = (&found, &next);
            scope.spawn(move || {
                let mut dice = Dice::new(seed + thread);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= times || found.wrong.lock().unwrap().len() >= enough {
                        return;
                    }
                    let at = usize::try_from(number).unwrap() % all.len();
                    race(&all[at], when, twist, &mut dice, found);
                }
            });
        }
    });
    let tried = next.load(Ordering::Relaxed).min(times);
    (tried, found)
}

fn count(of: &AtomicU64) -> u64 {
    of.load(Ordering::Relaxed)
}

fn nothing_wrong(found: &Found, seed: u64) {
    let wrong = found.wrong.lock().unwrap();
    let first = wrong.first();
    assert!(first.is_none(), "seed {seed}: {}", first.unwrap());
}

#[test]
fn nothing_is_applied_to_what_was_not_shown() {
    let seed = seed();
    let expected = |way| -> Vec<Arc<Expected>> {
        let hands = Hand::all().into_iter();
        hands
            .map(|hand| Arc::new(Expected::of(hand, way)))
            .collect()
    };
    let edits = expected(Way::Edit);
    let both: Vec<_> = edits
        .iter()
        .cloned()
        .chain(expected(Way::Restore))
        .collect();

    let times = tries(2_500, 20_000);
    let (between, before) = races(&edits, When::Between, as_it_is, times, 1, seed);
    nothing_wrong(&before, seed);
    let times = tries(600, 10_000);
    let (during, while_at_it) = races(&both, When::During, as_it_is, times, 1, seed);
    nothing_wrong(&while_at_it, seed);
    assert!(
        count(&while_at_it.refused) > 0 && count(&while_at_it.applied) > 0,
        "the races were none: {while_at_it:?}"
    );

    // The controls.
    let caught = |when, twist, times| {
        let (tried, found) = races(&edits, when, twist, times, 1, seed);
        let wrong = found.wrong.lock().unwrap().len();
        assert!(wrong > 0, "nothing was found wrong in {tried} races");
        tried
    };
    let careless = caught(When::Between, careless, 100);
    let blind = caught(When::Between, blind, 100);
    let moment = caught(When::During, without_exchange, 5_000);
    told(
        "an edited file raced with",
        &format!(
            "{between} swaps of file, folder, owner and mode before the yes was carried out, {during} while it was: \
             {} refused, {} came after the edit, {} writes into a file that had lost its name; 0 applied to what was \
             not shown, 0 outside, 0 left behind; control: careless caught at {careless}, without its compare at \
             {blind}, with a rename for an exchange at {moment}",
            count(&before.refused) + count(&while_at_it.refused),
            count(&while_at_it.applied),
            count(&while_at_it.late),
        ),
    );
}

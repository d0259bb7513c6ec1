//! `kill -9` of the engine at random moments: nothing that anybody was told is lost, and nothing runs twice.

use std::process::Child;
use std::time::{Duration, Instant};

use runsheet::journal::verify_folder;

use super::dice::{Dice, seed};
use super::rig::{Rig, Which};
use super::size::{told, tries};
use super::witness::Witness;

/// How many kills one run takes before a new one is made: reading its journal takes longer each time.
const KILLS_A_RUN: u64 = 100;

/// What the steps print, line by line and slowly enough to be met at work by several engines.
const LINES: usize = 300;

fn rig() -> Rig {
    let text = format!(
        "echo begun >>COUNT; i=0; while [ $i -lt {LINES} ]; do i=$((i + 1)); echo line $i; sleep 0.01; done"
    );
    Rig::new(&[("one", &text), ("two", &text), ("three", &text)])
}

fn kill(engine: &mut Child) {
    // Only a process that has ended already says no, and then it is as dead as it should be.
    let _ = engine.kill();
    engine.wait().expect("its end");
}

/// Presses and kills until a told entry is lost or the kills are used up; gives the kills and what was lost.
async fn play(
    rig: &Rig,
    witness: &mut Witness,
    which: Which,
    (kills, dice): (u64, &mut Dice),
) -> (u64, Option<String>) {
    for kill_number in 1..=kills {
        let mut engine = rig.start(which);
        if dice.below(8) == 0 {
            // In the middle of its coming up, wherever that is.
            tokio::time::sleep(Duration::from_millis(dice.below(40))).await;
            kill(&mut engine);
            continue;
        }
        witness.until(rig, |witness| witness.connected).await;
        let until = Instant::now() + Duration::from_micros(dice.below(60_000));
        while Instant::now() < until && witness.connected {
            let left = until.saturating_duration_since(Instant::now());
            // Broken off in the middle of a wish, as people are.
            let _ = tokio::time::timeout(left, witness.press("a note that must not be lost")).await;
        }
        kill(&mut engine);
        witness.until(rig, |witness| !witness.connected).await;
        if let Some(lost) = witness.lost(rig) {
            return (kill_number, Some(lost));
        }
    }
    (kills, None)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_told_is_lost_and_nothing_runs_twice_when_engines_are_killed() {
    let all = tries(200, 5_000);
    let seed = seed();
    let mut dice = Dice::new(seed);
    let (mut killed, mut entries) = (0, 0);
    let began = Instant::now();
    while killed < all {
        let rig = rig();
        let mut witness = Witness::of(&rig);
        let kills = KILLS_A_RUN.min(all - killed);
        let (done, lost) = play(&rig, &mut witness, Which::Real, (kills, &mut dice)).await;
        killed += done;
        assert_eq!(lost, None, "after {done} kills, seed {seed}\n{}", rig.log());

        let mut engine = rig.start(Which::Real);
        witness.until(&rig, |witness| witness.connected).await;
        witness.finish(&rig).await;
        assert!(engine.wait().expect("its end").success(), "{}", rig.log());
        assert_eq!(witness.lost(&rig), None, "seed {seed}");
        assert_eq!(rig.counted(), ["begun"; 3], "each step once, seed {seed}");
        let whole: String = (1..=LINES).map(|line| format!("line {line}\n")).collect();
        for step in ["one", "two", "three"] {
            let kept =
                std::fs::read_to_string(rig.folder().join(format!("output/{step}.1.here.0")));
            assert!(kept.expect("its output") == whole, "{step}, seed {seed}");
        }
        let verdict = verify_folder(&rig.folder(), None).expect("a record to verify");
        assert!(verdict.is_ok(), "{verdict:?}, seed {seed}");
        entries += witness.told.len();
    }
    let seconds = began.elapsed().as_secs().max(1);

    let broken = rig();
    let mut witness = Witness::of(&broken);
    let which = Which::Lying(3);
    let (caught_after, caught) = play(&broken, &mut witness, which, (20, &mut dice)).await;
    let caught = caught.expect("the control keeps records back, and must be caught");
    told(
        "kill -9 of the engine",
        &format!(
            "{killed} kills in {seconds} s, {entries} told entries, 0 lost, 0 steps run twice, seed {seed}; \
             control: caught after {caught_after} ({caught})"
        ),
    );
}

//! SIGKILL at the Nth system call that touches the journal, and again while the next engine takes the run up.
//!
//! strace(1) sends the signal as the call begins. It counts each sort of call of each thread for itself, so a
//! point is a sort and a number. Which thread makes a call differs from run to run, and some of the higher
//! numbers are never come to; they are told apart.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use runsheet::journal::verify_folder;

use super::rig::{PATIENCE, Rig, Which};
use super::size::{is_torture, told};
use super::witness::Witness;

fn rig() -> Rig {
    let text = "echo begun >>COUNT; echo printed";
    Rig::new(&[("one", text), ("two", text)])
}

/// A call to be killed at: its name, and which of its sort.
type Point = (String, u64);

/// An engine under strace, which writes the calls on the journal to `trace`; with a kill at one of them, if wanted.
fn under_strace(rig: &Rig, which: Which, trace: &Path, kill_at: Option<&Point>) -> Child {
    let journal = rig.folder().join("journal").display().to_string();
    let inject = kill_at.map(|(call, n)| format!("inject={call}:signal=KILL:when={n}"));
    let trace = trace.display().to_string();
    let mut words = vec![
        "strace",
        "-f",
        "-q",
        "-P",
        &journal,
        "-o",
        &trace,
        "-e",
        "trace=all",
    ];
    if let Some(inject) = &inject {
        words.extend(["-e", inject]);
    }
    words.push("--");
    rig.engine(which, &words).spawn().expect("strace starts")
}

/// Every point of a whole run, in the order of the calls' names.
async fn points() -> Vec<Point> {
    let rig = rig();
    let trace = rig.path("trace");
    let mut engine = under_strace(&rig, Which::Real, &trace, None);
    Witness::of(&rig).finish(&rig).await;
    engine.wait().expect("its end");
    let text = std::fs::read_to_string(&trace).expect("a trace");
    let mut made: BTreeMap<(String, String), u64> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.contains(" resumed>")) {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        if let Some((call, _)) = call.trim_start().split_once('(') {
            *made
                .entry((call.to_owned(), thread.to_owned()))
                .or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, u64> = BTreeMap::new();
    for ((call, _), times) in made {
        let known = most.entry(call).or_default();
        *known = times.max(*known);
    }
    let each = |(call, times): (String, u64)| (1..=times).map(move |n| (call.clone(), n));
    most.into_iter().flat_map(each).collect()
}

/// Whether the engine of a trace was killed.
fn killed(trace: &Path) -> bool {
    let text = std::fs::read(trace).unwrap_or_default();
    String::from_utf8_lossy(&text).contains("killed by SIGKILL")
}

/// Ends strace, which otherwise waits for the steps that outlive their engine. They go on.
fn leave(mut strace: Child) {
    // It may have ended by itself.
    let _ = strace.kill();
    strace.wait().expect("its end");
}

/// What one pair of kills came to.
struct Tried {
    reached: bool,
    lost: Option<String>,
}

/// Whether the end of the run is on disk. An engine killed just then has told nobody, and no other one comes.
fn has_ended(rig: &Rig) -> bool {
    let last = rig.lines().pop();
    last.is_some_and(|line| line.contains("\"kind\":\"run-ended\""))
}

/// Kills an engine at its Nth call and the next at its Mth; then lets a whole one go to the end.
async fn try_at(which: Which, n: &Point, m: &Point) -> Tried {
    let rig = rig();
    let mut witness = Witness::of(&rig);
    let trace = rig.path("first");
    let first = under_strace(&rig, which, &trace, Some(n));
    let ended = walk_until_killed(&rig, &mut witness, &trace).await;
    leave(first);
    let lost = witness.lost(&rig);
    if ended || lost.is_some() {
        return Tried {
            reached: !ended,
            lost,
        };
    }
    if !has_ended(&rig) {
        let trace = rig.path("second");
        let second = under_strace(&rig, which, &trace, Some(m));
        walk_until_killed(&rig, &mut witness, &trace).await;
        leave(second);
    }
    let lost = witness.lost(&rig);
    if lost.is_none() && !has_ended(&rig) {
        let mut whole = rig.start(Which::Real);
        witness.until(&rig, |witness| witness.connected).await;
        witness.finish(&rig).await;
        whole.wait().expect("its end");
    }
    if lost.is_none() {
        assert_eq!(rig.counted(), ["begun"; 2], "kills at {n:?} and {m:?}");
        let verdict = verify_folder(&rig.folder(), None).expect("a record to verify");
        assert!(verdict.is_ok(), "kills at {n:?} and {m:?}: {verdict:?}");
    }
    Tried {
        reached: true,
        lost: lost.or_else(|| witness.lost(&rig)),
    }
}

/// Walks on until the engine is killed or the run is at its end, and says whether it is.
async fn walk_until_killed(rig: &Rig, witness: &mut Witness, trace: &Path) -> bool {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < PATIENCE, "neither end:\n{}", rig.log());
        let walking = tokio::time::timeout(Duration::from_millis(100), witness.walk());
        if walking.await == Ok(true) {
            return true;
        }
        if killed(trace) {
            // What it said last is still on its way to somebody who listens.
            let listening = async { while witness.connected && witness.next().await.is_some() {} };
            let gone = tokio::time::timeout(PATIENCE, listening).await;
            assert!(gone.is_ok(), "a killed engine holds its connections");
            return witness.folded.run.ending.is_some();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_killed_at_any_call_on_its_journal_loses_nothing_that_was_told() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("SKIPPED: there is no strace here, so no engine was killed at its Nth call");
        return;
    }
    let all = points().await;
    assert!(all.len() > 40, "only {} calls on the journal", all.len());
    let every = if is_torture() { 1 } else { 10 };
    let (mut tried, mut not_reached) = (0, 0);
    for (number, n) in all.iter().enumerate().step_by(every) {
        // Low numbers are what a recovery makes: opening, reading, cutting, syncing.
        let early: Vec<&Point> = all.iter().filter(|(_, n)| *n <= 2).collect();
        let m = early[number % early.len()];
        let done = try_at(Which::Real, n, m).await;
        assert_eq!(done.lost, None, "kills at {n:?} and {m:?}");
        tried += 1;
        not_reached += u64::from(!done.reached);
    }
    // Which thread makes a call is not in our hands; that none was come to would be no test.
    assert!(not_reached < tried, "none of {tried} was come to");

    let mut caught = None;
    for n in 5..30 {
        let point = ("write".to_owned(), n);
        if let Some(lost) = try_at(Which::Lying(3), &point, &("fsync".to_owned(), 1))
            .await
            .lost
        {
            caught = Some((n, lost));
            break;
        }
    }
    let (at, lost) = caught.expect("the control keeps records back, and must be caught");
    told(
        "SIGKILL at the Nth call on the journal",
        &format!(
            "{tried} of {} calls, each with a second kill in the recovery ({not_reached} not come to), 0 lost, \
             0 unopenable; control: caught at write {at} ({lost})",
            all.len()
        ),
    );
}

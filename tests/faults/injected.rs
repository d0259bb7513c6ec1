//! The system says no to the Nth open, write, sync, link or rename of an engine, once or from then on.
//!
//! strace(1) puts the answer in the place of the call, so it is the program itself that hears it. It counts each
//! sort of call of each thread for itself; a point is a sort and a number, and some are not come to, as in `calls`.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use runsheet::client::Update;
use runsheet::journal::{Hash, verify_folder};
use runsheet::run::{Decision, Entry, Event, Intent, LaneAt, LaneOutcome, Output, StepAt, Stuck};
use runsheet::wire::Live;
use tokio::task::JoinSet;

use super::rig::{PATIENCE, Rig, Which};
use super::size::{told, tries};
use super::witness::Witness;

/// The calls that fail.
const SORTS: [&str; 16] = [
    "open",
    "openat",
    "mkdir",
    "read",
    "write",
    "fsync",
    "fdatasync",
    "fallocate",
    "fadvise64",
    "ftruncate",
    "flock",
    "linkat",
    "rename",
    "unlink",
    "statx",
    "fchmod",
];

/// How many tries go on at the same time; most of each is waiting.
const AT_ONCE: usize = 4;

/// How often nothing comes from an engine that says it has no room, before it is let go.
const IN_VAIN: usize = 5;

/// What the first step prints.
fn printed() -> String {
    let numbers = |n| (1..=n).map(|n| format!("{n}\n")).collect::<String>();
    numbers(2000) + &numbers(2000)
}

/// One step that prints more than a piece, and one that kills what keeps its receipt, so that nobody can know how
/// it ended and what it printed has to be copied out of the spool. What a step prints is looked for five times a second.
fn rig() -> Rig {
    Rig::new(&[
        ("one", "echo one >>COUNT; seq 1 2000; sleep 0.1; seq 1 2000"),
        (
            "two",
            "echo two >>COUNT; echo printed; sleep 0.4; kill -9 $PPID",
        ),
    ])
}

/// A call: its sort, and which of its sort.
pub type Point = (String, u64);

/// What the system answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Eio,
    Enospc,
    Eintr,
}

pub const ANSWERS: [Answer; 3] = [Answer::Eio, Answer::Enospc, Answer::Eintr];

impl Answer {
    /// Its name in errno(3), and how it is said.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Eio => ("EIO", "Input/output error"),
            Self::Enospc => ("ENOSPC", "No space left on device"),
            Self::Eintr => ("EINTR", "Interrupted system call"),
        }
    }
}

/// One try.
#[derive(Clone, Debug)]
pub struct Case {
    pub point: Point,
    pub answer: Answer,
    pub from_then_on: bool,
    /// Whether no link can be had, so that what is printed is copied.
    pub copied: bool,
}

impl Case {
    /// The words that make strace answer so. A call that is interrupted for ever would be made for ever.
    pub fn inject(&self) -> String {
        let (call, n) = &self.point;
        let name = self.answer.words().0;
        let when = match (self.from_then_on, self.answer) {
            (false, _) => n.to_string(),
            (true, Answer::Eintr) => format!("{n}..{}", n + 4),
            (true, _) => format!("{n}+"),
        };
        format!("inject={call}:error={name}:when={when}")
    }
}

/// Whether there is an strace that may trace.
pub fn can_trace() -> bool {
    let tried = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .status();
    tried.is_ok_and(|status| status.success())
}

/// The files and folders of a run that its engine opens or makes.
fn places(rig: &Rig) -> Vec<String> {
    let folder = rig.folder();
    let socket = rig.socket();
    let mut places = vec![
        folder.clone(),
        folder.join("journal"),
        folder.join("runbook.toml"),
        folder.join("output"),
        folder.join("torn-1"),
        socket.clone(),
    ];
    places.extend(folder.parent().map(Path::to_owned));
    places.extend(socket.parent().map(Path::to_owned));
    for step in ["one", "two"] {
        for end in ["", ".times", ".part"] {
            places.push(folder.join(format!("output/{step}.1.here.0{end}")));
        }
    }
    places
        .into_iter()
        .map(|path| path.display().to_string())
        .collect()
}

/// An engine under strace, which is not its parent: what ends is the engine.
fn under_strace(
    rig: &Rig,
    which: Which,
    trace: &Path,
    (places, copied): (&[String], bool),
    inject: &[String],
) -> Child {
    let mut words: Vec<String> = ["strace", "-D", "-f", "-q", "-y", "-e", "trace=all", "-o"]
        .map(str::to_owned)
        .into();
    words.push(trace.display().to_string());
    for place in places {
        words.extend(["-P".to_owned(), place.clone()]);
    }
    if copied {
        words.extend(["-e".to_owned(), "inject=linkat:error=EXDEV".to_owned()]);
    }
    for inject in inject {
        words.extend(["-e".to_owned(), inject.clone()]);
    }
    words.push("--".to_owned());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    rig.engine(which, &words).spawn().expect("strace starts")
}

/// The calls of a trace that were made, as lines that have their beginning and their end.
fn whole_calls(trace: &str) -> Vec<(String, String)> {
    let mut open: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix("<unfinished ...>") {
            open.insert(thread, begun);
        } else if let Some(rest) = call.strip_prefix("<... ") {
            if let Some(begun) = open.remove(thread) {
                let rest = rest.split_once('>').map_or("", |(_, rest)| rest);
                calls.push((thread.to_owned(), format!("{begun}{rest}")));
            }
        } else if call.contains('(') {
            calls.push((thread.to_owned(), call.to_owned()));
        }
    }
    calls
}

/// The points of a trace: the most calls of each sort that one thread made.
pub fn points_of(trace: &str, counts: impl Fn(&str) -> bool) -> Vec<Point> {
    let mut made: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut points = BTreeMap::new();
    for (thread, call) in whole_calls(trace) {
        let sort = call.split('(').next().unwrap_or_default().to_owned();
        let n = made.entry((sort.clone(), thread)).or_default();
        *n += 1;
        if SORTS.contains(&sort.as_str()) && counts(&call) {
            points.insert((sort, *n), ());
        }
    }
    points.into_keys().collect()
}

/// Every point of a whole run.
async fn points(copied: bool) -> Vec<Point> {
    let rig = rig();
    let trace = rig.path("trace");
    let mut engine = under_strace(&rig, Which::Real, &trace, (&places(&rig), copied), &[]);
    let mut witness = attached(&rig, &mut engine).await;
    let walked = walk(&rig, &mut witness, &mut engine)
        .await
        .expect("a whole run");
    assert_eq!(walked, Walked::ToTheEnd, "{}", rig.log());
    witness.leave();
    gone(&mut engine).await.expect("its end");
    points_of(&traced(&trace).await, |_| true)
}

/// What a trace says once its tracer has come after.
async fn traced(trace: &Path) -> String {
    // The tracer writes the last lines after the last call.
    tokio::time::sleep(Duration::from_millis(20)).await;
    String::from_utf8_lossy(&std::fs::read(trace).unwrap_or_default()).into_owned()
}

/// How far somebody got with one engine.
#[derive(Debug, PartialEq, Eq)]
pub enum Walked {
    ToTheEnd,
    /// The engine went, or nothing more is granted for want of room.
    Stopped,
}

/// What somebody says next who wants to come to the end, whatever it takes.
fn next_wish(witness: &Witness) -> Option<Intent> {
    let run = &witness.folded.run;
    run.plan.as_ref()?;
    let Some(number) = run.current() else {
        return Some(Intent::End {
            reason: String::new(),
        });
    };
    let (state, step) = (&run.steps[number], run.planned(number)?.id.clone());
    let attempt = state.attempt;
    match &state.at {
        StepAt::AtGate => Some(Intent::Approve {
            step,
            attempt,
            digest: state.shown.as_ref()?.digest.clone(),
            typed: None,
        }),
        StepAt::Stuck {
            why: Stuck::Unknown,
        } => {
            let unknown = |lane: &&runsheet::run::Lane| matches!(lane.at, LaneAt::Unknown { .. });
            Some(Intent::Settle {
                step,
                attempt,
                lane: state.lanes.iter().find(unknown)?.name.clone(),
                decision: Decision::Happened,
                reason: "seen".into(),
            })
        }
        StepAt::Stuck { .. } => Some(Intent::Attest {
            step,
            attempt,
            note: "seen".into(),
        }),
        _ => None,
    }
}

/// Somebody who attaches once there is a door: who tries before tries again after a pause.
pub async fn attached(rig: &Rig, engine: &mut Child) -> Witness {
    let begun = Instant::now();
    while !rig.socket().exists()
        && begun.elapsed() < PATIENCE
        && matches!(engine.try_wait(), Ok(None))
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Witness::of(rig)
}

/// Says what is to be said until the run has ended, its engine has gone, or nothing is granted any more.
pub async fn walk(rig: &Rig, witness: &mut Witness, engine: &mut Child) -> Result<Walked, String> {
    let begun = Instant::now();
    let (mut full, mut in_vain) = (false, 0);
    let mut said: Option<(u64, u64)> = None;
    loop {
        if witness.folded.run.ending.is_some() {
            return Ok(Walked::ToTheEnd);
        }
        if begun.elapsed() > PATIENCE {
            let last = witness.folded.entries.last();
            return Err(format!("it hangs after {last:?}\n{}", rig.log()));
        }
        if witness.gone.is_some() || matches!(engine.try_wait(), Ok(Some(_))) {
            // What it said last is still on its way.
            let listening = async { while witness.connected && witness.next().await.is_some() {} };
            let _ = tokio::time::timeout(Duration::from_secs(5), listening).await;
            return Ok(match witness.folded.run.ending {
                Some(_) => Walked::ToTheEnd,
                None => Walked::Stopped,
            });
        }
        let entries = witness.folded.entries.len() as u64;
        if witness.connected
            && said.is_none_or(|(_, at)| at < entries)
            && let Some(wish) = next_wish(witness)
        {
            said = Some((witness.wish(wish), entries));
        }
        let next = tokio::time::timeout(Duration::from_millis(50), witness.next()).await;
        match next {
            Ok(Some(Update::Refused { id, .. })) if said.is_some_and(|(said, _)| said == id) => {
                said = None;
                in_vain += usize::from(full);
            }
            Ok(Some(Update::Disconnected { .. })) => said = None,
            Ok(Some(Update::Live(Live::Full { .. }))) => full = true,
            Ok(Some(Update::Live(Live::Room))) => (full, in_vain) = (false, 0),
            // Before a gate, an engine without room does not even begin to look.
            Err(_) => in_vain += usize::from(full),
            _ => {}
        }
        if in_vain >= IN_VAIN {
            let pid = rustix::process::Pid::from_child(engine);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            gone(engine).await?;
            return Ok(Walked::Stopped);
        }
    }
}

/// Waits for the end of an engine, and ends one that does not.
pub async fn gone(engine: &mut Child) -> Result<std::process::ExitStatus, String> {
    let begun = Instant::now();
    loop {
        if let Ok(Some(status)) = engine.try_wait() {
            return Ok(status);
        }
        if begun.elapsed() > PATIENCE {
            let _ = engine.kill();
            return Err("it does not end".into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How many records were synced before the journal's first failure; none while it had none.
fn safe(trace: &str) -> Option<u64> {
    let mut synced = 0;
    for (_, call) in whole_calls(trace) {
        let sort = call.split('(').next().unwrap_or_default();
        if !call.contains("/journal>") || !["write", "fdatasync"].contains(&sort) {
            continue;
        }
        let failed = call.contains("(INJECTED)");
        match (sort, failed) {
            (_, true) if !call.contains("EINTR") => return Some(synced),
            ("fdatasync", false) => synced += 1,
            _ => {}
        }
    }
    None
}

/// What a try came to.
#[derive(Default)]
struct Came {
    reached: bool,
    stopped: bool,
    unknown: bool,
}

/// Lets an engine meet the failure, and another take the run up after it.
async fn try_with(case: &Case, which: Which, inject: &[String]) -> Result<Came, String> {
    try_at(case, which, inject, places).await
}

/// The same, with what may fail.
async fn try_at(
    case: &Case,
    which: Which,
    inject: &[String],
    places: fn(&Rig) -> Vec<String>,
) -> Result<Came, String> {
    let rig = rig();
    let before = rig.lines().len() as u64;
    let trace = rig.path("trace");
    let mut engine = under_strace(&rig, which, &trace, (&places(&rig), case.copied), inject);
    let mut witness = attached(&rig, &mut engine).await;
    let walked = walk(&rig, &mut witness, &mut engine).await?;
    witness.leave();
    let status = gone(&mut engine).await?;
    let trace = traced(&trace).await;
    let log = rig.log();
    let reached =
        trace.contains("(INJECTED)") && (!case.copied || trace.contains(case.answer.words().0));
    if status.signal().is_some() || log.contains("panicked") {
        return Err(format!("it died: {status}\n{log}"));
    }
    if let Some(lost) = witness.lost(&rig) {
        return Err(lost);
    }
    if safe(&trace).is_some_and(|safe| witness.told.len() as u64 > before + safe) {
        return Err("told after the journal had failed".into());
    }
    let mut came = Came {
        reached,
        ..Came::default()
    };
    if walked == Walked::Stopped {
        came.stopped = true;
        // One that says on every screen that it has no room was told to go.
        let full = status.success() && case.answer == Answer::Enospc;
        if !full && !log.contains(case.answer.words().1) {
            return Err(format!(
                "it stopped with {status} and not a plain word:\n{log}"
            ));
        }
        let mut whole = rig.start(Which::Real);
        let first = std::mem::replace(&mut witness, attached(&rig, &mut whole).await);
        // The last record of all may be on disk though its sync has failed: then nothing is left to do.
        if walk(&rig, &mut witness, &mut whole).await? == Walked::Stopped
            && !rig.log().contains("this run has ended")
        {
            return Err(format!("nobody can take it up:\n{}", rig.log()));
        }
        witness.leave();
        gone(&mut whole).await?;
        if let Some(lost) = first.lost(&rig) {
            return Err(lost);
        }
    }
    check(&rig, &witness, &mut came)?;
    Ok(came)
}

/// Whether the record at the end is true to what was done and printed.
fn check(rig: &Rig, witness: &Witness, came: &mut Came) -> Result<(), String> {
    if let Some(lost) = witness.lost(rig) {
        return Err(lost);
    }
    let verdict = verify_folder(&rig.folder(), None).map_err(|error| error.to_string())?;
    if !verdict.is_ok() {
        return Err(format!("it does not verify: {verdict:?}"));
    }
    let counted = rig.counted();
    let times = |word: &str| counted.iter().filter(|line| *line == word).count();
    for step in ["one", "two"] {
        if times(step) > 1 {
            return Err(format!("{step} ran twice"));
        }
    }
    for line in rig.lines() {
        let (_, json) = line.split_once(' ').unwrap_or_default();
        let entry: Entry = serde_json::from_str(json).map_err(|error| error.to_string())?;
        match &entry.event {
            Event::LegEnded {
                step,
                outcome,
                output,
                ..
            } => {
                let ran = times(step.as_str()) > 0;
                match outcome {
                    LaneOutcome::NotRun { proof } if ran => {
                        return Err(format!("{step} ran, against the proof: {proof}"));
                    }
                    LaneOutcome::NotRun { .. } => {}
                    _ if !ran => return Err(format!("{step} never ran: {outcome:?}")),
                    _ if step.as_str() == "one" => is_all_of_it(output.as_ref())?,
                    _ => {}
                }
            }
            Event::LegUnknown { step, why, .. } if step.as_str() == "one" => {
                came.unknown = true;
                if !why.contains("could not be kept") {
                    return Err(format!("not a plain word of what is unknown: {why}"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_all_of_it(output: Option<&Output>) -> Result<(), String> {
    let all = printed();
    let sum = Hash::of(all.as_bytes()).to_string();
    match output {
        Some(output) if output.bytes == all.len() as u64 && output.sha256 == sum => Ok(()),
        other => Err(format!("done, with {other:?} of its {} bytes", all.len())),
    }
}

/// Every sort of call in its turn, so that the many syncs leave room for the few renames; within a sort, far apart.
fn in_turn(all: &[Case]) -> Vec<Case> {
    let mut of_sort: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in all {
        of_sort.entry(&case.point.0).or_default().push(case);
    }
    let mut turns: Vec<(usize, &Case)> = Vec::new();
    for cases in of_sort.values_mut() {
        let mut number = 0;
        cases.sort_by_cached_key(|_| {
            number += 1;
            (number * 7919) % 10_007
        });
        turns.extend(cases.iter().copied().enumerate());
    }
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, case)| case.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_the_system_says_no_to_stays_honest() {
    if !can_trace() {
        eprintln!(
            "SKIPPED: there is no strace here that may trace, so no call of an engine was made to fail"
        );
        return;
    }
    let mut all = Vec::new();
    for copied in [false, true] {
        for point in points(copied).await {
            for answer in ANSWERS {
                for from_then_on in [false, true] {
                    all.push(Case {
                        point: point.clone(),
                        answer,
                        from_then_on,
                        copied,
                    });
                }
            }
        }
    }
    let wanted = tries(200, all.len() as u64).min(all.len() as u64);
    let mut left = in_turn(&all).into_iter().take(wanted as usize);
    let mut going = JoinSet::new();
    let (mut stopped, mut unknown) = (0, 0);
    let mut reached: BTreeMap<String, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    loop {
        while going.len() < AT_ONCE
            && let Some(case) = left.next()
        {
            going.spawn(async move {
                let inject = [case.inject()];
                (try_with(&case, Which::Real, &inject).await, case)
            });
        }
        let Some(done) = going.join_next().await else {
            break;
        };
        match done.expect("a try that ends") {
            (Ok(came), case) => {
                if came.reached {
                    *reached.entry(case.point.0.clone()).or_default() += 1;
                }
                stopped += u64::from(came.stopped);
                unknown += u64::from(came.unknown);
                // Interrupted, these are only made again.
                let again =
                    ["write", "fsync", "fdatasync", "read"].contains(&case.point.0.as_str());
                if again && case.answer == Answer::Eintr && (came.stopped || came.unknown) {
                    wrong.push(format!("{case:?}: not made again"));
                }
            }
            (Err(why), case) => wrong.push(format!("{case:?}: {why}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {wanted}:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
    // A busy machine may see the second step's output only when its keeper is gone, and then has nothing to rename.
    for sort in ["openat", "write", "fdatasync", "linkat"] {
        assert!(
            reached.contains_key(sort),
            "no {sort} was come to: {reached:?}"
        );
    }
    let met: u64 = reached.values().sum();
    told(
        "the Nth call of an engine failing",
        &format!(
            "{wanted} of {} (EIO, ENOSPC, EINTR; once and from then on; {} sorts of call, {} of a rename), {met} come to: {stopped} \
             engines stopped and said why, {unknown} steps unknown for want of their output, 0 told after the \
             journal's first, 0 lost, 0 false outputs, all runs taken to their end; controls: {}",
            all.len(),
            reached.len(),
            reached.get("rename").copied().unwrap_or(0),
            controls().await,
        ),
    );
}

/// Engines and outputs that are broken on purpose, each of which must be caught. Says by what.
async fn controls() -> String {
    let case = |point: Point, copied| Case {
        point,
        answer: Answer::Eio,
        from_then_on: true,
        copied,
    };
    // An engine that tells of records which its disk does not have.
    let mut lying = None;
    for n in 2..20 {
        let case = case(("write".to_owned(), n), false);
        if let Err(why) = try_with(&case, Which::Lying(3), &[case.inject()]).await {
            lying = Some(format!("records kept back, at write {n}: {why}"));
            break;
        }
    }
    let lying = lying.expect("an engine that keeps records back must be caught");
    // A byte of an output that is said to have been written.
    let case = case(("write".to_owned(), 1), true);
    let hidden = ["inject=write:retval=1:when=1".to_owned()];
    let only = |rig: &Rig| {
        vec![
            rig.folder()
                .join("output/one.1.here.0")
                .display()
                .to_string(),
        ]
    };
    let lost = try_at(&case, Which::Real, &hidden, only).await;
    let lost = lost
        .err()
        .expect("an output with a byte missing must be caught");
    let lost = lost
        .split("Verdict")
        .next()
        .unwrap_or_default()
        .trim_end_matches([':', ' ']);
    format!("caught ({lying}); a byte of an output that was never written: caught ({lost})")
}

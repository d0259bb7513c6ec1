//! The system says no to the Nth call of whoever opens a run: it is said plainly, and nothing is half there that a
//! later command trips over.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use runsheet::journal::verify_folder;
use runsheet::names::RunId;
use tokio::task::JoinSet;

use super::injected::{ANSWERS, Answer, Case, Walked, attached, can_trace, gone, points_of, walk};
use super::rig::{Rig, Which};
use super::size::{told, tries};
use super::witness::Witness;

/// How many tries go on at the same time.
const AT_ONCE: usize = 4;

const RUNBOOK: &str = r#"format = 1
title = "Faults"
[hosts]
here = "this machine"
[[phase]]
id = "all"
title = "All"
[[step]]
id = "one"
phase = "all"
title = "one"
on = "here"
do.command.run = "echo printed"
undo = { never = "a test" }
verify = [{ command = "echo yes", equals = "yes" }]
"#;

/// A folder with a runbook that nobody has run.
fn fresh() -> tempfile::TempDir {
    let temp = tempfile::Builder::new()
        .prefix("rs-")
        .tempdir_in("/tmp")
        .unwrap();
    fs::write(temp.path().join("faults.toml"), RUNBOOK).unwrap();
    let here = "[here]\nkind = \"rehearsal\"\nhosts.here = \"local\"\n";
    fs::write(temp.path().join("environments.toml"), here).unwrap();
    fs::write(
        temp.path().join("answers.toml"),
        "format = 1\napprove = [\"*\"]\n",
    )
    .unwrap();
    temp
}

/// Runs the program there, under strace where there is something to inject or to be traced. Only the thread that
/// opens the run is traced; the engine that it starts is another process.
async fn program(
    root: &Path,
    strace: Option<Option<&str>>,
    args: &[&str],
) -> Result<Output, String> {
    let trace = root.join("trace").display().to_string();
    let program = env!("CARGO_BIN_EXE_runsheet");
    let mut command = match strace {
        None => Command::new(program),
        Some(inject) => {
            let mut command = Command::new("strace");
            command.args(["-D", "-q", "-y", "-e", "trace=all", "-o", &trace]);
            if let Some(inject) = inject {
                command.args(["-e", inject]);
            }
            command.arg("--").arg(program);
            command
        }
    };
    let (out, err) = (root.join("out"), root.join("err"));
    let file = |path: &PathBuf| Stdio::from(fs::File::create(path).unwrap());
    let mut child = command
        .args(args)
        .current_dir(root)
        .env("XDG_STATE_HOME", root.join("state"))
        .env("XDG_RUNTIME_DIR", root.join("run"))
        .env("HOME", root)
        .stdin(Stdio::null())
        .stdout(file(&out))
        .stderr(file(&err))
        .spawn()
        .expect("it starts");
    let status = gone(&mut child).await?;
    let read = |path: &PathBuf| fs::read(path).unwrap_or_default();
    Ok(Output {
        status,
        stdout: read(&out),
        stderr: read(&err),
    })
}

const RUN: [&str; 7] = [
    "run",
    "faults.toml",
    "--env",
    "here",
    "--unattended",
    "--answers",
    "answers.toml",
];

/// The runs that are there, whole or not.
fn runs(root: &Path) -> Vec<RunId> {
    let entries = fs::read_dir(root.join("state/runsheet/runs"))
        .into_iter()
        .flatten();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().ok();
    entries
        .flatten()
        .filter_map(name)
        .filter_map(|name| RunId::new(name).ok())
        .collect()
}

/// What the failure of a trace was of.
enum CameTo {
    Nothing,
    AFile,
    /// What wakes the program's own threads, or speaks to another program: no disk fails there. Which call is the
    /// Nth is not the same each time.
    Another,
}

fn came_to(root: &Path) -> CameTo {
    let trace = fs::read(root.join("trace")).unwrap_or_default();
    let trace = String::from_utf8_lossy(&trace).into_owned();
    let mut injected = trace.lines().filter(|line| line.contains("(INJECTED)"));
    let no_file = ["<anon_inode:", "<pipe:", "<socket:", "<UNIX"];
    match injected.next() {
        None => CameTo::Nothing,
        Some(line) if no_file.iter().any(|kind| line.contains(kind)) => CameTo::Another,
        Some(_) => CameTo::AFile,
    }
}

/// Opens a run with one failure, and says what was wrong about it; else whether the failure was met and whether the
/// run came to its end all the same.
async fn try_with(inject: &str, answer: Answer) -> Result<(bool, bool), String> {
    let temp = fresh();
    let root = temp.path().to_owned();
    let output = program(&root, Some(Some(inject)), &RUN).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let met = match came_to(&root) {
        CameTo::Nothing => false,
        CameTo::AFile => true,
        CameTo::Another => return Ok((false, false)),
    };
    let output = output?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code().is_none() || said.contains("panicked") {
        return Err(format!("it died: {}\n{said}", output.status));
    }
    let ended = output.status.success();
    if !ended && !said.contains(answer.words().1) {
        return Err(format!(
            "{} and not a plain word of it: {said}",
            output.status
        ));
    }
    let runs = runs(&root);
    if runs.len() > 1 || (ended && runs.is_empty()) {
        return Err(format!("{} runs", runs.len()));
    }
    let listed = program(&root, None, &["runs"]).await?;
    if !listed.status.success() {
        return Err(format!(
            "`runs` fails after it: {}",
            String::from_utf8_lossy(&listed.stderr)
        ));
    }
    let Some(run) = runs.into_iter().next() else {
        return again(&root).await.map(|()| (met, ended));
    };
    let rig = Rig::of(temp, run);
    if !ended {
        take_up(&rig).await?;
    } else {
        let verdict = verify_folder(&rig.folder(), None).map_err(|error| error.to_string())?;
        if !verdict.is_ok() {
            return Err(format!("it does not verify: {verdict:?}"));
        }
    }
    again(&root).await.map(|()| (met, ended))
}

/// Another run in the same place, with nothing in its way.
async fn again(root: &Path) -> Result<(), String> {
    let output = program(root, None, &RUN).await?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "the next run fails: {}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// Takes a run up that was not opened to the end: it goes on, or it is said plainly why it cannot.
async fn take_up(rig: &Rig) -> Result<(), String> {
    let mut said = String::new();
    for _ in 0..20 {
        // One that was started before may hold it, or be about to.
        let there = std::os::unix::net::UnixStream::connect(rig.socket()).is_ok();
        let mut engine = match there {
            true => Command::new("sleep")
                .arg("60")
                .spawn()
                .expect("sleep starts"),
            false => rig.start(Which::Real),
        };
        let before = rig.log().len();
        let mut witness = attached(rig, &mut engine).await;
        let walked = walk(rig, &mut witness, &mut engine).await;
        witness.leave();
        let _ = engine.kill();
        let _ = engine.wait();
        if walked? == Walked::ToTheEnd {
            return Ok(());
        }
        said = rig.log().split_off(before.min(rig.log().len()));
        // What another one says is not in this log, and ours has had no time to say anything; the next one has.
        let another = there || said.is_empty() || said.contains("another engine holds");
        if !another {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let plain = ["was never opened", "has ended", "No such file"];
    match plain.iter().any(|words| said.contains(words)) && !said.contains("panicked") {
        true => Ok(()),
        false => Err(format!("taken up, it says no plain word:\n{said}")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_the_system_does_not_let_open_is_told_and_leaves_nothing_in_the_way() {
    if !can_trace() {
        eprintln!(
            "SKIPPED: there is no strace here that may trace, so no opening of a run was made to fail"
        );
        return;
    }
    let temp = fresh();
    let output = program(temp.path(), Some(None), &RUN)
        .await
        .expect("it ends");
    assert!(output.status.success(), "{output:?}");
    tokio::time::sleep(Duration::from_millis(20)).await;
    let trace = fs::read_to_string(temp.path().join("trace")).expect("a trace");
    let trace: String = trace.lines().map(|line| format!("1 {line}\n")).collect();
    let own = format!("{}/", temp.path().display());
    let points = points_of(&trace, |call| {
        let (before, _) = call.split_once(" = ").unwrap_or((call, ""));
        before.replace("AT_FDCWD<", "").contains(&own) || call.contains(".toml\"")
    });
    assert!(points.len() > 40, "only {points:?}");
    let mut all = Vec::new();
    for point in &points {
        for answer in ANSWERS {
            // From then on, nothing could be said either: words are written by the same call.
            for from_then_on in
                [false, true]
                    .into_iter()
                    .take(if point.0 == "write" { 1 } else { 2 })
            {
                all.push(Case {
                    point: point.clone(),
                    answer,
                    from_then_on,
                    copied: false,
                });
            }
        }
    }
    let wanted = tries(60, all.len() as u64).min(all.len() as u64);
    let mut left = (0..wanted).map(|n| all[(n * all.len() as u64 / wanted) as usize].clone());
    let (mut met, mut ended, mut wrong) = (0, 0, Vec::new());
    let mut going = JoinSet::new();
    loop {
        while going.len() < AT_ONCE
            && let Some(case) = left.next()
        {
            going.spawn(async move { (try_with(&case.inject(), case.answer).await, case) });
        }
        let Some(done) = going.join_next().await else {
            break;
        };
        match done.expect("a try that ends") {
            (Ok((was_met, has_ended)), _) => {
                met += u64::from(was_met);
                ended += u64::from(has_ended);
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
    assert!(met * 10 > wanted * 9, "only {met} of {wanted} were come to");

    // The control: a write of the runbook's copy that is said to have been made, of which a byte is missing.
    let copy = trace.lines().filter(|line| line.starts_with("1 write("));
    let copy = copy
        .enumerate()
        .find(|(_, line)| line.contains("/runbook.toml>"));
    let (before, _) = copy.expect("a copy of the runbook");
    let hidden = format!("inject=write:retval=1:when={}", before + 1);
    let caught = try_with(&hidden, Answer::Eio).await;
    let caught = caught.expect_err("a failure that is hidden must be caught");
    let caught = caught.split_whitespace().collect::<Vec<_>>().join(" ");
    let caught = caught.chars().take(60).collect::<String>();
    told(
        "the Nth call of an opening failing",
        &format!(
            "{wanted} of {} (EIO, ENOSPC, EINTR; once, and but for writes from then on), {met} come to: {ended} runs ended all the \
             same, the rest said why, the next run went well; control: caught ({caught})",
            all.len()
        ),
    );
}

/// An engine's own log is on the disk that fills. Its words there are lost, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn an_engine_whose_log_takes_nothing_goes_on() {
    let rig = Rig::new(&[("one", "echo one >>COUNT")]);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("it opens");
    let mut engine = rig
        .engine(Which::Real, &[])
        .stderr(full)
        .spawn()
        .expect("it starts");
    let mut witness = attached(&rig, &mut engine).await;
    witness.until(&rig, |witness| witness.connected).await;
    // More than it takes, which is what it has to say.
    let connect = |_| std::os::unix::net::UnixStream::connect(rig.socket()).expect("a socket");
    let crowd: Vec<_> = (0..100).map(connect).collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(crowd);
    tokio::time::sleep(Duration::from_millis(200)).await;
    // Whoever takes people in is still there, and so is the rest.
    witness.leave();
    let mut another = Witness::of(&rig);
    another.finish(&rig).await;
    another.leave();
    let status = gone(&mut engine).await.expect("its end");
    assert!(status.success(), "{status}");
    assert_eq!(rig.counted(), ["one"]);
}

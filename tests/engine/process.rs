//! Engines in processes of their own, killed as the world kills them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::exit;

use runsheet::clock::Clock;
use runsheet::engine::{self, Ended, EngineError, Program, Secrets, Spawned};
use runsheet::journal;
use runsheet::names::{HostName, RunId};
use runsheet::paths::Paths;
use runsheet::run::{Event, Intent, Plan, StepAt};
use runsheet::runbook::{
    Binding, Environment, EnvironmentKind, Parameters, Require, read_runbook_text, values,
};

use super::person::Person;
use super::stage::eventually;

const RUNBOOK: &str = r#"
format = 1
title = "A test of a real engine"
[hosts]
here = "this machine"
[[phase]]
id = "all"
title = "All"
[[step]]
id = "slow"
phase = "all"
title = "Take some time"
on = "here"
do.command.run = "echo begun; sleep 1.5; echo ended"
verify = [ { command = "echo yes", equals = "yes" } ]
"#;

/// Not a test: what a spawned engine does. The last words of the command line are the roots of its
/// folders and the run.
#[test]
#[ignore = "the process that other tests start"]
fn the_engine_itself() {
    let words: Vec<String> = std::env::args().collect();
    let [.., state, runtime, run] = words.as_slice() else {
        return;
    };
    if !Path::new(state).is_absolute() {
        return;
    }
    let paths = Paths::under(state.into(), runtime.into());
    let serve = async {
        let run = RunId::new(run.as_str()).map_err(EngineError::Name)?;
        engine::serve_from_stdin(&paths, &run).await
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match runtime.block_on(serve) {
        Ok(Ended::RunEnded) => exit(0),
        Ok(Ended::Stopped) => exit(3),
        Ok(Ended::Suspended) => exit(4),
        Err(error) => {
            eprintln!("{error}");
            exit(1);
        }
    }
}

struct Real {
    temp: tempfile::TempDir,
    paths: Paths,
}

impl Real {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let paths = Paths::under(temp.path().join("state"), temp.path().join("run"));
        Self { temp, paths }
    }

    fn create(&self) -> RunId {
        let (runbook, _) = read_runbook_text(Path::new("a-test.toml"), RUNBOOK).unwrap();
        let environment = Environment {
            name: runsheet::names::EnvName::new("here").unwrap(),
            digest: "0".repeat(64),
            kind: EnvironmentKind::Rehearsal,
            require: Require::default(),
            hosts: [(HostName::new("here").unwrap(), vec![Binding::Local])].into(),
            params: indexmap::IndexMap::new(),
        };
        let values = values(&runbook, &environment, &Parameters::new(), &BTreeMap::new());
        let plan = Plan::lay(&runbook, &environment, &values).unwrap();
        engine::create(&self.paths, &runbook, &plan, &Clock::system()).unwrap()
    }

    fn program(&self) -> Program {
        let root = |name: &str| self.temp.path().join(name).into();
        Program {
            path: std::env::current_exe().unwrap(),
            args: vec![
                "process::the_engine_itself".into(),
                "--exact".into(),
                "--ignored".into(),
                "--nocapture".into(),
                root("state"),
                root("run"),
            ],
        }
    }

    fn spawn(&self, run: &RunId) -> Result<Spawned, EngineError> {
        engine::spawn(&self.paths, run, &Secrets::default(), &self.program())
    }

    fn folder(&self, run: &RunId) -> PathBuf {
        self.paths.run(run).unwrap()
    }
}

fn pid(person: &Person) -> rustix::process::Pid {
    let pid = person
        .events()
        .into_iter()
        .rev()
        .find_map(|event| match event {
            Event::EngineStarted { pid, .. } => Some(pid),
            _ => None,
        });
    rustix::process::Pid::from_raw(pid.unwrap().try_into().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_engine_is_started_again_and_the_step_has_run_once() {
    let real = Real::new();
    let run = real.create();
    let folder = real.folder(&run);
    assert_eq!(real.spawn(&run).unwrap(), Spawned::Started);
    assert_eq!(real.spawn(&run).unwrap(), Spawned::WasThere);
    let mut ana = Person::attach(real.paths.socket(&run).unwrap(), "ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("slow").await.unwrap();
    let kept = folder.join("output/slow.1.here.0");
    eventually(|| std::fs::read_to_string(&kept).is_ok_and(|text| text == "begun\n")).await;

    rustix::process::kill_process(pid(&ana), rustix::process::Signal::KILL).unwrap();
    assert!(
        real.paths.socket(&run).unwrap().exists(),
        "left by the dead"
    );
    // Its process may be a moment in dying, and its journal locked until then.
    eventually(|| matches!(real.spawn(&run), Ok(Spawned::Started))).await;
    ana.until(|run| run.epoch == 2 && matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "begun\nended\n");

    // Somebody logs out: that is nothing to an engine. Then it is asked to end, and comes back.
    rustix::process::kill_process(pid(&ana), rustix::process::Signal::HUP).unwrap();
    rustix::process::kill_process(pid(&ana), rustix::process::Signal::TERM).unwrap();
    assert!(ana.goodbye().await.contains("taken up again"));
    eventually(|| matches!(real.spawn(&run), Ok(Spawned::Started))).await;
    let mut ben = Person::attach(real.paths.socket(&run).unwrap(), "ben").await;
    ben.wish(Intent::End {
        reason: String::new(),
    })
    .await
    .unwrap();
    assert!(ben.goodbye().await.contains("ended"));
    let socket = real.paths.socket(&run).unwrap();
    eventually(|| !socket.exists()).await;
    let verdict = journal::verify_folder(&folder, None).unwrap();
    assert!(verdict.is_ok(), "{verdict:?}");
}

#[test]
fn an_engine_that_cannot_start_says_why() {
    let real = Real::new();
    let run = real.create();
    std::fs::write(real.folder(&run).join("runbook.toml"), "another").unwrap();
    let said = real.spawn(&run).unwrap_err().to_string();
    assert!(
        said.contains("not the runbook that this run was opened with"),
        "{said}"
    );
}

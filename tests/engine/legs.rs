//! What runs on machines, and what becomes of it when something fails.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Duration;

use runsheet::engine::EngineError;
use runsheet::run::{Event, Intent, LaneOutcome, StepAt, Stop, Stuck};
use runsheet::transport::{Host, LinkTrouble, Reply, Then};

use super::acts::{Act, Step, step};
use super::scripted;
use super::stage::{self, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_runs_while_its_engine_dies_is_followed_again_and_not_repeated() {
    let stage = Stage::new(vec![
        Step::new("slow", Act::run(
            "echo begun >>\"$COUNT\"; for i in 1 2 3 4 5 6; do echo line $i; sleep 0.3; done; exit 3",
        ).ok(3)),
    ]);
    let local = || Host::local("m", stage.spool());
    let engine = stage.start_on(local());
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("slow").await.unwrap();
    let file = "slow.1.m.0";
    let kept = stage.folder().join("output").join(file);
    stage::eventually(|| std::fs::read_to_string(&kept).is_ok_and(|t| t.contains("line 2"))).await;
    assert_eq!(std::fs::metadata(&kept).unwrap().nlink(), 2, "linked");
    engine.kill().await;
    tokio::time::sleep(Duration::from_millis(500)).await;

    let engine = stage.start_on(local());
    ana.until(|run| run.epoch == 2 && matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    let expected: String = (1..=6).map(|i| format!("line {i}\n")).collect();
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), expected);
    assert_eq!(std::fs::read_to_string(stage.count()).unwrap(), "begun\n");
    let ended = ana.events().into_iter().find_map(|event| match event {
        Event::LegEnded {
            outcome, output, ..
        } => Some((outcome, output)),
        _ => None,
    });
    let (outcome, output) = ended.unwrap();
    assert_eq!(outcome, LaneOutcome::Succeeded { code: 3 });
    assert_eq!(output.unwrap().bytes, expected.len() as u64);
    let mode = std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // the receipt is forgotten once its end is on our disk
    let jobs = stage.spool().join("jobs");
    stage::eventually(|| stage::has_no_output(&jobs)).await;
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_never_arrived_is_sent_again_under_the_same_token() {
    let machine = scripted().on("do it", Reply::exit(0).loses_link(0, Then::Nothing));
    let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    assert_eq!(machine.ran().len(), 1);
    let told = |want: fn(&Event) -> bool| ana.events().iter().any(want);
    assert!(told(|event| matches!(event, Event::LinkLost { .. })));
    assert!(told(|event| matches!(event, Event::LinkBack { .. })));
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn output_goes_on_from_its_byte_when_a_link_was_lost() {
    let reply = Reply::exit(0)
        .stdout("0123456789")
        .takes(Duration::from_millis(200))
        .loses_link(4, Then::Runs);
    let machine = scripted().on("do it", reply);
    let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    assert_eq!(machine.ran().len(), 1, "run once");
    let kept = std::fs::read_to_string(stage.folder().join("output/first.1.m.0")).unwrap();
    assert_eq!(kept, "0123456789");
    assert_eq!(ana.read("first.1.m.0", 3, 4).await, b"3456");
    assert_eq!(ana.read("../journal", 0, 10).await, b"");
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_receipt_is_unknown_and_a_person_decides() {
    let machine = scripted().on("do it", Reply::exit(0).loses_link(0, Then::Lost));
    let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| stuck(&run.steps[0].at) == Some(&Stuck::Unknown))
        .await;
    assert_eq!(machine.ran().len(), 1);
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_reaches_what_runs_and_a_machine_out_of_reach_is_unknown() {
    let machine = scripted().on("do it", Reply::exit(0).until_signalled());
    let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| run.steps[0].at == StepAt::Running).await;
    ana.stop("first", Stop::Ask).await.unwrap();
    ana.until(|run| stuck(&run.steps[0].at) == Some(&Stuck::Stopped))
        .await;
    let failed = |event: &Event| {
        matches!(
            event,
            Event::LegEnded {
                outcome: LaneOutcome::Failed { code: 143 },
                ..
            }
        )
    };
    assert!(ana.events().iter().any(failed));

    let attempt = 1;
    ana.wish(Intent::Retry {
        step: step("first"),
        attempt,
    })
    .await
    .unwrap();
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| run.steps[0].at == StepAt::Running).await;
    stage::eventually(|| machine.ran().len() == 2).await;
    machine.down(Some(LinkTrouble::Unreachable));
    // The scripted machine goes silent: its follower only notices when it is woken.
    machine.restart();
    ana.until(|run| !run.links.is_empty()).await;
    ana.stop("first", Stop::Kill).await.unwrap();
    ana.until(|run| stuck(&run.steps[0].at) == Some(&Stuck::Unknown))
        .await;
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_time_ends_a_step() {
    let stage = Stage::new(vec![Step::new("first", Act::run("sleep 60")).timeout(1)]);
    let engine = stage.start_on(Host::local("m", stage.spool()));
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| stuck(&run.steps[0].at) == Some(&Stuck::Stopped))
        .await;
    let because = ana.events().into_iter().find_map(|event| match event {
        Event::StopAsked { because, .. } => because,
        _ => None,
    });
    assert_eq!(because.as_deref(), Some("the step's limit of 1 s"));
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_when_its_time_is_up_is_killed_by_a_person_and_not_by_the_clock() {
    let stubborn = "trap '' TERM; while :; do sleep 0.1; done";
    let stage = Stage::new(vec![Step::new("first", Act::run(stubborn)).timeout(1)]);
    let engine = stage.start_on(Host::local("m", stage.spool()));
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| run.steps[0].stop == Some(Stop::Ask)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        ana.run().steps[0].at,
        StepAt::Running,
        "it was asked, and no more"
    );
    assert_eq!(ana.run().steps[0].stop, Some(Stop::Ask));
    ana.stop("first", Stop::Kill).await.unwrap();
    ana.until(|run| stuck(&run.steps[0].at) == Some(&Stuck::Stopped))
        .await;
    let asked = ana.events().into_iter().filter_map(|event| match event {
        Event::StopAsked { stop, because, .. } => Some((stop, because.is_some())),
        _ => None,
    });
    assert_eq!(
        asked.collect::<Vec<_>>(),
        [(Stop::Ask, true), (Stop::Kill, false)]
    );
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_cannot_be_reached_is_an_obstacle_before_the_yes() {
    let machine = scripted();
    machine.down(Some(LinkTrouble::Refused));
    let stage = Stage::new(vec![Step::new("first", Act::run("do it")).proof("is it")]);
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| matches!(stuck(&run.steps[0].at), Some(Stuck::Obstructed { .. })))
        .await;
    let Some(Stuck::Obstructed { obstacle, .. }) = stuck(&ana.run().steps[0].at).cloned() else {
        panic!("not obstructed");
    };
    assert!(obstacle.what.contains("login was refused"), "{obstacle:?}");
    assert!(obstacle.hint.is_some());
    assert!(machine.ran().is_empty());
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_never_on_disk_wherever_its_output_is_cut() {
    let text = "printf 'a %s' \"${PASS%ter2}\"; sleep 0.6; printf 'ter2 b\\n'";
    let stage = Stage::new(vec![Step::new("first", Act::run(text))]).secret("PASS", "hunter2");
    let engine = stage.start_on(Host::local("m", stage.spool()));
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    let kept = std::fs::read_to_string(stage.folder().join("output/first.1.m.0")).unwrap();
    assert_eq!(kept, "a ******* b\n");
    // The machine keeps what the command itself printed until the receipt is forgotten.
    let jobs = stage.spool().join("jobs");
    stage::eventually(|| stage::has_no_output(&jobs)).await;
    engine.kill().await;
    for file in stage.files() {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(7).any(|window| window == b"hunter2");
        assert!(!found, "the secret is in {}", file.display());
    }
    let without = stage.without_secrets();
    let refused = without
        .start_on(Host::local("m", stage.spool()))
        .end()
        .await;
    assert!(
        matches!(refused, Err(EngineError::SecretsMissing(_))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_run_is_not_recorded_with_a_secret_in_it() {
    let stage =
        Stage::new(vec![Step::new("first", Act::run("echo hunter2"))]).secret("PASS", "hunter2");
    let engine = stage.start_on(Host::local("m", stage.spool()));
    let mut ana = stage.attach("ana").await;
    ana.until(|run| matches!(stuck(&run.steps[0].at), Some(Stuck::Obstructed { .. })))
        .await;
    engine.kill().await;
    let journal = std::fs::read_to_string(stage.folder().join("journal")).unwrap();
    assert!(!journal.contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_leg_gets_what_an_earlier_one_printed() {
    let act = Act::run("echo '  one two '").then("echo \"<$RUNSHEET_LEG_1>\"");
    let stage = Stage::new(vec![Step::new("first", act)]);
    let engine = stage.start_on(Host::local("m", stage.spool()));
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    let kept = std::fs::read_to_string(stage.folder().join("output/first.1.m.1")).unwrap();
    assert_eq!(kept, "<one two>\n");
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_output_is_linked_as_it_grows_and_a_daemon_left_behind_cannot_change_it() {
    let text = "echo one; sleep 0.5; echo two; (sleep 3; echo late; echo x >>\"$COUNT\") &";
    let stage = Stage::new(vec![Step::new("first", Act::run(text))]);
    let engine = stage.start_on(Host::local("m", stage.spool()));
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    let kept = stage.folder().join("output/first.1.m.0");
    let names = || std::fs::metadata(&kept).map_or(0, |file| file.nlink());
    stage::eventually(|| names() == 2).await;
    assert!(ana.read("first.1.m.0", 0, 4).await.starts_with(b"one\n"));
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    stage::eventually(|| stage.count().exists() && names() == 1).await;
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "one\ntwo\n");
    let mode = std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    engine.kill().await;
}

fn stuck(at: &StepAt) -> Option<&Stuck> {
    match at {
        StepAt::Stuck { why } => Some(why),
        _ => None,
    }
}

/// The second leg was sent, and whoever takes the run up cannot put it together again: it may still run.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_unknown_and_not_unrun_where_an_earlier_output_cannot_be_read() {
    let act = Act::run("echo one").then("echo begun >>\"$COUNT\"; sleep 1");
    let stage = Stage::new(vec![Step::new("two", act)]);
    let local = || Host::local("m", stage.spool());
    let engine = stage.start_on(local());
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("two").await.unwrap();
    stage::eventually(|| std::fs::read_to_string(stage.count()).is_ok_and(|t| t == "begun\n"))
        .await;
    engine.kill().await;
    let earlier = stage.folder().join("output/two.1.m.0");
    std::fs::remove_file(&earlier).unwrap();
    std::fs::create_dir(&earlier).unwrap();

    let engine = stage.start_on(local());
    let stuck = StepAt::Stuck {
        why: Stuck::Unknown,
    };
    ana.until(|run| run.epoch == 2 && run.steps[0].at == stuck)
        .await;
    let why = ana.events().into_iter().find_map(|event| match event {
        Event::LegUnknown { leg: 1, why, .. } => Some(why),
        _ => None,
    });
    let why = why.expect("the second leg is unknown");
    assert!(
        why.contains("may have been sent") && why.contains("two.1.m.0"),
        "{why}"
    );
    assert_eq!(std::fs::read_to_string(stage.count()).unwrap(), "begun\n");
    engine.kill().await;
}

//! An engine at work: real sockets, real journals, and machines that are this one or play their part.

#[path = "engine/process.rs"]
mod process;
#[path = "engine/stage.rs"]
mod stage;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use runsheet::clock::Clock;
use runsheet::engine::{Ended, Engine, EngineError};
use runsheet::journal::{self, JournalError};
use runsheet::names::MachineName;
use runsheet::run::{Done, Ending, Event, Intent, LaneOutcome, StepAt, Stop, Stuck};
use runsheet::runbook::Gate;
use runsheet::transport::{Host, LinkTrouble, Reply, Scripted, Then};
use runsheet::wire::{self, FromEngine, ToEngine};

use stage::{Act, Stage, Step};

fn scripted() -> Scripted {
    Scripted::new()
        .on("do it", Reply::exit(0).stdout("did it\n"))
        .on("is it", Reply::exit(0).stdout("yes"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_three_steps_goes_to_its_end_with_two_people() {
    let machine = scripted();
    let stage = Stage::new(vec![
        Step::new("first", Act::run("do it"))
            .gate(Gate::Auto)
            .proof("is it"),
        Step::new("second", Act::run("do it too")).gate(Gate::TwoPeople),
        Step::new("third", Act::Person),
    ]);
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    let mut ben = stage.attach("ben").await;

    ana.until(|run| run.steps[1].at == StepAt::AtGate).await;
    assert_eq!(
        ana.run().steps[0].at,
        StepAt::Done {
            how: Done::Proved { vacuous: true }
        },
        "the proof held before the step too"
    );
    ana.approve("second").await.unwrap();
    let again = ana.approve("second").await.unwrap_err();
    assert!(again.contains("second person"), "{again}");
    ben.until(|run| run.steps[1].approvals.len() == 1).await;
    ben.approve("second").await.unwrap();
    ben.until(|run| run.steps[2].at == StepAt::AtGate).await;
    ben.approve("third").await.unwrap();
    ben.until(|run| run.steps[2].at == StepAt::Running).await;
    ben.wish(Intent::SayDone {
        step: stage::step("third"),
        attempt: 1,
        lane: MachineName::bastion(),
        note: "by hand".into(),
    })
    .await
    .unwrap();
    ben.until(|run| run.current().is_none()).await;
    ben.wish(Intent::End {
        reason: String::new(),
    })
    .await
    .unwrap();
    ana.until(|run| run.ending.is_some()).await;
    assert_eq!(ana.run().ending, Some(Ending::Finished));
    let (ana_head, ben_head) = (ana.head(), ben.head());
    assert_eq!(ana_head, ben_head);
    drop((ana, ben));
    assert_eq!(engine.end().await.unwrap(), Ended::RunEnded);

    let tokens: Vec<_> = machine
        .ran()
        .iter()
        .map(|(token, _)| token.clone())
        .collect();
    assert_eq!(tokens.len(), 2);
    assert!(tokens.iter().all(|token| machine.starts(token) == 1));
    let verdict = journal::verify_folder(&stage.folder(), None).unwrap();
    assert!(verdict.is_ok(), "{verdict:?}");
    assert!(
        !stage.socket().exists(),
        "the socket is gone with its engine"
    );
    let refused = Engine::open(&stage.folder(), Clock::system()).err();
    assert!(matches!(refused, Some(EngineError::HasEnded(_))));
}

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
    stage::eventually(|| stage::is_empty(&jobs)).await;
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
        step: stage::step("first"),
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
async fn a_yes_to_what_was_shown_before_is_refused() {
    let machine = scripted();
    let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    let wish = Intent::Approve {
        step: stage::step("first"),
        attempt: 1,
        digest: "0".repeat(64),
        typed: None,
    };
    let why = ana.wish(wish).await.unwrap_err();
    assert!(why.contains("not what you saw"), "{why}");
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
    stage::eventually(|| stage::is_empty(&jobs)).await;
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
async fn a_client_that_does_not_read_holds_nobody_up() {
    let machine = scripted();
    let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
    let engine = stage.start(&machine);
    let mut asleep = tokio::net::UnixStream::connect(stage.socket())
        .await
        .unwrap();
    let hello = ToEngine::Hello {
        protocol: wire::PROTOCOL,
        name: "asleep".into(),
        watch: true,
        from: 0,
    };
    wire::write(&mut asleep, &hello).await.unwrap();
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    // More than any socket buffer takes.
    for _ in 0..40 {
        let text = "x".repeat(64 * 1024);
        ana.wish(Intent::Note { step: None, text }).await.unwrap();
    }
    ana.approve("first").await.unwrap();
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    assert_eq!(ana.run().notes.len(), 40);
    // Whoever wakes up gets everything.
    let mut entries = 0;
    let all = ana.run().next_seq;
    while entries < all {
        if let Some(FromEngine::Entry { .. }) = wire::read(&mut asleep).await.unwrap() {
            entries += 1;
        }
    }
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_words_at_the_door_are_no_trouble() {
    use tokio::io::AsyncWriteExt;
    let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
    let engine = stage.start(&scripted());
    stage::eventually(|| stage.socket().exists()).await;
    let mut odd = tokio::net::UnixStream::connect(stage.socket())
        .await
        .unwrap();
    odd.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let answer = wire::read::<FromEngine>(&mut odd).await.unwrap();
    assert!(
        matches!(answer, Some(FromEngine::Goodbye { .. })),
        "{answer:?}"
    );
    let mut old = tokio::net::UnixStream::connect(stage.socket())
        .await
        .unwrap();
    let hello = ToEngine::Hello {
        protocol: 0,
        name: "old".into(),
        watch: false,
        from: 0,
    };
    wire::write(&mut old, &hello).await.unwrap();
    let answer = wire::read::<FromEngine>(&mut old).await.unwrap();
    assert!(
        matches!(answer, Some(FromEngine::Goodbye { .. })),
        "{answer:?}"
    );
    let ana = stage.attach("\u{1b}[31mana\u{202e}").await;
    let name = ana.run().present.values().next().unwrap().who.name.clone();
    assert_eq!(name, "\\u{1b}[31mana\\u{202e}");
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_engine_is_refused_and_a_dead_ones_socket_replaced() {
    let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
    // What a killed engine leaves behind.
    drop(std::os::unix::net::UnixListener::bind(stage.socket()).unwrap());
    let engine = stage.start(&scripted());
    let ana = stage.attach("ana").await;
    let second = Engine::open(&stage.folder(), Clock::system()).err();
    let held = |error: &EngineError| {
        matches!(
            error,
            EngineError::Journal {
                source: JournalError::Held { .. }
            }
        )
    };
    assert!(second.as_ref().is_some_and(held), "{second:?}");
    assert!(second.unwrap().to_string().contains("attach"));
    let mode = std::fs::metadata(stage.socket())
        .unwrap()
        .permissions()
        .mode()
        & 0o777;
    assert_eq!(mode, 0o600);
    drop(ana);
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_engine_leaves_a_run_that_can_be_taken_up() {
    let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
    let engine = stage.start(&scripted());
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    assert_eq!(engine.stop().await.unwrap(), Ended::Stopped);
    let why = ana.goodbye().await;
    assert!(why.contains("taken up again"), "{why}");
    let engine = stage.start(&scripted());
    let mut ben = stage.attach("ben").await;
    ben.until(|run| run.epoch == 2 && run.steps[0].at == StepAt::AtGate)
        .await;
    engine.kill().await;
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

fn stuck(at: &StepAt) -> Option<&Stuck> {
    match at {
        StepAt::Stuck { why } => Some(why),
        _ => None,
    }
}

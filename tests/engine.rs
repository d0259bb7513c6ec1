//! An engine at work: real sockets, real journals, and machines that are this one or play their part.

#[path = "engine/acts.rs"]
mod acts;
#[path = "engine/late.rs"]
mod late;
#[path = "engine/legs.rs"]
mod legs;
#[path = "engine/patience.rs"]
mod patience;
#[path = "engine/person.rs"]
mod person;
#[path = "engine/pins.rs"]
mod pins;
#[path = "engine/process.rs"]
mod process;
#[path = "faults/size.rs"]
mod size;
#[path = "engine/slow.rs"]
mod slow;
#[path = "engine/stage.rs"]
mod stage;
#[path = "engine/table/mod.rs"]
mod table;
#[path = "engine/typed.rs"]
mod typed;

use std::os::unix::fs::PermissionsExt;

use runsheet::clock::Clock;
use runsheet::engine::{Ended, Engine, EngineError};
use runsheet::journal::{self, JournalError};
use runsheet::names::MachineName;
use runsheet::run::{Done, Ending, Event, Intent, StepAt};
use runsheet::runbook::Gate;
use runsheet::transport::{Reply, Scripted};
use runsheet::wire::{self, FromEngine, ToEngine};

use acts::{Act, Step};
use stage::Stage;

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
        step: acts::step("third"),
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
async fn a_run_is_laid_down_between_two_steps_and_taken_up_by_whoever_attaches() {
    let machine = scripted()
        .on("one", Reply::exit(0))
        .on("two", Reply::exit(0));
    let stage = Stage::new(vec![
        Step::new("first", Act::run("one")),
        Step::new("second", Act::run("two")),
    ]);
    let suspend = |reason: &str| Intent::Suspend {
        reason: reason.into(),
    };
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| run.steps[1].at == StepAt::AtGate).await;
    let seen = ana.run().steps[1].shown.clone().unwrap().digest;
    let why = ana.wish(suspend(" ")).await.unwrap_err();
    assert!(why.contains("needs a reason"), "{why}");
    ana.wish(suspend("until Monday")).await.unwrap();
    // Nothing can be decided any more, not even what was shown.
    let why = ana.approve("second").await.unwrap_err();
    assert!(why.contains("suspended"), "{why}");
    drop(ana);
    assert_eq!(engine.end().await.unwrap(), Ended::Suspended);
    assert!(!stage.socket().exists());

    let engine = stage.start(&machine);
    let mut ben = stage.attach("ben").await;
    // What was at the gate is asked anew: a yes from before names what nobody has seen since.
    ben.until(|run| run.epoch == 2 && run.steps[1].at == StepAt::AtGate)
        .await;
    let run = ben.run();
    assert_eq!(run.suspended, None);
    assert_eq!(run.steps[0].attempt, 1);
    assert!(run.resumed_at > run.opened_at && run.window_from() == run.resumed_at);
    let shown = ben.events().into_iter().filter(
        |event| matches!(event, Event::StepShown { step, .. } if step.as_str() == "second"),
    );
    assert_eq!(shown.count(), 2);
    assert_eq!(run.steps[1].shown.clone().unwrap().digest, seen);
    ben.approve("second").await.unwrap();
    ben.until(|run| run.current().is_none()).await;
    assert_eq!(machine.ran().len(), 2, "nothing was done twice");
    let verdict = journal::verify_folder(&stage.folder(), None).unwrap();
    assert!(verdict.is_ok(), "{verdict:?}");
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
        step: acts::step("first"),
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
async fn a_client_that_does_not_read_holds_nobody_up() {
    let machine = scripted();
    let stage = Stage::new(vec![Step::new("first", Act::run("do it"))]);
    let engine = stage.start(&machine);
    let mut asleep = stage.knock().await;
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
    let mut odd = stage.knock().await;
    odd.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let answer = wire::read::<FromEngine>(&mut odd).await.unwrap();
    assert!(
        matches!(answer, Some(FromEngine::Goodbye { .. })),
        "{answer:?}"
    );
    let mut old = stage.knock().await;
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

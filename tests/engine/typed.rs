//! A step on a terminal: who types, what reaches it, and where the keys are not.

use std::path::PathBuf;
use std::time::Duration;

use runsheet::names::MachineName;
use runsheet::run::{Event, Intent, StepAt, Stuck};
use runsheet::transport::{Host, LinkTrouble, Reply};
use runsheet::wire::{Keys, Typed};

use super::acts::{Act, Step, step};
use super::person::Person;
use super::scripted;
use super::stage::{self, Stage};

/// What is typed, and must be nowhere; and what is printed, and must be found by the same look.
const TYPED: &str = "typed-4711";
const PRINTED: &str = "printed-4711";

fn machine() -> MachineName {
    MachineName::new("m").unwrap()
}

fn keys(text: &str) -> Typed {
    let keys = Keys::pieces(text.as_bytes()).next().unwrap();
    Typed::Keys { keys }
}

fn take(attempt: u32) -> Intent {
    Intent::TakeKeyboard {
        step: step("edit"),
        attempt,
        lane: machine(),
    }
}

fn give_back(attempt: u32) -> Intent {
    Intent::ReturnKeyboard {
        step: step("edit"),
        attempt,
        lane: machine(),
    }
}

async fn types(person: &mut Person, typed: Typed) -> Result<(), String> {
    person.types((step("edit"), 1, machine()), typed).await
}

async fn begun(stage: &Stage, name: &str) -> Person {
    let mut person = stage.attach(name).await;
    person.until(|run| run.steps[0].at == StepAt::AtGate).await;
    person.approve("edit").await.unwrap();
    person.until(|run| run.at_a_terminal().is_some()).await;
    person
}

fn files_with(stage: &Stage, what: &str) -> Vec<PathBuf> {
    let has = |file: &PathBuf| {
        let bytes = std::fs::read(file).unwrap_or_default();
        bytes
            .windows(what.len())
            .any(|part| part == what.as_bytes())
    };
    stage.files().into_iter().filter(has).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whoever_has_the_keyboard_types_and_the_record_says_who_that_was() {
    let machine = scripted().on("edit it", Reply::exit(0).until_signalled());
    let stage = Stage::new(vec![Step::new("edit", Act::on_a_terminal("edit it"))]);
    let engine = stage.start(&machine);
    let mut ana = begun(&stage, "ana").await;
    let mut ben = stage.attach("ben").await;
    let token = machine.ran()[0].0.clone();
    assert!(machine.ran()[0].1.wants_terminal());

    let refused = types(&mut ana, keys("x")).await.unwrap_err();
    assert!(
        refused.contains("you do not have the keyboard"),
        "{refused}"
    );
    ana.wish(take(1)).await.unwrap();
    assert_eq!(
        ana.wish(take(1)).await.unwrap_err(),
        "already: you have the keyboard"
    );
    assert_eq!(
        ben.wish(take(1)).await.unwrap_err(),
        "already: ana has the keyboard"
    );
    let refused = types(&mut ben, keys("evil")).await.unwrap_err();
    assert!(
        refused.contains("you do not have the keyboard"),
        "{refused}"
    );
    types(&mut ana, keys("one ")).await.unwrap();
    let size = Typed::Size {
        rows: 50,
        columns: 132,
    };
    types(&mut ana, size).await.unwrap();
    types(&mut ana, keys("two")).await.unwrap();
    assert_eq!(machine.typed(&token), b"one two");
    assert_eq!(machine.size(), Some((50, 132)));
    assert!(
        ben.wish(give_back(1)).await.is_err(),
        "it is not his to give back"
    );
    ana.wish(give_back(1)).await.unwrap();
    let refused = types(&mut ana, keys("late")).await.unwrap_err();
    assert!(
        refused.contains("you do not have the keyboard"),
        "{refused}"
    );

    ben.wish(take(1)).await.unwrap();
    types(&mut ben, keys("!")).await.unwrap();
    assert_eq!(machine.typed(&token), b"one two!");
    machine.finish();
    ben.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    assert!(ben.run().keyboard.is_none(), "it ended with the program");
    let taken = ben.events();
    let taken = taken.iter().filter(|event| {
        matches!(
            event,
            Event::KeyboardTaken { .. } | Event::KeyboardReturned { .. }
        )
    });
    assert_eq!(taken.count(), 3, "two took it and one gave it back");
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_without_a_terminal_takes_no_keyboard() {
    let machine = scripted().on("plain", Reply::exit(0).until_signalled());
    let stage = Stage::new(vec![Step::new("edit", Act::run("plain"))]);
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("edit").await.unwrap();
    ana.until(|run| run.steps[0].at == StepAt::Running).await;
    let refused = ana.wish(take(1)).await.unwrap_err();
    assert!(
        refused.contains("typing to it is not possible"),
        "{refused}"
    );
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_never_sent_twice_and_who_typed_hears_that_nobody_knows() {
    let machine = scripted().on("edit it", Reply::exit(0).until_signalled());
    let stage = Stage::new(vec![Step::new("edit", Act::on_a_terminal("edit it"))]);
    let engine = stage.start(&machine);
    let mut ana = begun(&stage, "ana").await;
    ana.wish(take(1)).await.unwrap();
    let token = machine.ran()[0].0.clone();
    machine.down(Some(LinkTrouble::Lost));
    let refused = types(&mut ana, keys("half a ")).await.unwrap_err();
    assert!(
        refused.contains("nobody knows whether the keys arrived"),
        "{refused}"
    );
    machine.down(None);
    types(&mut ana, keys("word")).await.unwrap();
    assert_eq!(machine.typed(&token), b"word");
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_leaves_the_keyboard() {
    let machine = scripted().on("edit it", Reply::exit(0).until_signalled());
    let stage = Stage::new(vec![Step::new("edit", Act::on_a_terminal("edit it"))]);
    let engine = stage.start(&machine);
    let mut ana = begun(&stage, "ana").await;
    ana.wish(take(1)).await.unwrap();
    let mut ben = stage.attach("ben").await;
    drop(ana);
    ben.until(|run| run.keyboard.is_none()).await;
    ben.wish(take(1)).await.unwrap();
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_terminal_can_be_made_the_gate_does_not_open() {
    let machine = scripted().without_terminals();
    let stage = Stage::new(vec![Step::new("edit", Act::on_a_terminal("edit it"))]);
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| matches!(run.steps[0].at, StepAt::Stuck { .. }))
        .await;
    let StepAt::Stuck {
        why: Stuck::Obstructed { obstacle, .. },
    } = ana.run().steps[0].at.clone()
    else {
        panic!("{:?}", ana.run().steps[0].at)
    };
    assert!(obstacle.what.contains("`script`"), "{obstacle}");
    assert_eq!(machine.sent(), 0);
    engine.kill().await;
}

/// The whole way on this machine: a password prompt, an engine that dies under it, and a look at every file.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_outlives_the_engine_and_is_in_no_file() {
    let text = format!(
        "stty -echo; printf 'password: '; IFS= read -r word; stty echo; \
         printf '\\n{PRINTED} %s\\n' \"${{#word}}\"; printf %s \"$word\" | wc -c >\"$COUNT\""
    );
    let stage = Stage::new(vec![Step::new("edit", Act::on_a_terminal(&text))]);
    let local = || Host::local("m", stage.spool());
    let engine = stage.start_on(local());
    let mut ana = begun(&stage, "ana").await;
    ana.wish(take(1)).await.unwrap();
    let kept = stage.folder().join("output/edit.1.m.0");
    let asks = || std::fs::read_to_string(&kept).is_ok_and(|text| text.contains("password: "));
    stage::eventually(asks).await;
    types(&mut ana, keys(TYPED)).await.unwrap();
    assert!(files_with(&stage, TYPED).is_empty());
    engine.kill().await;
    tokio::time::sleep(Duration::from_millis(300)).await;

    let engine = stage.start_on(local());
    ana.until(|run| run.epoch == 2 && run.at_a_terminal().is_some())
        .await;
    assert!(ana.run().keyboard.is_none(), "it went with the engine");
    ana.until(|run| run.present.len() == 1).await;
    ana.wish(take(1)).await.unwrap();
    types(&mut ana, keys(" and more\r")).await.unwrap();
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    let count = std::fs::read_to_string(stage.count()).unwrap();
    assert_eq!(count.trim(), (TYPED.len() + " and more".len()).to_string());
    assert!(files_with(&stage, TYPED).is_empty());
    assert!(
        !files_with(&stage, PRINTED).is_empty(),
        "the same look finds what was printed"
    );
    assert_eq!(
        ana.events()
            .iter()
            .filter(|event| matches!(event, Event::LegStarted { .. }))
            .count(),
        1
    );
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_printed_on_a_terminal_is_masked() {
    let text = "printf 'it is %s\\n' \"$PIN\"; read -r _";
    let stage =
        Stage::new(vec![Step::new("edit", Act::on_a_terminal(text))]).secret("PIN", "secret-9933");
    let engine = stage.start_on(Host::local("m", stage.spool()));
    let mut ana = begun(&stage, "ana").await;
    ana.wish(take(1)).await.unwrap();
    let kept = stage.folder().join("output/edit.1.m.0");
    let printed = || std::fs::read_to_string(&kept).unwrap_or_default();
    types(&mut ana, keys("\r")).await.unwrap();
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    assert!(printed().contains("it is ***********"), "{:?}", printed());
    assert!(!printed().contains("secret-9933"));
    engine.kill().await;
}

//! Probes that must hold for a while, and numbers that are watched, on a machine that plays its part and by a
//! clock that only the test moves.

use std::time::Duration;

use runsheet::clock::Clock;
use runsheet::probe::Holds;
use runsheet::run::{Done, Event, Intent, LaneOutcome, StepAt};
use runsheet::runbook::Gate;
use runsheet::transport::{Reply, Scripted};

use super::acts::{Act, Patient, Step, step};
use super::person::Person;
use super::stage::Stage;

fn says(machine: &Scripted, text: &str, reply: Reply) {
    // A clone is the same machine, and a newer rule wins.
    drop(machine.clone().on(text, reply));
}

fn number(number: &str) -> Reply {
    Reply::exit(0).stdout(number)
}

fn is_done(person: &Person) -> bool {
    matches!(person.run().steps[0].at, StepAt::Done { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_stable_begins_anew_when_it_breaks() {
    let machine = Scripted::new()
        .on("do it", Reply::exit(0))
        .on("is it up", Reply::exit(7));
    let stage = Stage::new(vec![Step::new("start", Act::run("do it")).patient(
        Patient {
            probe: "{ command = 'is it up' }",
            within: 60_000,
            stable_for: 400,
            falling: false,
        },
    )]);
    let clock = Clock::held_at(1_795_226_400);
    let engine = stage.start_by(clock.clone(), &machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("start").await.unwrap();
    ana.sees("exit 7").await;
    says(&machine, "is it up", Reply::exit(0));
    ana.sees("held for").await;
    clock.advance(Duration::from_millis(300));
    // Time enough by the machine's own clock; but the wall clock has not moved so far.
    for _ in 0..6 {
        ana.sees("held for").await;
    }
    says(&machine, "is it up", Reply::exit(7));
    ana.sees("exit 7").await;
    says(&machine, "is it up", Reply::exit(0));
    ana.sees("held for").await;
    clock.advance(Duration::from_millis(300));
    for _ in 0..6 {
        ana.sees("held for").await;
    }
    assert!(
        !is_done(&ana),
        "300 ms before it broke and 300 ms after are not 600 ms on end"
    );
    clock.advance(Duration::from_millis(100));
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    let state = &ana.run().steps[0];
    assert_eq!(
        state.at,
        StepAt::Done {
            how: Done::Proved { vacuous: false }
        }
    );
    assert_eq!(state.answers[&0].seen, "exit 0; held for 0.4 s on end");
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_for_too_short_a_time_is_not_proved() {
    let machine = Scripted::new()
        .on("do it", Reply::exit(0))
        .on("is it up", Reply::exit(0));
    let stage = Stage::new(vec![
        Step::new("start", Act::run("do it"))
            .gate(Gate::Auto)
            .patient(Patient {
                probe: "{ command = 'is it up' }",
                within: 500,
                stable_for: 400,
                falling: false,
            }),
    ]);
    // The clock stands, so nothing ever holds for long.
    let engine = stage.start_by(Clock::held_at(1_795_226_400), &machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| matches!(run.steps[0].at, StepAt::Stuck { .. }))
        .await;
    let answer = &ana.run().steps[0].answers[&0];
    assert_eq!(answer.holds, Holds::No);
    assert_eq!(answer.seen, "exit 0; held for 0 s of 0.4 s");
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_must_fall_is_watched_and_only_its_summary_recorded() {
    let machine = Scripted::new().on("lag", number("9"));
    let text = "{ until = { command = 'lag', at-most = 20 }, within = '1h', every = '10ms', \
                stable-for = '300ms', falling = true }";
    let stage = Stage::new(vec![Step::wait("catch-up", text)]);
    let clock = Clock::held_at(1_795_226_400);
    let engine = stage.start_by(clock.clone(), &machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("catch-up").await.unwrap();
    let series = ana.sees("it takes two").await.expect("a number came");
    assert_eq!((series.count, series.last()), (1, Some(9.0)));
    ana.sees("9; held for 0 s").await;
    let entries = ana.run().next_seq;
    says(&machine, "lag", number("12"));
    ana.sees("rose from 9 to 12").await;
    ana.sees("12; held for 0 s").await;
    says(&machine, "lag", number("12 messages"));
    ana.sees("not a number: 12 messages").await;
    says(&machine, "lag", number("25"));
    ana.sees("25").await;
    says(&machine, "lag", number("3.5"));
    let series = ana.sees("3.5; held for 0 s").await.unwrap();
    assert_eq!(
        (series.lowest, series.highest, series.first()),
        (3.5, 25.0, Some(9.0))
    );
    assert!(series.falling && series.aim.most == Some(20.0));
    for _ in 0..5 {
        ana.asked().await;
    }
    assert_eq!(ana.run().next_seq, entries, "questions are no entries");
    // Somebody who comes late sees where it began.
    let mut ben = stage.attach("ben").await;
    let series = ben.sees("3.5").await.unwrap();
    assert_eq!(series.first(), Some(9.0));
    clock.advance(Duration::from_secs(1));
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    let outcomes: Vec<String> = ana
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::LegEnded {
                outcome: LaneOutcome::Came { seen },
                ..
            } => Some(seen),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes.len(), 1);
    let seen = &outcomes[0];
    assert!(seen.starts_with("3.5; held for 0.3 s on end ("), "{seen}");
    assert!(seen.ends_with("first 9, lowest 3.5, highest 25)"), "{seen}");
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_a_number_that_never_comes_names_what_came() {
    let machine = Scripted::new().on("lag", number("unknown topic"));
    let text = "{ until = { command = 'lag', at-most = 0 }, within = '1m', every = '10ms' }";
    let stage = Stage::new(vec![Step::wait("catch-up", text)]);
    let clock = Clock::held_at(1_795_226_400);
    let engine = stage.start_by(clock.clone(), &machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("catch-up").await.unwrap();
    let numbers = ana.sees("not a number: unknown topic").await;
    assert_eq!(numbers, None);
    clock.advance(Duration::from_secs(61));
    ana.until(|run| matches!(run.steps[0].at, StepAt::Stuck { .. }))
        .await;
    let seen = ana.events().into_iter().find_map(|event| match event {
        Event::LegEnded {
            outcome: LaneOutcome::DidNotCome { seen },
            ..
        } => Some(seen),
        _ => None,
    });
    assert_eq!(seen.as_deref(), Some("not a number: unknown topic"));
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_that_must_tell_something_is_refused_without_it() {
    let machine = Scripted::new().on("do it", Reply::exit(0));
    let stage = Stage::new(vec![
        Step::new("snapshot", Act::run("do it"))
            .gate(Gate::Auto)
            .patient(Patient {
                probe: "{ person = 'Is it finished?', evidence = 'its id' }",
                within: 0,
                stable_for: 0,
                falling: false,
            }),
    ]);
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::Proving).await;
    let yes = |note: &str| Intent::Reply {
        step: step("snapshot"),
        attempt: 1,
        proof: 0,
        yes: true,
        note: note.to_owned(),
    };
    let why = ana.wish(yes(" ")).await.unwrap_err();
    assert_eq!(why, "a yes to this question needs a reason in words");
    ana.wish(yes("snap-17")).await.unwrap();
    ana.until(|run| matches!(run.steps[0].at, StepAt::Done { .. }))
        .await;
    assert_eq!(ana.run().steps[0].answers[&0].seen, "snap-17");
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_low_before_the_step_proves_nothing() {
    let machine = Scripted::new()
        .on("do it", Reply::exit(0))
        .on("lag", number("0"));
    let proof = |probe| Patient {
        probe,
        within: 10_000,
        stable_for: 0,
        falling: true,
    };
    let stage = Stage::new(vec![
        Step::new("bound", Act::run("do it")).patient(proof("{ command = 'lag', at-most = 0 }")),
        Step::new("free", Act::run("do it")).patient(proof("{ command = 'lag' }")),
    ]);
    let engine = stage.start_by(Clock::held_at(1_795_226_400), &machine);
    let mut ana = stage.attach("ana").await;
    for (number, id, vacuous) in [(0, "bound", true), (1, "free", false)] {
        ana.until(|run| run.steps[number].at == StepAt::AtGate)
            .await;
        ana.approve(id).await.unwrap();
        ana.until(|run| matches!(run.steps[number].at, StepAt::Done { .. }))
            .await;
        // A single number cannot fall, so nothing was true of it before.
        let done = StepAt::Done {
            how: Done::Proved { vacuous },
        };
        assert_eq!(ana.run().steps[number].at, done, "{id}");
    }
    engine.kill().await;
}

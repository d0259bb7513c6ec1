//! Machines that are not the ones they were.

use runsheet::engine::Fleet;
use runsheet::names::MachineName;
use runsheet::run::{Event, Intent, LaneAt, LaneOutcome, StepAt, Stuck};
use runsheet::transport::{Host, LinkTrouble, Scripted};

use super::acts::{Act, Step, step};
use super::scripted;
use super::stage::Stage;

fn two_steps() -> Stage {
    Stage::new(vec![
        Step::new("first", Act::run("do it")),
        Step::new("second", Act::run("do it too")),
    ])
}

/// What a step is obstructed by, or how its only leg ended.
fn why(run: &runsheet::run::Run, place: usize) -> String {
    let state = &run.steps[place];
    match (&state.at, &state.lanes[0].at) {
        (
            StepAt::Stuck {
                why: Stuck::Obstructed { obstacle, .. },
            },
            _,
        ) => obstacle.what.clone(),
        (_, LaneAt::Badly { outcome, .. }) => match outcome {
            LaneOutcome::NotRun { proof } => proof.clone(),
            other => format!("{other:?}"),
        },
        other => format!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_a_machine_is_is_on_record_before_anything_is_started_on_it() {
    let machine = scripted();
    machine.is_machine("1");
    let stage = two_steps();
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| run.steps[1].at == StepAt::AtGate).await;
    let events = ana.events();
    let met = events.iter().position(|event| {
        matches!(event, Event::MachineMet { identity, .. }
            if identity.machine_id.as_deref() == Some("1"))
    });
    let started = events
        .iter()
        .position(|event| matches!(event, Event::LegStarted { .. }));
    assert!(met.unwrap() < started.unwrap());
    let times = events
        .iter()
        .filter(|event| matches!(event, Event::MachineMet { .. }));
    assert_eq!(times.count(), 1, "once");
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_under_the_name_gets_nothing_whoever_says_yes() {
    let machine = scripted();
    machine.is_machine("1");
    let stage = two_steps();
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| run.steps[1].at == StepAt::AtGate).await;
    assert_eq!(machine.ran().len(), 1);

    // Between the gate and the yes.
    machine.is_machine("2");
    ana.approve("second").await.unwrap();
    ana.until(|run| matches!(run.steps[1].at, StepAt::Stuck { .. }))
        .await;
    let said = why(ana.run(), 1);
    assert!(said.contains("nothing was sent"), "{said}");
    assert!(said.contains("machine id was 1 and is 2"), "{said}");

    // Tried again, it is not even shown.
    let retry = Intent::Retry {
        step: step("second"),
        attempt: 1,
    };
    ana.wish(retry).await.unwrap();
    ana.until(|run| {
        matches!(
            run.steps[1].at,
            StepAt::Stuck {
                why: Stuck::Obstructed { .. }
            }
        )
    })
    .await;
    let said = why(ana.run(), 1);
    assert!(said.contains("machine id was 1 and is 2"), "{said}");
    assert_eq!(machine.ran().len(), 1, "nothing ran on the other");

    machine.is_machine("1");
    let retry = Intent::Retry {
        step: step("second"),
        attempt: 2,
    };
    ana.wish(retry).await.unwrap();
    ana.until(|run| run.steps[1].at == StepAt::AtGate).await;
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_engine_holds_the_record_against_whoever_answers() {
    let machine = scripted();
    machine.is_machine("1");
    let stage = two_steps();
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| run.steps[1].at == StepAt::AtGate).await;
    engine.kill().await;

    let other = scripted();
    other.is_machine("2");
    let engine = stage.start(&other);
    ana.until(|run| run.epoch == 2).await;
    ana.approve("second").await.unwrap();
    ana.until(|run| matches!(run.steps[1].at, StepAt::Stuck { .. }))
        .await;
    let said = why(ana.run(), 1);
    assert!(said.contains("machine id was 1 and is 2"), "{said}");
    assert!(other.ran().is_empty() && other.asked().is_empty());
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_only_restarted_is_the_same_and_its_new_boot_is_on_record() {
    let machine = scripted();
    machine.is_machine("1");
    let stage = two_steps();
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    ana.until(|run| run.steps[1].at == StepAt::AtGate).await;
    machine.down(Some(LinkTrouble::Unreachable));
    let look = Intent::Review {
        step: step("second"),
        attempt: 1,
    };
    ana.wish(look).await.unwrap();
    ana.until(|run| matches!(run.steps[1].at, StepAt::Stuck { .. } | StepAt::AtGate))
        .await;
    machine.restart();
    machine.down(None);
    if matches!(ana.run().steps[1].at, StepAt::Stuck { .. }) {
        let retry = Intent::Retry {
            step: step("second"),
            attempt: 1,
        };
        ana.wish(retry).await.unwrap();
        ana.until(|run| run.steps[1].at == StepAt::AtGate).await;
    }
    ana.approve("second").await.unwrap();
    ana.until(|run| {
        run.machines
            .values()
            .any(|identity| identity.boot.as_deref() == Some("1"))
    })
    .await;
    engine.kill().await;
}

#[tokio::test]
async fn two_names_for_one_machine_are_found_out_when_the_second_is_reached() {
    let host = |name: &str| {
        let machine = Scripted::new();
        machine.is_machine("1");
        (
            MachineName::new(name).unwrap(),
            Host::scripted(name, machine),
        )
    };
    let fleet = Fleet::of([host("source"), host("dest")]);
    let reach = async |name: &str| {
        let host = fleet.host(&MachineName::new(name).unwrap()).unwrap();
        host.survey().await
    };
    reach("dest").await.unwrap();
    let error = reach("source").await.unwrap_err();
    assert_eq!(error.trouble, LinkTrouble::OtherMachine);
    assert!(error.said.contains("the same machine as dest"), "{error}");
    reach("dest").await.unwrap();
}

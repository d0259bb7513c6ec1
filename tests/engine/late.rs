//! What a machine says late of an outcome that was unknown.

use runsheet::names::MachineName;
use runsheet::run::{Decision, Event, Evidence, Intent, LaneOutcome, StepAt, Stop, Stuck};
use runsheet::transport::{LinkTrouble, Reply, Scripted};

use super::acts::{Act, Step, step};
use super::person::Person;
use super::scripted;
use super::stage::{self, Running, Stage};

/// A step that runs on a machine which went out of reach, and that somebody wants to end: unknown.
async fn unknown(stage: &Stage, machine: &Scripted) -> (Running, Person) {
    let engine = stage.start(machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    ana.approve("first").await.unwrap();
    stage::eventually(|| machine.ran().len() == 1).await;
    machine.down(Some(LinkTrouble::Unreachable));
    // A follower that hears nothing notices when it is woken.
    machine.wake();
    ana.until(|run| !run.links.is_empty()).await;
    ana.stop("first", Stop::Ask).await.unwrap();
    let unknown = StepAt::Stuck {
        why: Stuck::Unknown,
    };
    ana.until(|run| run.steps[0].at == unknown).await;
    (engine, ana)
}

async fn decide(ana: &mut Person, decision: Decision) {
    ana.wish(Intent::Settle {
        step: step("first"),
        attempt: 1,
        lane: MachineName::new("m").unwrap(),
        decision,
        reason: "looked at it".into(),
    })
    .await
    .unwrap();
}

fn one_step() -> Stage {
    Stage::new(vec![Step::new("first", Act::run("do it"))])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_answers_before_anybody_decided_settles_it_by_itself() {
    let machine = scripted().on("do it", Reply::exit(0).until_signalled());
    let stage = one_step();
    let (engine, mut ana) = unknown(&stage, &machine).await;
    machine.down(None);
    // It runs still, so it is followed again, and the end that was wanted reaches it.
    let stopped = StepAt::Stuck {
        why: Stuck::Stopped,
    };
    ana.until(|run| run.steps[0].at == stopped).await;
    let events = ana.events();
    let found = |event: &Event| {
        matches!(
            event,
            Event::LegFound {
                says: Evidence::Running,
                ..
            }
        )
    };
    assert!(events.iter().any(found));
    let ended = |event: &Event| {
        let by_term = LaneOutcome::Failed { code: 143 };
        matches!(event, Event::LegEnded { outcome, .. } if *outcome == by_term)
    };
    assert!(events.iter().any(ended));
    assert!(ana.run().doubts.is_empty());
    assert_eq!(machine.ran().len(), 1);
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_a_decision_is_recorded_and_what_runs_on_keeps_it_from_being_done_again() {
    let machine = scripted().on("do it", Reply::exit(0).until_signalled());
    let stage = one_step();
    let (engine, mut ana) = unknown(&stage, &machine).await;
    decide(&mut ana, Decision::RunAgain).await;
    machine.down(None);
    ana.until(|run| run.doubts.values().any(|doubt| doubt.is_shouted()))
        .await;
    let contradicts = |event: &Event| {
        matches!(
            event,
            Event::EvidenceCame {
                contradicts: true,
                says: Evidence::Running,
                ..
            }
        )
    };
    assert!(ana.events().iter().any(contradicts));

    ana.wish(Intent::Retry {
        step: step("first"),
        attempt: 1,
    })
    .await
    .unwrap();
    let obstructed = |at: &StepAt| {
        matches!(at, StepAt::Stuck { why: Stuck::Obstructed { obstacle, .. } }
            if obstacle.what.contains("attempt 1 is still running"))
    };
    ana.until(|run| obstructed(&run.steps[0].at)).await;
    assert_eq!(machine.ran().len(), 1, "not beside itself");

    ana.wish(Intent::Stop {
        step: step("first"),
        attempt: 1,
        stop: Stop::Ask,
    })
    .await
    .unwrap();
    let ended = Some(Evidence::Ended { code: 143 });
    ana.until(|run| run.doubts.values().any(|doubt| doubt.says == ended))
        .await;
    ana.wish(Intent::Retry {
        step: step("first"),
        attempt: 2,
    })
    .await
    .unwrap();
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_never_arrived_is_fenced_off_before_the_step_is_done_again() {
    let machine = scripted();
    let stage = one_step();
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    // Its spool is known, so the start is recorded, and does not get there.
    machine.down(Some(LinkTrouble::Unreachable));
    ana.approve("first").await.unwrap();
    ana.until(|run| !run.links.is_empty()).await;
    ana.stop("first", Stop::Ask).await.unwrap();
    let unknown = StepAt::Stuck {
        why: Stuck::Unknown,
    };
    ana.until(|run| run.steps[0].at == unknown).await;
    decide(&mut ana, Decision::DidNotHappen).await;
    machine.down(None);
    let never = Some(Evidence::NeverRan);
    ana.until(|run| run.doubts.values().any(|doubt| doubt.says == never))
        .await;
    assert!(
        !ana.run()
            .doubts
            .values()
            .any(|doubt| doubt.is_contradicted())
    );
    assert!(machine.ran().is_empty());
    engine.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_cannot_be_fenced_off_is_not_said_to_have_never_run() {
    let machine = scripted();
    let stage = one_step();
    let engine = stage.start(&machine);
    let mut ana = stage.attach("ana").await;
    ana.until(|run| run.steps[0].at == StepAt::AtGate).await;
    machine.down(Some(LinkTrouble::Unreachable));
    ana.approve("first").await.unwrap();
    ana.until(|run| !run.links.is_empty()).await;
    ana.stop("first", Stop::Ask).await.unwrap();
    let unknown = StepAt::Stuck {
        why: Stuck::Unknown,
    };
    ana.until(|run| run.steps[0].at == unknown).await;
    decide(&mut ana, Decision::RunAgain).await;
    machine.full(true);
    machine.down(None);
    ana.until(|run| run.links.is_empty()).await;
    ana.wish(Intent::Retry {
        step: step("first"),
        attempt: 1,
    })
    .await
    .unwrap();
    let obstructed = |at: &StepAt| {
        matches!(at, StepAt::Stuck { why: Stuck::Obstructed { obstacle, .. } }
            if obstacle.what.contains("could not be fenced off"))
    };
    ana.until(|run| obstructed(&run.steps[0].at)).await;
    let said = |event: &Event| matches!(event, Event::EvidenceCame { .. });
    assert!(!ana.events().iter().any(said), "nothing is proved yet");

    machine.full(false);
    let never = Some(Evidence::NeverRan);
    ana.until(|run| run.doubts.values().any(|doubt| doubt.says == never))
        .await;
    assert!(machine.ran().is_empty());
    engine.kill().await;
}

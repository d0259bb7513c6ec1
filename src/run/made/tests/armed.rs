//! What is written, and when it takes effect.

use super::*;
use crate::run::Effect;

/// A step that writes, and one that activates it.
fn two() -> Stage {
    let (mut write, mut load) = (captures(0), captures(1));
    write.armed_until = Some(step_id(1));
    (write.capture, load.capture) = (None, None);
    Stage::new(plan_of(vec![write, load]))
}

fn does(stage: &mut Stage, number: usize) {
    stage.reach(number);
    stage.runs(number, &["m0"]);
    stage.end(number, "m0", LaneOutcome::Succeeded { code: 0 });
}

fn effect(stage: &Stage) -> Option<Effect> {
    stage.run.armed(0).map(|armed| armed.effect)
}

#[test]
fn what_is_written_is_armed_until_the_other_step_is_done() {
    let mut stage = two();
    assert_eq!(effect(&stage), None);
    does(&mut stage, 0);
    assert_eq!(effect(&stage), Some(Effect::Armed));
    does(&mut stage, 1);
    assert!(matches!(effect(&stage), Some(Effect::Since(Some(_)))));
    assert_eq!(stage.run.still_armed().count(), 0);
}

#[test]
fn a_reload_that_failed_may_have_been_one() {
    let mut stage = two();
    does(&mut stage, 0);
    stage.reach(1);
    stage.runs(1, &["m0"]);
    stage.end(1, "m0", LaneOutcome::Failed { code: 1 });
    assert_eq!(effect(&stage), Some(Effect::Open));
}

#[test]
fn what_is_skipped_activates_nothing() {
    let mut stage = two();
    does(&mut stage, 0);
    stage.reach(1);
    stage.show(1);
    let step = step_id(1);
    let reason = "not tonight".to_owned();
    stage.wish(Intent::Skip { step, reason }).unwrap();
    assert_eq!(effect(&stage), Some(Effect::Armed));
    let says = stage.run.armed(0).unwrap().says;
    assert!(
        says.contains("NOT in effect") && says.contains("skipped"),
        "{says}"
    );
}

//! How far back undo reaches, how long that takes, and until when it fits into the window.

use super::*;
use crate::names::RunId;
use crate::run::walk::{captures, follows, plan_of};
use crate::run::{Earlier, PlannedStep};
use crate::runbook::EnvironmentKind;

/// A run in which all of these steps were done.
fn done(steps: Vec<PlannedStep>) -> Run {
    let mut plan = plan_of(steps);
    plan.environment_kind = EnvironmentKind::Rehearsal;
    let steps = plan.steps.iter().map(StepState::new);
    let steps = steps.map(|state| StepState {
        touched: true,
        ..state
    });
    Run {
        id: RunId::new("20261118-rehearsed").ok(),
        opened_at: Timestamp::from_second(1_000_000).ok(),
        steps: steps.collect(),
        plan: Some(plan),
        ..Run::default()
    }
}

fn plan(run: &mut Run) -> &mut crate::run::Plan {
    run.plan.as_mut().unwrap()
}

#[test]
fn the_better_figure_for_the_time_of_an_undo_counts() {
    let mut run = done(vec![captures(0)]);
    let length = |run: &Run| run.undo_limit().length;
    assert_eq!(
        length(&run),
        Length {
            seconds: 0,
            unknown: 1
        }
    );
    plan(&mut run).steps[0].estimate_seconds = 600;
    assert_eq!(length(&run).seconds, 600, "the step's own estimate");
    run.steps[0].took = Some(420);
    assert_eq!(length(&run).seconds, 420, "what the step took");
    plan(&mut run).steps[0].undo_estimate_seconds = 60;
    assert_eq!(length(&run).seconds, 60, "the undo's estimate");
    run.steps[0].undo_took = Some(45);
    assert_eq!(length(&run).seconds, 45, "what its undo took in this run");
    let mut rehearsal = done(vec![captures(0)]);
    rehearsal.steps[0].undo_took = Some(30);
    plan(&mut run).remember([&rehearsal]);
    assert_eq!(
        length(&run),
        Length {
            seconds: 30,
            unknown: 0
        }
    );
}

#[test]
fn a_way_back_with_a_part_that_nothing_is_known_of_takes_at_least_the_rest() {
    let mut run = done(vec![captures(0), captures(1), follows(2, &[])]);
    plan(&mut run).steps[1].estimate_seconds = 90;
    let limit = run.undo_limit();
    assert_eq!(limit.steps, 2, "what was only read is passed over");
    assert_eq!(
        limit.length,
        Length {
            seconds: 90,
            unknown: 1
        }
    );
    assert!(!limit.length.is_unknown());
    assert_eq!(run.undo_steps(), [1, 0]);
}

#[test]
fn the_latest_start_is_the_end_of_the_window_less_the_way_back() {
    let mut run = done(vec![captures(0), captures(1)]);
    plan(&mut run).steps[0].estimate_seconds = 540;
    plan(&mut run).steps[1].estimate_seconds = 60;
    assert_eq!(run.latest_return(), None, "there is no window");
    plan(&mut run).window_seconds = 3600;
    let deadline = run.latest_return().unwrap();
    assert_eq!(deadline.closes.as_second(), 1_003_600);
    assert_eq!(deadline.latest.as_second(), 1_003_000);
    let mut resumed = run.clone();
    resumed.resumed_at = Timestamp::from_second(2_000_000).ok();
    let deadline = resumed.latest_return().unwrap();
    assert_eq!(
        (deadline.closes.as_second(), deadline.latest.as_second()),
        (2_003_600, 2_003_000),
        "the window of a run that was laid down begins when it is taken up"
    );
    run.steps[1].touched = false;
    assert_eq!(run.latest_return().unwrap().latest.as_second(), 1_003_060);
    run.steps[0].touched = false;
    assert_eq!(run.latest_return(), None, "there is nothing to take back");
}

#[test]
fn a_crossed_point_of_no_return_ends_the_way_back_and_one_ahead_is_told() {
    let mut run = done(vec![captures(0), captures(1), captures(2), captures(3)]);
    for number in [1, 3] {
        plan(&mut run).steps[number].point_of_no_return = true;
    }
    run.steps[3].touched = false;
    run.steps[2].touched = false;
    let limit = run.undo_limit();
    assert_eq!((limit.steps, limit.stopped_by), (0, Some(2)));
    assert_eq!((limit.crossed, limit.closes_at), (Some(2), Some(4)));
    run.steps[2].touched = true;
    let limit = run.undo_limit();
    assert_eq!(
        (limit.steps, limit.stopped_by),
        (1, Some(2)),
        "what came after it"
    );
    run.steps[1].touched = false;
    let limit = run.undo_limit();
    assert_eq!(
        (limit.steps, limit.stopped_by),
        (2, None),
        "it was not done"
    );
    assert_eq!((limit.crossed, limit.closes_at), (None, Some(2)));
    let reason = "not in this window".to_owned();
    run.steps[1].at = StepAt::Skipped { reason };
    assert_eq!(run.undo_limit().closes_at, Some(4), "it was left out");
}

#[test]
fn the_latest_rehearsal_that_knows_a_step_tells_of_it_and_production_does_not() {
    let (mut old, mut new) = (done(vec![captures(0)]), done(vec![captures(0)]));
    (old.steps[0].took, old.steps[0].undo_took) = (Some(10), Some(3));
    new.steps[0].took = Some(12);
    new.id = RunId::new("20261119-rehearsed").ok();
    let mut production = done(vec![captures(0)]);
    production.steps[0].took = Some(99);
    plan(&mut production).environment_kind = EnvironmentKind::Production;
    let mut other = done(vec![captures(0)]);
    other.steps[0].took = Some(98);
    plan(&mut other).title = "another runbook".into();
    let mut laid = plan_of(vec![captures(0), captures(1)]);
    laid.remember([&production, &other, &new, &old]);
    let Earlier { took, undo_took } = laid.steps[0].earlier.clone();
    let (took, undo_took) = (took.unwrap(), undo_took.unwrap());
    assert_eq!((took.seconds, Some(took.run)), (12, new.id));
    assert_eq!((undo_took.seconds, Some(undo_took.run)), (3, old.id));
    assert!(laid.steps[1].earlier.is_empty());
}

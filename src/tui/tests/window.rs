//! The window, and the way back that must fit into it.

use crate::clock::Timestamp;
use crate::kinds::Progress;
use crate::names::RunId;
use crate::probe::Holds;
use crate::run::Took;
use crate::runbook::EnvironmentKind;
use crate::tui::Look;
use crate::tui::attention::{lateness, until_later};
use crate::tui::screen::until_next_tick;

use super::night::{gate, production};
use super::runbook::{command, migration};
use super::stage::{FANCY, Stage};

/// The way back takes 20 minutes, and in ten minutes it is too late for it.
pub(super) fn near(look: Look) -> Stage {
    let mut stage = almost(look);
    stage.pass(4 * 3600 - 40 * 60);
    stage
}

/// It does not fit into the window any more.
pub(super) fn passed(look: Look) -> Stage {
    let mut stage = almost(look);
    stage.pass(4 * 3600 - 17 * 60);
    stage
}

/// The copy of the users' data is done, whose undo takes 20 minutes by its author.
fn almost(look: Look) -> Stage {
    let mut plan = migration(EnvironmentKind::Production);
    plan.steps[4].undo_estimate_seconds = 1200;
    let mut stage = Stage::new(plan, look);
    stage.attach("ben", true).pass(60);
    for _ in 0..5 {
        stage.does();
    }
    stage.show(
        vec![("dest", command("./run-core start"))],
        &[(0, Holds::No, "connection refused")],
    );
    stage
}

/// The copy of the users' data was rehearsed, and stands at its gate.
pub(super) fn rehearsed(look: Look) -> Stage {
    let mut plan = migration(EnvironmentKind::Production);
    plan.steps[4].earlier.took = Some(Took {
        seconds: 1102,
        run: RunId::new("20261111-020312-pryv").unwrap(),
        opened: Timestamp::UNIX_EPOCH,
    });
    let mut stage = Stage::new(plan, look);
    stage.attach("ben", true).pass(60);
    for _ in 0..4 {
        stage.does();
    }
    stage.show(
        vec![("source", super::runbook::rsync())],
        &[(0, Holds::No, "312,204 files differ")],
    );
    stage
}

/// The point of no return is behind, with a step after it at its gate.
pub(super) fn crossed(look: Look) -> Stage {
    let mut plan = migration(EnvironmentKind::Production);
    plan.steps[3].point_of_no_return = true;
    plan.steps[7].point_of_no_return = false;
    let mut stage = Stage::new(plan, look);
    stage.attach("ben", true).pass(60);
    for _ in 0..4 {
        stage.does();
    }
    stage.show(
        vec![("source", super::runbook::rsync())],
        &[(0, Holds::No, "312,204 files differ")],
    );
    stage
}

fn header(stage: &mut Stage) -> String {
    stage
        .text(80, 24)
        .lines()
        .take(3)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_latest_start_of_the_way_back_is_told_until_it_has_passed() {
    let fancy = super::stage::FANCY;
    let mut stage = almost(fancy);
    let at = |stage: &mut Stage, seconds: i64| {
        stage.pass(seconds);
        header(stage)
    };
    let early = at(&mut stage, 0);
    assert!(
        early.contains("latest start of the way back 05:38 "),
        "{early}"
    );
    let passes = near(fancy);
    let text = header(&mut { passes });
    assert!(
        text.contains("latest start of the way back 05:38, "),
        "{text}"
    );
    assert!(text.contains(" from now "), "{text}");
    let text = header(&mut passed(fancy));
    assert!(
        text.contains("no longer fits into the window (") && text.contains(" left)"),
        "{text}"
    );
    let mut over = almost(fancy);
    let text = at(&mut over, 4 * 3600);
    assert!(
        text.contains("no longer fits into the window (over)"),
        "{text}"
    );
}

#[test]
fn what_is_left_is_never_told_as_more_than_it_is() {
    let mut stage = almost(FANCY);
    let latest = stage.app.folded.run.latest_return().unwrap().latest;
    for (left, told) in [
        (271, "4 min from now"),
        (119, "1 min from now"),
        (89, "89 s from now"),
    ] {
        stage.pass(latest.as_second() - left - stage.seconds);
        let text = header(&mut stage);
        assert!(text.contains(told), "{left}: {text}");
    }
}

#[test]
fn nothing_is_said_of_a_start_where_nothing_can_be_taken_back() {
    let fancy = super::stage::FANCY;
    for make in [production as fn(Look) -> Stage, crossed] {
        let text = header(&mut make(fancy));
        assert!(!text.contains("latest start"), "{text}");
    }
    assert!(header(&mut crossed(fancy)).contains("no way back: crossed at step 4"));
    assert!(header(&mut gate(fancy)).contains("latest start"));
}

#[test]
fn an_idle_screen_is_drawn_when_the_way_back_comes_near_and_when_it_is_over() {
    let mut stage = almost(FANCY);
    let latest = stage.app.folded.run.latest_return().unwrap().latest;
    let late = |stage: &Stage| lateness(&stage.app.folded.run, stage.now().wall);
    // Each from some seconds after a minute turned, and to a second of its own.
    for (before, word) in [(900 + 27, 1), (27, 2)] {
        stage.pass(latest.as_second() - before - stage.seconds);
        assert_eq!(late(&stage), word - 1);
        let mut waited = 0;
        while late(&stage) < word {
            assert!(waited <= 60, "{word}: {waited}");
            let pause = until_next_tick(&stage.app, stage.now()).as_secs();
            stage.pass(i64::try_from(pause).unwrap());
            waited += pause;
        }
        assert_eq!(waited, 28, "{word}");
    }
    assert_eq!(until_later(&stage.app.folded.run, stage.now().wall), None);
}

#[test]
fn a_running_step_tells_beside_its_stopwatch_how_long_it_takes() {
    let mut stage = rehearsed(FANCY);
    stage.approve().begin("source");
    let line = b"  41,200,000,000  64%  102.33MB/s    0:03:48 \r";
    stage.prints("source", line, Progress::Rsync).pass(401);
    let text = stage.text(80, 24);
    let told = [
        "time    about 20 min; rehearsed in 18:22",
        "running 6:41",
        "64 %",
    ];
    for told in told {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn a_long_command_takes_one_line_where_it_runs() {
    let mut stage = Stage::new(migration(EnvironmentKind::Production), FANCY);
    stage.attach("ben", true).does().does();
    let mut long = super::runbook::rsync();
    long.legs[0].title = "for i in 1 2 3; do echo $i; done; ".repeat(8);
    stage.show(vec![("source", long)], &[]);
    stage.approve().begin("source").pass(5);
    for (width, height) in [(80, 24), (200, 60)] {
        let text = stage.text(width, height);
        let of_it = text
            .lines()
            .filter(|line| line.contains("for i in 1 2 3; do"));
        assert_eq!(of_it.count(), 1, "{text}");
    }
}

//! Moments in which a number is watched.

use std::time::Duration;

use crate::client::Update;
use crate::clock::Timestamp;
use crate::kinds::{Exhibit, Performer, Progress, Proposal};
use crate::probe::{Aim, Holds, Series};
use crate::run::LaneOutcome;
use crate::runbook::EnvironmentKind;
use crate::tui::Look;
use crate::wire::Live;

use super::night::{copying, running};
use super::runbook::migration;
use super::stage::{Stage, machine, step};

/// A wait as the fifth step, on these lanes, under way for some time.
fn waiting(look: Look, lanes: &[&str]) -> Stage {
    let mut plan = migration(EnvironmentKind::Production);
    plan.steps[4].kind = "wait".into();
    plan.steps[4].title = "Wait until dest has caught up".into();
    plan.steps[4].performer = Performer::Watch;
    plan.steps[4].proofs = Vec::new();
    plan.steps[4].lanes = lanes.iter().map(|lane| machine(lane)).collect();
    let mut stage = Stage::new(plan, look);
    stage.attach("ben", true).pass(60);
    stage.does().does().does().does();
    let text = "Wait until `lag` is at most 0, and never rises. Asked every 5 s, for 1 h at most.";
    let proposal = || Proposal {
        exhibits: vec![Exhibit::Text { text: text.into() }],
        ..Proposal::default()
    };
    stage.show(lanes.iter().map(|lane| (*lane, proposal())).collect(), &[]);
    stage.approve();
    for lane in lanes {
        stage.begin(lane);
    }
    stage.pass(300);
    stage
}

fn asked(stage: &mut Stage, lane: &str, proof: Option<u16>, aim: Aim, numbers: &[f64]) {
    let mut series = Series::new(aim, proof.is_none());
    for (question, number) in (0..).zip(numbers) {
        series.push(Duration::from_secs(question * 5), *number);
    }
    let until = Timestamp::from_second(stage.seconds + 3300).ok();
    let seen = numbers.last().unwrap().to_string();
    let times = u32::try_from(numbers.len()).unwrap();
    stage.update(Update::Live(Live::Asked {
        step: step("copy-users"),
        lane: machine(lane),
        proof,
        seen,
        times,
        until,
        numbers: Some(series),
    }));
}

const DOWN: Aim = Aim {
    least: None,
    most: Some(0.0),
};

/// A backlog that is worked off, with a bump in it.
pub(super) fn falls(look: Look) -> Stage {
    let mut stage = waiting(look, &["dest"]);
    let numbers: Vec<f64> = (0..60)
        .map(|n| {
            (120_000.0 - 1_700.0 * f64::from(n) + if (20..26).contains(&n) { 9_000.0 } else { 0.0 })
                .round()
        })
        .collect();
    asked(&mut stage, "dest", None, DOWN, &numbers);
    stage
}

/// A backlog that nobody works off.
pub(super) fn rises(look: Look) -> Stage {
    let mut stage = waiting(look, &["dest"]);
    asked(
        &mut stage,
        "dest",
        None,
        DOWN,
        &[40.0, 38.0, 41.0, 44.0, 51.0, 57.0, 66.0],
    );
    stage
}

/// One on each of several machines: one has just begun, one is still, one is there.
pub(super) fn lanes(look: Look) -> Stage {
    let mut stage = waiting(look, &["source", "dest"]);
    asked(&mut stage, "source", None, DOWN, &[7.0]);
    asked(&mut stage, "dest", None, DOWN, &[30.0, 30.0, 30.0, 30.0]);
    stage
}

/// A program that prints a percentage and nothing about the time left.
pub(super) fn percent(look: Look) -> Stage {
    let mut stage = copying(look);
    for tenth in 0..=60_u32 {
        let at = f64::from(tenth) / 2.0;
        let line = format!("\r[##......]  shop.orders  ({at}%)");
        stage.prints("source", line.as_bytes(), Progress::Percent);
        stage.serve();
        stage.pass(2);
    }
    stage
}

/// Rows that are restored, watched by a proof.
pub(super) fn proving(look: Look) -> Stage {
    let mut stage = running(look);
    stage.prints(
        "source",
        b"\r 64,000,000,000 100%  101.00MB/s    0:10:41\n",
        Progress::Rsync,
    );
    stage
        .ends("source", LaneOutcome::Succeeded { code: 0 })
        .proved(&[(1, Holds::Yes, "1.1 TB")]);
    let up = Aim {
        least: Some(312_204.0),
        most: None,
    };
    let numbers: Vec<f64> = (0..20).map(|n| 14_000.0 * f64::from(n)).collect();
    asked(&mut stage, "source", Some(0), up, &numbers);
    stage
}

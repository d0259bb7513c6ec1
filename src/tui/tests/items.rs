//! A step that is done for each item of a list.

use std::time::{Duration, Instant};

use super::runbook::{leg, migration};
use super::stage::{FANCY, Stage, machine};
use crate::kinds::{Exhibit, Progress, Proposal};
use crate::names::ParamName;
use crate::run::LaneOutcome;
use crate::runbook::{EnvironmentKind, ForEach, Items, LANES};
use crate::tui::Look;

fn item(number: usize) -> String {
    format!("pipeline-{number}")
}

fn stage(look: Look, items: usize) -> Stage {
    let mut plan = migration(EnvironmentKind::Production);
    let step = &mut plan.steps[1];
    step.title = "Stop every pipeline".into();
    step.for_each = Some(ForEach {
        name: ParamName::new("PIPELINE").unwrap(),
        items: Items::Listed {
            items: (1..=items).map(item).collect(),
        },
    });
    step.at_once = 3;
    let mut stage = Stage::new(plan, look);
    stage.attach("ben", true).pass(60).does();
    let text = "pachctl stop pipeline \"$PIPELINE\"";
    let names: Vec<String> = (1..=items).map(|n| format!("source.i{n}")).collect();
    let proposal = |number| Proposal {
        exhibits: vec![Exhibit::Command {
            at: machine("source"),
            text: text.into(),
            env: vec![("PIPELINE".into(), item(number))],
        }],
        legs: vec![leg("stop it", text, Progress::None)],
        ..Proposal::default()
    };
    let shown = (1..)
        .zip(&names)
        .map(|(n, name)| (name.as_str(), proposal(n)));
    stage.show(shown.collect(), &[]);
    stage
}

pub(super) fn gate(look: Look) -> Stage {
    stage(look, 12)
}

pub(super) fn running(look: Look) -> Stage {
    let mut stage = gate(look);
    stage.approve().begin("source.i1").pass(4);
    stage.ends("source.i1", LaneOutcome::Succeeded { code: 0 });
    stage
        .begin("source.i2")
        .begin("source.i3")
        .begin("source.i4")
        .pass(3);
    stage
}

pub(super) fn failed(look: Look) -> Stage {
    let mut stage = running(look);
    stage.ends("source.i2", LaneOutcome::Succeeded { code: 0 });
    stage.ends("source.i3", LaneOutcome::Failed { code: 1 });
    stage.ends("source.i4", LaneOutcome::Succeeded { code: 0 });
    stage
}

#[test]
fn a_thousand_lanes_are_drawn_without_a_wait() {
    let mut stage = stage(FANCY, LANES);
    stage.wait();
    for (width, height) in [(80, 24), (200, 60)] {
        let begun = Instant::now();
        stage.draw(width, height);
        let took = begun.elapsed();
        assert!(
            took < Duration::from_secs(5),
            "{took:?} at {width}x{height}"
        );
    }
    stage.approve().begin("source.i1");
    let begun = Instant::now();
    let text = stage.text(80, 24);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(
        text.contains("1000 lanes: 1 running, 999 not begun"),
        "{text}"
    );
}

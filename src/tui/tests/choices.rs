//! A step that is a choice, and a step that another option would have had.

use crossterm::event::KeyCode;

use super::runbook::{command, migration};
use super::stage::{FANCY, Stage, step};
use crate::kinds::{Exhibit, OptionShown, Performer, Proposal};
use crate::names::ParamName;
use crate::probe::Holds;
use crate::run::{Finding, Intent, PlannedChoice, PlannedUndo, StepAt};
use crate::runbook::{Condition, EnvironmentKind, Gate};
use crate::tui::Look;

fn options() -> Vec<OptionShown> {
    let option = |value: &str, title: &str, means: &str| OptionShown {
        value: value.into(),
        title: title.into(),
        means: means.into(),
    };
    vec![
        option(
            "copy",
            "Copy the data",
            "the old side stays as it is; needs the space twice, about 410 GB on dest",
        ),
        option("move", "Move the data", "no way back after the first file"),
    ]
}

fn plan() -> crate::run::Plan {
    let mut plan = migration(EnvironmentKind::Production);
    let name = ParamName::new("WAY").unwrap();
    let choice = &mut plan.steps[1];
    choice.title = "How the data travels".into();
    choice.headline = "How does the data travel? WAY: copy or move".into();
    choice.kind = "choose".into();
    choice.performer = Performer::Nobody;
    choice.proofs = Vec::new();
    choice.gate = Gate::Confirm;
    choice.undo = PlannedUndo::Action {
        headline: "the choice of WAY is open again".into(),
        performer: Performer::Nobody,
        proofs: Vec::new(),
    };
    choice.choice = Some(PlannedChoice {
        name: name.clone(),
        ask: "How does the data travel?".into(),
        options: options(),
    });
    plan.steps[2].when = vec![Condition {
        name,
        is: vec!["copy".into()],
        is_not: Vec::new(),
    }];
    plan
}

pub(super) fn at_its_gate(look: Look) -> Stage {
    let mut stage = Stage::new(plan(), look);
    stage.attach("ben", true).pass(60);
    let proposal = Proposal {
        exhibits: vec![Exhibit::Choice {
            ask: "How does the data travel?".into(),
            options: options(),
        }],
        ..Proposal::default()
    };
    stage.does().show(vec![("source", proposal)], &[]);
    stage
}

fn chose(look: Look, value: &str) -> Stage {
    let mut stage = at_its_gate(look);
    let (step, attempt) = stage.turn();
    let digest = stage.run.steps[1].shown.as_ref().unwrap().digest.clone();
    let value = value.to_owned();
    stage.wish(
        1,
        Intent::Choose {
            step,
            attempt,
            digest,
            value,
        },
    );
    stage
}

pub(super) fn chosen(look: Look) -> Stage {
    let mut stage = chose(look, "copy");
    stage.show(
        vec![("source", command("cp -a /old /new"))],
        &[(0, Holds::No, "not there")],
    );
    stage.key(KeyCode::Up);
    stage
}

pub(super) fn passed_over(look: Look) -> Stage {
    let mut stage = chose(look, "move");
    let copy = step("copy-conf");
    stage.found(Finding::Reach { step: copy });
    assert!(matches!(stage.run.steps[2].at, StepAt::RuledOut { .. }));
    stage.reach();
    stage.key(KeyCode::Up);
    stage
}

#[test]
fn enter_typed_ahead_chooses_nothing_and_a_marked_option_is_chosen() {
    let mut stage = at_its_gate(FANCY);
    stage.wait().key(KeyCode::Enter).key(KeyCode::Enter);
    assert!(stage.sent.is_empty(), "{:?}", stage.sent);
    stage
        .wait()
        .key(KeyCode::Enter)
        .key(KeyCode::Char('2'))
        .key(KeyCode::Enter);
    let [Intent::Choose { value, digest, .. }] = stage.sent.as_slice() else {
        panic!("{:?}", stage.sent);
    };
    assert_eq!(value, "move");
    assert_eq!(*digest, stage.run.steps[1].shown.as_ref().unwrap().digest);
}

#[test]
fn the_number_of_no_option_marks_nothing() {
    let mut stage = at_its_gate(FANCY);
    stage
        .wait()
        .key(KeyCode::Enter)
        .key(KeyCode::Char('7'))
        .key(KeyCode::Enter);
    assert!(stage.sent.is_empty(), "{:?}", stage.sent);
    stage
        .wait()
        .key(KeyCode::Enter)
        .key(KeyCode::Down)
        .key(KeyCode::Enter);
    assert!(matches!(stage.sent.as_slice(), [Intent::Choose { value, .. }] if value == "copy"));
}

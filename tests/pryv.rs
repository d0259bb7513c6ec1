//! The runbook of the Pryv.io core migration, without any machine: what its file says and what is said of it.

use std::collections::BTreeMap;
use std::path::Path;

use runsheet::run::Plan;
use runsheet::runbook::{
    EnvironmentKind, Runbook, Undo, bind, read_environments, read_runbook, resolve, values,
};

const RUNBOOK: &str = "runbooks/pryv-core-migration.toml";
const PAGE: &str = include_str!("../docs/runbooks/pryv-core-migration.md");

fn runbook() -> Runbook {
    match read_runbook(Path::new(RUNBOOK)) {
        Ok((runbook, warnings)) => {
            assert!(warnings.is_empty(), "{warnings:#?}");
            runbook
        }
        Err(problems) => panic!("{problems:#?}"),
    }
}

#[test]
fn the_runbook_has_no_problem_and_no_warning() {
    assert!(runbook().steps.len() >= 30);
}

#[test]
fn every_step_says_how_it_is_taken_back_or_why_not() {
    for step in runbook().steps {
        let said = !matches!(step.undo, Undo::Unsaid);
        assert!(said || step.action.kind() == "note", "{}", step.id);
    }
}

#[test]
fn it_can_be_laid_out_for_the_lab_without_asking_anything() {
    let runbook = runbook();
    let environments = read_environments(Path::new("runbooks/environments.toml")).unwrap();
    let lab = bind(&runbook, &environments, "lab").unwrap();
    assert_eq!(lab.kind, EnvironmentKind::Rehearsal);
    let params = resolve(&runbook, &lab, &[]).unwrap();
    let plan = Plan::lay(
        &runbook,
        &lab,
        &values(&runbook, &lab, &params, &BTreeMap::new()),
    );
    let plan = plan.unwrap();
    let lanes: Vec<String> = plan
        .steps
        .iter()
        .find(|step| step.id.as_str() == "restart-registers")
        .map(|step| step.lanes.iter().map(ToString::to_string).collect())
        .unwrap();
    assert_eq!(lanes, ["register.1", "register.2"]);
    let point = plan.steps.iter().filter(|step| step.point_of_no_return);
    assert_eq!(point.count(), 1);
}

/// The same file to the byte in rehearsal and in production.
#[test]
fn nothing_of_the_lab_stands_in_the_runbook() {
    let text = runbook().text;
    for word in ["lab", "10.77", "stand-in", "ana", "runsheet-lab"] {
        let found = text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))
            .find(|part| *part == word || part.contains("10.77"));
        assert_eq!(found, None, "{word}");
    }
}

#[test]
fn the_pages_table_names_every_step_and_no_other_in_the_runbooks_order() {
    let rows = PAGE
        .lines()
        .skip_while(|line| !line.starts_with("| the document | step |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let named: Vec<&str> = rows
        .filter_map(|row| row.rsplit('|').nth(2))
        .filter_map(|cell| cell.split('`').nth(1))
        .collect();
    let mut once = Vec::new();
    for step in named {
        if !once.contains(&step) {
            once.push(step);
        }
    }
    let runbook = runbook();
    let steps: Vec<&str> = runbook.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(once, steps);
}

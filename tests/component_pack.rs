//! The runbook of Component Pack's move, without any machine: what its file says and what is said of it.

use std::collections::BTreeMap;
use std::path::Path;

use runsheet::run::Plan;
use runsheet::runbook::{
    EnvironmentKind, Runbook, Undo, bind, environments_beside, read_environments, read_runbook,
    resolve, values,
};

const RUNBOOK: &str = "runbooks/component-pack-side-by-side.toml";
const PAGE: &str = include_str!("../docs/runbooks/component-pack-side-by-side.md");

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
    assert!(runbook().steps.len() >= 40);
}

#[test]
fn every_step_says_how_it_is_taken_back_or_why_not() {
    for step in runbook().steps {
        let said = !matches!(step.undo, Undo::Unsaid);
        let derived = [
            "note",
            "choose",
            "rsync",
            "edit",
            "nginx-upstream",
            "ssh-key",
        ];
        assert!(said || derived.contains(&step.action.kind()), "{}", step.id);
    }
}

#[test]
fn it_can_be_laid_out_for_the_lab_without_asking_anything() {
    let runbook = runbook();
    let beside = environments_beside(Path::new(RUNBOOK));
    let environments = read_environments(&beside).unwrap();
    let lab = bind(&runbook, &environments, "lab").unwrap();
    assert_eq!(lab.kind, EnvironmentKind::Rehearsal);
    let params = resolve(&runbook, &lab, &[]).unwrap();
    let filled = values(&runbook, &lab, &params, &BTreeMap::new());
    let plan = Plan::lay(&runbook, &lab, &filled).unwrap();
    let lanes: Vec<String> = plan
        .steps
        .iter()
        .find(|step| step.id.as_str() == "reload-ihs")
        .map(|step| step.lanes.iter().map(ToString::to_string).collect())
        .unwrap();
    assert_eq!(lanes, ["ihs.1", "ihs.2"]);
    let points: Vec<&str> = plan
        .steps
        .iter()
        .filter(|step| step.point_of_no_return)
        .map(|step| step.id.as_str())
        .collect();
    assert_eq!(points, ["reload-ihs"]);
}

/// The same file to the byte in rehearsal and in production.
#[test]
fn nothing_of_the_lab_stands_in_the_runbook() {
    let text = runbook().text;
    for word in [
        "connections.lab",
        "registry.lab",
        "cp-old",
        "cp-new",
        "10.77",
        "stand-in",
        "runsheet-lab",
    ] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn the_pages_table_names_every_step_and_no_other_in_the_runbooks_order() {
    let rows = PAGE
        .lines()
        .skip_while(|line| !line.starts_with("| the document | step |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut once = Vec::new();
    for row in rows {
        let cell = row.split('|').nth(2).unwrap_or_default();
        for step in cell.split('`').skip(1).step_by(2) {
            if !once.contains(&step) {
                once.push(step);
            }
        }
    }
    let runbook = runbook();
    let mut steps: Vec<&str> = runbook.steps.iter().map(|step| step.id.as_str()).collect();
    // The document has no order of its own in its sections on what to know: only the set is compared.
    once.sort_unstable();
    steps.sort_unstable();
    assert_eq!(once, steps);
}

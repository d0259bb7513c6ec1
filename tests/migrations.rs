//! The runbooks of this repository, without any machine: what each file says, and what its page says of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runsheet::run::Plan;
use runsheet::runbook::{
    EnvironmentKind, Runbook, Undo, bind, environments_beside, read_environments, read_runbook,
    resolve, values,
};

/// What is true of one runbook alone.
struct Migration {
    name: &'static str,
    /// Its points of no return, in order.
    points: &'static [&'static str],
    /// A step on several machines, and the lanes it has in the lab.
    lanes: Option<(&'static str, &'static [&'static str])>,
    /// Whether the document, and with it the page's table, has the order of the runbook.
    in_order: bool,
}

const MIGRATIONS: [Migration; 5] = [
    Migration {
        name: "pryv-core-migration",
        points: &["reload-nginx"],
        lanes: Some(("restart-registers", &["register.1", "register.2"])),
        in_order: true,
    },
    Migration {
        name: "component-pack-side-by-side",
        points: &["reload-ihs"],
        lanes: Some(("reload-ihs", &["ihs.1", "ihs.2"])),
        // Its document begins with sections on what to know, which have no order.
        in_order: false,
    },
    Migration {
        name: "fast-data-migration",
        points: &["writers-to-dest", "switch-producers"],
        lanes: None,
        in_order: true,
    },
    Migration {
        name: "app-layering-appliance",
        points: &["proceed-move"],
        lanes: None,
        in_order: true,
    },
    Migration {
        name: "pachyderm-migration",
        points: &["undeploy-old"],
        lanes: None,
        in_order: true,
    },
];

fn path(name: &str) -> PathBuf {
    Path::new("runbooks").join(format!("{name}.toml"))
}

fn runbook(name: &str) -> Runbook {
    match read_runbook(&path(name)) {
        Ok((runbook, warnings)) => {
            assert!(warnings.is_empty(), "{name}: {warnings:#?}");
            runbook
        }
        Err(problems) => panic!("{name}: {problems:#?}"),
    }
}

#[test]
fn every_step_says_how_it_is_taken_back_or_why_not_and_how_long_it_takes() {
    for Migration { name, .. } in MIGRATIONS {
        for step in runbook(name).steps {
            // A choice is taken back by choosing again.
            if !matches!(step.action.kind(), "note" | "choose") {
                assert!(!matches!(step.undo, Undo::Unsaid), "{name}: {}", step.id);
                assert!(step.estimate.is_some(), "{name}: {}", step.id);
            }
        }
    }
}

#[test]
fn each_can_be_laid_out_for_the_lab_without_asking_anything() {
    for Migration {
        name,
        points,
        lanes,
        ..
    } in MIGRATIONS
    {
        let runbook = runbook(name);
        let environments = read_environments(&environments_beside(&path(name))).unwrap();
        let lab = bind(&runbook, &environments, "lab").unwrap();
        assert_eq!(lab.kind, EnvironmentKind::Rehearsal);
        let params = resolve(&runbook, &lab, &[]).unwrap();
        let values = values(&runbook, &lab, &params, &BTreeMap::new());
        let plan = Plan::lay(&runbook, &lab, &values).unwrap();
        let found: Vec<&str> = plan
            .steps
            .iter()
            .filter(|step| step.point_of_no_return)
            .map(|step| step.id.as_str())
            .collect();
        assert_eq!(found, points, "{name}");
        if let Some((id, wanted)) = lanes {
            let step = plan.steps.iter().find(|step| step.id.as_str() == id);
            let found: Vec<&str> = step
                .unwrap()
                .lanes
                .iter()
                .map(|lane| lane.as_str())
                .collect();
            assert_eq!(found, wanted, "{name}: {id}");
        }
    }
}

/// The same file to the byte in rehearsal and in production.
#[test]
fn nothing_of_the_lab_stands_in_the_runbooks() {
    for Migration { name, .. } in MIGRATIONS {
        let text = runbook(name).text;
        for word in ["lab", "10.77", "stand-in", "runsheet-lab", "lab-hazards"] {
            let found = text
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))
                .find(|part| *part == word || part.contains("10.77"));
            assert_eq!(found, None, "{name}: {word}");
        }
    }
}

#[test]
fn each_pages_table_names_every_step_and_no_other_in_the_runbooks_order() {
    for Migration { name, in_order, .. } in MIGRATIONS {
        let page = std::fs::read_to_string(format!("docs/runbooks/{name}.md")).unwrap();
        let cells = page
            .lines()
            .skip_while(|line| !line.starts_with("| the document | step |"))
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .filter_map(|row| row.rsplit('|').nth(2));
        let mut named = Vec::new();
        for step in cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)) {
            if !named.contains(&step) {
                named.push(step);
            }
        }
        let runbook = runbook(name);
        let mut steps: Vec<&str> = runbook.steps.iter().map(|step| step.id.as_str()).collect();
        if !in_order {
            named.sort_unstable();
            steps.sort_unstable();
        }
        assert_eq!(named, steps, "{name}");
    }
}

/// A star on the page of the Pachyderm migration is a hazard that its tests in the lab switch on.
#[test]
fn the_page_has_a_star_for_every_hazard_that_is_switched_on() {
    let page = std::fs::read_to_string("docs/runbooks/pachyderm-migration.md").unwrap();
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let stars: usize = rows.map(|row| row.matches('★').count()).sum();
    let tests = include_str!("lab/pachyderm.rs");
    assert_eq!(stars, tests.matches("Hazard::new(").count());
}

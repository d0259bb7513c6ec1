//! What was found on the machines before the run: the line at the first gate, and the page.

use crossterm::event::KeyCode;

use super::night::MOMENTS;
use super::runbook::{command, migration};
use super::stage::{FANCY, Stage, machine};
use crate::run::{Check, Level};
use crate::runbook::EnvironmentKind;
use crate::tui::Look;

fn check(at: &str, about: &str, level: Level, says: &str, hint: Option<&str>) -> Check {
    Check {
        machine: machine(at),
        about: about.into(),
        level,
        says: says.into(),
        hint: hint.map(str::to_owned),
        pins: Default::default(),
    }
}

/// The first gate of a run that begins with a clock that is wrong and a program that is missing.
pub(super) fn trouble(look: Look) -> Stage {
    let mut stage = Stage::new(migration(EnvironmentKind::Production), look);
    let checks = vec![
        check(
            "source",
            "host key",
            Level::Ok,
            "SHA256:d116KPkbVtAt0h6gPG3w1hXN0E",
            None,
        ),
        check("source", "programs", Level::Ok, "docker, rsync", None),
        check(
            "source",
            "clock",
            Level::Warning,
            "41 s behind this machine\nlogs of both cannot be read side by side",
            Some("start its time service"),
        ),
        check(
            "dest",
            "programs",
            Level::Problem,
            "there is no rsync\u{1b}[31m in its PATH",
            Some("install it, or say where it is"),
        ),
    ];
    stage.run.preflight = checks.clone();
    stage.app.folded.run.preflight = checks;
    stage.attach("ben", true).pass(60);
    stage.show(vec![("source", command("true"))], &[]);
    stage
}

#[test]
fn trouble_before_the_run_is_said_at_its_gate_until_something_was_started() {
    let make = MOMENTS
        .iter()
        .find(|(name, _)| *name == "trouble")
        .unwrap()
        .1;
    let mut stage = make(FANCY);
    let said = "m shows it";
    assert!(stage.text(80, 24).contains(said), "{}", stage.text(80, 24));
    stage.key(KeyCode::Char('m'));
    let page = stage.text(80, 24);
    assert!(page.contains("problem: programs"), "{page}");
    assert!(!page.contains('\u{1b}'), "{page}");
    stage.key(KeyCode::Esc);
    stage.approve().begin("bastion");
    assert!(!stage.text(80, 24).contains(said), "{}", stage.text(80, 24));
}

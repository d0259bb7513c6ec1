//! Nothing that was not ours reaches a cell as anything but text.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;

use super::runbook::{asks, leg, migration, proof};
use super::stage::{FANCY, PLAIN, Stage, machine};
use crate::client::Update;
use crate::kinds::{Exhibit, Obstacle, Progress, Proposal};
use crate::probe::Holds;
use crate::problem::hidden;
use crate::run::{Finding, Intent, LaneOutcome, Plan, PlannedUndo};
use crate::runbook::{EnvironmentKind, Gate};
use crate::tui::Look;
use crate::wire::Live;

pub(super) const EVIL: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{9d}52;c;eA==\u{9c}\u{202e}gnp\u{200b}\u{feff}\u{e0041}\r\u{8}\u{7f}\u{1b}Pq\u{1b}\\ e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301} 漢字 end";

pub(super) fn evil_plan() -> Plan {
    let mut plan = migration(EnvironmentKind::Production);
    plan.title = EVIL.into();
    plan.about = EVIL.into();
    for phase in &mut plan.phases {
        phase.title = EVIL.into();
    }
    for machine in &mut plan.machines {
        machine.label = EVIL.into();
    }
    for step in &mut plan.steps {
        step.title = EVIL.into();
        step.about = format!("{EVIL}\n{EVIL}");
        step.headline = EVIL.into();
        step.proofs = vec![proof("source", EVIL), asks("source", EVIL)];
        step.lanes = vec![machine("source")];
        step.undo = PlannedUndo::Never {
            reason: EVIL.into(),
        };
        step.performer = crate::kinds::Performer::Machine;
        step.gate = Gate::TypeBack { words: EVIL.into() };
    }
    plan
}

pub(super) fn evil_proposal() -> Proposal {
    let text = || EVIL.to_owned();
    Proposal {
        exhibits: vec![
            Exhibit::Text { text: text() },
            Exhibit::Command {
                at: machine("dest"),
                text: text(),
                env: vec![(text(), text())],
            },
            Exhibit::Diff {
                at: machine("dest"),
                path: text(),
                unified: format!("+{EVIL}\n-{EVIL}\n"),
            },
            Exhibit::Finding {
                label: text(),
                text: text(),
            },
            Exhibit::Warning { text: text() },
        ],
        legs: vec![leg(EVIL, EVIL, Progress::Rsync)],
        leaves: Default::default(),
        already: None,
    }
}

fn check(buffer: &Buffer, what: &str) {
    for cell in buffer.content() {
        let symbol = cell.symbol();
        assert!(!symbol.chars().any(hidden), "{what}: {symbol:?}");
        assert!(symbol.chars().count() <= 4, "{what}: {symbol:?}");
    }
}

fn check_everywhere(stage: &mut Stage, what: &str) {
    for (width, height) in [(80, 24), (200, 60), (45, 12)] {
        for key in ['o', 'o', 't', 't', '?'] {
            check(&stage.draw(width, height), what);
            stage.key(KeyCode::Char(key));
        }
        check(&stage.draw(width, height), what);
        stage.key(KeyCode::Esc);
    }
}

pub(super) fn evil_stage() -> Stage {
    let mut stage = Stage::new(evil_plan(), FANCY);
    stage.reach();
    stage
}

fn play(look: Look) {
    let mut stage = Stage::new(evil_plan(), look);
    stage.attach(EVIL, false).attach(EVIL, true);
    check_everywhere(&mut stage, "waiting");
    stage.reach();
    let (step, attempt) = stage.turn();
    let obstacle = Obstacle::new(EVIL).hint(EVIL);
    stage.found(Finding::Obstructed {
        step: step.clone(),
        attempt,
        lane: machine("source"),
        obstacle,
    });
    check_everywhere(&mut stage, "obstructed");
    stage.wish(1, Intent::Retry { step, attempt });
    stage.show(
        vec![("source", evil_proposal())],
        &[(0, Holds::CannotSay, EVIL)],
    );
    check_everywhere(&mut stage, "gate");
    stage.wait().types("x\u{202e}\u{200b}").wait();
    check_everywhere(&mut stage, "typed");
    stage.approve().begin("source");
    stage.prints("source", EVIL.as_bytes(), Progress::Rsync);
    stage.prints(
        "source",
        b"\x1b]52;c;eA==\x07\x9b31m\xff\xfe\x1b[?1049h\x1b[6n\x1bc",
        Progress::Rsync,
    );
    stage.prints("source", EVIL.repeat(50).as_bytes(), Progress::Rsync);
    check_everywhere(&mut stage, "running");
    stage.found(Finding::LinkLost {
        machine: machine("source"),
        why: EVIL.into(),
    });
    let doing = EVIL.into();
    stage.update(Update::Live(Live::Busy {
        machine: machine("source"),
        doing,
        next_try: None,
    }));
    check_everywhere(&mut stage, "link lost");
    stage.lost("source", EVIL);
    check_everywhere(&mut stage, "unknown");
    let (step, attempt) = stage.turn();
    let decision = crate::run::Decision::Happened;
    let lane = machine("source");
    stage.wish(
        1,
        Intent::Settle {
            step: step.clone(),
            attempt,
            lane: lane.clone(),
            decision,
            reason: EVIL.into(),
        },
    );
    let (seen, times, until) = (EVIL.into(), 3, None);
    stage.update(Update::Live(Live::Asked {
        numbers: None,
        step: step.clone(),
        lane,
        proof: Some(0),
        seen,
        times,
        until,
    }));
    check_everywhere(&mut stage, "asked");
    stage.proved(&[(0, Holds::No, EVIL)]);
    stage.key(KeyCode::Enter);
    check_everywhere(&mut stage, "question");
    stage.wish(
        1,
        Intent::Note {
            step: Some(step.clone()),
            text: format!("{EVIL}\n{EVIL}"),
        },
    );
    stage.key(KeyCode::Esc).key(KeyCode::Char('n'));
    stage.app.paste(EVIL);
    check(&stage.draw(80, 24), "pasted");
    stage.key(KeyCode::Esc);
    stage.wish(
        1,
        Intent::Reply {
            step: step.clone(),
            attempt,
            proof: 1,
            yes: false,
            note: EVIL.into(),
        },
    );
    check_everywhere(&mut stage, "unproved");
    stage.wish(
        1,
        Intent::Skip {
            step,
            reason: EVIL.into(),
        },
    );
    stage.update(Update::Refused {
        id: 99,
        why: EVIL.into(),
    });
    check_everywhere(&mut stage, "refused");
    stage.update(Update::Live(Live::Poisoned { why: EVIL.into() }));
    check_everywhere(&mut stage, "poisoned");
    stage.update(Update::Disconnected {
        why: EVIL.into(),
        last: true,
    });
    check_everywhere(&mut stage, "disconnected");
    stage.wish(
        1,
        Intent::End {
            reason: EVIL.into(),
        },
    );
    check_everywhere(&mut stage, "ended");
}

#[test]
fn nothing_hostile_reaches_a_cell() {
    play(FANCY);
    play(PLAIN);
}

#[test]
fn nothing_hostile_from_a_program_on_a_terminal_reaches_a_cell() {
    for look in [FANCY, PLAIN] {
        let mut stage = Stage::new(evil_plan(), look);
        let mut proposal = evil_proposal();
        proposal.legs[0].interactive = true;
        stage.show(vec![("source", proposal)], &[]).approve();
        stage.begin("source");
        stage.prints("source", EVIL.as_bytes(), Progress::None);
        check_everywhere(&mut stage, "a terminal");
        stage.key(KeyCode::Char('i'));
        assert_eq!(stage.app.place(), crate::tui::keys::Place::Terminal);
        let all: [&[u8]; 4] = [
            EVIL.as_bytes(),
            b"\x1b]52;c;eA==\x07\x9b31m\xff\xfe\x1b[?1049h\x1b[6n\x1bc\x1b[999;999H\x1b[?25l",
            b"\x1bP+q544e\x1b\\\x1b[>c\x1b]11;?\x07\x1b[?1000h\x1b[8;3;3t\x0e\x0f\x05",
            &EVIL.repeat(50).into_bytes(),
        ];
        for bytes in all {
            stage.prints("source", bytes, Progress::None);
            for (width, height) in [(80, 24), (200, 60), (45, 12), (3, 2)] {
                check(&stage.draw(width, height), "typing");
            }
        }
        stage.update(Update::Refused {
            id: 99,
            why: EVIL.into(),
        });
        check(&stage.draw(80, 24), "refused");
        stage.found(Finding::LinkLost {
            machine: machine("source"),
            why: EVIL.into(),
        });
        check(&stage.draw(80, 24), "link lost");
        stage.paste(EVIL);
        check(&stage.draw(80, 24), "pasted");
    }
}

#[test]
fn nothing_hostile_from_a_failed_lane_reaches_a_cell() {
    let mut stage = Stage::new(evil_plan(), FANCY);
    stage
        .show(vec![("source", evil_proposal())], &[])
        .approve()
        .begin("source");
    stage.prints("source", EVIL.as_bytes(), Progress::None);
    stage.ends("source", LaneOutcome::NotRun { proof: EVIL.into() });
    check_everywhere(&mut stage, "failed");
}

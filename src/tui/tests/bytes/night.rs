//! A night in which everybody is hostile, as it goes to the terminal.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use crossterm::event::KeyCode;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::super::runbook::{leg, migration, proof};
use super::super::stage::{Stage, machine};
use super::dice::Dice;
use crate::kinds::{Exhibit, Progress, Proposal};
use crate::probe::Holds;
use crate::run::{Finding, Intent, Plan, PlannedUndo};
use crate::runbook::{EnvironmentKind, Gate};
use crate::tui::{Look, view};

#[derive(Clone, Default)]
struct Line(Rc<RefCell<Vec<u8>>>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Draws what the screen shows now through the backend that the program uses; the bytes it sends.
fn sent(stage: &mut Stage) -> Vec<u8> {
    let line = Line::default();
    let viewport = Viewport::Fixed(Rect::new(0, 0, 120, 40));
    let backend = CrosstermBackend::new(line.clone());
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
    let now = stage.now();
    terminal
        .draw(|frame| view::draw(frame, &mut stage.app, now))
        .unwrap();
    stage.app.drawn(stage.since);
    drop(terminal);
    stage.serve();
    line.0.take()
}

/// A plan in which everything that an author writes is one of the texts.
pub(super) fn plan(text: &mut dyn FnMut() -> String) -> Plan {
    let mut plan = migration(EnvironmentKind::Production);
    plan.title = text();
    plan.about = text();
    for phase in &mut plan.phases {
        phase.title = text();
    }
    for machine in &mut plan.machines {
        machine.label = text();
    }
    for step in &mut plan.steps {
        step.title = text();
        step.about = format!("{}\n{}", text(), text());
        step.headline = text();
        step.proofs = vec![proof("source", &text())];
        step.lanes = vec![machine("source")];
        step.undo = PlannedUndo::Never { reason: text() };
        step.performer = crate::kinds::Performer::Machine;
        step.gate = Gate::TypeBack { words: text() };
    }
    plan
}

/// A night in which everybody is hostile; each screen of it as it went to the terminal.
pub(super) fn night(inputs: &[Vec<u8>], look: Look, dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut turn = 0;
    let mut text = || {
        turn += 1;
        String::from_utf8_lossy(&inputs[turn % inputs.len()]).into_owned()
    };
    let mut frames = Vec::new();
    let mut stage = Stage::new(plan(&mut text), look);
    stage.attach(&text(), true);
    let proposal = Proposal {
        exhibits: vec![
            Exhibit::Command {
                at: machine("source"),
                text: text(),
                env: vec![(text(), text())],
            },
            Exhibit::Diff {
                at: machine("source"),
                path: text(),
                unified: format!("+{}\n-{}\n", text(), text()),
            },
            Exhibit::Finding {
                label: text(),
                text: text(),
            },
            Exhibit::Warning { text: text() },
        ],
        legs: vec![leg(&text(), &text(), Progress::None)],
        leaves: Default::default(),
        already: None,
    };
    stage.show(
        vec![("source", proposal)],
        &[(0, Holds::CannotSay, &text())],
    );
    frames.push(sent(&mut stage));
    stage.wait().paste(&text());
    frames.push(sent(&mut stage));
    stage.approve().begin("source");
    // What a machine prints comes in pieces that are cut anywhere.
    let mut bytes = inputs.join(&b'\n');
    while !bytes.is_empty() {
        let most = 1 + dice.below(bytes.len() as u64) as usize;
        let rest = bytes.split_off(most);
        stage.prints("source", &bytes, Progress::None);
        bytes = rest;
    }
    frames.push(sent(&mut stage));
    stage.key(KeyCode::Char('o'));
    frames.push(sent(&mut stage));
    let (step, _) = stage.turn();
    let why = text();
    stage.found(Finding::LinkLost {
        machine: machine("source"),
        why,
    });
    stage.wish(
        1,
        Intent::Note {
            step: Some(step),
            text: format!("note {}", text()),
        },
    );
    stage.lost("source", &text());
    stage.key(KeyCode::Char('o'));
    frames.push(sent(&mut stage));
    stage.key(KeyCode::Char('t'));
    frames.push(sent(&mut stage));
    frames
}

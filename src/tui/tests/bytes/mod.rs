//! A hundred thousand hostile inputs, through every door at once, and what came out on the terminal's side.

#[path = "../../../../tests/faults/dice.rs"]
mod dice;
#[path = "../../../../tests/faults/size.rs"]
mod size;

mod corpus;
mod grammar;
mod judges;

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use crossterm::event::KeyCode;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use self::corpus::input;
use self::dice::Dice;
use self::grammar::violation;
use self::judges::{Done, Emulator, tmux};
use super::runbook::{leg, migration, proof};
use super::stage::{FANCY, Stage, machine};
use crate::kinds::{Exhibit, Progress, Proposal};
use crate::probe::Holds;
use crate::problem::visible;
use crate::report::{fenced, in_table, inline, json_text, prose, span};
use crate::run::{Finding, Intent, Plan, PlannedUndo};
use crate::runbook::{EnvironmentKind, Gate};
use crate::tui::clean;
use crate::tui::view;

/// How many inputs one night meets.
const TOGETHER: usize = 40;

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
    let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
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
fn plan(text: &mut dyn FnMut() -> String) -> Plan {
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
fn night(inputs: &[Vec<u8>], dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut turn = 0;
    let mut text = || {
        turn += 1;
        String::from_utf8_lossy(&inputs[turn % inputs.len()]).into_owned()
    };
    let mut frames = Vec::new();
    let mut stage = Stage::new(plan(&mut text), FANCY);
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
            text: text(),
        },
    );
    stage.lost("source", &text());
    stage.key(KeyCode::Char('o'));
    frames.push(sent(&mut stage));
    stage.key(KeyCode::Char('t'));
    frames.push(sent(&mut stage));
    frames
}

/// Everything that is written as lines: talk, answers, reports; and what goes into cells and text boxes.
fn as_lines(input: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(input);
    vec![
        visible(&text),
        clean::line(&text),
        clean::cell(&text),
        clean::typed(&text),
        inline(&text),
        prose(&text),
        span(&text),
        in_table(&inline(&text)),
        fenced("", &text),
        json_text(&text).unwrap(),
    ]
}

#[test]
fn a_hundred_thousand_hostile_inputs_do_nothing_to_a_terminal() {
    let count = size::tries(100_000, 2_000_000);
    let seed = dice::seed();
    let mut dice = Dice::new(seed);
    let (mut night_of, mut frames) = (Vec::new(), 0);
    let (mut raw_grammar, mut raw_emulator) = (0, Done::default());
    let (mut some_raw, mut some_ours) = (Vec::new(), Vec::new());
    let mut ours = Emulator::new();
    for number in 0..count {
        let input = input(number, &mut dice);
        for text in as_lines(&input) {
            if let Some(found) = violation(text.as_bytes(), true) {
                panic!(
                    "seed {seed}, input {number} {:?} as a line: {found}",
                    input.escape_ascii().to_string()
                );
            }
        }
        // The control: the same bytes as they came.
        raw_grammar += u64::from(violation(&input, false).is_some());
        let mut raw = Emulator::new();
        raw.feed(&input);
        let done = raw.done();
        raw_emulator.clipboard += u64::from(done.clipboard > 0);
        raw_emulator.title += u64::from(done.title > 0);
        raw_emulator.replies += u64::from(done.replies > 0);
        if number < 20_000 {
            some_raw.extend_from_slice(&input);
            some_raw.extend_from_slice(b"\x1b\\\n");
        }
        night_of.push(input);
        if night_of.len() < TOGETHER && number + 1 < count {
            continue;
        }
        for (screen, frame) in night(&night_of, &mut dice).into_iter().enumerate() {
            frames += 1;
            if let Some(found) = violation(&frame, false) {
                panic!("seed {seed}, inputs to {number}, screen {screen}: {found}");
            }
            ours.feed(&frame);
            assert_eq!(
                ours.done(),
                Done::default(),
                "seed {seed}, inputs to {number}, screen {screen}"
            );
            if frames % 40 == 0 && some_ours.len() < 4 << 20 {
                some_ours.extend_from_slice(&frame);
            }
        }
        night_of.clear();
    }
    assert!(
        raw_grammar > count / 2,
        "the grammar lets {} of {count} pass",
        count - raw_grammar
    );
    for (what, tripped) in [
        ("clipboard", raw_emulator.clipboard),
        ("title", raw_emulator.title),
        ("reply", raw_emulator.replies),
    ] {
        assert!(
            tripped > 0,
            "as they came none of {count} did something to the {what}"
        );
    }
    let in_tmux = match (tmux(&some_ours, "ours"), tmux(&some_raw, "raw")) {
        (Some(ours), Some(raw)) => {
            assert_eq!(ours, Done::default(), "seed {seed}: what we drew, in tmux");
            assert!(
                raw.clipboard > 0 && raw.title > 0 && raw.replies > 0,
                "the raw bytes in tmux: {raw:?}"
            );
            format!(
                "tmux: {} bytes of ours did nothing, the raw ones made {} paste buffers, a title, {} bytes typed back",
                some_ours.len(),
                raw.clipboard,
                raw.replies
            )
        }
        _ => "SKIPPED in tmux: it is not installed".to_owned(),
    };
    size::told(
        "hostile bytes",
        &format!(
            "seed {seed}: {count} inputs, {frames} screens, 0 let through; as they came {raw_grammar} break the grammar, \
             {} set the emulator's clipboard, {} its title, {} are answered; {in_tmux}",
            raw_emulator.clipboard, raw_emulator.title, raw_emulator.replies
        ),
    );
}

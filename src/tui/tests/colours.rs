//! Colours: few, readable on light and on dark, and never the only thing that tells.

use std::collections::BTreeMap;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::night::MOMENTS;
use super::stage::{FANCY, PLAIN, Stage, machine};
use crate::kinds::Progress;
use crate::tui::look::Tone;
use crate::tui::say;
use crate::tui::view::stands;
use crate::tui::{Depth, Look};

/// What of the sixteen may stand on the terminal's own background.
const ON_ANY: [Color; 4] = [Color::Reset, Color::Red, Color::Green, Color::Magenta];

/// And what stands on a background of ours.
const ON_OURS: [(Color, Color); 2] = [(Color::White, Color::Red), (Color::Black, Color::Yellow)];

fn is_ours(cell: &Cell) -> bool {
    match cell.bg {
        Color::Reset => ON_ANY.contains(&cell.fg),
        bg => ON_OURS.contains(&(cell.fg, bg)),
    }
}

#[test]
fn no_cell_has_a_colour_that_is_unreadable_on_light_or_on_dark() {
    let mut coloured = 0;
    for (name, make) in MOMENTS {
        let mut stage = make(FANCY);
        for (width, height) in [(80, 24), (200, 60)] {
            for cell in stage.draw(width, height).content() {
                let theirs = |colour| matches!(colour, Color::Indexed(_) | Color::Rgb(..));
                if theirs(cell.fg) || theirs(cell.bg) {
                    continue;
                }
                assert!(is_ours(cell), "{name}: {cell:?}");
                coloured += usize::from(cell.fg != Color::Reset);
            }
        }
    }
    assert!(coloured > 1000, "{coloured}");
}

#[test]
fn without_colour_there_is_none_and_the_state_is_told_by_sign_and_word() {
    for (name, make) in MOMENTS {
        let mut stage = make(PLAIN);
        for cell in stage.draw(80, 24).content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
        let text = stage.text(80, 24);
        let wide = stage.text(200, 60);
        let run = &stage.app.folded.run;
        let banner = match run.is_production() {
            true => "PRODUCTION",
            false => "REHEARSAL",
        };
        // The whole screen is a program's terminal while its keyboard is here, but for a line.
        if stage.app.keyboard().is_some() || run.plan.is_none() {
            continue;
        }
        assert!(text.contains(banner), "{name}");
        let Some((number, _, state)) = stage.app.viewed() else {
            continue;
        };
        let (sign, word, _) = stands(run, number, state, PLAIN.signs());
        for shown in [&text, &wide] {
            assert!(shown.contains(&format!("{sign} {word}")), "{name}: {shown}");
        }
    }
}

#[test]
fn no_two_states_of_other_tones_look_alike_without_colour() {
    let mut known: BTreeMap<(&str, &str), (Tone, &str)> = BTreeMap::new();
    for (name, make) in MOMENTS {
        let run = &make(FANCY).run;
        for state in &run.steps {
            let (sign, word, tone) = say::state(state, FANCY.signs());
            let (before, at) = *known.entry((sign, word)).or_insert((tone, name));
            assert_eq!(before, tone, "{sign} {word} in {name} and in {at}");
        }
    }
    assert!(known.len() >= 12, "{known:?}");
    let words: Vec<&str> = known.keys().map(|(_, word)| *word).collect();
    let mut once = words.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), words.len(), "each word has one sign: {known:?}");
}

#[test]
fn what_is_faint_is_faint_in_words_that_stand_there_anyway() {
    for (name, make) in MOMENTS {
        let faint = text_of(make(FANCY).draw(80, 24).content());
        let without = Look {
            colour: false,
            ..FANCY
        };
        let plain = text_of(make(without).draw(80, 24).content());
        assert_eq!(
            faint, plain,
            "{name}: colour and faintness change no letter"
        );
    }
}

fn text_of(cells: &[Cell]) -> String {
    cells.iter().map(Cell::symbol).collect()
}

#[test]
fn a_programs_colours_become_such_as_the_terminal_has() {
    let draw = |depth| {
        let look = Look { depth, ..FANCY };
        let mut stage: Stage = super::late::lanes(look);
        let lane = machine("register.2");
        stage.prints(
            lane.as_str(),
            b"\r\n\x1b[38;2;255;136;0morange\x1b[48;5;22mdark\x1b[m\r\n",
            Progress::None,
        );
        stage.text(200, 60);
        stage.draw(200, 60).content().to_vec()
    };
    let any = draw(Depth::Any);
    assert!(any.iter().any(|cell| cell.fg == Color::Rgb(255, 136, 0)));
    let palette = draw(Depth::Palette);
    assert!(palette.iter().any(|cell| cell.fg == Color::Indexed(208)));
    for cell in draw(Depth::Sixteen) {
        let theirs = |colour| matches!(colour, Color::Indexed(_) | Color::Rgb(..));
        assert!(!theirs(cell.fg) && !theirs(cell.bg), "{cell:?}");
        assert!(!cell.modifier.contains(Modifier::HIDDEN));
    }
}

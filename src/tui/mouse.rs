//! The mouse, where it was asked for: the wheel scrolls what is under it, a click looks at a step, or marks
//! an answer or what was found.
//!
//! Nothing that a mouse does decides anything. Reports of it come from the terminal like keys, and count as keys for the
//! guard of the gates: what comes together with one says yes to nothing.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::app::{App, Effect, Now};
use super::dialog::Dialog;
use super::gate::Came;
use super::keys::{Action, Place};
use super::look::Tone;
use super::palette::Aim;

/// The reports of buttons and of the wheel, with numbers of any length; none of movement.
pub(super) const ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// Ends them; the terminal's own selecting works again.
pub(super) const OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// How many rows the wheel goes at once.
const ROWS: usize = 3;

/// What stands at a place of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// A step of the list.
    Step(usize),
    /// An answer of the question that is open.
    Answer(usize),
    /// The palette, with the hit that stands first in it.
    Palette(usize),
    /// A hit of the palette, with the one that stands first in it.
    Hit(Aim, usize),
    /// The output.
    Output,
    /// What the keys for pages move.
    Page,
}

impl App {
    /// Takes a report of the mouse.
    pub(super) fn mouse(&mut self, event: MouseEvent, came: Came, now: Now) {
        // It may have come with a key, and a gate that is new has to stand there quietly.
        self.guard.key(came, now.since);
        if !self.mouse || self.place() == Place::Terminal {
            return;
        }
        let at = Position::new(event.column, event.row);
        let under = |(area, _): &&(Rect, Spot)| area.contains(at);
        let Some((_, spot)) = self.spots.iter().rev().find(under).copied() else {
            return;
        };
        match event.kind {
            MouseEventKind::ScrollUp => self.wheel(spot, true),
            MouseEventKind::ScrollDown => self.wheel(spot, false),
            MouseEventKind::Down(MouseButton::Left) => self.click(spot),
            _ => {}
        }
    }

    fn wheel(&mut self, spot: Spot, up: bool) {
        match (spot, &mut self.output) {
            (Spot::Output, Some(output)) if up => output.up(ROWS),
            (Spot::Output, Some(output)) => output.down(ROWS),
            (Spot::Page, _) => self.page(up, ROWS),
            (Spot::Palette(top) | Spot::Hit(_, top), _) => self.roll_the_hits(up, top),
            _ => {}
        }
    }

    fn click(&mut self, spot: Spot) {
        match (spot, &mut self.dialog) {
            (Spot::Step(number), None) => self.look_at(number),
            (Spot::Answer(number), Some(Dialog::Choose(choose))) => {
                // Marked, and not taken: that stays with the key.
                choose.at = number.min(choose.answers.len().saturating_sub(1));
            }
            (Spot::Hit(aim, top), Some(Dialog::Find(_))) => self.mark_a_hit(aim, top),
            _ => {}
        }
    }

    /// Takes the mouse from the terminal, or gives it back.
    pub(super) fn change_mouse(&mut self) -> Vec<Effect> {
        self.mouse = !self.mouse;
        let how = self.how(Action::Mouse);
        let text = match self.mouse {
            true => format!("the wheel scrolls, a click looks; {how} gives the mouse back"),
            false => "the mouse is the terminal's again, to select and paste".to_owned(),
        };
        self.say(&text, Tone::Good);
        vec![Effect::Mouse(self.mouse)]
    }
}

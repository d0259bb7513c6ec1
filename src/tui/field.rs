//! The field where a gate's words are typed back.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::app::App;
use super::clean;
use super::gate::Verdict;
use super::look::Tone;

impl App {
    /// Takes a key that is text for the field.
    pub(super) fn type_back(&mut self, event: KeyEvent, verdict: Verdict) {
        if verdict == Verdict::TooSoon {
            self.say(
                "that came before the gate could be read; now type the words",
                Tone::Care,
            );
            return;
        }
        if self.typed_for.as_ref() != self.guard.seen() {
            self.typed_for = self.guard.seen().cloned();
            self.typed.clear();
        }
        let plain = (event.modifiers - KeyModifiers::SHIFT).is_empty();
        match event.code {
            KeyCode::Char(c) if plain && self.typed.chars().count() < 400 => {
                self.typed.push_str(&clean::typed(&c.to_string()));
            }
            KeyCode::Backspace => {
                self.typed.pop();
            }
            _ => {}
        }
    }

    /// Takes words that were typed back as a line.
    pub(super) fn type_line(&mut self, line: &str) {
        self.typed_for = self.guard.seen().cloned();
        self.typed = clean::typed(line);
    }

    /// Whether the typed words are for the gate that stands on the screen.
    pub(super) fn typed_words(&self) -> &str {
        if self.typed_for.is_some() && self.typed_for.as_ref() == self.guard.seen() {
            &self.typed
        } else {
            ""
        }
    }
}

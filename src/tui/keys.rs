//! The one table of keys. Handling, footer and help are all read from it.

mod action;
mod table;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(super) use action::{Action, Reading};
pub(super) use table::KEYS;

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On the run, with nothing before it.
    Run,
    /// In the field where a gate's words are typed back.
    Field,
    /// In a question with a few answers.
    Choice,
    /// In a text box.
    Text,
    /// In the palette.
    Find,
    /// In the field of the search in the output.
    Search,
    /// On the terminal of a command whose keyboard this person has.
    Terminal,
    /// On the help page.
    Help,
}

/// How loud the footer is about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Footer {
    /// Shown first.
    First,
    /// Shown where there is room.
    Room,
    /// Always shown, at the end.
    Always,
    /// Only on the help page.
    Never,
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    code: KeyCode,
    with: KeyModifiers,
    /// The name on the key.
    pub(super) name: &'static str,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) keys: &'static [Key],
    pub(super) place: Place,
    pub(super) action: Action,
    pub(super) footer: Footer,
    /// One or two words for the footer; three dots mean that something is asked first.
    pub(super) word: &'static str,
    /// A sentence for the help page.
    pub(super) help: &'static str,
}

impl Key {
    fn is(&self, event: &KeyEvent) -> bool {
        let with = event.modifiers - KeyModifiers::SHIFT;
        let same = match (self.code, event.code) {
            (KeyCode::Char('1'), KeyCode::Char(digit)) => ('1'..='9').contains(&digit),
            (own, pressed) => own == pressed,
        };
        same && self.with == with
    }
}

/// The rows that a key press could mean in a place, in the order of the table.
pub(super) fn meanings(place: Place, event: &KeyEvent) -> impl Iterator<Item = &'static Binding> {
    KEYS.iter()
        .filter(move |row| row.place == place && row.keys.iter().any(|key| key.is(event)))
}

#[cfg(test)]
impl Key {
    /// The event that a press of this key makes.
    pub(super) fn event(&self) -> KeyEvent {
        KeyEvent::new(self.code, self.with)
    }
}

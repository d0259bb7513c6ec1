//! How an action is asked for: by a key on the screen, by a number or a word in lines.
//!
//! Every sentence that tells somebody what to press asks here, so the words are the same in both and the keys
//! are named in their table alone.

use super::app::App;
use super::gate::Verdict;
use super::keys::{Action, Binding, KEYS, Place, Reading};

/// What the operator works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hands {
    /// A screen and its keys.
    Keys,
    /// Lines of text and numbered questions.
    Lines,
}

/// The word of the key that explains the keys, in lines of text: it explains more than keys there.
pub(super) const HELP: &str = "help";

/// How lines of text offer an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    /// With a number, in the question of what to do.
    Numbered,
    /// By its word alone, in the line below the question.
    Word,
    /// Not at all: it is only about a screen.
    Never,
}

impl Action {
    /// How lines of text offer it.
    pub(super) fn offered(self) -> Offered {
        match self {
            Self::Approve
            | Self::Choose
            | Self::TypeBack
            | Self::SayDone
            | Self::Answer
            | Self::Keep
            | Self::Finish
            | Self::Retry
            | Self::ProveAgain
            | Self::Look
            | Self::Settle(_)
            | Self::Attest
            | Self::Review
            | Self::Skip
            | Self::GoBack
            | Self::DropBack
            | Self::TakeKeyboard
            | Self::Stop
            | Self::StopLeft
            | Self::Note
            | Self::End
            | Self::Suspend
            | Self::Leave
            | Self::Here => Offered::Numbered,
            Self::Output
            | Self::Read(Reading::Search | Reading::Copy | Reading::Page)
            | Self::Journal
            | Self::Machines
            | Self::Help
            | Self::Detach => Offered::Word,
            Self::NotNow
            | Self::GiveBack
            | Self::NextLane
            | Self::Up
            | Self::Down
            | Self::PageUp
            | Self::PageDown
            | Self::Top
            | Self::Bottom
            | Self::Find
            | Self::Read(_)
            | Self::Redraw
            | Self::Mouse
            | Self::Interrupt
            | Self::Previous
            | Self::Next
            | Self::Mark
            | Self::Pick
            | Self::Save
            | Self::Close => Offered::Never,
        }
    }
}

impl Binding {
    /// The word of the footer without the dots that say that something is asked first.
    pub(super) fn bare_word(&self) -> &'static str {
        self.word.trim_end_matches('…')
    }
}

impl App {
    /// What can be done now, in the order of the table, for a question with numbers.
    pub(super) fn menu(&self) -> Vec<&'static Binding> {
        KEYS.iter()
            .filter(|row| {
                row.place == Place::Run
                    && row.action.offered() == Offered::Numbered
                    && self.offers(row.action)
            })
            .collect()
    }

    /// What asks for an action: the name of its key, or the number or word that stands for it in lines.
    pub(super) fn how(&self, action: Action) -> String {
        let row = KEYS
            .iter()
            .find(|row| row.place == Place::Run && row.action == action);
        let key = row.and_then(|row| row.keys.first());
        let word = || row.map_or("", Binding::bare_word).to_owned();
        match self.hands {
            Hands::Lines if action == Action::Help => HELP.to_owned(),
            Hands::Keys => key.map_or_else(word, |key| key.name.to_owned()),
            Hands::Lines => {
                let place = self.menu().iter().position(|row| row.action == action);
                place.map_or_else(word, |place| (place + 1).to_string())
            }
        }
    }

    /// Says that what came cannot have been meant as an answer to what stands there.
    pub(super) fn say_too_early(&mut self, verdict: Verdict) {
        let text = match (verdict, self.hands) {
            (Verdict::TooFast, Hands::Keys) => {
                "that key came together with others; press it by itself"
            }
            (Verdict::TooFast, Hands::Lines) => {
                "that line came together with others; type it again, by itself"
            }
            (_, Hands::Keys) => {
                "that key came before the gate could be read; read it, then press again"
            }
            (_, Hands::Lines) => {
                "that line came before the question could be read; read it, then type it again"
            }
        };
        self.say(text, super::look::Tone::Care);
    }
}

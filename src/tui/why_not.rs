//! Why a key does nothing now.

use super::app::App;
use super::clean;
use super::keys::Action;
use super::look::Tone;

impl App {
    /// Says why a key does nothing now.
    pub(super) fn say_why_not(&mut self, action: Action) {
        let text = if self.broken.is_some() {
            "nothing can be decided: see the line at the top".to_owned()
        } else if self.folded.run.ending.is_some() {
            "the run has ended".to_owned()
        } else if !self.is_live() {
            "not connected: nothing can be decided until the line is back".to_owned()
        } else if self.is_waiting_for_an_answer() {
            "the engine has not answered the last wish yet".to_owned()
        } else if !self.is_here() {
            "another step is looked at; Esc goes back to the one whose turn it is".to_owned()
        } else {
            match self.verdict_on(action) {
                Some(Err(refusal)) => clean::line(&refusal.to_string()),
                _ => "that is not possible now; ? shows the keys".to_owned(),
            }
        };
        self.message = Some((text, Tone::Care));
    }
}

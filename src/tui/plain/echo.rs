//! What is typed to a program is shown by that program or not at all: it may be a password.

use std::io;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Whether the person's terminal shows what is typed. It does again when this goes.
#[derive(Default)]
pub(super) struct Echo {
    /// The terminal as it was, while it shows nothing.
    was: Option<Termios>,
}

impl Echo {
    /// Lets the terminal show what is typed, or not. An input that is no terminal shows nothing anyway.
    pub(super) fn shows(&mut self, shown: bool) {
        match (shown, &self.was) {
            (true, Some(was)) => {
                // A terminal that has gone shows nothing to anybody.
                let _ = tcsetattr(io::stdin(), OptionalActions::Now, was);
                self.was = None;
            }
            (false, None) => {
                let Ok(was) = tcgetattr(io::stdin()) else {
                    return;
                };
                let mut silent = was.clone();
                silent
                    .local_modes
                    .remove(LocalModes::ECHO | LocalModes::ECHONL);
                if tcsetattr(io::stdin(), OptionalActions::Now, &silent).is_ok() {
                    self.was = Some(was);
                }
            }
            _ => {}
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.shows(true);
    }
}

//! The keyboard of a command that runs on a terminal: taken, typed on, and given back.
//!
//! While this person has it, the whole screen but one line is that terminal, and every key but one goes there. A key
//! that comes when the program has just ended was meant for the program; it must not become one of ours, so keys
//! count again only after a pause.

use std::collections::BTreeMap;
use std::time::Duration;

use crossterm::event::KeyEvent;

use crate::names::{MachineName, StepId};
use crate::run::{Intent, Keyboard};
use crate::wire::{Keys, Typed, output_file};

use super::app::{App, Effect};
use super::how::Hands;
use super::keys::{self, Action, Place};
use super::look::Tone;
use super::typing::{self, Modes};

/// How long no key may have come after the program took its terminal back with it, before one is ours again.
const PAUSE: Duration = Duration::from_millis(1000);

/// What this screen knows of the keyboard beside the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Board {
    /// It was asked for, and the answer is on its way.
    taking: bool,
    /// It was given back by hand, and the answer is on its way.
    giving: bool,
    /// When it went, or a key came after that which was still for the program.
    went: Option<Duration>,
    /// Rows and columns of the terminal as it was drawn last.
    pub(super) drawn: Option<(u16, u16)>,
    /// And as the program was told last.
    told: Option<(u16, u16)>,
    /// The sizes that terminals were last said to have, by what they print to.
    pub(super) sizes: BTreeMap<String, (u16, u16)>,
}

impl Board {
    /// What of it does not depend on who has the keyboard.
    fn anew(&mut self) -> Self {
        Self {
            sizes: std::mem::take(&mut self.sizes),
            ..Self::default()
        }
    }
}

impl App {
    /// The size that the output which is looked at was printed for, where a terminal stood behind it.
    pub(super) fn printed_for(&self) -> Option<(u16, u16)> {
        let printed = self.printed().filter(|printed| printed.on_a_terminal)?;
        // Where nobody has said so, it is what the receipt's program gave it.
        Some(*self.board.sizes.get(&printed.file).unwrap_or(&(24, 80)))
    }

    /// The keyboard, where this person has it.
    pub(super) fn keyboard(&self) -> Option<&Keyboard> {
        let has = self.folded.run.keyboard.as_ref()?;
        let mine = self.is_live() && self.me().is_some_and(|me| me.client == has.who.client);
        Some(has).filter(|_| mine)
    }

    /// What the keyboard's terminal prints to.
    pub(super) fn terminal_file(&self) -> Option<String> {
        let has = self.keyboard()?;
        Some(output_file(&has.step, has.attempt, &has.lane, has.leg))
    }

    /// What taking or giving back would be.
    pub(super) fn keyboard_intent(&self, action: Action) -> Option<Intent> {
        if action == Action::GiveBack {
            let (step, attempt, lane) = typed_at(self.keyboard()?);
            return Some(Intent::ReturnKeyboard {
                step,
                attempt,
                lane,
            });
        }
        let (step, attempt, lane) = self.folded.run.at_a_terminal()?;
        self.is_here().then_some(Intent::TakeKeyboard {
            step,
            attempt,
            lane,
        })
    }

    /// Takes the keyboard or gives it back.
    pub(super) fn change_hands(&mut self, action: Action) -> Vec<Effect> {
        let Some(intent) = self.keyboard_intent(action) else {
            return Vec::new();
        };
        let effects = self.wish(intent, None);
        if !effects.is_empty() {
            self.board.taking = action == Action::TakeKeyboard;
            self.board.giving = action == Action::GiveBack;
        }
        effects
    }

    /// Takes a key that is for the terminal, or was meant for it; none where it is one of ours.
    pub(super) fn key_for_the_terminal(
        &mut self,
        event: &KeyEvent,
        since: Duration,
    ) -> Option<Vec<Effect>> {
        if self.place() == Place::Terminal {
            let ours = keys::meanings(Place::Terminal, event).any(|row| self.offers(row.action));
            return match ours || self.board.giving {
                true => None,
                false => {
                    let bytes = typing::bytes(event, self.modes());
                    Some(self.send_keys(&bytes))
                }
            };
        }
        self.late_for_the_terminal(since)
    }

    /// Takes a line where it is for the terminal, or was meant for it; a dot by itself gives the keyboard back, and of
    /// a line that begins with two dots the first is left out.
    pub(super) fn line_for_the_terminal(
        &mut self,
        line: &str,
        since: Duration,
    ) -> Option<Vec<Effect>> {
        if self.place() != Place::Terminal {
            return self.late_for_the_terminal(since);
        }
        if line == "." {
            return Some(self.change_hands(Action::GiveBack));
        }
        if self.board.giving {
            return None;
        }
        let line = match line.starts_with("..") {
            true => &line[1..],
            false => line,
        };
        let mut bytes = typing::pasted(line, Modes::default());
        bytes.push(b'\r');
        if bytes.len() > typing::PASTE {
            self.say("that is too long to be typed here; nothing was", Tone::Care);
            return Some(Vec::new());
        }
        Some(self.send_keys(&bytes))
    }

    /// What comes from the person, one at a time.
    const fn typed(&self) -> &'static str {
        match self.hands {
            Hands::Keys => "key",
            Hands::Lines => "line",
        }
    }

    /// What comes before the keyboard is there, or just after it went, is nobody's.
    fn late_for_the_terminal(&mut self, since: Duration) -> Option<Vec<Effect>> {
        if self.board.taking && self.is_waiting_for_an_answer() {
            let typed = self.typed();
            self.say(
                &format!("the keyboard is not there yet; that {typed} went nowhere"),
                Tone::Care,
            );
            return Some(Vec::new());
        }
        self.board.taking = false;
        let went = self.board.went?;
        if since.saturating_sub(went) >= PAUSE {
            self.board.went = None;
            return None;
        }
        self.board.went = Some(since);
        let typed = self.typed();
        self.say(
            &format!(
                "the program's terminal is gone; that {typed} was for it, and did nothing here"
            ),
            Tone::Care,
        );
        Some(Vec::new())
    }

    /// Takes a pasted text where it is for the terminal.
    pub(super) fn paste_to_the_terminal(&mut self, text: &str) -> Option<Vec<Effect>> {
        if self.place() != Place::Terminal {
            return None;
        }
        let bytes = typing::pasted(text, self.modes());
        if bytes.len() > typing::PASTE {
            self.say(
                "that is too long to be pasted here; nothing was",
                Tone::Care,
            );
            return Some(Vec::new());
        }
        Some(self.send_keys(&bytes))
    }

    fn modes(&self) -> Modes {
        let output = self.output.as_ref();
        output.map_or_else(Modes::default, |output| Modes::of(output.screen()))
    }

    fn send_keys(&self, bytes: &[u8]) -> Vec<Effect> {
        let Some(has) = self.keyboard() else {
            return Vec::new();
        };
        let typed = |keys| Effect::Type {
            at: typed_at(has),
            typed: Typed::Keys { keys },
        };
        Keys::pieces(bytes).map(typed).collect()
    }

    /// Tells the program the size of its terminal, where that is another than it knows.
    pub(super) fn after_drawing(&mut self) -> Vec<Effect> {
        let Some(has) = self.keyboard() else {
            self.board.told = None;
            return Vec::new();
        };
        let at = typed_at(has);
        match self.board.drawn {
            Some((rows, columns)) if self.board.told != Some((rows, columns)) => {
                self.board.told = Some((rows, columns));
                let typed = Typed::Size { rows, columns };
                vec![Effect::Type { at, typed }]
            }
            _ => Vec::new(),
        }
    }

    /// Takes note of what has become of the keyboard, after something was heard.
    pub(super) fn hands_changed(&mut self, had: bool, since: Duration) {
        let has = self.keyboard().is_some();
        if has && !had {
            self.board = self.board.anew();
            self.selected = None;
            self.chosen = None;
            self.attempt = None;
            if let Some(output) = &mut self.output {
                output.follow();
            }
        }
        if had && !has {
            let by_hand = self.board.giving;
            self.board = Board {
                went: (!by_hand).then_some(since),
                ..self.board.anew()
            };
            if !by_hand {
                self.say(
                    "the program's terminal is gone, and your keys are ours again",
                    Tone::Care,
                );
            }
        }
    }
}

fn typed_at(has: &Keyboard) -> (StepId, u32, MachineName) {
    (has.step.clone(), has.attempt, has.lane.clone())
}

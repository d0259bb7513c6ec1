//! What a person does on the stage: looks, presses, waits.

use unicode_width::UnicodeWidthStr;

use super::stage::Stage;
use crate::client::Update;
use crate::run::{Command, Intent};
use crate::tui::app::Effect;
use crate::tui::gate::Came;
use crate::tui::view;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use std::time::Duration;

impl Stage {
    /// Draws a frame and tells the screen so.
    pub(super) fn draw(&mut self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let now = self.now();
        terminal
            .draw(|frame| view::draw(frame, &mut self.app, now))
            .unwrap();
        self.app.drawn(self.since);
        let effects = self.app.after_drawing();
        self.perform(effects);
        self.serve();
        let buffer = terminal.backend().buffer().clone();
        self.frame = Some(buffer.clone());
        buffer
    }

    /// The text of a frame, drawn as often as it takes until all output is there.
    pub(super) fn text(&mut self, width: u16, height: u16) -> String {
        self.draw(width, height);
        text(&self.draw(width, height))
    }

    pub(super) fn key(&mut self, code: KeyCode) -> &mut Self {
        self.press(KeyEvent::new(code, KeyModifiers::NONE), Came::Alone)
    }

    pub(super) fn ctrl(&mut self, c: char) -> &mut Self {
        self.press(
            KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL),
            Came::Alone,
        )
    }

    pub(super) fn types(&mut self, words: &str) -> &mut Self {
        for c in words.chars() {
            self.since += Duration::from_millis(80);
            self.key(KeyCode::Char(c));
        }
        self.since += Duration::from_millis(80);
        self
    }

    /// Presses a key and plays the engine: what is wished and possible happens.
    pub(super) fn press(&mut self, event: KeyEvent, came: Came) -> &mut Self {
        let now = self.now();
        let effects = self.app.key(event, came, now);
        self.perform(effects);
        self.serve();
        self
    }

    pub(super) fn paste(&mut self, text: &str) -> &mut Self {
        let effects = self.app.paste(text);
        self.perform(effects);
        self
    }

    pub(super) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Wish(intent) => {
                    self.wishes += 1;
                    let id = self.wishes;
                    self.app.sent(id);
                    self.sent.push(intent.clone());
                    let who = self.operator(1);
                    match self.happen(&Command::Wish { who, intent }) {
                        Ok(seq) => self.update(Update::Granted { id, seq }),
                        Err(why) => self.update(Update::Refused { id, why }),
                    };
                }
                Effect::Type { typed, .. } => self.typed.push(typed),
                Effect::Read { .. }
                | Effect::Copy(_)
                | Effect::Page(_)
                | Effect::Mouse(_)
                | Effect::Redraw
                | Effect::Leave(_) => {}
            }
        }
    }

    /// Lets the gate stand on the screen long enough for a key to count.
    pub(super) fn wait(&mut self) -> &mut Self {
        self.draw(80, 24);
        self.since += Duration::from_secs(1);
        self
    }

    pub(super) fn approvals(&self) -> usize {
        self.sent
            .iter()
            .filter(|intent| matches!(intent, Intent::Approve { .. }))
            .count()
    }
}

pub(super) fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(symbol.width()).unwrap().max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

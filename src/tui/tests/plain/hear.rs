//! Somebody who reads lines and types lines.

use crate::client::Update;
use crate::tui::Look;
use crate::tui::app::Effect;
use crate::tui::gate::Came;
use crate::tui::pager::Paged;
use crate::tui::plain::Plain;
use crate::tui::tests::night::MOMENTS;
use crate::tui::tests::stage::Stage;

pub(in crate::tui::tests) struct Reader {
    pub(in crate::tui::tests) stage: Stage,
    pub(in crate::tui::tests) plain: Plain,
    /// Whether they were left.
    pub(super) left: bool,
    /// What was copied, and what a pager was given.
    pub(super) copied: Vec<String>,
    pub(super) paged: Vec<Paged>,
}

impl Reader {
    pub(in crate::tui::tests) fn at(mut stage: Stage) -> Self {
        let plain = Plain::new(&mut stage.app, 80);
        Self {
            stage,
            plain,
            left: false,
            copied: Vec::new(),
            paged: Vec::new(),
        }
    }

    pub(super) fn moment(name: &str, look: Look) -> Self {
        let (_, make) = MOMENTS.iter().find(|(known, _)| *known == name).unwrap();
        Self::at(make(look))
    }

    /// Everything that is told now, as it was written; a second passes, so that it can be read.
    pub(in crate::tui::tests) fn hear(&mut self) -> String {
        let mut told = self.hear_at_once();
        self.stage.pass(1);
        told.push_str(&self.hear_at_once());
        self.stage.pass(1);
        told
    }

    /// What is told without any time passing.
    pub(super) fn hear_at_once(&mut self) -> String {
        let mut told = String::new();
        loop {
            self.stage.serve();
            let reads = self.plain.reads(&self.stage.app);
            let read = !reads.is_empty();
            self.read(reads);
            let now = self.stage.now();
            let text = self.plain.speak(&mut self.stage.app, now, false);
            if text.is_empty() && !read {
                break;
            }
            told.push_str(&text);
        }
        self.plain.written(&mut self.stage.app, self.stage.since);
        told
    }

    /// Answers requests for output, as the engine does.
    fn read(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let Effect::Read { file, offset, most } = effect else {
                panic!("{effect:?}")
            };
            let bytes = self.stage.files.get(&file).cloned().unwrap_or_default();
            let from = usize::try_from(offset).unwrap().min(bytes.len());
            let to = from.saturating_add(most as usize).min(bytes.len());
            let piece = Update::Piece {
                file,
                offset,
                length: bytes.len() as u64,
                bytes: bytes[from..to].to_vec(),
            };
            self.plain.hear(&piece, self.stage.since);
            let now = self.stage.now();
            self.stage.app.take(piece, now);
        }
    }

    /// Types a line, and gives what is told of it.
    pub(in crate::tui::tests) fn types(&mut self, line: &str) -> String {
        self.sends(line, Came::Alone);
        self.hear()
    }

    /// Sends a line that came somehow, and no time passes.
    pub(super) fn sends(&mut self, line: &str, came: Came) {
        let now = self.stage.now();
        let effects = self.plain.line(&mut self.stage.app, line, came, now);
        for effect in effects {
            match effect {
                Effect::Read { .. } => self.read(vec![effect]),
                Effect::Leave(_) => self.left = true,
                Effect::Copy(text) => self.copied.push(text),
                Effect::Page(paged) => self.paged.push(paged),
                effect => self.stage.perform(vec![effect]),
            }
        }
    }
}

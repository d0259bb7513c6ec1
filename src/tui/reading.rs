//! What can be done with the output that is looked at.

use super::app::{App, Effect, Pane};
use super::attempts::Toward;
use super::clipboard;
use super::dialog::Dialog;
use super::how::Hands;
use super::keys::{Action, Reading};
use super::look::Tone;
use super::output::{Output, Seen};
use super::pager::Paged;

impl App {
    /// Whether the output is drawn, large or beside the step.
    fn shows_output(&self) -> bool {
        let drawn = self.pane == Pane::Output || self.wide && self.pane == Pane::Step;
        drawn && self.output.is_some()
    }

    /// Whether something can be done with the output.
    pub(super) fn offers_reading(&self, reading: Reading) -> bool {
        match reading {
            // In lines nothing is drawn, and what was told can be read.
            Reading::Copy | Reading::Page if self.hands == Hands::Lines => self.output.is_some(),
            Reading::Search => self.output.is_some(),
            Reading::Copy => self.pane == Pane::Output && self.output.is_some(),
            Reading::NextMatch | Reading::PreviousMatch => {
                self.pane == Pane::Output && self.output.is_some() && self.search.is_some()
            }
            Reading::Wrap | Reading::Page => self.shows_output(),
            Reading::Earlier => self.has_attempt(Toward::Earlier),
            Reading::Later => self.has_attempt(Toward::Later),
            Reading::Latest => self.has_attempt(Toward::Latest),
            Reading::Left | Reading::Right => {
                let seen = self.output.as_ref().map(Output::columns_seen);
                self.shows_output() && seen.is_some_and(Seen::is_cut)
            }
        }
    }

    /// Does something with the output.
    pub(super) fn read(&mut self, reading: Reading) -> Vec<Effect> {
        match reading {
            Reading::Search => {
                self.pane = Pane::Output;
                self.dialog = Some(Dialog::Search(String::new()));
            }
            Reading::NextMatch => self.search_on(true),
            Reading::PreviousMatch => self.search_on(false),
            Reading::Copy => return self.copy(),
            Reading::Page => return self.page_through(),
            Reading::Wrap => self.wrap_or_cut(),
            Reading::Earlier => self.go_to_attempt(Toward::Earlier),
            Reading::Later => self.go_to_attempt(Toward::Later),
            Reading::Latest => self.go_to_attempt(Toward::Latest),
            Reading::Left | Reading::Right => {
                if let Some(output) = &mut self.output {
                    output.sideways(reading == Reading::Right);
                }
            }
        }
        Vec::new()
    }

    fn page_through(&mut self) -> Vec<Effect> {
        let unicode = self.options.look.unicode;
        let paged = self.output.as_ref().map(|output| Paged {
            file: output.file.clone(),
            length: output.length(),
            unicode,
        });
        paged.map(Effect::Page).into_iter().collect()
    }

    fn wrap_or_cut(&mut self) {
        let Some(output) = &mut self.output else {
            return;
        };
        if output.was_for_a_terminal() {
            self.say(
                "this was printed for a terminal, and is shown as it was there",
                Tone::Care,
            );
            return;
        }
        self.cut = !self.cut;
        if let Some(search) = &self.search
            && let Some(at) = search.at
            && search.file == output.file
            && output.seen_line(at.start).is_some()
        {
            output.show(at.start, search.pattern.clone());
        }
        let way = |reading| self.how(Action::Read(reading));
        let text = match self.cut {
            true => format!(
                "long lines are cut; {} and {} move sideways",
                way(Reading::Left),
                way(Reading::Right)
            ),
            false => "long lines are wrapped".to_owned(),
        };
        self.say(&text, Tone::Good);
    }

    /// The line of the match, if it is seen; else what is seen.
    fn copy(&mut self) -> Vec<Effect> {
        if let Some(why) = self.options.clipboard.why_not() {
            self.say(why, Tone::Care);
            return Vec::new();
        }
        let Some(output) = &self.output else {
            return Vec::new();
        };
        let at = self.search.as_ref().and_then(|search| search.at);
        let line = at.and_then(|at| Some((at, output.seen_line(at.start)?)));
        let (bytes, line) = match line {
            Some((at, bytes)) => (bytes, Some(at.line)),
            None => (output.seen_lines(), None),
        };
        let readable = clipboard::readable(bytes);
        let Some(said) = clipboard::said(&readable, line) else {
            self.say("there is nothing to copy", Tone::Care);
            return Vec::new();
        };
        self.say(&said, Tone::Good);
        vec![Effect::Copy(readable.0)]
    }
}

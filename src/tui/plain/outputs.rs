//! Which output a line is about, and what is done with it: read, and searched.

use crate::tui::app::{App, Connection, Effect, Now};
use crate::tui::clean;
use crate::tui::clipboard;
use crate::tui::look::Tone;
use crate::tui::looking::Printed;
use crate::tui::pager::Paged;

use super::find::Finding;
use super::pages::{self, From, Reading, Told};
use super::speaker::Plain;
use super::to_line::{Reached, ToLine};
use super::words::{Which, Wish};

/// What goes through an output by itself, for as long as that takes.
#[derive(Debug)]
pub(super) enum Quest {
    /// Looks for a text.
    Find(Box<Finding>),
    /// Looks for a line by its number.
    Line(ToLine),
}

impl Quest {
    pub(super) fn is_under_way(&self) -> bool {
        match self {
            Self::Find(finding) => finding.is_under_way(),
            Self::Line(way) => way.is_under_way(),
        }
    }

    fn stop(&mut self) -> Option<String> {
        match self {
            Self::Find(finding) => finding.stop(),
            Self::Line(way) => way.stop(),
        }
    }

    fn wanted(&mut self) -> Option<Effect> {
        match self {
            Self::Find(finding) => finding.wanted(),
            Self::Line(way) => way.wanted(),
        }
    }

    pub(super) fn forget_asked(&mut self) {
        match self {
            Self::Find(finding) => finding.forget_asked(),
            Self::Line(way) => way.forget_asked(),
        }
    }

    /// How far it has come.
    pub(super) fn progress(&self) -> Option<String> {
        match self {
            Self::Find(finding) => finding.progress(),
            Self::Line(way) => Some(way.progress()),
        }
    }
}

/// The output that was read last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReadLast {
    attempt: Option<u32>,
    file: String,
}

/// An output that is meant, and what it is called.
struct Meant {
    printed: Printed,
    attempt: Option<u32>,
    name: String,
}

impl Meant {
    /// One of the step that is looked at, of an attempt or of the step as it stands.
    fn of(app: &App, attempt: Option<u32>, printed: Printed) -> Self {
        let words = match attempt {
            Some(attempt) => {
                let words = app.words_of_attempt(attempt, &printed);
                Some(words.unwrap_or_else(|| format!("attempt {attempt}")))
            }
            None => app.attempt_in_words(&printed),
        };
        let part = format!("{} part {}", printed.lane, printed.leg + 1);
        let name = words.map_or_else(|| part.clone(), |words| format!("{words}; {part}"));
        Self {
            printed,
            attempt,
            name,
        }
    }

    fn find(app: &App, which: Which, last: Option<&ReadLast>) -> Option<Self> {
        let (attempt, printed) = match which {
            Which::Latest(Some(number)) => {
                (None, app.outputs().into_iter().nth(number.checked_sub(1)?)?)
            }
            Which::Latest(None) => (None, app.printed()?),
            Which::Attempt(attempt, number) => {
                let outputs = app.outputs_of_attempt(attempt);
                let printed = match number {
                    Some(number) => outputs.get(number.checked_sub(1)?)?,
                    None => outputs.iter().find(|it| it.bad).or(outputs.last())?,
                };
                (Some(attempt), printed.clone())
            }
            Which::ReadLast => {
                let known = last.and_then(|last| {
                    let outputs = match last.attempt {
                        Some(attempt) => app.outputs_of_attempt(attempt),
                        None => app.outputs(),
                    };
                    let mut outputs = outputs.into_iter();
                    Some((last.attempt, outputs.find(|it| it.file == last.file)?))
                });
                known.or_else(|| Some((None, app.printed()?)))?
            }
        };
        Some(Self::of(app, attempt, printed))
    }
}

impl Plain {
    /// Does what is wished with an output.
    pub(super) fn output(
        &mut self,
        app: &mut App,
        (which, wish): (Which, Wish),
        now: Now,
    ) -> Vec<Effect> {
        let Some(meant) = Meant::find(app, which, self.read_last.as_ref()) else {
            let text = match which {
                Which::Latest(Some(number)) => format!("this step has no output {number}"),
                Which::Attempt(..) => "of that attempt of this step there is no output".to_owned(),
                Which::Latest(None) | Which::ReadLast => "it printed nothing yet".to_owned(),
            };
            app.say(&text, Tone::Care);
            return Vec::new();
        };
        if !matches!(app.connection, Connection::Up { .. }) {
            let text = "not connected: no output can be read until the line is back";
            app.say(text, Tone::Care);
            return Vec::new();
        }
        let file = meant.printed.file.clone();
        let length = meant.printed.length;
        let mut effects = Vec::new();
        match wish {
            Wish::Page => {
                if let Some(why) = self.no_pager {
                    let text = format!("{why}; `output first` and `more` tell it page by page");
                    app.say(&text, Tone::Care);
                    return Vec::new();
                }
                effects.push(Effect::Page(Paged {
                    file: file.clone(),
                    length,
                    unicode: app.options.look.unicode,
                }));
            }
            Wish::Last | Wish::First => {
                let from = match wish {
                    Wish::First => From::FIRST,
                    _ => From::End,
                };
                self.stop_quest();
                self.list(app, which, &meant);
                self.reading = Some(Reading::of(file.clone(), length, from));
                self.quest = None;
            }
            Wish::Line(0) => {
                app.say("lines are counted from 1", Tone::Care);
                return Vec::new();
            }
            Wish::Line(number) => {
                self.stop_quest();
                self.quest = Some(Quest::Line(ToLine::new(file.clone(), number)));
            }
            Wish::Search(words) => {
                let typed = clean::typed(&words);
                if typed.is_empty() {
                    let text = "type the words to search for behind it, as in `search error`";
                    app.say(text, Tone::Care);
                    return Vec::new();
                }
                self.stop_quest();
                let head = format!("search for \"{typed}\", {}:", meant.name);
                let head = self.teller(app, now).text(&head);
                self.answer.extend(head);
                self.quest = Some(Quest::Find(Box::new(Finding::new(file.clone(), &typed))));
            }
        }
        self.read_last = Some(ReadLast {
            attempt: meant.attempt,
            file,
        });
        effects
    }

    /// Copies what was told last of an output, or one line of that.
    pub(super) fn copy(&mut self, app: &mut App, number: Option<u64>) -> Vec<Effect> {
        if let Some(why) = app.options.clipboard.why_not() {
            let folder = &app.options.folder;
            let file = self.read_last.as_ref().filter(|_| !folder.is_empty());
            let all = file.map(|last| format!("; all of it is in {folder}/output/{}", last.file));
            app.say(&format!("{why}{}", all.unwrap_or_default()), Tone::Care);
            return Vec::new();
        }
        let told: &[Told] = match (&self.quest, &self.reading) {
            (Some(Quest::Find(finding)), _) => finding.told(),
            (_, Some(reading)) => reading.told(),
            _ => &[],
        };
        let chosen: Vec<&[u8]> = told
            .iter()
            .filter(|told| number.is_none() || told.number == number)
            .map(|told| &told.bytes[..])
            .collect();
        let readable = clipboard::readable(&chosen.join(&b'\n'));
        match (clipboard::said(&readable, number), number) {
            (Some(said), _) => {
                app.say(&said, Tone::Good);
                return vec![Effect::Copy(readable.0)];
            }
            (None, Some(number)) => app.say(
                &format!("line {number} is not among the lines told last; `line {number}` tells it"),
                Tone::Care,
            ),
            (None, None) => app.say(
                "no lines of an output were told that could be copied; `output` tells its last ones",
                Tone::Care,
            ),
        }
        Vec::new()
    }

    /// Says which outputs there are, and which attempt it is.
    fn list(&mut self, app: &App, which: Which, meant: &Meant) {
        let listed = match which {
            Which::Latest(None) => pages::listed(app),
            Which::Attempt(attempt, None) => pages::listed_of_attempt(app, attempt),
            _ => Vec::new(),
        };
        self.answer.extend(listed);
        if meant.attempt.is_some() {
            self.answer.push(meant.name.clone());
        }
    }

    /// Goes on with what was read or searched last.
    pub(super) fn more(&mut self, app: &mut App) {
        match &mut self.quest {
            Some(quest) if quest.is_under_way() => {
                app.say("it goes on by itself; Enter alone stops it", Tone::Care);
            }
            Some(Quest::Find(finding)) => {
                let told = finding.more();
                self.answer.extend(told);
            }
            Some(Quest::Line(way)) => way.more(),
            None => {
                if !self.reading.as_mut().is_some_and(Reading::more) {
                    let text = "no output is being read; `output first` begins";
                    app.say(text, Tone::Care);
                }
            }
        }
    }

    /// Gives up what goes through an output; tells whether anything did.
    pub(in crate::tui) fn stop_quest(&mut self) -> bool {
        let said = self.quest.as_mut().and_then(Quest::stop);
        let was = said.is_some();
        self.answer.extend(said);
        was
    }

    /// What is to be read again or searched.
    pub(super) fn reads_again(&mut self) -> Vec<Effect> {
        let reading = self.reading.as_mut().and_then(Reading::wanted);
        let quest = self.quest.as_mut().and_then(Quest::wanted);
        reading.into_iter().chain(quest).collect()
    }

    /// Takes a piece of a file.
    pub(super) fn piece(&mut self, at: (&str, u64), bytes: &[u8], length: u64) {
        let reading = self.reading.as_mut();
        let lines = reading.and_then(|reading| reading.piece(at, bytes, length));
        self.answer.extend(lines.into_iter().flatten());
        match &mut self.quest {
            None => {}
            Some(Quest::Find(finding)) => {
                let told = finding.piece(at, bytes, length);
                self.answer.extend(told);
            }
            Some(Quest::Line(way)) => match way.piece(at, bytes, length) {
                None => {}
                Some(Reached::End(why)) => {
                    self.answer.push(why);
                    self.quest = None;
                }
                Some(Reached::Line { file, at, number }) => {
                    self.reading = Some(Reading::of(file, length, From::Byte(at, number)));
                    self.quest = None;
                }
            },
        }
    }

    /// Whether an answer about an output is still to come.
    pub(super) fn owes_an_answer(&self) -> bool {
        self.reading.as_ref().is_some_and(Reading::is_due)
            || self.quest.as_ref().is_some_and(Quest::is_under_way)
    }
}

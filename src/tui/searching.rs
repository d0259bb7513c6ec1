//! Searching in what a step prints: the field, the keys, and what is said of it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::app::{App, Connection, Effect};
use super::clean;
use super::dialog::Dialog;
use super::keys::Action;
use super::look::Tone;
use super::say;
use super::search::{Came, Pattern, Search, Toward};

/// The most characters that the field takes.
const MOST: usize = 80;

impl App {
    /// Does what a key of the field means.
    pub(super) fn in_the_search(&mut self, action: Action) {
        let Some(Dialog::Search(typed)) = self.dialog.take() else {
            return;
        };
        if action != Action::Pick {
            return;
        }
        if !typed.is_empty()
            && let Some(output) = &self.output
        {
            let pattern = Pattern::new(&typed);
            self.search = Some(Search::new(pattern, output.file.clone()));
        }
        match self.search {
            Some(_) => self.search_on(true),
            None => self.say("nothing was typed to search for", Tone::Care),
        }
    }

    /// Takes a key that is text for the field.
    pub(super) fn key_of_the_search(&mut self, event: KeyEvent) {
        let plain = (event.modifiers - KeyModifiers::SHIFT).is_empty();
        match (event.code, &mut self.dialog) {
            (KeyCode::Char(c), _) if plain => self.search_text(&c.to_string()),
            (KeyCode::Backspace, Some(Dialog::Search(typed))) => {
                typed.pop();
            }
            _ => {}
        }
    }

    /// Puts typed or pasted text into the field, as one line.
    pub(super) fn search_text(&mut self, text: &str) {
        if let Some(Dialog::Search(typed)) = &mut self.dialog {
            let room = MOST.saturating_sub(typed.chars().count());
            let text = clean::typed(text).replace('\n', " ");
            typed.extend(text.chars().take(room));
        }
    }

    /// What is marked in the output: what stands in the field, or what was searched for last.
    pub(super) fn marked_pattern(&self) -> Option<Pattern> {
        match &self.dialog {
            Some(Dialog::Search(typed)) if !typed.is_empty() => Some(Pattern::new(typed)),
            _ => self.search.as_ref().map(|search| search.pattern.clone()),
        }
    }

    /// From the match that is seen, or else from what is seen.
    pub(super) fn search_on(&mut self, forward: bool) {
        let (Some(search), Some(output)) = (&mut self.search, &self.output) else {
            return;
        };
        if search.file != output.file {
            *search = Search::new(search.pattern.clone(), output.file.clone());
        }
        let (top, bottom) = output.seen();
        let is_seen = |start: u64| start >= top && (start < bottom || top == bottom);
        let at = search.at.filter(|at| is_seen(at.start));
        search.go(match (at, forward) {
            (Some(at), true) => Toward::End(at.start + 1),
            (Some(at), false) => Toward::Start(at.start),
            (None, true) => Toward::End(bottom),
            (None, false) => Toward::Start(top),
        });
        self.tell_what_came(output.length());
    }

    fn tell_what_came(&mut self, length: u64) {
        let Some(search) = &mut self.search else {
            return;
        };
        let forward = search.goes_forward();
        let Some(came) = search.came(length) else {
            return;
        };
        let pattern = search.pattern.clone();
        match came {
            Came::Upon { place, around } => {
                let again = match (around, forward) {
                    (false, _) => "",
                    (true, true) => ", from the top again",
                    (true, false) => ", from the end again",
                };
                self.say(&format!("match at line {}{again}", place.line), Tone::Good);
                if let Some(output) = &mut self.output {
                    output.go_to(place.start);
                    output.show(place.start, pattern);
                }
            }
            Came::ToNothing => {
                let size = say::size(length);
                self.say(
                    &format!("no match for '{}' in {size}", pattern.typed),
                    Tone::Care,
                );
            }
        }
    }

    /// Gives up a search that is under way; tells whether one was.
    pub(super) fn stop_searching(&mut self) -> bool {
        let was = self.search.as_mut().is_some_and(Search::stop);
        if was {
            self.say("the search was stopped", Tone::Care);
        }
        was
    }

    /// How far a search that is under way has come; none where there is none.
    pub(super) fn search_progress(&self) -> Option<String> {
        let search = self.search.as_ref()?;
        let read = search.under_way()?;
        let length = self.output.as_ref().map_or(0, |output| output.length());
        Some(format!(
            "searching for '{}': {} of {} read; Esc stops it",
            search.pattern.typed,
            say::size(read),
            say::size(length.max(read))
        ))
    }

    /// The next piece that a search wants.
    pub(super) fn seek(&mut self) -> Option<Effect> {
        let search = self.search.as_mut()?;
        if !matches!(self.connection, Connection::Up { .. }) {
            return None;
        }
        if self.output.as_ref().map(|output| &output.file) != Some(&search.file) {
            // Another output is looked at.
            search.stop();
            return None;
        }
        let (offset, most) = search.wanted()?;
        Some(Effect::Read {
            file: search.file.clone(),
            offset,
            most,
        })
    }

    /// Takes a piece of a file, if it is one that a search waits for.
    pub(super) fn searched(&mut self, file: &str, offset: u64, bytes: &[u8], length: u64) {
        let search = self.search.as_mut().filter(|search| search.file == file);
        if !search.is_some_and(|search| search.take(offset, bytes)) {
            return;
        }
        self.tell_what_came(match bytes.is_empty() {
            // Shorter than it was said to be.
            true => offset.min(length),
            false => length,
        });
    }
}

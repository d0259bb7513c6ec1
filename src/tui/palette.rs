//! The palette: a few letters find a step, or something that can be done.
//!
//! It only finds. A step that is picked is looked at; an action that is picked does what its key does, and so asks
//! first where the key asks. It never says yes at a gate: picking that leads to the gate, and the gate's own key stays
//! the only yes. What is picked is what the last frame showed as marked, so text that was typed ahead or pasted fills
//! the field and nothing else.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::app::{App, Effect, Pane};
use super::clean;
use super::dialog::Dialog;
use super::gate::{Came, Verdict};
use super::keys::{Action, Binding, Footer, KEYS, Place};
use super::look::Tone;

/// The most characters that the field takes.
const MOST: usize = 80;

/// Of a text from a runbook, so many characters are searched.
const SEARCHED: usize = 400;

/// The palette's own state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Find {
    /// What was typed; clean.
    pub(super) typed: String,
    /// Which of the hits is marked.
    pub(super) at: usize,
    /// The hit that stands first once a mouse has moved the mark, so that the list does not move away under it; with the
    /// keys the marked one stands in the middle.
    pub(super) top: Option<usize>,
    /// What the last frame showed as marked; the view sets it.
    pub(super) drawn: Option<Aim>,
}

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// A step, by its number from 0.
    Step(usize),
    /// Something that a key of the run does.
    Do(Action),
}

/// One thing that was found.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub(super) aim: Aim,
    /// The row of the keys table; none for a step.
    pub(super) row: Option<&'static Binding>,
    /// Why it cannot be done now; none where it can.
    pub(super) why_not: Option<String>,
}

impl App {
    /// What a text finds, the best first; without a text, what can be done now and then every step.
    pub(super) fn hits(&self, typed: &str) -> Vec<Hit> {
        let mut found: Vec<(u32, Hit)> = Vec::new();
        let rows = KEYS
            .iter()
            .filter(|row| row.place == Place::Run && is_worth_finding(row.action));
        for row in rows {
            let Some(score) = score_of_row(typed, row) else {
                continue;
            };
            let why_not = self.why_not_from_here(row.action);
            if typed.trim().is_empty() && (why_not.is_some() || row.footer == Footer::Never) {
                continue;
            }
            // What cannot be done now stands after what can.
            let score = match why_not {
                None => score + 2,
                Some(_) => score.saturating_sub(30),
            };
            let aim = Aim::Do(row.action);
            let row = Some(row);
            found.push((score, Hit { aim, row, why_not }));
        }
        let plan = self.folded.run.plan.iter();
        for (number, step) in plan.flat_map(|plan| plan.steps.iter().enumerate()) {
            if let Some(score) = score_of_step(typed, number, step.id.as_str(), &step.title) {
                let hit = Hit {
                    aim: Aim::Step(number),
                    row: None,
                    why_not: None,
                };
                found.push((score, hit));
            }
        }
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, hit)| hit).collect()
    }

    /// Why an action cannot be done; none where it can, once the palette is closed.
    fn why_not_from_here(&self, action: Action) -> Option<String> {
        let open = match action {
            Action::Approve | Action::TypeBack => {
                let typed_back = self.gate_words().is_some();
                let its_own = typed_back == (action == Action::TypeBack);
                let waits = match self.is_here() {
                    true => self.verdict_on(Action::Approve).is_some_and(|v| v.is_ok()),
                    false => self.gate().is_some() && self.may_decide(),
                };
                its_own && waits
            }
            action => self.offers(action),
        };
        (!open).then(|| self.why_not(action))
    }

    /// The marked hit, as a frame would show it now.
    fn marked(&self, find: &Find) -> Option<Aim> {
        self.hits(&find.typed).get(find.at).map(|hit| hit.aim)
    }

    /// Takes note of what a frame shows as marked.
    pub(super) fn palette_drawn(&mut self) {
        let marked = match &self.dialog {
            Some(Dialog::Find(find)) => self.marked(find),
            _ => return,
        };
        if let Some(Dialog::Find(find)) = &mut self.dialog {
            find.drawn = marked;
        }
    }

    /// Opens the palette.
    pub(super) fn open_the_palette(&mut self) {
        self.dialog = Some(Dialog::Find(Find::default()));
    }

    /// Takes a key that is text for the field.
    pub(super) fn fill_in(&mut self, event: KeyEvent) {
        let plain = (event.modifiers - KeyModifiers::SHIFT).is_empty();
        match event.code {
            KeyCode::Char(c) if plain => self.find(&c.to_string()),
            KeyCode::Backspace => {
                if let Some(Dialog::Find(find)) = &mut self.dialog {
                    find.typed.pop();
                    (find.at, find.top) = (0, None);
                }
            }
            _ => {}
        }
    }

    /// Puts typed or pasted text into the field, as one line.
    pub(super) fn find(&mut self, text: &str) {
        if let Some(Dialog::Find(find)) = &mut self.dialog {
            let room = MOST.saturating_sub(find.typed.chars().count());
            let text = clean::typed(text).replace('\n', " ");
            find.typed.extend(text.chars().take(room));
            (find.at, find.top) = (0, None);
        }
    }

    /// Does what a key of the palette means.
    pub(super) fn in_the_palette(&mut self, action: Action, came: Came) -> Vec<Effect> {
        let Some(Dialog::Find(mut find)) = self.dialog.take() else {
            return Vec::new();
        };
        let count = self.hits(&find.typed).len().max(1);
        if matches!(action, Action::Previous | Action::Next) {
            find.top = None;
        }
        match action {
            Action::Previous => find.at = (find.at + count - 1) % count,
            Action::Next => find.at = (find.at + 1) % count,
            Action::Pick if came == Came::InABundle => self.say(
                "that key came together with others; press it by itself",
                Tone::Care,
            ),
            Action::Pick => return self.pick(find),
            _ => return Vec::new(),
        }
        self.dialog = Some(Dialog::Find(find));
        Vec::new()
    }

    /// Marks a hit that was clicked, while `top` stood first. One that is not found any more stays unmarked.
    pub(super) fn mark_a_hit(&mut self, aim: Aim, top: usize) {
        let Some(Dialog::Find(find)) = &self.dialog else {
            return;
        };
        let hits = self.hits(&find.typed);
        let at = hits.iter().position(|hit| hit.aim == aim);
        if let (Some(at), Some(Dialog::Find(find))) = (at, &mut self.dialog) {
            (find.at, find.top) = (at, Some(top));
        }
    }

    /// Moves the mark by a hit, while `top` stood first.
    pub(super) fn roll_the_hits(&mut self, up: bool, top: usize) {
        let Some(Dialog::Find(find)) = &self.dialog else {
            return;
        };
        let last = self.hits(&find.typed).len().saturating_sub(1);
        if let Some(Dialog::Find(find)) = &mut self.dialog {
            find.at = match up {
                true => find.at.saturating_sub(1),
                false => find.at.saturating_add(1),
            };
            (find.at, find.top) = (find.at.min(last), Some(top));
        }
    }

    fn pick(&mut self, find: Find) -> Vec<Effect> {
        let hits = self.hits(&find.typed);
        let marked = hits.get(find.at).filter(|hit| find.drawn == Some(hit.aim));
        let Some(hit) = marked else {
            let text = match hits.is_empty() {
                true => "nothing is found by that",
                false => "what is found has just changed; look, then press again",
            };
            self.say(text, Tone::Care);
            self.dialog = Some(Dialog::Find(find));
            return Vec::new();
        };
        if let Some(why_not) = &hit.why_not {
            self.say(why_not, Tone::Care);
            self.dialog = Some(Dialog::Find(find));
            return Vec::new();
        }
        match hit.aim {
            Aim::Step(number) => {
                self.look_around(Action::Here);
                self.selected = (Some(number) != self.folded.run.current()).then_some(number);
            }
            Aim::Do(Action::Approve | Action::TypeBack) => self.lead_to_the_gate(),
            // A yes by way of this never counts.
            Aim::Do(action) => return self.act(action, Verdict::TooSoon, Came::InABundle),
        }
        Vec::new()
    }

    fn lead_to_the_gate(&mut self) {
        self.look_around(Action::Here);
        self.pane = Pane::Step;
        self.field_left = false;
        let key = KEYS.iter().find(|row| row.action == Action::Approve);
        let key = key
            .and_then(|row| row.keys.first())
            .map_or("", |key| key.name);
        let text = match self.gate_words() {
            Some(_) => format!("nothing was approved; type the words of the gate, then {key}"),
            None => format!("nothing was approved; read what is shown, then {key} says yes"),
        };
        self.say(&text, Tone::Care);
    }
}

/// Whether an action is more than a key for the place where one is.
pub(super) const fn is_worth_finding(action: Action) -> bool {
    !matches!(
        action,
        Action::Find
            | Action::Interrupt
            | Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
    )
}

/// How well a text finds a row of the keys table.
fn score_of_row(typed: &str, row: &Binding) -> Option<u32> {
    let typed = typed.trim();
    let is_key = row.keys.iter().any(|key| key.name == typed);
    let by_key = is_key.then_some(90);
    // The sentence is found by whole pieces of it only: most letters are in any sentence.
    let by_help = (typed.chars().count() > 2 && contains(row.help, typed)).then_some(20);
    score(typed, row.word).max(by_key).max(by_help)
}

/// How well a text finds a step.
fn score_of_step(typed: &str, number: usize, id: &str, title: &str) -> Option<u32> {
    let is_number = typed.trim() == (number + 1).to_string();
    let by_number = is_number.then_some(1000);
    let title: String = clean::line(title).chars().take(SEARCHED).collect();
    score(typed, id).max(score(typed, &title)).max(by_number)
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// How well typed words find a text, letters of any case; none where a word of them does not.
///
/// A word finds a text whose letters have it as a subsequence that begins where a word of the text begins. Whole
/// pieces count more than letters with gaps, and beginnings more than middles.
fn score(typed: &str, text: &str) -> Option<u32> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    typed
        .split_whitespace()
        .map(|word| score_of_word(&word.to_lowercase().chars().collect::<Vec<_>>(), &text))
        .try_fold(0_u32, |sum, score| Some(sum.saturating_add(score?)))
}

fn score_of_word(word: &[char], text: &[char]) -> Option<u32> {
    let begins = |at: usize| match at.checked_sub(1).and_then(|before| text.get(before)) {
        None => true,
        Some(before) => !before.is_alphanumeric(),
    };
    let pieces = text.windows(word.len().max(1)).enumerate();
    let piece = pieces
        .filter(|(_, piece)| *piece == word)
        .map(|(at, _)| match at {
            0 => 80,
            _ if begins(at) => 70,
            _ => 40,
        })
        .max();
    let with_gaps = (0..text.len())
        .filter(|at| begins(*at) && text.get(*at) == word.first())
        .filter_map(|at| gaps(word, text.get(at..)?))
        .min()
        .map(|gaps| 30_u32.saturating_sub(gaps).max(1));
    piece.max(with_gaps)
}

/// How many letters lie between those of a word in a text that begins with its first; none where one is missing.
fn gaps(word: &[char], text: &[char]) -> Option<u32> {
    let mut at = 0_usize;
    for letter in word {
        at += text.get(at..)?.iter().position(|c| c == letter)? + 1;
    }
    u32::try_from(at - word.len()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_find_a_text_by_whole_pieces_first_and_then_with_gaps() {
        let text = "Copy the users of the core";
        let found = |typed| score(typed, text);
        assert!(found("copy") > found("users"), "the beginning first");
        assert!(
            found("users") > found("sers"),
            "then the beginning of a word"
        );
        assert!(found("sers") > found("cpy"), "then a piece, then gaps");
        assert!(found("cpy") > found("ctuc"), "and few gaps before many");
        assert!(found("core copy").is_some(), "words in any order");
        assert!(found("COPY").is_some(), "letters of any case");
        assert_eq!(found("oy"), None, "gaps begin where a word begins");
        assert_eq!(found("copy nginx"), None, "every word counts");
        assert_eq!(found(""), Some(0));
        assert_eq!(score("x", ""), None);
    }

    #[test]
    fn the_number_of_a_step_finds_it_before_all_else() {
        let by = |typed, number| score_of_step(typed, number, "drop-2", "Remove 2 of 12");
        assert_eq!(by("12", 11), Some(1000));
        assert!(by("2", 1) > by("2", 11));
        assert!(by("drop", 11).is_some());
        assert_eq!(by("13", 11), None);
    }
}

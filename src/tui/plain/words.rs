//! The words that only look around, and what is said about all of them.

use crate::tui::app::App;
use crate::tui::how::{HELP, Offered};
use crate::tui::keys::{Action, Binding, KEYS, Place};
use crate::tui::view::lines::Teller;

/// What a word that only lines know asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// The step once more, whole.
    Again,
    /// The list of steps.
    Steps,
    /// The next lines of an output.
    More,
}

/// A word, what it asks for, and a sentence for the help.
const WORDS: &[(&str, Word, &str)] = &[
    (
        "again",
        Word::Again,
        "tell the step that you look at once more, whole",
    ),
    ("steps", Word::Steps, "list the steps, with how each stands"),
    (
        "more",
        Word::More,
        "the next lines of an output that is read from its first line",
    ),
];

/// The words that take a number or another word, with a sentence for the help.
const WITH: &[(&str, &str)] = &[
    (
        "step N",
        "look at step N; nothing can be decided from there",
    ),
    ("output", "the last lines of what the step printed"),
    (
        "output N",
        "of the step's output number N, where there are several",
    ),
    (
        "output first",
        "from its first line on; `output N first` of output N",
    ),
    (
        "attempt N",
        "the last lines of what attempt N of the step printed, and how it ended; `first` and a number as above",
    ),
    (
        "record N",
        "the last N entries of the record; 20 where no number is given",
    ),
];

/// What a line asks for.
#[derive(Debug)]
pub(super) enum Said {
    /// Enter alone.
    Nothing,
    /// A number of the question.
    Number(usize),
    /// A row of the table of keys, by its word or its key.
    Row(Vec<&'static Binding>),
    /// A word that looks around.
    Word(Word),
    /// To look at a step.
    Step(usize),
    /// An output by its number, and whether from its first line.
    Output(Option<usize>, bool),
    /// The output of an attempt, by its number among several, and whether from its first line.
    Attempt(u32, Option<usize>, bool),
    /// So many of the last entries.
    Record(usize),
    /// None of these.
    Unknown,
}

/// Understands a line, without regard to capitals except in a single letter, which is a key.
///
/// The first words of an action's are enough where no other action begins with them.
pub(super) fn understood(line: &str) -> Said {
    let line = line.trim();
    let lower = line.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split_whitespace().collect();
    let number = |text: &str| text.parse::<usize>().ok();
    match parts.as_slice() {
        [] => return Said::Nothing,
        [one] if number(one).is_some() => return Said::Number(number(one).unwrap_or(0)),
        ["step", n] => return number(n).map_or(Said::Unknown, Said::Step),
        ["output"] => return Said::Output(None, false),
        ["output", "first"] => return Said::Output(None, true),
        ["output", n] => return number(n).map_or(Said::Unknown, |n| Said::Output(Some(n), false)),
        ["output", n, "first"] => {
            return number(n).map_or(Said::Unknown, |n| Said::Output(Some(n), true));
        }
        ["attempt", attempt, rest @ ..] => {
            let (rest, first) = match rest {
                [rest @ .., "first"] => (rest, true),
                rest => (rest, false),
            };
            let among = match rest {
                [] => Ok(None),
                [n] => n.parse().map(Some),
                _ => return Said::Unknown,
            };
            return match (attempt.parse(), among) {
                (Ok(attempt), Ok(among)) => Said::Attempt(attempt, among, first),
                _ => Said::Unknown,
            };
        }
        ["record"] => return Said::Record(20),
        ["record", n] => return number(n).map_or(Said::Unknown, Said::Record),
        _ => {}
    }
    if let Some((_, word, _)) = WORDS.iter().find(|(word, ..)| *word == lower) {
        return Said::Word(*word);
    }
    let named = |row: &&Binding| {
        let key = row
            .keys
            .iter()
            .any(|key| key.name == line && line.chars().count() == 1);
        row.place == Place::Run
            && row.action.offered() != Offered::Never
            && (key || row.bare_word() == lower || (row.action == Action::Help && lower == HELP))
    };
    match KEYS.iter().filter(named).collect::<Vec<_>>() {
        rows if rows.is_empty() => begun(&lower),
        rows => Said::Row(rows),
    }
}

/// The one action whose words begin with these.
fn begun(words: &str) -> Said {
    let begins = |row: &&Binding| {
        let rest = row.bare_word().strip_prefix(words);
        row.place == Place::Run
            && row.action.offered() != Offered::Never
            && rest.is_some_and(|rest| rest.starts_with(' '))
    };
    let rows: Vec<_> = KEYS.iter().filter(begins).collect();
    match rows.split_first() {
        Some((first, rest)) if rest.iter().all(|row| row.action == first.action) => Said::Row(rows),
        _ => Said::Unknown,
    }
}

/// The line below the numbers.
pub(super) fn also(app: &App) -> String {
    let mut words = vec!["again", "steps", "step N"];
    words.extend(by_word(app).map(|row| match row.action {
        Action::Help => HELP,
        _ => row.bare_word(),
    }));
    format!("Also: {}.", words.join(", "))
}

fn by_word(app: &App) -> impl Iterator<Item = &'static Binding> {
    let rows = KEYS.iter().filter(|row| row.place == Place::Run);
    rows.filter(|row| row.action.offered() == Offered::Word && app.offers(row.action))
}

/// Everything that can be typed, now or at another time.
pub(super) fn help(app: &App, teller: &Teller<'_>) -> Vec<String> {
    let mut lines = vec![
        "An answer is a number of the last question, a word, or the letter of a key, and Enter.".to_owned(),
        "A number counts only for the question that stands there. A line that was typed before a gate could be read"
            .to_owned(),
        "says yes to nothing.".to_owned(),
        String::new(),
        "Now:".to_owned(),
    ];
    let line = |word: &str, help: &str| teller.own(&format!("{word}: {help}"));
    for (number, row) in app.menu().into_iter().enumerate() {
        lines.push(line(&format!("{} {}", number + 1, row.word), row.help));
    }
    lines.push(String::new());
    lines.push("To look around:".to_owned());
    lines.extend(WORDS.iter().map(|(word, _, help)| line(word, help)));
    lines.extend(WITH.iter().map(|(word, help)| line(word, help)));
    for row in by_word(app).filter(|row| row.action == Action::Detach) {
        lines.push(line(row.bare_word(), "leave; the run goes on without you"));
    }
    lines.push(String::new());
    lines.push("At other times:".to_owned());
    let now = app.menu();
    let rows = KEYS.iter().filter(|row| {
        row.place == Place::Run
            && row.action.offered() == Offered::Numbered
            && !now.iter().any(|other| other.action == row.action)
    });
    lines.extend(rows.map(|row| line(row.bare_word(), row.help)));
    lines
}

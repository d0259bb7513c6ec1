//! The words that only look around, and what is said about all of them.

use crate::tui::app::App;
use crate::tui::how::{HELP, Offered};
use crate::tui::keys::{self, Action, Binding, KEYS, Place};
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
        "the next lines of an output that is read from a line on, or the next that a search finds",
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
        "search WORDS",
        "each line that has these words, with its number, in the output that you read last; small letters find any case, \
         a capital only itself",
    ),
    ("line N", "from line N on of the output that you read last"),
    (
        "output N search WORDS",
        "of the step's output N; so `output N line N`, and after `attempt N` of that one",
    ),
    (
        "pager",
        "open the output that you read last in the pager (PAGER, else less); also after `output N` and `attempt N`",
    ),
    (
        "copy",
        "copy the lines of an output that were told last to your own clipboard",
    ),
    ("copy N", "of those the line N alone"),
    (
        "record N",
        "the last N entries of the record; 20 where no number is given",
    ),
];

/// Which output is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The one that was read last, while it is one of the step that is looked at; else the one that matters.
    ReadLast,
    /// Of the step as it stands: the one that matters, or the one of a number from 1.
    Latest(Option<usize>),
    /// Of an attempt: the one that matters, or the one of a number from 1.
    Attempt(u32, Option<usize>),
}

/// What is to be done with an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// Tell its last lines.
    Last,
    /// Tell its first lines.
    First,
    /// Tell it from a line on, by its number from 1.
    Line(u64),
    /// Tell which of its lines have a text.
    Search(String),
    /// Show it in the pager.
    Page,
}

const COPY: Action = Action::Read(keys::Reading::Copy);
const PAGE: Action = Action::Read(keys::Reading::Page);

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
    /// Something about an output.
    Output(Which, Wish),
    /// To copy what was told last of an output, or one line of that by its number.
    Copy(Option<u64>),
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
        ["copy"] => return Said::Copy(None),
        ["copy", n] => return n.parse().map_or(Said::Unknown, |n| Said::Copy(Some(n))),
        ["record"] => return Said::Record(20),
        ["record", n] => return number(n).map_or(Said::Unknown, Said::Record),
        _ => {}
    }
    if let Some(said) = of_an_output(line, &parts) {
        return said;
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
            // `y` may be meant for yes.
            && (key && row.action != COPY || row.bare_word() == lower || (row.action == Action::Help && lower == HELP))
    };
    match KEYS.iter().filter(named).collect::<Vec<_>>() {
        rows if rows.is_empty() => begun(&lower),
        rows => Said::Row(rows),
    }
}

/// Understands what begins with an output, or is about the one that was read last.
fn of_an_output(line: &str, parts: &[&str]) -> Option<Said> {
    let number = |text: &&str| text.parse::<usize>().ok();
    let (which, used) = match parts {
        ["output", n, ..] if number(n).is_some() => (Which::Latest(number(n)), 2),
        ["output", ..] => (Which::Latest(None), 1),
        ["attempt", attempt, rest @ ..] => {
            let Ok(attempt) = attempt.parse() else {
                return Some(Said::Unknown);
            };
            let among = rest.first().and_then(number);
            (
                Which::Attempt(attempt, among),
                2 + usize::from(among.is_some()),
            )
        }
        ["attempt"] => return Some(Said::Unknown),
        ["search" | "line", ..] | ["pager"] => (Which::ReadLast, 0),
        _ => return None,
    };
    let wish = match &parts[used..] {
        [] => Wish::Last,
        ["first"] => Wish::First,
        ["pager"] => Wish::Page,
        ["line", n] => match n.parse() {
            Ok(n) => Wish::Line(n),
            Err(_) => return Some(Said::Unknown),
        },
        // Its capitals and its blanks are meant.
        ["search", ..] => Wish::Search(behind(line, used + 1).to_owned()),
        _ => return Some(Said::Unknown),
    };
    Some(Said::Output(which, wish))
}

/// What of a line stands behind so many words.
fn behind(line: &str, words: usize) -> &str {
    (0..words).fold(line.trim(), |rest, _| {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        rest[end..].trim_start()
    })
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

/// The line below the numbers. What the terminal cannot do is left out.
pub(super) fn also(app: &App, no_pager: bool) -> String {
    let mut words = vec!["again", "steps", "step N"];
    let here = by_word(app).filter(|row| match row.action {
        COPY => app.options.clipboard.why_not().is_none(),
        PAGE => !no_pager,
        _ => true,
    });
    words.extend(here.map(|row| match row.action {
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
        "A number counts only for the question that stands there. A line that was typed before a gate could be read \
         says yes to nothing."
            .to_owned(),
        String::new(),
        "Now:".to_owned(),
    ];
    let line = |word: &str, help: &str| format!("{word}: {help}");
    for (number, row) in app.menu().into_iter().enumerate() {
        lines.push(line(&format!("{} {}", number + 1, row.word), row.help));
    }
    lines.push(String::new());
    lines.push("To look around:".to_owned());
    lines.extend(WORDS.iter().map(|(word, _, help)| line(word, help)));
    lines.extend(WITH.iter().map(|(word, help)| line(word, help)));
    for row in by_word(app) {
        match row.action {
            Action::Machines => lines.push(line(row.bare_word(), row.help)),
            Action::Detach => {
                lines.push(line(row.bare_word(), "leave; the run goes on without you"))
            }
            _ => {}
        }
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
    let wrapped = lines.into_iter().flat_map(|line| match line.is_empty() {
        true => vec![line],
        false => teller.text(&line),
    });
    wrapped.collect()
}

/// The words that look around, without what stands behind them.
#[cfg(test)]
pub(in crate::tui) fn named() -> impl Iterator<Item = &'static str> {
    let first = |words: &'static str| words.split(' ').next().unwrap_or_default();
    let alone = WORDS.iter().map(|(word, ..)| *word);
    alone.chain(WITH.iter().map(move |(words, _)| first(words)))
}

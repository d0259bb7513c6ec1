//! The one table of keys. Handling, footer and help are all read from it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::run::Decision;

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On the run, with nothing before it.
    Run,
    /// In the field where a gate's words are typed back.
    Field,
    /// In a question with a few answers.
    Choice,
    /// In a text box.
    Text,
    /// On the help page.
    Help,
}

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Says yes at a gate.
    Approve,
    /// Goes to the field of a gate that is typed back.
    TypeBack,
    /// Leaves that field.
    NotNow,
    /// Says that a step of a person is done.
    SayDone,
    /// Answers a question of a proof.
    Answer,
    /// Ends a run whose every step is settled.
    Finish,
    /// Tries again.
    Retry,
    /// Asks the proof again.
    ProveAgain,
    /// Asks what is true now.
    Look,
    /// Decides an unknown outcome.
    Settle(Decision),
    /// Vouches.
    Attest,
    /// Prepares a gate again.
    Review,
    /// Skips.
    Skip,
    /// Takes the latest step back.
    GoBack,
    /// Ends what runs.
    Stop,
    /// Writes a note.
    Note,
    /// Shows the output, or puts it away.
    Output,
    /// Shows the journal, or puts it away.
    Journal,
    /// The next lane's output.
    NextLane,
    /// Back to the step whose turn it is.
    Here,
    /// The step before.
    Up,
    /// The step after.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The first line.
    Top,
    /// The last line, and stay there.
    Bottom,
    /// Ends the run early.
    End,
    /// Shows the help page.
    Help,
    /// Leaves the screen of a run that has ended.
    Leave,
    /// Leaves the screen; the run goes on.
    Detach,
    /// Draws everything again.
    Redraw,
    /// Says what this key does not do.
    Interrupt,
    /// The answer before.
    Previous,
    /// The answer after.
    Next,
    /// Takes the answer that has the focus.
    Pick,
    /// Sends or keeps the text.
    Save,
    /// Closes what is open.
    Close,
}

/// How loud the footer is about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Footer {
    /// Shown first.
    First,
    /// Shown where there is room.
    Room,
    /// Always shown, at the end.
    Always,
    /// Only on the help page.
    Never,
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    code: KeyCode,
    with: KeyModifiers,
    /// The name on the key.
    pub(super) name: &'static str,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) keys: &'static [Key],
    pub(super) place: Place,
    pub(super) action: Action,
    pub(super) footer: Footer,
    /// One or two words for the footer; three dots mean that something is asked first.
    pub(super) word: &'static str,
    /// A sentence for the help page.
    pub(super) help: &'static str,
}

const fn plain(c: char, name: &'static str) -> Key {
    Key {
        code: KeyCode::Char(c),
        with: KeyModifiers::NONE,
        name,
    }
}

const fn ctrl(c: char, name: &'static str) -> Key {
    Key {
        code: KeyCode::Char(c),
        with: KeyModifiers::CONTROL,
        name,
    }
}

const fn named(code: KeyCode, name: &'static str) -> Key {
    Key {
        code,
        with: KeyModifiers::NONE,
        name,
    }
}

const ENTER: Key = named(KeyCode::Enter, "Enter");
const ESC: Key = named(KeyCode::Esc, "Esc");
const UP: Key = named(KeyCode::Up, "↑");
const DOWN: Key = named(KeyCode::Down, "↓");
const PAGE_UP: Key = named(KeyCode::PageUp, "PgUp");
const PAGE_DOWN: Key = named(KeyCode::PageDown, "PgDn");
const ALT_ENTER: Key = Key {
    code: KeyCode::Enter,
    with: KeyModifiers::ALT,
    name: "Alt-Enter",
};

const fn row(
    keys: &'static [Key],
    place: Place,
    action: Action,
    footer: Footer,
    word: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        keys,
        place,
        action,
        footer,
        word,
        help,
    }
}

use Action as A;
use Footer::{Always, First, Never, Room};
use Place::{Choice, Field, Help, Run, Text};

/// Every key, in the order of the footer.
pub(super) const KEYS: &[Binding] = &[
    row(
        &[ENTER],
        Run,
        A::Approve,
        First,
        "go",
        "say yes to exactly what is shown",
    ),
    row(
        &[ENTER],
        Run,
        A::TypeBack,
        First,
        "type the words",
        "go to the field where the gate's words are typed",
    ),
    row(
        &[ENTER],
        Run,
        A::SayDone,
        First,
        "it is done…",
        "say that you have done what the step asks of you",
    ),
    row(
        &[ENTER],
        Run,
        A::Answer,
        First,
        "answer…",
        "answer the question of the proof",
    ),
    row(
        &[ENTER],
        Run,
        A::Finish,
        First,
        "finish…",
        "end a run in which nothing is left to do",
    ),
    row(
        &[ENTER, plain('q', "q")],
        Run,
        A::Leave,
        First,
        "leave",
        "leave the screen of a run that has ended",
    ),
    row(
        &[plain('l', "l")],
        Run,
        A::Look,
        First,
        "ask what is true now",
        "ask the probes what is true now; decides nothing",
    ),
    row(
        &[plain('p', "p")],
        Run,
        A::ProveAgain,
        First,
        "prove again",
        "ask the proof again, after mending something by hand",
    ),
    row(
        &[plain('r', "r")],
        Run,
        A::Retry,
        First,
        "retry…",
        "try the step again",
    ),
    row(
        &[plain('h', "h")],
        Run,
        A::Settle(Decision::Happened),
        First,
        "it happened…",
        "decide that the unknown outcome was: it ran and did its work",
    ),
    row(
        &[plain('f', "f")],
        Run,
        A::Settle(Decision::Failed),
        First,
        "it failed…",
        "decide that the unknown outcome was: it ran and failed",
    ),
    row(
        &[plain('x', "x")],
        Run,
        A::Settle(Decision::DidNotHappen),
        First,
        "it did not happen…",
        "decide that the unknown outcome was: it never ran",
    ),
    row(
        &[plain('r', "r")],
        Run,
        A::Settle(Decision::RunAgain),
        First,
        "run it again…",
        "decide that nobody knows, and that it may be run again",
    ),
    row(
        &[plain('x', "x")],
        Run,
        A::Stop,
        First,
        "stop…",
        "end what is running: first by asking, then by killing",
    ),
    row(
        &[plain('a', "a")],
        Run,
        A::Attest,
        First,
        "vouch…",
        "take it on your own word that the step is done",
    ),
    row(
        &[plain('n', "n")],
        Run,
        A::Note,
        Room,
        "note",
        "write something down about the step you look at",
    ),
    row(
        &[plain('o', "o")],
        Run,
        A::Output,
        Room,
        "output",
        "show what the step prints, large; again to put it away",
    ),
    row(
        &[plain(']', "]")],
        Run,
        A::NextLane,
        Room,
        "next lane",
        "the output of the step's next lane or part",
    ),
    row(
        &[plain('s', "s")],
        Run,
        A::Skip,
        Room,
        "skip…",
        "go on without the step, with a reason",
    ),
    row(
        &[plain('b', "b")],
        Run,
        A::GoBack,
        Room,
        "go back…",
        "take back the latest step that changed something",
    ),
    row(
        &[plain('v', "v")],
        Run,
        A::Review,
        Room,
        "look again",
        "ask the machines again what the step would do",
    ),
    row(
        &[plain('e', "e")],
        Run,
        A::End,
        Room,
        "end…",
        "end the run before its last step",
    ),
    row(
        &[ESC, plain('c', "c")],
        Run,
        A::Here,
        First,
        "back",
        "back to the step whose turn it is",
    ),
    row(
        &[plain('t', "t")],
        Run,
        A::Journal,
        Room,
        "record",
        "show the record as it grows; again to put it away",
    ),
    row(
        &[UP, plain('k', "k")],
        Run,
        A::Up,
        Never,
        "step before",
        "look at the step before",
    ),
    row(
        &[DOWN, plain('j', "j")],
        Run,
        A::Down,
        Never,
        "step after",
        "look at the step after",
    ),
    row(
        &[PAGE_UP],
        Run,
        A::PageUp,
        Never,
        "page up",
        "a page up in what is shown large",
    ),
    row(
        &[PAGE_DOWN, plain(' ', "Space")],
        Run,
        A::PageDown,
        Never,
        "page down",
        "a page down",
    ),
    row(
        &[named(KeyCode::Home, "Home"), plain('g', "g")],
        Run,
        A::Top,
        Never,
        "first line",
        "to the first line, even of a long output",
    ),
    row(
        &[named(KeyCode::End, "End"), plain('G', "G")],
        Run,
        A::Bottom,
        Never,
        "last line",
        "to the last line, and stay there",
    ),
    row(
        &[plain('?', "?")],
        Run,
        A::Help,
        Always,
        "keys",
        "this page",
    ),
    row(
        &[ctrl('d', "Ctrl-D")],
        Run,
        A::Detach,
        Always,
        "detach",
        "leave this screen; the run goes on without it",
    ),
    row(
        &[ctrl('l', "Ctrl-L")],
        Run,
        A::Redraw,
        Never,
        "draw again",
        "draw the whole screen again",
    ),
    row(
        &[ctrl('c', "Ctrl-C")],
        Run,
        A::Interrupt,
        Never,
        "nothing",
        "stops nothing; it only reminds you of the keys that do",
    ),
    row(
        &[ENTER],
        Field,
        A::Approve,
        First,
        "go",
        "say yes, once the words stand there",
    ),
    row(
        &[ESC],
        Field,
        A::NotNow,
        First,
        "not now, other keys",
        "leave the field; the letters are keys again",
    ),
    row(
        &[UP],
        Field,
        A::Up,
        Never,
        "step before",
        "look at the step before",
    ),
    row(
        &[DOWN],
        Field,
        A::Down,
        Never,
        "step after",
        "look at the step after",
    ),
    row(
        &[PAGE_UP],
        Field,
        A::PageUp,
        Never,
        "page up",
        "a page up in what is shown",
    ),
    row(
        &[PAGE_DOWN],
        Field,
        A::PageDown,
        Never,
        "page down",
        "a page down",
    ),
    row(
        &[ctrl('d', "Ctrl-D")],
        Field,
        A::Detach,
        Always,
        "detach",
        "leave this screen; the run goes on without it",
    ),
    row(
        &[ctrl('l', "Ctrl-L")],
        Field,
        A::Redraw,
        Never,
        "draw again",
        "draw the whole screen again",
    ),
    row(
        &[ctrl('c', "Ctrl-C")],
        Field,
        A::Interrupt,
        Never,
        "nothing",
        "stops nothing",
    ),
    row(
        &[UP, plain('k', "k")],
        Choice,
        A::Previous,
        Room,
        "up",
        "the answer before",
    ),
    row(
        &[DOWN, plain('j', "j"), named(KeyCode::Tab, "Tab")],
        Choice,
        A::Next,
        Room,
        "down",
        "the answer after",
    ),
    row(
        &[ENTER],
        Choice,
        A::Pick,
        First,
        "take the marked one",
        "take the answer that is marked",
    ),
    row(
        &[ESC, ctrl('c', "Ctrl-C")],
        Choice,
        A::Close,
        First,
        "close, nothing happens",
        "close; nothing happens",
    ),
    row(
        &[ctrl('s', "Ctrl-S"), ALT_ENTER],
        Text,
        A::Save,
        First,
        "send",
        "send what stands there; Enter is a new line",
    ),
    row(
        &[ESC, ctrl('c', "Ctrl-C")],
        Text,
        A::Close,
        First,
        "close, keep the draft",
        "close; what you wrote is there the next time",
    ),
    row(
        &[ESC, plain('?', "?"), plain('q', "q"), ENTER],
        Help,
        A::Close,
        First,
        "back to the run",
        "close this page",
    ),
    row(
        &[UP, PAGE_UP, plain('k', "k")],
        Help,
        A::PageUp,
        Room,
        "up",
        "up",
    ),
    row(
        &[DOWN, PAGE_DOWN, plain('j', "j"), plain(' ', "Space")],
        Help,
        A::PageDown,
        Room,
        "down",
        "down",
    ),
    row(
        &[ctrl('d', "Ctrl-D")],
        Help,
        A::Detach,
        Always,
        "detach",
        "leave this screen; the run goes on without it",
    ),
];

impl Key {
    fn is(&self, event: &KeyEvent) -> bool {
        let with = event.modifiers - KeyModifiers::SHIFT;
        self.code == event.code && self.with == with
    }
}

/// The rows that a key press could mean in a place, in the order of the table.
pub(super) fn meanings(place: Place, event: &KeyEvent) -> impl Iterator<Item = &'static Binding> {
    KEYS.iter()
        .filter(move |row| row.place == place && row.keys.iter().any(|key| key.is(event)))
}

#[cfg(test)]
impl Key {
    /// The event that a press of this key makes.
    pub(super) fn event(&self) -> KeyEvent {
        KeyEvent::new(self.code, self.with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_shown_in_the_footer_and_in_the_help() {
        for row in KEYS {
            assert!(!row.word.is_empty() && !row.help.is_empty() && !row.keys.is_empty());
            assert!(row.word.chars().count() <= 24, "{}", row.word);
        }
    }

    #[test]
    fn what_ends_or_changes_something_by_one_key_asks_first() {
        let asks = [
            A::SayDone,
            A::Answer,
            A::Finish,
            A::Retry,
            A::Attest,
            A::Skip,
            A::GoBack,
            A::Stop,
            A::End,
        ];
        for row in KEYS.iter().filter(|row| asks.contains(&row.action)) {
            assert!(row.word.ends_with('…'), "{}", row.word);
        }
    }
}

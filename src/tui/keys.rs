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
    /// On the terminal of a command whose keyboard this person has.
    Terminal,
    /// On the help page.
    Help,
}

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Says yes at a gate.
    Approve,
    /// Puts the question of a choice.
    Choose,
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
    /// Leaves a step as it is that was about to be taken back.
    DropBack,
    /// Takes the keyboard of a command that runs on a terminal.
    TakeKeyboard,
    /// Gives it back.
    GiveBack,
    /// Ends what runs.
    Stop,
    /// Ends what still runs although it was decided about.
    StopLeft,
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
    /// Lays the run down until somebody attaches again.
    Suspend,
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
    /// The answer of that number.
    Mark,
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
/// Any digit but 0.
const DIGIT: Key = plain('1', "1 … 9");
const UP: Key = named(KeyCode::Up, "↑");
const DOWN: Key = named(KeyCode::Down, "↓");
const PAGE_UP: Key = named(KeyCode::PageUp, "PgUp");
const PAGE_DOWN: Key = named(KeyCode::PageDown, "PgDn");
const ALT_ENTER: Key = Key {
    code: KeyCode::Enter,
    with: KeyModifiers::ALT,
    name: "Alt-Enter",
};

use Action as A;

/// Writes a row of the table in two lines, so that it can be read as a table.
macro_rules! table {
    ($([$($key:expr),+] $place:ident $footer:ident $action:expr, $word:literal: $help:literal;)+) => {
        &[$(Binding {
            keys: &[$($key),+],
            place: Place::$place,
            action: $action,
            footer: Footer::$footer,
            word: $word,
            help: $help,
        }),+]
    };
}

/// Every key, in the order of the footer.
#[rustfmt::skip]
pub(super) const KEYS: &[Binding] = table! {
    [ENTER] Run First A::Approve,
        "go": "say yes to exactly what is shown";
    [ENTER] Run First A::Choose,
        "choose…": "choose one of the options that are shown";
    [ENTER] Run First A::TypeBack,
        "type the words": "go to the field where the gate's words are typed";
    [ENTER] Run First A::SayDone,
        "it is done…": "say that you have done what the step asks of you";
    [ENTER] Run First A::Answer,
        "answer…": "answer the question of the proof";
    [ENTER] Run First A::Finish,
        "finish…": "end a run in which nothing is left to do";
    [ENTER, plain('q', "q")] Run First A::Leave,
        "leave": "leave the screen of a run that has ended";
    [plain('l', "l")] Run First A::Look,
        "ask what is true now": "ask the probes what is true now; decides nothing";
    [plain('p', "p")] Run First A::ProveAgain,
        "prove again": "ask the proof again, after mending something by hand";
    [plain('r', "r")] Run First A::Retry,
        "retry…": "try the step again";
    [plain('h', "h")] Run First A::Settle(Decision::Happened),
        "it happened…": "decide that the unknown outcome was: it ran and did its work";
    [plain('f', "f")] Run First A::Settle(Decision::Failed),
        "it failed…": "decide that the unknown outcome was: it ran and failed";
    [plain('x', "x")] Run First A::Settle(Decision::DidNotHappen),
        "it did not happen…": "decide that the unknown outcome was: it never ran";
    [plain('r', "r")] Run First A::Settle(Decision::RunAgain),
        "run it again…": "decide that nobody knows, and that it may be run again";
    [plain('i', "i")] Run First A::TakeKeyboard,
        "type to it": "take the keyboard of what runs on a terminal: the keys go there, unrecorded";
    [plain('x', "x")] Run First A::Stop,
        "stop…": "end what is running: first by asking, then by killing";
    [plain('X', "X")] Run First A::StopLeft,
        "stop what runs on…": "end what still runs on a machine although it was decided about";
    [plain('a', "a")] Run First A::Attest,
        "vouch…": "take it on your own word that the step is done";
    [plain('n', "n")] Run Room A::Note,
        "note": "write something down about the step you look at";
    [plain('o', "o")] Run Room A::Output,
        "output": "show what the step prints, large; again to put it away";
    [plain(']', "]")] Run Room A::NextLane,
        "next lane": "the output of the step's next lane or part";
    [plain('s', "s")] Run Room A::Skip,
        "skip…": "go on without the step, with a reason";
    [plain('b', "b")] Run Room A::GoBack,
        "go back…": "take back the latest step that changed something";
    [plain('w', "w")] Run First A::DropBack,
        "leave it as it is": "do not take the step back after all; nothing of that was started";
    [plain('v', "v")] Run Room A::Review,
        "look again": "ask the machines again what the step would do";
    [plain('z', "z")] Run Never A::Suspend,
        "suspend…": "lay the run down for hours or days; attaching takes it up again";
    [plain('e', "e")] Run Room A::End,
        "end…": "end the run before its last step";
    [ESC, plain('c', "c")] Run First A::Here,
        "back": "back to the step whose turn it is";
    [plain('t', "t")] Run Room A::Journal,
        "record": "show the record as it grows; again to put it away";
    [UP, plain('k', "k")] Run Never A::Up,
        "step before": "look at the step before";
    [DOWN, plain('j', "j")] Run Never A::Down,
        "step after": "look at the step after";
    [PAGE_UP] Run Never A::PageUp,
        "page up": "a page up in what is shown large";
    [PAGE_DOWN, plain(' ', "Space")] Run Never A::PageDown,
        "page down": "a page down";
    [named(KeyCode::Home, "Home"), plain('g', "g")] Run Never A::Top,
        "first line": "to the first line, even of a long output";
    [named(KeyCode::End, "End"), plain('G', "G")] Run Never A::Bottom,
        "last line": "to the last line, and stay there";
    [plain('?', "?")] Run Always A::Help,
        "keys": "this page";
    [ctrl('d', "Ctrl-D")] Run Always A::Detach,
        "detach": "leave this screen; the run goes on without it";
    [ctrl('l', "Ctrl-L")] Run Never A::Redraw,
        "draw again": "draw the whole screen again";
    [ctrl('c', "Ctrl-C")] Run Never A::Interrupt,
        "nothing": "stops nothing; it only reminds you of the keys that do";
    [ENTER] Field First A::Approve,
        "go": "say yes, once the words stand there";
    [ESC] Field First A::NotNow,
        "not now, other keys": "leave the field; the letters are keys again";
    [UP] Field Never A::Up,
        "step before": "look at the step before";
    [DOWN] Field Never A::Down,
        "step after": "look at the step after";
    [PAGE_UP] Field Never A::PageUp,
        "page up": "a page up in what is shown";
    [PAGE_DOWN] Field Never A::PageDown,
        "page down": "a page down";
    [ctrl('d', "Ctrl-D")] Field Always A::Detach,
        "detach": "leave this screen; the run goes on without it";
    [ctrl('l', "Ctrl-L")] Field Never A::Redraw,
        "draw again": "draw the whole screen again";
    [ctrl('c', "Ctrl-C")] Field Never A::Interrupt,
        "nothing": "stops nothing";
    [UP, plain('k', "k")] Choice Room A::Previous,
        "up": "the answer before";
    [DOWN, plain('j', "j"), named(KeyCode::Tab, "Tab")] Choice Room A::Next,
        "down": "the answer after";
    [DIGIT] Choice Room A::Mark,
        "mark": "mark an option of a choice by its number";
    [ENTER] Choice First A::Pick,
        "take the marked one": "take the answer that is marked";
    [ESC, ctrl('c', "Ctrl-C")] Choice First A::Close,
        "close, nothing happens": "close; nothing happens";
    [ctrl('s', "Ctrl-S"), ALT_ENTER] Text First A::Save,
        "send": "send what stands there; Enter is a new line";
    [ESC, ctrl('c', "Ctrl-C")] Text First A::Close,
        "close, keep the draft": "close; what you wrote is there the next time";
    [ctrl(']', "Ctrl-]"), ctrl('5', "Ctrl-5")] Terminal Always A::GiveBack,
        "come back": "give the keyboard back; the program goes on, and every other key goes to it";
    [ESC, plain('?', "?"), plain('q', "q"), ENTER] Help First A::Close,
        "back to the run": "close this page";
    [UP, PAGE_UP, plain('k', "k")] Help Room A::PageUp,
        "up": "up";
    [DOWN, PAGE_DOWN, plain('j', "j"), plain(' ', "Space")] Help Room A::PageDown,
        "down": "down";
    [ctrl('d', "Ctrl-D")] Help Always A::Detach,
        "detach": "leave this screen; the run goes on without it";
};

impl Key {
    fn is(&self, event: &KeyEvent) -> bool {
        let with = event.modifiers - KeyModifiers::SHIFT;
        let same = match (self.code, event.code) {
            (KeyCode::Char('1'), KeyCode::Char(digit)) => ('1'..='9').contains(&digit),
            (own, pressed) => own == pressed,
        };
        same && self.with == with
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
            A::Choose,
            A::Finish,
            A::Retry,
            A::Attest,
            A::Skip,
            A::GoBack,
            A::Stop,
            A::StopLeft,
            A::End,
            A::Suspend,
        ];
        for row in KEYS.iter().filter(|row| asks.contains(&row.action)) {
            assert!(row.word.ends_with('…'), "{}", row.word);
        }
    }
}

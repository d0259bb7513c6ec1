//! The rows of the table: every key there is, and where.

use crossterm::event::{KeyCode, KeyModifiers};

use super::{Action, Binding, Footer, Key, Place, Reading};
use crate::run::Decision;

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
pub(in crate::tui) const KEYS: &[Binding] = table! {
    [ENTER] Run First A::Approve,
        "go": "say yes to exactly what is shown";
    [ENTER] Run First A::Choose,
        "choose…": "choose one of the options that are shown";
    [ENTER] Run First A::TypeBack,
        "type the words": "go to the field where the gate's words are typed";
    [ENTER] Run First A::SayDone,
        "it is done…": "say that you have done what the step asks of you";
    [ENTER] Run First A::Keep,
        "keep it…": "keep a change that its guard would take back";
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
    [plain('.', ".")] Run Room A::Read(Reading::NextMatch),
        "next match": "to the next line with what was searched for";
    [plain(',', ",")] Run Room A::Read(Reading::PreviousMatch),
        "match before": "to the line before with what was searched for";
    [plain('/', "/")] Run Room A::Read(Reading::Search),
        "search": "search in what the step prints, from what is shown on";
    [plain('y', "y")] Run Room A::Read(Reading::Copy),
        "copy": "copy the line of the match, or the lines shown, to your own clipboard";
    [plain('W', "W")] Run Room A::Read(Reading::Wrap),
        "cut/wrap": "cut long lines of the output at the edge, or wrap them again";
    [plain('P', "P")] Run Room A::Read(Reading::Page),
        "pager": "open what the step has printed in the pager (PAGER, else less)";
    [plain(']', "]")] Run Room A::NextLane,
        "next lane": "the output of the step's next lane or part";
    [plain('<', "<")] Run Room A::Read(Reading::Earlier),
        "attempt before": "the output of the step's attempt before, its undo among them";
    [plain('>', ">")] Run Room A::Read(Reading::Later),
        "attempt after": "the output of the attempt after";
    [plain('L', "L")] Run Never A::Read(Reading::Latest),
        "latest attempt": "the output of the latest attempt again";
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
    [plain('m', "m")] Run Never A::Machines,
        "machines": "show what was found on the machines before the run";
    [UP, plain('k', "k")] Run Never A::Up,
        "step before": "look at the step before";
    [DOWN, plain('j', "j")] Run Never A::Down,
        "step after": "look at the step after";
    [named(KeyCode::Left, "←")] Run Never A::Read(Reading::Left),
        "to the left": "half of what is seen to the left, where long lines are cut";
    [named(KeyCode::Right, "→")] Run Never A::Read(Reading::Right),
        "to the right": "half of what is seen to the right";
    [PAGE_UP] Run Never A::PageUp,
        "page up": "a page up in what is shown large";
    [PAGE_DOWN, plain(' ', "Space")] Run Never A::PageDown,
        "page down": "a page down";
    [named(KeyCode::Home, "Home"), plain('g', "g")] Run Never A::Top,
        "first line": "to the first line, even of a long output";
    [named(KeyCode::End, "End"), plain('G', "G")] Run Never A::Bottom,
        "last line": "to the last line, and stay there";
    [plain(':', ":"), ctrl('p', "Ctrl-P")] Run Always A::Find,
        "find": "find a step or an action by a few letters";
    [plain('?', "?")] Run Always A::Help,
        "keys": "this page";
    [ctrl('d', "Ctrl-D")] Run Always A::Detach,
        "detach": "leave this screen; the run goes on without it";
    [plain('M', "M")] Run Never A::Mouse,
        "mouse": "take the mouse, to scroll and to look at steps; again to give it back";
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
    [ctrl('p', "Ctrl-P")] Field Always A::Find,
        "find": "find a step or an action by a few letters";
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
    [UP] Find Room A::Previous,
        "up": "what was found before";
    [DOWN, named(KeyCode::Tab, "Tab")] Find Room A::Next,
        "down": "what was found after";
    [ENTER] Find First A::Pick,
        "go there, or ask": "look at the step, or do what the action's key does; never a yes";
    [ESC, ctrl('c', "Ctrl-C")] Find First A::Close,
        "close, nothing happens": "close; nothing happens";
    [ENTER] Search First A::Pick,
        "to the next match": "to the next line with it; an empty field repeats the last search";
    [ESC, ctrl('c', "Ctrl-C")] Search First A::Close,
        "close": "close the field";
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

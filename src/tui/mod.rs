//! The wizard: drawn from folded state, and nothing else.
//!
//! [`run`] holds the terminal. What it draws is a function of a [`crate::client::Folded`] run, of the little
//! that is only this screen's (what is scrolled where, a draft of a note), and of what the engine says goes on
//! between two entries. What it sends leaves by an [`Outgoing`]: wishes, and requests for a piece of output.
//! It touches no machine and no journal.
//!
//! The rooms: `app` is the screen's state and takes keys, `hear` takes what the client tells; `act` turns what a person wants into an intent, and asks the same
//! `decide` as the engine whether that is possible now, so that the footer never offers what would be
//! refused, and `ask` asks before something is done; `keys` is the one table of keys; `gate` guards a yes against keys that were not meant for it;
//! `said` is what the screen answers to a key;
//! `board` is the keyboard of a command on a terminal, and `typing` turns keys into its bytes; `attention` is the bell and the title;
//! `palette` finds a step or an action by a few letters; `pace` spares a slow line;
//! `output` reads and emulates what a step prints; `search` finds a text in it, and `strip` the text in its bytes;
//! `attempts` remembers what every attempt printed to, `reading` is what can be done with an output, and `pager` and `paging` hand it and
//! the terminal to a pager; `mouse` is what a mouse may do; `inlets` is what reaches the loop beside keys; `stat` tells a terminal's jobs apart; `view` draws. `plain` is
//! the same wizard in lines of text, and `how` says what to press or to type there. Every text from outside passes `clean`.

mod act;
mod app;
mod ask;
mod attempts;
mod attention;
mod board;
mod choice;
mod clean;
mod clipboard;
mod dialog;
mod field;
mod gate;
mod hear;
mod how;
mod inlets;
mod keys;
mod look;
mod looking;
mod mouse;
mod output;
mod pace;
mod pager;
mod paging;
mod palette;
mod plain;
mod progress;
mod reading;
mod said;
mod say;
mod screen;
mod search;
mod searching;
mod signals;
mod sixteen;
mod standing;
mod stat;
mod strip;
mod terminal;
mod typing;
mod view;
mod why_not;

pub use attention::Attention;
pub use clipboard::Clipboard;
pub use look::{Depth, Look};
pub use pager::Pager;
pub use plain::run_in_lines;
pub use screen::{Leaving, Options, Outgoing, run};
pub(crate) use stat::Stat;
pub use terminal::put_right;

#[cfg(test)]
mod tests;

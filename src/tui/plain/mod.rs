//! The wizard without a screen: lines of text and numbered questions, for a screen reader, a terminal that knows no
//! cursor, a slow line or a pipe.
//!
//! It is the same wizard. The state is the screen's own `App`, what can be done is asked of the same table, the
//! sentences come from the view, and a yes passes the same guard. What is here is only what lines need: `speaker`
//! tells what is new, `asks` asks, `answer` takes a line, `words` are the commands that only look around, `follow` tells
//! what a step prints while it prints it, `pages` reads it again, `find` and `to_line` go through it, `outputs` says which one is meant, `bare` makes a line of it, `echo` keeps what is typed
//! to a program off the terminal, `ear` reads lines, `pen` writes them, `lend` lends the
//! terminal to a pager, `stop` stops, and `desk` is the loop.
//!
//! Nothing but text and line feeds is written, no colour, no cursor, no bell, no title: with one exception, the sequence of
//! `copy` where somebody asks for it and the terminal knows it.

mod answer;
mod asks;
mod bare;
mod desk;
mod ear;
mod echo;
mod find;
mod follow;
mod lend;
mod outputs;
mod pages;
mod pen;
mod speaker;
mod stop;
mod to_line;
mod words;

pub use desk::run as run_in_lines;

#[cfg(test)]
pub(super) use {bare::split, speaker::Plain, words::named};

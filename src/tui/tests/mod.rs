//! The screen, tested by folding events, drawing and pressing keys.

mod hostile;
mod night;
mod press;
mod screens;
mod stage;

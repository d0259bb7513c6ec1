//! The screen, tested by folding events, drawing and pressing keys.

mod hostile;
mod live;
mod night;
mod press;
mod runbook;
mod screens;
mod stage;

//! The screen, tested by folding events, drawing and pressing keys.

mod armed;
mod bytes;
mod choices;
mod colours;
mod cut;
mod doubt;
mod guard;
mod hands;
mod hostile;
mod items;
mod late;
mod live;
mod machines;
mod night;
mod numbers;
mod page;
mod palette;
mod plain;
mod press;
mod reading;
mod runbook;
mod screens;
mod stage;
mod standing;
mod terminal;
mod window;

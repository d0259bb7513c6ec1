//! The wizard in lines of text: the same moments, told instead of drawn, and lines instead of keys.

pub(super) mod hear;
mod hostile;
mod kept;
mod lines;
mod press;
mod printed;
mod search;
mod told;

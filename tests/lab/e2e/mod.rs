//! What the tests in the lab are made of.

pub mod home;
pub mod lab;
pub mod pryv;
pub mod record;
pub mod rehearsal;
pub mod terminal;
pub mod walk;

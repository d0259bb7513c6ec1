//! What the tests in the lab are made of.

pub mod home;
pub mod terminal;
pub mod walk;
pub mod world;

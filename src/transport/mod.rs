//! `transport`, to be laid.

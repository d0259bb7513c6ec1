//! `edit`, to be laid.

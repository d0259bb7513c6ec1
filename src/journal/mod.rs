//! `journal`, to be laid.

//! Words into the engine's own log, beside the journal.

use std::io::Write;

/// Writes a line on standard error, which is a file in the run's folder. Where that takes nothing, as on a full
/// disk, it is not said: `eprintln!` would panic, and what an engine mutters is never worth its life.
pub(super) fn mutter(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

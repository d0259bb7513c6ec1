//! Something to read. Nobody does anything.
//!
//! ```toml
//! do.note.text = "From here on, customers see the maintenance page."
//! ```

use super::told::Told;
use super::{Kind, Performer};

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "note",
    parse: |value| Told::parse("note", Performer::Nobody, value),
};

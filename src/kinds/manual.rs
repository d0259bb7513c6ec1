//! Something that the operator does by hand, and says when it is done.
//!
//! ```toml
//! do.manual.text = "Log on to the DNS provider and lower the TTL of core1 to 60 s."
//! ```

use super::told::Told;
use super::{Kind, Performer};

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "manual",
    parse: |value| Told::parse("manual", Performer::Person, value),
};

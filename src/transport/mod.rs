//! How words reach a machine, and how an outcome comes back.
//!
//! A [`Host`] is this machine ([`Host::local`]), one behind ssh ([`Host::ssh`]) or a play for tests
//! ([`Host::scripted`]). The first two speak with the same program, `agent.sh`: it is sent on standard
//! input of `sh -s`, stays, and reads verbs, so that a step costs a message and not a login. A question
//! ([`Host::ask`]) is answered and forgotten. A step ([`Host::start`]) leaves a receipt in a spool on
//! its machine, under a [`Token`]: it runs at most once, goes on when the link or this process dies,
//! and can be asked about afterwards.
//!
//! Nothing here is tried twice behind the caller's back. The one exception is opening a channel, before
//! any word of a step has left.

mod channel;
mod claim;
mod destination;
mod error;
mod frames;
mod host;
mod identity;
mod known;
mod local;
mod play;
mod pool;
mod receipt;
mod script;
mod scripted;
mod ssh;
mod stream;
mod survey;

pub use claim::{Claim, Nonce, NotAToken, Token};
pub use destination::{Destination, NotADestination};
pub use error::{LinkError, LinkTrouble};
pub use host::{Guard, Host};
pub use identity::Identity;
pub use play::{Held, Reply, Then};
pub use receipt::{Answer, Chunk, ReceiptState, Settled, Signal, Signalled};
pub use script::{NotAScript, Script, Shell};
pub use scripted::Scripted;
pub use survey::{Receipts, Survey};

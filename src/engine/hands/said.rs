//! What machines and links say, in the words of the table of [`crate::run::next`].

use crate::run::{Said, Sent};
use crate::transport::{LinkError, LinkTrouble, ReceiptState, Settled};

/// What a receipt says, for the table.
pub(super) fn said(state: &ReceiptState) -> Said {
    match state {
        ReceiptState::None => Said::NoSuchToken,
        ReceiptState::Running { .. } | ReceiptState::Exited { .. } => Said::UnderWay,
        ReceiptState::Revoked => Said::Revoked,
        ReceiptState::Lost { .. } => Said::Lost,
    }
}

/// What was said at the end of a start, a revocation or of following.
pub(super) fn said_at_last(settled: &Settled) -> Said {
    match settled {
        Settled::Exited { .. } => Said::Ended,
        Settled::Revoked => Said::Revoked,
        Settled::NotStarted => Said::Vanished,
        Settled::Lost { .. } => Said::Lost,
    }
}

/// What trouble with the link says.
///
/// Those of which [`crate::transport::Host::start`] says that it did not start, and another machine, are an answer. A connection
/// that did not come about would prove it as well, but a link that broke later must never be taken for one.
pub(super) fn unsaid(error: &LinkError, sent: Sent) -> Said {
    match error.trouble {
        LinkTrouble::NoReceipt | LinkTrouble::NoShell | LinkTrouble::NoTerminal => Said::WouldNot,
        LinkTrouble::OtherMachine if sent == Sent::NotYet => Said::WouldNot,
        LinkTrouble::HostKeyChanged | LinkTrouble::OtherMachine => Said::KeyChanged,
        LinkTrouble::Unreachable
        | LinkTrouble::HostKeyUnknown
        | LinkTrouble::Refused
        | LinkTrouble::Lost
        | LinkTrouble::TimedOut
        | LinkTrouble::Garbled
        | LinkTrouble::Local => Said::Silent,
    }
}

//! What to do about a leg whose start is on record, by what its machine says.
//!
//! | the machine says | done |
//! | --- | --- |
//! | nothing yet, and nothing was sent | it is sent; revoked where somebody wants it to end |
//! | nothing yet, and it may have been sent | the machine is asked |
//! | no such token, same spool | the same token is sent, again or for the first time; or revoked |
//! | it runs, it has ended | followed from the first byte that is not kept; then the end is recorded |
//! | revoked | it did not run, and that is proved |
//! | lost | unknown: a person decides |
//! | it cannot be asked | asked again, until it answers or somebody wants the leg to end: then unknown |
//! | its host key is another | unknown at once: whoever answers now is not asked |
//!
//! It is the table of the promise that nothing runs twice, so it stands alone and knows no link: the hands
//! translate for it, and a test can put every case to it.

use super::Stop;

/// Whether a token may have left for its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// This engine recorded the start and sent nothing yet.
    NotYet,
    /// An earlier engine, or an earlier try, may have sent it.
    Perhaps,
}

/// What a machine says of a token, or that it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It was not asked.
    NotAsked,
    /// The very spool that was recorded with the start, in the same boot, has no such token.
    NoSuchToken,
    /// It runs, or it has ended and not all it printed is here.
    UnderWay,
    /// It was followed to its end.
    Ended,
    /// It did not run and never will.
    Revoked,
    /// The machine cannot know: another spool, another boot, no status.
    Lost,
    /// It was to be followed, started or revoked, and then there was no such token.
    Vanished,
    /// The machine took the start and says that it cannot begin it.
    WouldNot,
    /// Somebody with another host key answers.
    KeyChanged,
    /// Any other trouble with the link.
    Silent,
}

/// What is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask for the receipt.
    Ask,
    /// Send the start, under the one token that is on record.
    Send,
    /// See to it that the start never happens.
    Revoke,
    /// Follow it to its end.
    Follow,
    /// Ask again after a pause.
    Again,
    /// Record its exit code.
    Ended,
    /// Record that it did not run.
    NotRun,
    /// Record that nobody can know.
    Unknown,
}

/// Says what is done next about a leg that somebody wants to end, or nobody.
pub fn next(sent: Sent, stop: Option<Stop>, said: Said) -> Next {
    match (said, sent) {
        (Said::NotAsked, Sent::Perhaps) => Next::Ask,
        // Somebody wants it to end and it has not begun: it is not sent to be stopped.
        (Said::NotAsked, Sent::NotYet) | (Said::NoSuchToken, _) if stop.is_some() => Next::Revoke,
        (Said::NotAsked, Sent::NotYet) | (Said::NoSuchToken, _) => Next::Send,
        (Said::UnderWay, _) => Next::Follow,
        (Said::Ended, _) => Next::Ended,
        (Said::Revoked, _) => Next::NotRun,
        (Said::Lost, _) => Next::Unknown,
        (Said::Vanished, _) => Next::Again,
        (Said::WouldNot, Sent::NotYet) => Next::NotRun,
        (Said::KeyChanged | Said::Silent, Sent::NotYet) if stop.is_some() => Next::NotRun,
        (Said::KeyChanged, _) => Next::Unknown,
        // Refused now, it may have begun at an earlier try: only its receipt can tell.
        (Said::WouldNot | Said::Silent, _) if stop.is_some() => Next::Unknown,
        (Said::WouldNot | Said::Silent, _) => Next::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: [Said; 10] = [
        Said::NotAsked,
        Said::NoSuchToken,
        Said::UnderWay,
        Said::Ended,
        Said::Revoked,
        Said::Lost,
        Said::Vanished,
        Said::WouldNot,
        Said::KeyChanged,
        Said::Silent,
    ];

    /// Not yet sent, the same with a stop asked; perhaps sent, the same with a stop asked.
    fn row(said: Said) -> [Next; 4] {
        use Next::{Again, Ask, Ended, Follow, NotRun, Revoke, Send, Unknown};
        match said {
            Said::NotAsked => [Send, Revoke, Ask, Ask],
            Said::NoSuchToken => [Send, Revoke, Send, Revoke],
            Said::UnderWay => [Follow; 4],
            Said::Ended => [Ended; 4],
            Said::Revoked => [NotRun; 4],
            Said::Lost => [Unknown; 4],
            Said::Vanished => [Again; 4],
            Said::WouldNot => [NotRun, NotRun, Again, Unknown],
            Said::KeyChanged => [Unknown, NotRun, Unknown, Unknown],
            Said::Silent => [Again, NotRun, Again, Unknown],
        }
    }

    #[test]
    fn every_case_has_its_answer() {
        for said in SAID {
            for stop in [Stop::Ask, Stop::Kill] {
                let told = [
                    next(Sent::NotYet, None, said),
                    next(Sent::NotYet, Some(stop), said),
                    next(Sent::Perhaps, None, said),
                    next(Sent::Perhaps, Some(stop), said),
                ];
                assert_eq!(told, row(said), "{said:?}");
            }
        }
    }

    #[test]
    fn what_may_have_been_sent_is_sent_again_only_where_the_same_spool_has_no_such_token() {
        for said in SAID {
            let sends = next(Sent::Perhaps, None, said) == Next::Send;
            assert_eq!(sends, said == Said::NoSuchToken, "{said:?}");
        }
    }
}

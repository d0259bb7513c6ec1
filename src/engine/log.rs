//! The durable entries, as the clients get them.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// Frames of every durable entry, in order. Whoever reads keeps a place of their own in it.
///
/// The frame is made once, when the entry is written, and shared by all clients: attaching to a run of
/// many thousand entries is then a matter of copying bytes.
#[derive(Clone)]
pub(super) struct Log {
    frames: Arc<Mutex<Vec<Arc<[u8]>>>>,
    length: watch::Sender<u64>,
}

impl Log {
    pub fn new() -> Self {
        Self {
            frames: Arc::default(),
            length: watch::Sender::new(0),
        }
    }

    /// Adds an entry that is on disk: its JSON as it was written, and the head after it.
    pub fn push(&self, json: &[u8], head: &str) {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        frames.push(frame(json, head));
        self.length.send_replace(frames.len() as u64);
    }

    /// How many there are.
    pub fn length(&self) -> u64 {
        *self.length.borrow()
    }

    /// Tells when there are more.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.length.subscribe()
    }

    /// Some frames from the one of entry `from` on, together about as long as `bytes` or one frame.
    pub fn some(&self, from: u64, bytes: usize) -> Vec<Arc<[u8]>> {
        let frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let mut room = bytes;
        let mut some = Vec::new();
        for frame in frames.get(from..).unwrap_or_default() {
            some.push(frame.clone());
            room = room.saturating_sub(frame.len());
            if room == 0 {
                break;
            }
        }
        some
    }
}

/// What [`crate::wire::write`] would write for `FromEngine::Entry`, without reading the entry again.
fn frame(json: &[u8], head: &str) -> Arc<[u8]> {
    let (before, between, after) = (
        &br#"{"say":"entry","entry":"#[..],
        &br#","head":""#[..],
        &br#""}"#[..],
    );
    let parts = [before, json, between, head.as_bytes(), after];
    let length: usize = parts.iter().map(|part| part.len()).sum();
    // An entry is at most as long as a record, which is half of what a frame may have.
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..]]
        .iter()
        .chain(&parts)
        .copied()
        .flatten()
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::run::{Actor, Entry, Event};
    use crate::wire::{self, FromEngine};

    #[tokio::test]
    async fn a_frame_made_by_hand_is_the_one_that_the_wire_makes() {
        let entry = Entry {
            seq: 7,
            at: Timestamp::UNIX_EPOCH,
            by: Actor::Engine,
            event: Event::Detached { client: 1 },
        };
        let json = serde_json::to_vec(&entry).unwrap();
        let head = "0".repeat(64);
        let mut bytes = Vec::new();
        let message = FromEngine::Entry {
            entry: Box::new(entry),
            head: head.clone(),
        };
        wire::write(&mut bytes, &message).await.unwrap();
        assert_eq!(&frame(&json, &head)[..], bytes);
    }

    #[test]
    fn a_reader_gets_what_it_lacks_in_pieces() {
        let log = Log::new();
        for _ in 0..10 {
            log.push(b"{}", "");
        }
        let one = frame(b"{}", "").len();
        assert_eq!(log.some(0, 3 * one).len(), 3);
        assert_eq!(log.some(8, 3 * one).len(), 2);
        assert_eq!(log.some(3, 0).len(), 1);
        assert!(log.some(10, one).is_empty());
        assert!(log.some(u64::MAX, one).is_empty());
    }
}

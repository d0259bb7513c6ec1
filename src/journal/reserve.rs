//! Room held beyond the end of a journal, so that an outcome can be written on a disk that is full.
//!
//! The blocks are the journal's before it needs them, and its length stays that of what was written: no
//! reader sees anything of them. A file of zeros beside the journal, removed in need, was the road not
//! taken: between its removal and the write somebody else takes the room.

use std::io;

use super::disk::Disk;

/// How much must be in hand for something new to be started, in bytes.
///
/// The end of a leg is a record of about 500 bytes, and an answer of a proof repeats at most 2,000 characters
/// of what was seen. So this takes a step of a hundred lanes with two proofs each to its end, and still has
/// room for what people say to it.
pub(super) const RESERVE: u64 = 1 << 20;

/// How much is asked for at a time, in bytes: the file system is bothered once for each mebibyte written.
const HELD: u64 = 2 * RESERVE;

/// How far the file may grow before the whole reserve is asked for again, in bytes: some steps' records.
/// Asking takes some 50 µs, and a step begins something four times.
const FRESH: u64 = 16 * 1024;

/// What the file system must have left for something new to be started, in bytes: what a step prints
/// goes to the same disk.
const LEFT: u64 = 1 << 20;

/// Is whether there is room for something new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// There is.
    Plenty,
    /// What is written now may come out of the reserve, which is for what is under way.
    Reserve {
        /// What the system said of the disk.
        why: String,
    },
}

/// Keeps the reserve of one journal.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    /// Up to which byte of the file the room is known to be ours.
    until: u64,
    /// Why the last asking for more got nothing.
    refused: Option<String>,
    /// Whether the file system cannot do it at all.
    impossible: bool,
}

impl Reserve {
    /// Sees to it that the reserve stays whole while the file grows from `length` by `bytes`.
    ///
    /// Refused once, it is not asked for again here: a full disk makes every asking slow.
    pub fn keep(&mut self, disk: &mut dyn Disk, length: u64, bytes: u64) {
        let needed = length + bytes + RESERVE;
        if needed > self.until && self.refused.is_none() {
            self.ask(disk, length, bytes);
        }
    }

    /// Says whether there is room for something new, asking the disk anew.
    pub fn room(&mut self, disk: &mut dyn Disk, length: u64) -> Room {
        // Room that was had a moment ago is still ours: asking again would only write to the disk.
        if self.refused.is_some() || self.until < length + HELD - FRESH {
            self.ask(disk, length, 0);
        }
        let left = || {
            let left = disk.left()?;
            (left < LEFT).then(|| format!("{} KiB are left", left / 1024))
        };
        match self.refused.clone().or_else(left) {
            Some(why) => Room::Reserve { why },
            None => Room::Plenty,
        }
    }

    fn ask(&mut self, disk: &mut dyn Disk, length: u64, bytes: u64) {
        if self.impossible {
            return;
        }
        let wanted = bytes + HELD;
        self.refused = match disk.reserve(length, wanted) {
            Ok(()) => {
                self.until = length + wanted;
                None
            }
            Err(error) if is_full(&error) => Some(error.to_string()),
            Err(_) => {
                self.impossible = true;
                None
            }
        };
    }
}

/// Whether an error says that there is no room, and not that it cannot be reserved here.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk of so many bytes for one file.
    struct Sized {
        bytes: u64,
        asked: u32,
        reserves: bool,
    }

    impl Disk for Sized {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }

        fn reserve(&mut self, from: u64, bytes: u64) -> io::Result<()> {
            self.asked += 1;
            match (self.reserves, from + bytes <= self.bytes) {
                (false, _) => Err(io::ErrorKind::Unsupported.into()),
                (true, true) => Ok(()),
                (true, false) => Err(io::ErrorKind::StorageFull.into()),
            }
        }

        fn left(&mut self) -> Option<u64> {
            Some(self.bytes)
        }
    }

    fn disk(bytes: u64) -> Sized {
        Sized {
            bytes,
            asked: 0,
            reserves: true,
        }
    }

    #[test]
    fn the_disk_is_asked_once_for_each_mebibyte_that_is_written() {
        let (mut disk, mut reserve) = (disk(u64::MAX), Reserve::default());
        let mut length = 0;
        while length < 8 << 20 {
            reserve.keep(&mut disk, length, 500);
            assert!(reserve.until >= length + 500 + RESERVE);
            length += 500;
        }
        assert!((8..=9).contains(&disk.asked), "{}", disk.asked);
    }

    #[test]
    fn a_full_disk_is_told_and_noticed_to_have_room_again() {
        let (mut disk, mut reserve) = (disk(3 << 20), Reserve::default());
        reserve.keep(&mut disk, 0, 500);
        assert_eq!(reserve.room(&mut disk, 500), Room::Plenty);
        let full = reserve.room(&mut disk, 2 << 20);
        assert!(matches!(full, Room::Reserve { .. }), "{full:?}");
        let asked = disk.asked;
        reserve.keep(&mut disk, 2 << 20, 500);
        assert_eq!(disk.asked, asked, "a full disk is left alone");
        disk.bytes = 100 << 20;
        assert_eq!(reserve.room(&mut disk, 2 << 20), Room::Plenty);
    }

    #[test]
    fn room_that_was_had_a_moment_ago_is_not_asked_for_again() {
        let (mut disk, mut reserve) = (disk(u64::MAX), Reserve::default());
        for length in (0..1 << 20).step_by(1000) {
            assert_eq!(reserve.room(&mut disk, length), Room::Plenty);
            assert!(reserve.until >= length + HELD - FRESH);
        }
        assert!((60..=70).contains(&disk.asked), "{}", disk.asked);
    }

    #[test]
    fn where_nothing_can_be_reserved_what_is_left_decides() {
        let (mut disk, mut reserve) = (disk(3 << 20), Reserve::default());
        disk.reserves = false;
        assert_eq!(reserve.room(&mut disk, 0), Room::Plenty);
        disk.bytes = LEFT - 1;
        let why = "1023 KiB are left".to_owned();
        assert_eq!(reserve.room(&mut disk, 0), Room::Reserve { why });
        assert_eq!(disk.asked, 1, "it is not asked for what it cannot do");
    }
}

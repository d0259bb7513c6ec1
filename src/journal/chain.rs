//! Walks the lines of a journal and says where the chain first breaks.

use std::fmt;

use super::claim::{self, Claim};
use super::hash::{Hash, Head};

/// The longest JSON a record may have, in bytes.
pub const MAX_JSON: usize = 8 << 20;

/// The 64 digits and the space before the JSON.
const PREFIX: usize = 65;

/// The longest line, its newline included.
const MAX_LINE: usize = PREFIX + MAX_JSON + 1;

/// The smallest piece a disk writes whole.
const SECTOR: usize = 512;

/// Is one verified record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its line in the file, counted from 1.
    pub line: u64,
    /// Where its line begins, in bytes from the start of the file.
    pub offset: u64,
    /// Its hash, which is the head of the chain up to it.
    pub hash: Hash,
    /// Its JSON object, as it was written.
    pub json: String,
}

/// Is the unfinished last record that a power cut or a killed engine leaves.
///
/// Nobody was ever told of it: a record is acknowledged after it is on disk whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The line it would have become, counted from 1.
    pub line: u64,
    /// Where it begins, in bytes from the start of the file.
    pub offset: u64,
    /// How many bytes of it there are; never 0.
    pub bytes: u64,
}

/// Is the first place where a journal is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The line, counted from 1.
    pub line: u64,
    /// Where that line begins, in bytes from the start of the file.
    pub offset: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Is what can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is longer than a record can be.
    TooLong,
    /// It does not begin with 64 lowercase hexadecimal digits and a space.
    NoHash,
    /// Its hash is not that of the record before it and its JSON.
    WrongHash {
        /// What the line says.
        written: Hash,
        /// What the line before it and its own JSON give.
        expected: Hash,
    },
    /// Its hash is right, but what was hashed is not one JSON object; the text says why.
    NotAnObject(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, offset {}: ", self.line, self.offset)?;
        match &self.fault {
            Fault::TooLong => write!(f, "longer than the {MAX_LINE} bytes a record can have"),
            Fault::NoHash => write!(f, "expected 64 lowercase hexadecimal digits and a space"),
            Fault::WrongHash { written, expected } => {
                write!(f, "expected hash {expected}, found {written}")
            }
            Fault::NotAnObject(why) => {
                write!(f, "expected one JSON object after the hash: {why}")
            }
        }
    }
}

/// Is one intact line, still in the bytes it was read from.
pub(super) struct Line<'a> {
    pub line: u64,
    pub offset: u64,
    pub hash: Hash,
    pub json: &'a str,
    /// What the record says of files in the run's folder.
    pub claims: Vec<Claim>,
}

impl Line<'_> {
    pub fn to_record(&self) -> Record {
        Record {
            line: self.line,
            offset: self.offset,
            hash: self.hash,
            json: self.json.to_owned(),
        }
    }
}

/// Walks a journal line by line, for as long as the chain holds.
///
/// After the walk, `head` is the last intact record, and at most one of `tail` and `damage` says
/// why the bytes did not end there.
pub(super) struct Chain<'a> {
    bytes: &'a [u8],
    offset: usize,
    head: Head,
    tail: Option<Tail>,
    damage: Option<Damage>,
}

/// Is what a walk came to.
pub(super) struct End {
    pub head: Head,
    pub tail: Option<Tail>,
    pub damage: Option<Damage>,
}

impl<'a> Chain<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Chain {
            bytes,
            offset: 0,
            head: Head::START,
            tail: None,
            damage: None,
        }
    }

    /// Gives what the walk came to; the lines not yet walked are walked first.
    pub fn end(mut self) -> End {
        while self.next().is_some() {}
        End {
            head: self.head,
            tail: self.tail,
            damage: self.damage,
        }
    }

    fn stop(&mut self, rest: &[u8], fault: Option<Fault>) {
        let (line, offset) = (self.head.records + 1, self.offset as u64);
        match fault {
            Some(fault) => {
                self.damage = Some(Damage {
                    line,
                    offset,
                    fault,
                })
            }
            None => {
                self.tail = Some(Tail {
                    line,
                    offset,
                    bytes: rest.len() as u64,
                })
            }
        }
    }
}

impl<'a> Iterator for Chain<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.bytes.get(self.offset..)?;
        if rest.is_empty() || self.tail.is_some() || self.damage.is_some() {
            return None;
        }
        let Some(newline) = rest.iter().position(|byte| *byte == b'\n') else {
            // A tail longer than a record can be is not one that an engine was writing.
            let fault = (rest.len() >= MAX_LINE).then_some(Fault::TooLong);
            self.stop(rest, fault);
            return None;
        };
        match intact(&rest[..newline], self.head.hash) {
            Ok((hash, json, claims)) => {
                let line = Line {
                    line: self.head.records + 1,
                    offset: self.offset as u64,
                    hash,
                    json,
                    claims,
                };
                self.head = Head {
                    records: line.line,
                    hash,
                };
                self.offset += newline + 1;
                Some(line)
            }
            Err(fault) => {
                let last = newline + 1 == rest.len();
                let torn = last && rest.len() <= MAX_LINE && has_lost_sector(rest, self.offset);
                self.stop(rest, (!torn).then_some(fault));
                None
            }
        }
    }
}

/// Checks one line, given without its newline.
fn intact(line: &[u8], previous: Hash) -> Result<(Hash, &str, Vec<Claim>), Fault> {
    if line.len() >= MAX_LINE {
        return Err(Fault::TooLong);
    }
    let (prefix, json) = line.split_at_checked(PREFIX).ok_or(Fault::NoHash)?;
    let written = match prefix {
        [hex @ .., b' '] => Hash::from_hex(hex).ok_or(Fault::NoHash)?,
        _ => return Err(Fault::NoHash),
    };
    let expected = previous.after(json);
    if written != expected {
        return Err(Fault::WrongHash { written, expected });
    }
    let (json, claims) = claim::object(json).map_err(Fault::NotAnObject)?;
    Ok((written, json, claims))
}

/// Tells whether a sector of the last line never reached the disk.
///
/// A file system may make a file longer before all of the new bytes are on disk, and sectors land in
/// any order, so that a power cut can keep the newline and lose what was before it. A lost sector
/// reads as zeros, since it was beyond the end of the file until then. Only that counts as torn:
/// the line's whole share of a sector is zero. A flipped bit, an edit or a wrong hash never looks so.
fn has_lost_sector(line: &[u8], offset: usize) -> bool {
    let first = (SECTOR - offset % SECTOR).min(line.len());
    let (share, rest) = line.split_at(first);
    let zeros = |share: &[u8]| share.iter().all(|byte| *byte == 0);
    zeros(share) || rest.chunks(SECTOR).any(zeros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(jsons: &[&str]) -> Vec<u8> {
        let mut head = Hash::START;
        let mut bytes = Vec::new();
        for json in jsons {
            head = head.after(json.as_bytes());
            bytes.extend(format!("{head} {json}\n").bytes());
        }
        bytes
    }

    fn walk(bytes: &[u8]) -> End {
        Chain::new(bytes).end()
    }

    fn damaged_line(bytes: &[u8]) -> Option<u64> {
        walk(bytes).damage.map(|damage| damage.line)
    }

    #[test]
    fn an_intact_chain_ends_at_its_last_record() {
        let bytes = journal(&[r#"{"seq":0}"#, r#"{"seq":1}"#]);
        let lines: Vec<_> = Chain::new(&bytes).map(|line| line.to_record()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1].line, 2);
        assert_eq!(lines[1].offset, 75);
        assert_eq!(lines[1].json, r#"{"seq":1}"#);
        let end = walk(&bytes);
        assert_eq!(end.head.hash, lines[1].hash);
        assert!(end.damage.is_none() && end.tail.is_none());
    }

    #[test]
    fn an_empty_file_is_a_journal_without_records() {
        let end = walk(b"");
        assert_eq!(end.head, Head::START);
        assert!(end.damage.is_none() && end.tail.is_none());
    }

    #[test]
    fn a_removed_or_moved_line_is_damage_at_its_place() {
        let bytes = journal(&["{}", r#"{"a":1}"#, r#"{"b":2}"#]);
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(damaged_line(&[lines[0], lines[2]].concat()), Some(2));
        assert_eq!(damaged_line(&[lines[1], lines[0]].concat()), Some(1));
        assert_eq!(damaged_line(&[lines[0], lines[0]].concat()), Some(2));
    }

    #[test]
    fn a_wrong_hash_on_the_last_line_is_damage_and_no_tear() {
        let mut bytes = journal(&["{}", r#"{"a":1}"#]);
        let at = bytes.len() - 3;
        bytes[at] = b'2';
        assert!(matches!(
            walk(&bytes).damage,
            Some(Damage {
                line: 2,
                offset: 68,
                fault: Fault::WrongHash { .. }
            })
        ));
    }

    #[test]
    fn a_single_zero_byte_in_the_last_line_is_damage() {
        let mut bytes = journal(&["{}", r#"{"a": 1}"#]);
        let at = bytes.len() - 4;
        bytes[at] = 0;
        assert_eq!(damaged_line(&bytes), Some(2));
    }

    #[test]
    fn a_sector_the_power_cut_lost_tears_the_last_line_only() {
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(2000));
        let good = journal(&["{}", &long]);
        for sector in [0, 512, 1024, 1536] {
            let mut bytes = good.clone();
            bytes[sector.max(68)..sector + 512].fill(0);
            assert_eq!(walk(&bytes).tail.map(|tail| tail.offset), Some(68));

            let mut bytes = journal(&["{}", &long, "{}"]);
            bytes[sector.max(68)..sector + 512].fill(0);
            assert_eq!(damaged_line(&bytes), Some(2), "not the last line");
        }
        let mut bytes = good;
        bytes[513..1024].fill(0);
        assert_eq!(damaged_line(&bytes), Some(2), "not a whole sector");
    }

    #[test]
    fn a_tail_longer_than_any_record_is_damage() {
        let mut bytes = journal(&["{}"]);
        bytes.resize(bytes.len() + MAX_LINE - 1, b'x');
        assert_eq!(damaged_line(&bytes), None);
        bytes.push(b'x');
        assert_eq!(damaged_line(&bytes), Some(2));
    }
}

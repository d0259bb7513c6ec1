//! What a stranger can conclude from a journal.

use std::path::Path;

use super::chain::{Chain, Damage, Tail};
use super::claim::Claim;
use super::error::JournalError;
use super::files::{self, Files};
use super::folder::Folder;
use super::hash::{Hash, Head};
use super::read;

/// Is the answer of a verification; its `Display` is what `verify` prints.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    /// The intact records, up to the damage if there is any.
    pub head: Head,
    /// The unfinished last record, which does not count as a problem.
    pub tail: Option<Tail>,
    /// Where the chain breaks; what comes after cannot be trusted.
    pub damage: Option<Damage>,
    /// Where the head that was given stands; `None` when none was given.
    pub answer: Option<HeadAnswer>,
    /// The files of the run; `None` when only the journal was there to look at.
    pub files: Option<Files>,
}

/// Says where a head that was kept elsewhere stands in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadAnswer {
    /// It is the hash of the record on this line, counted from 1: all up to it is as it was.
    At(u64),
    /// It is the hash of no intact record.
    NotFound,
}

impl Verdict {
    /// Tells whether nothing is wrong with what there is.
    ///
    /// Without a head this says that the journal agrees with itself, not that it is complete.
    pub fn is_ok(&self) -> bool {
        self.damage.is_none()
            && self.head.records > 0
            && self.answer != Some(HeadAnswer::NotFound)
            && self
                .files
                .as_ref()
                .is_none_or(|files| files.problems.is_empty())
    }
}

/// Verifies the bytes of a journal, and where a head that was kept elsewhere stands in it.
pub fn verify(bytes: &[u8], expected: Option<Hash>) -> Verdict {
    walk(bytes, expected).0
}

/// Verifies a run's folder: its journal, and every file that a record commits to.
///
/// Neither locks nor changes anything. Fails only when the folder or the journal cannot be read; all that is
/// wrong with what can be read is in the [`Verdict`].
pub fn verify_folder(folder: &Path, expected: Option<Hash>) -> Result<Verdict, JournalError> {
    let folder = Folder::open(folder)?;
    let (mut verdict, claims) = walk(&read::bytes(&folder)?, expected);
    verdict.files = Some(files::compare(&folder, &claims)?);
    Ok(verdict)
}

fn walk(bytes: &[u8], expected: Option<Hash>) -> (Verdict, Vec<(u64, Claim)>) {
    let mut answer = expected.map(|_| HeadAnswer::NotFound);
    let mut claims = Vec::new();
    let mut chain = Chain::new(bytes);
    for line in chain.by_ref() {
        if Some(line.hash) == expected {
            answer = Some(HeadAnswer::At(line.line));
        }
        claims.extend(line.claims.into_iter().map(|claim| (line.line, claim)));
    }
    let end = chain.end();
    let verdict = Verdict {
        head: end.head,
        tail: end.tail,
        damage: end.damage,
        answer,
        files: None,
    };
    (verdict, claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(records: u64) -> (Vec<u8>, Vec<Hash>) {
        let mut bytes = Vec::new();
        let mut hashes = vec![Hash::START];
        for seq in 0..records {
            let json = format!(r#"{{"seq":{seq}}}"#);
            let hash = hashes[hashes.len() - 1].after(json.as_bytes());
            bytes.extend(format!("{hash} {json}\n").bytes());
            hashes.push(hash);
        }
        (bytes, hashes)
    }

    fn last_line(verdict: &Verdict) -> String {
        let text = verdict.to_string();
        text.lines().last().unwrap_or_default().to_owned()
    }

    #[test]
    fn without_a_head_completeness_is_not_established() {
        let (bytes, _) = journal(3);
        let verdict = verify(&bytes, None);
        assert!(verdict.is_ok());
        assert!(last_line(&verdict).ends_with("completeness NOT established"));
    }

    #[test]
    fn a_head_kept_elsewhere_is_found_where_it_stands() {
        let (bytes, hashes) = journal(3);
        let verdict = verify(&bytes, Some(hashes[3]));
        assert_eq!(verdict.answer, Some(HeadAnswer::At(3)));
        assert!(last_line(&verdict).ends_with("which is the last record"));

        let verdict = verify(&bytes, Some(hashes[2]));
        assert_eq!(verdict.answer, Some(HeadAnswer::At(2)));
        assert!(verdict.is_ok() && last_line(&verdict).contains("line 2 of 3"));
    }

    #[test]
    fn a_shortened_or_rewritten_journal_has_lost_the_head() {
        let (bytes, hashes) = journal(3);
        let (shorter, _) = journal(2);
        assert!(verify(&shorter, None).is_ok(), "a chain alone cannot tell");
        for (bytes, head) in [
            (&shorter, hashes[3]),
            (&bytes, Hash::of(b"")),
            (&bytes, Hash::START),
        ] {
            let verdict = verify(bytes, Some(head));
            assert_eq!(verdict.answer, Some(HeadAnswer::NotFound));
            assert!(!verdict.is_ok());
        }
    }

    #[test]
    fn nothing_recorded_is_nothing_verified() {
        let verdict = verify(b"", None);
        assert!(!verdict.is_ok());
        assert!(last_line(&verdict).contains("no record"));
        assert!(!verify(b"abc", None).is_ok());
    }

    #[test]
    fn damage_after_the_head_is_still_a_problem() {
        let (mut bytes, hashes) = journal(3);
        let last = bytes.len() - 3;
        bytes[last] = b'9';
        let verdict = verify(&bytes, Some(hashes[2]));
        assert_eq!(verdict.answer, Some(HeadAnswer::At(2)));
        assert!(!verdict.is_ok());
    }
}

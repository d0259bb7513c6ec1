//! A journal cut at every byte of its last 64 KiB, and with each bit of its last records flipped.
//!
//! What opens must fold to exactly what its whole records say; what was flipped must be refused by its line.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use runsheet::journal::{JournalError, Record};
use runsheet::run::{Entry, Run};

use super::rig::{Rig, Which, open_journal};
use super::size::told;
use super::witness::Witness;

/// How much of the journal's end is cut, in bytes.
const CUT: usize = 64 * 1024;

/// How many of the last records have their bits flipped.
const FLIPPED: usize = 3;

/// The journal of a whole run with many notes, longer than what is cut off it.
async fn journal() -> Vec<u8> {
    let rig = Rig::new(&[("one", "echo printed"), ("two", "echo printed")]);
    let mut engine = rig.start(Which::Real);
    let mut ana = Witness::of(&rig);
    ana.until(&rig, |ana| ana.connected).await;
    while std::fs::metadata(rig.folder().join("journal"))
        .expect("a journal")
        .len()
        < 80 * 1024
    {
        ana.press("a note, so that there is something to be cut: ä€😀 and a \"quote\"")
            .await;
    }
    ana.finish(&rig).await;
    engine.wait().expect("its end");
    std::fs::read(rig.folder().join("journal")).expect("a journal")
}

/// A folder for one journal at a time, in memory where there is such a place: syncing it costs nothing.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() {
            memory.into()
        } else {
            std::env::temp_dir()
        };
        let folder = tempfile::tempdir_in(place).expect("a folder");
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).expect("its mode");
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    fn put(&self, bytes: &[u8]) {
        let mut file = File::create(self.path()).expect("a file");
        file.write_all(bytes).expect("written");
    }

    /// Opens what is there; a saved tail is put away again.
    fn open(&self) -> Result<(Vec<Record>, bool), JournalError> {
        let (journal, opened) = open_journal(self.folder.path())?;
        drop(journal);
        for saved in &opened.saved {
            std::fs::remove_file(self.folder.path().join(saved)).expect("put away");
        }
        Ok((opened.records, opened.torn.is_some()))
    }
}

/// Where each record ends, and the run that is true then. Runs are compared, so that a record that is there and
/// read wrongly does not pass.
fn states(bytes: &[u8]) -> Vec<(usize, Run)> {
    let mut states = vec![(0, Run::default())];
    let mut run = Run::default();
    let mut end = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        let entry: Entry = serde_json::from_slice(&line[65..line.len() - 1]).expect("an entry");
        run.apply(&entry).expect("it follows");
        states.push((end, run.clone()));
    }
    states
}

fn fold(records: &[Record]) -> Run {
    let entries: Vec<Entry> = records
        .iter()
        .map(|record| serde_json::from_str(&record.json).expect("an entry"))
        .collect();
    Run::fold(&entries).expect("they follow each other")
}

/// The control: an opener that believes every line that reads as an entry, whole or not, whatever its hash.
fn trusting(bytes: &[u8]) -> Run {
    let mut run = Run::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Some(Ok(entry)) = line.get(65..).map(serde_json::from_slice::<Entry>) {
            // It believes what it reads, and passes over what does not follow.
            let _ = run.apply(&entry);
        }
    }
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_cut_anywhere_is_repaired_and_a_flipped_bit_is_refused() {
    let bytes = journal().await;
    let states = states(&bytes);
    let bench = Bench::new();
    bench.put(&bytes);
    let (mut cuts, mut torn, mut caught) = (0_u64, 0_u64, None);
    let mut state = states.len() - 1;
    let mut seen = (usize::MAX, Run::default());
    let first = bytes.len() - CUT;
    // From the end to the front, so that each cut only takes a byte.
    for length in (first..bytes.len()).rev() {
        while states[state].0 > length {
            state -= 1;
        }
        let file = OpenOptions::new()
            .write(true)
            .open(bench.path())
            .expect("a file");
        // What the last opening cut off is put back up to here.
        file.write_all_at(&bytes[states[state].0..length], states[state].0 as u64)
            .expect("written");
        file.set_len(length as u64).expect("cut");
        let (records, was_torn) = bench
            .open()
            .unwrap_or_else(|error| panic!("cut at {length}: {error}"));
        assert_eq!(records.len(), state, "cut at {length}");
        assert_eq!(was_torn, length != states[state].0, "cut at {length}");
        // One fold for all the cuts inside a record: what was read is compared with it each time.
        if seen.0 != state {
            seen = (state, fold(&records));
            assert_eq!(seen.1, states[state].1, "cut at {length}");
        }
        let last = records.last().map(|record| record.offset as usize);
        assert_eq!(last, state.checked_sub(1).map(|before| states[before].0));
        if caught.is_none() && trusting(&bytes[..length]) != states[state].1 {
            caught = Some(cuts + 1);
        }
        cuts += 1;
        torn += u64::from(was_torn);
    }
    let caught = caught.expect("an opener that trusts the last line must be caught");

    let begins = states[states.len() - 1 - FLIPPED].0;
    let mut flipped = bytes.clone();
    let (mut flips, mut believed) = (0_u64, 0_u64);
    let whole = &states[states.len() - 1].1;
    for at in begins..bytes.len() {
        for bit in 0..8 {
            flipped[at] ^= 1 << bit;
            bench.put(&flipped);
            let line = 1 + states
                .iter()
                .filter(|(end, _)| *end > 0 && *end <= at)
                .count() as u64;
            match bench.open() {
                Err(JournalError::Damaged { damage, .. }) => {
                    assert!(
                        damage.line == line || damage.line == line + 1,
                        "{damage}, byte {at}"
                    );
                }
                // Without its newline the last record is a torn one, of which nobody was told.
                Ok((records, true)) if at + 1 == bytes.len() => {
                    assert_eq!(records.len(), states.len() - 2);
                }
                other => panic!(
                    "byte {at}, bit {bit}: {:?}",
                    other.map(|(r, torn)| (r.len(), torn))
                ),
            }
            if at % 16 == 0 && trusting(&flipped) != *whole {
                believed += 1;
            }
            flipped[at] ^= 1 << bit;
            flips += 1;
        }
    }
    assert!(believed > 0, "the control believes a flipped bit somewhere");
    told(
        "journal cut and flipped",
        &format!(
            "{cuts} cuts of {CUT} bytes, {torn} torn tails repaired, 0 wrong states; {flips} flipped bits, all refused \
             with their line; control: wrong after {caught} cuts and by {believed} flipped bits"
        ),
    );
}

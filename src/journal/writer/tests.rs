//! A journal on good and on broken disks.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tempfile::TempDir;

use super::*;
use crate::journal::{read, read_bytes};

/// What the next call of a disk does.
enum Turn {
    Write(usize),
    WriteFails(Errno),
    SyncFails(Errno),
}

/// A disk that does as it is told, and then works.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<Played>>);

#[derive(Default)]
struct Played {
    turns: VecDeque<Turn>,
    bytes: Vec<u8>,
    calls: Vec<&'static str>,
}

/// Opens a journal. A process that another test has just forked has a copy of the lock until it executes its own
/// program, so one that is held is waited for.
fn open(folder: &Path) -> Result<(Journal, Opened), JournalError> {
    let began = Instant::now();
    loop {
        match Journal::open(folder) {
            Err(JournalError::Held { .. }) if began.elapsed() < Duration::from_secs(20) => {
                std::thread::sleep(Duration::from_millis(1));
            }
            opened => return opened,
        }
    }
}

impl Script {
    fn new(turns: impl IntoIterator<Item = Turn>) -> (Script, Journal) {
        let script = Script::default();
        script.0.lock().expect("one thread").turns = turns.into_iter().collect();
        let journal = Journal::with_disk(script.clone(), "journal".into(), Head::START);
        (script, journal)
    }

    fn calls(&self) -> Vec<&'static str> {
        self.0.lock().expect("one thread").calls.clone()
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("one thread").bytes.clone()
    }
}

impl Disk for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut played = self.0.lock().expect("one thread");
        played.calls.push("write");
        let written = match played.turns.front() {
            Some(Turn::Write(most)) => bytes.len().min(*most),
            Some(Turn::WriteFails(errno)) => {
                let errno = *errno;
                played.turns.pop_front();
                return Err(errno.into());
            }
            Some(Turn::SyncFails(_)) | None => bytes.len(),
        };
        if matches!(played.turns.front(), Some(Turn::Write(_))) {
            played.turns.pop_front();
        }
        played.bytes.extend_from_slice(&bytes[..written]);
        Ok(written)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut played = self.0.lock().expect("one thread");
        played.calls.push("sync");
        match played.turns.pop_front() {
            Some(Turn::SyncFails(errno)) => Err(errno.into()),
            _ => Ok(()),
        }
    }
}

fn run() -> TempDir {
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir()
        .expect("a folder")
}

fn begun(records: usize) -> (TempDir, Head) {
    let run = run();
    let mut journal = Journal::create(run.path()).expect("created");
    for seq in 0..records {
        let json = format!(r#"{{"seq":{seq}}}"#);
        journal.append(json.as_bytes()).expect("appended");
    }
    (run, journal.head())
}

fn add(run: &TempDir, bytes: &[u8]) {
    let path = run.path().join(FILE);
    let mut all = fs::read(&path).expect("read");
    all.extend_from_slice(bytes);
    fs::write(path, all).expect("written");
}

#[test]
fn what_was_appended_is_there_when_opened_again() {
    let (run, head) = begun(3);
    let (mut journal, opened) = open(run.path()).expect("opened");
    assert_eq!(opened.records.len(), 3);
    assert_eq!(opened.records[2].json, r#"{"seq":2}"#);
    assert_eq!(journal.head(), head);
    assert!(opened.torn.is_none() && opened.saved.is_empty());

    let head = journal.append(br#"{"seq":3}"#).expect("appended");
    let records = read(run.path()).expect("read without the lock");
    assert_eq!((records.len(), records[3].hash), (4, head.hash));
}

#[test]
fn an_engine_that_died_before_its_first_record_can_be_opened() {
    let (run, _) = begun(0);
    let (journal, opened) = open(run.path()).expect("opened");
    assert_eq!(journal.head(), Head::START);
    assert!(opened.records.is_empty());
}

#[test]
fn a_second_engine_is_refused_until_the_first_is_gone() {
    let run = run();
    let first = Journal::create(run.path()).expect("created");
    let second = Journal::open(run.path()).err().expect("refused");
    let JournalError::Held { pid, .. } = second else {
        panic!("{second}");
    };
    let own = std::process::id();
    assert!(pid.is_none_or(|pid| pid == own), "{pid:?} and not {own}");
    drop(first);
    assert!(open(run.path()).is_ok());
}

#[test]
fn a_journal_that_was_removed_moved_or_replaced_takes_nothing_more() {
    type Deed = fn(&Path);
    let deeds: [(&str, Deed); 3] = [
        ("removed", |path| fs::remove_file(path).expect("removed")),
        ("moved", |path| {
            fs::rename(path, path.with_extension("old")).expect("moved")
        }),
        ("put another file", |path| {
            let other = path.with_extension("new");
            fs::copy(path, &other).expect("copied");
            fs::rename(&other, path).expect("replaced");
        }),
    ];
    for (word, deed) in deeds {
        let run = run();
        let mut journal = Journal::create(run.path()).expect("created");
        let durable = journal.append(b"{}").expect("appended");
        let path = run.path().join(FILE);
        deed(&path);
        let there = fs::read(&path).ok();
        let error = journal.append(b"{}").expect_err("it is gone");
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.hint().expect("a hint").contains("moved"), "{error}");
        assert_eq!(journal.head(), durable);
        assert_eq!(fs::read(&path).ok(), there, "nothing was written there");
        journal.append(b"{}").expect_err("poisoned");
    }
}

#[test]
fn two_writers_without_a_lock_would_damage_a_journal_and_that_is_seen() {
    let run = run();
    let mut first = Journal::create(run.path()).expect("created");
    let head = first.append(b"{}").expect("appended");
    // The control: a writer that never asked for the lock.
    let path = run.path().join(FILE);
    let file = fs::OpenOptions::new().append(true).open(&path);
    let mut second = Journal::with_disk(file.expect("opened"), path, head);
    first.append(br#"{"by":1}"#).expect("appended");
    second.append(br#"{"by":2}"#).expect("appended");
    drop((first, second));
    let error = open(run.path()).err().expect("refused");
    assert!(
        matches!(error, JournalError::Damaged { ref damage, .. } if damage.line == 3),
        "{error}"
    );
}

#[test]
fn the_reserve_is_no_part_of_the_file() {
    let (run, _) = begun(3);
    let before = fs::metadata(run.path().join(FILE)).expect("there").len();
    let (mut journal, _) = open(run.path()).expect("opened");
    journal.append(b"{}").expect("appended");
    let about = fs::metadata(run.path().join(FILE)).expect("there");
    assert_eq!(about.len(), before + 68);
    drop(journal);
    let (journal, opened) = open(run.path()).expect("opened");
    assert_eq!(opened.records.len(), 4);
    assert!(opened.torn.is_none());
    drop(journal);
}

#[test]
fn a_journal_is_never_begun_twice_nor_through_a_link() {
    let (run, _) = begun(1);
    let again = Journal::create(run.path()).err().expect("refused");
    assert!(again.hint().expect("a hint").contains("open it"), "{again}");

    let other = self::run();
    symlink(run.path().join(FILE), other.path().join(FILE)).expect("linked");
    assert!(Journal::create(other.path()).is_err());
    let linked = open(other.path()).err().expect("refused");
    assert!(matches!(linked, JournalError::NotAFile { .. }), "{linked}");

    let path = other.path().join("run");
    symlink(run.path(), &path).expect("linked");
    assert!(open(&path).is_err());
}

#[test]
fn nobody_else_can_read_a_journal() {
    let (run, _) = begun(1);
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&run.path().join(FILE)), 0o600);

    fs::set_permissions(run.path(), fs::Permissions::from_mode(0o750)).expect("set");
    let open = open(run.path()).err().expect("refused");
    assert!(open.to_string().contains("mode 0750"), "{open}");

    let made = run.path().join("made");
    crate::journal::create_folder(&made).expect("made");
    assert_eq!(mode(&made), 0o700);
    assert!(crate::journal::create_folder(&made).is_err());
}

#[test]
fn a_torn_tail_is_cut_and_told() {
    let (run, head) = begun(2);
    let whole = fs::read(run.path().join(FILE)).expect("read");
    for (time, torn) in ["0", "0123 {\"se", "{\"seq\":2}"].iter().enumerate() {
        add(&run, torn.as_bytes());
        let (journal, opened) = open(run.path()).expect("opened");
        let name = format!("torn-{}", time + 1);
        assert_eq!(
            opened.torn,
            Some(Torn {
                offset: whole.len() as u64,
                bytes: torn.len() as u64,
                saved_as: name.clone(),
            })
        );
        assert_eq!(opened.saved.last(), Some(&name));
        assert_eq!(opened.saved.len(), time + 1);
        assert_eq!(journal.head(), head);
        let saved = run.path().join(name);
        assert_eq!(fs::read(&saved).expect("saved"), torn.as_bytes());
        let mode = fs::metadata(saved).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read(run.path().join(FILE)).expect("read"), whole);
    }
    for other in ["torn-07", "torn-+8", "torn-", "torn-9x"] {
        fs::write(run.path().join(other), "").expect("written");
    }
    let (_, opened) = open(run.path()).expect("opened");
    assert!(opened.torn.is_none());
    assert_eq!(opened.saved, ["torn-1", "torn-2", "torn-3"]);
}

#[test]
fn after_a_cut_the_chain_goes_on() {
    let (run, _) = begun(1);
    add(&run, b"half");
    let (mut journal, _) = open(run.path()).expect("opened");
    journal.append(br#"{"seq":1}"#).expect("appended");
    assert_eq!(read(run.path()).expect("intact").len(), 2);
}

#[test]
fn a_damaged_journal_is_refused_and_left_as_it_is() {
    let (run, _) = begun(3);
    let path = run.path().join(FILE);
    let damaged = fs::read_to_string(&path)
        .expect("read")
        .replace("\"seq\":1", "\"seq\":7");
    fs::write(&path, &damaged).expect("written");
    add(&run, b"half");
    let error = open(run.path()).err().expect("refused");
    assert!(
        error
            .to_string()
            .contains("line 2, offset 75: expected hash")
    );
    assert!(error.hint().is_some());
    assert_eq!(fs::read_to_string(&path).expect("read"), damaged + "half");
    assert_eq!(fs::read_dir(run.path()).expect("listed").count(), 1);
}

#[test]
fn what_cannot_be_a_record_is_rejected_and_the_journal_goes_on() {
    let (script, mut journal) = Script::new([]);
    for bad in [&b"{\n}"[..], b"", b"[]", b"{} ", b"{\"a\":\xff}", b"{"] {
        let error = journal.append(bad).expect_err("rejected");
        assert!(matches!(error, JournalError::Rejected(_)), "{error}");
    }
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_JSON - 8));
    assert_eq!(long.len(), MAX_JSON);
    assert!(matches!(
        journal.append(format!("{long} ").as_bytes()),
        Err(JournalError::Rejected(Rejection::TooLong(_)))
    ));
    assert!(script.calls().is_empty());
    assert_eq!(
        journal.append(long.as_bytes()).expect("appended").records,
        1
    );
    assert_eq!(read_bytes(&script.bytes()).expect("intact").len(), 1);
}

#[test]
fn an_interrupted_and_a_short_write_go_on() {
    let (script, mut journal) = Script::new([
        Turn::WriteFails(Errno::INTR),
        Turn::Write(10),
        Turn::Write(1),
    ]);
    journal.append(b"{}").expect("appended");
    assert_eq!(script.calls(), ["write", "write", "write", "write", "sync"]);
    assert_eq!(read_bytes(&script.bytes()).expect("intact").len(), 1);
}

#[test]
fn the_first_error_of_the_disk_is_the_last_thing_a_journal_does() {
    let breaks = [
        (vec![Turn::WriteFails(Errno::IO)], vec!["write"]),
        (vec![Turn::WriteFails(Errno::NOSPC)], vec!["write"]),
        (
            vec![Turn::Write(10), Turn::WriteFails(Errno::NOSPC)],
            vec!["write", "write"],
        ),
        (vec![Turn::Write(0)], vec!["write"]),
        (vec![Turn::SyncFails(Errno::IO)], vec!["write", "sync"]),
        // Only a write may be tried again.
        (vec![Turn::SyncFails(Errno::INTR)], vec!["write", "sync"]),
    ];
    for (turns, expected) in breaks {
        let (script, mut journal) = Script::new([]);
        let durable = journal.append(br#"{"seq":0}"#).expect("appended");
        {
            let mut played = script.0.lock().expect("one thread");
            played.calls.clear();
            played.turns.extend(turns);
        }
        let first = journal.append(br#"{"seq":1}"#).expect_err("broken");
        for json in [&br#"{"seq":1}"#[..], b"not even a record"] {
            let again = journal.append(json).expect_err("poisoned");
            assert!(matches!(again, JournalError::Poisoned(_)));
            assert_eq!(again.to_string(), first.to_string());
        }
        assert_eq!(script.calls(), expected, "the disk was touched again");
        assert_eq!(journal.head(), durable, "nothing more was acknowledged");
        let JournalError::Poisoned(poison) = first else {
            panic!("{first}");
        };
        assert_eq!(poison.durable, durable);
    }
}

#[test]
fn a_full_device_poisons_a_real_journal() {
    let full = fs::OpenOptions::new()
        .append(true)
        .open("/dev/full")
        .expect("a Linux box has it");
    let mut journal = Journal::with_disk(full, "/dev/full".into(), Head::START);
    let error = journal.append(b"{}").expect_err("full");
    assert!(
        error.to_string().starts_with("write /dev/full: No space"),
        "{error}"
    );
    assert_eq!(journal.head(), Head::START);
}

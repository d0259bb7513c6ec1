//! Disks that fill up: what is under way can be recorded to its end, and nothing new is started.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use runsheet::journal::{Disk, Journal, JournalError, Room, verify_folder};

use super::size::{is_torture, told};

/// How much of outcomes must fit on a full disk, in bytes: the reserve.
const OUTCOMES: usize = 1 << 20;

/// How long one outcome is. They have about 500 bytes, and syncing a file in a file takes its time.
fn outcome_bytes() -> usize {
    if is_torture() { 500 } else { 5_000 }
}

/// How a file system is made in a file: the program, its arguments, and of how many MiB.
type Made = Option<(&'static str, &'static [&'static str], u64)>;

/// File systems; one is in memory and needs no making.
const KINDS: [(&str, Made); 4] = [
    ("tmpfs", None),
    ("ext4", Some(("mkfs.ext4", &["-q", "-F"], 48))),
    ("xfs", Some(("mkfs.xfs", &["-q", "-f"], 300))),
    ("btrfs", Some(("mkfs.btrfs", &["-q", "-f"], 128))),
];

/// A small file system of its own; unmounted with the test.
struct Mounted {
    at: PathBuf,
    _temp: tempfile::TempDir,
}

impl Mounted {
    fn new(kind: &str, made: Made) -> Result<Self, String> {
        let temp = tempfile::tempdir().unwrap();
        let at = temp.path().join("at");
        fs::create_dir(&at).unwrap();
        let mut mount = Command::new("mount");
        match made {
            None => {
                mount.args(["-t", kind, "-o", "size=16m", "runsheet-test"]);
            }
            Some((program, args, mebibytes)) => {
                let image = temp.path().join("image");
                let file = File::create(&image).unwrap();
                file.set_len(mebibytes << 20).unwrap();
                run(Command::new(program).args(args).arg(&image))?;
                mount.args(["-o", "loop"]).arg(&image);
            }
        }
        run(mount.arg(&at))?;
        fs::set_permissions(&at, Permissions::from_mode(0o700)).unwrap();
        Ok(Self { at, _temp: temp })
    }

    /// Leaves not one byte of room.
    fn fill(&self) {
        use std::io::Write;
        let mut file = File::create(self.at.join("ballast")).unwrap();
        // Twice: a file system may find some more once it has written what it promised to.
        for _ in 0..2 {
            for size in [1 << 20, 1 << 16, 1 << 12, 1] {
                let block = vec![7_u8; size];
                while file.write_all(&block).is_ok() {}
            }
            let _ = file.sync_all();
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.at.join("ballast")).unwrap();
        File::open(&self.at).unwrap().sync_all().unwrap();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if run(Command::new("umount").arg("-l").arg(&self.at)).is_err() {
            eprintln!("{} is still mounted", self.at.display());
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => Err(String::from_utf8_lossy(&done.stderr).trim().to_owned()),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// A disk without a reserve: the control.
struct Bare(File);

impl Disk for Bare {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Disk::write(&mut self.0, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        Disk::sync(&mut self.0)
    }
}

fn outcome(number: usize) -> Vec<u8> {
    let json = format!("{{\"number\":{number},\"outcome\":\"\"}}");
    let filler = "x".repeat(outcome_bytes() - json.len());
    json.replace("\"\"", &format!("\"{filler}\"")).into_bytes()
}

/// Begins a run on a disk, lets the disk fill up, and records outcomes as long as it can and they are
/// wanted. Gives the journal, and how many outcomes there are.
fn record(disk: &Mounted, name: &str, between: fn(File) -> Box<dyn Disk>) -> (Journal, usize) {
    let folder = disk.at.join(name);
    runsheet::journal::create_folder(&folder).unwrap();
    let mut journal = Journal::create(&folder).unwrap();
    journal.append(b"{}").unwrap();
    drop(journal);
    // Whatever was reserved until here is given back: what counts is what the opened one does.
    let file = folder.join("journal");
    let open = File::options().write(true).open(&file).unwrap();
    open.set_len(open.metadata().unwrap().len()).unwrap();
    let (mut journal, _) = Journal::open_on(&folder, between).unwrap();
    journal.append(b"{}").unwrap();
    disk.fill();
    let mut outcomes = 0;
    while outcomes * outcome_bytes() < OUTCOMES {
        match journal.append(&outcome(outcomes)) {
            Ok(_) => outcomes += 1,
            Err(JournalError::Poisoned(poison)) => {
                assert_eq!(poison.source.kind(), io::ErrorKind::StorageFull, "{poison}");
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    (journal, outcomes)
}

fn holds(folder: &Path, records: usize) {
    let verdict = verify_folder(folder, None).unwrap();
    assert!(verdict.is_ok(), "{verdict:?}");
    assert_eq!(verdict.head.records, records as u64);
}

#[test]
fn a_full_disk_takes_the_outcomes_of_a_whole_step_and_nothing_new() {
    let wanted = OUTCOMES.div_ceil(outcome_bytes());
    for (kind, made) in KINDS {
        let disk = match Mounted::new(kind, made) {
            Ok(disk) => disk,
            Err(why) => {
                eprintln!(
                    "SKIPPED: the reserve was not tried on {kind}, which cannot be had: {why}"
                );
                continue;
            }
        };
        let (mut journal, outcomes) = record(&disk, "run", |file| Box::new(file));
        assert_eq!(outcomes, wanted, "on {kind}");
        let full = journal.room();
        assert!(matches!(full, Room::Reserve { .. }), "on {kind}: {full:?}");
        disk.make_room();
        assert_eq!(journal.room(), Room::Plenty, "on {kind}");
        journal.append(b"{}").unwrap();
        drop(journal);
        holds(&disk.at.join("run"), wanted + 3);

        let (_, bare) = record(&disk, "bare", |file| Box::new(Bare(file)));
        assert!(bare < wanted, "without a reserve on {kind}: {bare}");
        told(
            &format!("a full disk, {kind}"),
            &format!(
                "{outcomes} of {wanted} outcomes recorded; control without a reserve caught at outcome {}",
                bare + 1
            ),
        );
    }
}

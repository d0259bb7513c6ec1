//! Outputs that are copied, linked and taken up again.

use super::*;

fn chunk(offset: u64, text: &str) -> Chunk {
    Chunk {
        offset,
        bytes: text.as_bytes().to_vec(),
    }
}

fn recorder(folder: &Path, mask: &Mask) -> Recorder {
    beside(folder, mask, None)
}

fn beside(folder: &Path, mask: &Mask, spool: Option<&Path>) -> Recorder {
    let clock = Clock::held_at(10);
    let spool = spool.map(Path::to_owned);
    Recorder::open(folder, "s.1.m.0", mask, clock.now(), &clock, spool).unwrap()
}

/// A spool's file with something in it, and what can be seen of the output.
fn spool(folder: &Path) -> (PathBuf, impl Fn() -> (String, u64)) {
    let spool = folder.join("spool");
    std::fs::write(&spool, "one ").unwrap();
    let kept = folder.join("s.1.m.0");
    let seen = move || {
        let names = std::fs::metadata(&kept).unwrap().nlink();
        (std::fs::read_to_string(&kept).unwrap(), names)
    };
    (spool, seen)
}

fn more(spool: &Path, text: &str) {
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(spool)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn an_output_goes_on_where_an_earlier_engine_left_it() {
    let temp = tempfile::tempdir().unwrap();
    let mut first = recorder(temp.path(), &Mask::default());
    first.take(&chunk(0, "one ")).unwrap();
    drop(first);
    let mut second = recorder(temp.path(), &Mask::default());
    assert_eq!(second.next(), 4);
    second.take(&chunk(2, "e two")).unwrap();
    second.take(&chunk(0, "one")).unwrap();
    assert!(second.take(&chunk(100, "x")).is_err(), "a gap");
    let output = second.finish(true).unwrap().unwrap();
    assert_eq!(output.bytes, 7);
    assert_eq!(output.sha256, hex(&Sha256::digest("one two")));
    let file = std::fs::read_to_string(temp.path().join("s.1.m.0")).unwrap();
    assert_eq!(file, "one two");
    let times = std::fs::read_to_string(temp.path().join("s.1.m.0.times")).unwrap();
    assert_eq!(times, "0 4\n0 7\n");
}

#[test]
fn a_secret_cut_by_a_restart_is_masked() {
    let temp = tempfile::tempdir().unwrap();
    let mask = Mask::new(["hunter2"]);
    let text = "a hunter2 b";
    let mut first = recorder(temp.path(), &mask);
    first.take(&chunk(0, &text[..6])).unwrap();
    drop(first);
    let file = || std::fs::read_to_string(temp.path().join("s.1.m.0")).unwrap();
    assert_eq!(file(), "a ");
    let mut second = recorder(temp.path(), &mask);
    let from = second.next();
    second
        .take(&chunk(from, &text[usize::try_from(from).unwrap()..]))
        .unwrap();
    second.finish(true).unwrap().unwrap();
    assert_eq!(file(), "a ******* b");
}

#[test]
fn nothing_printed_leaves_no_file_and_a_link_is_not_followed() {
    let temp = tempfile::tempdir().unwrap();
    assert!(
        recorder(temp.path(), &Mask::default())
            .finish(true)
            .unwrap()
            .is_none()
    );
    assert_eq!(printed(temp.path(), "s.1.m.0").unwrap(), "");
    std::os::unix::fs::symlink("/etc/hostname", temp.path().join("s.1.m.0")).unwrap();
    assert!(printed(temp.path(), "s.1.m.0").is_err());
}

#[test]
fn a_spool_s_file_is_linked_and_summed_up_across_a_restart() {
    let temp = tempfile::tempdir().unwrap();
    let (spool, seen) = spool(temp.path());
    let mut first = beside(temp.path(), &Mask::default(), Some(&spool));
    first.take(&chunk(0, "one ")).unwrap();
    assert_eq!(seen(), ("one ".to_owned(), 2));
    drop(first);
    more(&spool, "two ");
    let mut second = beside(temp.path(), &Mask::default(), Some(&spool));
    assert_eq!(second.next(), 8, "what came meanwhile is there already");
    more(&spool, "three");
    second.take(&chunk(8, "three")).unwrap();
    let output = second.finish(true).unwrap().unwrap();
    assert_eq!(seen(), ("one two three".to_owned(), 2));
    assert_eq!(output.bytes, 13);
    assert_eq!(output.sha256, hex(&Sha256::digest("one two three")));
    let file = std::fs::metadata(temp.path().join("s.1.m.0")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let times = std::fs::read_to_string(temp.path().join("s.1.m.0.times")).unwrap();
    assert_eq!(times, "0 4\n0 13\n");
}

#[test]
fn what_may_still_be_written_to_is_copied_apart_at_the_end() {
    // no proof of the end; a proof, and a file that is longer all the same
    for complete in [false, true] {
        let temp = tempfile::tempdir().unwrap();
        let (spool, seen) = spool(temp.path());
        let mut recorder = beside(temp.path(), &Mask::default(), Some(&spool));
        recorder.take(&chunk(0, "one ")).unwrap();
        if complete {
            more(&spool, "late");
        }
        let output = recorder.finish(complete).unwrap().unwrap();
        more(&spool, "later");
        assert_eq!(seen(), ("one ".to_owned(), 1), "{complete}");
        assert_eq!(output.sha256, hex(&Sha256::digest("one ")));
    }
}

#[test]
fn a_linked_file_that_was_changed_is_not_recorded() {
    let temp = tempfile::tempdir().unwrap();
    let (spool, _) = spool(temp.path());
    let mut recorder = beside(temp.path(), &Mask::default(), Some(&spool));
    recorder.take(&chunk(0, "one ")).unwrap();
    std::fs::write(&spool, "two and more").unwrap();
    assert!(recorder.finish(true).is_err());
}

#[test]
fn a_file_that_cannot_or_must_not_be_linked_is_copied() {
    let temp = tempfile::tempdir().unwrap();
    let (near, seen) = spool(temp.path());
    let mut masked = beside(temp.path(), &Mask::new(["hunter2"]), Some(&near));
    masked.take(&chunk(0, "hunter2")).unwrap();
    masked.finish(true).unwrap();
    assert_eq!(seen(), ("*******".to_owned(), 1));

    let Ok(other) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!("SKIPPED: there is no /dev/shm; no other file system was tried");
        return;
    };
    let (far, _) = spool(other.path());
    let temp = tempfile::tempdir().unwrap();
    let mut copied = beside(temp.path(), &Mask::default(), Some(&far));
    copied.take(&chunk(0, "one ")).unwrap();
    drop(copied);
    let mut again = beside(temp.path(), &Mask::default(), Some(&far));
    assert_eq!(again.next(), 4);
    again.take(&chunk(4, "two")).unwrap();
    assert_eq!(again.finish(true).unwrap().unwrap().bytes, 7);
    let kept = std::fs::read_to_string(temp.path().join("s.1.m.0")).unwrap();
    assert_eq!(kept, "one two");
    assert_eq!(std::fs::read_to_string(&far).unwrap(), "one ");
}

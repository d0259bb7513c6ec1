use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};

use super::*;

/// A process that stays until it is told to go.
struct Stays(Child);

impl Stays {
    fn new() -> Self {
        let child = Command::new("cat").stdin(Stdio::piped()).spawn();
        Self(child.unwrap())
    }

    fn process(&self) -> Process {
        Process::of(i32::try_from(self.0.id()).unwrap()).unwrap()
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn here() -> Here {
    Here {
        boot: "b".to_owned(),
        session: Process::of(rustix::process::getpid().as_raw_nonzero().get()).unwrap(),
        terminal: 34816,
    }
}

/// A screen whose process is gone, on this terminal.
fn lost() -> Screen {
    let ended = Stays::new();
    let process = ended.process();
    drop(ended);
    let here = here();
    Screen {
        boot: here.boot,
        process,
        session: here.session,
        terminal: here.terminal,
        titled: true,
        run: RunId::new("20261121-021433-abc").unwrap(),
    }
}

/// The fate of a mark with this text, and whether it is still there.
fn judged(text: &[u8]) -> (Vec<Screen>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("1");
    std::fs::write(&file, text).unwrap();
    let gone = gone(folder.path(), &here());
    (gone, file.exists())
}

fn of(screen: &Screen) -> (Vec<Screen>, bool) {
    judged(&serde_json::to_vec(screen).unwrap())
}

#[test]
fn a_screen_that_was_ended_on_this_terminal_is_told_once() {
    let screen = lost();
    assert_eq!(of(&screen), (vec![screen], false));
}

#[test]
fn a_screen_that_is_up_is_left_alone_whatever_its_number_was_before() {
    let up = Stays::new();
    let mut screen = lost();
    screen.process = up.process();
    assert_eq!(of(&screen), (vec![], true), "it is up");
    screen.process.began -= 1;
    assert_eq!(of(&screen).0.len(), 1, "another process has its number");
}

#[test]
fn another_terminal_is_not_put_right() {
    let mut screen = lost();
    screen.terminal += 1;
    assert_eq!(of(&screen), (vec![], true), "one of this session's others");
    let other = Stays::new();
    let mut screen = lost();
    screen.session = other.process();
    assert_eq!(of(&screen), (vec![], true), "its shell is still there");
    drop(other);
    assert_eq!(
        of(&screen),
        (vec![], false),
        "its number was given out again"
    );
    let mut screen = lost();
    screen.session.began += 1;
    assert_eq!(of(&screen), (vec![], false), "so was its session's");
    let mut screen = lost();
    screen.boot = "a".to_owned();
    assert_eq!(of(&screen), (vec![], false), "the machine was started anew");
}

#[test]
fn a_damaged_mark_goes_and_what_is_no_mark_stays() {
    for text in [&b""[..], b"{", b"\xff\x00", &[b'['; 100_000]] {
        assert_eq!(judged(text), (vec![], false));
    }
    let whole = serde_json::to_string(&lost()).unwrap();
    let run = whole.replace("20261121-021433-abc", "../\\u001b[2J");
    assert_eq!(judged(run.as_bytes()), (vec![], false), "no run's id");

    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("elsewhere"), "").unwrap();
    let marks = at("marks");
    std::fs::create_dir_all(marks.join("folder")).unwrap();
    symlink(at("elsewhere"), marks.join("link")).unwrap();
    let fifo = Command::new("mkfifo").arg(marks.join("fifo")).status();
    assert!(fifo.unwrap().success());
    assert_eq!(gone(&marks, &here()), vec![]);
    for name in ["folder", "link", "fifo"] {
        assert!(marks.join(name).symlink_metadata().is_ok(), "{name}");
    }
}

#[test]
fn what_is_said_is_what_was_done() {
    let run = lost().run;
    let said = |done, drawn_on| notice(&run, done, drawn_on, "The run goes on");
    let of = |kind: io::ErrorKind| Err(io::Error::from(kind));
    assert!(said(Ok(()), true).contains("That is done now"));
    for (done, drawn_on) in [(Ok(()), false), (of(io::ErrorKind::PermissionDenied), true)] {
        let said = said(done, drawn_on);
        assert!(
            !said.contains("done now") && said.contains("type: reset"),
            "{said}"
        );
    }
}

#[test]
fn this_process_is_there_and_none_from_outside_a_container() {
    let own = Process::of(rustix::process::getpid().as_raw_nonzero().get());
    assert!(own.is_some_and(Process::is_there));
    assert_eq!(Process::of(0), None);
}

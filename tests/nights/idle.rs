//! A screen on which nothing happens.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::home::{Home, RUN, makes};
use super::tty::Tty;

/// How often the threads of a process were woken, by `voluntary_ctxt_switches` (proc(5)): each wake-up ends in one.
fn woken(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of_each = threads.map(|thread| {
        let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.unwrap().trim().parse::<u64>().unwrap()
    });
    of_each.sum()
}

/// Waits until the minute has some seconds left: when it turns, the clock is drawn.
fn until_the_minute_is_young() {
    let second = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_secs() % 60
    };
    while second() >= 52 {
        sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_screen_on_which_nothing_happens_writes_nothing_and_wakes_nobody() {
    let home = Home::with(&[makes("only")]);
    let tty = Tty::runsheet(&home, &RUN);
    tty.wait_for("Enter go");
    let engine = home.engine();
    let now = || (tty.bytes(), woken(tty.pid()), woken(engine));
    // What comes behind the first frames takes longer on a busy machine; a poll is there in every one of them.
    let mut tries = 0;
    let after = loop {
        tries += 1;
        until_the_minute_is_young();
        sleep(Duration::from_secs(1));
        let before = now();
        sleep(Duration::from_secs(3));
        let after = now();
        // One each for a system that has reasons of its own; a poll ten times a second would be thirty.
        let is_idle = after.0 == before.0 && after.1 - before.1 <= 1 && after.2 - before.2 <= 1;
        if is_idle {
            break after;
        }
        assert!(
            tries < 4,
            "bytes, wake-ups of the screen and of the engine in 3 s: {before:?} {after:?}"
        );
    };

    // The control: a key is drawn, and both ways of counting see it.
    tty.keys(&["?"]).wait_for("proved: its proof holds");
    let keyed = now();
    assert!(
        keyed.0 > after.0 && keyed.1 > after.1,
        "{after:?} {keyed:?}"
    );
}

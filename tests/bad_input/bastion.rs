//! Steps of this very machine, when it loses the processes around them, or everything.

use std::fs;
use std::process::Command;

use rustix::process::{Pid, Signal, getpid, kill_process};

use super::home::{Home, WALK, Working, until};
use super::records::go_on;
use super::terminal::Terminal;

/// A run whose second step is at work on this machine.
fn at_work(home: &Home) -> (Working, String) {
    home.slow(6);
    let walk = home.start(&WALK);
    let run = walk.until_said("run ").run();
    until("the second step runs", || home.counted().1 == 1);
    (walk, run)
}

/// The process group and the session of a process, the third and the fourth field behind its name in
/// `/proc/PID/stat` (proc(5)); none if it has ended. In a container that did not start a session of its own
/// both are 0 for what came in from outside, which is why they are read here: `getsid(2)` through rustix
/// takes them for impossible.
fn group_and_session(pid: Pid) -> Option<(i32, i32)> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let mut behind = stat.rsplit_once(')')?.1.split_whitespace().skip(2);
    Some((behind.next()?.parse().ok()?, behind.next()?.parse().ok()?))
}

/// The processes of a home that are in the group of its engine, and all others that it started: what speaks
/// to this machine, what keeps a receipt, and what it keeps it of.
fn groups(home: &Home, engine: Pid) -> (Vec<Pid>, Vec<Pid>) {
    let of = |pid: Pid| group_and_session(pid).unzip();
    let (group, session) = (of(engine).0, of(getpid()).1);
    // Clients are in the session of this test.
    let started = home.processes().into_iter();
    let started = started.filter(|pid| of(*pid).1 != session);
    started.partition(|pid| of(*pid).0 == group)
}

fn kill(pids: &[Pid]) {
    for pid in pids {
        // One that ended with another is as dead.
        let _ = kill_process(*pid, Signal::KILL);
    }
}

fn is_unknown(home: &Home, run: &str) -> bool {
    let kind = "\"kind\":\"leg-unknown\"";
    home.events(run)
        .iter()
        .any(|entry| entry.to_string().contains(kind))
}

#[test]
fn a_step_outlives_its_engine_with_all_of_the_engines_group_and_session() {
    let home = Home::with_two_steps();
    let (walk, run) = at_work(&home);
    let engine = home.engine(&run);
    let (around, others) = groups(&home, engine);
    assert!(
        around.contains(&engine) && !others.is_empty(),
        "{around:?} {others:?}"
    );
    kill(&around);
    home.engine_is_gone(&run);
    walk.end().expect(5, &["the engine has gone"]);
    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
    assert!(!is_unknown(&home, &run));

    // As much with all of the engine's session, in which its own machine is not.
    let home = Home::with_two_steps();
    let (walk, run) = at_work(&home);
    let engine = home.engine(&run);
    let session = group_and_session(engine).unwrap().1;
    let in_it = |pid: &Pid| group_and_session(*pid).is_some_and(|(_, its)| its == session);
    let around: Vec<Pid> = home.processes().into_iter().filter(in_it).collect();
    assert!(around.contains(&engine), "{around:?}");
    kill(&around);
    home.engine_is_gone(&run);
    walk.end();
    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
    assert!(!is_unknown(&home, &run));

    // The control: without what keeps its receipt, nobody can say how it ended.
    let home = Home::with_two_steps();
    let (walk, run) = at_work(&home);
    let (around, others) = groups(&home, home.engine(&run));
    kill(&around);
    kill(&others);
    home.engine_is_gone(&run);
    walk.end();
    let terminal = Terminal::start(home.in_terminal(&["attach", &run]), 24, 80);
    until("it is unknown", || is_unknown(&home, &run));
    terminal.wait_for("unknown");
    assert_eq!(home.counted(), (1, 1), "and it is not tried again");
}

#[test]
fn after_a_restart_of_the_bastion_its_own_step_is_unknown_and_not_repeated() {
    let home = Home::with_two_steps();
    let (walk, run) = at_work(&home);
    let (around, others) = groups(&home, home.engine(&run));
    kill(&around);
    kill(&others);
    home.engine_is_gone(&run);
    walk.end();
    // Another boot has another id; all that looks for it from here on finds this one.
    let boot = home.path().join("boot");
    fs::write(&boot, "11111111-2222-4333-8444-555555555555\n").unwrap();
    let another = "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\"";
    let boot = boot.display().to_string();
    let under = ["unshare", "-m", "sh", "-c", another, &boot];
    let tried = Command::new(under[0])
        .args(&under[1..])
        .arg("true")
        .output();
    if !tried.as_ref().is_ok_and(|done| done.status.success()) {
        eprintln!("SKIPPED: a restart could not be played without root: {tried:?}");
        return;
    }
    let terminal = Terminal::start(home.in_terminal_under(&under, &["attach", &run]), 24, 80);
    until("it is unknown", || is_unknown(&home, &run));
    terminal.wait_for("unknown");
    let why = home
        .events(&run)
        .iter()
        .find(|entry| entry.to_string().contains("leg-unknown"))
        .and_then(|entry| super::home::find(entry, "why").cloned());
    let why = why.unwrap().as_str().unwrap().to_owned();
    assert!(why.contains("restart") || why.contains("boot"), "{why}");
    assert_eq!(home.counted(), (1, 1));
    home.must_verify(&run);
}

//! Terminals that are too small, or none.

use rustix::process::{Pid, Signal, kill_process};

use super::home::{Home, WALK, until};
use super::terminal::Terminal;

#[test]
fn a_tiny_terminal_says_what_it_needs_and_comes_back_when_it_grows() {
    let home = Home::with_two_steps();
    let run = ["run", "two.toml", "--env", "here"];
    let terminal = Terminal::start(home.in_terminal(&run), 5, 20);
    terminal.wait_for("too small");
    for (rows, columns) in [(1, 1), (1, 200), (200, 1), (2, 3), (5, 20)] {
        terminal.resize(rows, columns);
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    terminal.wait_for("too small");
    // What cannot be read cannot be said yes to.
    terminal.press("\r");
    terminal.resize(24, 80);
    terminal.wait_for("The first");
    assert_eq!(home.counted(), (0, 0));
    terminal.resize(5, 20);
    terminal.wait_for("too small");
    terminal.press("\u{4}");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    let opened = std::fs::read_dir(home.path().join("state/runsheet/runs")).unwrap();
    let run = opened
        .last()
        .unwrap()
        .unwrap()
        .file_name()
        .into_string()
        .unwrap();
    home.runsheet(&["show", &run])
        .expect(0, &["at step 1 of 2"]);
    home.must_verify(&run);
}

#[test]
fn a_terminal_that_was_small_for_a_moment_gets_back_what_it_lost() {
    let home = Home::with_two_steps();
    let run = ["run", "two.toml", "--env", "here"];
    let terminal = Terminal::start(home.in_terminal(&run), 24, 80);
    for _ in 0..5 {
        terminal.wait_for("The first");
        terminal.wait_for("Enter go");
        terminal.wait_for("Ctrl-D detach");
        let left = terminal.shrink_for_a_moment((5, 20), (24, 80));
        assert!(!left.contains("Ctrl-D detach"), "{left}");
    }
    terminal.wait_for("Ctrl-D detach");
    assert_eq!(home.counted(), (0, 0));
    terminal.press("\u{4}");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
}

#[test]
fn without_a_terminal_the_wizard_says_what_to_use_instead() {
    let home = Home::with_two_steps();
    // Where there is nothing to come back to, a terminal would not help.
    home.runsheet(&["attach"]).expect(2, &["no run is open"]);
    home.runsheet(&WALK[..4])
        .expect(2, &["needs a terminal", "--detach"]);
    home.runsheet(&[&WALK[..4], &["--detach"]].concat())
        .expect(0, &[]);
    home.runsheet(&["attach"])
        .expect(2, &["needs a terminal", "--unattended"]);
}

#[test]
fn whatever_signal_ends_the_wizard_the_terminal_is_usable_and_the_run_goes_on() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let home = Home::with_two_steps();
        let run = ["run", "two.toml", "--env", "here"];
        let terminal = Terminal::start(home.in_terminal(&run), 24, 80);
        terminal.wait_for("The first");
        assert!(!terminal.is_usable(), "the wizard has it");
        let pid = Pid::from_raw(i32::try_from(terminal.pid()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        until("the terminal is given back", || terminal.is_usable());
        let (code, screen) = terminal.end();
        assert_eq!(code, 0, "{signal:?}: {screen}");
        assert!(
            screen.contains("the run goes on without this screen"),
            "{signal:?}: {screen}"
        );
        assert_eq!(home.counted(), (0, 0));
    }
}

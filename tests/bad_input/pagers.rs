//! A pager that has the terminal for a while, and one that is not there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};

use super::home::{Home, until};
use super::terminal::Terminal;

/// A pager that keeps what it gets, reads no key, and leaves when it is told so.
const PAGER: &str = r#"#!/bin/sh
trap '' INT QUIT
cat > "$1.text"
env > "$1.env"
echo THE PAGER IS OPEN
while [ ! -e "$1.leave" ]; do sleep 0.05; done
"#;

/// A home with such a pager, and where that keeps what it gets.
pub fn with_a_pager() -> (Home, PathBuf) {
    let mut home = Home::with_two_steps();
    let program = home.write("pager", PAGER);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let kept = home.path().join("kept");
    let command = format!("{} {}", program.display(), kept.display());
    home.set("PAGER", command);
    home.set("LESSOPEN", "|/bin/false %s");
    (home, kept)
}

/// The wizard at the gate of the second step, with the output of the first shown large.
fn at_the_output(home: &Home) -> Terminal {
    let run = ["run", "two.toml", "--env", "here"];
    let terminal = Terminal::start(home.in_terminal(&run), 24, 80);
    terminal.wait_for("Enter go");
    terminal.press("\r");
    terminal.wait_for("▶ 2 The second");
    terminal.press("k");
    terminal.press("o");
    terminal.wait_for("output of web");
    terminal
}

#[test]
fn a_pager_gets_the_text_and_the_keys_and_none_of_them_reaches_the_run() {
    let (home, kept) = with_a_pager();
    let terminal = at_the_output(&home);
    terminal.press("P");
    terminal.wait_for("THE PAGER IS OPEN");
    assert!(terminal.is_usable(), "the pager has it as it was before");
    let read = |end: &str| fs::read_to_string(kept.with_extension(end)).unwrap();
    assert_eq!(read("text"), "first\n");
    let variables = read("env");
    assert!(variables.contains("\nLESSSECURE=1\n") || variables.starts_with("LESSSECURE=1\n"));
    assert!(!variables.contains("LESSOPEN="), "{variables}");
    // Back to the gate, and yes: not while another program has the keys. Nor do its signals end us.
    for key in ["c", "\r", "\u{3}", "\u{1c}", "\u{1a}", "c", "\r"] {
        terminal.press(key);
    }
    fs::write(kept.with_extension("leave"), "").unwrap();
    terminal.wait_for("output of web");
    assert!(!terminal.is_usable(), "the wizard has it again");
    assert!(
        !terminal.screen().contains("THE PAGER"),
        "{}",
        terminal.screen()
    );
    assert_eq!(home.counted(), (1, 0), "{}", terminal.screen());
    terminal.press("c");
    terminal.wait_for("Enter go");
    terminal.press("\r");
    until("the second ran", || home.counted() == (1, 1));
}

#[test]
fn a_signal_ends_the_pager_with_the_screen_and_the_terminal_is_usable() {
    let (home, _) = with_a_pager();
    let terminal = at_the_output(&home);
    terminal.press("P");
    terminal.wait_for("THE PAGER IS OPEN");
    let pid = Pid::from_raw(i32::try_from(terminal.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    terminal.wait_for("the run goes on");
    assert!(terminal.is_usable());
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("the run goes on without this screen"),
        "{screen}"
    );
    assert_eq!(home.counted(), (1, 0));
}

#[test]
fn a_pager_that_is_not_there_is_named_and_the_screen_is_back() {
    let mut home = Home::with_two_steps();
    home.set("PAGER", "no-such-pager -R");
    let terminal = at_the_output(&home);
    terminal.press("P");
    terminal.wait_for("there is no pager no-such-pager here; PAGER in the environment");
    assert!(terminal.screen().contains("output of web"));
}

//! The terminal after a screen that was ended by force.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::{Pid, Signal, kill_process};

use super::home::{Home, is_here, makes, until};
use super::tty::Tty;

/// The screen whose mark is there, by its process.
fn marked(home: &Home) -> Option<Pid> {
    let mut marks = fs::read_dir(home.runtime("screens")).ok()?;
    let name = marks.next()?.unwrap().file_name();
    Pid::from_raw(name.to_str()?.parse().ok()?)
}

/// A shell that takes the terminal as it finds it, as most do; none where there is none.
fn shell(home: &Home) -> Option<Tty> {
    if !is_here("dash") {
        return None;
    }
    let tty = Tty::with(home, "dash", &["-i"], &[("PS1", "READY> ")]);
    tty.wait_for("READY>");
    assert!(tty.left().is_empty(), "{:?}", tty.left());
    Some(tty)
}

#[test]
fn after_kill_9_the_next_start_puts_the_terminal_right_and_says_why() {
    let home = Home::with(&[makes("only")]);
    let Some(tty) = shell(&home) else { return };
    tty.line("$RS run night.toml --env here\r")
        .wait_for("The only one");
    let screen = marked(&home).expect("its mark is there while it is up");
    let mark = home
        .runtime("screens")
        .join(screen.as_raw_nonzero().to_string());
    let mode = fs::metadata(mark).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    kill_process(screen, Signal::KILL).unwrap();
    tty.wait_for("READY>");
    let left = tty.left();
    for what in ["another screen", "no cursor", "no lines"] {
        assert!(left.contains(&what), "the control: {what} {left:?}");
    }

    // The terminal sends no end of line for Enter any more. What a program reads is not touched.
    tty.line("$RS show latest --format json >said; echo it said $?\n");
    tty.wait_for("it said 0");
    assert!(tty.left().is_empty(), "{:?}", tty.left());
    let (run, shown) = (home.run(), tty.screen());
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let notice = format!(
        "the screen of run {run} on this terminal was ended by force (kill -9, or no memory left) \
         before it could put the terminal right. That is done now"
    );
    assert!(words(&shown).contains(&notice), "{shown}");
    let back = format!("The run goes on; come back with: runsheet attach {run}");
    assert!(words(&shown).contains(&back), "{shown}");
    let said = home.text("said");
    serde_json::from_str::<serde_json::Value>(&said).expect("nothing else in the answer");
    assert_eq!(marked(&home), None);

    // Once is enough, and a screen that was left leaves no mark.
    tty.line("clear; $RS attach\r").wait_for("The only one");
    assert!(marked(&home).is_some());
    tty.keys(&["\u{4}"])
        .wait_for("the run goes on without this screen");
    until("its mark is gone", || marked(&home).is_none());
    tty.line("$RS runs; echo it said $?\r")
        .wait_for("it said 0");
    for words in ["by force", "Failed", "failed"] {
        assert!(!tty.screen().contains(words), "{}", tty.screen());
    }
    assert!(tty.left().is_empty(), "{:?}", tty.left());
}

#[test]
fn after_kill_9_reset_alone_makes_the_terminal_usable_too() {
    let home = Home::with(&[makes("only")]);
    let Some(tty) = shell(&home).filter(|_| is_here("reset")) else {
        return;
    };
    tty.line("$RS run night.toml --env here\r")
        .wait_for("The only one");
    kill_process(marked(&home).unwrap(), Signal::KILL).unwrap();
    tty.wait_for("READY>");
    assert!(!tty.left().is_empty(), "the control");
    tty.line("reset; echo it said $?\n").wait_for("it said 0");
    assert!(tty.left().is_empty(), "{:?}", tty.left());
    tty.line("$RS runs\r").wait_for("was ended by force");
    assert!(tty.left().is_empty(), "{:?}", tty.left());
}

#[test]
fn a_screen_that_is_stopped_gives_the_terminal_back_and_takes_it_again() {
    let home = Home::with(&[makes("only")]);
    let Some(tty) = shell(&home) else { return };
    tty.line("$RS run night.toml --env here\r")
        .wait_for("The only one");
    let screen = marked(&home).unwrap();
    kill_process(screen, Signal::TSTP).unwrap();
    tty.wait_for("READY>");
    until("the terminal is given back", || tty.left().is_empty());
    // Another command there finds nothing wrong.
    tty.line("clear; $RS runs; echo it said $?\r")
        .wait_for("it said 0");
    assert!(!tty.screen().contains("by force"), "{}", tty.screen());
    tty.line("fg\r").wait_for("The only one");
    until("the terminal is taken again", || tty.left().len() >= 4);
    tty.keys(&["?"]).wait_for("its turn has not come");

    // No program hears SIGSTOP; what the shell has made of the terminal is put right again.
    kill_process(screen, Signal::STOP).unwrap();
    tty.wait_for("READY>");
    tty.line("stty sane; clear; echo it said $?\n")
        .wait_for("it said 0");
    tty.line("fg\r").wait_for("its turn has not come");
    until("the terminal is taken again", || !tty.is_cooked());
    assert!(!tty.screen().contains("it said"), "{}", tty.screen());
    tty.keys(&["\u{1b}"])
        .wait_for("Enter says yes to exactly this");
    tty.keys(&["\u{4}"])
        .wait_for("the run goes on without this screen");
    until("the terminal is given back", || tty.left().is_empty());
}

//! A mouse, and terminals that report what no mouse does.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::home::{Home, until};
use super::terminal::Terminal;

#[test]
fn a_mouse_is_taken_when_it_is_asked_for_and_given_back_and_no_report_says_yes() {
    let home = Home::with_two_steps();
    let run = ["run", "two.toml", "--env", "here", "--mouse"];
    let terminal = Terminal::start(home.in_terminal(&run), 24, 80);
    terminal.wait_for("Enter go");
    assert!(terminal.reports_the_mouse());
    // A click with a yes in its tail; on the gate, on a step, and where nothing is.
    for place in ["5;5", "9999;9999"] {
        terminal.press(&format!("\u{1b}[<0;{place}M\r\u{1b}[<0;{place}m\r"));
        std::thread::sleep(Duration::from_millis(700));
        assert_eq!(home.counted(), (0, 0), "{}", terminal.screen());
    }
    // More than anybody can turn a wheel, and what no terminal says. A line takes no more where nobody reads it.
    let flood = "\u{1b}[<64;40;10M\u{1b}[<65;40;10M".repeat(150);
    terminal.press(&flood);
    let odd = [
        "\u{1b}[<99999999;1;1M",
        "\u{1b}[<;;M",
        "\u{1b}[<0;1M",
        "\u{1b}[<0;-1;1M",
        "\u{1b}[<35;70000;5M",
        "\u{1b}[32;5;5M",
        "\u{1b}[<0;2;2\u{1b}[<0;3;3M",
        // Counted from one; a report of none was one too few for whoever reads it.
        "\u{1b}[<0;0;0M",
        "\u{1b}[<0;0;0m",
        "\u{1b}[0;0;0M",
        "\u{1b}[M\u{20}\u{20}\u{20}",
    ];
    terminal.press(&odd.concat());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(home.counted(), (0, 0), "{}", terminal.screen());
    // It is given back by its key, and taken again.
    // Whatever the odd ones opened is closed.
    terminal.press("\u{1b}");
    terminal.press("\u{1b}");
    terminal.press("M");
    terminal.wait_for("the terminal's again");
    until("it is given back", || !terminal.reports_the_mouse());
    terminal.press("M");
    until("it is taken again", || terminal.reports_the_mouse());
    let pid = Pid::from_raw(i32::try_from(terminal.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    terminal.wait_for("the run goes on");
    assert!(!terminal.reports_the_mouse(), "and not left to the shell");
}

#[test]
fn nobody_who_did_not_ask_for_it_loses_the_mouse() {
    let home = Home::with_two_steps();
    let run = ["run", "two.toml", "--env", "here"];
    let terminal = Terminal::start(home.in_terminal(&run), 24, 80);
    terminal.wait_for("Enter go");
    assert!(!terminal.reports_the_mouse());
    // And reports that come all the same do nothing.
    terminal.press("\u{1b}[<0;5;6M\r");
    terminal.press("\u{1b}[<65;60;10M");
    std::thread::sleep(Duration::from_millis(500));
    assert!(
        terminal.screen().contains("Enter go"),
        "{}",
        terminal.screen()
    );
    assert_eq!(home.counted(), (0, 0));
}

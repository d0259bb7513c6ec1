//! Engines that die under their clients.

use super::home::{Home, WALK, until};
use super::terminal::Terminal;

#[test]
fn an_unattended_walk_says_that_its_engine_was_killed_and_the_step_runs_once() {
    let home = Home::with_two_steps();
    home.slow(4);
    let walk = home.start(&WALK);
    let said = walk.until_said("run ");
    let run = said.run();
    until("the second step runs", || home.counted().1 == 1);
    home.kill_engine(&run);
    let said = walk.end();
    said.expect(5, &["the engine has gone", "second", &format!("runsheet attach {run}")]);
    home.must_verify(&run);

    let terminal = Terminal::start(home.in_terminal(&["attach", &run]), 30, 100);
    let ended = || home.events(&run).last().is_some_and(|last| last.to_string().contains("run-ended"));
    until("the run has ended", || {
        ended() || {
            terminal.press("g");
            false
        }
    });
    drop(terminal);
    assert_eq!(home.counted(), (1, 1));
    home.must_verify(&run);
}

#[test]
fn an_engine_that_is_asked_to_end_leaves_a_run_to_come_back_to() {
    let home = Home::with_two_steps();
    home.slow(4);
    let walk = home.start(&WALK);
    let run = walk.until_said("run ").run();
    until("the second step runs", || home.counted().1 == 1);
    rustix::process::kill_process(home.engine(&run), rustix::process::Signal::TERM).unwrap();
    let said = walk.end();
    said.expect(5, &["the engine was stopped", &format!("runsheet attach {run}")]);
    home.must_verify(&run);
}

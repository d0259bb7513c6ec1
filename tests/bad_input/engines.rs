//! Engines that die under their clients.

use super::home::{Home, WALK, until};
use super::records::go_on;
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
    said.expect(
        5,
        &[
            "the engine has gone",
            "second",
            &format!("runsheet attach {run}"),
        ],
    );
    home.must_verify(&run);

    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
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
    said.expect(
        5,
        &["the engine was stopped", &format!("runsheet attach {run}")],
    );
    home.must_verify(&run);
}

#[test]
fn a_wizard_whose_engine_was_killed_says_how_to_go_on() {
    let home = Home::with_two_steps();
    let terminal = Terminal::start(
        home.in_terminal(&["run", "two.toml", "--env", "here"]),
        24,
        80,
    );
    terminal.wait_for("The first");
    let opened = std::fs::read_dir(home.path().join("state/runsheet/runs")).unwrap();
    let run = opened
        .last()
        .unwrap()
        .unwrap()
        .file_name()
        .into_string()
        .unwrap();
    home.kill_engine(&run);
    terminal.wait_for("attaching again starts the engine anew");
    terminal.press("\u{4}");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("runsheet attach"), "{screen}");
    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
}

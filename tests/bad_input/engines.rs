//! Engines that die under their clients.

use rustix::process::{Signal, kill_process};

use super::home::{Home, TWO_STEPS, WALK, until};
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

/// Background jobs of a shell have SIGINT and SIGQUIT passed over, and so has whatever they start.
#[test]
fn a_run_that_was_started_in_the_background_leaves_its_steps_the_signals() {
    let home = Home::with_two_steps();
    let book = TWO_STEPS.replace(
        "echo first | tee",
        "for signal in INT QUIT HUP PIPE; do sh -c \"kill -s $signal \\$\\$; echo deaf to $signal\"; done; echo first | tee",
    );
    assert_ne!(book, TWO_STEPS);
    home.write("two.toml", book);
    let walk = home.command(&WALK);
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "trap '' INT QUIT HUP; exec \"$@\"", "sh"])
        .arg(walk.get_program())
        .args(walk.get_args());
    for (name, value) in walk.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = walk.get_current_dir() {
        shell.current_dir(folder);
    }
    let done = shell.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}");
    assert_eq!(home.counted(), (1, 1));
    let runs = std::fs::read_dir(home.path().join("state/runsheet/runs")).unwrap();
    let run = runs.last().unwrap().unwrap().path();
    let printed = std::fs::read_to_string(run.join("output/first.1.web.0")).unwrap();
    assert_eq!(printed.lines().last(), Some("first"), "{printed}");
    assert!(!printed.contains("deaf"), "{printed}");
}

#[test]
fn an_engine_that_is_asked_to_end_leaves_a_run_to_come_back_to() {
    let home = Home::with_two_steps();
    home.slow(4);
    let walk = home.start(&WALK);
    let run = walk.until_said("run ").run();
    until("the second step runs", || home.counted().1 == 1);
    kill_process(home.engine(&run), Signal::TERM).unwrap();
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

/// A run at its first gate, in a terminal.
fn at_the_first_gate(home: &Home) -> (Terminal, String) {
    let command = home.in_terminal(&["run", "two.toml", "--env", "here"]);
    let terminal = Terminal::start(command, 24, 80);
    terminal.wait_for("The first");
    let opened = std::fs::read_dir(home.path().join("state/runsheet/runs")).unwrap();
    let run = opened.last().unwrap().unwrap().file_name();
    (terminal, run.into_string().unwrap())
}

#[test]
fn an_engine_that_is_only_asleep_keeps_its_journal_and_whoever_attaches_is_told() {
    let home = Home::with_two_steps();
    let (first, run) = at_the_first_gate(&home);
    let engine = home.engine(&run);
    let number = engine.as_raw_nonzero();
    kill_process(engine, Signal::STOP).unwrap();

    // A second engine, started by hand as `attach` starts one.
    let second = home.runsheet(&["engine", &run]);
    second.expect(1, &["another engine holds this run", "kill -CONT"]);
    if second.err.contains(", process ") {
        second.expect(1, &[&format!("process {number}")]);
    }
    // Somebody attaches: no screen that waits in silence.
    let attaching = home.in_terminal(&["attach", &run]);
    let terminal = Terminal::start(attaching, 24, 80);
    terminal.wait_for("THE ENGINE DOES NOT ANSWER");
    terminal.wait_for(&format!("kill -CONT {number}"));
    terminal.wait_for(&format!("kill -9 {number}"));

    kill_process(engine, Signal::CONT).unwrap();
    terminal.wait_for("The first");
    until("the line is gone", || {
        !terminal.screen().contains("DOES NOT ANSWER")
    });
    home.must_verify(&run);

    // Asleep again, and this time for good: the next attach takes over.
    kill_process(engine, Signal::STOP).unwrap();
    home.kill_engine(&run);
    drop((first, terminal));
    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
}

#[test]
fn an_engine_whose_socket_was_taken_away_is_named_to_whoever_attaches() {
    let home = Home::with_two_steps();
    let (first, run) = at_the_first_gate(&home);
    let number = home.engine(&run).as_raw_nonzero();
    std::fs::remove_file(home.path().join(format!("run/runsheet/{run}.sock"))).unwrap();
    let attaching = home.in_terminal(&["attach", &run]);
    let (code, screen) = Terminal::start(attaching, 24, 200).end();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("another engine holds this run"), "{screen}");
    if screen.contains(", process ") {
        assert!(screen.contains(&format!("process {number}")), "{screen}");
    }
    drop(first);
}

//! Records that were damaged: every reader names the place, and nothing is written over.

use std::fs;
use std::path::Path;

use super::home::{Home, WALK};
use super::terminal::Terminal;

/// A run that waits at the gate of its second step, with its engine gone.
fn half_done(home: &Home) -> String {
    home.write("yes.toml", "format = 1\napprove = [\"first\"]\n");
    let _ = fs::remove_file(home.count());
    let said = home.runsheet(&WALK);
    said.expect(4, &["the gate of step second asks for a yes", "approve"]);
    let run = said.run();
    home.kill_engine(&run);
    run
}

/// Every file of a run's folder with what is in it, the engine's own talk aside.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.ends_with("engine.log") => {}
                false => found.push((path.display().to_string(), fs::read(path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

/// Attaches in a terminal to what must refuse; gives what it said.
#[track_caller]
fn attach(home: &Home, words: &[&str]) -> (i32, String) {
    let all: Vec<&str> = ["attach"].iter().chain(words).copied().collect();
    let (code, screen) = Terminal::start(home.in_terminal(&all), 40, 200).end();
    assert!(!screen.contains("panicked"), "{screen}");
    (code, screen)
}

/// Says yes to the second step, and waits for the end of the run.
pub fn go_on(home: &Home, run: &str) {
    let terminal = Terminal::start(home.in_terminal(&["attach", run]), 30, 100);
    terminal.wait_for("The second");
    terminal.say_yes_until(|| home.has_ended(run));
    drop(terminal);
    home.must_verify(run);
}

#[test]
fn a_damaged_line_is_named_by_every_reader_and_nothing_is_written_over() {
    let home = Home::with_two_steps();
    let run = half_done(&home);
    let journal = home.folder(&run).join("journal");
    let mut bytes = fs::read(&journal).unwrap();
    let third = bytes
        .split_inclusive(|b| *b == b'\n')
        .take(2)
        .map(<[u8]>::len)
        .sum::<usize>();
    bytes[third + 100] ^= 1;
    fs::write(&journal, &bytes).unwrap();
    let before = files(&home.folder(&run));
    for command in ["verify", "show", "report"] {
        let said = home.runsheet(&[command, &run]);
        said.expect(1, &["line 3"]);
        if command != "verify" {
            said.expect(1, &["hint: ", "keep the folder as it is"]);
        }
    }
    home.runsheet(&["runs"]).expect(0, &[&run, "line 3"]);
    let (code, screen) = attach(&home, &[&run]);
    assert_eq!(code, 1, "{screen}");
    assert!(
        screen.contains("line 3") && screen.contains("keep the folder"),
        "{screen}"
    );
    assert_eq!(files(&home.folder(&run)), before);
}

#[test]
fn a_torn_last_line_is_set_aside_and_told_and_the_run_goes_on() {
    let home = Home::with_two_steps();
    let run = half_done(&home);
    let journal = home.folder(&run).join("journal");
    let whole = fs::read(&journal).unwrap();
    let mut torn = whole.clone();
    torn.extend_from_slice(b"0123456789abcdef {\"seq\":");
    fs::write(&journal, &torn).unwrap();
    // Reading repairs nothing: the folder may be a reviewer's.
    for command in ["verify", "report", "show"] {
        let said = home.runsheet(&[command, &run]);
        assert!(said.code <= 1 && !said.err.contains("panicked"), "{said}");
        assert_eq!(fs::read(&journal).unwrap(), torn, "{command} wrote");
    }
    go_on(&home, &run);
    let now = fs::read(&journal).unwrap();
    assert!(now.starts_with(&whole));
    let repaired = home
        .events(&run)
        .iter()
        .find(|entry| entry.to_string().contains("tail-repaired"))
        .cloned();
    let saved = super::home::find(&repaired.expect("it is recorded"), "saved-as").cloned();
    let saved = home.folder(&run).join(saved.unwrap().as_str().unwrap());
    assert_eq!(fs::read(saved).unwrap(), &torn[whole.len()..]);
    assert_eq!(home.counted(), (1, 1));
}

#[test]
fn an_output_that_was_changed_afterwards_is_found_by_verify_and_told_by_the_report() {
    let home = Home::with_two_steps();
    let said = home.walk();
    said.expect(0, &["ended"]);
    let run = said.run();
    let output = fs::read_dir(home.folder(&run).join("output")).unwrap();
    let first = output
        .map(|entry| entry.unwrap().path())
        .find(|path| fs::read(path).is_ok_and(|bytes| bytes == b"first\n"))
        .unwrap();
    let name = first.file_name().unwrap().to_str().unwrap().to_owned();
    fs::write(&first, "furst\n").unwrap();
    home.runsheet(&["verify", &run]).expect(1, &[&name]);
    let said = home.runsheet(&["report", &run]);
    said.expect(1, &[&name, "the record is not what was written"]);
    assert!(
        said.out.contains(&name),
        "the report itself must say so:\n{said}"
    );
    fs::remove_file(&first).unwrap();
    home.runsheet(&["verify", &run]).expect(1, &[&name]);
    home.runsheet(&["report", &run]).expect(1, &[&name]);
}

#[test]
fn a_runbook_that_was_changed_after_the_run_was_opened_does_not_change_the_run() {
    let home = Home::with_two_steps();
    let run = half_done(&home);
    home.write("two.toml", "this is no runbook any more");
    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
}

#[test]
fn a_changed_copy_of_the_runbook_is_refused() {
    let home = Home::with_two_steps();
    let run = half_done(&home);
    let copy = home.folder(&run).join("runbook.toml");
    let text = fs::read_to_string(&copy).unwrap();
    fs::write(&copy, text.replace("echo second", "echo other")).unwrap();
    let (code, screen) = attach(&home, &[&run]);
    assert_eq!(code, 1, "{screen}");
    assert!(
        screen.contains("not the runbook that this run was opened with"),
        "{screen}"
    );
    assert_eq!(home.counted(), (1, 0));
    fs::write(&copy, text).unwrap();
    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
}

#[test]
fn whoever_means_no_run_or_several_is_told_which_there_are() {
    let home = Home::with_two_steps();
    let (code, screen) = attach(&home, &[]);
    assert_eq!(code, 2, "{screen}");
    assert!(
        screen.contains("no run is open") && screen.contains("runsheet run"),
        "{screen}"
    );
    let (code, screen) = attach(&home, &["nope"]);
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("there is no run `nope`"), "{screen}");
    let first = half_done(&home);
    let second = half_done(&home);
    let (code, screen) = attach(&home, &[]);
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("2 runs are open"), "{screen}");
    assert!(
        screen.contains(&first) && screen.contains(&second),
        "{screen}"
    );
    let (code, screen) = attach(&home, &["2"]);
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("more than one run"), "{screen}");
    for command in ["show", "report", "verify"] {
        home.runsheet(&[command, "nope"])
            .expect(2, &["there is no run `nope`", "runsheet runs"]);
    }
    home.runsheet(&["report", "./nowhere"])
        .expect(1, &["nowhere", "is this the folder of a run?"]);
}

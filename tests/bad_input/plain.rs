//! The wizard in lines, over a pipe and on a terminal that knows no cursor: a whole run, from its first gate to its end.

use std::thread::sleep;
use std::time::Duration;

use super::home::Home;
use super::talk::{READ, Talk};

const RUNBOOK: &str = r#"
format = 1
title  = "Three steps"

[hosts]
web = "the machine"

[params.COUNT]
ask     = "Where the steps count themselves"
kind    = "path"

[[phase]]
id    = "all"
title = "All"

[[step]]
id    = "first"
phase = "all"
title = "The first"
on    = "web"
do.command.run = 'printf "\033[31mred\033[0m\n"; echo first >>"$COUNT"'
undo   = { never = "a test" }
verify = [{ command = 'grep -c first "$COUNT"', equals = "1" }]

[[step]]
id    = "second"
phase = "all"
title = "The second"
on    = "web"
gate  = { type-back = "do the second" }
do.command.run = 'echo "trying"; test -e "$COUNT.mended" && echo second >>"$COUNT"'
undo   = { never = "a test" }
verify = [{ command = 'grep -c second "$COUNT"', equals = "1" }]

[[step]]
id    = "third"
phase = "all"
title = "The third"
do.manual.text = "Look out of the window."
undo   = { nothing = "it only looks" }
verify = [{ person = "Is it night?" }]
"#;

fn walk(home: &Home, open: impl Fn(&Home, &[&str]) -> Talk, plain: &[&str]) {
    home.write("two.toml", RUNBOOK);
    let start = [&["run", "two.toml", "--env", "here"], plain].concat();
    let mut talk = open(home, &start);
    // Typed ahead: before anything was asked, and in one piece.
    talk.at_once("1\ngo\n1\n");
    talk.hears("Step 1 of 3: The first")
        .hears("1 go")
        .hears("What now?");
    sleep(Duration::from_millis(100));
    assert_eq!(home.counted(), (0, 0), "{}", talk.said());
    talk.types("1").hears("| red\n").hears("proof, 1 of 1 hold");
    talk.hears("Step 2 of 3: The second").hears("What now?");
    talk.types("go")
        .types("1")
        .hears("Type this")
        .types("do the")
        .hears("not the words yet");
    talk.types("do the second")
        .hears("| trying")
        .hears("STUCK:")
        .hears("retry")
        .hears("What now?");
    assert_eq!(home.counted(), (1, 0));
    talk.types("note")
        .hears("single dot")
        .types("it needs")
        .types("to be mended")
        .types(".");
    talk.hears("the note is in the record");
    talk.types("detach");
    talk.ends(0);

    let mut talk = open(home, &[&["attach"], plain].concat());
    talk.hears("Step 2 of 3").hears("STUCK:").hears("What now?");
    std::fs::write(home.path().join("count.mended"), "").unwrap();
    talk.types("retry")
        .hears("Try step second again?")
        .types("")
        .hears("nothing was done");
    talk.hears("What now?")
        .types("retry")
        .hears("Which?")
        .types("1");
    talk.hears("your turn")
        .hears("What now?")
        .types("1")
        .hears("Type this");
    talk.types("do the second")
        .hears("Step 3 of 3: The third")
        .hears("What now?")
        .types("1");
    talk.hears("IN YOUR HANDS:")
        .hears("What now?")
        .types("1")
        .hears("single dot")
        .types(".");
    talk.hears("Is it night?")
        .hears("What now?")
        .types("1")
        .hears("Which?")
        .types("2");
    talk.hears("single dot")
        .types("as dark as can be")
        .types(".");
    talk.hears("Every step is done or was skipped")
        .hears("What now?");
    talk.types("1")
        .hears("Which?")
        .types("1")
        .hears("The run is finished")
        .hears("What now?");
    talk.types("1");
    let said = talk.ends(0);
    let text = |c: char| c == '\n' || !c.is_control();
    assert!(said.chars().all(text), "{said:?}");
    assert_eq!(home.counted(), (1, 1));
}

#[test]
fn a_run_is_walked_over_a_pipe() {
    walk(&Home::with_two_steps(), Talk::over_a_pipe, &["--plain"]);
}

#[test]
fn a_run_is_walked_on_a_terminal_that_knows_no_cursor() {
    walk(&Home::with_two_steps(), Talk::on_a_terminal, &[]);
}

const PASSWORD: &str = r#"
format = 1
title  = "A password"

[hosts]
web = "the machine"

[[phase]]
id    = "all"
title = "All"

[[step]]
id    = "first"
phase = "all"
title = "Give it its password"
on    = "web"
do.command = { interactive = true, run = """
stty -echo
printf 'Password: '
read -r password
stty echo
printf '\\nName: '
read -r name
echo "$name has one of ${#password} letters" """ }
undo   = { never = "a test" }
verify = [{ command = "true" }]
"#;

#[test]
fn a_password_is_typed_to_a_program_and_seen_nowhere() {
    let home = Home::with_two_steps();
    home.write("two.toml", PASSWORD);
    home.write(
        "environments.toml",
        "[here]\nkind = \"rehearsal\"\nhosts.web = \"local\"\n",
    );
    let mut talk = Talk::on_a_terminal(&home, &["run", "two.toml", "--env", "here"]);
    talk.hears("Step 1 of 1")
        .hears("1 go")
        .hears("What now?")
        .types("1");
    talk.hears("| Password:").types("type to it");
    talk.hears("You have the keyboard").types("s3cret-words");
    talk.hears("| Name:").types("ana");
    talk.hears("ana has one of 12 letters");
    talk.hears("What now?");
    // A line that comes just after the program's end was meant for it.
    sleep(2 * READ);
    // The terminal shows what is typed again.
    talk.types("steps").hears("steps\n");
    talk.types("detach");
    let said = talk.ends(0);
    assert!(!said.contains("s3cret"), "{said}");
    assert_eq!(
        said.matches("ana").count(),
        2,
        "once as the program showed it: {said}"
    );
    let runs = home.path().join("state/runsheet/runs");
    for folder in std::fs::read_dir(runs).unwrap().flatten() {
        let journal = std::fs::read_to_string(folder.path().join("journal")).unwrap();
        assert!(!journal.contains("s3cret"), "{journal}");
    }
}

#[test]
fn the_end_of_the_input_leaves_when_it_was_told_where_the_run_stands() {
    let home = Home::with_two_steps();
    let mut talk = Talk::over_a_pipe(&home, &["run", "two.toml", "--env", "here", "--plain"]);
    talk.at_once("1\n1\n1\n").write = None;
    let said = talk.ends(0);
    assert!(
        said.contains("Step 1 of 2: The first") && said.contains("What now?"),
        "{said}"
    );
    assert_eq!(home.counted(), (0, 0));
}

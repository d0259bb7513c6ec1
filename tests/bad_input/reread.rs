//! What a step printed, gone through again in lines: searched, read around a match, copied, and opened in a pager.

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::home::Home;
use super::pagers::with_a_pager;
use super::talk::Talk;

/// A step that prints many lines, and one that stays to be done.
const MANY: &str = r#"
format = 1
title  = "Many lines"

[hosts]
web = "the machine"

[[phase]]
id    = "all"
title = "All"

[[step]]
id    = "print"
phase = "all"
title = "Print"
on    = "web"
do.command.run = 'seq 1 30000; printf "a \033[31mred\033[0m Needle\n"; seq 1 30000'
undo   = { never = "a test" }
verify = [{ command = "true" }]

[[step]]
id    = "last"
phase = "all"
title = "Look"
do.manual.text = "Look out of the window."
undo   = { nothing = "it only looks" }
"#;

const START: [&str; 4] = ["run", "two.toml", "--env", "here"];

/// A wizard in lines at the gate of the second step, looking at the first.
fn behind_a_step(open: impl Fn(&Home, &[&str]) -> Talk, plain: &[&str], home: &Home) -> Talk {
    home.write("two.toml", MANY);
    home.write(
        "environments.toml",
        "[here]\nkind = \"rehearsal\"\nhosts.web = \"local\"\n",
    );
    let mut talk = open(home, &[&START, plain].concat());
    talk.hears("Step 1 of 2").hears("1 go").hears("What now?");
    talk.types("1").hears("Step 2 of 2").hears("What now?");
    talk.types("step 1").hears("Step 1 of 2").hears("What now?");
    talk
}

fn searches(open: impl Fn(&Home, &[&str]) -> Talk, plain: &[&str]) {
    let home = Home::with_two_steps();
    let mut talk = behind_a_step(open, plain, &home);
    talk.types("search red needle")
        .hears("search for \"red needle\", web part 1:\n")
        .hears("| 30001: a red Needle\n")
        .hears("that is the only line: 60001 lines, ");
    talk.types("search needles")
        .hears("no line has it: 60001 lines, ");
    talk.types("line 29999")
        .hears("output, lines 29999 to 30018, ")
        .hears("| 29999\n| 30000\n| a red Needle\n| 1\n");
    talk.types("search 777")
        .hears("| 777: 777\n")
        .hears("`more` finds the next");
    talk.types("more")
        .hears("up to line ")
        .types("step 2")
        .hears("What now?");
    talk.types("detach");
    let said = talk.ends(0);
    let text = |c: char| c == '\n' || !c.is_control();
    assert!(said.chars().all(text), "{said:?}");
}

#[test]
fn an_output_is_searched_over_a_pipe() {
    searches(Talk::over_a_pipe, &["--plain"]);
}

#[test]
fn an_output_is_searched_on_a_terminal_that_knows_no_cursor() {
    searches(Talk::on_a_terminal, &[]);
}

#[test]
fn a_line_that_was_found_reaches_the_clipboard_of_a_terminal_that_may_have_one() {
    let home = Home::with_two_steps();
    let xterm = |home: &Home, words: &[&str]| Talk::on_a("xterm-256color", home, words);
    let mut talk = behind_a_step(xterm, &["--plain"], &home);
    talk.types("search red needle")
        .hears("that is the only line");
    talk.types("copy")
        .hears("\u{1b}]52;c;YSByZWQgTmVlZGxl\u{7}")
        .hears("-- 1 line copied, if the terminal allows it");
    talk.types("detach");
    let said = talk
        .ends(0)
        .replace("\u{1b}]52;c;YSByZWQgTmVlZGxl\u{7}", "");
    let text = |c: char| c == '\n' || !c.is_control();
    assert!(
        said.chars().all(text),
        "that once, and nothing else: {said:?}"
    );
}

#[test]
fn without_a_terminal_or_on_a_dumb_one_it_is_said_what_is_not_possible() {
    let home = Home::with_two_steps();
    let mut talk = behind_a_step(Talk::over_a_pipe, &["--plain"], &home);
    talk.types("output").hears("| 30000\n");
    talk.types("copy")
        .hears("standard output is no terminal")
        .hears("/output/print.1.web");
    talk.types("pager")
        .hears("standard input is no terminal, so a pager would get no keys");
    talk.types("detach");
    talk.ends(0);
    let home = Home::with_two_steps();
    let mut talk = behind_a_step(Talk::on_a_terminal, &[], &home);
    talk.types("output").hears("| 30000\n");
    // Nobody could let it go on again.
    talk.at_once("\u{1a}");
    talk.types("copy")
        .hears("a terminal of this kind has no clipboard");
    talk.types("detach");
    let said = talk.ends(0);
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn a_pager_gets_the_text_and_the_keys_and_the_questions_are_back_afterwards() {
    let (home, kept) = with_a_pager();
    let mut talk = behind_a_step(Talk::on_a_terminal, &[], &home);
    talk.types("pager").hears("THE PAGER IS OPEN");
    let read = |end: &str| fs::read_to_string(kept.with_extension(end)).unwrap();
    let text = read("text");
    assert_eq!(text.lines().count(), 60_001);
    assert!(text.contains("\n30000\na red Needle\n1\n"));
    let variables = read("env");
    assert!(
        variables.lines().any(|line| line == "LESSSECURE=1"),
        "{variables}"
    );
    assert!(!variables.contains("LESSOPEN="), "{variables}");
    // To the gate, and yes: not while another program has the keys. Nor do its signals end us.
    for keys in [
        "step 2\n",
        "1\n",
        "\u{3}",
        "\u{1c}",
        "\u{1a}",
        "step 2\n",
        "1\n",
        "half a line",
    ] {
        std::thread::sleep(Duration::from_millis(100));
        talk.at_once(keys);
    }
    fs::write(kept.with_extension("leave"), "").unwrap();
    talk.hears("What now?")
        .types("steps")
        .hears("2 Look: your turn")
        .hears("\n");
    // Nobody of ours has even read them.
    assert_eq!(talk.said().matches("Step 2 of 2").count(), 1);
    assert!(!talk.said().contains("together"), "{}", talk.said());
    let yes = "step 2 last: said yes";
    assert!(!talk.said().contains(yes), "{}", talk.said());
    assert!(
        !talk.said().contains("nothing was stopped"),
        "{}",
        talk.said()
    );
    talk.types("step 2").hears("Step 2 of 2").hears("What now?");
    talk.types("1")
        .hears(yes)
        .hears("IN YOUR HANDS:")
        .hears("What now?");
    talk.types("detach");
    talk.ends(0);
}

#[test]
fn a_pager_that_is_not_there_is_named_and_a_signal_ends_one_with_the_wizard() {
    let mut home = Home::with_two_steps();
    home.set("PAGER", "no-such-pager -R");
    let mut talk = behind_a_step(Talk::on_a_terminal, &[], &home);
    talk.types("pager")
        .hears("there is no pager no-such-pager here")
        .hears("What now?");
    talk.types("output").hears("| 30000\n");
    talk.types("detach");
    talk.ends(0);
    let (home, _) = with_a_pager();
    let mut talk = behind_a_step(Talk::on_a_terminal, &[], &home);
    talk.types("pager").hears("THE PAGER IS OPEN");
    let pid = Pid::from_raw(i32::try_from(talk.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let said = talk.ends(0);
    assert!(said.contains("the run goes on without you"), "{said}");
}

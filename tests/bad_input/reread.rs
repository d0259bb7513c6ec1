//! What a step printed, gone through again in lines: searched while gigabytes go by, and read around a match.

use super::home::Home;
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
pub fn behind_a_step(open: impl Fn(&Home, &[&str]) -> Talk, plain: &[&str], home: &Home) -> Talk {
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

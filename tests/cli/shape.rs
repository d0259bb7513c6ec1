//! Runbooks whose steps hang on what is decided or found on the way.

use super::home::Home;

const ENVIRONMENTS: &str = "[here]\nkind = \"rehearsal\"\nhosts.web = \"local\"\n";

const CHOICE: &str = r#"
format = 1
title  = "A choice"

[hosts]
web = "a machine"

[params.ROOM]
ask     = "Room on dest"
default = "enough"

[[phase]]
id    = "all"
title = "All"

[[step]]
id    = "way"
phase = "all"
title = "How the data travels"
do.choose = { name = "WAY", ask = "How does it travel?", options = [
  { value = "copy", title = "Copy it", means = "the old side stays" },
  { value = "it's \"moved\" $(false)", title = "Move it", means = "no way back" },
] }

[[step]]
id    = "copy"
phase = "all"
title = "Copy it"
when  = [{ name = "WAY", is = "copy" }, { name = "ROOM", is = "enough" }]
do.command.run = "echo copying"
undo  = { nothing = "it only prints" }

[[step]]
id    = "other"
phase = "all"
title = "By another way"
on    = "web"
needs = ["copy"]
when  = { name = "WAY", is-not = "copy" }
gate  = { type-back = "go by {{WAY}}" }
do.command.run = 'printf "%s\n" "by $WAY"'
undo  = { nothing = "it only prints" }
verify = [{ command = 'test "$WAY" != copy && printf "%s" "$WAY"', equals = "{{WAY}}" }]
"#;

fn home() -> Home {
    let home = Home::new();
    home.file("choice.toml", CHOICE);
    home.file("environments.toml", ENVIRONMENTS);
    home
}

const RUN: [&str; 6] = [
    "run",
    "choice.toml",
    "--env",
    "here",
    "--unattended",
    "--answers",
];

fn run(home: &Home, answers: &str) -> super::home::Said {
    home.file(
        "answers.toml",
        &format!("format = 1\napprove = [\"*\"]\n{answers}"),
    );
    let mut words = RUN.to_vec();
    words.push("answers.toml");
    home.runsheet(&words)
}

#[test]
fn the_option_that_the_answers_choose_decides_which_steps_are_done() {
    let home = home();
    let said = run(&home, "[step.way]\nchoose = \"copy\"\n").ends(0);
    assert!(
        said.out.contains("1 way: chosen: WAY = copy"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("2 copy: leg 1 ended on bastion: exit 0"),
        "{}",
        said.out
    );
    let passed = "3 other: passed over: only where WAY is not copy, and WAY is copy";
    assert!(said.out.contains(passed), "{}", said.out);
    let run = said
        .out
        .lines()
        .next()
        .unwrap()
        .strip_prefix("run ")
        .unwrap()
        .to_owned();
    let report = home.runsheet(&["report", &run]).ends(0).out;
    assert!(
        report.contains("1 decided by choice, 1 passed over by their rule"),
        "{report}"
    );
    assert!(report.contains("was passed over by its rule"), "{report}");
    assert!(report.contains("WAY = copy"), "{report}");
    home.runsheet(&["verify", &run]).ends(0);
}

#[test]
fn a_chosen_value_reaches_shell_gate_and_proof_and_is_only_a_value() {
    let home = home();
    let value = "it's \\\"moved\\\" $(false)";
    let words =
        format!("[step.way]\nchoose = \"{value}\"\n[step.other]\ntype = \"go by {value}\"\n");
    let said = run(&home, &words).ends(0);
    assert!(
        said.out
            .contains("2 copy: passed over: only where WAY is copy"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("3 other: proof: 1 of 1 hold"),
        "{}",
        said.out
    );
}

#[test]
fn without_an_answer_the_run_waits_and_says_what_could_be_chosen() {
    let home = home();
    let said = run(&home, "").ends(4);
    assert!(
        said.err
            .contains("step way asks for a choice: copy or it's"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("[step.way] choose = \"copy\""),
        "{}",
        said.err
    );
    let said = run(&home, "[step.way]\nchoose = \"cpoy\"\n").ends(2);
    assert!(said.err.contains("did you mean `copy`?"), "{}", said.err);
}

#[test]
fn the_plan_says_what_is_known_only_then() {
    let home = home();
    let said = home
        .runsheet(&["plan", "choice.toml", "--env", "here"])
        .ends(0);
    for line in [
        "gives  WAY, known only then",
        "copy = Copy it: the old side stays",
        "only   where WAY is copy, and ROOM is enough",
        "type back: go by {{WAY}}",
        "it uses WAY, which is known only then: step way gives it one",
    ] {
        assert!(said.out.contains(line), "{line}\n{}", said.out);
    }
}

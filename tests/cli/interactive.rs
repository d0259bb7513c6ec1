//! Steps that somebody types to, where nobody is there.

use super::home::Home;

const RUNBOOK: &str = r#"
format = 1
title  = "A password"

[hosts]
web = "a machine"

[[phase]]
id    = "all"
title = "All"

[[step]]
id    = "first"
phase = "all"
title = "Before it"
do.command.run = "echo before >>before"
undo   = { nothing = "it only prints" }
verify = [{ command = "true" }]

[[step]]
id    = "password"
phase = "all"
title = "Give the database its password"
on    = "web"
do.command = { run = "passwd app", interactive = true }
undo   = { never = "nobody knows the old one" }
verify = [{ command = "true" }]
"#;

fn home(web: &str) -> Home {
    let home = Home::new();
    home.file("password.toml", RUNBOOK);
    home.file(
        "environments.toml",
        &format!("[here]\nkind = \"rehearsal\"\nhosts.web = {web}\n"),
    );
    home
}

fn run(home: &Home, answers: &str) -> super::home::Said {
    let answers = format!("format = 1\napprove = [\"*\"]\n{answers}");
    home.file("answers.toml", &answers);
    home.runsheet(&[
        "run",
        "password.toml",
        "--env",
        "here",
        "--unattended",
        "--answers",
        "answers.toml",
    ])
}

#[test]
fn an_unattended_run_does_not_begin_with_a_step_that_nobody_types_to() {
    let home = home("\"local\"");
    let said = run(&home, "");
    assert_ne!(said.code, Some(0), "{}", said.err);
    let why = "step password is interactive, and in an unattended run nobody is there to type";
    assert!(said.err.contains(why), "{}", said.err);
    assert!(said.err.contains("[step.password] skip"), "{}", said.err);
    let runs = home.runsheet(&["runs"]).ends(0);
    assert!(
        !runs.out.contains("password"),
        "no run was made: {}",
        runs.out
    );

    let skipped = run(&home, "[step.password]\nskip = \"not in the lab\"\n").ends(0);
    assert!(
        skipped.out.contains("2 password: skipped: not in the lab"),
        "{}",
        skipped.out
    );
}

#[test]
fn the_plan_says_which_step_wants_somebody_at_the_keyboard() {
    let home = home("\"local\"");
    let plan = home.runsheet(&["plan", "password.toml", "--env", "here", "--offline"]);
    let plan = plan.ends(0).out;
    assert!(plan.contains("INTERACTIVE, somebody types to it"), "{plan}");
    assert_eq!(plan.matches("INTERACTIVE").count(), 1);
    let plan = home.runsheet(&["plan", "password.toml", "--env", "here"]);
    assert!(
        plan.out.contains("the keys are not recorded"),
        "{}",
        plan.out
    );
}

#[test]
fn a_host_of_several_machines_has_no_one_keyboard() {
    let home = home("[{ ssh = \"one\" }, { ssh = \"two\" }]");
    let said = home.runsheet(&["plan", "password.toml", "--env", "here", "--offline"]);
    assert_ne!(said.code, Some(0), "{}", said.out);
    assert!(
        said.err
            .contains("the step `password` needs one: somebody types to it"),
        "{}",
        said.err
    );
}

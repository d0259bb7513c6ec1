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

const LIST: &str = r#"
format = 1
title  = "A list"

[hosts]
web = "a machine"

[params.HERE]
ask  = "A folder of the test"
kind = "path"

[[phase]]
id    = "all"
title = "All"

[[step]]
id    = "ask"
phase = "all"
title = "What there is"
on    = "web"
capture = { name = "NAMES", as = "lines", empty = "allowed" }
do.command.run = 'echo "a warning" >&2; cat "$HERE/names"; echo "another" >&2'
undo  = { nothing = "it only reads" }

[[step]]
id    = "one"
phase = "all"
title = "One value"
on    = "web"
capture = { name = "FIRST" }
do.command.run = 'head -n 1 "$HERE/first"'
undo.command.run = 'echo "$FIRST" >> "$HERE/undone"'
verify = [{ command = 'printf "%s" "$FIRST"', equals = "{{FIRST}}" }]

[[step]]
id    = "each"
phase = "all"
title = "Each of them"
on    = "web"
for-each = { name = "NAME", in = "NAMES" }
do.command.run = 'printf "%s:%s\n" "$NAME" "$FIRST" >> "$HERE/did" && ! test -e "$HERE/stop-$NAME"'
undo  = { nothing = "it only writes" }
verify = [
  { command = 'grep -Fc -e "$NAME:" "$HERE/did"', at-least = 1 },
  { file = "{{HERE}}/did" },
]
"#;

fn list() -> Home {
    let home = Home::new();
    home.file("list.toml", LIST);
    home.file("environments.toml", ENVIRONMENTS);
    home.file("answers.toml", "format = 1\napprove = [\"*\"]\n");
    home.file("first", "it's \"first\" $(false)\n");
    home
}

fn go(home: &Home, code: i32) -> super::home::Said {
    let here = format!("HERE={}", home.path().display());
    let words = [
        "run",
        "list.toml",
        "--env",
        "here",
        "--set",
        &here,
        "--unattended",
        "--answers",
        "answers.toml",
    ];
    home.runsheet(&words).ends(code)
}

fn did(home: &Home) -> String {
    std::fs::read_to_string(home.path().join("did")).unwrap_or_default()
}

#[test]
fn a_list_that_was_captured_becomes_lanes_and_each_item_is_only_a_value() {
    let home = list();
    home.file(
        "names",
        "alpha\n\nb; touch $HERE/bad\n-rf $(touch bad) `touch bad` 'x\"\n",
    );
    let said = go(&home, 0);
    let captured = "captured alpha, b; touch $HERE/bad, -rf $(touch bad) `touch bad` 'x\"";
    assert!(said.out.contains(captured), "{}", said.out);
    assert!(
        said.out.contains("3 each: leg 1 ended on web.i3: exit 0"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("3 each: proof: 4 of 4 hold"),
        "a question a lane, and one for all\n{}",
        said.out
    );
    let first = "it's \"first\" $(false)";
    let want = format!(
        "alpha:{first}\nb; touch $HERE/bad:{first}\n-rf $(touch bad) `touch bad` 'x\":{first}\n"
    );
    assert_eq!(did(&home), want, "one by one, in their order");
    assert!(!home.path().join("bad").exists());
    let report = home.runsheet(&["report", "latest"]).ends(0).out;
    assert!(report.contains("captured 3 items: alpha"), "{report}");
    assert!(report.contains("On web.i1, `alpha`:"), "{report}");
    home.runsheet(&["verify", "latest"]).ends(0);
}

#[test]
fn an_empty_list_passes_over_what_it_was_for() {
    let home = list();
    home.file("names", "");
    let said = go(&home, 0);
    assert!(
        said.out
            .contains("1 ask: leg 1 ended on web: exit 0, captured"),
        "{}",
        said.out
    );
    assert!(
        said.out
            .contains("3 each: passed over: the list NAMES is empty"),
        "{}",
        said.out
    );
    assert_eq!(did(&home), "");
}

#[test]
fn what_is_no_value_and_no_list_makes_the_step_stuck_and_says_why() {
    let home = list();
    for (names, first, why) in [
        ("a\n", "\n", "it printed nothing on standard output"),
        ("a\u{7}\n", "x\n", "a line has a control character in it: a"),
        (
            &*format!("{}\n", "x".repeat(5000)),
            "x\n",
            "a line is longer than 4096 bytes",
        ),
    ] {
        home.file("names", names);
        home.file("first", first);
        let said = go(&home, 4);
        assert!(
            said.out.contains(&format!("exit 0, not captured: {why}")),
            "{}",
            said.out
        );
        assert!(said.err.contains("failed"), "{}", said.err);
    }
    assert_eq!(did(&home), "");
}

#[test]
fn ten_thousand_items_are_refused_in_words_and_at_once() {
    let home = list();
    let names: String = (0..10_000).map(|n| format!("{n}\n")).collect();
    home.file("names", &names);
    let said = go(&home, 4);
    let why = "the list NAMES has 10000 items, which are 10000 lanes; a step has 1000 at most";
    assert!(said.err.contains(why), "{}\n{}", said.out, said.err);
    assert_eq!(did(&home), "");
}

#[test]
fn a_lane_that_fails_holds_back_those_after_it() {
    let home = list();
    home.file("names", "a\nb\nc\nd\n");
    home.file("stop-c", "");
    let said = go(&home, 4);
    assert!(
        said.out.contains("3 each: leg 1 ended on web.i3: exit 1"),
        "{}",
        said.out
    );
    assert!(!said.out.contains("web.i4"), "{}", said.out);
    assert_eq!(
        did(&home)
            .lines()
            .map(|line| &line[..1])
            .collect::<String>(),
        "abc"
    );
}

#[test]
fn the_plan_of_a_list_says_what_is_known_only_then() {
    let home = list();
    let here = format!("HERE={}", home.path().display());
    let said = home
        .runsheet(&["plan", "list.toml", "--env", "here", "--set", &here])
        .ends(0);
    for line in [
        "gives  NAMES, a list, known only then",
        "gives  FIRST, known only then",
        "each   NAME in NAMES, known only then; one by one",
    ] {
        assert!(said.out.contains(line), "{line}\n{}", said.out);
    }
}

#[test]
fn a_value_that_nobody_gave_is_never_an_empty_text() {
    let home = Home::new();
    home.file("environments.toml", ENVIRONMENTS);
    let late = r#"
[[step]]
id    = "late"
phase = "all"
title = "Uses it"
do.command.run = 'echo "rm -r /srv/$WAY/"'
undo  = { nothing = "it only prints" }
"#;
    home.file("choice.toml", &format!("{CHOICE}{late}"));
    let skip = "[step.way]\nskip = \"not now\"\n";
    let said = run(&home, skip).ends(4);
    let why = "it is done only where WAY is copy, and WAY has no value: step way was skipped";
    assert!(said.err.contains(why), "{}", said.err);
    let more = "[step.copy]\nskip = \"no\"\n[step.other]\nskip = \"no\"\n";
    let said = run(&home, &format!("{skip}{more}")).ends(4);
    let why = "it uses WAY, which has no value: step way was skipped";
    assert!(said.err.contains(why), "{}", said.err);
    assert!(!said.out.contains("late: leg 1 started"), "{}", said.out);
}

/// A change that is armed until a step which only one of two ways has, a step that works elsewhere, and a typo.
const ARMED: &str = r#"
format = 1
title  = "Armed"

[params.RELOAD]
ask     = "Reload?"
default = "yes"

[[phase]]
id    = "all"
title = "All"

[[step]]
id    = "write"
phase = "all"
title = "Write it"
armed-until = "reload"
do.command.run = "echo new"
undo  = { nothing = "it only prints" }

[[step]]
id    = "reload"
phase = "all"
title = "Reload it"
when  = { name = "RELOAD", is = "yes" }
do.command.run = "echo loaded"
undo  = { nothing = "it only prints" }
"#;

fn armed(set: &str) -> (String, String, String) {
    let home = Home::new();
    home.file("choice.toml", ARMED);
    home.file("environments.toml", "[here]\nkind = \"rehearsal\"\n");
    home.file("answers.toml", "format = 1\napprove = [\"*\"]\n");
    let plan = home.runsheet(&["plan", "choice.toml", "--env", "here", "--offline"]);
    let plan = plan.ends(0).out;
    assert!(plan.contains("armed  until step 2 [reload]"), "{plan}");
    let mut words = RUN.to_vec();
    words.extend(["answers.toml", "--set", set]);
    let said = home.runsheet(&words).ends(0).out;
    let run = said.lines().next().unwrap().strip_prefix("run ").unwrap();
    let report = home.runsheet(&["report", run]).ends(0).out;
    let shown = home.runsheet(&["show", run]).ends(0).out;
    (said, report, shown)
}

#[test]
fn what_is_written_is_armed_until_the_step_that_activates_it_is_done() {
    let (said, report, shown) = armed("RELOAD=yes");
    assert!(
        said.contains("1 write: armed: it takes effect with step 2 (reload)"),
        "{said}"
    );
    assert!(
        said.contains("1 write: in effect by step 2 (reload)"),
        "{said}"
    );
    assert!(
        report.contains("in effect by step 2 (reload) since"),
        "{report}"
    );
    assert!(
        shown.contains("in effect by step 2 (reload) since"),
        "{shown}"
    );
    assert!(
        !report.contains("ARMED") && !report.contains("Not in effect"),
        "{report}"
    );
}

#[test]
fn a_run_that_ends_with_something_armed_says_it_loudly() {
    let (said, report, shown) = armed("RELOAD=no");
    let says = "NOT in effect: step 2 (reload), which activates it, was passed over";
    for text in [&said, &report, &shown] {
        assert!(text.contains(says), "{text}");
    }
    assert!(
        report.contains("ARMED and not known to be in effect: step 1"),
        "{report}"
    );
    assert!(report.contains("**Not in effect, step 1"), "{report}");
}

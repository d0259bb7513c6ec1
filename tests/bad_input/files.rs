//! Runbooks, environments and settings that are not what they should be. None of them opens a run.

use std::fs;
use std::time::{Duration, Instant};

use super::home::{Home, TWO_STEPS, YES};

/// Fails unless `check` and `run` say this of a runbook, and no run was opened.
#[track_caller]
fn refused(home: &Home, file: &str, words: &[&str]) {
    home.runsheet(&["check", file]).expect(1, words);
    let run = [
        "run",
        file,
        "--env",
        "here",
        "--unattended",
        "--answers",
        "yes.toml",
    ];
    home.runsheet(&run).expect(1, words);
    no_run(home);
}

#[track_caller]
fn no_run(home: &Home) {
    let runs = fs::read_dir(home.path().join("state/runsheet/runs"));
    assert_eq!(runs.map_or(0, Iterator::count), 0, "a run was opened");
}

#[test]
fn a_runbook_that_cannot_be_read_is_named_with_what_to_try() {
    let home = Home::with_two_steps();
    home.write("words.toml", "format = 1\nthis is not toml\n");
    refused(&home, "words.toml", &["not TOML", "words.toml:2:6", "^"]);
    refused(
        &home,
        "missing.toml",
        &["read the runbook missing.toml", "is the path right?"],
    );
    fs::create_dir(home.path().join("book/folder.toml")).unwrap();
    let folder = [
        "read the runbook folder.toml",
        "directory",
        "name the file in it",
    ];
    refused(&home, "folder.toml", &folder);
    home.write("latin.toml", b"format = 1\ntitle = \"caf\xe9\"\n");
    refused(
        &home,
        "latin.toml",
        &["latin.toml: line 2 is not UTF-8", "save it as UTF-8"],
    );
    home.write("empty.toml", "");
    refused(&home, "empty.toml", &["format", "title"]);
}

#[test]
fn ten_megabytes_of_garbage_are_refused_at_once_and_in_few_words() {
    let home = Home::with_two_steps();
    // Lines of random letters, and one endless line of them.
    let mut state = 1_u64;
    let mut letter = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        b"abcXYZ019+/=[]\"'{}#., "[(state >> 33) as usize % 22]
    };
    let line: Vec<u8> = (0..10_000_000).map(|_| letter()).collect();
    let lines: Vec<u8> = line
        .iter()
        .enumerate()
        .map(|(at, c)| if at % 77 == 76 { b'\n' } else { *c })
        .collect();
    for (name, bytes) in [("line.toml", &line), ("lines.toml", &lines)] {
        home.write(name, bytes);
        let begun = Instant::now();
        let said = home.runsheet(&["check", name]);
        said.expect(1, &["not TOML", &format!("{name}:1:")]);
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{name}: {:?}",
            begun.elapsed()
        );
        assert!(
            said.out.len() < 64 * 1024,
            "{} bytes were said of {name}",
            said.out.len()
        );
    }
    home.runsheet(&["check", "lines.toml"])
        .expect(1, &["more places from here on", "right file?"]);
}

#[test]
fn an_environment_that_binds_too_little_or_too_much_is_told_whole() {
    let home = Home::with_two_steps();
    home.write("environments.toml", "[here]\nkind = \"rehearsal\"\n");
    let little = [
        "which machine `web` is",
        "environments.toml:1:2",
        "add hosts.web",
    ];
    refused(&home, "two.toml", &little);
    let much = "[here]\nkind = \"rehearsal\"\nhosts.web = \"local\"\nhosts.wbe = \"local\"\nparams.CONUT = \"/x\"\n";
    home.write("environments.toml", much);
    let much = [
        "no host `wbe`",
        "did you mean `web`?",
        ":4:7",
        "no parameter `CONUT`",
        ":5:8",
    ];
    refused(&home, "two.toml", &much);
    fs::remove_file(home.path().join("book/environments.toml")).unwrap();
    let run = ["run", "two.toml", "--env", "here", "--detach"];
    home.runsheet(&run)
        .expect(1, &["environments.toml", "No such file"]);
    no_run(&home);
}

#[test]
fn an_unknown_environment_is_told_with_the_nearest_name() {
    let home = Home::with_two_steps();
    for command in ["run", "plan"] {
        let said = home.runsheet(&[command, "two.toml", "--env", "heer"]);
        if command == "plan" {
            said.expect(2, &["no environment `heer`", "did you mean `here`?"]);
        }
    }
    let run = ["run", "two.toml", "--env", "heer", "--detach"];
    home.runsheet(&run)
        .expect(2, &["no environment `heer`", "did you mean `here`?"]);
    let far = ["run", "two.toml", "--env", "production", "--detach"];
    home.runsheet(&far)
        .expect(2, &["no environment `production`", "it has here"]);
    no_run(&home);
}

#[test]
fn a_setting_that_fits_nothing_is_wrong_usage_and_no_secret_is_repeated() {
    let home = Home::with_two_steps();
    let secret = "\n[params.TOKEN]\nask = \"The token\"\nkind = \"secret\"\n\n[[phase]]";
    let text = TWO_STEPS.replacen("\n[[phase]]", secret, 1);
    home.write("two.toml", text);
    let with = |setting: &str| {
        home.runsheet(&[
            "run", "two.toml", "--env", "here", "--detach", "--set", setting,
        ])
    };
    let said = with("TOKEN=hunter2");
    said.expect(2, &["`TOKEN` is a secret", "RUNSHEET_SECRET_TOKEN"]);
    assert!(!format!("{said}").contains("hunter2"), "{said}");
    let said = with("hunter2");
    said.expect(2, &["--set", "no `=`", "NAME=VALUE"]);
    assert!(!format!("{said}").contains("hunter2"), "{said}");
    with("COUNT=/x").expect(
        2,
        &[
            "these parameters have no value",
            "RUNSHEET_SECRET_TOKEN=",
            "The token",
        ],
    );
    home.write("two.toml", TWO_STEPS);
    with("COUTN=/x").expect(2, &["no parameter `COUTN`", "did you mean `COUNT`?"]);
    with("COUNT=relative").expect(2, &["COUNT", "relative", "absolute"]);
    no_run(&home);
}

#[test]
fn an_answers_file_that_does_not_fit_is_wrong_usage() {
    let home = Home::with_two_steps();
    let run = [
        "run",
        "two.toml",
        "--env",
        "here",
        "--unattended",
        "--answers",
        "yes.toml",
    ];
    home.write("yes.toml", YES.replace('*', "frist"));
    home.runsheet(&run).expect(
        2,
        &["no step `frist`", "yes.toml:2:12", "did you mean `first`?"],
    );
    fs::remove_file(home.path().join("book/yes.toml")).unwrap();
    home.runsheet(&run)
        .expect(2, &["read the answers in yes.toml", "No such file"]);
    no_run(&home);
}

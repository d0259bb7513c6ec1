//! Steps whose change their machine takes back by itself where nobody keeps it.

use std::time::{Duration, Instant};

use super::home::{Home, Said};
use super::sshd::Sshd;

/// A step that writes `new` where `old` stood, and ten seconds to keep that.
fn runbook(proof: &str) -> String {
    format!(
        r#"
format = 1
title  = "Change the door"
hosts  = {{ web = "a machine" }}
phase  = [{{ id = "all", title = "All" }}]

[params.DOOR]
ask     = "The file that opens the door"
default = "nowhere"

[[step]]
id    = "change"
phase = "all"
title = "Change it"
on    = "web"
confirm-within   = "10s"
do.command.run   = 'cp "$DOOR" "$DOOR.before" && echo new >"$DOOR"'
undo.command.run = 'echo taking it back; mv "$DOOR.before" "$DOOR"'
verify = [{{ command = '{proof}' }}]
"#
    )
}

/// The home, the file that is the door, and what an unattended run said.
fn run(proof: &str, web: &str, door: &std::path::Path, home: &Home) -> Said {
    home.file("door.toml", &runbook(proof));
    let environments = format!("[here]\nkind = \"rehearsal\"\nhosts.web = {web}\n");
    home.file("environments.toml", &environments);
    home.file("answers.toml", "format = 1\napprove = [\"*\"]\n");
    let door = format!("DOOR={}", door.display());
    let words = [
        "run",
        "door.toml",
        "--env",
        "here",
        "--unattended",
        "--answers",
        "answers.toml",
    ];
    let mut words = words.to_vec();
    words.extend(["--set", &door]);
    home.runsheet(&words)
}

fn read(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn report(home: &Home, said: &str) -> String {
    let run = said.lines().next().unwrap().strip_prefix("run ").unwrap();
    home.runsheet(&["report", run]).ends(0).out
}

#[test]
fn a_change_whose_proof_holds_is_kept_and_stays() {
    let home = Home::new();
    let door = home.file("door", "old\n");
    let said = run(r#"grep -q new "$DOOR""#, "\"local\"", &door, &home)
        .ends(0)
        .out;
    assert!(said.contains("the change on web is to be kept"), "{said}");
    assert_eq!(read(&door), "new\n");
    let report = report(&home, &said);
    assert!(
        report.contains("said to keep the change on web"),
        "{report}"
    );
    assert!(report.contains("let go of the guard"), "{report}");
}

#[test]
fn a_change_whose_proof_does_not_hold_is_kept_by_nobody_and_its_machine_takes_it_back() {
    let home = Home::new();
    let door = home.file("door", "old\n");
    let said = run("false", "\"local\"", &door, &home).ends(4);
    assert!(said.err.contains("its guard takes it back"), "{}", said.err);
    assert_eq!(read(&door), "new\n", "there is time yet to look at it");
    let begun = Instant::now();
    while read(&door) != "old\n" {
        assert!(
            begun.elapsed() < Duration::from_secs(40),
            "nothing took it back"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The one thing that this is for: whoever was connected before does not notice that nobody can come in any more.
#[test]
fn a_change_that_lets_nobody_in_is_not_kept_over_a_connection_that_was_there_before() {
    let Some(sshd) = Sshd::start() else { return };
    let home = Home::new();
    let door = sshd.at("authorized");
    let before = read(&door);
    let config = sshd.at("ssh_config");
    let web = format!(
        "{{ ssh = \"lab\", port = {}, config = \"{}\" }}",
        sshd.port,
        config.display()
    );
    let said = run(r#"grep -q new "$DOOR""#, &web, &door, &home).ends(4);
    assert!(
        said.out.contains("the change on web is to be kept"),
        "{}",
        said.out
    );
    assert_eq!(
        read(&door),
        before,
        "it was taken back, and so they could come in again\n{}\n{}",
        said.out,
        said.err
    );
    let all = format!("{}{}", said.out, said.err);
    assert!(
        all.contains("taking it back"),
        "what the guard printed: {all}"
    );
    assert!(
        all.contains("the step was taken back: exit code 0"),
        "{all}"
    );
    assert!(
        all.contains("too late: its guard has taken the step back, on web"),
        "{all}"
    );
}

#[test]
fn a_change_that_fails_leaves_a_guard_and_that_is_said() {
    let home = Home::new();
    let door = home.path().join("no-door");
    let said = run("true", "\"local\"", &door, &home).ends(4);
    assert!(
        said.err
            .contains("step change failed; its guard on web takes it back by itself"),
        "{}",
        said.err
    );
}

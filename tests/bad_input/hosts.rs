//! Hosts that cannot be had: told at the gate, before anything was said yes to, and mended without a new run.

use std::fs;

use super::home::{Home, Said};
use super::sshd::Sshd;
use super::terminal::Terminal;

/// How an environment binds it.
pub fn binding(sshd: &Sshd) -> String {
    let config = sshd.at("ssh_config");
    format!("{{ ssh = \"lab\", config = \"{}\" }}", config.display())
}

/// Walks until the host stops it; nothing may have been started.
#[track_caller]
fn stopped(home: &Home, words: &[&str]) -> (Said, String) {
    let said = home.walk();
    said.expect(4, words);
    let run = said.run();
    let go_on = format!("runsheet attach {run}");
    said.expect(4, &[&go_on, "hint: "]);
    assert_eq!(home.counted(), (0, 0), "{said}");
    let kinds: Vec<String> = home.events(&run).iter().map(ToString::to_string).collect();
    assert!(
        !kinds.iter().any(|entry| entry.contains("leg-started")),
        "{kinds:#?}"
    );
    assert!(
        !kinds.iter().any(|entry| entry.contains("step-approved")),
        "{kinds:#?}"
    );
    home.must_verify(&run);
    (said, run)
}

/// Comes back to a run that was stopped, has its first step looked at again, and says yes to both.
fn goes_on(home: &Home, run: &str) {
    let terminal = Terminal::start(home.in_terminal(&["attach", run]), 30, 100);
    terminal.wait_for("The first");
    terminal.say_yes_until(|| home.has_ended(run));
    assert_eq!(home.counted(), (1, 1));
    home.must_verify(run);
}

#[test]
fn a_host_that_does_not_resolve_is_told_before_the_gate() {
    let home = Home::with_two_steps();
    home.environment("\"no-such-host.invalid\"");
    let (said, _) = stopped(&home, &["web", "cannot be reached", "no-such-host.invalid"]);
    said.expect(4, &["ssh"]);
    let planned = home.runsheet(&["plan", "two.toml", "--env", "here"]);
    planned.expect(1, &["web", "cannot be reached", "hint: "]);
    let last = planned.out.lines().last().unwrap();
    assert!(
        last.starts_with("this plan has a hole: web could not be asked"),
        "{last}"
    );
    // Nobody is asked, and so nobody is missed.
    let offline = home.runsheet(&["plan", "two.toml", "--env", "here", "--offline"]);
    assert!(!offline.expect(0, &["web"]).out.contains("hole"));
}

#[test]
fn a_host_that_refuses_the_key_is_told_and_the_run_goes_on_once_it_lets_us_in() {
    let Some(sshd) = Sshd::start() else { return };
    let home = Home::with_two_steps();
    home.environment(&binding(&sshd));
    sshd.come_as("stranger", sshd.port);
    let (_, run) = stopped(
        &home,
        &[
            "web",
            "the login was refused",
            "Permission denied",
            "`identity`",
        ],
    );
    sshd.come_as("user", sshd.port);
    goes_on(&home, &run);
}

#[test]
fn a_changed_host_key_is_a_hard_stop() {
    let Some(sshd) = Sshd::start() else { return };
    let home = Home::with_two_steps();
    home.environment(&binding(&sshd));
    sshd.know("stranger", sshd.port);
    // Whatever is said about problems, no run is opened.
    home.walk().expect(
        1,
        &[
            "the run does not start",
            "web",
            "its host key has changed",
            "stop, and ask whoever owns the machine",
        ],
    );
    home.runsheet(&["runs"]).expect(0, &[]);
}

#[test]
fn an_unknown_host_key_is_never_taken_on_trust() {
    let Some(sshd) = Sshd::start() else { return };
    let home = Home::with_two_steps();
    home.environment(&binding(&sshd));
    fs::write(sshd.at("known"), "").unwrap();
    stopped(
        &home,
        &[
            "web",
            "its host key is not known here",
            "compare the fingerprint",
        ],
    );
}

#[test]
fn a_host_without_a_usable_shell_is_told_before_the_gate() {
    let Some(sshd) = Sshd::start() else { return };
    let home = Home::with_two_steps();
    home.environment(&binding(&sshd));
    for only in ["/bin/false", "echo only backups here"] {
        sshd.let_in(&format!("command=\"{only}\""));
        stopped(&home, &["web", "shell"]);
    }
}

#[test]
fn a_missing_program_is_told_before_the_gate() {
    let mut home = Home::with_two_steps();
    // All that the steps and the agent need, and neither docker nor rsync.
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for folder in std::env::split_paths(&path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if !["docker", "rsync"].iter().any(|gone| name == *gone) {
                // The first of a name counts, as in the PATH.
                let _ = std::os::unix::fs::symlink(entry.path(), bin.join(name));
            }
        }
    }
    home.set("PATH", bin);
    let head = "format = 1\ntitle = \"x\"\n[hosts]\nweb = \"it\"\n[params.COUNT]\nask = \"?\"\n[[phase]]\nid = \"all\"\ntitle = \"All\"\n[[step]]\nid = \"it\"\nphase = \"all\"\ntitle = \"It\"\non = \"web\"\n";
    for (program, action) in [
        ("docker", "do.docker.stop = \"web\""),
        ("docker", "do.docker.inspect = \"web\""),
        (
            "rsync",
            "do.rsync = { path = \"/etc/hostname\", to-path = \"/tmp/there\" }",
        ),
    ] {
        home.write("two.toml", format!("{head}{action}\n"));
        let (said, _) = stopped(&home, &["web", program]);
        let hint = said
            .err
            .lines()
            .find(|line| line.starts_with("hint: "))
            .unwrap();
        assert!(
            hint.contains("install") || hint.contains("PATH") || hint.contains(program),
            "{said}"
        );
    }
}

//! A disk that is full while a run goes on.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::home::{Home, TWO_STEPS, WALK, until};
use super::hosts::binding;
use super::records::go_on;
use super::sshd::Sshd;

/// A small file system in memory; taken away with the test.
struct Small(PathBuf);

impl Small {
    /// `None`, and a word about it, where it cannot be mounted.
    fn mount(home: &Home) -> Option<Self> {
        let path = home.path().join("small");
        fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m,mode=0700", "runsheet-test"])
            .arg(&path)
            .output();
        match mounted {
            Ok(done) if done.status.success() => {}
            other => {
                eprintln!(
                    "SKIPPED: a full disk was not tested, because mounting one needs root: {other:?}"
                );
                return None;
            }
        }
        fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        Some(Self(path))
    }

    /// Leaves not one byte of room.
    fn fill(&self) {
        use std::io::Write;
        let mut file = fs::File::create(self.0.join("ballast")).unwrap();
        let block = [7_u8; 4096];
        while file.write_all(&block).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let gone = Command::new("umount").arg("-l").arg(&self.0).status();
        if !gone.is_ok_and(|status| status.success()) {
            eprintln!("{} is still mounted", self.0.display());
        }
    }
}

#[test]
fn a_full_disk_stops_the_engine_at_its_last_record_and_the_run_goes_on_with_room() {
    let mut home = Home::with_two_steps();
    // The machine behind ssh keeps its receipts on a disk of its own, which is not full.
    let Some(sshd) = Sshd::start() else { return };
    let Some(small) = Small::mount(&home) else {
        return;
    };
    home.environment(&binding(&sshd));
    let prints = TWO_STEPS.replace(
        "|| echo 0)\"'",
        "|| echo 0)\"; head -c 300000 /dev/zero | tr \"\\0\" x'",
    );
    assert_ne!(prints, TWO_STEPS);
    home.write("two.toml", prints);
    home.set("XDG_STATE_HOME", small.0.clone());
    home.slow(4);
    let walk = home.start(&WALK);
    let run = walk.until_said("run ").run();
    until("the second step runs", || home.counted().1 == 1);
    small.fill();
    let said = walk.end();
    said.expect(
        5,
        &[
            "No space left on device",
            "make room",
            &format!("runsheet attach {run}"),
        ],
    );
    // It says goodbye before its process has ended.
    home.engine_is_gone(&run);
    // What is on disk is whole, or torn at its end where the write stopped half-way; reading says which.
    home.runsheet(&["show", &run])
        .expect(0, &["no engine holds it"]);
    let opened = home.walk();
    opened.expect(1, &["No space left on device"]);
    small.make_room();
    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
    let kept = fs::read(home.folder(&run).join("output/second.1.web.0")).unwrap();
    assert_eq!(
        kept.len(),
        7 + 300_000,
        "what the machine still had was fetched"
    );
    drop(small);
}

/// Three steps on one machine that ask nobody; the second prints something and then only takes its time.
const THREE: &str = r#"
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
gate  = "auto"
do.command.run = 'echo first >>"$COUNT"'
undo   = { never = "a test" }

[[step]]
id    = "second"
phase = "all"
title = "The second"
on    = "web"
gate  = "auto"
do.command.run = 'echo begun; echo second >>"$COUNT"; until [ -e "$COUNT.end" ]; do sleep 0.05; done'
undo   = { never = "a test" }
verify = [{ command = 'grep -c second "$COUNT"', equals = "1" }]

[[step]]
id    = "third"
phase = "all"
title = "The third"
on    = "web"
gate  = "auto"
do.command.run = 'echo third >>"$COUNT"'
undo   = { never = "a test" }
"#;

/// A home whose records are on a small disk, with the machine's receipts elsewhere.
fn on_a_small_disk() -> Option<(Home, Small, Sshd)> {
    let mut home = Home::with_two_steps();
    let sshd = Sshd::start()?;
    let small = Small::mount(&home)?;
    home.environment(&binding(&sshd));
    home.write("two.toml", THREE);
    home.set("XDG_STATE_HOME", small.0.clone());
    Some((home, small, sshd))
}

/// Waits until all that the second step prints is kept.
fn has_printed(home: &Home, run: &str) {
    until("the second step has printed what it prints", || {
        let kept = home.folder(run).join("output/second.1.web.0");
        fs::read(kept).is_ok_and(|text| text == b"begun\n") && counted(home).contains("second")
    });
}

fn counted(home: &Home) -> String {
    fs::read_to_string(home.count())
        .unwrap_or_default()
        .replace('\n', " ")
}

/// Whether a record of this kind says this about the step.
fn recorded(home: &Home, run: &str, kind: &str, step: &str) -> bool {
    home.events(run).iter().any(|entry| {
        let text = entry.to_string();
        text.contains(kind) && text.contains(&format!("\"step\":\"{step}\""))
    })
}

#[test]
fn on_a_full_disk_an_outcome_is_recorded_and_nothing_new_begins_until_there_is_room() {
    let Some((home, small, _sshd)) = on_a_small_disk() else {
        return;
    };
    let walk = home.start(&WALK);
    let run = walk.until_said("run ").run();
    has_printed(&home, &run);
    small.fill();
    fs::write(home.path().join("count.end"), "").unwrap();
    until("its outcome and its proof are on record", || {
        recorded(&home, &run, "proof-answered", "second")
    });
    walk.until_said("no room on the disk: nothing new is started");
    assert!(!recorded(&home, &run, "step-reached", "third"));
    assert_eq!(counted(&home), "first second ");
    home.must_verify(&run);

    small.make_room();
    walk.until_said("there is room again");
    until("the third step ran by itself", || {
        counted(&home) == "first second third "
    });
    // Room is what it went on with, and the end of a run is the word of whoever walks it.
    let said = walk.end();
    said.expect(0, &["third"]);
    assert!(home.has_ended(&run));
    home.must_verify(&run);
    drop(small);
}

#[test]
fn an_unattended_walk_does_not_wait_for_ever_for_room_and_says_what_to_do() {
    let Some((home, small, _sshd)) = on_a_small_disk() else {
        return;
    };
    let walk = home.start(&WALK);
    let run = walk.until_said("run ").run();
    has_printed(&home, &run);
    small.fill();
    fs::write(home.path().join("count.end"), "").unwrap();
    let said = walk.end();
    said.expect(
        4,
        &[
            "so nothing new is started",
            "make room on it",
            &format!("runsheet attach {run}"),
        ],
    );
    assert_eq!(counted(&home), "first second ");
    home.must_verify(&run);
    small.make_room();
    until("the engine goes on by itself", || {
        counted(&home) == "first second third "
    });
    drop(small);
}

#[test]
fn no_run_is_opened_on_a_full_disk() {
    let Some((home, small, _sshd)) = on_a_small_disk() else {
        return;
    };
    small.fill();
    let said = home.walk();
    assert_eq!(said.code, 1, "{said}");
    let plain = said.err.contains("no room on the disk") || said.err.contains("No space left");
    assert!(plain && !said.err.contains("panicked"), "{said}");
    drop(small);
}

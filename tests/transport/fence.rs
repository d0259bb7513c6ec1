//! What keeps a start from beginning: a transfer that was cut, and a revoke that was first.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use runsheet::transport::{Host, ReceiptState, Settled};
use tempfile::TempDir;

use super::size::{told, tries};
use super::stage::{claim, hosts, lines, run, sh, shells};

/// Sends a start and a revoke at nearly the same time. Gives whether it was revoked, or what is wrong.
async fn race(host: &Host, dir: &TempDir, number: u64) -> Result<bool, String> {
    let trace = dir.path().join(format!("trace{number}"));
    let claim = claim(host, &format!("race-{number}")).await;
    let script = sh(&format!("echo ran >>{}", trace.display()));
    let starting = tokio::spawn({
        let (host, claim) = (host.clone(), claim.clone());
        async move { run(&host, &claim, &script).await.0 }
    });
    tokio::time::sleep(Duration::from_micros(number % 25 * 250)).await;
    let said = host
        .revoke(&claim)
        .await
        .map_err(|error| error.to_string())?;
    let settled = starting.await.unwrap().map_err(|error| error.to_string())?;
    match (&settled, &said, lines(&trace)) {
        (Settled::Revoked, ReceiptState::Revoked, 0) => Ok(true),
        (Settled::Exited { code: 0, .. }, said, 1) if *said != ReceiptState::Revoked => Ok(false),
        (_, _, ran) => Err(format!(
            "{}, race {number}: it ran {ran} times, {settled:?}, {said:?}",
            host.name()
        )),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_step_never_ran_and_a_step_that_ran_was_not_revoked() {
    let hosts = hosts();
    let each = tries(500, 10_000).div_ceil(hosts.len() as u64);
    let (mut revoked, mut ran) = (0_u64, 0_u64);
    for (host, dir) in &hosts {
        for number in 0..each {
            match race(host, dir, number).await {
                Ok(true) => revoked += 1,
                Ok(false) => ran += 1,
                Err(wrong) => panic!("{wrong}"),
            }
        }
    }
    assert!(
        revoked > 0 && ran > 0,
        "the races were none: {revoked} revoked, {ran} ran"
    );

    // The control: a fence that is written over, and not made by one of the two alone.
    let dir = TempDir::new().unwrap();
    let shell = ["sh", "-c", "sed -u 's/set -C/:/' | exec sh -s"].map(Into::into);
    let broken = Host::local_under("broken", dir.path().join("spool"), shell.into());
    let mut caught = None;
    for number in 0..500 {
        if let Err(wrong) = race(&broken, &dir, number).await {
            caught = Some((number + 1, wrong));
            break;
        }
    }
    let (after, wrong) = caught.expect("a fence that can be written over must be caught");
    told(
        "start against revoke",
        &format!(
            "{} races, {revoked} revoked, {ran} ran, 0 ran after being revoked; control: caught after {after} \
             ({wrong})",
            revoked + ran
        ),
    );
}

/// Sends parts of a conversation to a shell, each later one after the greeting, and gives what it said.
pub fn feed(argv: &[std::ffi::OsString], home: &std::path::Path, parts: &[&[u8]]) -> Vec<u8> {
    let mut child = Command::new(&argv[0])
        .args(&argv[1..])
        .arg("-s")
        .env("HOME", home)
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            // the agent reads verbs only once it has greeted
            let mut greeting = String::new();
            let mut stdout = std::io::BufReader::new(child.stdout.as_mut().unwrap());
            while !greeting.contains("H end\n") {
                std::io::BufRead::read_line(&mut stdout, &mut greeting).unwrap();
            }
        }
        stdin.write_all(part).unwrap();
    }
    drop(stdin);
    child.wait_with_output().unwrap().stdout
}

/// The program as it is sent, with its call.
pub fn conversation() -> String {
    let text = include_str!("../../src/transport/agent.sh");
    let sent: String = text
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    sent + "rs_agent word '' END\n"
}

#[test]
fn a_program_cut_at_any_byte_runs_nothing() {
    let dir = TempDir::new().unwrap();
    let program = conversation();
    let shells = shells();
    // whole without its last newline is whole
    let last = program.len() - 1;
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (shells, program, home) = (&shells, program.as_bytes(), dir.path());
            scope.spawn(move || {
                for cut in (half..last).step_by(2) {
                    // every byte under sh; the others where the call is, and here and there
                    for argv in shells
                        .iter()
                        .enumerate()
                        .filter(|(i, _)| *i == 0 || cut + 40 > last || cut % 97 == *i)
                    {
                        let said = feed(argv.1, home, &[&program[..cut]]);
                        assert_eq!(String::from_utf8_lossy(&said), "", "cut at {cut}");
                    }
                }
            });
        }
    });
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "something was made"
    );
    let said = feed(&shells[0], dir.path(), &[&program.as_bytes()[..last]]);
    assert!(String::from_utf8_lossy(&said).starts_with("runsheet word\n"));

    // The control: without its end mark, a call that was cut runs under half a word.
    let mark = "[ \"$#\" = 3 ] && [ \"$3\" = END ] || exit 1\n";
    let broken = program.replace(mark, "");
    assert_ne!(broken, program);
    let dir = TempDir::new().unwrap();
    let says =
        |cut: &usize| !feed(&shells[0], dir.path(), &[&broken.as_bytes()[..*cut]]).is_empty();
    let caught = (broken.len() - 20..broken.len() - 1).find(says);
    let caught = caught.expect("a program without its end mark must be caught");
    told(
        "the receipt program cut",
        &format!(
            "at every of its {last} bytes, nothing ran but the whole; control without the end mark: ran {} bytes \
             before the end",
            broken.len() - caught
        ),
    );
}

#[test]
fn a_start_cut_at_any_byte_runs_nothing() {
    for argv in shells() {
        let dir = TempDir::new().unwrap();
        let program = conversation();
        let said = feed(&argv, dir.path(), &[program.as_bytes()]);
        let said = String::from_utf8_lossy(&said).into_owned();
        let nonce = said
            .lines()
            .find_map(|line| line.strip_prefix("H nonce "))
            .unwrap();
        let trace = dir.path().join("trace");
        let start = format!(
            "word S token-name {nonce} sh far\necho ran >>{0}; : more\n",
            trace.display()
        );
        for cut in 0..start.len() {
            feed(
                &argv,
                dir.path(),
                &[program.as_bytes(), &start.as_bytes()[..cut]],
            );
        }
        assert_eq!(lines(&trace), 0, "{argv:?}");
        let jobs = dir.path().join(".local/state/runsheet/spool/jobs");
        assert_eq!(fs::read_dir(&jobs).unwrap().count(), 0, "{argv:?}");
        feed(&argv, dir.path(), &[program.as_bytes(), start.as_bytes()]);
        assert_eq!(lines(&trace), 1, "{argv:?}");

        // The control: a program that begins with as much of a line as it got.
        let careless =
            program.replace("read -r rs_b || exit 1; rs_begin", "read -r rs_b; rs_begin");
        assert_ne!(careless, program);
        let start = start.replace("token-name", "another");
        let caught = (start.len() - 8..start.len()).find(|cut| {
            feed(
                &argv,
                dir.path(),
                &[careless.as_bytes(), &start.as_bytes()[..*cut]],
            );
            lines(&trace) > 1
        });
        let caught = caught.unwrap_or_else(|| panic!("{argv:?}: a part of a start must run"));
        told(
            &format!("a start cut under {}", argv[0].display()),
            &format!(
                "at each of its {} bytes, nothing ran; control: ran {} bytes before the end",
                start.len(),
                start.len() - caught
            ),
        );
    }
}

//! What the tests of the transport share.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use runsheet::transport::{Chunk, Claim, Host, LinkError, Script, Settled, Shell, Token};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// The shells on this machine that can stand under the agent; says which are missing.
pub fn shells() -> Vec<Vec<OsString>> {
    let all: [&[&str]; 4] = [&["sh"], &["dash"], &["bash"], &["busybox", "sh"]];
    for argv in all.iter().filter(|argv| !installed(argv[0])) {
        eprintln!(
            "SKIPPED: {} is not installed; its part of this test did not run",
            argv[0]
        );
    }
    let there = all.iter().filter(|argv| installed(argv[0]));
    there
        .map(|argv| argv.iter().map(OsString::from).collect())
        .collect()
}

/// This machine under each of its shells, each with a spool of its own.
pub fn hosts() -> Vec<(Host, TempDir)> {
    shells()
        .into_iter()
        .map(|argv| {
            let dir = TempDir::new().unwrap();
            (
                Host::local_under(&format!("{argv:?}"), dir.path().join("spool"), argv),
                dir,
            )
        })
        .collect()
}

pub fn installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).exists()))
}

pub fn sh(text: &str) -> Script {
    Script::new(Shell::Sh, text).unwrap()
}

pub async fn claim(host: &Host, token: &str) -> Claim {
    let survey = host.survey().await.unwrap();
    let nonce = survey
        .nonce()
        .unwrap_or_else(|| panic!("{:?}", survey.receipts))
        .clone();
    Claim::new(Token::new(token).unwrap(), nonce)
}

/// Gathers output, and sees to it that it comes without gap or overlap.
pub fn gather(mut from: u64) -> (mpsc::Sender<Chunk>, tokio::task::JoinHandle<Vec<u8>>) {
    let (out, mut pieces) = mpsc::channel::<Chunk>(4);
    let all = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Some(piece) = pieces.recv().await {
            assert_eq!(piece.offset, from, "a gap or an overlap");
            assert!(!piece.bytes.is_empty());
            from += piece.bytes.len() as u64;
            all.extend(piece.bytes);
        }
        all
    });
    (out, all)
}

pub async fn run(
    host: &Host,
    claim: &Claim,
    script: &Script,
) -> (Result<Settled, LinkError>, Vec<u8>) {
    let (out, all) = gather(0);
    let settled = host.start(claim, script, out).await;
    (settled, all.await.unwrap())
}

/// Runs a step under a token and expects it to end.
pub async fn step(host: &Host, token: &str, script: &Script) -> (i32, Vec<u8>) {
    let claim = claim(host, token).await;
    let (settled, output) = run(host, &claim, script).await;
    match settled {
        Ok(Settled::Exited { code, bytes }) => {
            assert_eq!(bytes, output.len() as u64);
            (code, output)
        }
        other => panic!("{token}: {other:?}"),
    }
}

pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub fn lines(file: &Path) -> usize {
    std::fs::read_to_string(file).map_or(0, |text| text.lines().count())
}

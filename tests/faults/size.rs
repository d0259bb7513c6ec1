//! How much is tried, and where it is told.

use std::io::Write;

/// How many tries: `commit` with every commit, `torture` for an hour, and that many times more by hand.
///
/// # Panics
///
/// `RUNSHEET_FAULTS` says something else than `commit`, `torture` or a number from 1 on.
pub fn tries(commit: u64, torture: u64) -> u64 {
    match std::env::var("RUNSHEET_FAULTS").as_deref() {
        Err(_) | Ok("" | "commit") => commit,
        Ok("torture") => torture,
        Ok(times) => match times.parse::<u64>() {
            Ok(times) if times > 0 => torture.saturating_mul(times),
            _ => panic!("RUNSHEET_FAULTS is `{times}`: say commit, torture or a number"),
        },
    }
}

/// Whether this is more than what every commit gets.
pub fn is_torture() -> bool {
    tries(0, 1) > 0
}

/// Tells what was tried and found, in one line: on standard error, and in the file that
/// `RUNSHEET_FAULTS_REPORT` names, for the summary at the end of all tests.
pub fn told(what: &str, found: &str) {
    let line = format!("faults  {what}: {found}\n");
    eprint!("{line}");
    if let Some(report) = std::env::var_os("RUNSHEET_FAULTS_REPORT") {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(report)
            .expect("the report can be opened");
        file.write_all(line.as_bytes())
            .expect("the report can be written");
    }
}

#[test]
fn a_commit_is_smaller_than_torture() {
    assert!(tries(1, 10) >= 1);
    assert_eq!(is_torture(), tries(1, 10) > 1);
    told("size", &format!("{} of 10 tries", tries(1, 10)));
}

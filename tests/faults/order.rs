//! The order of things in a trace of a whole run: on disk, then sent or told.
//!
//! strace(1) writes down what the engine asks of the kernel. A record counts as being on disk from the end of the
//! fdatasync that follows its write; whatever is sent or told counts from the beginning of its write.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use super::rig::{Rig, Which};
use super::size::told;
use super::witness::Witness;

/// What a trace shows, each with the line of the trace that it stands on.
#[derive(Default)]
struct Trace {
    /// Records by their number: when the write began, and what was written.
    written: HashMap<u64, (usize, String)>,
    /// Records by their number: when a sync of the journal that began after their write had ended.
    durable: HashMap<u64, usize>,
    /// Entries that went to a client.
    told: Vec<(usize, u64)>,
    /// Starts that went to a machine.
    sent: Vec<(usize, String)>,
    /// Output files that were synced.
    synced: Vec<(usize, String)>,
}

/// How often each rule was looked at, and where it was broken.
#[derive(Default)]
struct Found {
    sent: usize,
    told: usize,
    outputs: usize,
    broken: Vec<String>,
}

/// The number after a key in text that strace has escaped.
fn number_after(text: &str, key: &str) -> Option<u64> {
    let rest = &text[text.find(key)? + key.len()..];
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The text after a key, up to the escaped quote that ends it.
fn text_after(text: &str, key: &str) -> Option<String> {
    let rest = &text[text.find(key)? + key.len()..];
    Some(rest[..rest.find("\\\"")?].to_owned())
}

impl Trace {
    fn read(path: &Path, run: &str) -> Self {
        let text = std::fs::read(path).expect("a trace");
        let text = String::from_utf8_lossy(&text);
        let mut trace = Self::default();
        // Calls under way, by their thread: what was called, and the line it began on.
        let mut open: HashMap<String, (String, usize)> = HashMap::new();
        let mut unsynced: Vec<u64> = Vec::new();
        // Which records a sync that is under way covers.
        let mut syncing: HashMap<String, Vec<u64>> = HashMap::new();
        for (at, line) in text.lines().enumerate() {
            let Some((thread, call)) = line.trim_start().split_once(' ') else {
                continue;
            };
            let call = call.trim_start();
            let (call, begins, ends) = if let Some(call) = call.strip_suffix("<unfinished ...>") {
                open.insert(thread.to_owned(), (call.to_owned(), at));
                (call.to_owned(), true, false)
            } else if call.starts_with("<... ") {
                match open.remove(thread) {
                    Some((begun, _)) => (begun, false, true),
                    None => continue,
                }
            } else {
                (call.to_owned(), true, true)
            };
            let on_journal = call.contains(&format!("{run}/journal>"));
            let sync = call.starts_with("fdatasync(") || call.starts_with("fsync(");
            if sync && on_journal {
                if begins {
                    syncing.insert(thread.to_owned(), std::mem::take(&mut unsynced));
                }
                // A sync that failed has made nothing safe, and what it covered stays in doubt.
                if ends && line.trim_end().ends_with("= 0") {
                    for seq in syncing.remove(thread).unwrap_or_default() {
                        trace.durable.insert(seq, at);
                    }
                }
            } else if sync
                && ends
                && line.trim_end().ends_with("= 0")
                && call.contains(&format!("{run}/output/"))
            {
                let name = call.split("/output/").nth(1).unwrap_or_default();
                let name = name.split('>').next().unwrap_or_default();
                let name = name.trim_end_matches(".part").to_owned();
                trace.synced.push((at, name));
            } else if sync || !begins {
                continue;
            } else if on_journal {
                if let Some(seq) = number_after(&call, "{\\\"seq\\\":") {
                    trace.written.insert(seq, (at, call.clone()));
                    unsynced.push(seq);
                }
            } else if call.contains("<pipe:") {
                let words: Vec<&str> = call.split(' ').collect();
                let verb = words.iter().position(|word| *word == "S");
                if let Some(token) = verb.and_then(|verb| words.get(verb + 1)) {
                    trace.sent.push((at, (*token).to_owned()));
                }
            } else if call.contains("UNIX") {
                let key = "\\\"say\\\":\\\"entry\\\",\\\"entry\\\":{";
                for part in call.split(key).skip(1) {
                    if let Some(seq) = number_after(part, "\\\"seq\\\":") {
                        trace.told.push((at, seq));
                    }
                }
                for part in call.split("\\\"say\\\":\\\"granted\\\"").skip(1) {
                    if let Some(seq) = number_after(part, "\\\"seq\\\":") {
                        trace.told.push((at, seq));
                    }
                }
            }
        }
        trace
    }

    fn check(&self) -> Found {
        let mut found = Found::default();
        let durable_before =
            |seq: u64, at: usize| self.durable.get(&seq).is_some_and(|durable| *durable < at);
        for (at, seq) in &self.told {
            found.told += 1;
            // The first record is written by whoever makes the run, before there is an engine to trace.
            let before_the_trace = *seq == 0 && !self.written.contains_key(seq);
            if !before_the_trace && !durable_before(*seq, *at) {
                found
                    .broken
                    .push(format!("entry {seq} was told before it was on disk"));
            }
        }
        for (at, token) in &self.sent {
            found.sent += 1;
            let is_it = |text: &str| {
                text.contains("\\\"kind\\\":\\\"leg-started\\\"")
                    && text_after(text, "\\\"token\\\":\\\"").as_ref() == Some(token)
            };
            let record = self.written.iter().find(|(_, (_, text))| is_it(text));
            if !record.is_some_and(|(seq, _)| durable_before(*seq, *at)) {
                found
                    .broken
                    .push(format!("{token} was sent before its start was on disk"));
            }
        }
        for (at, text) in self.written.values() {
            let ended = text.contains("\\\"kind\\\":\\\"leg-ended\\\"");
            let Some(file) = text_after(text, "\\\"file\\\":\\\"").filter(|_| ended) else {
                continue;
            };
            found.outputs += 1;
            let synced = self
                .synced
                .iter()
                .any(|(when, name)| when < at && *name == file);
            if !synced {
                found
                    .broken
                    .push(format!("{file} was recorded before it was on disk"));
            }
        }
        found
    }
}

/// Walks a run from its first gate to its end under strace; none, and a word about it, where there is none.
async fn traced(which: Which) -> Option<Found> {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("SKIPPED: there is no strace here, so the order of a run was not looked at");
        return None;
    }
    let text = "echo begun >>COUNT; echo printed; sleep 0.2; echo more";
    let rig = Rig::new(&[("one", text), ("two", text), ("three", text)]);
    let trace = rig.path("trace");
    let trace_path = trace.display().to_string();
    let under = [
        "strace",
        "-f",
        "-qq",
        "-yy",
        "-s",
        "200000",
        "-o",
        &trace_path,
        "-e",
        "trace=write,writev,sendto,sendmsg,fsync,fdatasync",
        "--",
    ];
    let mut engine = rig.engine(which, &under).spawn().expect("strace starts");
    let mut ana = Witness::of(&rig);
    // A second one, so that there is somebody to be told what the first decides.
    let mut ben = Witness::of(&rig);
    ben.until(&rig, |ben| ben.connected).await;
    ana.finish(&rig).await;
    ben.until(&rig, |ben| ben.folded.run.ending.is_some()).await;
    drop((ana, ben));
    engine.wait().expect("its end");
    assert_eq!(rig.counted(), ["begun"; 3]);
    let mut trace = Trace::read(&trace, rig.run.as_str());
    let found = trace.check();
    // The control of the outputs: the same trace without their syncs.
    trace.synced.clear();
    let unsynced = trace.check().broken.len() - found.broken.len();
    assert_eq!(
        unsynced, found.outputs,
        "an output without its sync is seen"
    );
    assert_eq!(found.sent, 3, "every start is seen in the trace");
    assert_eq!(found.outputs, 3, "and every output");
    assert!(found.told > 40, "and what was told to two: {}", found.told);
    Some(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_or_told_was_on_disk_before() {
    let Some(found) = traced(Which::Real).await else {
        return;
    };
    assert!(found.broken.is_empty(), "{:#?}", found.broken);
    let control = traced(Which::Lying(0)).await.expect("strace is here");
    assert!(
        !control.broken.is_empty(),
        "the control syncs nothing, and must be caught"
    );
    told(
        "order in a trace",
        &format!(
            "one whole run: {} starts after their record, {} entries told after they were on disk, {} outputs \
             before their record, no exception; control: caught at {} places",
            found.sent,
            found.told,
            found.outputs,
            control.broken.len()
        ),
    );
}

//! What can only be tried from within: a disk that fails.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::ledger::Ledger;
use super::*;
use crate::client::{Attach, Client, Folded, Update};
use crate::clock::Clock;
use crate::journal::{Disk, Head, Journal};
use crate::names::{EnvName, PhaseId, RunId, StepId};
use crate::run::{
    Command, Finding, Intent, Plan, PlannedPhase, PlannedStep, PlannedUndo, RunbookCopy,
};
use crate::runbook::{EnvironmentKind, Gate, Runbook};
use crate::wire::Live;

/// A disk that takes so many records and then fails for good, as they do.
struct Failing {
    left: Arc<AtomicUsize>,
}

impl Disk for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        let take = |left: usize| left.checked_sub(1);
        match self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::from(io::ErrorKind::StorageFull)),
        }
    }
}

fn plan() -> Plan {
    let phase = PhaseId::new("all").unwrap();
    Plan {
        runbook: RunbookCopy {
            copy: "runbook.toml".into(),
            bytes: 0,
            sha256: "0".repeat(64),
        },
        title: "a test".into(),
        about: String::new(),
        environment: EnvName::new("here").unwrap(),
        environment_kind: EnvironmentKind::Rehearsal,
        environment_digest: "0".repeat(64),
        people: 0,
        window_seconds: 0,
        params: Vec::new(),
        machines: Vec::new(),
        phases: vec![PlannedPhase {
            id: phase.clone(),
            title: "all".into(),
        }],
        steps: vec![PlannedStep {
            id: StepId::new("read").unwrap(),
            phase,
            title: "read this".into(),
            about: String::new(),
            kind: "note".into(),
            headline: "read this".into(),
            performer: crate::kinds::Performer::Nobody,
            lanes: Vec::new(),
            gate: Gate::Confirm,
            proofs: Vec::new(),
            undo: PlannedUndo::Unsaid,
            estimate_seconds: 0,
            undo_estimate_seconds: 0,
            earlier: Default::default(),
            timeout_seconds: 0,
            interactive: false,
            downtime: None,
            point_of_no_return: false,
            needs: Vec::new(),
            when: Vec::new(),
            choice: None,
            capture: None,
            for_each: None,
            at_once: 0,
            armed_until: None,
            confirm_within_seconds: 0,
        }],
    }
}

fn runbook() -> Runbook {
    Runbook {
        name: "a-test".into(),
        digest: "0".repeat(64),
        text: String::new(),
        title: "a test".into(),
        about: String::new(),
        window: None,
        hosts: Default::default(),
        params: Default::default(),
        phases: Vec::new(),
        steps: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_after_the_journal_failed() {
    let temp = tempfile::tempdir().unwrap();
    let socket = temp.path().join("sock");
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let disk = Failing { left: left.clone() };
    let journal = Journal::with_disk(disk, PathBuf::from("journal"), Head::START);
    let clock = Clock::system();
    let mut ledger = Ledger::begin(journal, clock.clone());
    let opened = Finding::Open {
        run: RunId::new("20261121-a-test").unwrap(),
        version: "0".into(),
        plan: Box::new(plan()),
    };
    ledger.must(&Command::Found(opened)).unwrap();
    let engine = Engine::take_up(ledger, temp.path(), clock).unwrap();
    let setting = Setting {
        socket: socket.clone(),
        runbook: runbook(),
        secrets: Secrets::default(),
        fleet: Fleet::default(),
    };
    let work = tokio::spawn(engine.hold(setting, std::future::pending()));
    let (client, mut updates) = Client::connect(Attach {
        socket,
        name: "ana".into(),
        watch: false,
    });
    let mut folded = Folded::default();
    while folded.run.present.is_empty() {
        folded.take(&updates.recv().await.unwrap()).unwrap();
    }
    let note = |text: &str| Intent::Note {
        step: None,
        text: text.into(),
    };
    client.wish(note("kept"));
    while folded.run.notes.is_empty() {
        folded.take(&updates.recv().await.unwrap()).unwrap();
    }

    left.store(0, Ordering::SeqCst);
    client.wish(note("lost"));
    client.wish(note("lost too"));
    let mut poisoned = false;
    let why = loop {
        match updates.recv().await.unwrap() {
            Update::Entry { entry, .. } => panic!("told what is not on disk: {entry:?}"),
            Update::Granted { id, .. } => assert_eq!(id, 1),
            Update::Live(Live::Poisoned { .. }) => poisoned = true,
            Update::Disconnected { why, last: true } => break why,
            _ => {}
        }
    };
    assert!(poisoned);
    assert!(why.contains("cannot go on"), "{why}");
    assert!(why.contains("last record on disk is number"), "{why}");
    let ended = tokio::time::timeout(Duration::from_secs(5), work).await;
    let ended = ended.unwrap().unwrap();
    assert!(
        matches!(ended, Err(EngineError::Journal { .. })),
        "{ended:?}"
    );
}

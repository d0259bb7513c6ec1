//! A disk that hangs while somebody looks on.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use runsheet::client::{Attach, Client, Folded, Update};
use runsheet::journal::Disk;
use runsheet::run::{Intent, StepAt};
use runsheet::transport::Host;
use runsheet::wire::Live;

use super::acts::{Act, Step};
use super::person::PATIENCE;
use super::stage::{Stage, eventually};

/// How long the disk hangs at least.
const HANGS: Duration = Duration::from_secs(3);

/// What a disk does while it is held.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Its sync hangs.
    Hangs,
    /// Its sync says that it is done.
    Lies,
}

/// A disk that can be held; `durable` counts the records that it has really synced.
#[derive(Clone)]
struct Held {
    manner: Manner,
    held: Arc<(Mutex<bool>, Condvar)>,
    durable: Arc<AtomicU64>,
}

struct HeldFile {
    file: File,
    held: Held,
    written: u64,
}

impl Held {
    fn new(manner: Manner) -> Self {
        Self {
            manner,
            held: Arc::default(),
            durable: Arc::default(),
        }
    }

    fn hold(&self, on: bool) {
        *self.held.0.lock().unwrap() = on;
        self.held.1.notify_all();
    }
}

impl Disk for HeldFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = Disk::write(&mut self.file, bytes)?;
        self.written += bytes[..written].iter().filter(|b| **b == b'\n').count() as u64;
        Ok(written)
    }

    fn sync(&mut self) -> io::Result<()> {
        let (lock, freed) = &*self.held.held;
        let mut held = lock.lock().unwrap();
        if *held && self.held.manner == Manner::Lies {
            return Ok(());
        }
        while *held {
            held = freed.wait(held).unwrap();
        }
        Disk::sync(&mut self.file)?;
        self.held.durable.store(self.written, Ordering::SeqCst);
        Ok(())
    }
}

/// Somebody who hears, and checks that nothing is told before it is durable.
struct Ear {
    client: Client,
    updates: mpsc::Receiver<Update>,
    folded: Folded,
    durable: Arc<AtomicU64>,
    connected: bool,
    /// The first entry that was told too early.
    early: Option<u64>,
    unsaved: u32,
    saved: u32,
    granted: u32,
    length: u64,
}

impl Ear {
    fn attach(socket: &Path, name: &str, durable: &Arc<AtomicU64>) -> Self {
        let (client, updates) = Client::connect(Attach {
            socket: socket.to_owned(),
            name: name.to_owned(),
            watch: false,
        });
        Self {
            client,
            updates,
            folded: Folded::default(),
            durable: durable.clone(),
            connected: false,
            early: None,
            unsaved: 0,
            saved: 0,
            granted: 0,
            length: 0,
        }
    }

    async fn hear(&mut self) {
        let update = tokio::time::timeout(PATIENCE, self.updates.recv()).await;
        let update = update.expect("nothing more came").expect("it ended");
        self.take(&update);
    }

    /// Takes what is there already.
    fn catch_up(&mut self) {
        while let Ok(update) = self.updates.try_recv() {
            self.take(&update);
        }
    }

    fn take(&mut self, update: &Update) {
        self.folded.take(update).unwrap();
        match update {
            Update::Connected { .. } => self.connected = true,
            Update::Entry { entry, .. } if entry.seq >= self.durable.load(Ordering::SeqCst) => {
                self.early.get_or_insert(entry.seq);
            }
            Update::Live(Live::Unsaved { .. }) => self.unsaved += 1,
            Update::Live(Live::Saved) => self.saved += 1,
            Update::Live(Live::Grew { length, .. }) => self.length = self.length.max(*length),
            Update::Granted { .. } => self.granted += 1,
            _ => {}
        }
    }

    /// Whether it stands that something is not durable. A busy machine may have been slow before.
    fn is_warned(&self) -> bool {
        self.unsaved == self.saved + 1
    }

    async fn until(&mut self, so: impl Fn(&Self) -> bool) {
        while !so(self) {
            self.hear().await;
        }
    }

    async fn read(&mut self, name: &str, from: u64) -> String {
        self.client.read(name, from, 1000);
        loop {
            let update = tokio::time::timeout(PATIENCE, self.updates.recv()).await;
            let update = update.expect("no piece came").expect("it ended");
            self.take(&update);
            if let Update::Piece { bytes, .. } = update {
                return String::from_utf8(bytes).unwrap();
            }
        }
    }

    fn approve(&self) {
        let state = &self.folded.run.steps[0];
        self.client.wish(Intent::Approve {
            step: super::acts::step("slow"),
            attempt: state.attempt,
            digest: state.shown.as_ref().unwrap().digest.clone(),
            typed: None,
        });
    }

    fn note(&self) {
        let text = "somebody says something".to_owned();
        self.client.wish(Intent::Note { step: None, text });
    }
}

fn talks_when_told(path: &Path) -> Stage {
    let path = path.display();
    let text = format!(
        "echo one; until [ -e {path}/two ]; do sleep 0.02; done; echo two; \
         until [ -e {path}/end ]; do sleep 0.02; done"
    );
    Stage::new(vec![Step::new("slow", Act::run(&text))])
}

/// Somebody says something while a step runs and the disk is held, if it is. Gives what they heard.
async fn play(manner: Option<Manner>) -> Ear {
    let temp = tempfile::tempdir().unwrap();
    let stage = talks_when_told(temp.path());
    let disk = Held::new(manner.unwrap_or(Manner::Hangs));
    let (on, journal) = (disk.clone(), stage.folder().join("journal"));
    let engine = stage.start_with(Host::local("m", stage.spool()), move |file| {
        // What was there before is durable, or it would not have been read.
        let lines = std::fs::read(&journal).unwrap();
        let written = lines.iter().filter(|b| **b == b'\n').count() as u64;
        on.durable.store(written, Ordering::SeqCst);
        let held = on.clone();
        Box::new(HeldFile {
            file,
            held,
            written,
        })
    });
    let socket = stage.socket();
    let mut ana = Ear::attach(&socket, "ana", &disk.durable);
    ana.until(|ana| {
        ana.connected
            && ana
                .folded
                .run
                .steps
                .first()
                .is_some_and(|s| s.at == StepAt::AtGate)
    })
    .await;
    ana.approve();
    ana.until(|ana| ana.length == 4).await;
    assert_eq!(ana.read("slow.1.m.0", 0).await, "one\n");

    disk.hold(manner.is_some());
    let held = Instant::now();
    ana.note();
    if manner == Some(Manner::Hangs) {
        ana.until(Ear::is_warned).await;
        let entries = ana.folded.run.next_seq;
        std::fs::write(temp.path().join("two"), "").unwrap();
        ana.until(|ana| ana.length == 8).await;
        assert_eq!(ana.read("slow.1.m.0", 4).await, "two\n");
        let mut ben = Ear::attach(&socket, "ben", &disk.durable);
        ben.until(|ben| ben.is_warned() && ben.folded.run.next_seq == entries)
            .await;
        assert_eq!(ben.read("slow.1.m.0", 0).await, "one\ntwo\n");
        tokio::time::sleep(HANGS.saturating_sub(held.elapsed())).await;
        for ear in [&mut ana, &mut ben] {
            ear.catch_up();
            assert_eq!(
                ear.folded.run.next_seq, entries,
                "told before it is durable"
            );
            assert!(ear.is_warned());
        }
        assert!(!ben.connected, "nobody was recorded as attached");
        disk.hold(false);
        ben.until(|ben| ben.connected && ben.saved >= 1).await;
        assert_eq!(ben.early, None);
    }
    // The yes and the note.
    ana.until(|ana| ana.granted == 2 && !ana.folded.run.notes.is_empty())
        .await;
    disk.hold(false);
    std::fs::write(temp.path().join("two"), "").unwrap();
    std::fs::write(temp.path().join("end"), "").unwrap();
    ana.until(|ana| matches!(ana.folded.run.steps[0].at, StepAt::Done { .. }))
        .await;
    ana.catch_up();
    engine.kill().await;
    eventually(|| !socket.exists()).await;
    ana
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_disk_that_hangs_is_told_and_holds_up_nobody_who_only_looks() {
    let ana = play(Some(Manner::Hangs)).await;
    assert_eq!(ana.early, None);
    assert!(ana.unsaved >= 1 && ana.saved >= 1);
    // The controls: a disk that says so too early is caught, and one that is quick is not spoken of.
    let lied = play(Some(Manner::Lies)).await;
    let early = lied.early.expect("a disk that lies must be caught");
    let quick = play(None).await;
    assert_eq!(quick.early, None);
    eprintln!(
        "faults  a sync that hangs: told {} times, nothing early; control that lies caught at entry {early}",
        ana.unsaved
    );
}

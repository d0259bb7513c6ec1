//! Disks that fail once or from then on: nothing is told after the first failure, and nothing before it is lost.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runsheet::engine::Ended;
use runsheet::journal::{Disk, verify_folder};

use super::rig::{PATIENCE, Rig, Which, open_journal};
use super::size::{told, tries};
use super::witness::Witness;

/// The call that fails last; the first is 1. Writes and syncs are counted together.
const LAST: u64 = 40;

/// How many notes an engine must still take that was only disturbed.
const NOTES: usize = 30;

/// How long somebody listens to an engine that has ended.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Every so many tries, a whole engine takes the run to its end.
const FINISHED: u64 = 20;

/// What a disk does at the call that is told it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The system's number of an error (errno(3)): 5 is EIO, 28 is ENOSPC.
    Error(i32),
    Interrupted,
    Short,
}

const FAULTS: [Fault; 4] = [
    Fault::Error(5),
    Fault::Error(28),
    Fault::Interrupted,
    Fault::Short,
];

/// One try.
#[derive(Clone, Copy, Debug)]
struct Case {
    fault: Fault,
    at: u64,
    from_then_on: bool,
    /// Whether what a failed call should have kept is dropped and called safe: the control.
    swallows: bool,
}

/// What stands for the number of records on disk while the disk has not said no yet.
const NEVER: u64 = u64::MAX;

struct Failing {
    file: File,
    case: Case,
    calls: u64,
    synced: u64,
    /// How many records were on disk at the first failure.
    safe: Arc<AtomicU64>,
}

impl Failing {
    /// Whether this call, which is counted, fails. A disk that is interrupted for ever would hang, so that ends.
    fn fails(&mut self) -> bool {
        self.calls += 1;
        let last = match (self.case.from_then_on, self.case.fault) {
            (false, _) => self.case.at,
            (true, Fault::Interrupted) => self.case.at + 5,
            (true, _) => u64::MAX,
        };
        (self.case.at..=last).contains(&self.calls)
    }

    fn error(&self, code: i32) -> io::Error {
        // Only the first counts; a later one finds the number there.
        let _ = self
            .safe
            .compare_exchange(NEVER, self.synced, Ordering::SeqCst, Ordering::SeqCst);
        io::Error::from_raw_os_error(code)
    }
}

impl Disk for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let half = &bytes[..bytes.len().div_ceil(2)];
        match (self.fails(), self.case.fault) {
            (false, _) => Disk::write(&mut self.file, bytes),
            (true, Fault::Short) => Disk::write(&mut self.file, half),
            (true, Fault::Interrupted) => Err(io::ErrorKind::Interrupted.into()),
            (true, Fault::Error(..)) if self.case.swallows => Ok(bytes.len()),
            (true, Fault::Error(code)) => {
                // Some of it got there, which is a torn tail for the next engine.
                Disk::write(&mut self.file, half)?;
                Err(self.error(code))
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        // Below this seam the system's own call is made again when it is interrupted.
        if let (true, Fault::Error(code)) = (self.fails(), self.case.fault)
            && !self.case.swallows
        {
            return Err(self.error(code));
        }
        Disk::sync(&mut self.file)?;
        self.synced += 1;
        Ok(())
    }
}

fn rig() -> Rig {
    let text = "echo begun >>COUNT; echo printed";
    Rig::new(&[("one", text), ("two", text)])
}

/// Writes notes and says yes until the engine goes or so many notes are written.
async fn press_on(witness: &mut Witness) {
    while witness.gone.is_none() && witness.granted.len() < NOTES {
        if !witness.connected {
            if witness.next().await.is_none() {
                return;
            }
            continue;
        }
        witness.press("a note").await;
    }
}

/// Holds a run with such a disk while somebody presses keys, and says what was wrong.
async fn hold(rig: &Rig, case: Case) -> Result<(), String> {
    let safe = Arc::new(AtomicU64::new(NEVER));
    let between = |file| -> Box<dyn Disk> {
        let (calls, synced, safe) = (0, 0, safe.clone());
        Box::new(Failing {
            file,
            case,
            calls,
            synced,
            safe,
        })
    };
    let before = rig.lines().len() as u64;
    let mut witness = Witness::of(rig);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let holding = rig.hold(between, async {
        // Dropped without a word, nobody wants it to stop.
        if stopped.await.is_err() {
            std::future::pending().await
        }
    });
    let pressing = async {
        press_on(&mut witness).await;
        // An engine that was not disturbed for good goes when it is told to.
        let _ = stop.send(());
    };
    let both = async {
        tokio::pin!(holding, pressing);
        tokio::select! {
            ended = &mut holding => {
                // What it said last is still to be heard. One that never got to its door has said nothing.
                let _ = tokio::time::timeout(LAST_WORDS, pressing).await;
                ended
            }
            () = &mut pressing => holding.await,
        }
    };
    let ended = tokio::time::timeout(PATIENCE, both).await;
    let ended = ended.map_err(|_| "it hangs".to_owned())?;
    if let Some(lost) = witness.lost(rig) {
        return Err(lost);
    }
    let safe = safe.load(Ordering::SeqCst);
    if witness.told.len() as u64 > before.saturating_add(safe) {
        return Err("told after the disk had failed".to_owned());
    }
    match (ended, case.fault) {
        (Err(error), Fault::Error(..)) => {
            let said = error.to_string();
            let plain =
                said.contains("the last record on disk is number") && said.contains("os error");
            plain
                .then_some(())
                .ok_or(format!("not a plain message: {said}"))
        }
        (Ok(Ended::Stopped), Fault::Interrupted | Fault::Short) => Ok(()),
        (ended, _) => Err(format!("it ended with {ended:?}")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_by_an_engine_whose_disk_has_failed() {
    let all = LAST * 8;
    let wanted = tries(200, all);
    let (mut finished, mut repaired) = (0_u64, 0_u64);
    for number in 0..wanted {
        // A prime stride comes to every case before any comes again.
        let place = (number * 37) % all;
        let case = Case {
            fault: FAULTS[(place % 4) as usize],
            from_then_on: (place / 4) % 2 == 1,
            at: place / 8 + 1,
            swallows: false,
        };
        let rig = rig();
        if let Err(why) = hold(&rig, case).await {
            panic!("{case:?}: {why}");
        }
        if number % FINISHED == 0 {
            let mut engine = rig.start(Which::Real);
            Witness::of(&rig).finish(&rig).await;
            engine.wait().expect("its end");
            assert_eq!(rig.counted(), ["begun"; 2], "{case:?}");
            let verdict = verify_folder(&rig.folder(), None).expect("a record to verify");
            assert!(verdict.is_ok(), "{case:?}: {verdict:?}");
            finished += 1;
        } else {
            let (_, opened) = open_journal(&rig.folder()).expect("a journal that opens");
            repaired += u64::from(opened.torn.is_some());
        }
    }
    let control = Case {
        fault: Fault::Error(5),
        at: 9,
        from_then_on: true,
        swallows: true,
    };
    let caught = hold(&rig(), control).await;
    let caught = caught.expect_err("a disk that swallows its errors must be caught");
    told(
        "the Nth write or sync failing",
        &format!(
            "{wanted} failures (EIO, ENOSPC, EINTR, short; once and from then on), 0 told after one, 0 lost, \
             {repaired} torn tails repaired, {finished} runs taken to their end; control: caught ({caught})"
        ),
    );
}

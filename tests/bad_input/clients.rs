//! Clients that are killed, asleep, unplugged and dragged about, several at once. None of it reaches the run or
//! the one client that behaves.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc::Receiver;

use runsheet::client::{Attach, Client, Folded, Update};
use runsheet::run::{Intent, StepAt};

use super::home::{Home, TWO_STEPS, until};
use super::size::{is_torture, told, tries};
use super::terminal::Terminal;

/// How long the client that behaves may wait for an answer.
const ANSWERED: Duration = Duration::from_secs(5);

/// What the second step prints, again and again.
const LINES: u32 = 20_000;

/// The client that behaves.
struct Ana {
    client: Client,
    updates: Receiver<Update>,
    folded: Folded,
    slowest: Duration,
    answers: u32,
}

impl Ana {
    fn attach(socket: &Path) -> Self {
        let (client, updates) = Client::connect(Attach {
            socket: socket.to_owned(),
            name: "ana".into(),
            watch: false,
        });
        Self {
            client,
            updates,
            folded: Folded::default(),
            slowest: Duration::ZERO,
            answers: 0,
        }
    }

    async fn next(&mut self) -> Update {
        let update = tokio::time::timeout(Duration::from_secs(30), self.updates.recv()).await;
        let update = update.expect("something comes").expect("still connected");
        self.folded.take(&update).expect("an entry that follows");
        update
    }

    async fn until(&mut self, so: impl Fn(&Folded) -> bool) {
        while !so(&self.folded) {
            self.next().await;
        }
    }

    /// Writes something down, and measures how long the answer takes.
    async fn note(&mut self, text: String) {
        let asked = Instant::now();
        let wish = self.client.wish(Intent::Note { step: None, text });
        loop {
            match self.next().await {
                Update::Granted { id, .. } if id == wish => break,
                Update::Refused { id, why } if id == wish => panic!("refused: {why}"),
                _ => {}
            }
        }
        self.answers += 1;
        self.slowest = self.slowest.max(asked.elapsed());
    }

    /// The connection of somebody by their name, while they are attached.
    fn client_of(&self, name: &str) -> Option<u32> {
        let mut present = self.folded.run.present.values();
        let found = present.find(|present| present.who.name == name);
        found.map(|present| present.who.client)
    }
}

fn signal(terminal: &Terminal, signal: Signal) {
    let pid = i32::try_from(terminal.pid()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process"), signal).expect("it is signalled");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_clients_reaches_neither_the_run_nor_the_one_that_behaves() {
    let rounds = tries(30, 300);
    let home = Home::with_two_steps();
    let prints = format!("for i in $(seq {rounds}); do seq {LINES}; sleep 0.2; done");
    let book = TWO_STEPS.replace(
        r#"sleep "$(cat "$COUNT.pause" 2>/dev/null || echo 0)""#,
        &prints,
    );
    assert_ne!(book, TWO_STEPS);
    home.write("two.toml", book);
    let starting = Terminal::start(
        home.in_terminal(&["run", "two.toml", "--env", "here", "--as", "zoe"]),
        24,
        80,
    );
    let runs = home.path().join("state/runsheet/runs");
    let opened = || Some(std::fs::read_dir(&runs).ok()?.next()?.ok()?.file_name());
    until("a run is opened", || opened().is_some());
    let run = opened().unwrap().into_string().unwrap();
    starting.say_yes_until(|| home.counted() == (1, 1));

    let mut ana = Ana::attach(&home.path().join(format!("run/runsheet/{run}.sock")));
    let attach = |name: &str, rows, columns| {
        let words = ["attach", run.as_str(), "--as", name];
        Terminal::start(home.in_terminal(&words), rows, columns)
    };
    let killed = attach("killed", 24, 80);
    let asleep = attach("asleep", 24, 80);
    let unplugged = attach("unplugged", 60, 200);
    let dragged = attach("dragged", 24, 80);
    for name in ["killed", "asleep", "unplugged", "dragged"] {
        ana.until(|folded| folded.run.present.values().any(|p| p.who.name == name))
            .await;
    }
    asleep.wait_for("Two steps");
    let was = ana.client_of("asleep").expect("attached");

    signal(&asleep, Signal::STOP);
    signal(&killed, Signal::KILL);
    // What the kernel sends when a terminal goes.
    signal(&unplugged, Signal::HUP);
    let sizes: [(u16, u16); 6] = [(2, 2), (100, 300), (24, 80), (5, 20), (60, 200), (3, 299)];
    let dragging = std::thread::spawn(move || {
        let begun = Instant::now();
        let mut resized = 0_u32;
        for (rows, columns) in sizes.iter().cycle() {
            if begun.elapsed() > Duration::from_secs(3) {
                break;
            }
            dragged.resize(*rows, *columns);
            resized += 1;
            std::thread::sleep(Duration::from_millis(10));
        }
        dragged.resize(24, 80);
        dragged.wait_for("The second");
        (dragged, resized)
    });
    // More than a sleeper's socket takes, until it is let go.
    let begun = Instant::now();
    while ana.client_of("asleep").is_some() {
        assert!(begun.elapsed() < Duration::from_secs(120), "never let go");
        ana.note("x".repeat(8 * 1024)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let let_go = begun.elapsed();
    for name in ["killed", "unplugged"] {
        assert_eq!(ana.client_of(name), None, "{name} is gone");
    }
    let (dragged, resized) = dragging.join().expect("the dragging");
    assert!(resized > 100, "only {resized} sizes in three seconds");
    assert!(ana.slowest < ANSWERED, "an answer took {:?}", ana.slowest);

    signal(&asleep, Signal::CONT);
    ana.until(|folded| folded.run.present.values().any(|p| p.who.name == "asleep"))
        .await;
    assert_ne!(ana.client_of("asleep"), Some(was), "it came back by itself");
    ana.until(|folded| matches!(folded.run.steps[1].at, StepAt::Done { .. }))
        .await;
    ana.client.wish(Intent::End {
        reason: String::new(),
    });
    ana.until(|folded| folded.run.ending.is_some()).await;
    for terminal in [&starting, &asleep, &dragged] {
        terminal.wait_for("finished");
    }
    let kept = std::fs::read(home.folder(&run).join("output/second.1.web.0")).unwrap();
    let once: String = (1..=LINES).map(|line| format!("{line}\n")).collect();
    let whole = format!("second\n{}", once.repeat(usize::try_from(rounds).unwrap()));
    assert!(kept == whole.as_bytes(), "{} bytes kept", kept.len());
    home.must_verify(&run);

    let caught = stand_in();
    assert!(caught >= CAUGHT, "answered after {caught:?}");
    told(
        "clients",
        &format!(
            "1 killed, 1 hung up, 1 resized {resized} times, 1 asleep and let go after {} s and back by itself; \
             {} answers to another meanwhile, the slowest after {} ms; control: a server that waits for its \
             clients had not answered after {} s{}",
            let_go.as_secs(),
            ana.answers,
            ana.slowest.as_millis(),
            caught.as_secs(),
            if is_torture() { " (torture)" } else { "" }
        ),
    );
}

/// How long the control is waited for.
const CAUGHT: Duration = Duration::from_secs(2);

/// A server that writes to all of its clients in turn and waits for each: how long the one that behaves waits
/// for an answer while the other sleeps.
fn stand_in() -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        let mut clients: Vec<UnixStream> = listener.incoming().take(2).flatten().collect();
        let mut asks = BufReader::new(clients[1].try_clone().unwrap());
        let mut line = String::new();
        while asks.read_line(&mut line).is_ok_and(|read| read > 0) {
            for client in &mut clients {
                if client.write_all(&[b'.'; 64 * 1024]).is_err() {
                    return;
                }
            }
        }
    });
    let asleep = UnixStream::connect(&path).unwrap();
    let mut behaves = UnixStream::connect(&path).unwrap();
    behaves.set_read_timeout(Some(CAUGHT)).unwrap();
    let mut answer = vec![0; 64 * 1024];
    for _ in 0..100 {
        let asked = Instant::now();
        behaves.write_all(b"ask\n").unwrap();
        if behaves.read_exact(&mut answer).is_err() {
            drop(asleep);
            return asked.elapsed();
        }
    }
    Duration::ZERO
}

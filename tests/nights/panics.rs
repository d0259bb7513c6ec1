//! The terminal after a panic, and what it said.
//!
//! The program has no way to panic on purpose, so the test starts itself again: there it attaches to a run with the
//! program's own client and screen, and panics where the screen sends its first wish.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use runsheet::client::{Attach, Client};
use runsheet::clock::Clock;
use runsheet::names::{MachineName, RunId, StepId};
use runsheet::paths::Paths;
use runsheet::run::Intent;
use runsheet::tui::{self, Attention, Look, Options, Outgoing};
use runsheet::wire::Typed;

use super::home::{Home, makes};
use super::tty::Tty;

/// Names the thread that panics, for the process that does.
const PANICS: &str = "RUNSHEET_TEST_PANICS";

const DRAWING: &str = "the one that draws";
const ANOTHER: &str = "another";

struct Panics(String);

impl Outgoing for Panics {
    fn wish(&mut self, _: Intent) -> u64 {
        let panics = || panic!("a wish, and a panic on purpose");
        if self.0 == DRAWING {
            panics();
        }
        let ended = std::thread::spawn(panics).join();
        assert!(ended.is_err());
        1
    }

    fn type_to(&mut self, _: (StepId, u32, MachineName), _: Typed) {}

    fn read(&mut self, _: &str, _: u64, _: u32) {}
}

/// What the process does that is to panic.
fn attach_and_panic(panics: String) {
    let folder = |name| PathBuf::from(std::env::var_os(name).unwrap()).join("runsheet");
    let paths = Paths::under(folder("XDG_STATE_HOME"), folder("XDG_RUNTIME_DIR"));
    let run = std::fs::read_dir(paths.runs().unwrap()).unwrap().next();
    let run = run.unwrap().unwrap().file_name().into_string().unwrap();
    let attach = Attach {
        socket: paths.socket(&RunId::new(run).unwrap()).unwrap(),
        name: "ana".to_owned(),
        watch: false,
    };
    let options = Options {
        look: Look::from_env(|name| std::env::var(name).ok()),
        zone: TimeZone::UTC,
        clock: Clock::system(),
        folder: String::new(),
        attention: Attention::BellAndTitle,
        mouse: false,
        clipboard: tui::Clipboard::OfTheTerminal,
        pager: tui::Pager::from_env(|_| None),
        come_back: "runsheet attach".to_owned(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ended = runtime.block_on(async {
        let (_client, updates) = Client::connect(attach);
        tui::run(updates, &mut Panics(panics), options).await
    });
    panic!("the screen went on until {ended:?}");
}

fn the_terminal_is_given_back_with(panics: &str, says: &str) {
    let home = Home::with(&[makes("only")]);
    home.runsheet(&["run", "night.toml", "--env", "here", "--detach"]);
    let own = std::env::current_exe().unwrap().display().to_string();
    let test = "nights::panics::after_a_panic_the_terminal_is_usable_and_the_message_is_readable";
    let tty = Tty::with(
        &home,
        &own,
        &["--exact", test, "--nocapture"],
        &[(PANICS, panics)],
    );
    tty.wait_for("The only one");
    assert!(tty.left().len() >= 4, "the control: {:?}", tty.left());
    std::thread::sleep(std::time::Duration::from_millis(500));
    tty.keys(&["\r"]);
    let left = tty.left_at_its_end();
    assert!(left.0.is_empty(), "{panics}: {:?}\n{}", left.0, left.1);
    for words in ["panicked at", "a wish, and a panic on purpose", says] {
        assert!(left.1.contains(words), "{panics}: {words}\n{}", left.1);
    }
    for words in ["The only one", "cursor"] {
        assert!(!left.1.contains(words), "{panics}: {}", left.1);
    }
}

#[test]
fn after_a_panic_the_terminal_is_usable_and_the_message_is_readable() {
    if let Ok(panics) = std::env::var(PANICS) {
        return attach_and_panic(panics);
    }
    the_terminal_is_given_back_with(DRAWING, "test result: FAILED");
    // One that does not draw ends the screen too: it would be drawn over the message.
    the_terminal_is_given_back_with(ANOTHER, "a part of this program failed");
}

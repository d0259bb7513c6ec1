//! The same in tmux, which most operators have around a night: what it makes of the screen, and what it takes from it.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::home::{Home, is_here, makes, step, until};

/// How long a gate has to stand without a key before its own counts, and some more.
const GATE: Duration = Duration::from_millis(500);

/// A server of its own, with one window of 80 columns and 24 lines and a shell in it. Dropping it ends the server.
struct Tmux<'h> {
    home: &'h Home,
}

impl<'h> Tmux<'h> {
    /// None where there is no tmux.
    fn start(home: &'h Home) -> Option<Self> {
        if !is_here("tmux") {
            return None;
        }
        let tmux = Self { home };
        let size = ["new-session", "-d", "-x", "80", "-y", "24"];
        tmux.does(&[&["-f", "/dev/null"], &size[..], &["sh"]].concat());
        tmux.does(&["set-option", "-s", "set-clipboard", "on"]);
        tmux.shell("PS1='READY> '; clear");
        tmux.wait_for("READY>");
        Some(tmux)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command
            .arg("-S")
            .arg(self.home.runtime("").with_file_name("tmux"))
            .args(words)
            .envs(self.home.variables())
            .current_dir(self.home.book(""));
        for name in Home::OTHERS {
            command.env_remove(name);
        }
        command
    }

    /// Gives it a command of its own; gives what it answers.
    #[track_caller]
    fn does(&self, words: &[&str]) -> String {
        let done = self.command(words).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{words:?}: {said}");
        String::from_utf8(done.stdout).unwrap()
    }

    /// What stands in the window.
    fn screen(&self) -> String {
        self.does(&["capture-pane", "-p"])
    }

    #[track_caller]
    fn wait_for(&self, what: &str) -> &Self {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(what) {
                return self;
            }
            let patient = begun.elapsed() < Duration::from_secs(30);
            assert!(patient, "never on the screen: {what}\n{screen}");
            sleep(Duration::from_millis(30));
        }
    }

    /// Presses keys, by the names that tmux has for them.
    fn keys(&self, keys: &[&str]) -> &Self {
        for key in keys {
            sleep(Duration::from_millis(40));
            self.does(&["send-keys", key]);
        }
        self
    }

    /// Says yes at a gate that has stood for long enough.
    fn yes(&self) -> &Self {
        sleep(GATE);
        self.keys(&["Enter"])
    }

    /// Says yes to a question: the marked answer is no, and yes stands below it.
    #[track_caller]
    fn asked(&self, key: &str, question: &str) -> &Self {
        self.keys(&[key]).wait_for(question);
        self.keys(&["Down", "Enter"])
    }

    /// Gives the shell a line.
    fn shell(&self, line: &str) {
        self.does(&["send-keys", "-l", line]);
        self.does(&["send-keys", "Enter"]);
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        // One that has ended by itself says so, and that is all right.
        let _ = self.command(&["kill-server"]).output();
    }
}

#[test]
fn a_good_night_in_tmux_ends_where_it_began() {
    let home = Home::with(&[makes("first"), makes("second")]);
    let Some(tmux) = Tmux::start(&home) else {
        return;
    };
    tmux.shell("echo before the night; $RS run night.toml --env here --as ana");
    tmux.wait_for("REHEARSAL  here").wait_for("you ana");
    tmux.wait_for("1  The first one").yes();
    tmux.wait_for("2  The second one")
        .wait_for("✔ 1 The first one");
    let title = tmux.does(&["display-message", "-p", "#{pane_title}"]);
    assert!(title.starts_with("Runsheet: gate"), "{title}");

    // Away, and back in a window of another size.
    tmux.keys(&["C-d"])
        .wait_for("the run goes on without this screen");
    tmux.does(&["resize-window", "-x", "200", "-y", "60"]);
    tmux.shell("clear; echo before the night; $RS attach --as ana");
    tmux.wait_for("2  The second one").yes();
    tmux.wait_for("2 steps: 2 proved");
    tmux.asked("Enter", "End the run as finished?")
        .wait_for("Enter leave");
    tmux.keys(&["Enter"]).wait_for("the run has ended");
    let screen = tmux.screen();
    assert!(screen.starts_with("before the night"), "{screen}");
    assert!(!screen.contains("2 proved"), "{screen}");
    let title = tmux.does(&["display-message", "-p", "#{pane_title}"]);
    assert!(!title.contains("Runsheet"), "{title}");
    let modes = tmux.does(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
    assert_eq!(modes.trim(), "0 1", "no other screen, and a cursor");
    assert_eq!(home.text("count"), "first\nsecond\n");
    home.runsheet(&["verify", "latest"]);
}

#[test]
fn a_bad_night_in_tmux_loses_its_window_and_nothing_else() {
    let home = Home::with(&[step(
        "reading",
        "do.command.run = 'echo tried >>\"$BOOK/count\"; cat \"$BOOK/list\" && until [ -e \"$BOOK/go\" ]; do sleep 0.05; done'\n\
         undo = { nothing = \"it only reads\" }\nverify = [{ command = 'test -e \"$BOOK/go\"' }]",
    )]);
    let Some(tmux) = Tmux::start(&home) else {
        return;
    };
    // A window that stays when the other goes.
    tmux.does(&["new-window", "-d", "sh"]);
    tmux.shell("$RS run night.toml --env here");
    tmux.wait_for("1  The reading one").yes();
    tmux.wait_for("It failed: exit 1");

    // What it said is for the ticket, over whatever line: tmux has it, and gives it to the operator's own terminal.
    tmux.keys(&["o"]).wait_for("output of here");
    tmux.keys(&["y"]).wait_for("copied");
    let copied = tmux.does(&["show-buffer"]);
    let said = "list: No such file or directory";
    assert!(copied.trim_end().ends_with(said), "{copied:?}");
    assert_eq!(copied.lines().count(), 1, "{copied:?}");
    tmux.keys(&["o"]).wait_for("It failed: exit 1");

    std::fs::write(home.book("list"), "a line\n").unwrap();
    tmux.asked("r", "Try step reading again?")
        .wait_for("attempt 2")
        .yes();
    tmux.wait_for("● running");
    tmux.does(&["kill-pane"]);
    std::fs::write(home.book("go"), "").unwrap();
    until("it has ended without anybody", || {
        home.recorded("leg-ended") == 2
    });
    tmux.shell("$RS attach");
    tmux.wait_for("1 step: 1 proved");
    assert_eq!(home.text("count"), "tried\ntried\n");
}

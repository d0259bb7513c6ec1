//! An operator at the wizard: reads the footer to see what Enter means now, and does it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::terminal::Terminal;

const ENTER: &str = "\r";
pub const ESC: &str = "\x1b";
const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";
const CTRL_S: &str = "\x13";
pub const CTRL_D: &str = "\x04";

/// No step of the lab takes longer than this.
const PATIENCE: Duration = Duration::from_secs(180);

/// What the footer says that Enter does; none where it does nothing now.
fn enter_means(screen: &str) -> Option<String> {
    let lines: Vec<&str> = screen
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    let footer = &lines[lines.len().saturating_sub(2)..];
    footer
        .iter()
        .flat_map(|line| line.split(" · "))
        .find_map(|key| key.trim().strip_prefix("Enter "))
        .map(str::to_owned)
}

/// Whether the step of a title waits for its operator, on a small screen.
pub fn at_gate(screen: &str, title: &str) -> bool {
    let panel = panel(screen);
    panel.contains(title) && panel.contains("▶ your turn")
}

/// What stands beside the list of steps, in one line.
fn panel(screen: &str) -> String {
    let lines = screen.lines().filter_map(|line| line.split('│').nth(1));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Goes on until something is true of the screen, saying yes to everything on the way.
///
/// # Panics
///
/// When a step is stuck, and when nothing happens for too long; the screen is shown then.
pub fn go_on_until(terminal: &Terminal, what: &str, is: impl Fn(&str) -> bool) {
    let mut since = Instant::now();
    loop {
        let screen = terminal.still();
        if is(&screen) {
            return;
        }
        match enter_means(&screen) {
            Some(word) => {
                act(terminal, &screen, &word);
                since = Instant::now();
            }
            None if since.elapsed() > PATIENCE => {
                terminal.fail(&format!(
                    "nothing to do for too long, on the way to: {what}"
                ));
            }
            None => {
                for sign in ["── stuck", "── unknown"] {
                    if screen.contains(sign) {
                        terminal.fail(&format!("a step is {}, on the way to: {what}", &sign[7..]));
                    }
                }
                sleep(Duration::from_millis(200));
            }
        }
    }
}

/// Takes one step after the other back until something is true of the screen.
pub fn go_back_until(terminal: &Terminal, what: &str, is: impl Fn(&str) -> bool) {
    let mut since = Instant::now();
    loop {
        let screen = terminal.still();
        if is(&screen) {
            return;
        }
        if screen.contains("This takes the step back.") && enter_means(&screen).is_some() {
            terminal.press(ENTER);
        } else if enter_means(&screen).as_deref() == Some("it is done…") {
            // What was done by hand is taken back by hand.
            act(terminal, &screen, "it is done…");
        } else if screen.contains("Esc not now") {
            // The field of a gate that is typed back has the letters.
            terminal.press(ESC);
        } else if screen.contains("go back…") {
            terminal.press("b");
            terminal.wait_for("Take back step", PATIENCE);
            choose(terminal, "Take it back");
        } else if since.elapsed() > PATIENCE {
            terminal.fail(&format!("no way back, on the way to: {what}"));
        } else {
            sleep(Duration::from_millis(200));
            continue;
        }
        since = Instant::now();
    }
}

/// Ends the run before its last step.
pub fn end(terminal: &Terminal, reason: &str) {
    terminal.press("e");
    terminal.wait_for("Ctrl-S send", PATIENCE);
    terminal.type_text(reason);
    terminal.press(CTRL_S);
}

fn act(terminal: &Terminal, screen: &str, word: &str) {
    match word {
        "go" if words_to_type(screen).is_some() => type_back(terminal, screen),
        "go" => terminal.press(ENTER),
        "type the words" => {
            terminal.press(ENTER);
            terminal.wait_for("Enter go", PATIENCE);
        }
        "it is done…" => {
            terminal.press(ENTER);
            terminal.wait_for("Ctrl-S send", PATIENCE);
            terminal.press(CTRL_S);
            terminal.wait_until("the box to close", PATIENCE, |screen| {
                !screen.contains("Ctrl-S send")
            });
        }
        "answer…" => {
            terminal.press(ENTER);
            terminal.wait_for("Is it so?", PATIENCE);
            choose(terminal, "Yes, it is so");
            terminal.wait_for("Ctrl-S send", PATIENCE);
            terminal.type_text("seen by the test");
            terminal.press(CTRL_S);
            terminal.wait_until("the box to close", PATIENCE, |screen| {
                !screen.contains("Ctrl-S send")
            });
        }
        "choose…" => {
            // The first is as good as any: a test that wants another chooses before it goes on.
            terminal.press(ENTER);
            terminal.wait_for("Not now", PATIENCE);
            terminal.press("1");
            terminal.wait_until("the first to be marked", PATIENCE, |screen| {
                screen.contains("▶  1")
            });
            terminal.press(ENTER);
            terminal.wait_until("the box to close", PATIENCE, |screen| {
                !screen.contains("Not now")
            });
        }
        "finish…" => {
            terminal.press(ENTER);
            terminal.wait_for("End the run as finished?", PATIENCE);
            choose(terminal, "End the run");
        }
        other => terminal.fail(&format!(
            "the footer says Enter means `{other}`, which nobody told me"
        )),
    }
}

/// Types back what the gate asks for, as it stands on the screen. What a moving screen swallowed is typed anew, as a
/// person would who looks at the field.
fn type_back(terminal: &Terminal, screen: &str) {
    let words = words_to_type(screen).unwrap_or_else(|| terminal.fail("no words to type back"));
    for _ in 0..3 {
        terminal.type_text(&words);
        terminal.press(ENTER);
        let screen = terminal.still();
        if words_to_type(&screen).as_deref() != Some(&words) {
            return;
        }
        // The field forgets what was typed into it when it is left.
        terminal.press(ESC);
        terminal.wait_for("Enter type the words", PATIENCE);
        terminal.press(ENTER);
        terminal.wait_for("Enter go", PATIENCE);
    }
    terminal.fail(&format!("the gate does not take its own words `{words}`"));
}

/// The words that a gate wants typed: between `Type` and `and Enter`, or where those are too long for a line, between
/// the line that says so and the field.
pub fn words_to_type(screen: &str) -> Option<String> {
    let text = panel(screen);
    let words = match text.split_once("Type this, and Enter to go on: ") {
        Some((_, after)) => after.split_once('›')?.0,
        None => text.split_once("Type ")?.1.split_once(" and Enter")?.0,
    };
    Some(words.trim().to_owned())
}

/// Moves the mark of a question to an answer and takes it.
pub fn choose(terminal: &Terminal, answer: &str) {
    let marked = |screen: &str| {
        screen
            .lines()
            .any(|line| line.contains(&format!("▶  {answer}")))
    };
    for _ in 0..6 {
        let screen = terminal.still();
        if marked(&screen) {
            terminal.press(ENTER);
            return;
        }
        terminal.press(DOWN);
    }
    terminal.fail(&format!("no answer `{answer}` to choose"));
}

/// Looks at what the step before has printed, and comes back.
pub fn look_back(terminal: &Terminal, printed: &str) {
    terminal.press(UP);
    terminal.press("o");
    terminal.wait_for(printed, PATIENCE);
    terminal.press("o");
    terminal.press("c");
    terminal.wait_for("▶ your turn", PATIENCE);
}

/// Writes a note of several lines about the step that is looked at.
pub fn write_note(terminal: &Terminal, lines: &[&str]) {
    terminal.press("n");
    terminal.wait_for("Ctrl-S send", PATIENCE);
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            terminal.press(ENTER);
        }
        terminal.type_text(line);
    }
    for line in lines {
        terminal.wait_for(line, PATIENCE);
    }
    terminal.press(CTRL_S);
    terminal.wait_until("the box to close", PATIENCE, |screen| {
        !screen.contains("Ctrl-S send")
    });
}

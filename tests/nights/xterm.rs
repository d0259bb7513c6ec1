//! The same in a real xterm, with a keyboard and a mouse: what it sends, and what it shows.

use std::fs;
use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};

use vt100::{Color, Parser};

use super::home::{Home, makes, step, until};
use super::tty::{COLUMNS, ROWS};
use super::window::Window;

/// Questions that it answers by typing, and one that it answers with letters of ours.
const QUESTIONS: [&str; 13] = [
    "\u{1b}[c",
    "\u{1b}[>c",
    "\u{1b}[=c",
    "\u{1b}[>q",
    "\u{1b}[5n",
    "\u{1b}[6n",
    "\u{1b}[18t",
    "\u{1b}[21t",
    "\u{1b}]10;?\u{1b}\\",
    "\u{1b}]4;1;?\u{7}",
    "\u{1b}P$qr\u{1b}\\",
    "\u{1b}[?25$p",
    "\u{5}",
];

/// A step whose words are typed, and that prints a hundred lines.
fn typed() -> String {
    step(
        "door",
        "gate = { type-back = \"stop the door\" }\n\
         do.command.run = 'seq -f \"line %g\" 100; echo door >>\"$BOOK/count\"; touch \"$BOOK/door\"'\n\
         undo.command.run = 'rm \"$BOOK/door\"'\nundo-estimate = \"1m\"\n\
         verify = [{ command = 'test -e \"$BOOK/door\"' }]",
    )
}

/// Whether a screen has nothing before its step, and that step at its gate.
fn is_at(screen: &str, step: &str) -> bool {
    screen.contains(step) && screen.contains("── gate ──") && screen.contains("Ctrl-D detach")
}

/// Whether a screen is as wide and high as its rules are long and its footer low.
fn is_drawn_for(columns: usize, rows: usize) -> impl Fn(&str) -> bool {
    move |screen| {
        let lines: Vec<&str> = screen.lines().collect();
        let is_rule = |line: &&str| line.chars().filter(|c| *c == '─').count() == columns;
        let rule = lines.iter().rposition(is_rule);
        lines.len() == rows && rule.is_some_and(|rule| rule + 4 > rows)
    }
}

#[test]
fn a_good_night_in_xterm_ends_where_it_began() {
    let home = Home::with(&[typed(), makes("second")]);
    let Some(xterm) = Window::start(&home, &["-tn", "xterm-256color"]) else {
        return;
    };
    xterm.line("clear; echo before the night; $RS run night.toml --env here");
    xterm
        .wait_for("REHEARSAL  here")
        .wait_for("Type  stop the door");

    // Help is opened and closed, and the words are typed.
    xterm.keys(&["Escape"]).wait_for("Enter type the words");
    xterm
        .keys(&["question"])
        .wait_for("proved: its proof holds");
    xterm.keys(&["Escape"]).wait_for("Enter type the words");
    xterm.keys(&["Return"]).words("stop the door");
    xterm.wait_for("2  The second one");

    // Larger, and not smaller again: xterm itself loses what stands behind another screen then.
    xterm.resize(140, 40);
    xterm.wait_until("it is drawn for this size", is_drawn_for(140, 40));
    xterm.wait_until("a gate", |screen| is_at(screen, "2  The second one"));

    // A click marks what was found, or an answer, and does not decide.
    xterm.keys(&["M"]).wait_for("gives the mouse back");
    xterm.keys(&["colon"]).point("step 1 ").button("1", "2");
    xterm.wait_for("▶ step 1 ").keys(&["Return"]);
    xterm.wait_for("1  The door one").keys(&["Escape"]);
    xterm.wait_until("a gate", |screen| is_at(screen, "2  The second one"));
    xterm.keys(&["b"]).wait_for("Take back step door?");
    xterm.wait_for("▶  Not now");
    xterm.point("   Take it back").button("1", "2");
    xterm.wait_for("▶  Take it back");
    xterm.point("   Not now").button("1", "1");
    xterm.wait_for("▶  Not now").keys(&["Return"]);
    xterm.wait_until("a gate", |screen| is_at(screen, "2  The second one"));
    assert!(home.book("door").exists());
    assert_eq!(home.recorded("step-approved"), 1);

    // The mouse is not given back before the end: that gives back all.
    xterm.yes();
    xterm.wait_for("2 steps: 2 proved").keys(&["Return"]);
    xterm.wait_for("End the run as finished?");
    xterm.keys(&["Down", "Return"]).wait_for("Enter leave");
    xterm.keys(&["Return"]).wait_for("the run has ended");
    let screen = xterm.screen();
    assert!(screen.starts_with("before the night"), "{screen}");
    assert!(!screen.contains("2 proved"), "{screen}");
    assert!(xterm.left().is_empty(), "{:?}", xterm.left());
    assert_eq!(home.text("count"), "door\nsecond\n");
    home.runsheet(&["verify", "latest"]);
}

#[test]
fn the_wheel_scrolls_an_output_whose_place_is_kept_in_a_window_of_another_size() {
    let home = Home::with(&[typed(), makes("second")]);
    let Some(xterm) = Window::start(&home, &["-tn", "xterm-256color"]) else {
        return;
    };
    xterm.line("clear; $RS run night.toml --env here --mouse");
    xterm.words("stop the door").wait_for("2  The second one");
    xterm.point("1 The door one").button("1", "1");
    xterm.wait_for("1  The door one").keys(&["o"]);
    xterm.wait_for("line 100").point("line 95").button("4", "6");
    let first = |screen: &str| {
        let mut lines = screen.lines().filter_map(|line| line.split_once("line "));
        lines.next().map(|(_, rest)| rest.trim().to_owned())
    };
    // Three lines each time, from the 84th, and one for what is said of standing still.
    let top = Some("67".to_owned());
    xterm.wait_until("it is scrolled", |screen| first(screen) == top);
    for (columns, rows) in [(100, 40), (60, 16), (80, 24)] {
        xterm.resize(columns, rows);
        xterm.wait_until("it is drawn for this size", is_drawn_for(columns, rows));
        assert_eq!(first(&xterm.screen()), top, "{}", xterm.screen());
    }
    xterm.keys(&["o", "Escape"]);
    xterm.wait_until("a gate", |screen| is_at(screen, "2  The second one"));
    xterm.keys(&["ctrl+d"]).wait_for("the run goes on");
    assert!(xterm.left().is_empty(), "{:?}", xterm.left());
}

#[test]
fn what_xterm_pastes_and_says_by_itself_says_yes_to_nothing() {
    let home = Home::with(&[makes("first"), typed()]);
    let Some(xterm) = Window::start(&home, &["-tn", "xterm-256color"]) else {
        return;
    };
    let tty = xterm.tty();
    let approved = || home.recorded("step-approved");

    // The words of a gate with the end of their line, as a hand selects them; and that it tells where it looks.
    xterm.line("clear; echo stop the door");
    xterm.point("stop the door").button("1", "3");
    xterm.line("cat >pasted").keys(&["shift+Insert", "ctrl+d"]);
    xterm.wait_until("it is pasted", |screen| {
        screen.matches("READY>").count() == 2
    });
    assert_eq!(home.text("pasted"), "stop the door\n", "the control");
    xterm.line("clear; printf '\\033[?1004h'; cat -v");
    xterm.wait_until("nothing else", |screen| !screen.contains("READY>"));
    xterm.look_away().wait_for("^[[O^[[I").keys(&["ctrl+c"]);

    xterm.line("clear; $RS run night.toml --env here");
    xterm.wait_until("a gate", |screen| is_at(screen, "1  The first one"));
    // Ctrl-C closes what is open, and where nothing is, reminds. Seen, it shows that all before was taken, and help
    // takes the words away for the next time.
    let is_quiet = || {
        xterm
            .keys(&["ctrl+c", "ctrl+c"])
            .wait_for("nothing was stopped");
        xterm
            .keys(&["question"])
            .wait_for("proved: its proof holds");
        xterm.keys(&["Escape"]);
        xterm.wait_until("a gate", |screen| is_at(screen, "1  The first one"));
        assert_eq!(approved(), 0);
    };
    xterm.look_away();
    is_quiet();
    xterm.keys(&["shift+Insert"]);
    is_quiet();
    for (number, question) in QUESTIONS.iter().enumerate() {
        let title = format!("asked {number}");
        let asks = format!("{question}\u{1b}]2;{title}\u{7}");
        let mut tty = fs::OpenOptions::new().write(true).open(&tty).unwrap();
        // What falls into the middle of a frame is lost.
        until("it has answered", || {
            tty.write_all(asks.as_bytes()).unwrap();
            let again = Instant::now() + Duration::from_secs(1);
            while xterm.title() != title && Instant::now() < again {
                sleep(Duration::from_millis(10));
            }
            xterm.title() == title
        });
        // Some of its letters are keys, and may have opened something. What begins with `CSI ?` ends for crossterm with a
        // `c` or a `u` alone, and takes the keys before that with it.
        xterm.keys(&["c"]);
        is_quiet();
    }
    // And a key says yes.
    xterm.yes();
    xterm.wait_for("Type  stop the door");
    assert_eq!((approved(), home.text("count")), (1, "first\n".to_owned()));

    // The field takes no words that were pasted, nor do they say anything where its keys are keys.
    xterm
        .keys(&["shift+Insert"])
        .wait_for("pasting does not count");
    xterm.keys(&["Return"]).wait_for("› █");
    xterm.keys(&["Escape"]).wait_for("Enter type the words");
    xterm.keys(&["shift+Insert", "question"]);
    xterm.wait_for("proved: its proof holds").keys(&["Escape"]);
    xterm.wait_for("Enter type the words").keys(&["Return"]);
    assert_eq!(approved(), 1);
    xterm.words("stop the door").wait_for("2 steps: 2 proved");
    assert_eq!(home.text("count"), "first\ndoor\n");
}

#[test]
fn sixteen_colours_on_white_are_readable_in_xterm() {
    let prints = "do.command.run = \"printf '\\\\033[38;5;69mblue\\\\033[38;2;1;2;3m dark'; sleep 9999\"\n\
                  undo = { nothing = \"it prints\" }\nverify = [{ command = 'false' }]";
    let home = Home::with(&[step("first", prints)]);
    let on_white = ["-tn", "xterm", "-fg", "black", "-bg", "white"];
    let Some(xterm) = Window::start(&home, &on_white) else {
        return;
    };
    let coloured = || {
        let mut parser = Parser::new(ROWS, COLUMNS, 0);
        parser.process(xterm.printed().as_bytes());
        let cells = (0..ROWS.get()).flat_map(|row| (0..COLUMNS.get()).map(move |at| (row, at)));
        let cells = cells.filter_map(|(row, at)| parser.screen().cell(row, at));
        let mut coloured = 0;
        for cell in cells {
            let colours = [cell.fgcolor(), cell.bgcolor()];
            for colour in colours {
                let sixteen = matches!(colour, Color::Default | Color::Idx(..16));
                assert!(sixteen, "{colour:?}\n{}", parser.screen().contents());
            }
            // White, yellow and their lighter ones cannot be seen there.
            let unseen = matches!(colours, [Color::Idx(3 | 7 | 11 | 15), Color::Default]);
            assert!(!unseen, "{cell:?}\n{}", parser.screen().contents());
            coloured += usize::from(colours != [Color::Default; 2]);
        }
        coloured
    };
    xterm.line("clear; $RS run night.toml --env here");
    xterm.wait_until("a gate", |screen| is_at(screen, "1  The first one"));
    assert!(coloured() > 0, "there are colours");
    // What a program prints in other colours is shown in the nearest of them.
    xterm.yes();
    xterm.wait_for("blue dark");
    assert!(coloured() > 0, "there are colours");
    xterm.keys(&["ctrl+d"]).wait_for("the run goes on");
    assert!(xterm.left().is_empty(), "{:?}", xterm.left());
}

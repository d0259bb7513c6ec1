//! What goes wrong in a night while everybody is there: a step sticks, a proof is red, the time runs out, and the way
//! is gone back.

use super::home::{Home, RUN, makes, step, until};
use super::tty::Tty;

/// Where something stands on a screen.
#[track_caller]
fn at(screen: &str, what: &str) -> usize {
    let found = screen.find(what);
    found.unwrap_or_else(|| panic!("not on the screen: {what}\n{screen}"))
}

#[test]
fn a_stuck_step_is_told_with_its_evidence_and_tried_again_after_mending() {
    let home = Home::with(&[step(
        "reading",
        "do.command.run = 'echo tried >>\"$BOOK/count\"; cat \"$BOOK/list\" && touch \"$BOOK/read\"'\n\
         undo = { nothing = \"it only reads\" }\nverify = [{ command = 'test -e \"$BOOK/read\"' }]",
    )]);
    let tty = Tty::runsheet(&home, &RUN);
    tty.wait_for("Enter says yes to exactly this").yes();
    tty.wait_for("It failed: exit 1 on here");
    let screen = tty.screen();
    // One sentence, then what it said, then what can be done: what only asks before what decides.
    let list = ["l ask what is true now", "p prove again", "r retry…"];
    let order = [&["It failed: exit 1", "No such file"], &list[..]].concat();
    let places: Vec<usize> = order.iter().map(|what| at(&screen, what)).collect();
    assert!(places.is_sorted(), "{places:?}\n{screen}");
    for decides in ["a vouch…", "s skip…", "e end…"] {
        assert!(at(&screen, list[0]) < at(&screen, decides), "{screen}");
    }

    // Nothing is tried by a key alone, and the marked answer is the harmless one.
    tty.keys(&["r"]).wait_for("▶  Not now").keys(&["\r"]);
    tty.wait_until("the question is gone", |screen| !screen.contains("Not now"));
    assert_eq!(home.text("count"), "tried\n");

    std::fs::write(home.book("list"), "a line\n").unwrap();
    tty.asked("r", "Try step reading again?")
        .wait_for("attempt 2");
    assert_eq!(home.text("count"), "tried\n", "it has a gate again");
    tty.wait_for("Enter says yes to exactly this").yes();
    tty.wait_for("1 step: 1 proved");
    assert_eq!(home.text("count"), "tried\ntried\n");
}

#[test]
fn a_red_proof_is_proved_again_after_mending_and_the_step_not_repeated() {
    let home = Home::with(&[step(
        "serving",
        "do.command.run = 'echo served >>\"$BOOK/count\"'\nundo = { nothing = \"a test\" }\n\
         verify = [{ command = 'cat \"$BOOK/state\" 2>/dev/null || echo down', equals = \"up\" }]",
    )]);
    let tty = Tty::runsheet(&home, &RUN);
    tty.wait_for("now: down").yes();
    tty.wait_for("It ended well, but its proof does not hold");
    // Asked again it is as red as before, and nothing else has come of it.
    tty.keys(&["p"]);
    until("it was asked again", || {
        home.recorded("proof-answered") == 2
    });
    tty.wait_for("not proved");
    std::fs::write(home.book("state"), "up\n").unwrap();
    tty.keys(&["p"]).wait_for("1 step: 1 proved");
    assert_eq!(home.text("count"), "served\n");
    assert_eq!(home.recorded("leg-started"), 1);
}

#[test]
fn a_window_that_runs_out_is_told_and_rung_for() {
    // The way back takes a minute, so that it fits in for seventeen seconds. The bell is for whoever looks away: it
    // is silent for ten seconds after a key.
    let steps = [makes("first"), makes("second")];
    let home = Home::bound("window = \"77s\"", &steps, "hosts.here = \"local\"");
    let tty = Tty::runsheet(&home, &RUN);
    tty.wait_for("Enter says yes to exactly this").yes();
    tty.wait_for("2  The second one");
    tty.wait_for("latest start of the way back");
    assert_eq!(tty.bells(), 0, "somebody is there");
    tty.wait_for("no longer fits into the window");
    until("the bell is rung", || tty.bells() == 1);
}

#[test]
fn the_way_back_is_gone_step_by_step_each_at_its_gate() {
    let home = Home::with(&[makes("first"), makes("second")]);
    let tty = Tty::runsheet(&home, &RUN);
    tty.wait_for("1  The first one").yes();
    tty.wait_for("2  The second one").yes();
    tty.wait_for("2 steps: 2 proved").wait_for("undo 2 steps");
    for (id, left) in [
        ("second", "undo 1 step,"),
        ("first", "nothing to take back"),
    ] {
        tty.asked("b", &format!("Take back step {id}?"));
        tty.wait_for("This takes the step back.")
            .wait_for(&format!("rm \"$BOOK/{id}\""));
        assert!(home.book(id).exists(), "{id} is at its gate");
        tty.yes();
        until("it is taken back", || !home.book(id).exists());
        tty.wait_for(left);
    }
    assert_eq!(home.text("count"), "first\nsecond\n");
    // Forward again from where the way back has led.
    tty.wait_for("1  The first one").yes();
    tty.wait_for("2  The second one");
    assert_eq!(home.text("count"), "first\nsecond\nfirst\n");
}

//! Who leaves and comes back, and who is there beside.

use std::fs;

use super::home::{Home, RUN, makes, step, until};
use super::tty::Tty;

/// A step that runs until a file is there.
fn waits() -> String {
    step(
        "waiting",
        "do.command.run = 'echo began >>\"$BOOK/count\"; until [ -e \"$BOOK/go\" ]; do sleep 0.05; done; echo it went'\n\
         undo = { nothing = \"it waits\" }\nverify = [{ command = 'test -e \"$BOOK/go\"' }]",
    )
}

#[test]
fn a_run_goes_on_while_nobody_is_attached_and_is_found_where_it_is() {
    let home = Home::with(&[waits(), makes("second")]);
    let tty = Tty::runsheet(&home, &RUN);
    tty.wait_for("Enter says yes to exactly this").yes();
    tty.wait_for("● running");
    tty.keys(&["\u{4}"]);
    let (left, screen) = tty.left_at_its_end();
    assert!(left.is_empty(), "{left:?}");
    assert!(
        screen.contains("the run goes on without this screen"),
        "{screen}"
    );
    let tty = Tty::runsheet(&home, &["attach"]);
    tty.wait_for("● running");
    tty.keys(&["\u{4}"]);
    tty.left_at_its_end();
    // It ends while nobody looks.
    fs::write(home.book("go"), "").unwrap();
    until("it has ended", || home.recorded("step-shown") == 2);
    let tty = Tty::runsheet(&home, &["attach"]);
    tty.wait_for("2  The second one")
        .wait_for("✔ 1 The waiting one");
    assert_eq!(home.text("count"), "began\n");
}

#[test]
fn two_people_see_each_other_and_what_the_other_does() {
    let two = "gate = \"two-people\"\n";
    let home = Home::with(&[makes("first") + two, makes("second")]);
    let ana = Tty::runsheet(&home, &[&RUN[..], &["--as", "ana"]].concat());
    ana.wait_for("Two people must say yes").wait_for("you ana");
    let ben = Tty::runsheet(&home, &["attach", "--as", "ben"]);
    ben.wait_for("you ben · ana");
    ana.wait_for("you ana · ben").yes();
    ben.wait_for("ana said yes")
        .wait_for("Enter says the second yes");
    ana.wait_for("Not yet: you said yes already").yes();
    assert_eq!(
        home.recorded("step-approved"),
        1,
        "a second yes of hers is none"
    );
    assert_eq!(home.text("count"), "");
    ben.yes();
    for tty in [&ana, &ben] {
        tty.wait_for("2  The second one")
            .wait_for("✔ 1 The first one");
    }
    assert_eq!(
        (home.recorded("step-approved"), home.text("count")),
        (2, "first\n".to_owned())
    );
    // One yes is enough here, and the other sees whose it was.
    ben.yes();
    ana.wait_for("2 steps: 2 proved");
    ana.keys(&["t"]).wait_for("ben");
    ben.keys(&["\u{4}"]);
    ana.wait_until("ben is gone", |screen| !screen.contains("you ana · ben"));
}

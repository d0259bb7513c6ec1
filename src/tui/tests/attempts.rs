//! The outputs of earlier attempts, and of what took a step back.

use crossterm::event::KeyCode;

use super::late::taking_back;
use super::night::failed;
use super::reading::{message, search, top};
use super::runbook::rsync;
use super::screens::snapshot;
use super::stage::{FANCY, Stage, machine, step};
use crate::kinds::Progress;
use crate::probe::Holds;
use crate::run::{Finding, Intent, LaneOutcome};
use crate::tui::app::Pane;

const BEFORE: &[(u16, Holds, &str)] = &[(0, Holds::No, "many"), (1, Holds::Yes, "1.1 TB")];

/// A step that failed, and stands at the gate of its second attempt.
fn again() -> Stage {
    let mut stage = failed(FANCY);
    retry(&mut stage);
    stage
}

fn retry(stage: &mut Stage) {
    let (step, attempt) = stage.turn();
    stage.wish(1, Intent::Retry { step, attempt });
    stage.show(vec![("source", rsync())], BEFORE);
}

/// One that failed twice in different words, and then did its work and was not proved.
pub(super) fn thrice() -> Stage {
    let mut stage = again();
    stage.approve().begin("source");
    stage.prints("source", b"second words, and a needle\n", Progress::None);
    stage.ends("source", LaneOutcome::Failed { code: 23 });
    retry(&mut stage);
    stage.approve().begin("source");
    stage.prints("source", b"third words\n", Progress::None);
    stage.ends("source", LaneOutcome::Succeeded { code: 0 });
    stage.proved(&[(0, Holds::No, "12 files differ"), (1, Holds::Yes, "1.1 TB")]);
    stage
}

fn title(stage: &mut Stage) -> String {
    let text = stage.text(80, 24);
    let line = text.lines().find(|line| line.contains("output of"));
    line.unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
fn an_earlier_attempt_at_the_gate_of_the_next_looks_like_this() {
    for (width, height) in [(80, 24), (200, 60)] {
        let mut stage = again();
        stage.draw(width, height);
        stage.key(KeyCode::Char('<'));
        let name = format!("attempt-before-{width}x{height}");
        snapshot(&name, &stage.text(width, height));
    }
}

#[test]
fn keys_go_to_the_attempts_before_and_after_and_to_the_latest() {
    let mut stage = thrice();
    stage.key(KeyCode::Char('o'));
    assert!(title(&mut stage).contains("attempt 3 of 3: ended well, not proved"));
    stage.key(KeyCode::Char('>'));
    assert_eq!(message(&stage), "that is the latest attempt");
    stage.key(KeyCode::Char('<'));
    assert!(title(&mut stage).contains("attempt 2 of 3: exit 23"));
    assert!(top(&mut stage).starts_with("second words"));
    stage.key(KeyCode::Char('<'));
    assert!(title(&mut stage).contains("attempt 1 of 3: exit 10"));
    assert!(stage.text(80, 24).contains("Broken pipe (32)"));
    stage.key(KeyCode::Char('<'));
    assert_eq!(message(&stage), "no attempt before it has printed anything");
    stage.key(KeyCode::Char('>'));
    assert!(title(&mut stage).contains("attempt 2 of 3: exit 23"));
    stage.key(KeyCode::Char('<')).key(KeyCode::Char('L'));
    assert!(title(&mut stage).contains("attempt 3 of 3: ended well"));
    assert!(top(&mut stage).starts_with("third words"));
    // And what puts the output away, or goes to another step, goes to the latest too.
    for away in [
        KeyCode::Esc,
        KeyCode::Char('o'),
        KeyCode::Char('t'),
        KeyCode::Up,
    ] {
        stage.key(KeyCode::Char('<'));
        assert_eq!(stage.app.attempt, Some(2), "{away:?}");
        stage.key(away);
        assert_eq!(stage.app.attempt, None, "{away:?}");
        stage.key(KeyCode::Esc);
        assert_eq!(stage.app.pane, Pane::Step);
    }
}

#[test]
fn it_is_searched_copied_and_cut_as_the_latest_is() {
    let mut stage = thrice();
    stage.key(KeyCode::Char('o')).key(KeyCode::Char('<'));
    stage.draw(80, 24);
    search(&mut stage, "needle");
    assert!(
        message(&stage).starts_with("match at line 1"),
        "{}",
        message(&stage)
    );
    stage.key(KeyCode::Char('y'));
    assert!(
        message(&stage).starts_with("line 1 copied"),
        "{}",
        message(&stage)
    );
    stage.key(KeyCode::Char('W'));
    assert!(stage.text(80, 24).contains("second words"));
    stage.key(KeyCode::Char('<'));
    stage.key(KeyCode::Char('.')).serve();
    assert!(
        message(&stage).starts_with("no match for 'needle'"),
        "{}",
        message(&stage)
    );
}

#[test]
fn what_took_a_step_back_is_an_attempt_of_its_own() {
    let mut stage = taking_back(FANCY);
    stage.approve().begin("source");
    stage.prints("source", b"removed\n", Progress::None);
    stage.ends("source", LaneOutcome::Succeeded { code: 0 });
    // It was the last of the copies: look at the step again.
    while stage.app.viewed().unwrap().1.id != step("copy-users") {
        stage.key(KeyCode::Down);
    }
    stage.key(KeyCode::Char('o'));
    let back = title(&mut stage);
    assert!(
        back.contains("attempt 2 of 2, taking it back: ended well"),
        "{back}"
    );
    assert!(top(&mut stage).starts_with("removed"));
    stage.key(KeyCode::Char('<'));
    let forward = title(&mut stage);
    assert!(
        forward.contains("attempt 1 of 2: ended well, not proved"),
        "{forward}"
    );
}

#[test]
fn a_gate_takes_a_yes_only_where_what_would_run_is_on_the_screen() {
    let runs = "312,204 files, 64.0 GB";
    for away in ['<', 't'] {
        let mut stage = again();
        stage.draw(200, 60);
        assert!(stage.text(200, 60).contains(runs));
        stage.key(KeyCode::Char(away));
        // It gives way to what is read beside it, and stands in the step's own column.
        let text = stage.text(200, 60);
        assert!(text.contains(runs) && text.contains("Enter go"), "{text}");
        // Where there is one column, the gate is not there, and is new when it comes back.
        assert!(!stage.text(80, 24).contains("Enter go"));
        stage.pass(1).key(KeyCode::Enter);
        assert_eq!(stage.approvals(), 0);
        stage.draw(80, 24);
        stage.pass(1).key(KeyCode::Esc);
        stage.draw(80, 24);
        stage.key(KeyCode::Enter);
        assert_eq!(stage.approvals(), 0, "it has only just come back");
        stage.pass(1).key(KeyCode::Enter);
        assert_eq!(stage.approvals(), 1);
    }
}

#[test]
fn at_a_gate_what_a_lane_printed_before_stands_behind_what_would_run() {
    let mut stage = super::late::lanes(FANCY);
    stage.ends("register.2", LaneOutcome::Succeeded { code: 0 });
    stage.proved(&[(0, Holds::Yes, "10.0.0.12"), (1, Holds::No, "10.0.0.11")]);
    let (id, attempt) = stage.turn();
    stage.wish(1, Intent::Retry { step: id, attempt });
    let again = super::runbook::command("write it again");
    stage.show(vec![("register.2", again)], &[]);
    let text = stage.text(200, 60);
    assert!(text.contains("write it again"), "{text}");
    assert!(!text.contains("output of register.1"), "{text}");
    stage.key(KeyCode::Esc).key(KeyCode::Char('o'));
    let text = stage.text(200, 60);
    assert!(text.contains("write it again"), "{text}");
    assert!(text.contains("output of register.1"), "{text}");
    assert!(
        text.contains("attempt 1 of 2: ended well, not proved"),
        "{text}"
    );
}

#[test]
fn who_reads_an_earlier_attempt_goes_on_reading_when_the_next_begins() {
    let mut stage = again();
    stage.key(KeyCode::Char('<'));
    stage.approve().begin("source");
    stage.prints("source", b"second words\n", Progress::None);
    assert!(title(&mut stage).contains("attempt 1 of 2: exit 10"));
    stage.ends("source", LaneOutcome::Failed { code: 23 });
    retry(&mut stage);
    assert!(title(&mut stage).contains("attempt 1 of 3: exit 10"));
    stage.key(KeyCode::Char('>'));
    assert!(title(&mut stage).contains("attempt 2 of 3: exit 23"));
}

#[test]
fn an_output_that_no_record_tells_of_is_asked_for() {
    let mut stage = failed(FANCY);
    retry(&mut stage);
    stage.approve().begin("source");
    // Its engine died, and what it printed is in the folder all the same.
    let (id, attempt) = stage.turn();
    let file = crate::wire::output_file(&id, attempt, &machine("source"), 0);
    stage.files.insert(file, b"said before the end\n".to_vec());
    stage.found(Finding::Unknown {
        step: id,
        attempt,
        lane: machine("source"),
        leg: 0,
        why: "gone".into(),
        output: None,
        last_word: true,
    });
    let why = "gone".to_owned();
    stage.update(crate::client::Update::Disconnected { why, last: false });
    stage.connect(1).draw(80, 24);
    stage.key(KeyCode::Char('o'));
    assert!(title(&mut stage).contains("attempt 2 of 2: outcome unknown"));
    assert!(top(&mut stage).starts_with("said before the end"));
}

//! Moments with something wrong that is no step's fault: the disk, the engine, the login session.

use crossterm::event::KeyCode;

use super::night::{gate, running};
use super::stage::{FANCY, Stage};
use crate::client::Update;
use crate::clock::Timestamp;
use crate::run::Intent;
use crate::tui::Look;
use crate::tui::app::{App, Pending};
use crate::tui::look::Tone;
use crate::wire::Live;

const FULL: &str = "/root/.local/state/runsheet/runs/20261121-020000-move-k3f9: \
                    No space left on device (os error 28)";

fn says(stage: &mut Stage, live: Live) -> &mut Stage {
    stage.update(Update::Live(live))
}

/// A yes was given, and the disk hangs.
pub(super) fn not_durable(look: Look) -> Stage {
    let mut stage = gate(look);
    let since = Timestamp::from_second(stage.seconds).unwrap();
    stage.app.pending = Some(Pending {
        id: Some(1),
        draft: None,
    });
    says(&mut stage, Live::Unsaved { since }).pass(4);
    stage
}

pub(super) fn disk_full(look: Look) -> Stage {
    let mut stage = gate(look);
    says(&mut stage, Live::Full { why: FULL.into() });
    stage
}

/// Somebody attaches to an engine that was stopped.
pub(super) fn no_answer(look: Look) -> Stage {
    let mut stage = gate(look);
    stage.app = App::new(stage.app.options.clone());
    stage.update(Update::Silent {
        pid: Some(2_147_483),
    });
    stage
}

/// What the step prints has no room, and the engine ends.
pub(super) fn no_room(look: Look) -> Stage {
    let mut stage = running(look);
    let why = "no room for what the step prints; make room, then attach again: nothing is lost \
               (write /root/.local/state/runsheet/runs/20261121-020000-move-k3f9/output/copy-users.1.source.0: \
               No space left on device (os error 28))";
    says(&mut stage, Live::Poisoned { why: why.into() });
    stage.update(Update::Disconnected {
        why: format!("the engine cannot go on: {why}"),
        last: true,
    });
    stage
}

pub(super) fn ends_at_logout(look: Look) -> Stage {
    let mut stage = gate(look);
    says(&mut stage, Live::EndsAtLogout);
    stage
}

/// Laid down at a gate; its engine has said good-bye.
pub(super) fn suspended(look: Look) -> Stage {
    let mut stage = gate(look);
    let reason = "the vendor answers on Monday; go on on Monday at 22:00";
    stage.wish(
        1,
        Intent::Suspend {
            reason: reason.into(),
        },
    );
    stage.pass(5).update(Update::Disconnected {
        why: "the run is suspended; attaching takes it up again".into(),
        last: true,
    });
    stage
}

fn alarms(stage: &mut Stage) -> bool {
    let text = stage.text(80, 24);
    ["NOT YET", "DISK FULL", "DOES NOT ANSWER", "LOGGING OUT"]
        .iter()
        .any(|word| text.contains(word))
}

#[test]
fn what_stands_goes_away_with_the_word_that_it_is_over() {
    let mut stage = not_durable(FANCY);
    assert!(alarms(&mut stage));
    says(&mut stage, Live::Saved);
    assert!(!alarms(&mut stage));

    let mut stage = disk_full(FANCY);
    assert!(alarms(&mut stage));
    says(&mut stage, Live::Room);
    assert!(!alarms(&mut stage));

    let mut stage = no_answer(FANCY);
    assert!(alarms(&mut stage));
    stage.connect(1);
    assert!(!alarms(&mut stage));
}

#[test]
fn no_yes_is_offered_while_the_disk_is_full() {
    let mut stage = disk_full(FANCY);
    stage.wait().key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 0);
    let (said, tone) = stage.app.message.clone().unwrap();
    assert!(said.contains("make room, then try again"), "{said}");
    assert_eq!(tone, Tone::Care);
    says(&mut stage, Live::Room);
    stage.wait().key(KeyCode::Enter);
    assert_eq!(stage.approvals(), 1);
}

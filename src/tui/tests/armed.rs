//! Moments with something written that is not yet in effect.

use super::stage::Stage;
use crate::run::Intent;
use crate::runbook::EnvironmentKind;
use crate::tui::Look;

/// The sixth step activates what the third has written, and three are done.
fn written(look: Look) -> Stage {
    let mut plan = super::runbook::migration(EnvironmentKind::Production);
    plan.steps[2].armed_until = Some(plan.steps[5].id.clone());
    let mut stage = Stage::new(plan, look);
    stage.attach("ben", true).pass(60);
    stage.does().does().does();
    stage
}

/// Somebody looks at the step that wrote it.
pub(super) fn looked_at(look: Look) -> Stage {
    let mut stage = written(look);
    stage.wait().key(crossterm::event::KeyCode::Up);
    stage
}

/// The run ends, and nobody may overlook it.
pub(super) fn left_armed(look: Look) -> Stage {
    let mut stage = written(look);
    let reason = "called off before the reload".to_owned();
    stage.wish(1, Intent::End { reason });
    stage
}

#[test]
fn the_screen_says_armed_until_the_step_that_activates_it_is_done() {
    use super::stage::FANCY;
    let mut stage = written(FANCY);
    assert!(stage.text(200, 60).contains("armed"));
    stage.does().does().does();
    assert!(
        !stage.text(200, 60).contains("armed"),
        "{}",
        stage.text(200, 60)
    );
    let text = left_armed(FANCY).text(80, 24);
    assert!(text.contains("NOT ALL IS IN EFFECT"), "{text}");
}

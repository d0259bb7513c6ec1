//! Whether something goes on or a person is waited for, in whatever is looked at.

use super::night::MOMENTS;
use super::stage::{FANCY, Stage};

fn moment(name: &str) -> Stage {
    MOMENTS.iter().find(|(known, _)| *known == name).unwrap().1(FANCY)
}

#[test]
fn work_by_hand_and_a_question_to_a_person_are_their_turn_and_nothing_else_that_goes_on_is() {
    for (name, yours) in [
        ("manual-running", true),
        ("question", true),
        ("running", false),
        ("proving", false),
        ("waiting-falls", false),
        ("terminal-free", false),
    ] {
        for (width, height) in [(80, 24), (200, 60)] {
            let text = moment(name).text(width, height);
            assert_eq!(text.contains("▶ your turn"), yours, "{name}: {text}");
            let goes_on = text.contains("● running") || text.contains("○ proving");
            assert_eq!(goes_on, !yours, "{name}: {text}");
        }
    }
}

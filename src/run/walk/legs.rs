//! What is shown and runs on the walk, and what machines say of it later.

use std::collections::BTreeMap;

use super::made_up::{Dice, leg};
use crate::kinds::{Exhibit, GuardLeg, Leg, Proposal};
use crate::names::MachineName;
use crate::run::{Evidence, PlannedStep, StepState, Way};

pub(super) fn proposal(dice: &mut Dice, lane: &MachineName, salt: u64) -> Proposal {
    let leg = |number| Leg {
        title: format!("leg {number}"),
        text: format!("true {salt}"),
        interactive: salt.is_multiple_of(3),
        ..leg(lane)
    };
    Proposal {
        exhibits: vec![Exhibit::Text {
            text: format!("{salt}"),
        }],
        legs: (0..dice.below(3)).map(leg).collect(),
        leaves: BTreeMap::from([("backup".to_owned(), format!("/b/{salt}"))]),
        already: None,
    }
}

/// A proposal with the parts of a guard around it, as the preparing of a step puts them there.
pub(super) fn guarded(
    mut proposal: Proposal,
    (planned, state): (&PlannedStep, &StepState),
    lane: &MachineName,
) -> Proposal {
    let part = |part| Leg {
        title: "guard".into(),
        guard: Some(part),
        ..leg(lane)
    };
    let seconds = planned.confirm_within_seconds;
    let armed = state.guards().any(|(known, _)| known == lane);
    match (state.way, proposal.legs.is_empty()) {
        _ if seconds == 0 => {}
        (Way::Back, _) => proposal.legs.insert(0, part(GuardLeg::LetGo)),
        (Way::Forward, true) if armed => proposal.legs.push(part(GuardLeg::LetGo)),
        (Way::Forward, true) => {}
        (Way::Forward, false) => {
            let (arm, keep) = (part(GuardLeg::Arm { seconds }), part(GuardLeg::Keep));
            proposal.legs.insert(0, arm);
            proposal.legs.push(keep);
        }
    }
    proposal
}

pub(super) fn evidence(dice: &mut Dice) -> Evidence {
    let said = [
        Evidence::Running,
        Evidence::Ended { code: 0 },
        Evidence::Ended { code: 7 },
        Evidence::NeverRan,
        Evidence::CannotSay {
            why: "wiped".into(),
        },
    ];
    dice.pick(&said).clone()
}

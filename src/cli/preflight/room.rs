//! Whether what would be copied has room where it goes.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use super::super::plan::{all_is_known, ask_within, moment};
use super::super::prepared::Prepared;
use super::wants::steps;
use crate::engine::Fleet;
use crate::kinds::{Obstacle, Room, amount};
use crate::names::{MachineName, StepId};
use crate::run::{Check, Level};
use crate::runbook::StepSpec;

/// How long counting what would be copied may take. What takes longer is counted at its gate.
const LIMIT: Duration = Duration::from_secs(120);

/// Asks every step that copies, all at the same time.
pub(super) async fn look(fleet: &Fleet, prepared: &Prepared) -> Vec<Check> {
    let copies = steps(prepared)
        .filter(|(spec, _)| spec.action.takes_room())
        .flat_map(|(spec, lanes)| lanes.iter().map(move |lane| (spec, lane)));
    let found =
        join_all(copies.map(async |(spec, lane)| {
            (&spec.id, lane, needed(fleet, prepared, (spec, lane)).await)
        }))
        .await;
    judge(found)
}

async fn needed(
    fleet: &Fleet,
    prepared: &Prepared,
    (spec, lane): (&StepSpec, &MachineName),
) -> Result<Option<Room>, Obstacle> {
    all_is_known(prepared, spec)?;
    let run = super::super::plan::no_run()?;
    let nothing = BTreeMap::new();
    let moment = moment(prepared, (spec, lane), &run, &nothing);
    let mut replies = Vec::new();
    for question in spec.action.survey(&moment)? {
        replies.push(ask_within(fleet, &prepared.values, &question, LIMIT).await?);
    }
    spec.action.room(&moment, &replies)
}

type Found<'a> = (&'a StepId, &'a MachineName, Result<Option<Room>, Obstacle>);

/// What goes to one place.
#[derive(Default)]
struct Place {
    steps: Vec<String>,
    bytes: u64,
    around: String,
}

/// Adds up what goes to one place: the same machine, and as it seems the same file system.
fn judge(found: Vec<Found<'_>>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut places: BTreeMap<(MachineName, Option<u64>), Place> = BTreeMap::new();
    for (step, lane, room) in found {
        match room {
            Ok(None) => {}
            Ok(Some(room)) => {
                let place = places.entry((room.at, room.free)).or_default();
                place.steps.push(step.to_string());
                place.bytes = place.bytes.saturating_add(room.bytes);
                place.around = room.around;
            }
            Err(obstacle) => checks.push(Check {
                pins: Default::default(),
                machine: lane.clone(),
                about: "room".to_owned(),
                level: Level::Warning,
                says: format!("how much {step} will copy cannot be known yet: {}", obstacle.what),
                hint: Some("where an earlier step makes what it needs, that is as it should be; its gate says it".to_owned()),
            }),
        }
    }
    for ((machine, free), place) in places {
        let Place {
            steps,
            bytes,
            around,
        } = place;
        let steps = steps.join(", ");
        let wants = format!("{steps}: {} at most", amount(bytes));
        let (level, says, hint) = match free {
            None => (
                Level::Warning,
                format!("{wants}; how much is free around {around} is not told"),
                None,
            ),
            Some(free) if free < bytes => (
                Level::Problem,
                format!("{wants}, and {} are free around {around}", amount(free)),
                Some("make room there before the run".to_owned()),
            ),
            Some(free) if free / 10 * 9 < bytes => (
                Level::Warning,
                format!(
                    "{wants}, and only {} are free around {around}",
                    amount(free)
                ),
                Some("it will be nearly full".to_owned()),
            ),
            Some(free) => (
                Level::Ok,
                format!("{wants}, and {} are free around {around}", amount(free)),
                None,
            ),
        };
        checks.push(Check {
            pins: Default::default(),
            machine,
            about: "room".to_owned(),
            level,
            says,
            hint,
        });
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(bytes: u64, free: Option<u64>) -> Result<Option<Room>, Obstacle> {
        Ok(Some(Room {
            at: MachineName::new("dest").unwrap(),
            around: "/var".to_owned(),
            bytes,
            free,
        }))
    }

    fn levels(found: Vec<Result<Option<Room>, Obstacle>>) -> Vec<Level> {
        let step = StepId::new("copy").unwrap();
        let lane = MachineName::new("source").unwrap();
        let found = found.into_iter().map(|room| (&step, &lane, room)).collect();
        judge(found).into_iter().map(|check| check.level).collect()
    }

    #[test]
    fn copies_to_one_place_are_added_up() {
        assert_eq!(levels(vec![room(600, Some(1000))]), [Level::Ok]);
        let two = vec![room(600, Some(1000)), room(600, Some(1000))];
        assert_eq!(levels(two), [Level::Problem]);
        assert_eq!(levels(vec![room(950, Some(1000))]), [Level::Warning]);
        let apart = vec![room(600, Some(1000)), room(600, Some(2000))];
        assert_eq!(levels(apart), [Level::Ok, Level::Ok]);
    }

    #[test]
    fn what_cannot_be_counted_is_a_warning_and_no_problem() {
        assert_eq!(
            levels(vec![Err(Obstacle::new("no such folder"))]),
            [Level::Warning]
        );
        assert_eq!(levels(vec![room(1, None)]), [Level::Warning]);
        assert_eq!(levels(vec![Ok(None)]), []);
    }
}

//! What the legs before a leg have printed, for its environment.

use super::Ground;
use super::turn::Place;
use crate::engine::output::printed;
use crate::kinds::Leg;
use crate::wire::output_file;

/// The legs before leg `number` that are the step's own; those of a guard have no place in the count.
pub(super) fn before(legs: &[Leg], number: u16) -> Vec<u16> {
    let numbered = (0..number).zip(legs);
    let own = numbered.filter(|(_, leg)| leg.guard.is_none());
    own.map(|(number, _)| number).collect()
}

/// `RUNSHEET_LEG_N` for each of them.
pub(super) fn environment(
    ground: &Ground,
    place: &Place,
    before: &[u16],
) -> Result<Vec<(String, String)>, String> {
    let read = |(number, earlier): (usize, &u16)| {
        let file = output_file(&place.step, place.attempt, &place.lane, *earlier);
        let text = printed(&ground.output, &file)
            .map_err(|error| format!("read output/{file}: {error}"))?;
        Ok((format!("RUNSHEET_LEG_{}", number + 1), text))
    };
    before.iter().enumerate().map(read).collect()
}

//! The lines about what is written and not yet in effect.

use crate::problem::visible;
use crate::run::{Armed, Effect, Entry, Event, Run};

/// How far the changes that an entry may move had come before it.
pub(super) struct Before(Vec<(usize, Option<Effect>)>);

impl Before {
    pub fn of(entry: &Entry, run: &Run) -> Self {
        let step = entry.event.step().and_then(|id| run.step(id));
        let Some((own, planned, _)) = step else {
            return Self(Vec::new());
        };
        let moved = std::iter::once(own).chain(run.activates(&planned.id));
        let effect = |number| run.armed(number).map(|armed| armed.effect);
        Self(moved.map(|number| (number, effect(number))).collect())
    }

    /// What changed with the entry, one line each; at the end of a run, what is still armed.
    pub fn lines(&self, entry: &Entry, after: &Run) -> Vec<String> {
        if matches!(entry.event, Event::RunEnded { .. }) {
            return after
                .still_armed()
                .map(|a| line(entry, after, &a))
                .collect();
        }
        let moved = self.0.iter().filter_map(|(number, before)| {
            let armed = after.armed(*number)?;
            (Some(armed.effect) != *before).then(|| line(entry, after, &armed))
        });
        moved.collect()
    }
}

fn line(entry: &Entry, run: &Run, armed: &Armed<'_>) -> String {
    let at = entry.at.strftime("%H:%M:%S");
    let id = run
        .planned(armed.number)
        .map_or("", |step| step.id.as_str());
    format!("{at} {} {id}: {}\n", armed.number + 1, visible(&armed.says))
}

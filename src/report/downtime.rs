//! The stopwatch that the customer feels.

use crate::clock::Timestamp;
use crate::names::StepId;
use crate::run::Way;
use crate::runbook::Downtime;

use super::story::Down;
use super::words::seconds_between;

/// Runs from the start of a step marked `starts` to the end of one marked `ends`.
///
/// Taking a step back turns its mark around: undoing what began the downtime ends it, and undoing what
/// ended it begins it again.
#[derive(Debug, Default)]
pub(super) struct Stopwatch {
    open: Option<(Timestamp, StepId)>,
    past: Vec<Down>,
}

impl Stopwatch {
    /// A step, or its undo, begins to change something.
    pub fn begins(&mut self, step: &StepId, mark: Option<Downtime>, way: Way, at: Timestamp) {
        let begins = matches!(
            (mark, way),
            (Some(Downtime::Starts), Way::Forward) | (Some(Downtime::Ends), Way::Back)
        );
        if begins && self.open.is_none() {
            self.open = Some((at, step.clone()));
        }
    }

    /// A step, or its undo, is done.
    pub fn done(&mut self, mark: Option<Downtime>, way: Way, at: Timestamp) {
        let ends = matches!(
            (mark, way),
            (Some(Downtime::Ends), Way::Forward) | (Some(Downtime::Starts), Way::Back)
        );
        if ends && let Some((from, from_step)) = self.open.take() {
            self.past.push(Down {
                seconds: seconds_between(from, at),
                from,
                from_step,
                to: Some(at),
            });
        }
    }

    /// Every time of downtime; one that has not ended runs to the last entry.
    pub fn read(mut self, latest: Timestamp) -> Vec<Down> {
        if let Some((from, from_step)) = self.open.take() {
            self.past.push(Down {
                seconds: seconds_between(from, latest),
                from,
                from_step,
                to: None,
            });
        }
        self.past
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn taking_a_step_back_turns_its_mark_around() {
        let stop = StepId::new("stop").unwrap();
        let serve = StepId::new("serve").unwrap();
        let mut watch = Stopwatch::default();
        watch.begins(&stop, Some(Downtime::Starts), Way::Forward, at(10));
        watch.begins(&stop, Some(Downtime::Starts), Way::Forward, at(15));
        watch.done(Some(Downtime::Starts), Way::Back, at(40));
        watch.begins(&stop, Some(Downtime::Starts), Way::Forward, at(100));
        watch.done(Some(Downtime::Ends), Way::Forward, at(160));
        watch.begins(&serve, Some(Downtime::Ends), Way::Back, at(200));
        let read = watch.read(at(205));
        let seconds: Vec<i64> = read.iter().map(|down| down.seconds).collect();
        assert_eq!(seconds, [30, 60, 5]);
        assert_eq!(read[2].to, None);
    }
}

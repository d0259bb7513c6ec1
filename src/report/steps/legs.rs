//! What ran: from a leg's start to its end.

use crate::names::StepId;
use crate::run::{Entry, Event, LaneOutcome};

use super::super::story::*;
use super::super::teller::Teller;
use super::super::words::{code, outcome, who};

/// Takes in the start, the end or the loss of a leg.
pub(super) fn leg(teller: &mut Teller<'_>, step: &StepId, entry: &Entry) {
    let (lane, leg) = match &entry.event {
        Event::LegStarted { lane, leg, .. }
        | Event::LegEnded { lane, leg, .. }
        | Event::LegUnknown { lane, leg, .. } => (lane, *leg),
        _ => return,
    };
    if let Event::LegStarted { token, .. } = &entry.event {
        let state = teller.run.step(step).map(|(_, planned, state)| {
            let title = state
                .proposal(lane)
                .and_then(|shown| shown.proposal.legs.get(usize::from(leg)))
                .map_or_else(String::new, |leg| leg.title.clone());
            (planned.downtime, state.way, title)
        });
        let Some((mark, way, title)) = state else {
            return;
        };
        teller.watch.begins(step, mark, way, entry.at);
        let started = LegStory {
            lane: lane.clone(),
            leg,
            title,
            token: token.to_string(),
            started: entry.at,
            ended: None,
            code: None,
            outcome: None,
            by: None,
            unknown: false,
            output: None,
        };
        if let Some(story) = teller.story(step) {
            story.started.get_or_insert(entry.at);
        }
        if let Some(attempt) = teller.attempt(step) {
            attempt.legs.push(started);
        }
        return;
    }
    let (said, how, output) = match &entry.event {
        Event::LegEnded {
            outcome: how,
            output,
            ..
        } => (outcome(how), Some(how), output),
        Event::LegUnknown { why, output, .. } => (why.clone(), None, output),
        _ => return,
    };
    let printed = output.as_ref().map(|output| teller.printed(output));
    let found = teller.attempt(step).and_then(|attempt| {
        let same = |story: &&mut LegStory| story.lane == *lane && story.leg == leg;
        attempt.legs.iter_mut().rev().find(same)
    });
    let Some(story) = found else {
        return;
    };
    story.ended = Some(entry.at);
    story.code = how.and_then(code);
    story.outcome = Some(said.clone());
    story.by = who(&entry.by);
    story.unknown = how.is_none();
    story.output = printed;
    let what = match story.title.as_str() {
        "" => format!("on {lane}"),
        title => format!("{title}, on {lane}"),
    };
    match how {
        None => {
            let text = format!("{what}: how it ended is not known: {said}");
            teller.note_look(LookKind::Unknown, Some(step), entry, text);
        }
        Some(
            LaneOutcome::Succeeded { .. }
            | LaneOutcome::Captured { .. }
            | LaneOutcome::SaidDone { .. }
            | LaneOutcome::Came { .. },
        ) => {}
        Some(
            LaneOutcome::Failed { .. }
            | LaneOutcome::NotCaptured { .. }
            | LaneOutcome::NotRun { .. }
            | LaneOutcome::DidNotCome { .. },
        ) => teller.note_look(
            LookKind::Failed,
            Some(step),
            entry,
            format!("{what}: {said}"),
        ),
    }
}

//! What deserves a look and is true of the whole run or of its record.

use crate::journal::Verdict;
use crate::run::{Armed, Effect, Run};

use super::story::{Look, LookKind, Person, When};
use super::words::{account, duration, time_utc};

/// What is true of the whole run.
pub(super) fn of_the_run(look: &mut Vec<Look>, people: &[Person], shared: bool, when: &When) {
    if shared {
        let names: Vec<String> = people
            .iter()
            .map(|person| {
                format!(
                    "{} ({})",
                    person.name,
                    account(person.uid, person.login_uid)
                )
            })
            .collect();
        let text = format!(
            "different names came from one account, so that only their own word tells them apart: {}",
            names.join(", ")
        );
        look.push(whole(LookKind::SharedAccount, text));
    }
    if let (Some(window), over @ 1..) = (when.window_seconds, when.over_window_seconds) {
        let text = format!(
            "the maintenance window of {} was overrun by {}",
            words(window),
            words(over)
        );
        look.push(whole(LookKind::OverWindow, text));
    }
}

/// What may still be at work on machines, as far as the record tells.
pub(super) fn of_what_may_run(look: &mut Vec<Look>, run: &Run) {
    for doubt in run.may_be_running() {
        let text = format!(
            "leg {} of attempt {} on {}, started {}; it was never seen to end",
            doubt.leg + 1,
            doubt.attempt,
            doubt.machine,
            time_utc(doubt.since)
        );
        look.push(Look {
            step: Some(doubt.step.clone()),
            ..whole(LookKind::MayRun, text)
        });
    }
}

/// What is written and not known to be in effect; and for each step how far its change has come, in words.
pub(super) fn of_what_is_armed(look: &mut Vec<Look>, run: &Run) -> Vec<(usize, String)> {
    for armed in run.still_armed() {
        look.push(Look {
            step: run.planned(armed.number).map(|step| step.id.clone()),
            ..whole(LookKind::Armed, armed.says)
        });
    }
    let words = |armed: Armed<'_>| match armed.effect {
        Effect::Since(Some(at)) => format!("{} since {}", armed.says, time_utc(at)),
        _ => armed.says,
    };
    (0..run.steps.len())
        .filter_map(|number| Some((number, words(run.armed(number)?))))
        .collect()
}

/// What is wrong with the record, or could not be looked at.
pub(super) fn of_the_record(look: &mut Vec<Look>, verdict: &Verdict) {
    if let Some(damage) = &verdict.damage {
        look.push(whole(LookKind::Record, format!("damage: {damage}")));
    }
    if let Some(tail) = verdict.tail {
        let text = format!(
            "the journal ends in {} bytes of a record that was never finished; they are left out here",
            tail.bytes
        );
        look.push(whole(LookKind::Record, text));
    }
    match &verdict.files {
        Some(files) => {
            for problem in &files.problems {
                look.push(whole(LookKind::Record, problem.to_string()));
            }
        }
        None => {
            let text = "the files that the journal commits to were not looked at".to_owned();
            look.push(whole(LookKind::Record, text));
        }
    }
}

fn whole(kind: LookKind, text: String) -> Look {
    Look {
        kind,
        step: None,
        at: None,
        by: None,
        text,
    }
}

fn words(seconds: u64) -> String {
    duration(i64::try_from(seconds).unwrap_or(i64::MAX))
}

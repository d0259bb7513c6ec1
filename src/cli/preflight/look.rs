//! What is looked at on one machine.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::super::plan::ask_within;
use super::super::prepared::Prepared;
use super::wants::{self, Wants};
use crate::clock::Clock;
use crate::engine::Fleet;
use crate::kinds::{Pinned, Question};
use crate::names::MachineName;
use crate::probe::{Shell, complaint, one_line};
use crate::report::identity;
use crate::run::{Check, Level};
use crate::transport::{Identity, LinkError, LinkTrouble, Receipts};

/// How long one question may take here.
const LIMIT: Duration = Duration::from_secs(60);

/// By how many seconds a machine's clock may differ before somebody should know.
const CLOCK: f64 = 2.0;

/// What a machine is asked: the programs of `RUNSHEET_PROGRAMS` that it does not have, and its clock. Some `date`
/// have no nanoseconds, and say `N`.
const TEXT: &str = r#"for p in $RUNSHEET_PROGRAMS; do
    command -v "$p" >/dev/null 2>&1 || echo "missing $p"
done
echo "user $(id -un 2>/dev/null)"
echo "clock $(date '+%s %N')"
"#;

/// What one machine came to.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub checks: Vec<Check>,
    /// Whether it answered.
    pub reached: bool,
    /// Set where it is not the machine that it should be.
    pub other: Option<LinkError>,
}

impl Look {
    fn note(&mut self, machine: &MachineName, about: &str, level: Level, says: String) {
        self.checks.push(Check {
            machine: machine.clone(),
            about: about.to_owned(),
            level,
            says,
            hint: None,
            pins: BTreeMap::new(),
        });
    }

    fn hint(&mut self, hint: impl Into<String>) {
        if let Some(last) = self.checks.last_mut() {
            last.hint = Some(hint.into());
        }
    }
}

/// Looks at one machine.
pub(super) async fn machine(fleet: &Fleet, prepared: &Prepared, machine: &MachineName) -> Look {
    let mut look = Look::default();
    let Some(host) = fleet.host(machine) else {
        look.note(
            machine,
            "reached",
            Level::Problem,
            "it is nowhere".to_owned(),
        );
        return look;
    };
    let begun = Instant::now();
    let survey = match host.survey().await {
        Ok(survey) => survey,
        Err(error) => {
            look.note(machine, "reached", Level::Problem, error.to_string());
            look.hint(error.hint());
            if matches!(
                error.trouble,
                LinkTrouble::OtherMachine | LinkTrouble::HostKeyChanged
            ) {
                look.other = Some(error);
            }
            return look;
        }
    };
    look.reached = true;
    let took = begun.elapsed().as_millis();
    let is = identity(&Identity::of(&survey));
    look.note(machine, "reached", Level::Ok, format!("in {took} ms; {is}"));
    let wants = wants::of(prepared, machine);
    match &survey.receipts {
        Receipts::Kept(_) => look.note(
            machine,
            "receipts",
            Level::Ok,
            "a step's outcome survives a lost link".to_owned(),
        ),
        Receipts::Impossible(why) => {
            let level = if wants.receipts {
                Level::Problem
            } else {
                Level::Warning
            };
            let says = format!("a step could not be followed through a lost link: {why}");
            look.note(machine, "receipts", level, says);
            look.hint("the login needs /proc, setsid, mkfifo and a home it can write to");
        }
    }
    let before = Clock::system().now();
    let question = Question {
        at: machine.clone(),
        shell: Shell::Sh,
        text: TEXT.to_owned(),
        env: vec![("RUNSHEET_PROGRAMS".to_owned(), wants.programs.join(" "))],
    };
    let asked = Instant::now();
    match ask_within(fleet, &prepared.values, &question, LIMIT).await {
        Ok(reply) => {
            let middle =
                before.as_millisecond() as f64 / 1000.0 + asked.elapsed().as_secs_f64() / 2.0;
            let slack = asked.elapsed().as_secs_f64() / 2.0;
            answers(
                &mut look,
                machine,
                (&wants, survey.uid),
                &reply.text(),
                (middle, slack),
            );
        }
        Err(obstacle) => look.note(machine, "programs", Level::Warning, obstacle.what),
    }
    for text in &wants.validates {
        validate(&mut look, fleet, prepared, (machine, text)).await;
    }
    pin(&mut look, fleet, prepared, (machine, &wants.pinned)).await;
    look
}

fn answers(
    look: &mut Look,
    machine: &MachineName,
    (wants, uid): (&Wants, Option<u32>),
    text: &str,
    (now, slack): (f64, f64),
) {
    let mut missing = Vec::new();
    let (mut user, mut clock) = (String::new(), None);
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("missing", program)) => missing.push(one_line(program.as_bytes())),
            Some(("user", name)) => user = one_line(name.as_bytes()),
            Some(("clock", time)) => clock = seconds(time),
            _ => {}
        }
    }
    let rights = match uid {
        Some(0) => "root".to_owned(),
        Some(uid) => {
            format!("{user} (uid {uid}), not root: nothing is done with sudo unless a step says so")
        }
        None => "it does not say as whom".to_owned(),
    };
    look.note(machine, "login", Level::Ok, rights);
    if !missing.is_empty() {
        let says = format!("not there: {}", missing.join(", "));
        look.note(machine, "programs", Level::Problem, says);
        look.hint("install them, or see whether they are in the login's PATH");
    } else if !wants.programs.is_empty() {
        let says = format!("all there: {}", wants.programs.join(", "));
        look.note(machine, "programs", Level::Ok, says);
    }
    match clock {
        Some((there, grain)) => {
            let ahead = there + grain / 2.0 - now;
            let sure = (ahead.abs() - slack - grain / 2.0).max(0.0);
            let level = if sure > CLOCK {
                Level::Warning
            } else {
                Level::Ok
            };
            let says = match level {
                Level::Ok => "as here, within 2 s".to_owned(),
                _ if ahead > 0.0 => format!("{ahead:.0} s ahead of this machine's"),
                _ => format!("{:.0} s behind this machine's", -ahead),
            };
            look.note(machine, "clock", level, says);
            if level != Level::Ok {
                look.hint(
                    "times in its logs are not those of the record; is its time service running?",
                );
            }
        }
        None => look.note(
            machine,
            "clock",
            Level::Warning,
            "it does not say what time it is".to_owned(),
        ),
    }
}

/// Seconds since 1970, and how fine they are.
fn seconds(time: &str) -> Option<(f64, f64)> {
    let (whole, part) = time.split_once(' ').unwrap_or((time, ""));
    let whole: u32 = whole.parse().ok()?;
    match part.parse::<u32>() {
        Ok(nanos) if nanos < 1_000_000_000 => {
            Some((f64::from(whole) + f64::from(nanos) / 1e9, 0.0))
        }
        _ => Some((f64::from(whole), 1.0)),
    }
}

/// Asks which things some names stand for. What is not there yet may be made by a step.
async fn pin(
    look: &mut Look,
    fleet: &Fleet,
    prepared: &Prepared,
    (machine, things): (&MachineName, &[Pinned]),
) {
    let (mut pins, mut says) = (BTreeMap::new(), Vec::new());
    for Pinned { name, question } in things {
        match ask_within(fleet, &prepared.values, question, LIMIT).await {
            Ok(reply) if reply.code == 0 => {
                let which = one_line(reply.text().as_bytes());
                says.push(format!("{name} is {}", which.get(..12).unwrap_or(&which)));
                pins.insert(name.clone(), which);
            }
            Ok(reply) => says.push(format!("{name} cannot be told: {}", complaint(&reply))),
            Err(obstacle) => says.push(format!("{name} cannot be told: {obstacle}")),
        }
    }
    if !says.is_empty() {
        look.note(machine, "things", Level::Ok, says.join("; "));
    }
    if let Some(last) = look.checks.last_mut() {
        last.pins.extend(pins);
    }
}

/// Asks what will be asked after an edit. Where it fails already, the edit would be blamed and put back.
async fn validate(
    look: &mut Look,
    fleet: &Fleet,
    prepared: &Prepared,
    (machine, text): (&MachineName, &str),
) {
    let question = Question {
        at: machine.clone(),
        shell: Shell::Sh,
        text: text.to_owned(),
        env: Vec::new(),
    };
    let said = one_line(text.as_bytes());
    match ask_within(fleet, &prepared.values, &question, LIMIT).await {
        Ok(reply) if reply.code == 0 => {
            look.note(
                machine,
                "validation",
                Level::Ok,
                format!("`{said}` is content already"),
            );
        }
        Ok(reply) => {
            let why = complaint(&reply);
            let says = format!("`{said}` fails before anything was edited: {why}");
            look.note(machine, "validation", Level::Warning, says);
            look.hint(
                "an edit is put back when it fails; mend it first, unless an earlier step does",
            );
        }
        Err(obstacle) => look.note(machine, "validation", Level::Warning, obstacle.what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str, now: f64) -> Vec<(String, Level, String)> {
        let mut look = Look::default();
        let wants = Wants {
            programs: vec!["rsync", "docker"],
            ..Wants::default()
        };
        let machine = MachineName::new("source").unwrap();
        answers(&mut look, &machine, (&wants, Some(0)), text, (now, 0.1));
        let checks = look.checks.into_iter();
        checks.map(|c| (c.about, c.level, c.says)).collect()
    }

    #[test]
    fn a_clock_is_judged_only_as_far_as_it_was_read() {
        let level = |text: &str, now: f64| {
            let found = look(text, now);
            found
                .into_iter()
                .find(|(about, ..)| about == "clock")
                .unwrap()
                .1
        };
        assert_eq!(level("clock 1000 500000000", 1000.5), Level::Ok);
        assert_eq!(
            level("clock 1000 500000000", 1002.55),
            Level::Ok,
            "the way there and back"
        );
        assert_eq!(level("clock 1000 500000000", 1002.7), Level::Warning);
        assert_eq!(level("clock 1003 500000000", 1001.0), Level::Warning);
        assert_eq!(
            level("clock 1000 N", 1002.9),
            Level::Ok,
            "it may be 1000.99"
        );
        assert_eq!(level("clock 1000 N", 1003.3), Level::Warning);
        assert_eq!(level("clock noon", 1000.0), Level::Warning);
    }

    #[test]
    fn programs_that_are_not_there_are_a_problem_and_named() {
        let found = look("missing docker\nclock 1 0", 1.0);
        assert!(found.contains(&(
            "programs".to_owned(),
            Level::Problem,
            "not there: docker".to_owned()
        )));
        let found = look("clock 1 0", 1.0);
        assert!(found.contains(&(
            "programs".to_owned(),
            Level::Ok,
            "all there: rsync, docker".to_owned()
        )));
    }
}

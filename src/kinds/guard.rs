//! A guard: the inverse of a change, armed on its own machine before the change is made, which runs there when nobody
//! has kept the change in time. It is for changes that could cut the operator off.
//!
//! It needs no part of the engine and no part of the receipt program: arming it, keeping the change and letting go of
//! it are legs like any other, with receipts of their own. Whether it fires or is let go is decided once, by a file
//! that is made with O_EXCL, so of two who come at the same time one is told that it was too late. The road not
//! taken is a start under a receipt that waits before it begins: every promise about starts, and every look at what
//! became of one, would have had to be made again for those that wait for minutes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::shown_values;
use super::{Action, Exhibit, Leg, Moment, Obstacle, Proposal, Shell};

const COMMON: &str = include_str!("guard/common.sh");
const ARM: &str = include_str!("guard/arm.sh");
const KEEP: &str = include_str!("guard/keep.sh");
const LET_GO: &str = "rs_let_go\n";

/// What the legs that end a guard are called.
const LETTING: &str = "let go of the guard";

/// What a leg has to do with the guard of its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum GuardLeg {
    /// It arms the guard, which fires so many seconds after.
    Arm {
        /// The seconds.
        seconds: u64,
    },
    /// It keeps the change, once an operator has said so, over a newly opened connection.
    Keep,
    /// It lets go of the guard, before the step is taken back by other hands.
    LetGo,
}

impl GuardLeg {
    /// What an exit code of the leg that keeps a change says; none for every other code.
    pub fn fired(self, code: i32) -> Option<&'static str> {
        match (self, code) {
            (Self::Keep, 3) => Some("too late: its guard has taken the step back"),
            (Self::Keep, 4) => {
                Some("too late: its guard has tried to take the step back, and failed")
            }
            (Self::Keep, 5) => Some("nobody can say whether its guard has taken the step back"),
            _ => None,
        }
    }
}

impl Proposal {
    /// Puts a guard around the legs of a step: armed before the first, and let go after the last, once an operator
    /// has kept the change. Where there is nothing to run there is nothing to guard; but the guard of an earlier
    /// attempt that may be `armed` yet is let go of, or it would take back what is found to be as wanted.
    ///
    /// # Errors
    ///
    /// The undo does something else than run one command on the machine of the step.
    pub fn guard(
        &mut self,
        moment: &Moment<'_>,
        undo: &dyn Action,
        seconds: u64,
        armed: bool,
    ) -> Result<(), Obstacle> {
        if self.legs.is_empty() {
            if armed {
                self.exhibits.push(Exhibit::Finding {
                    label: super::GUARD.to_owned(),
                    text: "that of an earlier attempt is let go of, over a new connection"
                        .to_owned(),
                });
                self.legs
                    .push(part(moment, LETTING, LET_GO, GuardLeg::LetGo, &[]));
            }
            return Ok(());
        }
        let inverse = inverse(moment, undo, &self.leaves)?;
        let at = moment.scene.here;
        let leg = inverse.leg;
        let mut text = format!(
            "armed before anything else: {seconds} s after, {at} runs this by itself, unless somebody has kept \
             the change over a new connection:\n{}",
            leg.text.trim()
        );
        for (name, value) in inverse.values {
            text.push_str(&format!("\nwith {name}={value}"));
        }
        self.exhibits.push(Exhibit::Finding {
            label: super::GUARD.to_owned(),
            text,
        });
        let mut arm = part(
            moment,
            "arm the guard",
            ARM,
            GuardLeg::Arm { seconds },
            &leg.ok_codes,
        );
        arm.env
            .push(("RUNSHEET_AFTER".to_owned(), seconds.to_string()));
        let shell = match leg.shell {
            Shell::Sh => "sh",
            Shell::Bash => "bash",
        };
        arm.env
            .push(("RUNSHEET_SHELL".to_owned(), shell.to_owned()));
        arm.env.extend(leg.env.iter().cloned());
        arm.env
            .push(("RUNSHEET_INVERSE".to_owned(), leg.text.clone()));
        self.legs.insert(0, arm);
        let keep = part(moment, LETTING, KEEP, GuardLeg::Keep, &leg.ok_codes);
        self.legs.push(keep);
        Ok(())
    }

    /// Lets go of every guard of the step before its undo runs.
    pub fn let_go(&mut self, moment: &Moment<'_>) {
        if let Some(first) = self.legs.first() {
            let first = part(moment, LETTING, LET_GO, GuardLeg::LetGo, &first.ok_codes);
            self.legs.insert(0, first);
        }
    }
}

struct Inverse {
    leg: Leg,
    /// The values that it reads, secrets left out.
    values: Vec<(String, String)>,
}

fn inverse(
    moment: &Moment<'_>,
    undo: &dyn Action,
    leaves: &BTreeMap<String, String>,
) -> Result<Inverse, Obstacle> {
    let back = Moment {
        left: leaves,
        ..*moment
    };
    let mut proposal = undo.propose(&back, &[])?;
    match proposal.legs.pop() {
        Some(leg) if proposal.legs.is_empty() && leg.at == *moment.scene.here => Ok(Inverse {
            values: shown_values(moment.scene.values, &leg.text),
            leg,
        }),
        _ => Err(Obstacle::new(
            "its undo is not one command on the machine of the step, so no guard can be made of it",
        )),
    }
}

/// A leg that has to do with the guard. `ok_codes` are those of the inverse that count as success.
fn part(moment: &Moment<'_>, title: &str, text: &str, guard: GuardLeg, ok_codes: &[i32]) -> Leg {
    let of_lane = format!("{},{},{},", moment.run, moment.step, moment.scene.here);
    let ok: Vec<String> = match ok_codes {
        [] => vec!["0".to_owned()],
        codes => codes.iter().map(i32::to_string).collect(),
    };
    let lines = COMMON.lines().chain(text.lines());
    let sent: Vec<&str> = lines
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    Leg {
        title: title.to_owned(),
        at: moment.scene.here.clone(),
        shell: Shell::Sh,
        text: sent.join("\n"),
        env: vec![
            (
                "RUNSHEET_GUARD".to_owned(),
                format!("{of_lane}{}", moment.attempt),
            ),
            ("RUNSHEET_GUARDS".to_owned(), of_lane),
            ("RUNSHEET_OK".to_owned(), ok.join(" ")),
        ],
        ok_codes: Vec::new(),
        progress: super::Progress::None,
        limit_seconds: 0,
        interactive: false,
        guard: Some(guard),
    }
}

#[cfg(test)]
mod tests;

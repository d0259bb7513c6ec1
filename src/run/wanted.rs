//! What should be going on now, asked of the state and never of how it came to be.

use std::collections::BTreeSet;

use super::decide::passes_by_itself;
use super::{LaneAt, Run, StepAt, StepState};
use super::{Stop, Token, Way};
use crate::kinds::Performer;
use crate::names::{MachineName, StepId};

/// Everything that should be going on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// What to do or to keep doing. The hands start what is new here and drop what is not here any more.
    pub tasks: Vec<Task>,
    /// Whether a person is what the run waits for.
    pub person: bool,
}

/// One thing that should be going on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    /// Record that a step's turn has come.
    Reach {
        /// The step.
        step: StepId,
    },
    /// Ask the machines what the step would do, and its proof.
    Prepare {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The step or its undo.
        way: Way,
    },
    /// Record that a gate asks nobody.
    Pass {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Record that a leg is about to start; then it is to be followed.
    Begin {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg.
        leg: u16,
    },
    /// Start a leg under its token if nothing shows that it was started, and follow it to its end.
    Follow {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg.
        leg: u16,
        /// The token.
        token: Token,
        /// The spool that was recorded with the start; none where nothing may be sent.
        spool: Option<String>,
    },
    /// Ask a wait's probe until it holds.
    Watch {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
    },
    /// End what a lane runs.
    Halt {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The lane.
        lane: MachineName,
        /// The leg.
        leg: u16,
        /// How.
        stop: Stop,
    },
    /// Ask a machine what became of a leg whose outcome is or was unknown, and fence it off if it has not begun.
    AskLate {
        /// The start it is about.
        token: Token,
        /// How it is to end if it runs; none where nobody wants that.
        stop: Option<Stop>,
    },
    /// Ask the proof's questions that are not for a person.
    Prove {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Ask the same questions without deciding anything by them.
    Look {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
}

/// Says what should be going on in a run.
pub fn wanted(run: &Run) -> Wanted {
    let mut wanted = Wanted::default();
    if run.plan.is_none() || run.ending.is_some() || run.suspended.is_some() {
        return wanted;
    }
    wanted.tasks.extend(open_doubts(run));
    let Some(number) = run.current() else {
        // Every step is settled; ending the run is a person's word.
        wanted.person = true;
        return wanted;
    };
    let (Some(planned), Some(state)) = (run.planned(number), run.steps.get(number)) else {
        return wanted;
    };
    let step = planned.id.clone();
    let attempt = state.attempt;
    if state.looking {
        wanted.tasks.push(Task::Look {
            step: step.clone(),
            attempt,
        });
    }
    match &state.at {
        StepAt::Waiting => wanted.tasks.push(Task::Reach { step }),
        StepAt::Preparing => {
            wanted.tasks.push(Task::Prepare {
                step,
                attempt,
                way: state.way,
            });
        }
        StepAt::AtGate if passes_by_itself(planned, state) => {
            wanted.tasks.push(Task::Pass { step, attempt });
        }
        StepAt::AtGate | StepAt::Stuck { .. } => wanted.person = true,
        StepAt::Cleared | StepAt::Running => {
            let performer = planned.performer(state.way);
            let free: BTreeSet<&MachineName> = state.free(planned).into_iter().collect();
            for lane in state.lanes.iter().filter(|lane| lane.taking_part) {
                if lane.at != LaneAt::Idle || free.contains(&lane.name) {
                    lane_tasks(&mut wanted, state, (&step, attempt), lane, performer);
                }
            }
            wanted.person |= run.at_a_terminal().is_some() && run.keyboard.is_none();
        }
        StepAt::Proving => {
            let open = |proof: &(usize, &super::Proof)| {
                u16::try_from(proof.0).is_ok_and(|number| !state.answers.contains_key(&number))
            };
            let proofs = state.proofs(planned).iter().enumerate().filter(open);
            let (people, machines): (Vec<_>, Vec<_>) = proofs.partition(|(_, proof)| proof.person);
            wanted.person = !people.is_empty();
            if !machines.is_empty() {
                wanted.tasks.push(Task::Prove { step, attempt });
            }
        }
        StepAt::Done { .. } | StepAt::Skipped { .. } | StepAt::RuledOut { .. } => {}
    }
    wanted
}

/// Outcomes that machines may still tell of, whatever the run has come to since.
fn open_doubts(run: &Run) -> impl Iterator<Item = Task> {
    let open = run.doubts.iter().filter(|(_, doubt)| doubt.is_open());
    open.map(|(token, doubt)| Task::AskLate {
        token: token.clone(),
        stop: doubt.stop,
    })
}

fn lane_tasks(
    wanted: &mut Wanted,
    state: &StepState,
    (step, attempt): (&StepId, u32),
    lane: &super::Lane,
    performer: Option<Performer>,
) {
    let (step, name) = (step.clone(), lane.name.clone());
    match &lane.at {
        LaneAt::Idle if state.stop.is_none() => {
            wanted.tasks.push(Task::Begin {
                step,
                attempt,
                lane: name,
                leg: 0,
            });
        }
        LaneAt::Between { .. } if state.waits_to_be_kept(&name).is_some() => wanted.person = true,
        LaneAt::Between { next } if state.stop.is_none() => {
            wanted.tasks.push(Task::Begin {
                step,
                attempt,
                lane: name,
                leg: *next,
            });
        }
        LaneAt::Running {
            leg, token, spool, ..
        } => {
            if let Some(stop) = state.stop {
                let (step, lane) = (step.clone(), name.clone());
                wanted.tasks.push(Task::Halt {
                    step,
                    attempt,
                    lane,
                    leg: *leg,
                    stop,
                });
            }
            match performer {
                Some(Performer::Person) => wanted.person = true,
                Some(Performer::Watch) => {
                    wanted.tasks.push(Task::Watch {
                        step,
                        attempt,
                        lane: name,
                    });
                }
                Some(Performer::Machine | Performer::Nobody) | None => {
                    let token = token.clone();
                    wanted.tasks.push(Task::Follow {
                        step,
                        attempt,
                        lane: name,
                        leg: *leg,
                        token,
                        spool: spool.clone(),
                    });
                }
            }
        }
        LaneAt::Idle
        | LaneAt::Between { .. }
        | LaneAt::Well { .. }
        | LaneAt::Badly { .. }
        | LaneAt::Unknown { .. } => {}
    }
}

//! What moves by itself between presses, and what must hold after whatever happened.

use super::made_up::machine;
use super::walker::Walk;
use crate::kinds::{GuardLeg, Performer};
use crate::names::{MachineName, StepId};
use crate::probe::Holds;
use crate::run::*;

impl Walk {
    /// What a machine says that ended well: of a leg that is captured, what it printed, or that this was no list.
    pub(super) fn ended_well(
        &mut self,
        step: &StepId,
        lane: &MachineName,
        leg: u16,
    ) -> LaneOutcome {
        let (_, planned, state) = self.run.step(step).expect("a wanted step is there");
        let keeps = state.guard_leg(lane, leg) == Some(GuardLeg::Keep);
        if keeps && self.dice.one_in(3) {
            return LaneOutcome::Failed {
                code: *self.dice.pick(&[3, 4, 5]),
            };
        }
        let captures = planned.capture.is_some() && state.way == Way::Forward;
        if !captures || leg + 1 != state.legs(lane) {
            return LaneOutcome::Succeeded { code: 0 };
        }
        let item = |number| format!("i{number}");
        match self.dice.below(5) {
            0 => LaneOutcome::NotCaptured {
                code: 0,
                why: "a bell in it".into(),
            },
            n => LaneOutcome::Captured {
                code: 0,
                lines: (1..n).map(item).collect(),
            },
        }
    }

    pub(super) fn prove(&mut self, step: StepId, attempt: u32, asked: Asked) -> Finding {
        let (_, planned, state) = self.run.step(&step).expect("a wanted step is there");
        let open: Vec<u16> = state
            .proofs(planned)
            .iter()
            .enumerate()
            .filter(|(_, proof)| !proof.person)
            .map(|(number, _)| number as u16)
            .filter(|number| asked == Asked::Look || !state.answers.contains_key(number))
            .collect();
        let answers = open
            .into_iter()
            .map(|proof| Answer {
                proof,
                holds: *self.dice.pick(&[
                    Holds::Yes,
                    Holds::Yes,
                    Holds::Yes,
                    Holds::No,
                    Holds::CannotSay,
                ]),
                seen: "x".into(),
            })
            .collect();
        Finding::Answered {
            step,
            attempt,
            asked,
            answers,
        }
    }

    pub(super) fn links_and_clients_move(&mut self) {
        let machine = machine(self.dice.below(3));
        let finding = match self.dice.below(4) {
            0 => Finding::LinkLost {
                machine,
                why: "reset".into(),
            },
            1 => Finding::LinkBack { machine },
            2 => Finding::Detached {
                client: self.last_client,
            },
            _ => return self.attach(),
        };
        let refused = self.command(Command::Found(finding)).is_err();
        *self
            .world
            .reached
            .entry(if refused { "late" } else { "found" })
            .or_default() += 1;
    }

    pub(super) fn check(&self) {
        let wanted = wanted(&self.run);
        let under_way = self
            .run
            .steps
            .iter()
            .filter(|step| step.is_under_way())
            .count();
        assert!(under_way <= 1, "one step at a time");
        let over = self.run.ending.is_some() || self.run.suspended.is_some();
        let stands = !over && !wanted.person && wanted.tasks.is_empty();
        assert!(
            !stands,
            "an open run is never without somebody to move it: {:?}",
            self.run
        );
        for number in 0..self.run.steps.len() {
            let Some(armed) = self.run.armed(number) else {
                continue;
            };
            let active = &self.run.steps[armed.by];
            let done = matches!(active.at, StepAt::Done { .. }) && active.way == Way::Forward;
            assert_eq!(
                matches!(armed.effect, Effect::Since(_)),
                done,
                "in effect exactly while what activates it is done"
            );
            let started = active.touched && !done;
            assert!(
                !started || armed.effect == Effect::Open || armed.effect == Effect::Never,
                "what was started may have activated it: {armed:?}"
            );
        }
        for task in &wanted.tasks {
            if let Task::Begin {
                step, lane, leg, ..
            } = task
            {
                let (_, planned, state) = self.run.step(step).expect("a wanted step is there");
                let by_machine = planned.performer(state.way) == Some(Performer::Machine);
                assert!(
                    !by_machine || *leg < state.legs(lane),
                    "what is to begin was shown"
                );
                let guard = state.lane(lane).and_then(|lane| lane.guard.as_ref());
                assert!(
                    state.guard_leg(lane, *leg) != Some(GuardLeg::Keep)
                        || guard.is_none_or(|guard| guard.kept.is_some()),
                    "a guard is let go of when somebody has said so"
                );
            }
        }
        for (planned, state) in self
            .run
            .plan
            .iter()
            .flat_map(|p| &p.steps)
            .zip(&self.run.steps)
        {
            if let StepAt::Done {
                how: Done::Proved { .. },
            } = &state.at
            {
                assert_eq!(state.answers.len(), planned.proofs.len());
                assert!(
                    state
                        .answers
                        .values()
                        .all(|answer| answer.holds == Holds::Yes)
                );
            }
            if let StepAt::Done { .. } = &state.at {
                let guards = state.guards().count();
                assert_eq!(guards, 0, "what is done is not taken back by a guard");
            }
            let rule = self.run.rule(state_number(&self.run, planned));
            if let StepAt::RuledOut { .. } = &state.at {
                assert!(
                    matches!(rule, Rule::RulesOut(_)),
                    "what was passed over is so still"
                );
                assert!(state.made.is_none());
            }
            let chosen = matches!(
                &state.at,
                StepAt::Done {
                    how: Done::Chosen { .. }
                }
            );
            if planned.choice.is_some() && !chosen && state.way == Way::Forward {
                assert!(state.made.is_none(), "a choice that is open has no value");
            }
            let going = state
                .lanes
                .iter()
                .filter(|lane| matches!(lane.at, LaneAt::Running { .. } | LaneAt::Between { .. }));
            let most = usize::from(planned.at_once);
            assert!(
                most == 0 || going.count() <= most,
                "no more at once than may be"
            );
            let items = state
                .lanes
                .iter()
                .filter(|lane| lane.item.is_some())
                .count();
            assert!(
                items == 0 || items == state.lanes.len(),
                "all lanes have items or none"
            );
            assert!(planned.for_each.is_some() || items == 0);
            let unknown = state
                .lanes
                .iter()
                .any(|lane| matches!(lane.at, LaneAt::Unknown { .. }));
            if unknown {
                let done = matches!(
                    state.at,
                    StepAt::Done { .. } | StepAt::Skipped { .. } | StepAt::Waiting
                );
                assert!(!done, "an unknown outcome is never passed over");
            }
        }
        if let Some(has) = &self.run.keyboard {
            assert!(self.run.present.contains_key(&has.who.client));
            let at = (has.step.clone(), has.attempt, has.lane.clone());
            assert!(
                self.run.types_to(has.who.client, &at).is_some(),
                "whoever has a keyboard types to something that runs"
            );
        }
        for (token, doubt) in &self.run.doubts {
            assert!(
                self.run.tokens.contains(token),
                "only what was started is doubted"
            );
            if doubt.decision.is_none() {
                let (_, _, state) = self.run.step(&doubt.step).expect("a step of the plan");
                let lane = state.lane(&doubt.lane).expect("a lane of the step");
                let open = matches!(&lane.at, LaneAt::Unknown { token: open, .. } if open == token);
                assert!(open, "what nobody decided about stays unknown, or is found");
            }
        }
        self.undo_says_what_can_be();
    }

    pub(super) fn undo_says_what_can_be(&self) {
        if let Some(number) = self.run.undo_next() {
            let planned = self.run.planned(number).expect("planned");
            assert!(!planned.point_of_no_return);
            assert!(self.run.undo_limit().steps >= 1);
        }
    }
}

fn state_number(run: &Run, planned: &PlannedStep) -> usize {
    run.step(&planned.id).expect("a step of the plan").0
}

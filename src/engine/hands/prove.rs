//! Asks the questions of a proof.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;

use super::patience::{Heard, Next, Patience, Terms};
use super::{Ground, Receipt};
use crate::clock::Timestamp;
use crate::names::{MachineName, StepId};
use crate::probe::{Ask, Holds, Probe, Question, Scene, Verdict};
use crate::run::{Answer, Asked, Finding, Run, Spot, Way, asked_at, proof_specs};
use crate::runbook::{StepSpec, Undo};
use crate::wire::Live;

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The shortest pause between two questions.
const PAUSE: Duration = Duration::from_millis(100);

/// How many questions of a proof are asked at the same time; the next waits until one of them has held, or
/// its time is up.
const QUESTIONS_AT_ONCE: usize = 256;

/// What is needed to ask a proof.
pub(super) struct Prove {
    step: StepId,
    attempt: u32,
    way: Way,
    asked: Asked,
    /// Whether each question is asked for as long as it may take to come true. A look asks once, but where somebody is
    /// to keep a change by it.
    patient: bool,
    spots: Vec<Spot>,
    open: BTreeSet<u16>,
}

/// One question of a proof.
pub(super) struct Inquiry<'a> {
    number: u16,
    step: StepId,
    spot: Spot,
    here: MachineName,
    probe: Held<'a>,
    within: Duration,
    every: Duration,
    terms: Terms,
}

enum Held<'a> {
    Declared(&'a dyn Probe),
    /// What follows from an undo's action is made anew each time.
    Derived(Box<dyn Probe>),
}

/// The questions that machines have to answer: those that are open, or all for a look.
pub(super) fn open_questions(run: &Run, step: &StepId, asked: Asked) -> Option<BTreeSet<u16>> {
    let (_, planned, state) = run.step(step)?;
    let proofs = (0u16..).zip(state.proofs(planned));
    let open = proofs
        .filter(|(_, proof)| !proof.person)
        .map(|(number, _)| number)
        .filter(|number| asked == Asked::Look || !state.answers.contains_key(number));
    Some(open.collect())
}

impl Prove {
    /// None where there is no such step.
    pub fn of(run: &Run, step: &StepId, attempt: u32, asked: Asked) -> Option<Self> {
        let (_, planned, state) = run.step(step)?;
        Some(Self {
            step: step.clone(),
            attempt,
            way: state.way,
            asked,
            patient: asked == Asked::Proof || state.to_be_kept().next().is_some(),
            spots: state.spots(planned),
            open: open_questions(run, step, asked)?,
        })
    }

    /// Asks all questions at the same time.
    pub async fn run(self, ground: &Ground) -> (Finding, Option<Receipt>) {
        let inquiries = inquiries(ground, &self.step, self.way, &self.spots);
        let asking = inquiries
            .iter()
            .filter(|inquiry| self.open.contains(&inquiry.number))
            .map(async |inquiry| match self.patient {
                true => inquiry.patiently(ground).await,
                false => inquiry.once(ground, LIMIT).await,
            })
            .collect();
        let mut answers = some_at_once(asking, QUESTIONS_AT_ONCE).await;
        let answered: BTreeSet<u16> = answers.iter().map(|answer| answer.proof).collect();
        // A plan of one version and a runbook read by another may count differently.
        answers.extend(self.open.difference(&answered).map(|number| Answer {
            proof: *number,
            holds: Holds::CannotSay,
            seen: "the runbook's copy has no such question".to_owned(),
        }));
        let finding = Finding::Answered {
            step: self.step.clone(),
            attempt: self.attempt,
            asked: self.asked,
            answers,
        };
        (finding, None)
    }
}

/// The questions of a step's proof, in the order of the plan.
pub(super) fn inquiries<'a>(
    ground: &'a Ground,
    step: &StepId,
    way: Way,
    spots: &[Spot],
) -> Vec<Inquiry<'a>> {
    let Some(spec) = ground.spec(step) else {
        return Vec::new();
    };
    match way {
        Way::Forward => (0..)
            .zip(proof_specs(spec, spots, &ground.values))
            .filter_map(|(number, posed)| declared(ground, spec, number, posed.spot, posed.index))
            .collect(),
        Way::Back => {
            let Undo::Action(action) = &spec.undo else {
                return Vec::new();
            };
            let own = |spot| {
                action
                    .own_proof()
                    .into_iter()
                    .map(move |probe| (spot, probe))
            };
            let derived = spots.iter().flat_map(own);
            (0..)
                .zip(derived)
                .map(|(number, (spot, probe)): (u16, (&Spot, _))| Inquiry {
                    number,
                    step: step.clone(),
                    spot: spot.clone(),
                    here: spot.machine.clone(),
                    probe: Held::Derived(probe),
                    within: Duration::ZERO,
                    every: PAUSE,
                    terms: Terms::default(),
                })
                .collect()
        }
    }
}

fn declared<'a>(
    ground: &Ground,
    spec: &'a StepSpec,
    number: u16,
    spot: &Spot,
    index: usize,
) -> Option<Inquiry<'a>> {
    let proof = spec.verify.get(index)?;
    // The plan was laid with the same values, so the place is one machine.
    let here = asked_at(proof, &spot.machine, &ground.values).ok()?;
    Some(Inquiry {
        number,
        step: spec.id.clone(),
        spot: spot.clone(),
        here,
        probe: Held::Declared(proof.probe.as_ref()),
        within: proof.within.unwrap_or_default(),
        every: proof.every.max(PAUSE),
        terms: Terms {
            stable_for: proof.stable_for,
            falling: proof.falling,
        },
    })
}

impl Inquiry<'_> {
    fn probe(&self) -> &dyn Probe {
        match &self.probe {
            Held::Declared(probe) => *probe,
            Held::Derived(probe) => probe.as_ref(),
        }
    }

    /// Whether a person answers it.
    pub fn is_for_a_person(&self, ground: &Ground) -> bool {
        let ground = &*ground.on(&self.spot);
        let scene = Scene {
            here: &self.here,
            values: &ground.values,
        };
        matches!(self.probe().ask(&scene), Ok(Ask::Person(_)))
    }

    /// Asks once. Whether it holds for long is not asked, and whether a number falls cannot be.
    pub async fn once(&self, ground: &Ground, limit: Duration) -> Answer {
        let ground = &*ground.on(&self.spot);
        let bound = self.probe().aim().is_some_and(|aim| aim.is_bound());
        let terms = Terms {
            stable_for: Duration::ZERO,
            falling: self.terms.falling && !bound,
        };
        let mut patience = Patience::new(self.probe(), terms);
        let heard = hear(ground, self.probe(), &self.here, limit, patience.watches()).await;
        match patience.heard(Duration::ZERO, heard, true) {
            Next::End(verdict) => self.answer(verdict),
            Next::Again { seen, .. } => self.answer(Verdict::cannot_say(seen)),
        }
    }

    fn answer(&self, verdict: Verdict) -> Answer {
        Answer {
            proof: self.number,
            holds: verdict.holds,
            seen: verdict.seen,
        }
    }

    /// Asks until it has held for long enough or its time is up.
    async fn patiently(&self, ground: &Ground) -> Answer {
        let ground = &*ground.on(&self.spot);
        let begun = Begun::now(ground);
        let end = Instant::now() + self.within;
        let until = later(ground.clock.now(), self.within);
        let mut patience = Patience::new(self.probe(), self.terms);
        let mut times = 0u32;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let limit = LIMIT.min(left.max(BEFORE_GIVING_UP));
            let heard = hear(ground, self.probe(), &self.here, limit, patience.watches()).await;
            times = times.saturating_add(1);
            let now = Instant::now();
            let (seen, after) = match patience.heard(begun.ago(ground), heard, now >= end) {
                Next::End(verdict) => return self.answer(verdict),
                Next::Again { seen, after } => (seen, after),
            };
            ground.live(Live::Asked {
                step: self.step.clone(),
                lane: self.spot.lane.clone(),
                proof: Some(self.number),
                seen,
                times,
                until,
                numbers: patience.numbers().cloned(),
            });
            // The last question is asked when time is up, and not a pause before; and so is the one that
            // could be the last.
            let pause = after.map_or(self.every, |after| self.every.min(after).max(PAUSE));
            tokio::time::sleep_until((now + pause).min(end)).await;
        }
    }
}

/// Lets things go on beside each other, so many at a time, and gives what came of them in their order.
pub(super) async fn some_at_once<F: Future>(all: Vec<F>, most: usize) -> Vec<F::Output> {
    stream::iter(all).buffered(most).collect().await
}

/// What the last question gets, however little is left of its time.
const BEFORE_GIVING_UP: Duration = Duration::from_secs(15);

/// A time by the wall clock; none beyond the calendar.
pub(super) fn later(now: Timestamp, by: Duration) -> Option<Timestamp> {
    now.checked_add(by).ok()
}

/// When something was begun, by both clocks.
pub(super) struct Begun {
    wall: Timestamp,
    own: Instant,
}

impl Begun {
    pub fn now(ground: &Ground) -> Self {
        Self {
            wall: ground.clock.now(),
            own: Instant::now(),
        }
    }

    /// How long ago: by the clock that says less, so that one which is set forward makes nothing hold for long.
    pub fn ago(&self, ground: &Ground) -> Duration {
        let wall = ground.clock.now().duration_since(self.wall);
        let wall = Duration::try_from(wall).unwrap_or_default();
        self.own.elapsed().min(wall)
    }
}

/// Asks a probe once and judges the answer; with the number in it, where it is `watched`.
pub(super) async fn hear(
    ground: &Ground,
    probe: &dyn Probe,
    here: &MachineName,
    limit: Duration,
    watched: bool,
) -> Heard {
    let cannot_say = |why: String| {
        let why = ground.words(&why);
        Heard {
            number: watched.then(|| Err(why.clone())),
            verdict: Verdict::cannot_say(why),
        }
    };
    let scene = Scene {
        here,
        values: &ground.values,
    };
    let question: Question = match probe.ask(&scene) {
        Ok(Ask::Script(question)) => question,
        Ok(Ask::Person(_)) => return cannot_say("only a person can answer this".to_owned()),
        Err(error) => return cannot_say(error.to_string()),
    };
    match ground.ask(&question, limit, "asking").await {
        Ok(reply) => {
            let verdict = probe.judge(&scene, &reply);
            let number = watched.then(|| match ground.mask.covers(&reply.text()) {
                true => Err("this number is a secret's".to_owned()),
                false => probe.number(&reply).map_err(|why| ground.words(&why)),
            });
            Heard {
                verdict: Verdict {
                    holds: verdict.holds,
                    seen: ground.words(&verdict.seen),
                },
                number,
            }
        }
        Err(error) => cannot_say(error.to_string()),
    }
}

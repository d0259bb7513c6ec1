//! Asks the machines what a step would do, and its proof while nothing was done.

use std::collections::BTreeMap;
use std::time::Duration;

use super::prove::{inquiries, some_at_once};
use super::{Ground, Receipt, capture, late};
use crate::kinds::{Action, Exhibit, Leg, Moment, Obstacle, Performer, Proposal};
use crate::names::{MachineName, StepId};
use crate::probe::Scene;
use crate::run::{
    Answer, Doubt, Evidence, FilledIn, Finding, LaneShown, Rule, Run, Spot, Token, Way, filled_in,
};
use crate::runbook::{Capture, Undo};
use crate::transport::{ReceiptState, Receipts};

use super::ground::Unanswered;

/// How long one question of a survey may take. An rsync's dry run over a large tree is one.
const SURVEY: Duration = Duration::from_secs(600);

/// How long one question of a proof may take before the step.
const BEFORE: Duration = Duration::from_secs(30);

/// How many lanes are asked at the same time.
const LANES_AT_ONCE: usize = 32;

/// What is needed to prepare an attempt.
pub(super) struct Prepare {
    step: StepId,
    attempt: u32,
    way: Way,
    /// All lanes of the step, for its proof.
    spots: Vec<Spot>,
    /// Those that this attempt is about.
    lanes: Vec<Spot>,
    /// What is to be captured; nothing on the way back.
    capture: Option<Capture>,
    performer: Option<Performer>,
    /// How long its guard waits, in seconds; 0 where it has none.
    guard: u64,
    /// The lanes on which a guard of an earlier attempt may still fire.
    armed: Vec<MachineName>,
    leaves: BTreeMap<MachineName, BTreeMap<String, String>>,
    /// Which things there were on each machine before the run.
    pins: BTreeMap<MachineName, BTreeMap<String, String>>,
    /// Earlier starts of this step whose outcome was never known.
    doubts: Vec<(Token, Doubt)>,
    /// Why its own conditions do not say whether it is to be done; none where they do.
    cannot_say: Option<String>,
}

impl Prepare {
    /// None where there is no such step.
    pub fn of(run: &Run, step: &StepId, attempt: u32, way: Way) -> Option<Self> {
        let (number, planned, state) = run.step(step)?;
        let spots = state.spots(planned);
        let taking_part = state.lanes.iter().zip(&spots);
        let taking_part = taking_part.filter(|(lane, _)| lane.taking_part);
        let may_run = |doubt: &Doubt| {
            let ended = matches!(
                doubt.says,
                Some(Evidence::Ended { .. } | Evidence::NeverRan)
            );
            doubt.step == *step && !ended
        };
        let doubts = run.doubts.iter().filter(|(_, doubt)| may_run(doubt));
        Some(Self {
            doubts: doubts.map(|(t, d)| (t.clone(), d.clone())).collect(),
            cannot_say: match (way, run.rule(number)) {
                (Way::Forward, Rule::CannotSay(why)) => Some(why),
                _ => None,
            },
            step: step.clone(),
            attempt,
            way,
            lanes: taking_part.map(|(_, spot)| spot.clone()).collect(),
            pins: (spots.iter())
                .map(|spot| (spot.machine.clone(), run.pins(&spot.machine)))
                .collect(),
            capture: planned.capture.clone().filter(|_| way == Way::Forward),
            spots,
            performer: planned.performer(way),
            guard: planned.confirm_within_seconds,
            armed: state.guards().map(|(lane, _)| lane.clone()).collect(),
            leaves: match way {
                Way::Forward => BTreeMap::new(),
                Way::Back => state.leaves.clone(),
            },
        })
    }

    /// Asks all lanes at the same time.
    pub async fn run(self, ground: &Ground) -> (Finding, Option<Receipt>) {
        for (token, doubt) in &self.doubts {
            if let Err(obstacle) = fence(ground, token, doubt).await {
                return (self.obstructed(ground, &doubt.lane, obstacle), None);
            }
        }
        let filled = match self.fill_in(ground) {
            Ok(filled) => filled,
            Err(obstacle) => {
                let lane = self.lanes.first().map(|spot| spot.lane.clone());
                let lane = lane.unwrap_or_else(MachineName::bastion);
                return (self.obstructed(ground, &lane, obstacle), None);
            }
        };
        let proposing = self.lanes.iter().map(|spot| self.propose(ground, spot));
        let shown = some_at_once(proposing.collect(), LANES_AT_ONCE);
        let (shown, before) = tokio::join!(shown, self.before(ground));
        let mut lanes = Vec::new();
        for (lane, shown) in self.lanes.iter().zip(shown) {
            match shown {
                Ok(proposal) => lanes.push(LaneShown {
                    lane: lane.lane.clone(),
                    proposal,
                }),
                Err(obstacle) => return (self.obstructed(ground, &lane.lane, obstacle), None),
            }
        }
        let finding = Finding::Shown {
            step: self.step.clone(),
            attempt: self.attempt,
            lanes,
            before,
            filled,
        };
        (finding, None)
    }

    /// Fills in what the plan left open, once everything that the step uses has a value.
    fn fill_in(&self, ground: &Ground) -> Result<FilledIn, Obstacle> {
        let hint = "give the value by a parameter, or skip the step with a reason";
        if let Some(why) = &self.cannot_say {
            return Err(Obstacle::new(why.as_str()).hint(hint));
        }
        let (Some(spec), Some((_, planned))) =
            (ground.spec(&self.step), ground.plan.step(&self.step))
        else {
            return Err(Obstacle::new("the runbook's copy has no such step"));
        };
        let mut mentions = spec.mentions(self.way == Way::Back);
        if self.guard > 0 {
            mentions.extend(spec.mentions(true));
        }
        let own = self.capture.as_ref().map(|capture| &capture.name);
        for (name, why) in ground
            .values
            .without()
            .filter(|(name, _)| Some(*name) != own)
        {
            // An unset variable is an empty one to a shell, and `rm -r "$DIR/"` then another command.
            if mentions.iter().any(|mention| mention.uses(name.as_str())) {
                let what = format!("it uses {name}, which has no value: {why}");
                return Err(Obstacle::new(what).hint(hint));
            }
        }
        let places = (planned, self.spots.as_slice());
        Ok(filled_in(spec, places, self.way, &ground.values)?)
    }

    fn obstructed(&self, ground: &Ground, lane: &MachineName, obstacle: Obstacle) -> Finding {
        Finding::Obstructed {
            step: self.step.clone(),
            attempt: self.attempt,
            lane: lane.clone(),
            obstacle: Obstacle {
                what: ground.words(&obstacle.what),
                hint: obstacle.hint.map(|hint| ground.words(&hint)),
            },
        }
    }

    fn action<'a>(&self, ground: &'a Ground) -> Result<&'a dyn Action, Obstacle> {
        let spec = ground
            .spec(&self.step)
            .ok_or_else(|| Obstacle::new("the runbook's copy has no such step"))?;
        match (self.way, &spec.undo) {
            (Way::Forward, _) => Ok(spec.action.as_ref()),
            (Way::Back, Undo::Action(action)) => Ok(action.as_ref()),
            (Way::Back, _) => Err(Obstacle::new(
                "the runbook does not say how to take it back",
            )),
        }
    }

    fn guard(
        &self,
        ground: &Ground,
        moment: &Moment<'_>,
        proposal: &mut Proposal,
    ) -> Result<(), Obstacle> {
        let undo = ground.spec(&self.step).map(|spec| &spec.undo);
        match (self.guard, self.way, undo) {
            (0, ..) => Ok(()),
            (seconds, Way::Forward, Some(Undo::Action(undo))) => {
                let armed = self.armed.contains(moment.scene.here);
                proposal.guard(moment, undo.as_ref(), seconds, armed)
            }
            (_, Way::Forward, _) => Err(Obstacle::new("the runbook's copy has no undo for it")),
            (_, Way::Back, _) => {
                proposal.let_go(moment);
                Ok(())
            }
        }
    }

    async fn propose(&self, ground: &Ground, spot: &Spot) -> Result<Proposal, Obstacle> {
        let action = self.action(ground)?;
        let ground = &*ground.on(spot);
        let nothing = BTreeMap::new();
        let moment = Moment {
            scene: Scene {
                here: &spot.machine,
                values: &ground.values,
            },
            run: &ground.run,
            step: &self.step,
            attempt: self.attempt,
            left: self.leaves.get(&spot.lane).unwrap_or(&nothing),
            pins: self.pins.get(&spot.machine).unwrap_or(&nothing),
        };
        let mut replies = Vec::new();
        for question in action.survey(&moment)? {
            let doing = format!("preparing {}", self.step);
            let reply = ground.ask(&question, SURVEY, &doing).await;
            replies.push(reply.map_err(obstacle)?);
        }
        let mut proposal = action.propose(&moment, &replies)?;
        self.guard(ground, &moment, &mut proposal)?;
        if let (Some(capture), Some(last)) = (&self.capture, proposal.legs.last_mut()) {
            capture::wrap(last, &capture.name);
        }
        for exhibit in &mut proposal.exhibits {
            hide(ground, exhibit);
        }
        if let Some(already) = &mut proposal.already {
            *already = ground.mask.text(already);
        }
        if proposal
            .leaves
            .values()
            .any(|left| ground.mask.covers(left))
        {
            return Err(told("what its undo needs to know"));
        }
        if self.performer == Some(Performer::Machine) {
            for leg in &proposal.legs {
                check(ground, leg).await?;
            }
        }
        Ok(proposal)
    }

    async fn before(&self, ground: &Ground) -> Vec<Answer> {
        let inquiries = inquiries(ground, &self.step, self.way, &self.spots);
        let machines = inquiries
            .iter()
            .filter(|inquiry| !inquiry.is_for_a_person(ground));
        let asking = machines.map(|inquiry| inquiry.once(ground, BEFORE));
        some_at_once(asking.collect(), LANES_AT_ONCE).await
    }
}

/// Sees to it that an earlier start of the step is not at work and cannot begin any more, before the step is
/// done again or taken back. A person has taken the risk that it did its work, never that it does it meanwhile.
async fn fence(ground: &Ground, token: &Token, doubt: &Doubt) -> Result<(), Obstacle> {
    let (host, claim) = match late::claim(ground, token, &doubt.machine, doubt.spool.as_deref()) {
        Ok(claim) => claim,
        Err(why) => return Err(Obstacle::new(why)),
    };
    let doing = format!("fencing off attempt {}", doubt.attempt);
    let asked = ground.telling(&doubt.machine, &doing, host.revoke(&claim));
    match asked.await {
        Ok(ReceiptState::Running { .. }) => Err(Obstacle::new(format!(
            "attempt {} is still running on {}, since {}",
            doubt.attempt,
            doubt.machine,
            doubt.since.strftime("%H:%M:%S UTC"),
        ))
        .hint("wait until it has ended or stop it, then try again")),
        Ok(ReceiptState::None) => Err(Obstacle::new(format!(
            "attempt {} could not be fenced off on {}",
            doubt.attempt, doubt.machine,
        ))
        .hint("is there room for a receipt on it?")),
        // A machine that cannot say has lost the spool or was restarted; what it would be sent under the old
        // name it refuses.
        Ok(_) => Ok(()),
        Err(error) => Err(obstacle(error.into())),
    }
}

/// Whether a leg can be started at all, found out before anybody says yes to it.
async fn check(ground: &Ground, leg: &Leg) -> Result<(), Obstacle> {
    let told_by = |(_, value): &(String, String)| ground.mask.covers(value);
    if ground.mask.covers(&leg.text) || leg.env.iter().any(told_by) {
        return Err(told("what would run"));
    }
    ground
        .script(leg.shell, &leg.env, &leg.text)
        .map_err(|error| Obstacle::new(format!("send `{}` to {}: {error}", leg.title, leg.at)))?;
    let Some(host) = ground.fleet.host(&leg.at) else {
        return Err(obstacle(Unanswered::NoMachine(leg.at.clone())));
    };
    if leg.interactive {
        let surveyed = host.survey().await;
        if !surveyed.map_err(|error| obstacle(error.into()))?.terminal {
            return Err(Obstacle::new(format!(
                "nobody could type to a step on {}: there is no `script` or no `stty` in its PATH",
                leg.at
            ))
            .hint(
                "install them (bsdutils or util-linux, and coreutils), or make it a manual step",
            ));
        }
    }
    match ground.fleet.receipts(&leg.at).await {
        Ok(Receipts::Kept(_)) => Ok(()),
        Ok(Receipts::Impossible(why)) => Err(Obstacle::new(format!(
            "a step on {} could not be followed through a lost link: {why}",
            leg.at
        ))
        .hint("make it a manual step, or run it from another machine")),
        Err(error) => Err(obstacle(error.into())),
    }
}

/// What would run is recorded word for word. A secret in it would be on disk, and one replaced by stars
/// would not be what runs; so nothing is shown at all.
fn told(what: &str) -> Obstacle {
    Obstacle::new(format!(
        "{what} has the value of a secret in it, which may not be recorded"
    ))
    .hint("let the command read it from its environment variable")
}

fn obstacle(error: Unanswered) -> Obstacle {
    let obstacle = Obstacle::new(error.to_string());
    match error {
        Unanswered::Link(link) => obstacle.hint(link.hint()),
        Unanswered::NoMachine(_) | Unanswered::Script(_) => obstacle,
    }
}

fn hide(ground: &Ground, exhibit: &mut Exhibit) {
    let mask = |text: &mut String| *text = ground.mask.text(text);
    match exhibit {
        Exhibit::Text { text } | Exhibit::Finding { text, .. } | Exhibit::Warning { text } => {
            mask(text);
        }
        Exhibit::Command { text, env, .. } => {
            mask(text);
            env.iter_mut().for_each(|(_, value)| mask(value));
        }
        Exhibit::Diff { unified, .. } => mask(unified),
        Exhibit::Choice { ask, options } => {
            mask(ask);
            for option in options {
                mask(&mut option.title);
                mask(&mut option.means);
            }
        }
    }
}

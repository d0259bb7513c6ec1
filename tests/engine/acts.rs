//! What the steps of a test do, and what proves them.

use std::time::Duration;

use runsheet::kinds::{
    Action, Exhibit, KINDS, Leg, Mentions, Moment, Obstacle, Performer, Progress, Proposal,
    Question,
};
use runsheet::names::{HostName, PhaseId, StepId};
use runsheet::probe::{self, Ask, Holds, Probe, ProbeTable, Scene, Shell, Verdict};
use runsheet::runbook::{Gate, ProbeSpec, StepSpec, Undo};
use runsheet::template::TemplateError;
use serde::Deserialize;
use toml::de::ValueDeserializer;

pub fn step(id: &str) -> StepId {
    StepId::new(id).unwrap()
}

/// What a step of a test does.
#[derive(Debug, Clone)]
pub enum Act {
    Run(Vec<String>, Vec<i32>),
    /// On a terminal.
    Typed(String),
    Person,
}

impl Act {
    pub fn run(text: &str) -> Self {
        Self::Run(vec![text.to_owned()], Vec::new())
    }

    pub fn on_a_terminal(text: &str) -> Self {
        Self::Typed(text.to_owned())
    }

    pub fn then(self, text: &str) -> Self {
        match self {
            Self::Run(mut texts, codes) => {
                texts.push(text.to_owned());
                Self::Run(texts, codes)
            }
            Self::Person | Self::Typed(_) => self,
        }
    }

    pub fn ok(self, code: i32) -> Self {
        match self {
            Self::Run(texts, _) => Self::Run(texts, vec![code]),
            Self::Person | Self::Typed(_) => self,
        }
    }
}

impl Action for Act {
    fn kind(&self) -> &'static str {
        "act"
    }

    fn headline(&self, _: &Scene<'_>) -> Result<String, TemplateError> {
        Ok("an act of a test".into())
    }

    fn performer(&self) -> Performer {
        match self {
            Self::Run(..) | Self::Typed(_) => Performer::Machine,
            Self::Person => Performer::Person,
        }
    }

    fn survey(&self, moment: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        Ok(match self {
            Self::Run(..) | Self::Typed(_) => vec![Question {
                at: moment.scene.here.clone(),
                shell: Shell::Sh,
                text: ": is it possible".into(),
                env: Vec::new(),
            }],
            Self::Person => Vec::new(),
        })
    }

    fn propose(&self, moment: &Moment<'_>, _: &[probe::Reply]) -> Result<Proposal, Obstacle> {
        let (texts, codes, interactive) = match self {
            Self::Run(texts, codes) => (texts.clone(), codes.clone(), false),
            Self::Typed(text) => (vec![text.clone()], Vec::new(), true),
            Self::Person => (Vec::new(), Vec::new(), false),
        };
        if matches!(self, Self::Person) {
            return Ok(Proposal {
                exhibits: vec![Exhibit::Text {
                    text: "do it by hand".into(),
                }],
                ..Proposal::default()
            });
        }
        let leg = |text: &String| Leg {
            title: "run it".into(),
            at: moment.scene.here.clone(),
            shell: Shell::Sh,
            text: text.clone(),
            env: Vec::new(),
            ok_codes: codes.clone(),
            progress: Progress::None,
            limit_seconds: 0,
            interactive,
            guard: None,
        };
        Ok(Proposal {
            legs: texts.iter().map(leg).collect(),
            ..Proposal::default()
        })
    }

    fn is_interactive(&self) -> bool {
        matches!(self, Self::Typed(_))
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions::default()
    }
}

/// A question that holds where its text exits with 0.
#[derive(Debug)]
struct Works(String);

impl Probe for Works {
    fn kind(&self) -> &'static str {
        "works"
    }

    fn says(&self, _: &Scene<'_>) -> Result<String, TemplateError> {
        Ok(self.0.clone())
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        Ok(Ask::Script(Question {
            at: scene.here.clone(),
            shell: Shell::Sh,
            text: self.0.clone(),
            env: Vec::new(),
        }))
    }

    fn judge(&self, _: &Scene<'_>, reply: &probe::Reply) -> Verdict {
        Verdict {
            holds: if reply.code == 0 {
                Holds::Yes
            } else {
                Holds::No
            },
            seen: String::from_utf8_lossy(&reply.stdout).into_owned(),
        }
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions::default()
    }
}

#[derive(Debug, Clone)]
pub struct Step {
    id: &'static str,
    act: Act,
    gate: Gate,
    proof: Option<&'static str>,
    timeout: Option<Duration>,
    /// A probe of the real kinds, with its patience.
    patient: Option<Patient>,
    /// The table of a real wait, instead of the act.
    wait: Option<&'static str>,
}

/// A probe as a runbook writes it, and how long it may take and must hold, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Patient {
    pub probe: &'static str,
    pub within: u64,
    pub stable_for: u64,
    pub falling: bool,
}

impl Patient {
    fn spec(self) -> ProbeSpec {
        let table = ProbeTable::deserialize(ValueDeserializer::parse(self.probe).unwrap());
        ProbeSpec {
            probe: table.unwrap().probe().unwrap(),
            on: None,
            within: Some(Duration::from_millis(self.within)),
            every: Duration::from_millis(10),
            stable_for: Duration::from_millis(self.stable_for),
            falling: self.falling,
        }
    }
}

fn wait(text: &str) -> Box<dyn Action> {
    let kind = KINDS.iter().find(|kind| kind.name == "wait").unwrap();
    (kind.parse)(ValueDeserializer::parse(text).unwrap()).unwrap()
}

impl Step {
    pub fn new(id: &'static str, act: Act) -> Self {
        Self {
            id,
            act,
            gate: Gate::Confirm,
            proof: None,
            timeout: None,
            patient: None,
            wait: None,
        }
    }

    /// A step that waits; `text` is the table of `do.wait`.
    pub fn wait(id: &'static str, text: &'static str) -> Self {
        Self {
            wait: Some(text),
            ..Self::new(id, Act::run(":"))
        }
    }

    pub fn patient(mut self, patient: Patient) -> Self {
        self.patient = Some(patient);
        self
    }

    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    pub fn proof(mut self, text: &'static str) -> Self {
        self.proof = Some(text);
        self
    }

    pub fn timeout(mut self, seconds: u64) -> Self {
        self.timeout = Some(Duration::from_secs(seconds));
        self
    }

    pub fn spec(&self) -> StepSpec {
        let every = Duration::from_millis(10);
        let proof = |text: &&str| ProbeSpec {
            probe: Box::new(Works((*text).to_owned())),
            on: None,
            within: None,
            every,
            stable_for: Duration::ZERO,
            falling: false,
        };
        let patient = self.patient.map(Patient::spec);
        StepSpec {
            id: step(self.id),
            phase: PhaseId::new("all").unwrap(),
            title: self.id.into(),
            about: String::new(),
            on: match self.act {
                Act::Run(..) | Act::Typed(_) => vec![HostName::new("m").unwrap()],
                Act::Person => Vec::new(),
            },
            action: match self.wait {
                Some(text) => wait(text),
                None => Box::new(self.act.clone()),
            },
            undo: Undo::Unsaid,
            gate: self.gate.clone(),
            verify: self.proof.iter().map(proof).chain(patient).collect(),
            estimate: None,
            undo_estimate: None,
            downtime: None,
            point_of_no_return: false,
            needs: Vec::new(),
            timeout: self.timeout,
            when: Vec::new(),
            capture: None,
            for_each: None,
            at_once: 0,
            armed_until: None,
            confirm_within: None,
        }
    }
}

//! A run's folder, written as an engine writes it, without one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runsheet::clock::Clock;
use runsheet::journal::{self, Hash, Journal};
use runsheet::kinds::{Exhibit, Leg, Progress, Proposal, Shell};
use runsheet::names::{MachineName, RunId, StepId};
use runsheet::probe::Holds;
use runsheet::run::{
    Answer, Asked, Command, Entry, FilledIn, Finding, Intent, LaneOutcome, LaneShown, Operator,
    Output, Plan, Run, decide,
};
use runsheet::runbook::{Parameters, bind, read_environments_text, read_runbook_text, values};

/// A folder with a journal that grows.
pub struct Record {
    pub folder: PathBuf,
    pub run: Run,
    journal: Journal,
    clock: Clock,
}

impl Record {
    /// Opens a run of a runbook without parameters, whose only host is `web`.
    pub fn begin(runs: &Path, id: &str, runbook: &str) -> Self {
        let folder = runs.join(id);
        journal::create_folder(&folder).unwrap();
        std::fs::write(folder.join("runbook.toml"), runbook).unwrap();
        std::fs::create_dir(folder.join(journal::OUTPUT)).unwrap();
        let mut record = Self {
            run: Run::default(),
            journal: Journal::create(&folder).unwrap(),
            // 2026-11-21 02:00:00 UTC.
            clock: Clock::held_at(1_795_226_400),
            folder,
        };
        record.found(Finding::Open {
            run: RunId::new(id).unwrap(),
            version: "0.1.0".into(),
            plan: Box::new(plan(runbook)),
        });
        record
    }

    /// Lets time go by.
    pub fn after(&mut self, seconds: u64) -> &mut Self {
        self.clock.advance(Duration::from_secs(seconds));
        self
    }

    pub fn found(&mut self, finding: Finding) -> &mut Self {
        self.tell(Command::Found(finding))
    }

    /// A person attaches; their account is the same for everybody.
    pub fn attach(&mut self, name: &str) -> &mut Self {
        let who = Operator {
            name: name.into(),
            uid: 1000,
            login_uid: Some(1000),
            client: self.run.last_client + 1,
        };
        self.found(Finding::Attached { who, watch: false })
    }

    pub fn wish(&mut self, name: &str, intent: Intent) -> &mut Self {
        let present = self.run.present.values();
        let who = present
            .map(|present| &present.who)
            .find(|who| who.name == name)
            .unwrap_or_else(|| panic!("{name} is not attached"))
            .clone();
        self.tell(Command::Wish { who, intent })
    }

    fn tell(&mut self, command: Command) -> &mut Self {
        let (by, event) = decide(&self.run, &command).unwrap_or_else(|refusal| {
            panic!("{command:?}: {refusal}");
        });
        let entry = Entry {
            seq: self.run.next_seq,
            at: self.clock.now(),
            by,
            event,
        };
        let json = serde_json::to_vec(&entry).unwrap();
        self.journal.append(&json).unwrap();
        self.run.apply(&entry).unwrap();
        self
    }

    fn attempt(&self, step: &str) -> u32 {
        self.run.step(&id(step)).unwrap().2.attempt
    }

    /// Brings a step that has been reached to its gate, with a command that has one leg.
    pub fn shown(&mut self, step: &str, text: &str, held_before: &[bool]) -> &mut Self {
        let lanes = self.run.step(&id(step)).unwrap().1.lanes.clone();
        let shown = |lane: &MachineName| LaneShown {
            lane: lane.clone(),
            proposal: Proposal {
                exhibits: vec![Exhibit::Command {
                    at: lane.clone(),
                    text: text.into(),
                    env: vec![("WHERE".into(), "/srv".into())],
                }],
                legs: vec![Leg {
                    title: format!("do {step}"),
                    at: lane.clone(),
                    shell: Shell::Sh,
                    text: text.into(),
                    env: Vec::new(),
                    ok_codes: Vec::new(),
                    progress: Progress::None,
                    limit_seconds: 0,
                    interactive: false,
                    guard: None,
                }],
                ..Proposal::default()
            },
        };
        let before = held_before.iter().zip(0..).map(|(held, proof)| Answer {
            proof,
            holds: if *held { Holds::Yes } else { Holds::No },
            seen: if *held { "so already" } else { "not yet" }.into(),
        });
        self.found(Finding::Shown {
            step: id(step),
            attempt: self.attempt(step),
            lanes: lanes.iter().map(shown).collect(),
            before: before.collect(),
            filled: FilledIn::default(),
        })
    }

    pub fn reach(&mut self, step: &str) -> &mut Self {
        self.found(Finding::Reach { step: id(step) })
    }

    pub fn approve(&mut self, name: &str, step: &str, typed: Option<&str>) -> &mut Self {
        let state = self.run.step(&id(step)).unwrap().2;
        let digest = state.shown.as_ref().unwrap().digest.clone();
        let intent = Intent::Approve {
            step: id(step),
            attempt: state.attempt,
            digest,
            typed: typed.map(str::to_owned),
        };
        self.wish(name, intent)
    }

    pub fn starts(&mut self, step: &str) -> &mut Self {
        self.found(Finding::Begin {
            step: id(step),
            attempt: self.attempt(step),
            lane: web(),
            leg: 0,
            spool: Some("0123456789abcdef0123456789abcdef".into()),
        })
    }

    /// Ends the leg that runs, having printed this.
    pub fn ends(&mut self, step: &str, code: i32, printed: &[u8]) -> &mut Self {
        let outcome = match code {
            0 => LaneOutcome::Succeeded { code },
            _ => LaneOutcome::Failed { code },
        };
        let output = self.print(step, printed);
        self.found(Finding::Ended {
            step: id(step),
            attempt: self.attempt(step),
            lane: web(),
            leg: 0,
            outcome,
            output: Some(output),
        })
    }

    pub fn is_lost(&mut self, step: &str, why: &str) -> &mut Self {
        self.found(Finding::Unknown {
            step: id(step),
            attempt: self.attempt(step),
            lane: web(),
            leg: 0,
            why: why.into(),
            output: None,
            last_word: true,
        })
    }

    fn print(&self, step: &str, printed: &[u8]) -> Output {
        let file = format!("{step}.{}.web.0", self.attempt(step));
        std::fs::write(self.folder.join(journal::OUTPUT).join(&file), printed).unwrap();
        Output {
            file,
            bytes: printed.len() as u64,
            sha256: Hash::of(printed).to_string(),
        }
    }

    pub fn proves(&mut self, step: &str, holds: Holds, seen: &str) -> &mut Self {
        let proofs = self.run.step(&id(step)).unwrap().1.proofs.len();
        let answers = (0..proofs).map(|proof| Answer {
            proof: u16::try_from(proof).unwrap(),
            holds,
            seen: seen.into(),
        });
        self.found(Finding::Answered {
            step: id(step),
            attempt: self.attempt(step),
            asked: Asked::Proof,
            answers: answers.collect(),
        })
    }

    /// An engine takes the run up.
    pub fn engine(&mut self) -> &mut Self {
        self.found(Finding::Started {
            pid: 4711,
            boot: "5d7f6d1e-0000-4000-8000-000000000000".into(),
            version: "0.1.0".into(),
        })
    }

    /// The head of the journal.
    pub fn head(&self) -> String {
        self.journal.head().hash.to_string()
    }
}

pub fn id(step: &str) -> StepId {
    StepId::new(step).unwrap()
}

pub fn web() -> MachineName {
    MachineName::new("web").unwrap()
}

fn plan(runbook: &str) -> Plan {
    let told = |problems: Vec<runsheet::problem::Problem>| -> String {
        problems
            .iter()
            .map(|problem| format!("{problem}\n"))
            .collect()
    };
    let (runbook, _) = read_runbook_text(Path::new("runbook.toml"), runbook)
        .unwrap_or_else(|problems| panic!("{}", told(problems)));
    let environments = "[staging]\nkind = \"rehearsal\"\nhosts.web = \"web1.example.com\"\n";
    let environments = read_environments_text(Path::new("environments.toml"), environments)
        .unwrap_or_else(|problems| panic!("{}", told(problems)));
    let environment = bind(&runbook, &environments, "staging")
        .unwrap_or_else(|problems| panic!("{}", told(problems)));
    let values = values(&runbook, &environment, &Parameters::new(), &BTreeMap::new());
    Plan::lay(&runbook, &environment, &values).unwrap()
}

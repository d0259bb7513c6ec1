//! A stage: a run made by `decide` and `apply`, and a screen that looks at it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;

use crate::client::Update;
use crate::clock::Timestamp;
use crate::kinds::{Performer, Progress, Proposal};
use crate::names::{MachineName, RunId, StepId};
use crate::probe::Holds;
use crate::run::{
    Answer, Asked, Command, Entry, FilledIn, Finding, Intent, LaneOutcome, LaneShown, Operator,
    Output, Plan, Run, decide,
};
use crate::runbook::Gate;
use crate::tui::app::{App, Effect, Now};
use crate::tui::screen::Options;
use crate::tui::{Depth, Look};
use crate::wire::{Live, Typed};

use super::runbook::command;

pub(super) const FANCY: Look = Look {
    colour: true,
    unicode: true,
    depth: Depth::Any,
};
pub(super) const PLAIN: Look = Look {
    colour: false,
    unicode: false,
    depth: Depth::Sixteen,
};

/// 21 November 2026, 02:00:00 UTC.
const START: i64 = 1_795_226_400;

pub(super) fn step(id: &str) -> StepId {
    StepId::new(id).unwrap()
}

pub(super) fn machine(name: &str) -> MachineName {
    MachineName::new(name).unwrap()
}

pub(super) struct Stage {
    pub(super) run: Run,
    pub(super) app: App,
    pub(super) seconds: i64,
    pub(super) since: Duration,
    pub(super) sent: Vec<Intent>,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) wishes: u64,
    pub(super) frame: Option<Buffer>,
    /// What went to a terminal.
    pub(super) typed: Vec<Typed>,
}

impl Stage {
    pub(super) fn new(plan: Plan, look: Look) -> Self {
        let options = Options {
            look,
            zone: TimeZone::UTC,
            clock: crate::clock::Clock::held_at(START),
            folder: "~/.local/share/runsheet/runs/20261121-020000-move-k3f9".into(),
            attention: crate::tui::Attention::BellAndTitle,
            mouse: false,
            clipboard: crate::tui::Clipboard::OfTheTerminal,
            pager: crate::tui::Pager::from_env(|_| None),
            come_back: "runsheet attach 20261121-020000-move-k3f9".into(),
        };
        let mut stage = Self {
            run: Run::default(),
            app: App::new(options),
            seconds: START,
            since: Duration::ZERO,
            sent: Vec::new(),
            files: BTreeMap::new(),
            wishes: 0,
            frame: None,
            typed: Vec::new(),
        };
        let run = RunId::new("20261121-020000-move-k3f9").unwrap();
        stage.found(Finding::Open {
            run: run.clone(),
            version: "0.1.0".into(),
            plan: Box::new(plan),
        });
        stage.found(Finding::Started {
            pid: 77,
            boot: "b".into(),
            version: "0.1.0".into(),
        });
        stage.attach("ana", false);
        stage.connect(1);
        stage
    }

    pub(super) fn operator(&self, client: u32) -> Operator {
        match self.run.present.get(&client) {
            Some(present) => present.who.clone(),
            None => Operator {
                name: "ana".into(),
                uid: 1000,
                login_uid: None,
                client,
            },
        }
    }

    pub(super) fn attach(&mut self, name: &str, watch: bool) -> &mut Self {
        let client = self.run.last_client + 1;
        let who = Operator {
            name: name.into(),
            uid: 1000,
            login_uid: None,
            client,
        };
        self.found(Finding::Attached { who, watch })
    }

    pub(super) fn connect(&mut self, client: u32) -> &mut Self {
        let run = self.run.id.clone().unwrap();
        let now = Timestamp::from_second(self.seconds).unwrap();
        let caught_up_at = self.run.next_seq;
        self.update(Update::Connected {
            run,
            client,
            now,
            caught_up_at,
        })
    }

    pub(super) fn update(&mut self, update: Update) -> &mut Self {
        let now = self.now();
        self.app.take(update, now);
        self.serve();
        self
    }

    /// Answers the screen's requests for output.
    pub(super) fn serve(&mut self) {
        for _ in 0..100 {
            let mut effects = self.app.steer();
            effects.extend(self.app.seek());
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                let Effect::Read { file, offset, most } = effect else {
                    panic!("{effect:?}")
                };
                let bytes = self.files.get(&file).cloned().unwrap_or_default();
                let from = usize::try_from(offset).unwrap().min(bytes.len());
                let to = (from + most as usize).min(bytes.len());
                let length = bytes.len() as u64;
                let piece = Update::Piece {
                    file,
                    offset,
                    bytes: bytes[from..to].to_vec(),
                    length,
                };
                self.app.take(piece, self.now());
            }
        }
    }

    pub(super) fn now(&self) -> Now {
        Now {
            wall: Timestamp::from_second(self.seconds).unwrap(),
            since: self.since,
        }
    }

    pub(super) fn pass(&mut self, seconds: i64) -> &mut Self {
        self.seconds += seconds;
        self.since += Duration::from_secs(seconds.unsigned_abs());
        self
    }

    pub(super) fn happen(&mut self, command: &Command) -> Result<u64, String> {
        let (by, event) = decide(&self.run, command).map_err(|refusal| refusal.to_string())?;
        let at = Timestamp::from_second(self.seconds).unwrap();
        let entry = Entry {
            seq: self.run.next_seq,
            at,
            by,
            event,
        };
        self.run.apply(&entry).unwrap();
        let head = crate::kinds::hex(&[(entry.seq % 251) as u8; 32]);
        let seq = entry.seq;
        self.update(Update::Entry {
            entry: Box::new(entry),
            head,
        });
        Ok(seq)
    }

    pub(super) fn found(&mut self, finding: Finding) -> &mut Self {
        self.happen(&Command::Found(finding)).unwrap();
        self
    }

    pub(super) fn wish(&mut self, client: u32, intent: Intent) -> &mut Self {
        let who = self.operator(client);
        self.happen(&Command::Wish { who, intent }).unwrap();
        self
    }

    /// The engine's part until somebody must decide or a machine must work: reach, prepare and pass.
    pub(super) fn show(
        &mut self,
        proposals: Vec<(&str, Proposal)>,
        before: &[(u16, Holds, &str)],
    ) -> &mut Self {
        let number = self.run.current().unwrap();
        let id = self.run.planned(number).unwrap().id.clone();
        if self.run.steps[number].at == crate::run::StepAt::Waiting {
            self.found(Finding::Reach { step: id.clone() });
        }
        let attempt = self.run.steps[number].attempt;
        let lanes = proposals
            .into_iter()
            .map(|(lane, proposal)| LaneShown {
                lane: machine(lane),
                proposal,
            })
            .collect();
        let before = answers(before);
        self.found(Finding::Shown {
            step: id,
            attempt,
            lanes,
            before,
            filled: FilledIn::default(),
        })
    }

    pub(super) fn reach(&mut self) -> &mut Self {
        let number = self.run.current().unwrap();
        let id = self.run.planned(number).unwrap().id.clone();
        self.found(Finding::Reach { step: id })
    }

    pub(super) fn turn(&self) -> (StepId, u32) {
        let number = self.run.current().unwrap();
        (
            self.run.planned(number).unwrap().id.clone(),
            self.run.steps[number].attempt,
        )
    }

    pub(super) fn approve(&mut self) -> &mut Self {
        let number = self.run.current().unwrap();
        let (step, attempt) = self.turn();
        let digest = self.run.steps[number]
            .shown
            .as_ref()
            .unwrap()
            .digest
            .clone();
        let typed = match &self.run.planned(number).unwrap().gate {
            Gate::TypeBack { words } => Some(words.clone()),
            _ => None,
        };
        self.wish(
            1,
            Intent::Approve {
                step,
                attempt,
                digest,
                typed,
            },
        )
    }

    pub(super) fn begin(&mut self, lane: &str) -> &mut Self {
        let (step, attempt) = self.turn();
        self.found(Finding::Begin {
            step,
            attempt,
            lane: machine(lane),
            leg: 0,
            spool: Some("5c0.b0".into()),
        })
    }

    pub(super) fn prints(&mut self, lane: &str, bytes: &[u8], progress: Progress) -> &mut Self {
        let (step, attempt) = self.turn();
        let lane = machine(lane);
        let file = crate::wire::output_file(&step, attempt, &lane, 0);
        let all = self.files.entry(file.clone()).or_default();
        all.extend_from_slice(bytes);
        let length = all.len() as u64;
        self.update(Update::Live(Live::Grew {
            step,
            attempt,
            lane,
            leg: 0,
            file,
            length,
            progress,
        }))
    }

    pub(super) fn ends(&mut self, lane: &str, outcome: LaneOutcome) -> &mut Self {
        let (step, attempt) = self.turn();
        let lane = machine(lane);
        let file = crate::wire::output_file(&step, attempt, &lane, 0);
        let output = self.files.get(&file).map(|bytes| Output {
            file,
            bytes: bytes.len() as u64,
            sha256: "0".repeat(64),
        });
        self.found(Finding::Ended {
            step,
            attempt,
            lane,
            leg: 0,
            outcome,
            output,
        })
    }

    pub(super) fn lost(&mut self, lane: &str, why: &str) -> &mut Self {
        let (step, attempt) = self.turn();
        self.found(Finding::Unknown {
            step,
            attempt,
            lane: machine(lane),
            leg: 0,
            why: why.into(),
            output: None,
            last_word: true,
        })
    }

    pub(super) fn proved(&mut self, given: &[(u16, Holds, &str)]) -> &mut Self {
        let (step, attempt) = self.turn();
        self.found(Finding::Answered {
            step,
            attempt,
            asked: Asked::Proof,
            answers: answers(given),
        })
    }

    /// Does the current step from its gate to its proof, all well.
    pub(super) fn does(&mut self) -> &mut Self {
        let number = self.run.current().unwrap();
        let planned = self.run.planned(number).unwrap().clone();
        let proposals = planned
            .lanes
            .iter()
            .map(|lane| (lane.as_str(), command("true")))
            .collect();
        let none: Vec<(u16, Holds, &str)> = (0..planned.proofs.len())
            .map(|n| (n as u16, Holds::No, "no"))
            .collect();
        self.show(proposals, &none).approve();
        for lane in &planned.lanes {
            self.begin(lane.as_str());
        }
        self.pass(40);
        for lane in &planned.lanes {
            let outcome = match planned.performer {
                Performer::Person => LaneOutcome::SaidDone {
                    note: String::new(),
                },
                _ => LaneOutcome::Succeeded { code: 0 },
            };
            self.ends(lane.as_str(), outcome);
        }
        let all: Vec<(u16, Holds, &str)> = (0..planned.proofs.len())
            .map(|n| (n as u16, Holds::Yes, "as wanted"))
            .collect();
        if all.is_empty() {
            self
        } else {
            self.proved(&all)
        }
    }
}

pub(super) fn answers(given: &[(u16, Holds, &str)]) -> Vec<Answer> {
    given
        .iter()
        .map(|(proof, holds, seen)| Answer {
            proof: *proof,
            holds: *holds,
            seen: (*seen).to_owned(),
        })
        .collect()
}

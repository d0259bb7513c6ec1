//! A stage: a run made by `decide` and `apply`, and a screen that looks at it.

use std::collections::BTreeMap;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

use crate::client::Update;
use crate::clock::Timestamp;
use crate::kinds::{Exhibit, Leg, Performer, Progress, Proposal, Shell};
use crate::names::{EnvName, MachineName, PhaseId, RunId, StepId};
use crate::probe::Holds;
use crate::run::{
    Answer, Asked, Command, Entry, Finding, Intent, LaneOutcome, LaneShown, Operator, Output, Plan,
    PlannedMachine, PlannedPhase, PlannedStep, PlannedUndo, Proof, Run, RunbookCopy, decide,
};
use crate::runbook::{Downtime, EnvironmentKind, Gate};
use crate::tui::Look;
use crate::tui::app::{App, Effect, Now};
use crate::tui::gate::Came;
use crate::tui::screen::Options;
use crate::tui::view;
use crate::wire::Live;

pub(super) const FANCY: Look = Look {
    colour: true,
    unicode: true,
};
pub(super) const PLAIN: Look = Look {
    colour: false,
    unicode: false,
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
    files: BTreeMap<String, Vec<u8>>,
    wishes: u64,
    pub(super) frame: Option<Buffer>,
}

impl Stage {
    pub(super) fn new(plan: Plan, look: Look) -> Self {
        let options = Options {
            look,
            zone: TimeZone::UTC,
            clock: crate::clock::Clock::held_at(START),
            folder: "~/.local/share/runsheet/runs/20261121-020000-move-k3f9".into(),
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
    fn serve(&mut self) {
        for _ in 0..100 {
            let effects = self.app.steer();
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

    fn happen(&mut self, command: &Command) -> Result<u64, String> {
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

    /// Draws a frame and tells the screen so.
    pub(super) fn draw(&mut self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let now = self.now();
        terminal
            .draw(|frame| view::draw(frame, &mut self.app, now))
            .unwrap();
        self.app.drawn(self.since);
        self.serve();
        let buffer = terminal.backend().buffer().clone();
        self.frame = Some(buffer.clone());
        buffer
    }

    /// The text of a frame, drawn as often as it takes until all output is there.
    pub(super) fn text(&mut self, width: u16, height: u16) -> String {
        self.draw(width, height);
        text(&self.draw(width, height))
    }

    pub(super) fn key(&mut self, code: KeyCode) -> &mut Self {
        self.press(KeyEvent::new(code, KeyModifiers::NONE), Came::Alone)
    }

    pub(super) fn ctrl(&mut self, c: char) -> &mut Self {
        self.press(
            KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL),
            Came::Alone,
        )
    }

    pub(super) fn types(&mut self, words: &str) -> &mut Self {
        for c in words.chars() {
            self.since += Duration::from_millis(80);
            self.key(KeyCode::Char(c));
        }
        self.since += Duration::from_millis(80);
        self
    }

    /// Presses a key and plays the engine: what is wished and possible happens.
    pub(super) fn press(&mut self, event: KeyEvent, came: Came) -> &mut Self {
        let now = self.now();
        for effect in self.app.key(event, came, now) {
            if let Effect::Wish(intent) = effect {
                self.wishes += 1;
                let id = self.wishes;
                self.app.sent(id);
                self.sent.push(intent.clone());
                let who = self.operator(1);
                match self.happen(&Command::Wish { who, intent }) {
                    Ok(seq) => self.update(Update::Granted { id, seq }),
                    Err(why) => self.update(Update::Refused { id, why }),
                };
            }
        }
        self.serve();
        self
    }

    /// Lets the gate stand on the screen long enough for a key to count.
    pub(super) fn wait(&mut self) -> &mut Self {
        self.draw(80, 24);
        self.since += Duration::from_secs(1);
        self
    }

    pub(super) fn approvals(&self) -> usize {
        self.sent
            .iter()
            .filter(|intent| matches!(intent, Intent::Approve { .. }))
            .count()
    }
}

pub(super) fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(symbol.width()).unwrap().max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
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

pub(super) fn leg(title: &str, text: &str, progress: Progress) -> Leg {
    Leg {
        title: title.into(),
        at: machine("source"),
        shell: Shell::Sh,
        text: text.into(),
        env: Vec::new(),
        ok_codes: Vec::new(),
        progress,
        limit_seconds: 0,
    }
}

pub(super) fn command(text: &str) -> Proposal {
    Proposal {
        exhibits: vec![Exhibit::Command {
            at: machine("source"),
            text: text.into(),
            env: Vec::new(),
        }],
        legs: vec![leg("run it", text, Progress::None)],
        ..Proposal::default()
    }
}

pub(super) fn proof(lane: &str, says: &str) -> Proof {
    Proof {
        lane: machine(lane),
        at: Some(machine(lane)),
        says: says.into(),
        person: false,
        within_seconds: 0,
        every_millis: 0,
    }
}

pub(super) fn asks(lane: &str, says: &str) -> Proof {
    Proof {
        person: true,
        at: None,
        ..proof(lane, says)
    }
}

/// A plan like the procedure that this project began with.
pub(super) fn migration(kind: EnvironmentKind) -> Plan {
    let phase = |id: &str, title: &str| PlannedPhase {
        id: PhaseId::new(id).unwrap(),
        title: title.into(),
    };
    let step = |phase: &str, id: &str, title: &str, lane: &str| PlannedStep {
        id: step(id),
        phase: PhaseId::new(phase).unwrap(),
        title: title.into(),
        about: String::new(),
        kind: "command".into(),
        headline: format!("do {id}"),
        performer: Performer::Machine,
        lanes: vec![machine(lane)],
        gate: Gate::Confirm,
        proofs: vec![proof(lane, "it is so")],
        undo: PlannedUndo::Action {
            headline: format!("undo {id}"),
            performer: Performer::Machine,
            proofs: Vec::new(),
        },
        estimate_seconds: 90,
        timeout_seconds: 0,
        downtime: None,
        point_of_no_return: false,
        needs: Vec::new(),
    };
    let mut steps = vec![
        step(
            "prepare",
            "ask-the-customer",
            "Ask the customer for the window",
            "bastion",
        ),
        step("prepare", "ssh-key", "Let source log in on dest", "source"),
        step("transfer", "copy-conf", "Copy the configuration", "source"),
        step("transfer", "stop-nginx", "Stop NGINX on source", "source"),
        step("transfer", "copy-users", "Copy the users' data", "source"),
        step("launch", "start-dest", "Start the services on dest", "dest"),
        step("redirect", "proxy", "Let source proxy to dest", "source"),
        step(
            "register",
            "register",
            "Point every register machine to dest",
            "register.1",
        ),
    ];
    steps[0].performer = Performer::Person;
    steps[0].undo = PlannedUndo::Unsaid;
    steps[0].proofs = Vec::new();
    steps[3].about = "Nothing new may arrive while data is copied.".into();
    steps[3].gate = Gate::TypeBack {
        words: "stop pryvio_nginx".into(),
    };
    steps[3].downtime = Some(Downtime::Starts);
    steps[3].estimate_seconds = 10;
    steps[3].proofs = vec![
        proof("source", "container pryvio_nginx is stopped"),
        proof("source", "https://core1.pryv.io/ refuses"),
    ];
    steps[3].undo = PlannedUndo::Action {
        headline: "docker start pryvio_nginx".into(),
        performer: Performer::Machine,
        proofs: vec![proof("source", "container pryvio_nginx is running")],
    };
    steps[4].proofs = vec![
        proof("source", "a second dry run finds nothing"),
        proof("dest", "free space is above 10 GB"),
    ];
    steps[4].estimate_seconds = 1200;
    steps[5].proofs = vec![
        proof("dest", "https://core2.pryv.io/ answers 200"),
        asks(
            "dest",
            "Log onto an account on dest. Are the streams and events there?",
        ),
    ];
    steps[6].downtime = Some(Downtime::Ends);
    steps[6].kind = "nginx-upstream".into();
    steps[7].point_of_no_return = true;
    steps[7].gate = Gate::TypeBack {
        words: "no way back".into(),
    };
    steps[7].lanes = vec![machine("register.1"), machine("register.2")];
    steps[7].proofs = vec![
        proof("register.1", "core1 resolves to dest"),
        proof("register.2", "core1 resolves to dest"),
    ];
    let known = |name: &str, label: &str| PlannedMachine {
        name: machine(name),
        label: label.into(),
        address: "10.0.0.1".into(),
    };
    Plan {
        runbook: RunbookCopy {
            copy: "runbook.toml".into(),
            bytes: 1,
            sha256: "0".repeat(64),
        },
        title: "Pryv.io core migration".into(),
        about: String::new(),
        environment: EnvName::new("eu-west").unwrap(),
        environment_kind: kind,
        environment_digest: "0".repeat(64),
        people: 0,
        window_seconds: 4 * 3600,
        params: Vec::new(),
        machines: vec![
            known("source", "core1.pryv.io"),
            known("dest", "core2.pryv.io"),
            known("register.1", "reg-master"),
            known("register.2", "reg-2"),
        ],
        phases: vec![
            phase("prepare", "Prepare"),
            phase("transfer", "Transfer"),
            phase("launch", "Launch"),
            phase("redirect", "Redirect"),
            phase("register", "Register"),
        ],
        steps,
    }
}

/// What the copy of users' data shows and runs.
pub(super) fn rsync() -> Proposal {
    let text = "rsync -a --info=progress2 --partial -e \"ssh -i $KEY\" /var/pryv/data/ migration@$DEST:/var/pryv/data/";
    Proposal {
        exhibits: vec![
            Exhibit::Command {
                at: machine("source"),
                text: text.into(),
                env: vec![
                    ("KEY".into(), "/root/.ssh/runsheet-k3f9".into()),
                    ("DEST".into(), "10.0.0.12".into()),
                ],
            },
            Exhibit::Finding {
                label: "would copy".into(),
                text: "312,204 files, 64.0 GB".into(),
            },
        ],
        legs: vec![leg("copy", text, Progress::Rsync)],
        ..Proposal::default()
    }
}

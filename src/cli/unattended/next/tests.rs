//! How an unattended walk judges.

use std::path::Path;

use super::super::super::answers::{Answers, tests::answers};
use super::super::super::exit::Exit;
use super::{Next, next};
use crate::clock::Clock;
use crate::kinds::{Exhibit, Leg, Progress, Proposal, Shell};
use crate::names::{MachineName, RunId, StepId};
use crate::probe::Holds;
use crate::run::{
    Answer, Asked, Command, Entry, FilledIn, Finding, Intent, LaneOutcome, LaneShown, Operator,
    Plan, Run, decide,
};
use crate::runbook::{Parameters, bind, read_environments_text, read_runbook_text, values};

const RUNBOOK: &str = r#"
format = 1
title  = "Short"

[[phase]]
id    = "all"
title = "All"

[[step]]
id    = "look"
phase = "all"
title = "Look"
do.command.run = "true"
undo   = { never = "it only looks" }
verify = [{ command = "true" }]

[[step]]
id    = "call"
phase = "all"
title = "Call"
do.manual.text = "Call the customer."
undo   = { never = "it was said" }
verify = [{ person = "Did they answer?" }]

[[step]]
id    = "stop-nginx"
phase = "all"
title = "Stop"
gate  = { type-back = "stop it" }
do.command.run = "true"
undo.command.run = "true"
"#;

/// A plan of three steps: a command with a proof, something by hand with a question, and a typed-back gate.
pub(in crate::cli) fn plan() -> Plan {
    let told = |problems: Vec<crate::problem::Problem>| -> String {
        problems
            .iter()
            .map(|problem| format!("{problem}\n"))
            .collect()
    };
    let (runbook, _) = read_runbook_text(Path::new("short.toml"), RUNBOOK)
        .unwrap_or_else(|problems| panic!("{}", told(problems)));
    let environments = read_environments_text(
        Path::new("environments.toml"),
        "[here]\nkind = \"rehearsal\"\n",
    )
    .unwrap_or_else(|problems| panic!("{}", told(problems)));
    let environment = bind(&runbook, &environments, "here")
        .unwrap_or_else(|problems| panic!("{}", told(problems)));
    let values = values(
        &runbook,
        &environment,
        &Parameters::new(),
        &std::collections::BTreeMap::new(),
    );
    Plan::lay(&runbook, &environment, &values).unwrap()
}

/// A run that is written down as it goes.
struct Stage {
    run: Run,
    clock: Clock,
}

impl Stage {
    fn begin() -> Self {
        let mut stage = Self {
            run: Run::default(),
            clock: Clock::held_at(1_795_000_000),
        };
        stage.found(Finding::Open {
            run: RunId::new("20261121-020000-short-abcd").unwrap(),
            version: "0.1.0".into(),
            plan: Box::new(plan()),
        });
        stage.found(Finding::Attached {
            who: who(),
            watch: false,
        });
        stage
    }

    fn tell(&mut self, command: Command) {
        let (by, event) = decide(&self.run, &command).unwrap();
        let entry = Entry {
            seq: self.run.next_seq,
            at: self.clock.now(),
            by,
            event,
        };
        self.run.apply(&entry).unwrap();
    }

    fn found(&mut self, finding: Finding) {
        self.tell(Command::Found(finding));
    }

    fn wish(&mut self, intent: Intent) {
        self.tell(Command::Wish { who: who(), intent });
    }

    /// Does what the answers say, and fails where they say nothing.
    fn follow(&mut self, answers: &Answers) {
        match next(&self.run, answers) {
            Next::Wish(intent) => self.wish(intent),
            other => panic!("{other:?}"),
        }
    }

    fn reaches(&mut self, step: &str) {
        let lane = MachineName::bastion();
        let leg = Leg {
            title: "it".into(),
            at: lane.clone(),
            shell: Shell::Sh,
            text: "true".into(),
            env: Vec::new(),
            ok_codes: Vec::new(),
            progress: Progress::None,
            limit_seconds: 0,
            interactive: false,
            guard: None,
        };
        let proposal = Proposal {
            exhibits: vec![Exhibit::Text { text: step.into() }],
            legs: vec![leg],
            ..Proposal::default()
        };
        self.found(Finding::Reach { step: id(step) });
        assert_eq!(next(&self.run, &none()), Next::Wait, "it is being prepared");
        self.found(Finding::Shown {
            step: id(step),
            attempt: 1,
            lanes: vec![LaneShown { lane, proposal }],
            before: Vec::new(),
            filled: FilledIn::default(),
        });
    }

    fn begin_leg(&mut self, step: &str) {
        self.found(Finding::Begin {
            step: id(step),
            attempt: 1,
            lane: MachineName::bastion(),
            leg: 0,
            spool: None,
        });
    }

    fn end_leg(&mut self, step: &str, code: i32) {
        let outcome = match code {
            0 => LaneOutcome::Succeeded { code },
            _ => LaneOutcome::Failed { code },
        };
        self.found(Finding::Ended {
            step: id(step),
            attempt: 1,
            lane: MachineName::bastion(),
            leg: 0,
            outcome,
            output: None,
        });
    }

    fn prove(&mut self, step: &str) {
        self.found(Finding::Answered {
            step: id(step),
            attempt: 1,
            asked: Asked::Proof,
            answers: vec![Answer {
                proof: 0,
                holds: Holds::Yes,
                seen: "0".into(),
            }],
        });
    }
}

fn who() -> Operator {
    Operator {
        name: "unattended".into(),
        uid: 1000,
        login_uid: None,
        client: 1,
    }
}

fn id(step: &str) -> StepId {
    StepId::new(step).unwrap()
}

fn none() -> Answers {
    answers("format = 1\n", &plan())
}

fn blocked(run: &Run, answers: &Answers) -> (Exit, Option<String>) {
    match next(run, answers) {
        Next::Blocked(block) => (block.exit, block.add),
        other => panic!("{other:?}"),
    }
}

#[test]
fn whatever_the_file_does_not_answer_is_named_and_never_guessed() {
    let mut stage = Stage::begin();
    stage.reaches("look");
    let (exit, add) = blocked(&stage.run, &none());
    assert_eq!(exit, Exit::Stuck);
    assert_eq!(add.as_deref(), Some("\"look\" in the list approve = […]"));

    let all = answers("format = 1\napprove = [\"*\"]\n", &plan());
    stage.follow(&all);
    stage.begin_leg("look");
    assert_eq!(next(&stage.run, &all), Next::Wait);
    stage.end_leg("look", 0);
    stage.prove("look");

    stage.reaches("call");
    stage.follow(&all);
    stage.begin_leg("call");
    let (_, add) = blocked(&stage.run, &all);
    assert_eq!(add.as_deref(), Some("[step.call] done = \"…\""));
    let done = answers("format = 1\n[step.call]\ndone = \"called\"\n", &plan());
    stage.follow(&done);
    let (_, add) = blocked(&stage.run, &done);
    let wanted =
        "[step.call] answers = [{ question = \"Did they answer?\", yes = true, note = \"…\" }]";
    assert_eq!(add.as_deref(), Some(wanted));
    let other = "format = 1\n[step.call]\nanswers = [{ question = \"Another?\", yes = true }]\n";
    blocked(&stage.run, &answers(other, &plan()));
    let named =
        "format = 1\n[step.call]\nanswers = [{ question = \"Did they answer?\", yes = true }]\n";
    stage.follow(&answers(named, &plan()));

    stage.reaches("stop-nginx");
    let (_, add) = blocked(&stage.run, &all);
    assert_eq!(add.as_deref(), Some("[step.stop-nginx] type = \"stop it\""));
    let wrong = answers("format = 1\n[step.stop-nginx]\ntype = \"stop\"\n", &plan());
    blocked(&stage.run, &wrong);
    stage.follow(&answers(
        "format = 1\n[step.stop-nginx]\ntype = \"stop it\"\n",
        &plan(),
    ));
    stage.begin_leg("stop-nginx");
    stage.end_leg("stop-nginx", 0);
    stage.follow(&none());
    assert!(stage.run.ending.is_some(), "the last word is its own");
}

#[test]
fn a_stuck_step_is_vouched_for_only_where_the_file_says_so() {
    let mut stage = Stage::begin();
    stage.reaches("look");
    stage.follow(&answers("format = 1\napprove = [\"look\"]\n", &plan()));
    stage.begin_leg("look");
    stage.end_leg("look", 1);
    let (exit, add) = blocked(&stage.run, &none());
    assert_eq!(exit, Exit::Stuck);
    assert!(add.is_some_and(|add| add.starts_with("[step.look] attest")));
    let attest = answers("format = 1\n[step.look]\nattest = \"seen\"\n", &plan());
    let wish = next(&stage.run, &attest);
    assert!(
        matches!(wish, Next::Wish(Intent::Attest { .. })),
        "{wish:?}"
    );
}

#[test]
fn an_unknown_outcome_is_never_for_a_file_to_decide() {
    let mut stage = Stage::begin();
    stage.reaches("look");
    let all = "format = 1\napprove = [\"*\"]\n[step.look]\nattest = \"seen\"\n";
    let all = answers(all, &plan());
    stage.follow(&all);
    stage.begin_leg("look");
    stage.found(Finding::Unknown {
        step: id("look"),
        attempt: 1,
        lane: MachineName::bastion(),
        leg: 0,
        why: "the machine was started anew".into(),
        output: None,
        last_word: true,
    });
    assert_eq!(blocked(&stage.run, &all), (Exit::Unknown, None));
}

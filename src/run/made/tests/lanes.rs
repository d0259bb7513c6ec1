//! Lists, and the lanes that they become.

use super::*;

/// A step that captures a list, and one with a lane for each of its items on two machines.
fn lanes(at_once: u16) -> Stage {
    let mut list = captures(0);
    list.lanes.truncate(1);
    let mut each = follows(1, &[]);
    each.performer = Performer::Machine;
    each.lanes = vec![machine(0), machine(1)];
    each.for_each = Some(ForEach {
        name: ParamName::new("ITEM").unwrap(),
        items: Items::Captured {
            list: ParamName::new("C0").unwrap(),
        },
    });
    each.at_once = at_once;
    let mut stage = Stage::new(plan_of(vec![list, each]));
    stage.reach(0);
    stage.runs(0, &["m0"]);
    let lines = vec!["x".to_owned(), "y".to_owned(), "z".to_owned()];
    stage.end(0, "m0", LaneOutcome::Captured { code: 0, lines });
    stage.reach(1);
    stage.runs(1, &["m0.i1", "m0.i2", "m0.i3", "m1.i1", "m1.i2", "m1.i3"]);
    stage
}

impl Stage {
    /// Shows a command on these lanes, and says yes.
    pub(super) fn runs(&mut self, number: usize, lanes: &[&str]) {
        let (step, attempt) = (step_id(number), self.run.steps[number].attempt);
        let shown = |lane: &&str| LaneShown {
            lane: MachineName::new(*lane).unwrap(),
            proposal: Proposal {
                legs: vec![leg(&machine(0))],
                ..Proposal::default()
            },
        };
        let lanes: Vec<LaneShown> = lanes.iter().map(shown).collect();
        let digest = LaneShown::digest_of(&lanes);
        self.found(Finding::Shown {
            step: step.clone(),
            attempt,
            lanes,
            before: Vec::new(),
            filled: FilledIn::default(),
        });
        let typed = None;
        let yes = Intent::Approve {
            step,
            attempt,
            digest,
            typed,
        };
        self.wish(yes).unwrap();
    }

    /// The lanes that may begin now.
    fn wanted(&self) -> Vec<String> {
        let begins = wanted(&self.run)
            .tasks
            .into_iter()
            .filter_map(|task| match task {
                Task::Begin { lane, .. } => Some(lane.to_string()),
                _ => None,
            });
        begins.collect()
    }

    fn begin(&mut self, number: usize, lane: &str) -> Result<(), Refusal> {
        let begin = Finding::Begin {
            step: step_id(number),
            attempt: self.run.steps[number].attempt,
            lane: MachineName::new(lane).unwrap(),
            leg: 0,
            spool: None,
        };
        self.command(&Command::Found(begin))
    }

    /// Lets a lane run to this end.
    pub(super) fn end(&mut self, number: usize, lane: &str, outcome: LaneOutcome) {
        self.begin(number, lane).unwrap();
        self.found(Finding::Ended {
            step: step_id(number),
            attempt: self.run.steps[number].attempt,
            lane: MachineName::new(lane).unwrap(),
            leg: 0,
            outcome,
            output: None,
        });
    }
}

const WELL: LaneOutcome = LaneOutcome::Succeeded { code: 0 };

#[test]
fn a_list_becomes_a_lane_an_item_on_each_machine_one_by_one() {
    let mut stage = lanes(0);
    let items: Vec<_> = stage.run.steps[1]
        .lanes
        .iter()
        .map(|l| l.item.as_deref())
        .collect();
    assert_eq!(items, ["x", "y", "z", "x", "y", "z"].map(Some));
    assert_eq!(stage.wanted(), ["m0.i1", "m1.i1"]);
    stage.begin(1, "m0.i1").unwrap();
    assert_eq!(stage.wanted(), ["m1.i1"], "one at a time on each machine");
    assert!(stage.begin(1, "m0.i2").is_err());
}

#[test]
fn no_more_lanes_run_at_once_than_may() {
    let mut stage = lanes(2);
    assert_eq!(stage.wanted(), ["m0.i1", "m0.i2"]);
    stage.begin(1, "m0.i1").unwrap();
    stage.begin(1, "m0.i2").unwrap();
    assert!(stage.wanted().is_empty());
    assert!(stage.begin(1, "m0.i3").is_err(), "and decide says so too");
}

#[test]
fn after_a_bad_end_nothing_new_begins_and_a_retry_is_of_what_did_not_end_well() {
    let mut stage = lanes(1);
    stage.end(1, "m0.i1", WELL);
    stage.end(1, "m0.i2", LaneOutcome::Failed { code: 7 });
    assert_eq!(stage.run.steps[1].at, StepAt::Stuck { why: Stuck::Failed });
    assert!(stage.wanted().is_empty());
    assert!(
        !stage.run.steps[1].can_be_proved_again(),
        "four were never begun"
    );
    let step = step_id(1);
    stage.wish(Intent::Retry { step, attempt: 1 }).unwrap();
    let again: Vec<&str> = stage.run.steps[1]
        .lanes
        .iter()
        .filter(|lane| lane.taking_part)
        .map(|lane| lane.name.as_str())
        .collect();
    let left = ["m0.i2", "m0.i3", "m1.i1", "m1.i2", "m1.i3"];
    assert_eq!(again, left);
    stage.runs(1, &left);
    for lane in left {
        stage.end(1, lane, WELL);
    }
    assert!(stage.run.steps[1].is_settled());
}

#[test]
fn one_step_on_a_group_of_machines_is_tried_again_only_where_it_failed() {
    let mut group = follows(0, &[]);
    group.performer = Performer::Machine;
    group.lanes = (0..3).map(machine).collect();
    let mut stage = Stage::new(plan_of(vec![group]));
    stage.reach(0);
    stage.runs(0, &["m0", "m1", "m2"]);
    assert_eq!(stage.wanted(), ["m0", "m1", "m2"], "all at once");
    stage.end(0, "m1", LaneOutcome::Failed { code: 1 });
    assert_eq!(
        stage.wanted(),
        ["m0", "m2"],
        "a neighbour's end holds nobody back here"
    );
    stage.end(0, "m0", WELL);
    stage.end(0, "m2", WELL);
    let step = step_id(0);
    stage.wish(Intent::Retry { step, attempt: 1 }).unwrap();
    let taking_part = stage.run.steps[0].lanes.iter().map(|lane| lane.taking_part);
    assert_eq!(taking_part.collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn what_was_captured_goes_when_its_step_is_taken_back_or_done_again() {
    let mut stage = lanes(0);
    let made = Made {
        name: ParamName::new("C0").unwrap(),
        value: "x\ny\nz".into(),
    };
    assert_eq!(stage.run.steps[0].made, Some(made));
    let step = step_id(1);
    stage
        .wish(Intent::Stop {
            step,
            attempt: 1,
            stop: Stop::Ask,
        })
        .unwrap();
    let step = step_id(1);
    stage
        .wish(Intent::Skip {
            step,
            reason: "no".into(),
        })
        .unwrap();
    stage.wish(Intent::GoBack { step: step_id(0) }).unwrap();
    assert!(stage.run.steps[0].made.is_some(), "its undo may need it");
    stage.runs(0, &["m0"]);
    stage.end(0, "m0", WELL);
    assert_eq!(stage.run.steps[0].at, StepAt::Waiting);
    assert!(stage.run.steps[0].made.is_none());
}

#[test]
fn an_undo_is_only_of_lanes_on_which_something_was_started() {
    let mut stage = lanes(1);
    stage.end(1, "m0.i1", WELL);
    stage.end(1, "m0.i2", LaneOutcome::Failed { code: 7 });
    let planned = stage.run.plan.as_mut().unwrap();
    planned.steps[1].undo = planned.steps[0].undo.clone();
    stage.wish(Intent::GoBack { step: step_id(1) }).unwrap();
    let back: Vec<&str> = stage.run.steps[1]
        .lanes
        .iter()
        .filter(|lane| lane.taking_part)
        .map(|lane| lane.name.as_str())
        .collect();
    assert_eq!(back, ["m0.i1", "m0.i2"]);
}

#[test]
fn an_empty_list_rules_a_step_out_and_a_long_one_is_a_persons_to_decide() {
    for (items, out) in [(0, true), (LANES + 1, false)] {
        let mut each = follows(1, &[]);
        each.for_each = Some(ForEach {
            name: ParamName::new("ITEM").unwrap(),
            items: Items::Captured {
                list: ParamName::new("C0").unwrap(),
            },
        });
        let mut stage = Stage::new(plan_of(vec![captures(0), each]));
        stage.reach(0);
        stage.runs(0, &["m0"]);
        let lines = (0..items).map(|n| n.to_string()).collect();
        stage.end(0, "m0", LaneOutcome::Captured { code: 0, lines });
        let rule = stage.run.rule(1);
        assert_eq!(matches!(rule, Rule::RulesOut(_)), out, "{rule:?}");
        assert_eq!(matches!(rule, Rule::CannotSay(_)), !out, "{rule:?}");
        stage.reach(1);
        assert_eq!(stage.run.steps[1].lanes.len(), 1);
    }
}

#[test]
fn a_thousand_lanes_are_no_long_wait() {
    let mut each = follows(0, &[]);
    each.performer = Performer::Machine;
    each.for_each = Some(ForEach {
        name: ParamName::new("ITEM").unwrap(),
        items: Items::Listed {
            items: (0..LANES).map(|n| n.to_string()).collect(),
        },
    });
    each.at_once = 8;
    let mut stage = Stage::new(plan_of(vec![each]));
    stage.reach(0);
    let names: Vec<String> = stage.run.steps[0]
        .lanes
        .iter()
        .map(|l| l.name.to_string())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    stage.runs(0, &names);
    let begun = std::time::Instant::now();
    for lane in names {
        assert!(stage.wanted().len() <= 8);
        stage.end(0, lane, WELL);
    }
    assert!(stage.run.steps[0].is_settled());
    let took = begun.elapsed();
    assert!(
        took < std::time::Duration::from_secs(30),
        "{took:?} for {LANES} lanes"
    );
}

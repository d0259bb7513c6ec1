//! Runbooks and environments as authors get them wrong, and what is said about it.
//!
//! `tests/runbook/bad` and `tests/runbook/environments` hold files with mistakes, `tests/runbook/said` what is
//! said of each, word for word. The reference, `docs/runbook.md`, is read by the last tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use runsheet::names::{HostName, MachineName};
use runsheet::problem::{Colour, Problem, Severity};
use runsheet::runbook::{
    self, Binding, Downtime, EnvironmentKind, Gate, Origin, Runbook, Undo, bind, missing_params,
    read_environments, read_environments_text, read_runbook, read_runbook_text, resolve,
};
use runsheet::template::{Machine, Template};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runbook")
}

fn good() -> Runbook {
    match read_runbook(&folder().join("good.toml")) {
        Ok((runbook, warnings)) => {
            assert!(warnings.is_empty(), "{}", told(&warnings));
            runbook
        }
        Err(problems) => panic!("{}", told(&problems)),
    }
}

/// Every problem as it is shown, without the folder of this checkout.
fn told(problems: &[Problem]) -> String {
    let all: Vec<String> = problems.iter().map(|p| p.render(Colour::Never)).collect();
    let place = format!("{}/", folder().display());
    all.join("\n\n").replace(&place, "")
}

fn samples(kind: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join(kind))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn assert_said(kind: &str, path: impl AsRef<Path>, said: &str) {
    let name = path.as_ref().file_stem().unwrap().to_string_lossy();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder().join("said"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // A new kind is no reason to change what is said of an old mistake.
    settings.add_filter("the kinds are `manual`.*", "the kinds are `manual`, …");
    settings.bind(|| insta::assert_snapshot!(format!("{kind}-{name}"), said));
}

#[test]
fn a_runbook_may_have_environments_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let runbook = folder.path().join("move.toml");
    let (shared, own) = ("environments.toml", "move.environments.toml");
    let beside = || runbook::environments_beside(&runbook);
    assert_eq!(beside(), folder.path().join(shared));
    fs::write(folder.path().join(own), "").unwrap();
    assert_eq!(beside(), folder.path().join(own));
}

#[test]
fn every_mistake_in_a_runbook_is_told_with_its_place_and_a_hint() {
    for path in samples("bad") {
        let said = match read_runbook(&path) {
            Err(problems) => {
                assert!(problems.iter().any(|p| p.severity == Severity::Error));
                told(&problems)
            }
            Ok((_, warnings)) => {
                assert!(!warnings.is_empty(), "{} is good", path.display());
                told(&warnings)
            }
        };
        assert_said("bad", &path, &said);
    }
}

#[test]
fn every_mistake_in_an_environment_is_told_with_its_place_and_a_hint() {
    let runbook = good();
    for path in samples("environments") {
        let problems = match read_environments(&path) {
            Err(problems) => problems,
            Ok(environments) => bind(&runbook, &environments, "staging").unwrap_err(),
        };
        assert_said("environment", &path, &told(&problems));
    }
}

#[test]
fn a_good_runbook_is_read_as_it_stands() {
    let runbook = good();
    assert_eq!(runbook.name, "good");
    assert_eq!(runbook.window, Some(Duration::from_secs(3 * 3600)));
    let hosts: Vec<&str> = runbook.hosts.keys().map(HostName::as_str).collect();
    assert_eq!(hosts, ["source", "dest", "register"], "the author's order");
    let params: Vec<&str> = runbook.params.keys().map(|name| name.as_str()).collect();
    assert_eq!(params, ["ROOT", "CORE", "COLOUR", "TOKEN"]);
    let stop = &runbook.steps[2];
    assert_eq!(stop.action.kind(), "docker");
    assert!(matches!(&stop.undo, Undo::Action(undo) if undo.kind() == "docker"));
    assert_eq!(stop.downtime, Some(Downtime::Starts));
    assert_eq!(stop.timeout, Some(Duration::from_secs(60)));
    let last = stop.verify.last().unwrap();
    assert_eq!(last.on.as_ref().map(HostName::as_str), Some("dest"));
    assert_eq!(last.within, Some(Duration::from_secs(30)));
    assert_eq!(last.every, Duration::from_secs(5));
    let first = stop.verify.len() - stop.action.own_proof().len();
    assert_eq!(first, 1, "the action's own proof comes before the author's");
    let tell = &runbook.steps[3];
    assert!(matches!(&tell.undo, Undo::Never(why) if why.contains("history")));
    let typed = Gate::TypeBack {
        words: "tell-register on {{register.names}}".into(),
    };
    assert_eq!(tell.gate, typed, "a point of no return is typed back");
    assert_eq!(runbook.steps[0].gate, Gate::Confirm);
}

#[test]
fn two_people_stay_two_people_at_a_point_of_no_return() {
    let text = fs::read_to_string(folder().join("good.toml")).unwrap();
    let text = text.replace(
        "point-of-no-return = true",
        "point-of-no-return = true\ngate = \"two-people\"",
    );
    let (runbook, _) = read_runbook_text(Path::new("a.toml"), &text).unwrap();
    assert_eq!(runbook.steps[3].gate, Gate::TwoPeople);
}

#[test]
fn an_environment_is_bound_with_its_machines_in_order() {
    let runbook = good();
    let environments = read_environments(&folder().join("environments.toml")).unwrap();
    let staging = bind(&runbook, &environments, "staging").unwrap();
    assert_eq!(staging.kind, EnvironmentKind::Rehearsal);
    let machines: Vec<String> = staging
        .machines()
        .map(|(_, name, _)| name.to_string())
        .collect();
    assert_eq!(machines, ["source", "dest", "register.1", "register.2"]);
    let dest = &staging.hosts[&HostName::new("dest").unwrap()][0];
    let Binding::Ssh {
        destination,
        user,
        port,
        identity,
        config,
        jump,
        address,
        expect,
    } = dest
    else {
        panic!("{dest:?}");
    };
    assert_eq!(destination, "10.0.0.12");
    assert_eq!(user.as_deref(), Some("migration"));
    assert_eq!(*port, Some(2222));
    assert!(identity.as_ref().unwrap().ends_with(".ssh/window"));
    assert!(identity.as_ref().unwrap().is_absolute());
    assert_eq!(config.as_ref().unwrap(), &folder().join("ssh_config"));
    assert_eq!(jump, &["gate"]);
    assert_eq!(*address, None);
    assert!(expect.is_nothing());
    let production = bind(&runbook, &environments, "production").unwrap();
    assert_eq!(production.require.people, 2);
    let fortnight = Duration::from_secs(14 * 86400);
    assert_eq!(production.require.rehearsal_within, Some(fortnight));
    let missing: Vec<&str> = missing_params(&runbook, &production)
        .into_iter()
        .map(|name| name.as_str())
        .collect();
    assert_eq!(missing, ["TOKEN"]);
}

#[test]
fn a_setting_wins_over_the_environment_and_that_over_the_default() {
    let runbook = good();
    let environments = read_environments(&folder().join("environments.toml")).unwrap();
    let production = bind(&runbook, &environments, "production").unwrap();
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let settings = [set("TOKEN", "s3cret"), set("CORE", "core9")];
    let params = resolve(&runbook, &production, &settings).unwrap();
    let of = |name: &str| (params[name].value.as_str(), params[name].origin);
    assert_eq!(of("CORE"), ("core9", Origin::Operator));
    assert_eq!(of("ROOT"), ("/srv/pryv", Origin::Environment));
    assert_eq!(of("COLOUR"), ("blue", Origin::Default));

    let settings = [set("CORE", "a b"), set("COLOR", "blue"), set("CORE", "x")];
    let problems = resolve(&runbook, &production, &settings).unwrap_err();
    assert_said("set", "wrongly", &told(&problems));
}

#[test]
fn names_mean_what_the_machines_say_or_else_what_the_environment_says() {
    let runbook = good();
    let environments = read_environments(&folder().join("environments.toml")).unwrap();
    let staging = bind(&runbook, &environments, "staging").unwrap();
    let settings = [("TOKEN".to_owned(), "s3cret".to_owned())];
    let params = resolve(&runbook, &staging, &settings).unwrap();
    let source = MachineName::new("source").unwrap();
    let machine = Machine {
        address: "10.0.0.11".into(),
        user: "root".into(),
        port: 22,
        label: "staging-core1".into(),
    };
    let facts = BTreeMap::from([(source, machine)]);
    let values = runbook::values(&runbook, &staging, &params, &facts);
    let fill = |text: &str| Template::new(text).unwrap().fill(&values).unwrap();
    assert_eq!(
        fill("{{source.address}} {{CORE}}"),
        "10.0.0.11 core1.example.com"
    );
    assert_eq!(
        fill("{{dest.user}}@{{dest.address}}:{{dest.port}}"),
        "migration@10.0.0.12:2222"
    );
    assert_eq!(values.secrets().collect::<Vec<_>>(), ["s3cret"]);
    let register = HostName::new("register").unwrap();
    assert_eq!(values.machines_of(&register).len(), 2);
    let gate = runbook.steps[2].gate.filled(&values).unwrap();
    let typed = Gate::TypeBack {
        words: "stop core1.example.com".into(),
    };
    assert_eq!(gate, typed);
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_what_to_try() {
    let temp = tempfile::tempdir().unwrap();
    let said = |problems: Vec<Problem>| {
        let place = format!("{}/", temp.path().display());
        told(&problems).replace(&place, "")
    };
    let absent = temp.path().join("absent.toml");
    let latin = temp.path().join("latin.toml");
    fs::write(&latin, b"format = 1\ntitle = \"caf\xe9\"\n").unwrap();
    let folder = temp.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let all = [
        said(read_runbook(&absent).unwrap_err()),
        said(read_environments(&absent).unwrap_err()),
        said(read_runbook(&folder).unwrap_err()),
        said(read_runbook(&latin).unwrap_err()),
    ];
    assert_said("file", "unreadable", &all.join("\n\n"));
}

#[test]
fn the_name_of_a_runbook_is_fit_for_a_run_id() {
    let text = fs::read_to_string(folder().join("good.toml")).unwrap();
    let (runbook, _) = read_runbook_text(Path::new("x/My Böse Datei;rm.toml"), &text).unwrap();
    assert_eq!(runbook.name, "my-b-se-datei-rm");
}

/// A runbook of many steps, each needing the one before, with `extra` in each.
fn long(steps: usize, extra: &str) -> String {
    let mut text = fs::read_to_string(folder().join("good.toml")).unwrap();
    for n in 0..steps {
        let before = match n {
            0 => "stop-nginx".to_owned(),
            n => format!("step-{}", n - 1),
        };
        text.push_str(&format!(
            "\n[[step]]\nid = \"step-{n}\"\nphase = \"move\"\ntitle = \"Step {n}\"\non = \"dest\"\n\
             needs = [\"{before}\"]\ndo.command.run = 'cd \"$ROOT\" && ./work {n}'\n\
             undo.command.run = './undo {n}'\nverify = [{{ command = \"test -e done-{n}\" }}]\n{extra}"
        ));
    }
    text
}

fn time(text: &str) -> Duration {
    let start = Instant::now();
    let read = read_runbook_text(Path::new("long.toml"), text);
    let took = start.elapsed();
    drop(read);
    took
}

#[test]
fn the_time_of_a_check_grows_with_the_runbook_and_not_with_its_square() {
    for extra in ["", "colour = 1\n", "needs2 = []\ngate = \"no\"\n"] {
        let (small, large) = (long(500, extra), long(8000, extra));
        time(&small);
        let small = (0..3).map(|_| time(&small)).min().unwrap();
        let large = (0..2).map(|_| time(&large)).min().unwrap();
        // Sixteen times the steps; a square would be 256 times the time.
        assert!(
            large < small * 64,
            "{extra:?}: {small:?} for 500, {large:?} for 8000"
        );
    }
}

#[test]
fn no_torn_runbook_makes_the_reader_panic() {
    let text = fs::read_to_string(folder().join("good.toml")).unwrap();
    for end in (0..text.len()).step_by(7) {
        if let Some(start) = text.get(..end) {
            let _ = read_runbook_text(Path::new("torn.toml"), start);
            let _ = read_environments_text(Path::new("torn.toml"), start);
        }
        let mut changed = text.clone();
        if changed.is_char_boundary(end) && changed.is_char_boundary(end + 1) {
            changed.replace_range(end..=end, "\"");
            if let Err(problems) = read_runbook_text(Path::new("torn.toml"), &changed) {
                assert!(!problems.is_empty());
                told(&problems);
            }
        }
    }
}

/// One block of the reference: its heading, what it is, and its text.
struct Block {
    heading: String,
    what: String,
    text: String,
}

fn reference() -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbook.md");
    let doc = fs::read_to_string(path).unwrap();
    let mut blocks = Vec::new();
    let mut heading = String::new();
    let mut open: Option<Block> = None;
    for line in doc.lines() {
        match &mut open {
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {
                if let Some(title) = line.strip_prefix("#") {
                    heading = title.trim_start_matches('#').trim().to_owned();
                }
                if let Some(what) = line.strip_prefix("```toml") {
                    open = Some(Block {
                        heading: heading.clone(),
                        what: what.trim().to_owned(),
                        text: String::new(),
                    });
                }
            }
        }
    }
    blocks
}

const HOSTS: &str = "[hosts]\nsource = 'a'\ndest = 'b'\nregister = 'c'\n";
const PARAMS: &str = "[params.PRYV_CONF_ROOT]\nask = 'a'\nkind = 'path'\n\
    [params.CORE]\nask = 'b'\nkind = 'host'\n[params.ROUTES]\nask = 'd'\nkind = 'int'\n[params.TOKEN]\nask = 'c'\nkind = 'secret'\n";
const PHASE: &str = "[[phase]]\nid = 'one'\ntitle = 'One'\n";
const BEFORE: &str =
    "[[step]]\nid = 'before'\nphase = 'one'\ntitle = 'Before'\ndo.note.text = 'x'\n";

/// Completes a fragment to a runbook: with everything that the fragment does not bring itself.
fn complete(block: &Block) -> String {
    let text = &block.text;
    let unless = |mark: &str, frame: &'static str| if text.contains(mark) { "" } else { frame };
    let head = "format = 1\ntitle = 'Sample'\n";
    match block.what.as_str() {
        "" => text.clone(),
        "part" => {
            let hosts = unless("[hosts]", HOSTS);
            let params = unless("[params.", PARAMS);
            let (before, phase) = match text.contains("[[phase]]") {
                true => (
                    "",
                    "[[step]]\nid = 'a'\nphase = 'transfer'\ntitle = 'A'\ndo.note.text = 'x'\n",
                ),
                false => (PHASE, unless("[[phase]]", BEFORE)),
            };
            match text.contains("[[step]]") {
                true => format!("{head}{hosts}{params}{before}{phase}{text}"),
                false => format!("{head}{hosts}{params}{before}{text}{phase}"),
            }
        }
        "step" => {
            let key = |name: &str| text.lines().any(|line| line.starts_with(name));
            let action = if key("do.") || text.contains("[step.do") {
                ""
            } else {
                "do.command.run = 'true'\n"
            };
            format!(
                "{head}{HOSTS}{PARAMS}{PHASE}{BEFORE}[[step]]\nid = 'sample'\nphase = 'one'\n\
                 title = 'Sample'\n{action}{text}"
            )
        }
        other => panic!("what is `toml {other}`?"),
    }
}

#[test]
fn every_block_of_the_reference_is_read() {
    let runbook = {
        let text = format!("format = 1\ntitle = 'x'\n{HOSTS}{PARAMS}{PHASE}{BEFORE}");
        read_runbook_text(Path::new("frame.toml"), &text).unwrap().0
    };
    let mut wrong = Vec::new();
    let blocks = reference();
    assert!(blocks.len() > 30, "only {} blocks", blocks.len());
    for block in &blocks {
        let path = PathBuf::from(format!("{}.toml", block.heading));
        let problems = if block.what == "environments" {
            read_environments_text(&path, &block.text).and_then(|environments| {
                for (name, _) in environments.names() {
                    bind(&runbook, &environments, name.as_str())?;
                }
                Ok(())
            })
        } else {
            read_runbook_text(&path, &complete(block)).map(drop)
        };
        wrong.extend(problems.err().map(|problems| told(&problems)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The keys that a table has, as the complaint about an unknown one lists them.
fn keys(text: &str) -> Vec<String> {
    let problems = read_runbook_text(Path::new("a.toml"), text).err();
    let problems = problems
        .or_else(|| read_environments_text(Path::new("a.toml"), text).err())
        .unwrap();
    let hints = problems
        .iter()
        .filter_map(|problem| problem.hint.as_deref());
    let keys: Vec<String> = hints
        .filter_map(|hint| hint.strip_prefix("the keys are "))
        .flat_map(|hint| hint.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    assert!(!keys.is_empty(), "{text}");
    keys
}

#[test]
fn every_key_every_kind_and_every_probe_has_its_place_in_the_reference() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbook.md");
    let doc = fs::read_to_string(path).unwrap();
    let step = |more: &str| {
        format!(
            "format = 1\ntitle = 'x'\n{PHASE}{BEFORE}[[step]]\nid = 'a'\nphase = 'one'\ntitle = 'A'\n{more}\n"
        )
    };
    let mut known = keys("format = 1\nzzzzzz = 1\n");
    known.extend(keys(&step("zzzzzz = 1")));
    known.extend(keys("format = 1\n[params.X]\nzzzzzz = 1\n"));
    known.extend(keys("format = 1\n[[phase]]\nzzzzzz = 1\n"));
    for probe in runsheet::probe::PROBES {
        known.extend(keys(&step(&format!(
            "do.note.text = 'x'\nverify = [{{ {} = 'x', zzzzzz = 1 }}]",
            probe.name
        ))));
        assert!(
            doc.contains(&format!("\n### {}\n", probe.name)),
            "{}",
            probe.name
        );
    }
    for kind in runsheet::kinds::KINDS {
        known.extend(keys(&step(&format!("do.{}.zzzzzz = 1", kind.name))));
        assert!(
            doc.contains(&format!("\n### {}\n", kind.name)),
            "{}",
            kind.name
        );
    }
    for key in known {
        let named = [
            format!("`{key}`"),
            format!("`{key} = "),
            format!("{{ {key} = "),
        ];
        assert!(
            named.iter().any(|way| doc.contains(way)),
            "the reference says nothing of the key `{key}`"
        );
    }
    for key in [
        "kind",
        "require",
        "hosts",
        "params",
        "rehearsal-within",
        "people",
        "ssh",
        "user",
        "port",
        "identity",
        "config",
        "jump",
        "address",
    ] {
        assert!(doc.contains(&format!("`{key}`")), "{key}");
    }
}

#[test]
fn a_wait_leaves_nothing_to_take_back() {
    let text = r#"
format = 1
title  = "wait"
[[phase]]
id    = "p"
title = "P"
[[step]]
id    = "wait"
phase = "p"
title = "Wait"
do.wait = { until = { tcp = "127.0.0.1:1" }, within = "5s" }
"#;
    let (runbook, warnings) = read_runbook_text(Path::new("a.toml"), text).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert!(matches!(&runbook.steps[0].undo, Undo::Nothing(why) if why.contains("wait")));
}

#[test]
fn an_estimate_of_an_undo_that_does_nothing_is_an_error() {
    let text = fs::read_to_string(folder().join("good.toml")).unwrap();
    let text = text.replace(
        "undo = { never = \"the register keeps no history\" }",
        "undo = { never = \"the register keeps no history\" }\nundo-estimate = \"1m\"",
    );
    let problems = read_runbook_text(Path::new("a.toml"), &text).unwrap_err();
    let said = format!("{problems:?}");
    assert!(said.contains("`undo-estimate` without an undo"), "{said}");
}

#[test]
fn a_question_that_is_asked_for_several_lanes_is_told_from_one_lanes_own() {
    let text = r#"
format = 1
title  = "Questions"
hosts  = { web = "machines", db = "a machine" }
phase  = [{ id = "all", title = "All" }]

[[step]]
id    = "restart"
phase = "all"
title = "Restart them"
on    = "web"
do.command.run = "true"
undo  = { nothing = "x" }
verify = [{ command = "true" }, { command = "true", on = "db" }, { person = "Are all lights green?" }]
"#;
    let environments =
        "[here]\nkind = \"rehearsal\"\nhosts.web = [\"a\", \"b\"]\nhosts.db = \"c\"\n";
    let (read, _) = read_runbook_text(Path::new("r.toml"), text).unwrap();
    let environments = read_environments_text(Path::new("e.toml"), environments).unwrap();
    let here = bind(&read, &environments, "here").unwrap();
    let params = resolve(&read, &here, &[]).unwrap();
    let values = runbook::values(&read, &here, &params, &BTreeMap::new());
    let plan = runsheet::run::Plan::lay(&read, &here, &values).unwrap();
    let shared: Vec<(&str, bool)> = plan.steps[0]
        .proofs
        .iter()
        .map(|proof| (proof.lane.as_str(), proof.shared))
        .collect();
    let wanted = [
        ("web.1", false),
        ("web.1", true),
        ("web.1", true),
        ("web.2", false),
    ];
    assert_eq!(shared, wanted);
}

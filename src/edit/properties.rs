//! What holds of every edit on thousands of made-up files: it changes its place and nothing else, it is made
//! once, and parsers of others read what it left.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::made_up::{self, MadeUp};
use super::nginx::{MARK, Scheme, UpstreamEdit, rewrite};
use super::replace::{Replacement, replace};
use super::yaml::{Scalar, SetScalar, YamlPath, get, set};
use super::{EditError, Reason};

fn put(file: &str, keys: &[String], value: &str) -> Result<String, EditError> {
    let edit = SetScalar {
        path: YamlPath::new(keys.iter().map(String::as_str)).unwrap(),
        value: Scalar::Text(value.to_owned()),
    };
    set(file, &edit)
}

fn at(file: &str, keys: &[String]) -> String {
    get(
        file,
        &YamlPath::new(keys.iter().map(String::as_str)).unwrap(),
    )
    .unwrap()
}

/// The parts of two texts that differ, beginning and end in common left out.
fn middles<'t>(one: &'t str, two: &'t str) -> (&'t str, &'t str) {
    let same = |(a, b): &(char, char)| a == b;
    let begin: usize = one
        .chars()
        .zip(two.chars())
        .take_while(same)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let (one, two) = (&one[begin..], &two[begin..]);
    let end: usize = one
        .chars()
        .rev()
        .zip(two.chars().rev())
        .take_while(same)
        .map(|(a, _)| a.len_utf8())
        .sum();
    (&one[..one.len() - end], &two[..two.len() - end])
}

fn upstream(scheme: Option<Scheme>, both: bool) -> UpstreamEdit {
    let names: &[&str] = if both { &["u0", "u1"] } else { &["u0"] };
    UpstreamEdit {
        upstreams: names.iter().map(|it| (*it).to_owned()).collect(),
        servers: vec!["10.9.9.9:443".to_owned(), "[fd00::9]:443".to_owned()],
        scheme,
        trusted_includes: Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_yaml_value_changes_alone_and_once(
        file in made_up::yaml(), which in any::<prop::sample::Index>(), value in made_up::value(),
    ) {
        let MadeUp { text, paths } = file;
        prop_assume!(!paths.is_empty());
        let path = which.get(&paths);
        match put(&text, path, &value) {
            Ok(after) => {
                prop_assert_eq!(&at(&after, path), &value);
                for other in paths.iter().filter(|other| *other != path) {
                    prop_assert_eq!(at(&after, other), at(&text, other));
                }
                let (gone, come) = middles(&text, &after);
                prop_assert!(!gone.contains('\n') && !come.contains('\n'), "{gone:?} became {come:?}");
                prop_assert_eq!(after.contains('\r'), text.contains('\r'));
                prop_assert_eq!(after.ends_with('\n'), text.ends_with('\n'));
                prop_assert!(put(&after, path, &value).unwrap_err().is_unchanged());
            }
            Err(error) => prop_assert!(error.is_unchanged() && at(&text, path) == value, "{error}"),
        }
    }

    #[test]
    fn an_upstream_changes_with_its_old_lines_kept_and_once(
        text in made_up::nginx(), secure in any::<bool>(), both in any::<bool>(),
    ) {
        let edit = upstream(secure.then_some(Scheme::Https), both);
        let after = rewrite(&text, &edit).unwrap();
        // The way back by hand: new lines out, marks off.
        let is_new = |line: &str| ["10.9.9.9", "fd00::9", "https://"].iter().any(|it| line.contains(it));
        let back: String = after.split_inclusive('\n')
            .filter(|line| line.contains(MARK) || !is_new(line))
            .map(|line| line.replacen(MARK, "", 1))
            .collect();
        prop_assert_eq!(back, text.clone());
        prop_assert!(rewrite(&after, &edit).unwrap_err().is_unchanged());
        // The other parser does not know CR LF.
        let (text, after) = (text.replace('\r', ""), after.replace('\r', ""));
        let theirs = nginx_lint_parser::parse_string(&after).unwrap();
        let servers = theirs.all_directives().filter(|it| it.name == "server" && it.args.len() == 1).count();
        let kept = if both { 0 } else { nginx_lint_parser::parse_string(&text).unwrap().all_directives()
            .filter(|it| it.name == "server" && it.args.len() == 1).count() };
        prop_assert!(servers >= if both { 4 } else { 2 } && servers <= kept + 4, "{after}");
    }

    #[test]
    fn text_is_replaced_as_often_as_it_is_there_and_once(
        text in "(?s)[ab\n é]{0,40}", find in "(?s)[ab\n é]{1,4}", with in "(?s)[ab\n éx]{0,5}",
    ) {
        let count = text.matches(&find).count();
        let edit = Replacement { find: find.clone(), replace: with.clone(), count, after: None, before: None };
        match replace(&text, &edit) {
            Ok(after) => {
                prop_assert_eq!(&after, &text.replace(&find, &with));
                let again = replace(&after, &edit);
                prop_assert!(again.is_err(), "made twice: {again:?}");
            }
            Err(error) => prop_assert!(
                matches!(error.reason(), Reason::Request | Reason::Ambiguous | Reason::Unchanged), "{error}"
            ),
        }
    }
}

/// Values of a strategy, always the same ones.
fn some<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

/// Loads both files with PyYAML: everything is the same but the one value, which is what was wanted, and of
/// the type that was there where it is no text.
const CHECK: &str = r#"
import json, sys, yaml
def down(document, path):
    for key in path:
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document
def without(document, path):
    holder = down(document, path[:-1])
    holder[int(path[-1]) if isinstance(holder, list) else path[-1]] = None
    return document
count = 0
for line in sys.stdin:
    before, after, path, value = json.loads(line)
    one, two = yaml.safe_load(before), yaml.safe_load(after)
    was, now = down(one, path), down(two, path)
    if not (now == value or (type(now) is type(was) and now == yaml.safe_load(value))):
        sys.exit(f"{value!r} came as {now!r} in the place of {was!r}:\n{after}")
    if without(one, path) != without(two, path):
        sys.exit(f"more than {path} changed:\n{before}\n{after}")
    count += 1
print(count)
"#;

#[test]
fn another_loader_finds_the_one_value_changed_and_nothing_else() {
    let mut python = "";
    for name in ["python3", "/usr/bin/python3"] {
        let found = Command::new(name)
            .args(["-c", "import yaml"])
            .stderr(Stdio::null())
            .status();
        if found.is_ok_and(|status| status.success()) {
            python = name;
        }
    }
    if python.is_empty() {
        eprintln!("SKIPPED: no PyYAML here, no other loader was asked");
        return;
    }
    let cases = some(
        &(
            made_up::yaml(),
            any::<prop::sample::Index>(),
            made_up::value(),
        ),
        3_000,
    );
    let mut lines = String::new();
    let mut sent = 0;
    for (MadeUp { text, paths }, which, value) in &cases {
        let Some(path) = (!paths.is_empty()).then(|| which.get(paths)) else {
            continue;
        };
        if let Ok(after) = put(text, path, value) {
            lines.push_str(&serde_json::to_string(&(text, after, path, value)).unwrap());
            lines.push('\n');
            sent += 1;
        }
    }
    let mut child = Command::new(python)
        .args(["-c", CHECK])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Python reads all before it says anything, or ends with its first complaint.
    let written = child.stdin.take().unwrap().write_all(lines.as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    written.unwrap();
    assert!(sent > 2_000, "{sent}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        sent.to_string(),
        "{said}"
    );
}

#[test]
fn nginx_itself_accepts_the_files_before_and_after() {
    let found = Command::new("nginx").arg("-v").output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: no nginx here, its own opinion was not asked");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path().display();
    let config = format!(
        "pid {here}/pid;\nevents {{}}\nhttp {{\n access_log off;\n include {here}/site.conf;\n}}\n"
    );
    std::fs::write(dir.path().join("nginx.conf"), config).unwrap();
    let accepts = |text: &str| {
        std::fs::write(dir.path().join("site.conf"), text).unwrap();
        let config = dir.path().join("nginx.conf");
        let asked = Command::new("nginx")
            .args(["-t", "-e", "stderr", "-c"])
            .arg(config)
            .output()
            .unwrap();
        assert!(
            asked.status.success(),
            "{}\n{text}",
            String::from_utf8_lossy(&asked.stderr)
        );
    };
    for (text, secure, both) in some(&(made_up::nginx(), any::<bool>(), any::<bool>()), 40) {
        accepts(&text);
        accepts(&rewrite(&text, &upstream(secure.then_some(Scheme::Https), both)).unwrap());
    }
}

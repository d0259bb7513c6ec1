use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::*;
use crate::names::ParamName;
use crate::probe::Holds::{self, CannotSay, No, Yes};
use crate::probe::testing::Judged as _;
use crate::probe::testing::{HOSTILE, ask, scene, source, values};

/// The verdict of `{ file = "{{FILE}}", KEYS }`, asked of a real shell about a real file.
fn verdict(path: &Path, keys: &str) -> Verdict {
    let text = format!("{{ file = '{{{{FILE}}}}', {keys} }}");
    let probe = parse(ValueDeserializer::parse(&text).unwrap()).unwrap();
    let mut values = values();
    let path = path.to_str().unwrap().to_owned();
    values.set_param(ParamName::new("FILE").unwrap(), path);
    let here = source();
    match probe.ask(&scene(&here, &values)).unwrap() {
        Ask::Script(question) => probe.judged(&ask(&question, &values)),
        Ask::Person(_) => panic!("a file is asked of a machine"),
    }
}

#[test]
fn a_file_is_judged_by_what_the_runbook_wants_of_it() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a");
    std::fs::write(&path, "abc $HOME it's").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let sum = "sha256 = '0000000000000000000000000000000000000000000000000000000000000000'";
    let table: &[(&str, Holds)] = &[
        ("", Yes),
        ("exists = false", No),
        ("mode = '0640'", Yes),
        ("mode = '640'", Yes),
        ("mode = '0600'", No),
        ("owner = 'nobody-at-all'", No),
        ("size-at-least = 14", Yes),
        ("size-at-least = 15", No),
        ("contains = \"$HOME it's\"", Yes),
        ("contains = '.*'", No),
        ("contains = '-e'", No),
        (sum, No),
    ];
    for (keys, holds) in table {
        let verdict = verdict(&path, keys);
        assert_eq!(verdict.holds, *holds, "{keys}: {verdict:?}");
    }
}

#[test]
fn the_digest_of_a_file_is_compared() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("empty");
    std::fs::write(&path, "").unwrap();
    let empty = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
    assert_eq!(verdict(&path, &format!("sha256 = '{empty}'")).holds, Yes);
}

#[test]
fn a_link_that_leads_nowhere_is_neither_there_nor_gone() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("link");
    assert_eq!(verdict(&path, "exists = false").holds, Yes);
    symlink(temp.path().join("nowhere"), &path).unwrap();
    assert_eq!(verdict(&path, "").holds, No);
    assert_eq!(verdict(&path, "exists = false").holds, No);
    std::fs::write(temp.path().join("nowhere"), "x").unwrap();
    let seen = verdict(&path, "");
    assert_eq!(seen.holds, Yes);
    assert!(seen.seen.starts_with("a link to regular file"), "{seen:?}");
}

#[test]
fn a_path_with_any_name_is_that_path_and_nothing_else() {
    let temp = tempfile::tempdir().unwrap();
    for name in HOSTILE {
        if name.is_empty() || name.chars().any(char::is_control) {
            continue;
        }
        let path = temp.path().join(name);
        assert_eq!(verdict(&path, "").holds, No, "{name}");
        std::fs::write(&path, "x").unwrap();
        assert_eq!(verdict(&path, "").holds, Yes, "{name}");
    }
}

#[test]
fn an_answer_that_is_none_says_nothing() {
    let text = "{ file = '/x', exists = false }";
    let probe = parse(ValueDeserializer::parse(text).unwrap()).unwrap();
    for odd in ["", "hello", "stat a/b/c/d", "stat 644/1"] {
        let verdict = probe.judged(&crate::probe::testing::said(odd));
        assert_eq!(verdict.holds, CannotSay, "{odd}");
    }
    let denied = crate::probe::testing::failed(3, "stat: cannot statx '/x': Permission denied");
    assert_eq!(probe.judged(&denied).holds, CannotSay);
}

#[test]
fn keys_that_cannot_mean_anything_are_refused() {
    for bad in [
        "mode = '9'",
        "mode = 'rw'",
        "sha256 = 'abc'",
        "contains = '{{'",
        "exist = true",
    ] {
        let text = format!("{{ file = '/x', {bad} }}");
        assert!(
            parse(ValueDeserializer::parse(&text).unwrap()).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn what_a_file_must_contain_may_hold_a_value_and_is_one_line() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a");
    std::fs::write(&path, "root = /var/pryv\n").unwrap();
    assert_eq!(verdict(&path, "contains = 'root = {{ROOT}}'").holds, Yes);
    assert_eq!(verdict(&path, "contains = '{{ROOT}}x'").holds, No);
    for (keys, remarks) in [
        ("contains = 'a'", 0),
        ("contains = ''", 1),
        ("contains = \"a\\nb\"", 1),
        ("exists = false", 0),
        ("exists = false, mode = '0600'", 1),
    ] {
        let text = format!("{{ file = '/a', {keys} }}");
        let probe = parse(ValueDeserializer::parse(&text).unwrap()).unwrap();
        assert_eq!(probe.remarks().len(), remarks, "{keys}");
    }
}

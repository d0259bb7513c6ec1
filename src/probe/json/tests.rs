use toml::de::ValueDeserializer;

use super::*;
use crate::probe::testing::values;

fn part(toml: &str) -> Part {
    Part::deserialize(ValueDeserializer::parse(toml).unwrap()).unwrap()
}

fn differs_from(toml: &str, json: &str) -> Option<String> {
    let document = document(json.as_bytes()).unwrap();
    part(toml).differs(&document, &values()).unwrap()
}

/// As `docker inspect` prints it, cut down.
const CONTAINER: &str = r#"[
    {
        "Id": "1f0c7f0e2b4a",
        "Created": "2026-11-20T02:14:26.114Z",
        "State": { "Status": "running", "Running": true, "ExitCode": 0, "Error": "",
                   "Health": { "Status": "healthy", "FailingStreak": 0, "Log": null } },
        "Mounts": [
            { "Type": "bind", "Source": "/var/pryv", "Destination": "/app/data", "RW": true },
            { "Type": "volume", "Source": "logs", "Destination": "/app/log", "RW": false }
        ],
        "HostConfig": { "Memory": 8589934592, "CpuQuota": 1.5, "Links": [] }
    }
]"#;

/// As `kubectl get pods -o json` prints it, cut down.
const PODS: &str = r#"{"apiVersion":"v1","kind":"List","items":[
 {"metadata":{"name":"pachd-0"},"status":{"phase":"Running","conditions":[
   {"type":"Ready","status":"True"},{"type":"Initialized","status":"True"}]}},
 {"metadata":{"name":"etcd-0"},"status":{"phase":"Pending","conditions":[]}}]}"#;

#[test]
fn a_document_has_a_part_or_the_first_difference_is_told() {
    let table: &[(&str, &str, Option<&str>)] = &[
        ("[{ State = { Running = true } }]", CONTAINER, None),
        (
            "[{ State = { Running = false } }]",
            CONTAINER,
            Some("[0].State.Running is true, not false"),
        ),
        (
            "[{ State = { Health = { Status = 'starting' } } }]",
            CONTAINER,
            Some("[0].State.Health.Status is \"healthy\", not \"starting\""),
        ),
        (
            "[{ State = { Paused = false } }]",
            CONTAINER,
            Some("[0].State.Paused is not there"),
        ),
        (
            "[{ Mounts = [{ Destination = '/app/log', RW = false }, { Source = '{{ROOT}}' }] }]",
            CONTAINER,
            None,
        ),
        (
            "[{ Mounts = [{ Destination = '/app/log', RW = true }] }]",
            CONTAINER,
            Some("none of the 2 items of [0].Mounts is {Destination: \"/app/log\", RW: true}"),
        ),
        (
            "[{ HostConfig = { Memory = 8589934592, CpuQuota = 1.5 } }]",
            CONTAINER,
            None,
        ),
        (
            "[{ HostConfig = { Memory = 8589934593 } }]",
            CONTAINER,
            Some("[0].HostConfig.Memory is 8589934592, not 8589934593"),
        ),
        ("[{ HostConfig = { Links = [] } }]", CONTAINER, None),
        (
            "[{ Mounts = [] }]",
            CONTAINER,
            Some("[0].Mounts is not empty, it has 2 items"),
        ),
        (
            "{ State = {} }",
            CONTAINER,
            Some("the document is a list of 1, not {State: {}}"),
        ),
        ("[{ State = { Health = {} } }]", CONTAINER, None),
        (
            "[{ State = { Health = { Log = 'x' } } }]",
            CONTAINER,
            Some("[0].State.Health.Log is null, not \"x\""),
        ),
        (
            "{ items = [{ status = { phase = 'Running' } }] }",
            PODS,
            None,
        ),
        (
            "{ items = [{ status = { conditions = [{ type = 'Ready', status = 'True' }] } }] }",
            PODS,
            None,
        ),
        (
            "{ items = [{ metadata = { name = 'etcd-0' }, status = { phase = 'Running' } }] }",
            PODS,
            Some(
                "none of the 2 items of items is {metadata: {name: \"etcd-0\"}, status: {phase: \"Running\"}}",
            ),
        ),
        // A large number keeps its last digit; a float and a whole number of the same value are the same.
        (
            "{ n = 9007199254740993 }",
            r#"{"n":9007199254740992}"#,
            Some("n is 9007199254740992, not 9007199254740993"),
        ),
        ("{ n = 3 }", r#"{"n":3.0}"#, None),
        ("{ n = 3.0 }", r#"{"n":3}"#, None),
        ("{ n = 3 }", r#"{"n":"3"}"#, Some("n is \"3\", not 3")),
        ("true", "true", None),
        ("'up'", "\"up\"", None),
        ("{ 'a.b' = 1 }", r#"{"a.b":1}"#, None),
        ("{ a.b = 1 }", r#"{"a.b":1}"#, Some("a is not there")),
    ];
    for (toml, json, differs) in table {
        assert_eq!(differs_from(toml, json).as_deref(), *differs, "{toml}");
    }
}

#[test]
fn what_is_wanted_is_said_in_few_words() {
    let says = |toml: &str| part(toml).says(&values()).unwrap();
    assert_eq!(
        says("{ a = { b = true, c = '{{ROOT}}' }, d = [1, 'x'], e = [] }"),
        "a.b is true and a.c is \"/var/pryv\" and d has 1 and d has \"x\" and e is []"
    );
    assert_eq!(says("'up'"), "the document is \"up\"");
}

#[test]
fn broken_deep_and_several_documents_are_told_apart() {
    let why = |text: &[u8]| document(text).unwrap_err();
    assert_eq!(why(b" \n"), "not JSON: nothing printed");
    assert_eq!(
        why(b"{\"a\": 1,"),
        "not JSON, EOF while parsing a value at line 1 column 8: {\"a\": 1,"
    );
    assert_eq!(
        why(b"Error: No such object: core\n"),
        "not JSON, expected value at line 1 column 1: Error: No such object: core"
    );
    assert_eq!(
        why(b"{\"a\":1}\n{\"a\":2}\n"),
        "more than one JSON document, the second on line 2: {\"a\":1} {\"a\":2}"
    );
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    assert_eq!(
        why(deep.as_bytes()),
        "this JSON is nested more than 127 deep"
    );
    let deepest = "[".repeat(1 << 20);
    assert_eq!(
        why(deepest.as_bytes()),
        "this JSON is nested more than 127 deep"
    );
    assert!(why(b"\x00\xff\xfe").starts_with("not JSON, "));
    assert!(!why(b"\"\x1b[31m\"").contains('\u{1b}'));
}

#[test]
fn what_json_has_not_is_refused_where_it_stands() {
    for (toml, wrong) in [
        ("{ a = nan }", "nan"),
        ("{ a = 2026-11-20 }", "2026-11-20"),
        ("{ a = '{{' }", "'{{'"),
    ] {
        let error = Part::deserialize(ValueDeserializer::parse(toml).unwrap()).unwrap_err();
        assert_eq!(&toml[error.span().unwrap()], wrong, "{error}");
    }
}

#[test]
fn texts_are_told_to_the_check_with_their_places() {
    let toml = "{ a = ['x', { b = '{{ROOT}}' }] }";
    let part = part(toml);
    let places: Vec<&str> = part.templates.iter().map(|t| &toml[t.span()]).collect();
    assert_eq!(places, ["'x'", "'{{ROOT}}'"]);
}

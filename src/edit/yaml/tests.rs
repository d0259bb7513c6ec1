use proptest::prelude::*;

use super::scalar::{Type, type_of};
use super::*;

const PLATFORM: &str = include_str!("../../../tests/edit/platform.yml");
const CO1: &str =
    "vars.MACHINES_AND_PLATFORM_SETTINGS.settings.HOSTINGS_AND_CORES.value.hosting1.co1.ip";

fn path(text: &str) -> YamlPath {
    text.parse().unwrap()
}

fn text(value: &str) -> Scalar {
    Scalar::Text(value.to_owned())
}

fn put(file: &str, at: &str, value: Scalar) -> Result<String, EditError> {
    set(
        file,
        &SetScalar {
            path: path(at),
            value,
        },
    )
}

#[test]
fn the_procedure_s_own_file_gets_the_new_address_and_keeps_the_rest() {
    assert_eq!(get(PLATFORM, &path(CO1)).unwrap(), "CHANGE_ME");
    let edited = put(PLATFORM, CO1, text("10.77.0.12")).unwrap();
    assert_eq!(
        edited,
        PLATFORM.replace("ip: CHANGE_ME # change", "ip: 10.77.0.12 # change")
    );
    assert_eq!(get(&edited, &path(CO1)).unwrap(), "10.77.0.12");
    let again = put(&edited, CO1, text("10.77.0.12")).unwrap_err();
    assert!(again.is_unchanged(), "{again}");
    assert_eq!(put(&edited, CO1, text("CHANGE_ME")).unwrap(), PLATFORM);
    let crlf = PLATFORM.replace('\n', "\r\n");
    assert_eq!(
        put(&crlf, CO1, text("10.77.0.12")).unwrap(),
        edited.replace('\n', "\r\n")
    );
}

#[test]
fn neighbours_quotes_and_line_ends_stay() {
    let base = "vars.MACHINES_AND_PLATFORM_SETTINGS.settings.HOSTINGS_AND_CORES.value";
    for (at, value, before, after) in [
        (
            "hosting1.co2.ip",
            text("x"),
            "{ ip: '10.0.0.12',",
            "{ ip: 'x',",
        ),
        (
            "hosting1.co2.port",
            text("8443"),
            "port: 443 }",
            "port: 8443 }",
        ),
        (
            "hosting1.co2.port",
            text("a,b"),
            "port: 443 }",
            "port: \"a,b\" }",
        ),
        (
            "\"hosting.two\".0.ip",
            text("x\"y"),
            "\"10.0.0.13\"   # q",
            "\"x\\\"y\"   # q",
        ),
        (
            "\"hosting.two\".0.name",
            text("core"),
            "name:\n",
            "name: core\n",
        ),
    ] {
        let edited = put(PLATFORM, &format!("{base}.{at}"), value).unwrap();
        assert_eq!(edited, PLATFORM.replace(before, after), "{at}");
    }
    for (file, at, value, after) in [
        ("a: 1", "a", text("2"), "a: 2"),
        ("a: 1", "a", text("no"), "a: \"no\""),
        ("a: x", "a", text("2"), "a: \"2\""),
        ("a: x", "a", Scalar::Integer(2), "a: 2"),
        ("a: 'x'", "a", Scalar::Boolean(true), "a: true"),
        ("a: true", "a", text("false"), "a: false"),
        ("a: x # c", "a", text("it's: \\"), "a: 'it''s: \\' # c"),
        ("a: 'x'", "a", text("l1\nl2\u{1}"), "a: \"l1\\nl2\\x01\""),
        ("a: x", "a", text("b #c"), "a: \"b #c\""),
        ("a: {b: x}", "a.b", text("y?z"), "a: {b: \"y?z\"}"),
        ("a: x", "a", text(""), "a: \"\""),
        ("a: x", "a", text("22:30"), "a: \"22:30\""),
        (
            "a:\r\n  - x\r\n  - y",
            "a.1",
            text("z"),
            "a:\r\n  - x\r\n  - z",
        ),
        ("? a\n: x\n", "a", text("z"), "? a\n: z\n"),
        (
            "# é\nü: \"ß\" # ö\nb: 1",
            "ü",
            text("漢"),
            "# é\nü: \"漢\" # ö\nb: 1",
        ),
        ("a: one\n  two\nb: 1\n", "a", text("z"), "a: z\nb: 1\n"),
        (
            "---\na: &x\n  b: 1\n...\n",
            "a.b",
            text("3"),
            "---\na: &x\n  b: 3\n...\n",
        ),
        ("\u{feff}a: x\n", "a", text("z"), "\u{feff}a: z\n"),
    ] {
        assert_eq!(put(file, at, value).as_deref(), Ok(after), "{file}");
    }
}

#[test]
fn what_would_change_more_than_its_place_is_refused() {
    for (file, at, reason, line, word) in [
        ("a:\n  b: 1", "a.c", Reason::Missing, 2, "no `c` in `a`"),
        ("a: 1", "a.c", Reason::Missing, 1, "single value"),
        ("a: [1]", "a.1", Reason::Missing, 1, "no item `1`"),
        ("", "a", Reason::Missing, 0, "no YAML value"),
        (
            "a: 1\nb: 1\na: 2",
            "b",
            Reason::Malformed,
            3,
            "twice, first on line 1",
        ),
        ("a: 1\n\"a\": 2", "a", Reason::Malformed, 2, "twice"),
        ("a: &x 1\nb: *x", "a", Reason::Unsupported, 1, "anchor"),
        ("a: &x 1\nb: *x", "b", Reason::Unsupported, 2, "alias"),
        (
            "a: &x\n  c: 1\nb: *x",
            "a.c",
            Reason::Unsupported,
            2,
            "again",
        ),
        (
            "a: &x\n  c: 1\nb: *x",
            "b.c",
            Reason::Unsupported,
            3,
            "alias",
        ),
        (
            "a: &x {c: 1}\nb:\n  <<: *x\n  c: 2",
            "b.c",
            Reason::Unsupported,
            3,
            "merges",
        ),
        ("a: !t 1", "a", Reason::Unsupported, 1, "tag"),
        ("a: |\n  x\n", "a", Reason::Unsupported, 2, "block"),
        ("a:\n  b: 1", "a", Reason::Unsupported, 2, "a map"),
        ("a: [1]", "a", Reason::Unsupported, 1, "a list"),
        (
            "a: 1\n---\na: 2",
            "a",
            Reason::Ambiguous,
            2,
            "more than one",
        ),
        ("a:\n\tb: 1", "a.b", Reason::Malformed, 2, "not YAML"),
        ("a: [1", "a", Reason::Malformed, 0, "not YAML"),
        ("a: {b}", "a.b", Reason::Unsupported, 1, "no value"),
    ] {
        let error = put(file, at, text("new")).unwrap_err();
        assert_eq!(error.reason(), reason, "{file}: {error}");
        if line > 0 {
            assert_eq!(
                error.place().map(|it| it.line),
                Some(line),
                "{file}: {error}"
            );
        }
        assert!(error.to_string().contains(word), "{file}: {error}");
    }
    let error = put(PLATFORM, &CO1.replace("co1", "c01"), text("x")).unwrap_err();
    assert!(
        error.advice().unwrap().contains("did you mean `co1`"),
        "{error:?}"
    );
    let error = put("a:\n\tb: 1", "a.b", text("x")).unwrap_err();
    assert!(
        error.advice().is_some_and(|it| it.contains("tab")),
        "{error:?}"
    );
    assert_eq!(
        put("a: 1", "a", text("\0")).unwrap_err().reason(),
        Reason::Request
    );
}

#[test]
fn a_result_that_changes_a_neighbour_is_refused() {
    let file = "a: 1\nb: 1\n";
    let edit = SetScalar {
        path: path("a"),
        value: text("2"),
    };
    let tree = Tree::read(file).unwrap();
    let target = find(file, &tree, &edit.path).unwrap();
    assert_eq!(only_intended("a: 2\nb: 1\n", &tree, target, &edit), Ok(()));
    for wrong in [
        "a: 2\nb: 9\n",
        "a: 2\n",
        "a: 2\nb: '1'\n",
        "a: 3\nb: 1\n",
        "a: [2\n",
    ] {
        let error = only_intended(wrong, &tree, target, &edit).unwrap_err();
        assert_eq!(error.reason(), Reason::Drift, "{wrong}");
    }
}

#[test]
fn a_long_commented_head_is_no_obstacle() {
    let file = format!(
        "{}a: x\n{}b: y\n",
        "# note\n".repeat(500),
        "# note\n".repeat(500)
    );
    assert_eq!(
        put(&file, "b", text("z")).unwrap(),
        file.replace("b: y", "b: z")
    );
}

#[test]
fn paths_are_read_and_written_back() {
    for (written, keys) in [
        ("a", vec!["a"]),
        ("a.b.0", vec!["a", "b", "0"]),
        (r#"a."b.c".d"#, vec!["a", "b.c", "d"]),
        (r#""q\"\\""#, vec!["q\"\\"]),
        (r#""""#, vec![""]),
    ] {
        let path = path(written);
        assert_eq!(path.keys(), keys);
        assert_eq!(path.to_string(), written);
    }
    for wrong in [
        "", ".", "a.", ".a", "a..b", "a b .c", "\"a", "\"a\"b", "\"\\n\"", "a\"b",
    ] {
        assert!(wrong.parse::<YamlPath>().is_err(), "{wrong}");
    }
}

#[test]
fn types_are_told_as_loaders_tell_them() {
    for (text, expected) in [
        ("10.0.0.12", Type::Text),
        ("10.0.0.12:443", Type::Text),
        ("::1", Type::Text),
        ("1.2.3", Type::Text),
        ("12", Type::Integer),
        ("-0x1F", Type::Integer),
        ("1_000", Type::Integer),
        ("1:30", Type::Integer),
        ("1.5e3", Type::Float),
        (".5", Type::Float),
        ("-.INF", Type::Float),
        ("~", Type::Null),
        ("Off", Type::Boolean),
        ("2026-01-31", Type::Timestamp),
        ("<<", Type::Special),
        ("e5", Type::Text),
        (".", Type::Text),
    ] {
        assert_eq!(type_of(text), expected, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_set_read_back_and_taken_back(
        value in prop_oneof!["(?s)[^\0]{0,24}", "[-?:,\\[\\]{}#&*!|>'\"%@` a0.]{0,8}"],
        template in prop_oneof![
            Just("k: @ # c\nz: 1\n"), Just("k: '@'\r\nz: 1"), Just("k: \"@\"\n"),
            Just("x: {k: @, z: 1}\nk: @"), Just("- k: @\n- z"), Just("a:\n  - [b, @]\n"),
        ],
    ) {
        let file = template.replace('@', "old");
        let at = match template.chars().next() {
            Some('-') => "0.k",
            Some('a') => "a.0.1",
            Some('x') => "x.k",
            _ => "k",
        };
        prop_assume!(value != "old");
        let edited = put(&file, at, Scalar::Text(value.clone())).unwrap();
        prop_assert_eq!(get(&edited, &path(at)).unwrap(), value);
        // A plain word that had to be quoted stays quoted; the value is the same again.
        let back = put(&edited, at, text("old")).unwrap();
        prop_assert_eq!(back.replace("\"old\"", "old").replace("'old'", "old"),
                        file.replace("\"old\"", "old").replace("'old'", "old"));
    }

    #[test]
    fn any_file_is_edited_or_refused_and_never_a_panic(file in "(?s)[-a: \n\t\r{}\\[\\]&*'\"#|>!?,~é]{0,24}") {
        if let Err(error) = put(&file, "a", text("new")) {
            prop_assert_ne!(error.reason(), Reason::Drift, "{}", error);
        }
    }
}

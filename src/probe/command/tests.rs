use super::*;
use crate::probe::Holds::{self, CannotSay, No, Yes};
use crate::probe::testing::Judged as _;
use crate::probe::testing::{ask, failed, said, scene, source, values};
use crate::problem::Severity;

fn probe(keys: &str) -> Command {
    let text = format!("{{ command = 'x', {keys} }}");
    parse(ValueDeserializer::parse(&text).unwrap()).unwrap()
}

#[test]
fn a_text_that_begins_with_a_comment_is_called_by_it() {
    let (here, values) = (source(), values());
    let says = |keys: &str| {
        let table = format!("{{ {keys} }}");
        let probe = parse(ValueDeserializer::parse(&table).unwrap()).unwrap();
        probe.says(&scene(&here, &values)).unwrap()
    };
    let script = "command = \"# all of it is there\\ntest -e a && test -e b\"";
    assert_eq!(says(script), "all of it is there");
    assert_eq!(
        says(&format!("{script}, equals = '2'")),
        "all of it is there (says 2)"
    );
    assert_eq!(says("command = '# nothing'"), "`# nothing` works");
}

#[test]
fn output_is_judged_by_what_the_runbook_wants_of_it() {
    let table: &[(&str, &str, Holds)] = &[
        ("", "whatever", Yes),
        ("equals = 'false'", "false\n", Yes),
        ("equals = 'false'", "true\n", No),
        ("contains = 'b'", "abc", Yes),
        ("contains = 'x'", "abc", No),
        ("matches = '^a.c$'", "abc\n", Yes),
        ("matches = '^b'", "abc\n", No),
        ("equals = '{{ROOT}}'", "/var/pryv\n", Yes),
        ("contains = '{{dest.address}}'", "10.0.0.1", No),
        ("equals = '{{NONE}}'", "", CannotSay),
        ("lines = 2", "a\nb\n", Yes),
        ("lines = 0", "", Yes),
        ("lines = 1", "a\nb\n", No),
        ("empty = true", "\n", Yes),
        ("empty = true", "x", No),
        ("empty = false", "x", Yes),
        ("at-least = 3", " 3 \n", Yes),
        ("at-least = 3, at-most = 4", "4.5", No),
        ("at-most = 4", "many", CannotSay),
        ("at-most = 4", "", CannotSay),
        ("at-most = 4", "nan", CannotSay),
    ];
    for (keys, printed, holds) in table {
        let verdict = probe(keys).judged(&said(printed));
        assert_eq!(verdict.holds, *holds, "{keys} of {printed:?}: {verdict:?}");
    }
}

#[test]
fn a_command_that_did_not_work_proves_nothing_by_its_silence() {
    let verdict = probe("empty = true").judged(&failed(1, "cannot connect\n"));
    assert_eq!(verdict.holds, CannotSay);
    assert_eq!(verdict.seen, "exit 1: cannot connect");
    assert_eq!(probe("exit = 1").judged(&failed(1, "")).holds, Yes);
    assert_eq!(probe("").judged(&failed(1, "")).holds, No);
    assert_eq!(probe("").judged(&failed(127, "")).holds, CannotSay);
    assert_eq!(
        probe("exit = 1, empty = true").judged(&failed(1, "")).holds,
        Yes
    );
}

#[test]
fn output_that_was_cut_is_not_compared_as_a_whole() {
    let cut = Reply {
        cut: true,
        ..said("abc")
    };
    assert_eq!(probe("equals = 'abc'").judged(&cut).holds, CannotSay);
    assert_eq!(probe("contains = 'x'").judged(&cut).holds, CannotSay);
    assert_eq!(probe("contains = 'b'").judged(&cut).holds, Yes);
}

#[test]
fn what_was_seen_is_one_harmless_line() {
    let verdict = probe("equals = 'x'").judged(&said("a\n\u{1b}[31m\u{202e}b"));
    assert_eq!(verdict.seen, "a \\u{1b}[31m\\u{202e}b");
}

#[test]
fn the_text_runs_as_it_is_with_the_values_in_its_environment() {
    let text = r#"{ command = 'printf %s "$ROOT"', equals = "/var/pryv" }"#;
    let probe = parse(ValueDeserializer::parse(text).unwrap()).unwrap();
    let (here, values) = (source(), values());
    let Ask::Script(question) = probe.ask(&scene(&here, &values)).unwrap() else {
        panic!("a command is asked of a machine");
    };
    assert_eq!(probe.judged(&ask(&question, &values)).holds, Yes);
}

#[test]
fn a_pattern_that_is_none_is_refused_where_it_stands() {
    for (pattern, why) in [
        ("'('", "unclosed group"),
        ("'a{2,1}'", "invalid repetition count range"),
        ("'(?=x)'", "look-around"),
        ("'*'", "repetition operator missing expression"),
    ] {
        let text = format!("{{ command = 'x', matches = {pattern} }}");
        let error = parse(ValueDeserializer::parse(&text).unwrap()).unwrap_err();
        assert_eq!(&text[error.span().unwrap()], pattern);
        let said = error.message();
        assert!(
            said.starts_with("this is not a regular expression: "),
            "{said}"
        );
        assert!(said.contains(why) && !said.contains('\n'), "{said}");
    }
}

#[test]
fn what_real_programs_print_is_judged() {
    let table: &[(&str, &str, Holds, &str)] = &[
        // wc -l of macOS and BusyBox pads; GNU's names the file.
        ("at-least = 41", "      42\n", Yes, "42"),
        (
            "at-least = 41",
            "42 /etc/passwd\n",
            CannotSay,
            "not a number: 42 /etc/passwd",
        ),
        // redis-cli info replication.
        (
            "contains = 'master_link_status:up', matches = 'slave_repl_offset:[1-9]'",
            "# Replication\r\nrole:slave\r\nmaster_link_status:up\r\nslave_repl_offset:8421\r\n",
            Yes,
            "# Replication role:slave master_link_status:up slave_repl_offset:8421",
        ),
        // psql -At.
        ("at-most = 16777216", "0\n", Yes, "0"),
        ("at-most = 0", "f\n", CannotSay, "not a number: f"),
        (
            "at-most = 0",
            "",
            CannotSay,
            "not a number: nothing printed",
        ),
        // df -h, a locale with thousands, a percentage, several rows.
        ("at-most = 80", "81%\n", CannotSay, "not a number: 81%"),
        ("at-most = 80", "5.2G\n", CannotSay, "not a number: 5.2G"),
        (
            "at-least = 1",
            "312,204\n",
            CannotSay,
            "not a number: 312,204",
        ),
        (
            "at-least = 1",
            "1\n2\n",
            CannotSay,
            "not a number, but 2 lines: 1 2",
        ),
        ("at-least = 1", "1e400\n", CannotSay, "not a number: 1e400"),
        ("at-least = -5, at-most = 1e3", "-4.25\n", Yes, "-4.25"),
        // rs.status().ok, systemctl, nginx.
        ("equals = 'active'", "inactive\n", No, "inactive"),
        (
            "matches = '(?m)^nginx: .* successful$'",
            "nginx: a is ok\nnginx: b is successful\n",
            Yes,
            "nginx: a is ok nginx: b is successful",
        ),
        ("lines = 3", "a\r\nb\r\n\r\n", No, "a b"),
        // Output that is no text.
        (
            "contains = 'ELF'",
            "\u{7f}ELF\u{2}\u{1}\0\0",
            Yes,
            "\\u{7f}ELF\\u{2}\\u{1}\\u{0}\\u{0}",
        ),
        ("empty = true", "\0", No, "\\u{0}"),
    ];
    for (keys, printed, holds, seen) in table {
        let verdict = probe(keys).judged(&said(printed));
        assert_eq!(verdict.holds, *holds, "{keys} of {printed:?}: {verdict:?}");
        assert_eq!(verdict.seen, *seen, "{keys} of {printed:?}");
    }
}

#[test]
fn a_part_of_a_json_document_is_looked_for() {
    let inspect = "json = [{ State = { Running = true } }]";
    let yes = probe(inspect).judged(&said(r#"[{"Id":"1","State":{"Running":true}}]"#));
    assert_eq!(
        yes,
        Verdict::yes("the document has {State: {Running: true}}")
    );
    let no = probe(inspect).judged(&said(r#"[{"Id":"1","State":{"Running":false}}]"#));
    assert_eq!(no, Verdict::no("[0].State.Running is false, not true"));
    let none = probe(inspect).judged(&said("[]"));
    assert_eq!(none.holds, No, "{none:?}");
    let broken = probe(inspect).judged(&said("[{"));
    assert_eq!(broken.holds, CannotSay);
    let failed = probe(inspect).judged(&failed(1, "no such object"));
    assert_eq!(failed, Verdict::cannot_say("exit 1: no such object"));
    let cut = Reply {
        cut: true,
        ..said("[]")
    };
    assert_eq!(probe(inspect).judged(&cut).holds, CannotSay);
    let both = "json = { a = 1 }, contains = 'x'";
    assert_eq!(probe(both).judged(&said(r#"{"a":1}"#)).holds, No);
}

#[test]
fn silence_counts_only_after_the_control_has_spoken() {
    let asked = |command: &str, control: &str, keys: &str| {
        let table = format!("{{ command = {command:?}, control = {control:?}, {keys} }}");
        let probe = parse(ValueDeserializer::parse(&table).unwrap()).unwrap();
        let (here, values) = (source(), values());
        let Ask::Script(question) = probe.ask(&scene(&here, &values)).unwrap() else {
            panic!("a command is asked of a machine");
        };
        probe.judged(&ask(&question, &values))
    };
    let empty = "empty = true";
    let mute = Verdict::cannot_say("its control printed nothing, so silence proves nothing");
    for shell in ["", ", shell = 'bash'"] {
        let keys = format!("{empty}{shell}");
        assert_eq!(asked("true", "echo x", &keys).holds, Yes);
        assert_eq!(asked("echo y", "echo x", &keys).holds, No);
        assert_eq!(asked("true", "true", &keys), mute);
        assert_eq!(asked("true", "echo; echo ' '", &keys), mute);
        assert_eq!(asked("true", "ls /no/such/folder", &keys), mute);
        assert_eq!(
            asked("true", "if", &keys),
            mute,
            "a control that is no shell text"
        );
        // A control that never ends by itself ends with its first line.
        assert_eq!(asked("true", "yes", &keys).holds, Yes);
        // What it sets stays its own; the values of the run reach both.
        assert_eq!(
            asked("printf %s \"$x\"", "x=1; echo \"$ROOT\"", &keys).holds,
            Yes
        );
        assert_eq!(
            asked("printf %s \"${RUNSHEET_CONTROL:-}\"", "echo x", &keys).holds,
            Yes
        );
    }
    // A command's own 125 is not taken for the control's.
    assert_eq!(
        asked("exit 125", "echo x", "exit = 125, empty = true").holds,
        Yes
    );
    assert_eq!(asked("exit 125", "true", "exit = 125, empty = true"), mute);
}

#[test]
fn silence_without_a_control_and_bounds_that_cross_are_remarked() {
    let remarks = |keys: &str| {
        let text = format!("{{ command = 'x', {keys} }}");
        let probe = parse(ValueDeserializer::parse(&text).unwrap()).unwrap();
        let remarks = probe.remarks().into_iter();
        let told = remarks.map(|r| (r.severity, text[r.span].to_owned()));
        told.collect::<Vec<_>>()
    };
    let silent = vec![(Severity::Warning, "'x'".to_owned())];
    for keys in ["empty = true", "lines = 0", "equals = ''", "equals = ' '"] {
        assert_eq!(remarks(keys), silent, "{keys}");
        assert_eq!(remarks(&format!("{keys}, control = 'y'")), []);
    }
    for keys in [
        "empty = false",
        "lines = 1",
        "equals = 'a'",
        "at-most = 0",
        "contains = ''",
    ] {
        assert_eq!(remarks(keys), [], "{keys}");
    }
    let crossed = remarks("at-least = 5, at-most = 3");
    assert_eq!(crossed, [(Severity::Error, "3".to_owned())]);
    assert_eq!(
        remarks("at-least = nan"),
        [(Severity::Error, "nan".to_owned())]
    );
}

#[test]
fn the_number_that_is_watched_is_read_out_of_an_answer() {
    let lag = probe("at-most = 0");
    assert_eq!(lag.number(&said(" 12\n")), Ok(12.0));
    assert_eq!(
        lag.number(&said("many")),
        Err("not a number: many".to_owned())
    );
    assert_eq!(
        lag.number(&failed(1, "gone")),
        Err("exit 1: gone".to_owned())
    );
    assert_eq!(
        lag.aim(),
        Some(Aim {
            least: None,
            most: Some(0.0)
        })
    );
}

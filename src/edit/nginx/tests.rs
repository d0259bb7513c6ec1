use proptest::prelude::*;

use super::*;

const SITE: &str = include_str!("../../../tests/edit/site-443.conf");

fn edit(upstreams: &[&str], scheme: Option<Scheme>) -> UpstreamEdit {
    UpstreamEdit {
        upstreams: upstreams.iter().map(|it| (*it).to_owned()).collect(),
        servers: vec!["10.77.0.12:443".to_owned()],
        scheme,
        trusted_includes: Vec::new(),
    }
}

fn all_five() -> UpstreamEdit {
    edit(
        &[
            "core_server",
            "websocket_server",
            "hfs_server",
            "preview_server",
            "mfa_server",
        ],
        Some(Scheme::Https),
    )
}

/// The way back that the comments promise: new lines out, marks off.
fn by_hand(edited: &str, new: &[&str]) -> String {
    edited
        .split_inclusive('\n')
        .filter(|line| line.contains(MARK) || !new.iter().any(|it| line.contains(it)))
        .map(|line| line.replacen(MARK, "", 1))
        .collect()
}

/// The name and the raw arguments of each directive, by the other parser.
fn lint(text: &str) -> Vec<(String, Vec<&str>)> {
    nginx_lint_parser::parse_string(text)
        .unwrap()
        .all_directives()
        .map(|it| {
            let raw = it
                .args
                .iter()
                .map(|arg| &text[arg.span.start.offset..arg.span.end.offset]);
            (it.name.clone(), raw.collect())
        })
        .collect()
}

fn ours(text: &str) -> Vec<(String, Vec<&str>)> {
    lex::read(text)
        .unwrap()
        .iter()
        .map(|it| {
            let raw = it.args().iter().map(|arg| &text[arg.span.clone()]);
            (it.name().to_owned(), raw.collect())
        })
        .collect()
}

#[test]
fn the_procedure_s_own_file_is_pointed_at_the_new_core() {
    let edited = rewrite(SITE, &all_five()).unwrap();
    insta::assert_snapshot!(
        super::super::diff::Diff::new("site-443.conf", SITE, "site-443.conf", &edited).to_unified()
    );
    let again = rewrite(&edited, &all_five()).unwrap_err();
    assert!(again.is_unchanged(), "{again}");
}

#[test]
fn taking_the_marks_off_is_the_way_back() {
    let edited = rewrite(SITE, &all_five()).unwrap();
    let back = by_hand(&edited, &["10.77.0.12", "https://"]);
    // The new line of the one directive that has two lines begins like its old one.
    assert_eq!(
        back.replace("core_server;\n    proxy_pass\n", "core_server;\n"),
        SITE
    );
}

#[test]
fn another_parser_reads_the_same_directives() {
    let edited = rewrite(SITE, &all_five()).unwrap();
    for text in [SITE, &edited] {
        assert_eq!(ours(text), lint(text));
    }
    let servers = lint(&edited)
        .iter()
        .filter(|(name, args)| name == "server" && !args.is_empty())
        .count();
    assert_eq!(servers, 5);
}

#[test]
fn nginx_itself_accepts_the_result() {
    let found = std::process::Command::new("nginx").arg("-v").output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: no nginx here, its own opinion was not asked");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    // Only what needs a certificate, a name to resolve, or a log folder is taken out.
    let edited = rewrite(SITE, &all_five()).unwrap();
    let edited = edited
        .replace("443 ssl", "18443")
        .replace("/app/log/access.log", "off");
    std::fs::write(at("site.conf"), edited).unwrap();
    std::fs::write(at("mime.types"), "types { text/html html; }\n").unwrap();
    std::fs::write(
        at("nginx.conf"),
        format!(
            "pid {0}/pid;\nevents {{}}\nhttp {{\n  include {0}/site.conf;\n}}\n",
            dir.path().display()
        ),
    )
    .unwrap();
    let output = std::process::Command::new("nginx")
        .args(["-t", "-e", "stderr", "-c"])
        .arg(at("nginx.conf"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn layouts_are_kept_as_they_are() {
    let core = |scheme| edit(&["a"], scheme);
    for (before, scheme, after) in [
        (
            "upstream a { server x:1; }",
            None,
            "upstream a {\n  #runsheet# server x:1;\n  server 10.77.0.12:443;\n}",
        ),
        (
            "\tupstream a {\r\n\t\tserver x:1; # main\r\n\t\t# a note\r\n\t}\r\nuser y;",
            None,
            "\tupstream a {\r\n\t\t#runsheet# server x:1; # main\r\n\t\tserver 10.77.0.12:443;\r\n\t\t# a note\r\n\t}\r\nuser y;",
        ),
        (
            "upstream a {\n    server\n      x:1\n      # heavy\n      weight=5; server y:1;\n  }\n",
            None,
            "upstream a {\n    #runsheet# server\n      #runsheet# x:1\n      #runsheet# # heavy\n      #runsheet# weight=5; server y:1;\n    server 10.77.0.12:443;\n  }\n",
        ),
        (
            "upstream a {}\n",
            None,
            "upstream a {\n  server 10.77.0.12:443;\n}\n",
        ),
        (
            "upstream a {\nserver 10.77.0.12:443;\n}\nlocation /{proxy_pass 'HTTP://A/x?y';}",
            Some(Scheme::Https),
            "upstream a {\nserver 10.77.0.12:443;\n}\n#runsheet# location /{proxy_pass 'HTTP://A/x?y';}\nlocation /{proxy_pass 'https://A/x?y';}",
        ),
    ] {
        assert_eq!(rewrite(before, &core(scheme)).unwrap(), after);
    }
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    let pass = "upstream a{server x;}\n";
    let https = Some(Scheme::Https);
    for (text, scheme, reason, line, word) in [
        (
            "upstream b{server x;}",
            None,
            Reason::Missing,
            0,
            "no upstream `a`",
        ),
        (
            "upstream a{server x;}\nupstream A{server x;}",
            None,
            Reason::Ambiguous,
            2,
            "twice",
        ),
        (
            "upstream a{\ninclude x;}",
            None,
            Reason::Unsupported,
            2,
            "include",
        ),
        (
            "upstream a {\n server x;\n",
            None,
            Reason::Malformed,
            1,
            "never closed",
        ),
        (
            "upstream a {}\n}",
            None,
            Reason::Malformed,
            2,
            "unexpected `}`",
        ),
        (
            "upstream a {\n server x }",
            None,
            Reason::Malformed,
            2,
            "unexpected `}`",
        ),
        (
            "upstream a {\n server \"x; }",
            None,
            Reason::Malformed,
            2,
            "quote",
        ),
        (
            "upstream a {\n server \"x\"y; }",
            None,
            Reason::Malformed,
            2,
            "unexpected `y`",
        ),
        (
            "upstream a {}\n server x",
            None,
            Reason::Malformed,
            2,
            "does not end",
        ),
        (";", None, Reason::Malformed, 1, "unexpected `;`"),
        ("a\0b;", None, Reason::Malformed, 1, "NUL"),
        ("x_by_lua_block { }", None, Reason::Unsupported, 1, "Lua"),
        ("", https, Reason::Missing, 0, "no proxy_pass"),
        (
            "include other.conf;",
            https,
            Reason::Unsupported,
            2,
            "`other.conf`",
        ),
        (
            "proxy_pass http://a$tail;",
            https,
            Reason::Unsupported,
            2,
            "variable",
        ),
        (
            "proxy_pass $s://a;",
            https,
            Reason::Unsupported,
            2,
            "variable",
        ),
        ("set $x http://a;", https, Reason::Unsupported, 2, "`set`"),
        (
            "grpc_pass grpc://a;",
            https,
            Reason::Unsupported,
            2,
            "`grpc_pass`",
        ),
        (
            "map $x $y { default a; }",
            https,
            Reason::Unsupported,
            2,
            "`default`",
        ),
        (
            "set $x 'y\nz'; proxy_pass http://a;",
            https,
            Reason::Unsupported,
            2,
            "quoted",
        ),
    ] {
        let text = match scheme {
            Some(_) => format!("{pass}{text}"),
            None => text.to_owned(),
        };
        let error = rewrite(&text, &edit(&["a"], scheme)).unwrap_err();
        assert_eq!(error.reason(), reason, "{text}: {error}");
        assert_eq!(
            error.place().map_or(0, |it| it.line),
            line,
            "{text}: {error}"
        );
        assert!(error.to_string().contains(word), "{text}: {error}");
    }
}

#[test]
fn a_result_that_changes_more_than_the_edit_is_refused() {
    let meant = lex::read("a { b c; }\nd;").unwrap();
    assert_eq!(check::only_intended("a{b c;}# e\nd;", &meant), Ok(()));
    for wrong in [
        "a { b c; }",
        "a { b; }\nd;",
        "a { b c; d; }",
        "a { b c; }\nd {}",
        "a { b c; }\nd",
    ] {
        let error = check::only_intended(wrong, &meant).unwrap_err();
        assert_eq!(error.reason(), Reason::Drift, "{wrong}");
    }
}

#[test]
fn an_include_is_refused_until_somebody_vouches_for_it() {
    let text = "upstream a{server x;}\ninclude /etc/nginx/mime.types;\ninclude tls.conf;\nproxy_pass http://a;\n";
    let mut edit = edit(&["a"], Some(Scheme::Https));
    assert_eq!(
        rewrite(text, &edit).unwrap_err().place().map(|it| it.line),
        Some(3)
    );
    edit.trusted_includes.push("tls.conf".to_owned());
    assert!(
        rewrite(text, &edit)
            .unwrap()
            .contains("\nproxy_pass https://a;")
    );
}

#[test]
fn servers_and_names_with_odd_characters_are_refused() {
    for server in [
        "", "x;", "x y", "x:", "x:0", "x:65536", "x:1:2", "-x", "$x", "x}", "unix:/x", "[::1",
        "[x]:1", "[::1]x", "x\n", "é",
    ] {
        let mut edit = edit(&["core_server"], None);
        edit.servers = vec![server.to_owned()];
        assert_eq!(
            rewrite(SITE, &edit).unwrap_err().reason(),
            Reason::Request,
            "{server:?}"
        );
    }
    for server in [
        "10.0.0.1",
        "core-2.example.com:3000",
        "[::1]:443",
        "[2001:db8::1]",
    ] {
        let mut edit = edit(&["core_server"], None);
        edit.servers = vec![server.to_owned()];
        assert!(rewrite(SITE, &edit).is_ok(), "{server:?}");
    }
    for upstreams in [vec![], vec!["a b"], vec!["a", "A"], vec!["-a"]] {
        let error = rewrite(SITE, &edit(&upstreams, None)).unwrap_err();
        assert_eq!(error.reason(), Reason::Request, "{upstreams:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_edited_or_refused_and_never_a_panic(
        parts in proptest::collection::vec(prop_oneof![
            Just("upstream a {"), Just("server x;"), Just("}"), Just("\n"), Just(" "), Just("\r\n"),
            Just("# c"), Just("\""), Just("'"), Just("\\"), Just("${"), Just("é"), Just(";"),
            Just("proxy_pass http://a;"), Just("location / {"), Just("\t"),
        ], 0..14),
    ) {
        let text = parts.concat();
        for scheme in [None, Some(Scheme::Https)] {
            match rewrite(&text, &edit(&["a"], scheme)) {
                Ok(edited) => {
                    prop_assert!(edited.contains("server 10.77.0.12:443;"));
                    let again = rewrite(&edited, &edit(&["a"], scheme)).unwrap_err();
                    prop_assert!(again.is_unchanged(), "{again}");
                }
                Err(error) => prop_assert_ne!(error.reason(), Reason::Drift, "{}", error),
            }
        }
    }
}

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::probe::Holds::{self, CannotSay, No, Yes};
use crate::probe::testing::Judged as _;
use crate::probe::testing::{ask, failed, said, scene, source, values};

fn probe(keys: &str) -> Http {
    let text = format!("{{ http = 'https://h/', {keys} }}");
    parse(ValueDeserializer::parse(&text).unwrap()).unwrap()
}

#[test]
fn an_answer_is_judged_by_status_and_content() {
    let ok = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/2 200 \r\nA: b\r\n\r\nhello";
    let gone = "HTTP/1.1 502 Bad Gateway\r\n\r\nHTTP/1.1 200 OK";
    assert_eq!(probe("").judged(&said(ok)).holds, Yes);
    assert_eq!(probe("contains = 'ell'").judged(&said(ok)).holds, Yes);
    assert_eq!(probe("contains = 'A: b'").judged(&said(ok)).holds, No);
    assert_eq!(probe("status = 204").judged(&said(ok)).holds, No);
    assert_eq!(probe("").judged(&said(gone)).holds, No);
    assert_eq!(probe("status = 502").judged(&said(gone)).holds, Yes);
    assert_eq!(probe("fails = true").judged(&said(gone)).holds, No);
    assert_eq!(probe("").judged(&said("220 smtp")).holds, CannotSay);
}

#[test]
fn only_a_curl_that_ran_and_was_turned_away_proves_that_nobody_answers() {
    let fails = probe("fails = true");
    for code in [7, 28, 35, 52, 56] {
        assert_eq!(fails.judged(&failed(code, "")).holds, Yes, "{code}");
        assert_eq!(probe("").judged(&failed(code, "")).holds, No, "{code}");
    }
    for code in [2, 3, 6, 77, 127, 137] {
        assert_eq!(fails.judged(&failed(code, "")).holds, CannotSay, "{code}");
    }
    assert_eq!(fails.judged(&failed(60, "")).holds, No);
}

#[test]
fn a_url_must_be_one_and_cannot_be_a_file() {
    let (here, values) = (source(), values());
    for bad in ["file:///etc/passwd", "-o/x", "https://", "h/", "gopher://h"] {
        let text = format!("{{ http = '{bad}' }}");
        let probe = parse(ValueDeserializer::parse(&text).unwrap()).unwrap();
        assert!(probe.ask(&scene(&here, &values)).is_err(), "{bad}");
    }
    let header = "{ http = 'http://h', headers = { '@/etc/passwd' = 'x' } }";
    assert!(parse(ValueDeserializer::parse(header).unwrap()).is_err());
}

#[test]
fn a_real_server_is_asked_with_headers_that_arrive_as_they_were_written() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        let body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
        stream.write_all(body).unwrap();
        String::from_utf8(request).unwrap()
    });
    let text = format!(
        "{{ http = 'http://127.0.0.1:{port}/a[1]{{b}}$(touch${{IFS}}owned)', contains = 'hi', \
         headers = {{ X-Test = \"it's $HOME `touch owned`\" }} }}"
    );
    let probe = parse(ValueDeserializer::parse(&text).unwrap()).unwrap();
    let (here, values) = (source(), values());
    let Ask::Script(question) = probe.ask(&scene(&here, &values)).unwrap() else {
        panic!("a URL is asked of a machine");
    };
    let verdict = probe.judged(&ask(&question, &values));
    assert_eq!(verdict.holds, Yes, "{verdict:?}");
    let request = server.join().unwrap();
    assert!(
        request.contains("X-Test: it's $HOME `touch owned`\r\n"),
        "{request}"
    );
    // The server is gone now, so the same question finds nobody.
    let gone = probe.judged(&ask(&question, &values));
    assert_eq!(gone.holds, No, "{gone:?}");
}

#[test]
fn headers_and_json_of_an_answer_are_looked_at() {
    let answer = "HTTP/1.1 100 Continue\r\nLocation: /interim\r\n\r\nHTTP/2 200 \r\ncontent-type: application/json; charset=utf-8\r\n\
                  Set-Cookie: a=1\r\nset-cookie: b=2\r\nX-Empty:\r\n\r\n{\"status\":\"pass\",\"checks\":[{\"n\":1}]}";
    let table: &[(&str, Holds, &str)] = &[
        (
            "has-headers = { Content-Type = 'application/json' }",
            Yes,
            "answers 200",
        ),
        ("has-headers = { Set-Cookie = 'b=2' }", Yes, "answers 200"),
        ("has-headers = { X-Empty = '' }", Yes, "answers 200"),
        (
            "has-headers = { Set-Cookie = 'c' }",
            No,
            "answers 200 with Set-Cookie: a=1, b=2",
        ),
        (
            "has-headers = { Location = '' }",
            No,
            "answers 200 without the header Location",
        ),
        ("has-headers = { '{\"status\"' = 'pass' }", CannotSay, ""),
        (
            "json = { status = 'pass', checks = [{ n = 1 }] }",
            Yes,
            "answers 200, checks has {n: 1} and status is \"pass\"",
        ),
        (
            "json = { status = 'fail' }",
            No,
            "answers 200, status is \"pass\", not \"fail\"",
        ),
        (
            "json = { status = 'pass' }, contains = 'checks'",
            Yes,
            "answers 200 with it, status is \"pass\"",
        ),
    ];
    for (keys, holds, seen) in table {
        let text = format!("{{ http = 'https://h/', {keys} }}");
        let Ok(probe) = parse(ValueDeserializer::parse(&text).unwrap()) else {
            assert_eq!(*holds, CannotSay, "{keys} is no probe");
            continue;
        };
        let verdict = probe.judged(&said(answer));
        assert_eq!(
            (verdict.holds, verdict.seen.as_str()),
            (*holds, *seen),
            "{keys}"
        );
    }
    let html = probe("json = { a = 1 }").judged(&said("HTTP/1.1 200 OK\r\n\r\n<html>"));
    assert_eq!(html.holds, CannotSay);
    assert!(html.seen.starts_with("answers 200, not JSON"), "{html:?}");
    // A body cannot pretend to be a header, and a header cannot pretend to be the body.
    let forged = "HTTP/1.1 200 OK\r\nA: {\"a\":1}\r\n\r\nLocation: x";
    assert_eq!(
        probe("has-headers = { Location = 'x' }")
            .judged(&said(forged))
            .holds,
        No
    );
    assert_eq!(
        probe("json = { a = 1 }").judged(&said(forged)).holds,
        CannotSay
    );
    let cut = Reply {
        cut: true,
        ..said("HTTP/1.1 200 OK\r\n\r\n{}")
    };
    assert_eq!(probe("json = {}").judged(&cut).holds, CannotSay);
}

#[test]
fn a_probe_that_wants_no_answer_and_looks_at_it_is_remarked() {
    for keys in [
        "status = 500",
        "contains = 'x'",
        "json = {}",
        "has-headers = { A = '' }",
    ] {
        assert!(probe(keys).remarks().is_empty(), "{keys}");
        let both = probe(&format!("fails = true, {keys}"));
        assert_eq!(both.remarks().len(), 1, "{keys}");
    }
}

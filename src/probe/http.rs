//! Whether a URL answers, and how.
//!
//! ```toml
//! verify = [
//!   { http = "https://{{dest.address}}/reg/service/infos", ca = "{{ROOT}}/ca.pem", contains = "serial" },
//!   { http = "https://core1.example/", resolve = "core1.example:443:{{dest.address}}", status = 401,
//!     headers = { Origin = "https://example" } },
//!   { http = "https://{{source.address}}/", fails = true },
//! ]
//! ```
//!
//! Asked with curl, from the bastion where the runbook does not say `on`. Redirections are answers and
//! are not followed, proxies are not used, and nobody's `.curlrc` is read.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Ask, Mentions, Place, Probe, ProbeKind, Question, Reply, Scene, Shell, Verdict};
use super::{complaint, one_line};
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: ProbeKind = ProbeKind {
    name: "http",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<Http, toml::de::Error> {
    Http::deserialize(value)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Http {
    http: Spanned<Template>,
    /// Any of 200 to 299 where it is not given.
    status: Option<Status>,
    contains: Option<Spanned<Template>>,
    /// Whether it must not answer at all.
    #[serde(default)]
    fails: bool,
    /// A file of certificates to trust, on the machine that asks.
    ca: Option<Spanned<Template>>,
    #[serde(default)]
    insecure: bool,
    /// `host:port:address`, as curl takes it.
    resolve: Option<Spanned<Template>>,
    #[serde(default)]
    headers: BTreeMap<HeaderName, Spanned<Template>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
struct Status(u16);

impl TryFrom<u16> for Status {
    type Error = &'static str;
    fn try_from(code: u16) -> Result<Self, Self::Error> {
        match code {
            200..=599 => Ok(Self(code)),
            _ => Err("a status is from 200 to 599"),
        }
    }
}

/// A field name, after RFC 9110 section 5.1; so it cannot be `@file`, which curl would read.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct HeaderName(String);

impl TryFrom<String> for HeaderName {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if !text.is_empty() && text.chars().all(fits) {
            Ok(Self(text))
        } else {
            Err("this is not the name of a header")
        }
    }
}

/// `-i` puts the status line before the body, so that a body cannot pretend to be one, and a body that
/// is too long to keep still leaves the status. `--url` takes its argument whatever it starts with.
const TEXT: &str = r#"
command -v curl >/dev/null 2>&1 || { echo 'curl is not there' >&2; exit 127; }
set -- -q -s -S -i -g --noproxy '*' --proto '=http,https' --connect-timeout 5 --max-time 15
[ -z "$RUNSHEET_CA" ] || set -- "$@" --cacert "$RUNSHEET_CA"
[ -z "$RUNSHEET_RESOLVE" ] || set -- "$@" --resolve "$RUNSHEET_RESOLVE"
[ "$RUNSHEET_INSECURE" = no ] || set -- "$@" --insecure
n=1
while [ "$n" -le "$RUNSHEET_HEADERS" ]; do
    eval "set -- \"\$@\" -H \"\$RUNSHEET_HEADER_$n\""
    n=$((n + 1))
done
curl "$@" --url "$RUNSHEET_URL" </dev/null
"#;

impl Http {
    fn url(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let url = self.http.get_ref().fill(scene.values)?;
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        match rest {
            Some(rest) if !rest.is_empty() => Ok(url),
            _ => Err(TemplateError::Unsafe {
                name: one_line(url.as_bytes()),
                why: "is not a URL that begins with https:// or http://",
            }),
        }
    }

    fn judge_answer(&self, scene: &Scene<'_>, reply: &Reply) -> Verdict {
        let Some((status, body)) = answer(&reply.stdout) else {
            let seen = one_line(&reply.stdout);
            return Verdict::cannot_say(format!("not an answer in HTTP: {seen}"));
        };
        if self.fails {
            return Verdict::no(format!("answers {status}"));
        }
        let right = match self.status {
            Some(Status(wanted)) => status == wanted,
            None => (200..300).contains(&status),
        };
        if !right {
            return Verdict::no(format!("answers {status}: {}", one_line(body)));
        }
        let Some(wanted) = &self.contains else {
            return Verdict::yes(format!("answers {status}"));
        };
        let wanted = match wanted.get_ref().fill(scene.values) {
            Ok(wanted) => wanted,
            Err(error) => return Verdict::cannot_say(error.to_string()),
        };
        if String::from_utf8_lossy(body).contains(&wanted) {
            Verdict::yes(format!("answers {status} with it"))
        } else if reply.cut {
            Verdict::cannot_say(format!("answers {status}, too long to look through"))
        } else {
            Verdict::no(format!("answers {status} without it: {}", one_line(body)))
        }
    }
}

/// The status and the body of what `curl -i` printed, after any interim (1xx) answers.
fn answer(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let mut rest = bytes;
    loop {
        let line = rest.split(|byte| *byte == b'\n').next()?;
        let line = std::str::from_utf8(line).ok()?;
        let mut parts = line.strip_prefix("HTTP/")?.split_ascii_whitespace();
        let status: u16 = parts.nth(1)?.parse().ok()?;
        let end = |mark: &[u8]| {
            rest.windows(mark.len())
                .position(|window| window == mark)
                .map(|at| at + mark.len())
        };
        let body = match (end(b"\r\n\r\n"), end(b"\n\n")) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b).unwrap_or(rest.len()),
        };
        rest = &rest[body..];
        if status >= 200 {
            return Some((status, rest));
        }
    }
}

impl Probe for Http {
    fn kind(&self) -> &'static str {
        "http"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let url = self.url(scene)?;
        if self.fails {
            return Ok(format!("{url} does not answer"));
        }
        let mut says = match self.status {
            Some(Status(code)) => format!("{url} answers {code}"),
            None => format!("{url} answers 2xx"),
        };
        if let Some(text) = &self.contains {
            let text = text.get_ref().fill(scene.values)?;
            says.push_str(&format!(" with {}", one_line(text.as_bytes())));
        }
        Ok(says)
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        let fill = |template: &Option<Spanned<Template>>| match template {
            Some(template) => template.get_ref().fill(scene.values),
            None => Ok(String::new()),
        };
        let insecure = if self.insecure { "yes" } else { "no" };
        let mut env = vec![
            ("RUNSHEET_URL".to_owned(), self.url(scene)?),
            ("RUNSHEET_CA".to_owned(), fill(&self.ca)?),
            ("RUNSHEET_RESOLVE".to_owned(), fill(&self.resolve)?),
            ("RUNSHEET_INSECURE".to_owned(), insecure.to_owned()),
            (
                "RUNSHEET_HEADERS".to_owned(),
                self.headers.len().to_string(),
            ),
        ];
        for (number, (name, value)) in self.headers.iter().enumerate() {
            let value = value.get_ref().fill(scene.values)?;
            if value.contains(['\r', '\n', '\0']) {
                return Err(TemplateError::Unsafe {
                    name: name.0.clone(),
                    why: "has a line end in it, and a header is one line",
                });
            }
            let header = format!("{}: {value}", name.0);
            env.push((format!("RUNSHEET_HEADER_{}", number + 1), header));
        }
        Ok(Ask::Script(Question {
            at: scene.here.clone(),
            shell: Shell::Sh,
            text: TEXT.to_owned(),
            env,
        }))
    }

    fn judge(&self, scene: &Scene<'_>, reply: &Reply) -> Verdict {
        // After curl(1), EXIT CODES. Not among those that count as no answer: 6, a name that does not
        // resolve, which is as likely a mistake in the name; and 60, a certificate that is not
        // trusted, which somebody sent.
        match reply.code {
            0 => self.judge_answer(scene, reply),
            7 => Verdict::when(self.fails, "refuses connections"),
            28 => Verdict::when(self.fails, "does not answer in time"),
            35 => Verdict::when(self.fails, "fails in the TLS handshake"),
            52 => Verdict::when(self.fails, "answers with nothing"),
            55 | 56 => Verdict::when(self.fails, "breaks the connection"),
            51 | 60 => Verdict::no(format!(
                "its certificate is not trusted: {}",
                complaint(reply)
            )),
            _ => Verdict::cannot_say(complaint(reply)),
        }
    }

    fn usual_place(&self) -> Place {
        Place::Bastion
    }

    fn mentions(&self) -> Mentions<'_> {
        let mut templates = vec![&self.http];
        templates.extend(&self.contains);
        templates.extend(&self.ca);
        templates.extend(&self.resolve);
        templates.extend(self.headers.values());
        Mentions {
            templates,
            ..Mentions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;
    use crate::probe::Holds::{CannotSay, No, Yes};
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
}

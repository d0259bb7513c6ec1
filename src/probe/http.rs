//! Whether a URL answers, and how.
//!
//! ```toml
//! verify = [
//!   { http = "https://{{dest.address}}/reg/service/infos", ca = "{{ROOT}}/ca.pem", contains = "serial" },
//!   { http = "https://core1.example/", resolve = "core1.example:443:{{dest.address}}", status = 401,
//!     headers = { Origin = "https://example" } },
//!   { http = "https://{{source.address}}/", fails = true },
//!   { http = "http://{{dest.address}}:8086/health", json = { status = "pass" } },
//!   { http = "http://core1.example/", status = 301, has-headers = { Location = "https://core1.example/" } },
//! ]
//! ```
//!
//! Asked with curl, from the bastion where the runbook does not say `on`. Redirections are answers and
//! are not followed, proxies are not used, and nobody's `.curlrc` is read.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::json::{self, Part};
use super::{
    Ask, Mentions, Place, Probe, ProbeKind, Question, Remark, Reply, Scene, Shell, Verdict,
};
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
    /// Headers that the answer must have, each with a text that must be in its value.
    #[serde(default)]
    has_headers: BTreeMap<HeaderName, Spanned<Template>>,
    /// A part that the JSON document in the answer's body must have.
    json: Option<Part>,
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
        let Some(answer) = answer(&reply.stdout) else {
            let seen = one_line(&reply.stdout);
            return Verdict::cannot_say(format!("not an answer in HTTP: {seen}"));
        };
        let (status, body) = (answer.status, answer.body);
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
        self.judge_content(scene, &answer, reply.cut)
            .unwrap_or_else(|error| Verdict::cannot_say(error.to_string()))
    }

    /// Judges headers and body of an answer with the right status.
    fn judge_content(
        &self,
        scene: &Scene<'_>,
        answer: &Answer<'_>,
        cut: bool,
    ) -> Result<Verdict, TemplateError> {
        let (status, body) = (answer.status, answer.body);
        for (HeaderName(name), wanted) in &self.has_headers {
            let wanted = wanted.get_ref().fill(scene.values)?;
            let found: Vec<String> = answer.header(name).collect();
            if !found.iter().any(|value| value.contains(&wanted)) {
                let seen = match found.is_empty() {
                    true => format!("answers {status} without the header {name}"),
                    false => {
                        let values = one_line(found.join(", ").as_bytes());
                        format!("answers {status} with {name}: {values}")
                    }
                };
                return Ok(Verdict::no(seen));
            }
        }
        let mut seen = format!("answers {status}");
        if let Some(wanted) = &self.contains {
            let wanted = wanted.get_ref().fill(scene.values)?;
            if !String::from_utf8_lossy(body).contains(&wanted) {
                return Ok(if cut {
                    Verdict::cannot_say(format!("answers {status}, too long to look through"))
                } else {
                    Verdict::no(format!("answers {status} without it: {}", one_line(body)))
                });
            }
            seen.push_str(" with it");
        }
        if let Some(part) = &self.json {
            if cut {
                return Ok(Verdict::cannot_say(format!(
                    "answers {status}, too long to read"
                )));
            }
            let document = match json::document(body) {
                Ok(document) => document,
                Err(why) => return Ok(Verdict::cannot_say(format!("answers {status}, {why}"))),
            };
            if let Some(difference) = part.differs(&document, scene.values)? {
                return Ok(Verdict::no(format!("answers {status}, {difference}")));
            }
            seen.push_str(&format!(", {}", part.says(scene.values)?));
        }
        Ok(Verdict::yes(seen))
    }
}

/// What came over the wire, taken apart.
struct Answer<'a> {
    status: u16,
    /// The header lines, without the status line.
    head: &'a [u8],
    body: &'a [u8],
}

impl Answer<'_> {
    /// The values of the headers of a name, whichever case it is written in.
    fn header(&self, name: &str) -> impl Iterator<Item = String> {
        self.head
            .split(|byte| *byte == b'\n')
            .filter_map(move |line| {
                let line = String::from_utf8_lossy(line);
                let (found, value) = line.split_once(':')?;
                found
                    .eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_owned())
            })
    }
}

/// The answer that `curl -i` printed, after any interim (1xx) answers.
fn answer(bytes: &[u8]) -> Option<Answer<'_>> {
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
        let (head, after) = rest.split_at(body);
        if status >= 200 {
            let lines = head.iter().position(|byte| *byte == b'\n');
            return Some(Answer {
                status,
                head: lines.map_or(&[], |end| &head[end + 1..]),
                body: after,
            });
        }
        rest = after;
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
        for (HeaderName(name), text) in &self.has_headers {
            let text = text.get_ref().fill(scene.values)?;
            says.push_str(&format!(" and {name}: {}", one_line(text.as_bytes())));
        }
        if let Some(part) = &self.json {
            says.push_str(&format!(" and JSON where {}", part.says(scene.values)?));
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

    fn programs(&self) -> &'static [&'static str] {
        &["curl"]
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
        templates.extend(self.has_headers.values());
        templates.extend(self.json.iter().flat_map(|part| &part.templates));
        Mentions {
            templates,
            ..Mentions::default()
        }
    }

    fn remarks(&self) -> Vec<Remark> {
        let asks_more = self.status.is_some()
            || self.contains.is_some()
            || self.json.is_some()
            || !self.has_headers.is_empty();
        let both = (self.fails && asks_more).then(|| {
            Remark::error(
                self.http.span(),
                "this probe wants no answer and looks at the answer",
                "make two probes of it, or leave `fails` out",
            )
        });
        both.into_iter().collect()
    }
}

#[cfg(test)]
mod tests;

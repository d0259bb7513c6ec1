//! Whether a file is there, and what it is like.
//!
//! ```toml
//! verify = [
//!   { file = "{{ROOT}}/backup", exists = true },
//!   { file = "/etc/nginx/site.conf", mode = "0644", owner = "root", contains = "upstream core" },
//!   { file = "/root/dump.tgz", size-at-least = 1024, sha256 = "e3b0c442…" },
//! ]
//! ```

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Ask, Mentions, Probe, ProbeKind, Question, Remark, Reply, Scene, Shell, Verdict};
use super::{complaint, one_line};
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: ProbeKind = ProbeKind {
    name: "file",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<File, toml::de::Error> {
    File::deserialize(value)
}

/// Everything that is given must hold. A link is followed, and told.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    file: Spanned<Template>,
    /// Where false, nothing may be there, not even a link that leads nowhere.
    #[serde(default = "yes")]
    exists: bool,
    sha256: Option<Digest>,
    mode: Option<Mode>,
    owner: Option<String>,
    /// `grep -F` takes each line of a pattern as a pattern of its own, so it is one line.
    contains: Option<Spanned<Template>>,
    size_at_least: Option<u64>,
}

/// Why a text cannot be looked for in a file.
const NOT_ONE_LINE: &str = "is not one line with something on it";

fn is_one_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(['\n', '\0'])
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Digest(String);

impl TryFrom<String> for Digest {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err("a SHA-256 digest is 64 hexadecimal digits")
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Mode(u32);

impl TryFrom<String> for Mode {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        match u32::from_str_radix(&text, 8) {
            Ok(mode) if mode <= 0o7777 => Ok(Self(mode)),
            _ => Err("a mode is written in octal, such as \"0640\""),
        }
    }
}

/// Prints one fact a line. Whatever cannot be found out ends it with a code and the reason.
const TEXT: &str = r#"
LC_ALL=C; export LC_ALL
f=$RUNSHEET_PATH
[ ! -L "$f" ] || echo link
if ! said=$(stat -L -c '%a/%s/%F/%U' -- "$f" 2>&1); then
    case $said in
    *'No such file'*|*'Not a directory'*) echo absent; exit 0 ;;
    *) printf '%s\n' "$said" >&2; exit 3 ;;
    esac
fi
printf 'stat %s\n' "$said"
if [ "$RUNSHEET_SHA256" = yes ]; then
    sum=$(sha256sum <"$f") || exit 3
    printf 'sha256 %s\n' "${sum%% *}"
fi
if [ -n "$RUNSHEET_CONTAINS" ]; then
    grep -q -F -e "$RUNSHEET_CONTAINS" <"$f"
    case $? in 0) echo 'contains yes' ;; 1) echo 'contains no' ;; *) exit 3 ;; esac
fi
"#;

/// What the text printed, taken apart.
#[derive(Debug, Default)]
struct Facts<'a> {
    link: bool,
    absent: bool,
    /// Mode, size, type and owner.
    stat: Option<(u32, u64, &'a str, &'a str)>,
    sha256: Option<&'a str>,
    contains: Option<bool>,
}

fn facts(text: &str) -> Option<Facts<'_>> {
    let mut facts = Facts::default();
    for line in text.lines() {
        match line.split_once(' ') {
            None if line == "link" => facts.link = true,
            None if line == "absent" => facts.absent = true,
            Some(("stat", rest)) => {
                let mut parts = rest.splitn(4, '/');
                let mode = u32::from_str_radix(parts.next()?, 8).ok()?;
                let size = parts.next()?.parse().ok()?;
                facts.stat = Some((mode, size, parts.next()?, parts.next()?));
            }
            Some(("sha256", sum)) => facts.sha256 = Some(sum),
            Some(("contains", said)) => facts.contains = Some(said == "yes"),
            _ => return None,
        }
    }
    Some(facts)
}

impl File {
    fn conditions(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let mut all = Vec::new();
        if let Some(Mode(mode)) = &self.mode {
            all.push(format!("has mode {mode:04o}"));
        }
        if let Some(owner) = &self.owner {
            all.push(format!("belongs to {}", one_line(owner.as_bytes())));
        }
        if let Some(text) = self.part(scene)? {
            all.push(format!("contains {}", one_line(text.as_bytes())));
        }
        if let Some(size) = self.size_at_least {
            all.push(format!("has at least {size} bytes"));
        }
        if let Some(Digest(digest)) = &self.sha256 {
            all.push(format!("has the digest {}…", &digest[..12]));
        }
        Ok(match (self.exists, all.is_empty()) {
            (false, _) => "is not there".to_owned(),
            (true, true) => "is there".to_owned(),
            (true, false) => all.join(" and "),
        })
    }

    /// The text to look for, with the values of the run in it.
    fn part(&self, scene: &Scene<'_>) -> Result<Option<String>, TemplateError> {
        let Some(text) = &self.contains else {
            return Ok(None);
        };
        let text = text.get_ref().fill(scene.values)?;
        if is_one_line(&text) {
            return Ok(Some(text));
        }
        Err(TemplateError::Unsafe {
            name: one_line(text.as_bytes()),
            why: NOT_ONE_LINE,
        })
    }

    fn judge_facts(&self, facts: &Facts<'_>) -> Verdict {
        let link = if facts.link { "a link to " } else { "" };
        let Some((mode, size, sort, owner)) = facts.stat else {
            let seen = match (facts.absent, facts.link) {
                (false, _) => return Verdict::cannot_say("not an answer"),
                (true, true) => "a link that leads nowhere",
                (true, false) => "not there",
            };
            return Verdict::when(!self.exists && !facts.link, seen);
        };
        let sort = one_line(sort.as_bytes());
        let owner_seen = one_line(owner.as_bytes());
        let seen = format!("{link}{sort}, {size} bytes, mode {mode:04o}, owner {owner_seen}");
        if !self.exists {
            return Verdict::no(seen);
        }
        if self.mode.as_ref().is_some_and(|wanted| wanted.0 != mode)
            || self.owner.as_deref().is_some_and(|wanted| wanted != owner)
            || self.size_at_least.is_some_and(|wanted| wanted > size)
        {
            return Verdict::no(seen);
        }
        if let Some(Digest(wanted)) = &self.sha256 {
            match facts.sha256 {
                Some(sum) if sum == wanted => {}
                Some(sum) => return Verdict::no(format!("sha256 {}", one_line(sum.as_bytes()))),
                None => return Verdict::cannot_say("its digest was not told"),
            }
        }
        if self.contains.is_some() {
            match facts.contains {
                Some(true) => {}
                Some(false) => return Verdict::no(format!("does not contain it; {seen}")),
                None => return Verdict::cannot_say("its content was not told"),
            }
        }
        Verdict::yes(seen)
    }
}

impl Probe for File {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let path = self.file.get_ref().fill(scene.values)?;
        Ok(format!("{path} {}", self.conditions(scene)?))
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        let sum = if self.sha256.is_some() { "yes" } else { "no" };
        let contains = self.part(scene)?.unwrap_or_default();
        let path = self.file.get_ref().fill(scene.values)?;
        Ok(Ask::Script(Question {
            at: scene.here.clone(),
            shell: Shell::Sh,
            text: TEXT.to_owned(),
            env: vec![
                ("RUNSHEET_PATH".to_owned(), path),
                ("RUNSHEET_SHA256".to_owned(), sum.to_owned()),
                ("RUNSHEET_CONTAINS".to_owned(), contains),
            ],
        }))
    }

    fn judge(&self, _: &Scene<'_>, reply: &Reply) -> Verdict {
        if reply.code != 0 {
            return Verdict::cannot_say(complaint(reply));
        }
        let text = reply.text();
        match facts(&text) {
            Some(facts) => self.judge_facts(&facts),
            None => Verdict::cannot_say(format!("not an answer: {}", one_line(text.as_bytes()))),
        }
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions {
            templates: std::iter::once(&self.file).chain(&self.contains).collect(),
            ..Mentions::default()
        }
    }

    fn remarks(&self) -> Vec<Remark> {
        let odd = self
            .contains
            .iter()
            .filter(|text| !is_one_line(text.get_ref().source()));
        let odd = odd.map(|text| {
            Remark::error(
                text.span(),
                format!("what a file must contain {NOT_ONE_LINE}"),
                "make a probe of each line",
            )
        });
        let asks_more = self.sha256.is_some()
            || self.mode.is_some()
            || self.owner.is_some()
            || self.contains.is_some()
            || self.size_at_least.is_some();
        let absent = (!self.exists && asks_more).then(|| {
            Remark::error(
                self.file.span(),
                "this probe wants no file and says what it is like",
                "leave `exists = false` out, or the rest",
            )
        });
        odd.chain(absent).collect()
    }
}

#[cfg(test)]
mod tests;

//! A command whose exit code or output is compared.
//!
//! ```toml
//! verify = [
//!   { command = "systemctl is-active nginx" },                       # exit 0
//!   { command = "docker ps -q | wc -l", at-least = 3, shell = "bash" },
//!   { command = "dig +short core1.example", equals = "{{dest.address}}" },
//!   { command = "docker inspect -f '{{.State.Running}}' nginx", equals = "false" },
//!   { command = "docker inspect nginx", json = [{ State = { Running = false } }] },
//!   { command = "find spool -type f -newer mark", control = "find spool", empty = true },
//! ]
//! ```
//!
//! A text of several lines that begins with a comment is called by that comment wherever it is told.

use regex::Regex;
use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::json::{self, Part};
use super::{Aim, Ask, Mentions, Probe, ProbeKind, Question, Remark, Reply, Scene, Shell, Verdict};
use super::{complaint, one_line};
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: ProbeKind = ProbeKind {
    name: "command",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<Command, toml::de::Error> {
    Command::deserialize(value)
}

/// Every condition that is given must hold; without any, the command must exit with 0.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Command {
    command: Spanned<String>,
    #[serde(default)]
    shell: Shell,
    /// The exit code that counts as having worked; 0 where it is not given.
    exit: Option<i32>,
    /// Compared without the blanks around it.
    equals: Option<Spanned<Template>>,
    contains: Option<Spanned<Template>>,
    matches: Option<Pattern>,
    lines: Option<usize>,
    empty: Option<bool>,
    at_least: Option<Spanned<f64>>,
    at_most: Option<Spanned<f64>>,
    /// A part that the JSON document it prints must have.
    json: Option<Part>,
    /// Shell text that must print something, or an empty output proves nothing.
    control: Option<Spanned<String>>,
}

/// Asks the control before the command; what is prefixed so leaves the command as its author wrote it.
const CONTROL: &str = r#"(eval "$RUNSHEET_CONTROL") </dev/null | LC_ALL=C grep -q '[^[:space:]]' || {
    echo 'runsheet: the control printed nothing' >&2
    exit 125
}
unset RUNSHEET_CONTROL
"#;

/// The last words of a question whose control printed nothing.
const NO_CONTROL: &[u8] = b"runsheet: the control printed nothing";

/// What a text of several lines says of itself: the comment that it begins with.
///
/// A probe of ten lines cannot be shown in a line, and its first hundred characters tell nobody what must
/// be true.
fn claim(text: &str) -> Option<String> {
    let (first, rest) = text.trim_start().split_once('\n')?;
    let claim = first.strip_prefix("# ")?.trim();
    (!claim.is_empty() && !rest.trim().is_empty()).then(|| one_line(claim.as_bytes()))
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Regex::new(&text).map(Self).map_err(|error| {
            // Its own message draws a caret under the pattern, over several lines; the last says why.
            let said = error.to_string();
            let why = said.lines().last().unwrap_or_default();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            format!("this is not a regular expression: {why}")
        })
    }
}

impl Command {
    fn reads_output(&self) -> bool {
        self.equals.is_some()
            || self.contains.is_some()
            || self.matches.is_some()
            || self.lines.is_some()
            || self.empty.is_some()
            || self.json.is_some()
            || self.compares_number()
    }

    /// Whether silence would be taken for a good answer, and where that is said.
    fn counts_silence(&self) -> Option<&'static str> {
        if self.empty == Some(true) {
            return Some("an empty output");
        }
        if self.lines == Some(0) {
            return Some("an output of no lines");
        }
        let is_nothing = |text: &Spanned<Template>| text.get_ref().source().trim().is_empty();
        let nothing = self.equals.as_ref().is_some_and(is_nothing);
        nothing.then_some("an output that equals nothing")
    }

    fn compares_number(&self) -> bool {
        self.at_least.is_some() || self.at_most.is_some()
    }

    fn conditions(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let mut all = Vec::new();
        if let Some(code) = self.exit {
            all.push(format!("exits with {code}"));
        }
        if let Some(text) = &self.equals {
            let text = text.get_ref().fill(scene.values)?;
            all.push(format!("says {}", one_line(text.as_bytes())));
        }
        if let Some(text) = &self.contains {
            let text = text.get_ref().fill(scene.values)?;
            all.push(format!("mentions {}", one_line(text.as_bytes())));
        }
        if let Some(Pattern(pattern)) = &self.matches {
            all.push(format!(
                "matches /{}/",
                one_line(pattern.as_str().as_bytes())
            ));
        }
        match self.lines {
            Some(1) => all.push("prints 1 line".to_owned()),
            Some(lines) => all.push(format!("prints {lines} lines")),
            None => {}
        }
        match self.empty {
            Some(true) => all.push("prints nothing".to_owned()),
            Some(false) => all.push("prints something".to_owned()),
            None => {}
        }
        if let Some(least) = &self.at_least {
            all.push(format!("is at least {}", least.get_ref()));
        }
        if let Some(most) = &self.at_most {
            all.push(format!("is at most {}", most.get_ref()));
        }
        if let Some(part) = &self.json {
            all.push(format!("gives JSON where {}", part.says(scene.values)?));
        }
        if all.is_empty() {
            all.push("works".to_owned());
        }
        Ok(all.join(" and "))
    }

    fn judge_output(&self, scene: &Scene<'_>, reply: &Reply) -> Result<Verdict, TemplateError> {
        let fill = |template: &Option<Spanned<Template>>| match template {
            Some(template) => template.get_ref().fill(scene.values).map(Some),
            None => Ok(None),
        };
        let (equals, contains) = (fill(&self.equals)?, fill(&self.contains)?);
        let text = reply.text();
        let seen = if text.is_empty() {
            "nothing printed".to_owned()
        } else {
            one_line(text.as_bytes())
        };
        // What was found in a part is in the whole; everything else needs the whole.
        let found = contains.as_ref().is_none_or(|part| text.contains(part))
            && (self.matches.as_ref()).is_none_or(|Pattern(pattern)| pattern.is_match(&text));
        let needs_all = equals.is_some()
            || self.lines.is_some()
            || self.empty.is_some()
            || self.json.is_some()
            || self.compares_number();
        if reply.cut && (needs_all || !found) {
            let seen = format!("too much was printed to compare: {seen}");
            return Ok(Verdict::cannot_say(seen));
        }
        let mut holds = found
            && equals.as_ref().is_none_or(|wanted| text == wanted.trim())
            && self
                .lines
                .is_none_or(|wanted| text.lines().count() == wanted)
            && self.empty.is_none_or(|wanted| text.is_empty() == wanted);
        if self.compares_number() {
            let number = match number(&reply.stdout) {
                Ok(number) => number,
                Err(why) => return Ok(Verdict::cannot_say(why)),
            };
            let (least, most) = (self.at_least.as_ref(), self.at_most.as_ref());
            holds = holds
                && least.is_none_or(|least| number >= *least.get_ref())
                && most.is_none_or(|most| number <= *most.get_ref());
        }
        let Some(part) = &self.json else {
            return Ok(Verdict::when(holds, seen));
        };
        let document = match json::document(&reply.stdout) {
            Ok(document) => document,
            Err(why) => return Ok(Verdict::cannot_say(why)),
        };
        Ok(match part.differs(&document, scene.values)? {
            Some(difference) => Verdict::no(difference),
            None => Verdict::when(holds, part.says(scene.values)?),
        })
    }

    fn remark_on_silence(&self) -> Option<Remark> {
        let silence = self.counts_silence()?;
        if self.control.is_some() {
            return None;
        }
        Some(Remark::warning(
            self.command.span(),
            format!("{silence} is what a question that finds nothing at all gives, too"),
            "add `control`: a command like it that must print something, such as the same \
             search for what is certainly there",
        ))
    }

    fn remark_on_bounds(&self) -> Option<Remark> {
        let (least, most) = (self.at_least.as_ref()?, self.at_most.as_ref()?);
        (least.get_ref() > most.get_ref()).then(|| {
            let (low, high) = (least.get_ref(), most.get_ref());
            let message = format!("no number is at least {low} and at most {high}");
            Remark::error(most.span(), message, "exchange the two")
        })
    }

    fn remarks_on_bad_numbers(&self) -> impl Iterator<Item = Remark> {
        let bounds = self.at_least.iter().chain(&self.at_most);
        bounds
            .filter(|bound| !bound.get_ref().is_finite())
            .map(|bound| {
                let message = "nothing can be compared with this number";
                Remark::error(bound.span(), message, "write a number such as 3 or 2.5")
            })
    }
}

/// The number that an output is; says in a sentence why it is none.
fn number(stdout: &[u8]) -> Result<f64, String> {
    let text = String::from_utf8_lossy(stdout);
    let text = text.trim();
    if text.is_empty() {
        return Err("not a number: nothing printed".to_owned());
    }
    let lines = text.lines().count();
    if lines > 1 {
        let seen = one_line(text.as_bytes());
        return Err(format!("not a number, but {lines} lines: {seen}"));
    }
    // Rust reads `nan` and `inf` as numbers; nothing is to be compared with them.
    let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
    number.ok_or_else(|| format!("not a number: {}", one_line(text.as_bytes())))
}

impl Probe for Command {
    fn kind(&self) -> &'static str {
        "command"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let text = self.command.get_ref();
        let conditions = self.conditions(scene)?;
        Ok(match (claim(text), conditions.as_str()) {
            (Some(claim), "works") => claim,
            (Some(claim), conditions) => format!("{claim} ({conditions})"),
            (None, conditions) => format!("`{}` {conditions}", one_line(text.as_bytes())),
        })
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        let text = self.command.get_ref();
        let (text, env) = match &self.control {
            None => (text.clone(), Vec::new()),
            Some(control) => {
                let control = control.get_ref().clone();
                let env = vec![("RUNSHEET_CONTROL".to_owned(), control)];
                (format!("{CONTROL}{text}"), env)
            }
        };
        Ok(Ask::Script(Question {
            at: scene.here.clone(),
            shell: self.shell,
            text,
            env,
        }))
    }

    fn judge(&self, scene: &Scene<'_>, reply: &Reply) -> Verdict {
        // Nothing that follows says anything, whatever code the author waits for.
        if self.control.is_some()
            && reply.code == 125
            && reply.stderr.trim_ascii().ends_with(NO_CONTROL)
        {
            return Verdict::cannot_say("its control printed nothing, so silence proves nothing");
        }
        if reply.code == self.exit.unwrap_or(0) {
            if self.reads_output() {
                return self
                    .judge_output(scene, reply)
                    .unwrap_or_else(|error| Verdict::cannot_say(error.to_string()));
            }
            return Verdict::yes(format!("exit {}", reply.code));
        }
        // 126 and 127 are the shell's own: the command never ran. And output of a command that did
        // not work says nothing, least of all when it is empty.
        if matches!(reply.code, 126 | 127) || (self.exit.is_none() && self.reads_output()) {
            Verdict::cannot_say(complaint(reply))
        } else {
            Verdict::no(complaint(reply))
        }
    }

    fn number(&self, reply: &Reply) -> Result<f64, String> {
        if reply.code == self.exit.unwrap_or(0) && !reply.cut {
            number(&reply.stdout)
        } else {
            Err(complaint(reply))
        }
    }

    fn aim(&self) -> Option<Aim> {
        let bound = |bound: &Option<Spanned<f64>>| bound.as_ref().map(|bound| *bound.get_ref());
        Some(Aim {
            least: bound(&self.at_least),
            most: bound(&self.at_most),
        })
    }

    fn mentions(&self) -> Mentions<'_> {
        let texts = self.equals.iter().chain(&self.contains);
        let json = self.json.iter().flat_map(|part| &part.templates);
        Mentions {
            templates: texts.chain(json).collect(),
            shells: std::iter::once(&self.command)
                .chain(&self.control)
                .collect(),
            ..Mentions::default()
        }
    }

    fn remarks(&self) -> Vec<Remark> {
        let both = self.remark_on_silence().into_iter();
        both.chain(self.remark_on_bounds())
            .chain(self.remarks_on_bad_numbers())
            .collect()
    }
}

#[cfg(test)]
mod tests;

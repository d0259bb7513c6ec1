//! A command whose exit code or output is compared.
//!
//! ```toml
//! verify = [
//!   { command = "systemctl is-active nginx" },                       # exit 0
//!   { command = "docker ps -q | wc -l", at-least = 3, shell = "bash" },
//!   { command = "dig +short core1.example", equals = "{{dest.address}}" },
//!   { command = "docker inspect -f '{{.State.Running}}' nginx", equals = "false" },
//! ]
//! ```
//!
//! A text of several lines that begins with a comment is called by that comment wherever it is told.

use regex::Regex;
use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Ask, Mentions, Probe, ProbeKind, Question, Reply, Scene, Shell, Verdict};
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
    at_least: Option<f64>,
    at_most: Option<f64>,
}

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
    type Error = regex::Error;
    fn try_from(text: String) -> Result<Self, regex::Error> {
        Regex::new(&text).map(Self)
    }
}

impl Command {
    fn reads_output(&self) -> bool {
        self.equals.is_some()
            || self.contains.is_some()
            || self.matches.is_some()
            || self.lines.is_some()
            || self.empty.is_some()
            || self.compares_number()
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
        if let Some(lines) = self.lines {
            all.push(format!("prints {lines} lines"));
        }
        match self.empty {
            Some(true) => all.push("prints nothing".to_owned()),
            Some(false) => all.push("prints something".to_owned()),
            None => {}
        }
        if let Some(least) = self.at_least {
            all.push(format!("is at least {least}"));
        }
        if let Some(most) = self.at_most {
            all.push(format!("is at most {most}"));
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
            let Some(number) = text.parse::<f64>().ok().filter(|n| n.is_finite()) else {
                return Ok(Verdict::cannot_say(format!("not a number: {seen}")));
            };
            holds = holds
                && self.at_least.is_none_or(|least| number >= least)
                && self.at_most.is_none_or(|most| number <= most);
        }
        Ok(Verdict::when(holds, seen))
    }
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
        Ok(Ask::Script(Question {
            at: scene.here.clone(),
            shell: self.shell,
            text: self.command.get_ref().clone(),
            env: Vec::new(),
        }))
    }

    fn judge(&self, scene: &Scene<'_>, reply: &Reply) -> Verdict {
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

    fn mentions(&self) -> Mentions<'_> {
        Mentions {
            templates: self.equals.iter().chain(&self.contains).collect(),
            shells: vec![&self.command],
            ..Mentions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Holds::{self, CannotSay, No, Yes};
    use crate::probe::testing::Judged as _;
    use crate::probe::testing::{ask, failed, said, scene, source, values};

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
        let text = "{ command = 'x', matches = '(' }";
        let error = parse(ValueDeserializer::parse(text).unwrap()).unwrap_err();
        assert_eq!(&text[error.span().unwrap()], "'('");
    }
}

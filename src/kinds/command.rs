//! Shell text of the author's own, unchanged.
//!
//! ```toml
//! do.command.run = "${PRYV_CONF_ROOT}/run-pryv"
//! do.command = { run = "grep -c co1 $ROOT/platform.yml", shell = "bash", ok-codes = [0, 1] }
//! ```

use serde::Deserialize;
use serde::de::Error as _;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Action, Exhibit, Kind, Leg, Mentions, Moment, Obstacle, Performer, Progress};
use super::{Proposal, Question, Reply, Scene, Shell, first_line};
use crate::probe::reads;
use crate::template::{TemplateError, Values};

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "command",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<Command, toml::de::Error> {
    let command = Command::deserialize(value)?;
    if command.interactive && command.progress != Progress::None {
        return Err(toml::de::Error::custom(
            "`progress` cannot be read out of a command that is `interactive`: leave one of them out",
        ));
    }
    Ok(command)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Command {
    run: Spanned<String>,
    #[serde(default)]
    shell: Shell,
    /// Exit codes that count as success; only 0 where it is empty.
    #[serde(default)]
    ok_codes: Vec<i32>,
    #[serde(default)]
    progress: Progress,
    /// Whether it gets a terminal that an operator types on.
    #[serde(default)]
    interactive: bool,
}

/// The values that shell text reads, secrets left out, to be shown beside it.
pub(super) fn shown_values(values: &Values, text: &str) -> Vec<(String, String)> {
    let mut env = values.shown_environment();
    env.retain(|(name, _)| reads(text, name));
    env
}

impl Action for Command {
    fn kind(&self) -> &'static str {
        "command"
    }

    fn headline(&self, _: &Scene<'_>) -> Result<String, TemplateError> {
        Ok(first_line(self.run.get_ref()))
    }

    fn performer(&self) -> Performer {
        Performer::Machine
    }

    fn survey(&self, _: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        Ok(Vec::new())
    }

    fn propose(&self, moment: &Moment<'_>, _: &[Reply]) -> Result<Proposal, Obstacle> {
        let at = moment.scene.here.clone();
        let text = self.run.get_ref().clone();
        if text.contains('\0') {
            return Err(Obstacle::new("the command has a NUL byte in it"));
        }
        let env = shown_values(moment.scene.values, &text);
        let mut exhibits = vec![Exhibit::Command {
            at: at.clone(),
            text: text.clone(),
            env,
        }];
        exhibits.extend(self.interactive.then(super::terminal));
        Ok(Proposal {
            exhibits,
            legs: vec![Leg {
                title: first_line(&text),
                at,
                shell: self.shell,
                text,
                env: Vec::new(),
                ok_codes: self.ok_codes.clone(),
                progress: self.progress,
                limit_seconds: 0,
                interactive: self.interactive,
                guard: None,
            }],
            ..Proposal::default()
        })
    }

    fn programs(&self) -> &'static [&'static str] {
        match (self.shell, self.interactive) {
            (Shell::Sh, false) => &[],
            (Shell::Bash, false) => &["bash"],
            (Shell::Sh, true) => &["script", "stty"],
            (Shell::Bash, true) => &["bash", "script", "stty"],
        }
    }

    fn is_interactive(&self) -> bool {
        self.interactive
    }

    fn prints(&self) -> bool {
        true
    }

    fn runs_alone(&self) -> bool {
        !self.interactive
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions {
            shells: vec![&self.run],
            ..Mentions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::Stand;

    fn command(text: &str) -> Command {
        parse(ValueDeserializer::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn the_authors_text_runs_unchanged_and_its_values_are_shown_beside_it() {
        let stand = Stand::new();
        let text = "printf '%s' \"${ROOT}/x\" '{{.Names}}'";
        let action = command(&format!("{{ run = '''{text}''' }}"));
        let proposal = action.propose(&stand.moment(), &[]).unwrap();
        assert_eq!(proposal.legs[0].text, text);
        let Exhibit::Command {
            text: shown, env, ..
        } = &proposal.exhibits[0]
        else {
            panic!("a command is shown as one");
        };
        assert_eq!(shown, text);
        assert_eq!(env, &[("ROOT".to_owned(), "/var/pryv".to_owned())]);
        let reply = stand.run(&proposal.legs[0], &[]);
        assert_eq!(reply.stdout, b"/var/pryv/x{{.Names}}");
    }

    #[test]
    fn a_name_inside_another_is_not_that_name() {
        assert!(reads("echo $ROOT/x", "ROOT"));
        assert!(reads("echo ${ROOT:-x}", "ROOT"));
        assert!(!reads("echo $ROOTS $MY_ROOT", "ROOT"));
    }

    #[test]
    fn codes_and_progress_go_to_the_leg() {
        let stand = Stand::new();
        let action =
            command("{ run = 'x', ok-codes = [0, 24], progress = 'rsync', shell = 'bash' }");
        let leg = action.propose(&stand.moment(), &[]).unwrap().legs.remove(0);
        assert!(leg.accepts(24) && !leg.accepts(1));
        assert_eq!((leg.progress, leg.shell), (Progress::Rsync, Shell::Bash));
    }
}

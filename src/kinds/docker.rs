//! One container: stopped, started, restarted, looked at, or a program run inside it.
//!
//! ```toml
//! do.docker.stop    = "pryvio_nginx"
//! do.docker.exec    = { container = "pryvio_mongodb", command = ["/app/bin/mongodump", "-o", "/app/backup/"] }
//! do.docker.inspect = "pryvio_core"
//! ```
//!
//! What is shown names the container; what runs names its id. So a container that was replaced between the two
//! is not touched, and docker says that there is no such one.
//!
//! A program inside a container gets a terminal only where somebody is to type to it: with one, docker turns line ends
//! into `\r\n` and mixes standard error into standard output.

mod state;

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use self::state::{ContainerProbe, Is, Seen, Status};
use super::{Action, Exhibit, Kind, Leg, Mentions, Moment, Obstacle, Performer, Pinned};
use super::{Proposal, Question, Reply, Scene};
use crate::probe::{Probe, words};
use crate::template::{Template, TemplateError};

/// The key under which a step leaves the id of its container to its way back.
const CONTAINER: &str = "container";

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "docker",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<Docker, toml::de::Error> {
    Docker::deserialize(value)
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Keys")]
struct Docker {
    verb: Verb,
    container: Spanned<Template>,
    /// The program and its arguments; empty for every verb but exec.
    command: Vec<Spanned<Template>>,
    ok_codes: Vec<i32>,
    /// Whether the program gets a terminal that an operator types on.
    interactive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Stop,
    Start,
    Restart,
    Inspect,
    Exec,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    stop: Option<Spanned<Template>>,
    start: Option<Spanned<Template>>,
    restart: Option<Spanned<Template>>,
    inspect: Option<Spanned<Template>>,
    exec: Option<Exec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Exec {
    container: Spanned<Template>,
    #[serde(deserialize_with = "at_least_one")]
    command: Vec<Spanned<Template>>,
    /// Exit codes that count as success; only 0 where it is empty.
    #[serde(default)]
    ok_codes: Vec<i32>,
    #[serde(default)]
    interactive: bool,
}

fn at_least_one<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Spanned<Template>>, D::Error> {
    let command = Vec::deserialize(deserializer)?;
    if command.is_empty() {
        return Err(serde::de::Error::custom(
            "a command is a program and its arguments, such as [\"/bin/sh\", \"-c\", \"…\"]",
        ));
    }
    Ok(command)
}

impl TryFrom<Keys> for Docker {
    type Error = &'static str;
    fn try_from(keys: Keys) -> Result<Self, Self::Error> {
        let plain = [
            (Verb::Stop, keys.stop),
            (Verb::Start, keys.start),
            (Verb::Restart, keys.restart),
            (Verb::Inspect, keys.inspect),
        ];
        let plain = plain.into_iter().filter_map(|(verb, container)| {
            Some(Self {
                verb,
                container: container?,
                command: Vec::new(),
                ok_codes: Vec::new(),
                interactive: false,
            })
        });
        let exec = keys.exec.map(|exec| Self {
            verb: Verb::Exec,
            container: exec.container,
            command: exec.command,
            ok_codes: exec.ok_codes,
            interactive: exec.interactive,
        });
        let mut all = plain.chain(exec);
        match (all.next(), all.next()) {
            (Some(one), None) => Ok(one),
            _ => Err("docker takes exactly one of stop, start, restart, inspect and exec"),
        }
    }
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Verb::Stop => "stop",
            Verb::Start => "start",
            Verb::Restart => "restart",
            Verb::Inspect => "inspect",
            Verb::Exec => "exec",
        }
    }
}

impl Docker {
    /// The command line for a container by its name, as it is shown, or by its id, as it is run.
    fn line(&self, scene: &Scene<'_>, container: &str) -> Result<String, TemplateError> {
        let mut all = vec!["docker".to_owned(), self.verb.name().to_owned()];
        if self.interactive {
            all.extend(["--interactive".to_owned(), "--tty".to_owned()]);
        }
        all.push(container.to_owned());
        for word in &self.command {
            // An argument may well be an option of the program inside; it cannot be one of docker's,
            // which stops reading options at the container's name.
            all.push(word.get_ref().fill(scene.values)?);
        }
        Ok(words(all.iter().map(String::as_str))?)
    }

    fn turned(&self, verb: Verb) -> Option<Box<dyn Action>> {
        Some(Box::new(Self {
            verb,
            ..self.clone()
        }))
    }

    fn proof(&self, is: Is) -> Vec<Box<dyn Probe>> {
        vec![Box::new(ContainerProbe {
            container: self.container.clone(),
            is,
        })]
    }
}

impl Action for Docker {
    fn kind(&self) -> &'static str {
        "docker"
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        self.line(scene, &state::container(self.container.get_ref(), scene)?)
    }

    fn performer(&self) -> Performer {
        Performer::Machine
    }

    fn survey(&self, moment: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        Ok(vec![state::question(
            self.container.get_ref(),
            &moment.scene,
        )?])
    }

    fn propose(&self, moment: &Moment<'_>, replies: &[Reply]) -> Result<Proposal, Obstacle> {
        let scene = &moment.scene;
        let name = state::container(self.container.get_ref(), scene)?;
        let Seen { id, status } = state::seen(&name, scene.here, replies.first())?;
        let at = scene.here.clone();
        if let Some(other) = moment.left.get(CONTAINER).filter(|left| **left != id) {
            return Err(Obstacle::new(format!(
                "{name} on {at} is another container now ({}) than the step met ({})",
                state::short(&id),
                state::short(other),
            ))
            .hint("nothing was done to this one; see `docker ps -a --no-trunc`, and put things right by hand"));
        }
        let text = self.line(scene, &name)?;
        let mut proposal = Proposal {
            exhibits: vec![
                Exhibit::Command {
                    at: at.clone(),
                    text: text.clone(),
                    env: Vec::new(),
                },
                Exhibit::Finding {
                    label: "now".to_owned(),
                    text: format!("{name} is {status}, container {}", state::short(&id)),
                },
            ],
            ..Proposal::default()
        };
        proposal
            .exhibits
            .extend(self.interactive.then(super::terminal));
        let began = moment.pins.get(&format!("container {name}"));
        if let Some(other) = began.filter(|began| **began != id) {
            proposal.exhibits.push(Exhibit::Warning {
                text: format!(
                    "{name} is another container than when the run began, which was {}: it was made anew since",
                    state::short(other)
                ),
            });
        }
        proposal.leaves.insert(CONTAINER.to_owned(), id.clone());
        match (self.verb, status) {
            (Verb::Stop, status) if Is::Stopped.fits(status) => {
                proposal.already = Some(format!("{name} is {status}"));
                return Ok(proposal);
            }
            (Verb::Start, Status::Running) => {
                proposal.already = Some(format!("{name} is running"));
                return Ok(proposal);
            }
            (Verb::Start | Verb::Exec, Status::Paused) => {
                let what = format!("{name} on {at} is paused");
                return Err(Obstacle::new(what).hint(format!("docker unpause {name}")));
            }
            (Verb::Exec, status) if status != Status::Running => {
                let what = format!(
                    "{name} on {at} is {status}, and a program can run only inside a running container"
                );
                return Err(
                    Obstacle::new(what).hint(format!("docker start {name}, then look again"))
                );
            }
            _ => {}
        }
        proposal.legs.push(Leg {
            title: format!("docker {} {name}", self.verb.name()),
            at,
            shell: Default::default(),
            text: self.line(scene, &id)?,
            env: Vec::new(),
            ok_codes: self.ok_codes.clone(),
            progress: Default::default(),
            limit_seconds: 0,
            interactive: self.interactive,
            guard: None,
        });
        Ok(proposal)
    }

    fn own_proof(&self) -> Vec<Box<dyn Probe>> {
        match self.verb {
            Verb::Stop => self.proof(Is::Stopped),
            Verb::Start | Verb::Restart => self.proof(Is::Running),
            Verb::Inspect | Verb::Exec => Vec::new(),
        }
    }

    fn derived_undo(&self) -> Option<Box<dyn Action>> {
        match self.verb {
            Verb::Stop => self.turned(Verb::Start),
            Verb::Start => self.turned(Verb::Stop),
            Verb::Restart | Verb::Inspect | Verb::Exec => None,
        }
    }

    fn pinned(&self, scene: &Scene<'_>) -> Result<Option<Pinned>, TemplateError> {
        state::pinned(self.container.get_ref(), scene).map(Some)
    }

    fn programs(&self) -> &'static [&'static str] {
        match self.interactive {
            false => &["docker"],
            true => &["docker", "script", "stty"],
        }
    }

    fn is_interactive(&self) -> bool {
        self.interactive
    }

    fn prints(&self) -> bool {
        matches!(self.verb, Verb::Exec | Verb::Inspect)
    }

    fn mentions(&self) -> Mentions<'_> {
        let mut templates = vec![&self.container];
        templates.extend(&self.command);
        Mentions {
            templates,
            ..Mentions::default()
        }
    }
}

#[cfg(test)]
mod tests;

//! What a container is doing, asked with `docker inspect`.

use std::fmt;

use toml::Spanned;

use crate::kinds::{Obstacle, Pinned};
use crate::names::MachineName;
use crate::probe::{Ask, Mentions, Probe, Question, Reply, Scene, Shell, Verdict};
use crate::probe::{complaint, one_line};
use crate::template::{Template, TemplateError};

/// The states of the Docker Engine API, `ContainerState.Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
}

impl Status {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "created" => Self::Created,
            "running" => Self::Running,
            "paused" => Self::Paused,
            "restarting" => Self::Restarting,
            "removing" => Self::Removing,
            "exited" => Self::Exited,
            "dead" => Self::Dead,
            _ => return None,
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created, never started",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "being removed",
            Self::Exited => "exited",
            Self::Dead => "dead",
        })
    }
}

/// What a container is wanted to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    Running,
    Stopped,
}

impl Is {
    pub(super) fn fits(self, status: Status) -> bool {
        match self {
            Is::Running => status == Status::Running,
            Is::Stopped => matches!(status, Status::Created | Status::Exited | Status::Dead),
        }
    }
}

/// A container as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its id, all 64 digits of it: a name can be given to another container, an id never is.
    pub(super) id: String,
    /// What it is doing.
    pub(super) status: Status,
}

impl Seen {
    fn read(text: &str) -> Option<Self> {
        let (id, status) = text.split_once(' ')?;
        Some(Self {
            id: identifier(id)?,
            status: Status::read(status)?,
        })
    }
}

/// An id, where it is one.
fn identifier(text: &str) -> Option<String> {
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    (text.len() == 64 && text.chars().all(digit)).then(|| text.to_owned())
}

/// The first twelve digits of an id, as docker lists them.
pub(super) fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// The container's name, in the grammar of the Docker Engine: it cannot be an option.
pub(super) fn container(template: &Template, scene: &Scene<'_>) -> Result<String, TemplateError> {
    let name = template.fill(scene.values)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let starts = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts && name.len() <= 128 && name.chars().all(fits) {
        Ok(name)
    } else {
        Err(TemplateError::Unsafe {
            name: one_line(name.as_bytes()),
            why: "is not the name of a container: letters, digits, `_`, `.` and `-`",
        })
    }
}

/// Asks which container it is, and for its state.
pub(super) fn question(template: &Template, scene: &Scene<'_>) -> Result<Question, TemplateError> {
    Ok(inspect(
        container(template, scene)?,
        "{{.Id}} {{.State.Status}}",
        scene,
    ))
}

/// What the name stands for, for a run that is to meet the same one later.
pub(super) fn pinned(template: &Template, scene: &Scene<'_>) -> Result<Pinned, TemplateError> {
    let name = container(template, scene)?;
    Ok(Pinned {
        name: format!("container {name}"),
        question: inspect(name, "{{.Id}}", scene),
    })
}

fn inspect(name: String, format: &str, scene: &Scene<'_>) -> Question {
    let docker = "LC_ALL=C docker inspect --type container --format";
    Question {
        at: scene.here.clone(),
        shell: Shell::Sh,
        text: format!("{docker} '{format}' \"$RUNSHEET_CONTAINER\""),
        env: vec![("RUNSHEET_CONTAINER".to_owned(), name)],
    }
}

/// Reads what was found, or says why nothing was.
pub(super) fn seen(name: &str, at: &MachineName, reply: Option<&Reply>) -> Result<Seen, Obstacle> {
    let asking = format!("asking docker on {at} for {name}");
    let Some(reply) = reply else {
        return Err(Obstacle::new(format!("{asking}: no answer")));
    };
    if reply.code == 0 {
        let text = reply.text();
        return Seen::read(&text).ok_or_else(|| {
            let said = one_line(text.as_bytes());
            Obstacle::new(format!(
                "{asking}: {said} is not the id and the state of a container"
            ))
        });
    }
    let why = complaint(reply);
    let stderr = String::from_utf8_lossy(&reply.stderr).to_lowercase();
    let obstacle = Obstacle::new(format!("{asking}: {why}"));
    Err(if reply.code == 127 {
        obstacle.hint("install docker there, or see whether it is in the login's PATH")
    } else if stderr.contains("no such container") || stderr.contains("no such object") {
        obstacle.hint(format!(
            "`docker ps -a` on {at} lists the containers there are"
        ))
    } else if stderr.contains("permission denied") {
        obstacle.hint("the login user must be root or in the group docker")
    } else if stderr.contains("cannot connect") || stderr.contains("is the docker daemon running") {
        obstacle.hint(format!("start the Docker daemon on {at}"))
    } else {
        obstacle
    })
}

/// The proof that a container runs or does not.
#[derive(Debug)]
pub(super) struct ContainerProbe {
    pub(super) container: Spanned<Template>,
    pub(super) is: Is,
}

impl Probe for ContainerProbe {
    fn kind(&self) -> &'static str {
        "docker"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let name = container(self.container.get_ref(), scene)?;
        Ok(match self.is {
            Is::Running => format!("{name} is running"),
            Is::Stopped => format!("{name} is stopped"),
        })
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        Ok(Ask::Script(question(self.container.get_ref(), scene)?))
    }

    fn judge(&self, _: &Scene<'_>, reply: &Reply) -> Verdict {
        if reply.code != 0 {
            // A container that is not there is not a stopped one: nothing could be started again.
            return Verdict::cannot_say(complaint(reply));
        }
        let text = reply.text();
        match Seen::read(&text) {
            Some(seen) => Verdict::when(self.is.fits(seen.status), seen.status.to_string()),
            None => Verdict::cannot_say(format!("not a state: {}", one_line(text.as_bytes()))),
        }
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions {
            templates: vec![&self.container],
            ..Mentions::default()
        }
    }
}

//! A key pair on one machine that lets it log in to another, and its removal.
//!
//! ```toml
//! do.ssh-key = { from = "source", to = "dest", path = "/root/.ssh/runsheet-migration" }
//! do.ssh-key = { from = "source", to = "dest", path = "/root/.ssh/runsheet-migration", remove = true }
//! ```
//!
//! **Where the host keys come from.** They are read on `to` itself, over the link that the bastion
//! logged in with. The bastion verified the host's key then, so what comes over that link is what the
//! bastion knows. The bastion's own `known_hosts` was not taken: its entries go by the operator's alias
//! or by a hash, may lead through a jump host, and mostly hold one key type of several.

mod remove;
mod state;

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use self::remove::{Origin, Remove};
use self::state::{FromState, ToState};
use super::ssh_login::{Login, LoginProbe};
use super::{Action, Exhibit, Kind, Leg, Mentions, Moment, Obstacle, Performer, Proposal};
use super::{Question, Reply, Scene, the_machine};
use crate::names::{HostName, MachineName};
use crate::probe::Probe;
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "ssh-key",
    parse,
};

fn parse(value: ValueDeserializer<'_>) -> Result<Box<dyn Action>, toml::de::Error> {
    let keys = Keys::deserialize(value)?;
    Ok(if keys.remove {
        Box::new(Remove {
            place: keys.place(),
            origin: Origin::Author,
        })
    } else {
        Box::new(Make {
            place: keys.place(),
            key_type: keys.key_type,
            comment: keys.comment,
        })
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    from: Spanned<HostName>,
    to: Spanned<HostName>,
    path: Spanned<Template>,
    #[serde(default, rename = "type")]
    key_type: KeyType,
    comment: Option<Spanned<Template>>,
    #[serde(default)]
    remove: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KeyType {
    #[default]
    Ed25519,
    Rsa,
}

impl Keys {
    fn place(&self) -> Place {
        Place {
            from: self.from.clone(),
            to: self.to.clone(),
            path: self.path.clone(),
        }
    }
}

/// Where a key is and where it leads.
#[derive(Debug, Clone)]
struct Place {
    from: Spanned<HostName>,
    to: Spanned<HostName>,
    path: Spanned<Template>,
}

impl Place {
    fn login(&self, scene: &Scene<'_>) -> Result<Login, TemplateError> {
        let from = the_machine(scene, self.from.get_ref())?;
        Login::new(scene, from, self.to.get_ref(), self.path.get_ref())
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions {
            hosts: vec![&self.from, &self.to],
            templates: vec![&self.path],
            ..Mentions::default()
        }
    }
}

#[derive(Debug)]
struct Make {
    place: Place,
    key_type: KeyType,
    comment: Option<Spanned<Template>>,
}

impl Make {
    fn comment(&self, moment: &Moment<'_>) -> Result<String, Obstacle> {
        let comment = match &self.comment {
            Some(comment) => comment.get_ref().fill(moment.scene.values)?,
            None => format!("runsheet-{}", moment.run),
        };
        let fits = |c: char| c.is_ascii_graphic() || c == ' ';
        if comment.chars().all(fits) && comment.len() <= 120 && !comment.starts_with('-') {
            Ok(comment)
        } else {
            Err(Obstacle::new(
                "the comment of the key must be printable ASCII, 120 characters at most",
            ))
        }
    }

    fn legs(&self, login: &Login, comment: String, to: &ToState) -> Result<Vec<Leg>, Obstacle> {
        let key_type = match self.key_type {
            KeyType::Ed25519 => "ed25519",
            KeyType::Rsa => "rsa",
        };
        let key = ("RUNSHEET_KEY".to_owned(), login.key.clone());
        let comment = ("RUNSHEET_COMMENT".to_owned(), comment);
        let pattern = login.pattern();
        let lines: Vec<String> = to
            .host_keys
            .iter()
            .map(|host_key| format!("{pattern} {host_key}"))
            .collect();
        let key_type = ("RUNSHEET_TYPE".to_owned(), key_type.to_owned());
        Ok(vec![
            leg(
                "make the key pair",
                &login.from,
                include_str!("ssh_key/make.sh"),
                vec![key.clone(), key_type, comment.clone()],
            ),
            leg(
                "let it in",
                &login.to,
                include_str!("ssh_key/authorize.sh"),
                vec![comment],
            ),
            leg(
                "teach it the host keys",
                &login.from,
                include_str!("ssh_key/teach.sh"),
                vec![
                    key,
                    ("RUNSHEET_PATTERN".to_owned(), pattern),
                    ("RUNSHEET_HOST_KEYS".to_owned(), lines.join("\n")),
                ],
            ),
            leg("log in with it", &login.from, &login.prove()?, Vec::new()),
        ])
    }
}

fn leg(title: &str, at: &MachineName, text: &str, env: Vec<(String, String)>) -> Leg {
    Leg {
        title: title.to_owned(),
        at: at.clone(),
        shell: Default::default(),
        text: text.to_owned(),
        env,
        ok_codes: Vec::new(),
        progress: Default::default(),
        limit_seconds: 0,
        interactive: false,
        guard: None,
    }
}

fn shown(leg: &Leg) -> Exhibit {
    Exhibit::Command {
        at: leg.at.clone(),
        text: leg.text.trim_end().to_owned(),
        env: leg.env.clone(),
    }
}

fn finding(label: impl Into<String>, text: impl Into<String>) -> Exhibit {
    Exhibit::Finding {
        label: label.into(),
        text: text.into(),
    }
}

impl Action for Make {
    fn kind(&self) -> &'static str {
        "ssh-key"
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let Login {
            from,
            user,
            to,
            key,
            ..
        } = self.place.login(scene)?;
        Ok(format!("let {from} log in to {user}@{to} with {key}"))
    }

    fn performer(&self) -> Performer {
        Performer::Machine
    }

    fn survey(&self, moment: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        let login = self.place.login(&moment.scene)?;
        self.comment(moment)?;
        state::questions(&login)
    }

    fn propose(&self, moment: &Moment<'_>, replies: &[Reply]) -> Result<Proposal, Obstacle> {
        let login = self.place.login(&moment.scene)?;
        let (from, to, logs_in) = state::read(&login, replies)?;
        if to.host_keys.is_empty() {
            let what = format!("no host key of {} was found in /etc/ssh", login.to);
            return Err(Obstacle::new(what)
                .hint("its sshd keeps them elsewhere, and only tells root where"));
        }
        let added = match &from {
            FromState::Present(public) => !to.lets_in(&public.blob),
            FromState::Absent => true,
        };
        let made = from == FromState::Absent;
        let mut proposal = Proposal {
            exhibits: vec![
                finding(format!("key on {}", login.from), from.to_string()),
                finding(
                    format!("authorized_keys on {}", login.to),
                    match added {
                        true => format!("{} keys; this one would be added", to.blobs.len()),
                        false => "lets this key in already".to_owned(),
                    },
                ),
                finding(format!("host keys of {}", login.to), to.fingers.join("\n")),
            ],
            ..Proposal::default()
        };
        if !made && !added && logs_in {
            proposal.already = Some("the key is there, let in, and logs in".to_owned());
            return Ok(proposal);
        }
        proposal.legs = self.legs(&login, self.comment(moment)?, &to)?;
        proposal.exhibits.extend(proposal.legs.iter().map(shown));
        let word =
            |condition: bool, yes: &str| if condition { yes } else { remove::KEPT }.to_owned();
        proposal
            .leaves
            .insert(remove::KEY.to_owned(), word(made, "made"));
        proposal
            .leaves
            .insert(remove::LINE.to_owned(), word(added, "added"));
        Ok(proposal)
    }

    fn own_proof(&self) -> Vec<Box<dyn Probe>> {
        vec![Box::new(LoginProbe {
            from: self.place.from.clone(),
            to: self.place.to.clone(),
            key: self.place.path.clone(),
        })]
    }

    fn derived_undo(&self) -> Option<Box<dyn Action>> {
        Some(Box::new(Remove {
            place: self.place.clone(),
            origin: Origin::Undo,
        }))
    }

    fn mentions(&self) -> Mentions<'_> {
        let mut mentions = self.place.mentions();
        mentions.templates.extend(&self.comment);
        mentions
    }
}

#[cfg(test)]
mod tests;

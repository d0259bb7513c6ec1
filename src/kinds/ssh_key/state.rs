//! What is there before a key is made or removed.

use std::fmt;

use crate::kinds::ssh_login::Login;
use crate::kinds::{Obstacle, Question, Reply, Shell};
use crate::probe::{complaint, one_line};

/// A public key without its comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Public {
    pub(super) sort: String,
    /// The key itself, in base64.
    pub(super) blob: String,
}

impl Public {
    /// Takes a type and a key that are what they should be, and nothing else.
    fn read(text: &str) -> Option<Self> {
        let (sort, blob) = text.split_once(' ')?;
        let sorts = [
            "ssh-ed25519",
            "ssh-rsa",
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp384",
            "ecdsa-sha2-nistp521",
        ];
        let fits = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
        let good = sorts.contains(&sort) && blob.starts_with("AAAA") && blob.chars().all(fits);
        good.then(|| Self {
            sort: sort.to_owned(),
            blob: blob.to_owned(),
        })
    }
}

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sort, self.blob)
    }
}

/// What is at the key's place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FromState {
    Absent,
    Present(Public),
}

impl fmt::Display for FromState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("none; it would be made"),
            Self::Present(public) => write!(f, "there already: {public}"),
        }
    }
}

/// What the machine that is logged in to looks like.
#[derive(Debug, Default)]
pub(super) struct ToState {
    /// The keys in authorized_keys, each with whether its line is as `ssh-key` writes it.
    pub(super) blobs: Vec<(String, bool)>,
    pub(super) host_keys: Vec<Public>,
    /// The host keys' fingerprints, as ssh-keygen shows them.
    pub(super) fingers: Vec<String>,
}

impl ToState {
    pub(super) fn lets_in(&self, blob: &str) -> bool {
        self.blobs.iter().any(|(known, _)| known == blob)
    }

    pub(super) fn has_our_line(&self, blob: &str) -> bool {
        self.blobs
            .iter()
            .any(|(known, ours)| *ours && known == blob)
    }
}

/// Asks about the key, about the other machine, and whether the login works already.
pub(super) fn questions(login: &Login) -> Result<Vec<Question>, Obstacle> {
    let question = |at: &crate::names::MachineName, text: &str| Question {
        at: at.clone(),
        shell: Shell::Sh,
        text: text.to_owned(),
        env: vec![("RUNSHEET_KEY".to_owned(), login.key.clone())],
    };
    let prove = format!("[ -f \"$RUNSHEET_KEY\" ] || exit 1\n{}", login.prove()?);
    Ok(vec![
        question(&login.from, include_str!("state-from.sh")),
        question(&login.to, include_str!("state-to.sh")),
        question(&login.from, &prove),
    ])
}

/// Reads the three answers; the last is whether the login works.
pub(super) fn read(
    login: &Login,
    replies: &[Reply],
) -> Result<(FromState, ToState, bool), Obstacle> {
    let [from, to, prove] = replies else {
        return Err(Obstacle::new("looking at the key: not every answer came"));
    };
    Ok((
        read_from(login, from)?,
        read_to(login, to)?,
        prove.code == 0,
    ))
}

fn read_from(login: &Login, reply: &Reply) -> Result<FromState, Obstacle> {
    let place = format!("{} on {}", login.key, login.from);
    if reply.code != 0 {
        let why = complaint(reply);
        return Err(Obstacle::new(format!("looking at the key {place}: {why}")));
    }
    let text = reply.text();
    let mut lines = text.lines();
    let (what, hint) = match lines.next() {
        Some("key absent") => return Ok(FromState::Absent),
        Some("key present") => {
            let public = lines.next().and_then(|line| line.strip_prefix("public "));
            match public.and_then(Public::read) {
                Some(public) => return Ok(FromState::Present(public)),
                None => ("is a key of a kind that cannot be used", "use another path"),
            }
        }
        Some("key link") => ("is a symbolic link", "use another path"),
        Some("key other") => ("is there and not a regular file", "use another path"),
        Some("key half") => ("is missing, but its .pub is there", "move the .pub away"),
        Some("key unreadable") => (
            "is there but cannot be read without a passphrase",
            "use another path, or take the passphrase off",
        ),
        _ => (
            "could not be looked at",
            "see what the login prints by itself",
        ),
    };
    let said = reply
        .stderr
        .split(|byte| *byte == b'\n')
        .rev()
        .map(one_line);
    let said = said.into_iter().find(|line| !line.is_empty());
    let said = said.map(|line| format!(": {line}")).unwrap_or_default();
    Err(Obstacle::new(format!("{place} {what}{said}")).hint(hint))
}

fn read_to(login: &Login, reply: &Reply) -> Result<ToState, Obstacle> {
    let asking = format!("looking at authorized_keys and host keys on {}", login.to);
    if reply.code != 0 {
        return Err(Obstacle::new(format!("{asking}: {}", complaint(reply))));
    }
    if reply.cut {
        return Err(Obstacle::new(format!("{asking}: the answer is too long")));
    }
    let mut state = ToState::default();
    let text = String::from_utf8_lossy(&reply.stdout);
    for line in text.lines() {
        let Some((what, rest)) = line.split_once(' ') else {
            continue;
        };
        match what {
            "user" if rest != login.user => {
                let seen = one_line(rest.as_bytes());
                let what = format!(
                    "the login on {} is {seen}, but the environment says {}",
                    login.to, login.user
                );
                return Err(Obstacle::new(what).hint("name the right user in the environment"));
            }
            "file" if rest == "link" || rest == "other" => {
                let what = format!(
                    "~/.ssh/authorized_keys of {} on {} is not a regular file",
                    login.user, login.to
                );
                return Err(Obstacle::new(what).hint("add the key by hand, with a manual step"));
            }
            "blob" => {
                let ours = rest.strip_suffix(" ours");
                let blob = ours.unwrap_or(rest).to_owned();
                state.blobs.push((blob, ours.is_some()));
            }
            "hostkey" => {
                if let Some(key) = Public::read(rest).filter(|key| !state.host_keys.contains(key)) {
                    state.host_keys.push(key);
                }
            }
            "finger" => state.fingers.push(one_line(rest.as_bytes())),
            _ => {}
        }
    }
    Ok(state)
}

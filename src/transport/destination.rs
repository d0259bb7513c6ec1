//! Where ssh goes.

use std::ffi::OsString;
use std::path::PathBuf;

use thiserror::Error;

/// A text that cannot be part of a destination.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{given:?} is not {wanted}")]
pub struct NotADestination {
    given: String,
    wanted: &'static str,
}

/// A machine as ssh is told about it; everything not said here comes from the operator's ssh
/// configuration.
///
/// The grammars are strict, because ssh takes a destination that begins with `-` for an option, and
/// an option can run a program.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Destination {
    destination: String,
    user: Option<String>,
    port: Option<u16>,
    identity: Option<PathBuf>,
    config: Option<PathBuf>,
    jump: Vec<String>,
}

impl Destination {
    /// An alias, a host name or an address, with `user@` before it if need be.
    pub fn new(destination: &str) -> Result<Self, NotADestination> {
        let (user, host) = split(destination);
        if let Some(user) = user {
            check_user(user)?;
        }
        check_host(host)?;
        Ok(Self {
            destination: destination.into(),
            user: None,
            port: None,
            identity: None,
            config: None,
            jump: Vec::new(),
        })
    }

    /// Logs in as this user; wins over `user@`.
    pub fn user(mut self, user: &str) -> Result<Self, NotADestination> {
        check_user(user)?;
        self.user = Some(user.into());
        Ok(self)
    }

    /// Connects to this port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Offers this key and no other.
    pub fn identity(mut self, file: PathBuf) -> Self {
        self.identity = Some(file);
        self
    }

    /// Reads this file instead of the operator's own configuration.
    pub fn config(mut self, file: PathBuf) -> Self {
        self.config = Some(file);
        self
    }

    /// Goes through these machines, in order; each may be `user@host:port`.
    pub fn jump(mut self, hosts: Vec<String>) -> Result<Self, NotADestination> {
        for hop in &hosts {
            let (user, rest) = split(hop);
            if let Some(user) = user {
                check_user(user)?;
            }
            let host = match rest.rsplit_once(':') {
                Some((host, port)) if port.parse::<u16>().is_ok() && !host.contains(':') => host,
                _ => rest,
            };
            check_host(host)?;
        }
        self.jump = hosts;
        Ok(self)
    }

    /// The destination as it was given.
    pub fn as_str(&self) -> &str {
        &self.destination
    }

    /// What ssh is told on a command line, the destination last.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut all: Vec<OsString> = Vec::new();
        let mut option = |name: &str, value: OsString| all.extend([name.into(), value]);
        if let Some(config) = &self.config {
            option("-F", config.into());
        }
        if let Some(user) = &self.user {
            option("-l", user.into());
        }
        if let Some(port) = self.port {
            option("-p", port.to_string().into());
        }
        all.extend(["--".into(), self.destination.clone().into()]);
        all
    }

    /// What the openssh crate is told. `keyfile` also sets IdentitiesOnly.
    pub(super) fn builder(&self) -> openssh::SessionBuilder {
        let mut builder = openssh::SessionBuilder::default();
        if let Some(user) = &self.user {
            builder.user(user.clone());
        }
        if let Some(port) = self.port {
            builder.port(port);
        }
        if let Some(identity) = &self.identity {
            builder.keyfile(identity);
        }
        if let Some(config) = &self.config {
            builder.config_file(config);
        }
        if !self.jump.is_empty() {
            builder.jump_hosts(&self.jump);
        }
        builder
    }
}

fn split(text: &str) -> (Option<&str>, &str) {
    match text.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, text),
    }
}

fn check_user(user: &str) -> Result<(), NotADestination> {
    check(user, 64, |b| {
        b.is_ascii_alphanumeric() || b"._-".contains(&b)
    })
    .ok_or(NotADestination {
        given: user.into(),
        wanted: "a user name: letters, digits, '.', '_' and '-', not beginning with '-'",
    })
}

fn check_host(host: &str) -> Result<(), NotADestination> {
    check(host, 253, |b| {
        b.is_ascii_alphanumeric() || b"._-:%".contains(&b)
    })
    .ok_or(NotADestination {
        given: host.into(),
        wanted: "a host: letters, digits, '.', '_', '-' and ':', not beginning with '-'",
    })
}

fn check(text: &str, longest: usize, fits: impl Fn(u8) -> bool) -> Option<()> {
    let good = !text.is_empty()
        && text.len() <= longest
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':')
        && text.bytes().all(fits);
    good.then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_takes_is_taken() {
        for good in [
            "staging-core1",
            "migration@10.0.0.12",
            "fe80::1%eth0",
            "::1",
            "a_b.example",
        ] {
            assert!(Destination::new(good).is_ok(), "{good}");
        }
        let hops = vec!["gate".into(), "ann@gate.example:2222".into()];
        assert!(Destination::new("x").unwrap().jump(hops).is_ok());
    }

    #[test]
    fn nothing_that_ssh_or_a_shell_could_read_otherwise_is_taken() {
        for bad in [
            "",
            "-oProxyCommand=touch PWN",
            "-x@host",
            "user@-x",
            "a b",
            "a;b",
            "$(a)",
            "a\nb",
            "@host",
            "user@",
            "a/b",
            "ssh://a",
            "é",
            "%h",
        ] {
            assert!(Destination::new(bad).is_err(), "{bad:?}");
        }
        let plain = Destination::new("x").unwrap();
        assert!(plain.clone().user("-l").is_err());
        assert!(plain.clone().jump(vec!["-J".into()]).is_err());
        assert!(plain.jump(vec!["a,b".into()]).is_err());
    }
}

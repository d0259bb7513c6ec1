//! A login from one machine to another with a key of its own, as `ssh-key` makes it and `rsync` uses it.
//!
//! Beside the key `PATH` lies `PATH.known_hosts` with the host keys of the machines it leads to. Nothing
//! else of the login user's ssh configuration is read: an alias or a `known_hosts` line there would decide
//! where data goes, and nobody at the gate would have seen it.

use toml::Spanned;

use super::the_machine;
use crate::names::{HostName, MachineName};
use crate::probe::{Ask, Mentions, Probe, Question, Reply, Scene, Shell, Verdict};
use crate::probe::{complaint, one_line, words};
use crate::template::{Template, TemplateError};

/// Everything that ssh needs to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    /// The machine that logs in.
    pub(super) from: MachineName,
    /// The machine that is logged in to.
    pub(super) to: MachineName,
    /// The private key's file on `from`.
    pub(super) key: String,
    pub(super) user: String,
    pub(super) address: String,
    pub(super) port: u16,
}

fn refused(value: &str, why: &'static str) -> TemplateError {
    TemplateError::Unsafe {
        name: one_line(value.as_bytes()),
        why,
    }
}

/// The file of a private key.
///
/// The path goes into `UserKnownHostsFile` and into rsync's `-e`, which read blanks, quotes, `%`, `~` and
/// `$` each in its own way; so only paths are taken that mean the same to all of them.
pub(super) fn key_path(path: &Template, scene: &Scene<'_>) -> Result<String, TemplateError> {
    let path = path.fill(scene.values)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "/._+@-".contains(c);
    let whole = path.starts_with('/') && !path.ends_with('/');
    if whole && path.chars().all(fits) && !path.split('/').any(|part| part == "..") {
        Ok(path)
    } else {
        Err(refused(
            &path,
            "is not a path for a key: absolute, of letters, digits and / . _ + @ - only",
        ))
    }
}

impl Login {
    /// The login from one machine to the machine of a host.
    pub(super) fn new(
        scene: &Scene<'_>,
        from: MachineName,
        to: &HostName,
        key: &Template,
    ) -> Result<Self, TemplateError> {
        let to = the_machine(scene, to)?;
        let unknown = || refused(to.as_str(), "is not bound to a machine");
        let machine = scene.values.machine(&to).ok_or_else(unknown)?;
        let (user, address) = (machine.user.clone(), machine.address.clone());
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let first = |text: &str| text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if user.is_empty() {
            return Err(refused(
                &format!("{to}.user"),
                "is empty; name the login user in the environment",
            ));
        }
        if !first(&user) || !user.chars().all(plain) {
            return Err(refused(&user, "is not the name of a login user"));
        }
        let address_fits = |c: char| plain(c) || c == ':';
        let starts = first(&address) || address.starts_with("::");
        if !starts || !address.chars().all(address_fits) {
            return Err(refused(&address, "is not an address or a host name"));
        }
        Ok(Self {
            key: key_path(key, scene)?,
            port: machine.port,
            from,
            to,
            user,
            address,
        })
    }

    /// The file of host keys that belongs to the key.
    pub(super) fn known_hosts(&self) -> String {
        format!("{}.known_hosts", self.key)
    }

    /// The first field of the lines in it, after sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.
    pub(super) fn pattern(&self) -> String {
        let address = self.address.to_ascii_lowercase();
        match self.port {
            22 => address,
            port => format!("[{address}]:{port}"),
        }
    }

    /// ssh with its options; no word of it needs a quote.
    pub(super) fn ssh(&self) -> String {
        format!(
            "ssh -F /dev/null -i {key} -o IdentitiesOnly=yes -o BatchMode=yes \
             -o StrictHostKeyChecking=yes -o UserKnownHostsFile={known} -o ConnectTimeout=10 \
             -o ServerAliveInterval=15 -p {port} -l {user}",
            key = self.key,
            known = self.known_hosts(),
            port = self.port,
            user = self.user,
        )
    }

    /// The command line that logs in and does nothing there.
    pub(super) fn prove(&self) -> Result<String, TemplateError> {
        let rest = words(["--", self.address.as_str(), "true"])?;
        Ok(format!("{} -n -T {rest}", self.ssh()))
    }
}

/// The proof that a login works.
#[derive(Debug)]
pub(super) struct LoginProbe {
    pub(super) from: Spanned<HostName>,
    pub(super) to: Spanned<HostName>,
    pub(super) key: Spanned<Template>,
}

impl LoginProbe {
    fn login(&self, scene: &Scene<'_>) -> Result<Login, TemplateError> {
        let from = the_machine(scene, self.from.get_ref())?;
        Login::new(scene, from, self.to.get_ref(), self.key.get_ref())
    }
}

impl Probe for LoginProbe {
    fn kind(&self) -> &'static str {
        "ssh-key"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let login = self.login(scene)?;
        let Login { from, user, to, .. } = &login;
        Ok(format!("{from} logs in to {user}@{to} with the key"))
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        let login = self.login(scene)?;
        Ok(Ask::Script(Question {
            text: login.prove()?,
            at: login.from,
            shell: Shell::Sh,
            env: Vec::new(),
        }))
    }

    fn judge(&self, _: &Scene<'_>, reply: &Reply) -> Verdict {
        match reply.code {
            0 => Verdict::yes("logged in"),
            126 | 127 => Verdict::cannot_say(complaint(reply)),
            _ => Verdict::no(complaint(reply)),
        }
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions {
            hosts: vec![&self.from, &self.to],
            templates: vec![&self.key],
            ..Mentions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{Stand, host};
    use crate::template::Machine;

    #[test]
    fn a_key_path_means_the_same_to_every_program_or_is_refused() {
        let mut stand = Stand::new();
        for (path, good) in [
            ("/root/.ssh/runsheet-x", true),
            ("/root/a b", false),
            ("/root/a'b", false),
            ("/root/%h", false),
            ("/root/$HOME", false),
            ("/root/../etc/x", false),
            ("root/x", false),
            ("~/.ssh/x", false),
        ] {
            stand.set("KEY", path);
            let template = Template::new("{{KEY}}").unwrap();
            let read = key_path(&template, &stand.moment().scene);
            assert_eq!(read.is_ok(), good, "{path}");
        }
    }

    #[test]
    fn a_host_on_another_port_is_known_under_its_bracketed_name() {
        let mut stand = Stand::new();
        for (name, address, port, pattern) in [
            ("a", "Core.Example", 22, Some("core.example")),
            ("b", "10.0.0.9", 2222, Some("[10.0.0.9]:2222")),
            ("c", "fd00::9", 22, Some("fd00::9")),
            ("d", "-oProxyCommand=x", 22, None),
            ("e", "a,b", 22, None),
            ("f", "*", 22, None),
        ] {
            let machine = Machine {
                address: address.to_owned(),
                user: "root".to_owned(),
                port,
                label: name.to_owned(),
            };
            stand
                .values
                .bind(host(name), MachineName::of(&host(name), 0), machine);
            let key = Template::new("/k").unwrap();
            let scene = stand.moment().scene;
            let login = Login::new(&scene, stand.here.clone(), &host(name), &key);
            let read = login.ok().map(|login| login.pattern());
            assert_eq!(read.as_deref(), pattern, "{address}");
        }
    }
}

//! How an environment says where a machine is.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeValue;

use super::expected::expected;
use super::model::Binding;
use super::parameters::is_host;
use super::table::{Need, Reader, Table, Text};

/// The folders that paths of an environments file start from.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    /// What `~/` stands for; none where the account has no home folder.
    pub(super) home: Option<PathBuf>,
    /// What relative paths start from: the folder of the file.
    pub(super) file: PathBuf,
}

/// A machine and where its binding stands.
pub(super) type Bound = Spanned<Binding>;

/// The most machines that one host can have, after the grammar of machine names.
const MOST: usize = 9999;

/// Reads `hosts.NAME`: one machine, or a list of them. What is wrong is told and left out.
pub(super) fn machines(
    reader: &mut Reader,
    folders: &Folders,
    host: &str,
    value: Spanned<DeValue<'_>>,
) -> Vec<Bound> {
    let span = value.span();
    let items = match value.into_inner() {
        DeValue::Array(items) => items.into_iter().collect(),
        one => vec![Spanned::new(span.clone(), one)],
    };
    if items.is_empty() {
        reader
            .error(span.clone(), format!("`{host}` is bound to no machine"))
            .hint = Some("write the ssh destination, or \"local\" for this machine".to_owned());
    }
    if items.len() > MOST {
        reader.error(span, format!("a host has {MOST} machines at most"));
        return Vec::new();
    }
    let mut bound: Vec<Bound> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for item in items {
        let Some(machine) = machine(reader, folders, host, item) else {
            continue;
        };
        if let Some(first) = places.insert(format!("{:?}", machine.get_ref()), machine.span()) {
            let message = format!("`{host}` is bound to the same machine twice");
            let problem = reader.error(machine.span(), message);
            problem.also.push((first, "the first".to_owned()));
        }
        bound.push(machine);
    }
    bound
}

fn machine(
    reader: &mut Reader,
    folders: &Folders,
    host: &str,
    value: Spanned<DeValue<'_>>,
) -> Option<Bound> {
    let span = value.span();
    match value.get_ref() {
        DeValue::String(word) if word == "local" => Some(Spanned::new(span, Binding::Local)),
        DeValue::String(_) => {
            let text = reader.as_string(host, value)?;
            let destination = destination(reader, text)?;
            let binding = Binding::Ssh {
                destination,
                user: None,
                port: None,
                identity: None,
                config: None,
                jump: Vec::new(),
                address: None,
                expect: Box::default(),
            };
            Some(Spanned::new(span, binding))
        }
        DeValue::Table(_) => {
            let table = reader.table(host, "a machine", value)?;
            let binding = over_ssh(reader, folders, table)?;
            Some(Spanned::new(span, binding))
        }
        _ => {
            reader.wrong_type(host, &value, "an ssh destination, \"local\" or a table");
            None
        }
    }
}

fn over_ssh(reader: &mut Reader, folders: &Folders, mut table: Table<'_>) -> Option<Binding> {
    let told = reader.problems.len();
    let ssh = reader.line(&mut table, "ssh", Need::Required);
    let destination = ssh.and_then(|text| {
        let span = text.span();
        destination(reader, text).map(|destination| Spanned::new(span, destination))
    });
    let user = reader.line(&mut table, "user", Need::Optional);
    if let Some(user) = &user {
        if !is_user(user.get_ref()) {
            reader.error(user.span(), "this is not the name of a login user");
        } else if destination
            .as_ref()
            .is_some_and(|ssh| ssh.get_ref().contains('@'))
        {
            reader
                .error(user.span(), "the login user is said twice")
                .hint = Some("take it out of `ssh` or leave `user` away".to_owned());
        }
    }
    let port = reader
        .number(&mut table, "port", 1..=u32::from(u16::MAX))
        .and_then(|port| u16::try_from(port).ok());
    let identity = reader.line(&mut table, "identity", Need::Optional);
    let config = reader.line(&mut table, "config", Need::Optional);
    let identity = identity.and_then(|text| file(reader, folders, text));
    let config = config.and_then(|text| file(reader, folders, text));
    let jump = reader
        .one_or_more(&mut table, "jump")
        .map_or_else(Vec::new, Spanned::into_inner);
    for hop in &jump {
        if !is_jump(hop.get_ref()) {
            reader
                .error(hop.span(), "ssh cannot jump through this")
                .hint = Some("write a host, `user@host` or `user@host:port`".to_owned());
        }
    }
    let address = reader.line(&mut table, "address", Need::Optional);
    if let Some(address) = &address
        && !is_host(address.get_ref())
    {
        let message = format!("`{}` is not a host name or an address", address.get_ref());
        reader.error(address.span(), message);
    }
    let expect = expected(reader, &mut table);
    reader.close(table);
    let destination = destination?.into_inner();
    (reader.problems.len() == told).then(|| Binding::Ssh {
        destination,
        user: user.map(Spanned::into_inner),
        port,
        identity,
        config,
        jump: jump.into_iter().map(Spanned::into_inner).collect(),
        address: address.map(Spanned::into_inner),
        expect: Box::new(expect),
    })
}

/// Checks an ssh destination: a host, an alias or an address, with a login user before it or without.
///
/// `ssh://` addresses are left out, because the port has a key of its own here.
fn destination(reader: &mut Reader, text: Text) -> Option<String> {
    if is_destination(text.get_ref()) {
        return Some(text.into_inner());
    }
    let span: Range<usize> = text.span();
    let text = text.into_inner();
    let (message, hint) = if text.starts_with("ssh://") {
        (
            "an ssh destination is written without `ssh://`".to_owned(),
            "write { ssh = \"user@host\", port = 2222 }",
        )
    } else {
        (
            format!("`{text}` is not an ssh destination"),
            "write a host name, an address or an alias of ssh's configuration, as `host` or \
             `user@host`",
        )
    };
    reader.error(span, message).hint = Some(hint.to_owned());
    None
}

fn is_destination(text: &str) -> bool {
    match text.rsplit_once('@') {
        Some((user, host)) => is_user(user) && is_alias(host),
        None => is_alias(text),
    }
}

/// A host as ssh takes it; aliases may have letters beyond a host name's, but nothing that a shell or
/// ssh's own `%` and `,` could read.
fn is_alias(text: &str) -> bool {
    text.len() <= 253
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-+:".contains(&b))
        && (!text.contains(':') || text.parse::<std::net::Ipv6Addr>().is_ok())
}

/// A login user (useradd(8), with the capitals, dots and `@` of directory services).
fn is_user(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-+@".contains(&b))
}

fn is_jump(text: &str) -> bool {
    if is_destination(text) {
        return true;
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let (user, host) = match host.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, host),
    };
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let known = match bare {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_alias(host) && !host.contains(':'),
    };
    known
        && user.is_none_or(is_user)
        && port.bytes().all(|b| b.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Makes a path whole: `~/` is the home folder, and a relative path starts from the file's folder.
fn file(reader: &mut Reader, folders: &Folders, text: Text) -> Option<PathBuf> {
    let path = text.get_ref().as_str();
    if let Some(rest) = path.strip_prefix("~/") {
        if folders.home.is_none() {
            reader
                .error(text.span(), "this account has no home folder")
                .hint = Some("write the whole path".to_owned());
        }
        return folders.home.as_ref().map(|home| home.join(rest));
    }
    if path.starts_with('~') {
        reader
            .error(
                text.span(),
                "another account's home folder is not looked up",
            )
            .hint = Some("write `~/` for your own, or the whole path".to_owned());
        return None;
    }
    Some(folders.file.join(Path::new(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_cannot_be_an_option_or_more_than_one_word() {
        for good in [
            "core1",
            "core_1",
            "10.0.0.1",
            "root@core1",
            "ann.b@corp.example@core1",
            "fe80::1",
            "::1",
            "me@::1",
            "CORE",
            "a.b.c",
        ] {
            assert!(is_destination(good), "{good}");
        }
        for bad in [
            "",
            "-oProxyCommand=x",
            "-x@host",
            "a b",
            "a\n",
            "a;b",
            "user@",
            "@host",
            "user@-x",
            "ssh://a",
            "a/b",
            "a%h",
            "a,b",
            "host:22",
            "é",
            "$(x)",
            "`x`",
            "a\u{0}",
        ] {
            assert!(!is_destination(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_jump_may_carry_a_port() {
        for good in ["gate", "me@gate:2222", "[::1]:22", "me@[fe80::1]:1", "::1"] {
            assert!(is_jump(good), "{good}");
        }
        for bad in [
            "gate:",
            "gate:0",
            "gate:x",
            "-J:1",
            "gate:99999",
            "a,b",
            "[x]:1",
            "gate:+1",
        ] {
            assert!(!is_jump(bad), "{bad}");
        }
    }
}

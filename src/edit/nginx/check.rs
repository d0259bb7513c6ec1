//! What is asked before an upstream is rewritten, and what is compared afterwards.

use super::lex::{self, Directive};
use super::{Pass, SHIPPED, UpstreamEdit, includes};
use crate::edit::{EditError, Place, Reason};

/// Refuses an edit that could not mean what it says.
pub(super) fn request(edit: &UpstreamEdit) -> Result<(), EditError> {
    let refuse = |what: String| Err(EditError::new(Reason::Request, what));
    if edit.upstreams.is_empty() {
        return refuse("no upstream is named".to_owned());
    }
    if edit.servers.is_empty() {
        return refuse("no server is given, and nginx wants one in each upstream".to_owned());
    }
    for name in &edit.upstreams {
        if !is_name(name) {
            return refuse(format!("`{}` cannot name an upstream", name.escape_debug()));
        }
    }
    for server in &edit.servers {
        if !is_server(server) {
            return Err(EditError::new(
                Reason::Request,
                format!("`{}` is not a server", server.escape_debug()),
            )
            .hint("give it as `host:port`, `host` or `[v6]:port`, without parameters"));
        }
    }
    for (what, names) in [("upstream", &edit.upstreams), ("server", &edit.servers)] {
        for (index, name) in names.iter().enumerate() {
            if names[..index]
                .iter()
                .any(|other| other.eq_ignore_ascii_case(name))
            {
                return refuse(format!("{what} `{name}` is given twice"));
            }
        }
    }
    Ok(())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(['-', '.']) && name.bytes().all(is_name_byte)
}

fn is_server(server: &str) -> bool {
    let (host, port) = match server.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else {
                return false;
            };
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            (
                None,
                port.strip_prefix(':').or((!port.is_empty()).then_some("")),
            )
        }
        None => match server.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(server), None),
        },
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    host.is_none_or(is_name)
        && port.is_none_or(|port| digits(port) && port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Finds every `proxy_pass` that names one of the upstreams, and refuses where there could be
/// others that cannot be seen: in another file, or behind a variable.
pub(super) fn passes(
    text: &str,
    all: &[Directive],
    edit: &UpstreamEdit,
) -> Result<Vec<Pass>, EditError> {
    let unsupported = |index: usize, what: String| {
        EditError::new(Reason::Unsupported, what).at(Place::of(text, all[index].span.start))
    };
    for (index, included) in includes(all) {
        let file = included.rsplit('/').next().unwrap_or(included);
        if !SHIPPED.contains(&file) && !edit.trusted_includes.iter().any(|it| it == included) {
            return Err(unsupported(
                index,
                format!("`{included}` is included, and may hold another proxy_pass to change"),
            )
            .hint("look into it, then name it among the trusted includes of this edit"));
        }
    }
    let mut found = Vec::new();
    for (index, directive) in all.iter().enumerate() {
        let name = directive.name();
        if name == "proxy_pass" {
            let Some(target) = directive.args().first() else {
                continue;
            };
            match named_by(&target.value, edit) {
                Named::No => {}
                Named::Yes => found.push(Pass {
                    directive: index,
                    target: target.clone(),
                }),
                Named::Perhaps => {
                    return Err(unsupported(
                        index,
                        format!("where `{}` leads depends on a variable", target.value),
                    )
                    .hint("write the upstream's name out, or leave the scheme as it is"));
                }
            }
        } else if (name.ends_with("_pass") || name == "set" || is_in_map(all, directive))
            && let Some(word) = directive
                .words
                .iter()
                .find(|word| mentions(&word.value, edit))
        {
            return Err(
                unsupported(index, format!("`{}` names `{}` as well", name, word.value)).hint(
                    "only the scheme of proxy_pass is changed; change this one by hand first",
                ),
            );
        }
    }
    for name in &edit.upstreams {
        if !found
            .iter()
            .any(|pass| host_of(&pass.target.value).eq_ignore_ascii_case(name))
        {
            return Err(EditError::new(
                Reason::Missing,
                format!("no proxy_pass in this file names `{name}`"),
            )
            .hint("leave the scheme out for this upstream, or edit the file that passes to it"));
        }
    }
    Ok(found)
}

enum Named {
    No,
    Yes,
    Perhaps,
}

/// The host of a URL, up to the first byte that no upstream's name can have.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let end = rest.bytes().position(|byte| !is_name_byte(byte));
    &rest[..end.unwrap_or(rest.len())]
}

fn named_by(url: &str, edit: &UpstreamEdit) -> Named {
    let Some((scheme, rest)) = url.split_once("://") else {
        // `proxy_pass $backend;`: what the variable may hold is looked for in `set` and `map`.
        return Named::No;
    };
    if scheme.contains('$') {
        return match mentions(url, edit) {
            true => Named::Perhaps,
            false => Named::No,
        };
    }
    let host = host_of(url);
    let after = &rest[host.len()..];
    let named = |host: &str| {
        edit.upstreams
            .iter()
            .any(|it| it.eq_ignore_ascii_case(host))
    };
    // These three begin with `/`, begin with `?`, or are empty: they end the host.
    const PATHS: [&str; 3] = ["$request_uri", "$uri", "$is_args"];
    if after.is_empty()
        || after.starts_with(['/', '?', '#'])
        || PATHS.iter().any(|path| after.starts_with(path))
    {
        return match named(host) {
            true => Named::Yes,
            false => Named::No,
        };
    }
    let may_become = |it: &String| {
        it.get(..host.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(host))
    };
    match after.starts_with('$') && !host.is_empty() && edit.upstreams.iter().any(may_become) {
        true => Named::Perhaps,
        false => Named::No,
    }
}

/// Tells whether a word is the name of one of the upstreams, or a URL with it as host.
fn mentions(word: &str, edit: &UpstreamEdit) -> bool {
    let host = match word.contains("://") {
        true => host_of(word),
        false => word,
    };
    edit.upstreams
        .iter()
        .any(|it| it.eq_ignore_ascii_case(host))
}

fn is_in_map(all: &[Directive], directive: &Directive) -> bool {
    directive
        .parent
        .is_some_and(|parent| matches!(all[parent].name(), "map" | "split_clients" | "geo"))
}

/// Reads the result again and compares it, directive by directive, with what was meant.
pub(super) fn only_intended(result: &str, meant: &[Directive]) -> Result<(), EditError> {
    let there = lex::read(result).map_err(|error| {
        EditError::new(
            Reason::Drift,
            format!("the edited text can no longer be read: {error}"),
        )
    })?;
    if shape(&there) == shape(meant) {
        return Ok(());
    }
    Err(EditError::new(
        Reason::Drift,
        "the edited text differs from what was meant in more than the edit",
    )
    .hint("edit this file by hand, and report its layout as a defect"))
}

/// A directive without its place: depth, words, and whether it opens a block.
type Shape<'a> = (usize, Vec<&'a str>, bool);

/// Lists the directives in their order, without those that were taken out.
fn shape(all: &[Directive]) -> Vec<Shape<'_>> {
    let mut order: Vec<&Directive> = all.iter().filter(|it| !it.words.is_empty()).collect();
    order.sort_by_key(|directive| directive.span.start);
    let depth = |directive: &Directive| {
        std::iter::successors(directive.parent, |&parent| all[parent].parent).count()
    };
    order
        .into_iter()
        .map(|directive| {
            (
                depth(directive),
                directive
                    .words
                    .iter()
                    .map(|word| word.value.as_str())
                    .collect(),
                directive.body.is_some(),
            )
        })
        .collect()
}

//! Points nginx upstreams somewhere else, keeping what was there as comments.
//!
//! The old lines stay where they were, behind [`MARK`], so that an operator at two in the morning
//! sees what was, and `sed 's/#runsheet# //'` (with the new lines taken out) is the way back
//! without any tool of ours:
//!
//! ```nginx
//! upstream core_server {
//!   #runsheet# server core:3000 max_fails=3 fail_timeout=30s;
//!   server 10.77.0.12:443;
//! }
//! ```
//!
//! Only words are replaced, by their place; everything else is the same to the byte. A printer of
//! syntax trees was the road not taken: the ones tried did not give the same bytes back.

mod check;
mod lex;
mod splice;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use self::lex::Directive;
use self::splice::{Layout, Splice};
use super::error::{did_you_mean, list};
use super::{EditError, Place, Reason};

/// What a line that is no longer in force begins with, after its indentation.
pub const MARK: &str = "#runsheet# ";

/// The files that nginx and its packages ship to be included, which name no upstream.
const SHIPPED: &[&str] = &[
    "mime.types",
    "proxy_params",
    "fastcgi_params",
    "fastcgi.conf",
    "uwsgi_params",
    "scgi_params",
];

/// How a proxied server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    fn prefix(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// Which upstreams to point where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpstreamEdit {
    /// The `upstream` blocks to change; at least one, each defined exactly once in the file.
    pub upstreams: Vec<String>,
    /// Their only servers afterwards, each `host:port` or `host`; at least one.
    pub servers: Vec<String>,
    /// The scheme of every `proxy_pass` that names one of them; none leaves them as they are.
    pub scheme: Option<Scheme>,
    /// Arguments of `include` that the author vouches for: those files pass nothing to these
    /// upstreams. Asked for only with a scheme; the parameter files that nginx ships need none.
    pub trusted_includes: Vec<String>,
}

/// Points the upstreams of the edit at its servers.
///
/// # Errors
///
/// [`Reason::Request`] for names or servers with characters that have no place there,
/// [`Reason::Malformed`] for a text that nginx would not read, [`Reason::Missing`] and
/// [`Reason::Ambiguous`] for an upstream that is not there or there twice,
/// [`Reason::Unsupported`] where another file, a variable or the layout of lines leaves doubt about
/// what would change, and [`Reason::Unchanged`] when all is already so.
pub fn rewrite(text: &str, edit: &UpstreamEdit) -> Result<String, EditError> {
    check::request(edit)?;
    let before = lex::read(text)?;
    let layout = Layout::of(text);
    let mut splices = Vec::new();
    let mut after = before.clone();

    for name in &edit.upstreams {
        let block = find_upstream(text, &before, name)?;
        let children = children(text, &before, block)?;
        if is_so(&before, &children, &edit.servers) {
            continue;
        }
        splices.push(layout.new_body(&before, block, &children, &edit.servers)?);
        intend_servers(&mut after, &children, block, &edit.servers);
    }
    if let Some(scheme) = edit.scheme {
        let passes = check::passes(text, &before, edit)?;
        let mut moved = Vec::new();
        for pass in passes {
            if let Some(old) = pass.other_scheme(text, scheme)? {
                splices.push(Splice::new(old, scheme.prefix()));
                moved.push(pass.directive);
            }
        }
        intend_scheme(&mut after, &moved, scheme);
        splices.extend(layout.keep_lines(&before, &moved)?);
    }
    if splices.is_empty() {
        return Err(EditError::new(
            Reason::Unchanged,
            format!(
                "{} already lead to {}",
                list(edit.upstreams.iter().map(String::as_str)),
                list(edit.servers.iter().map(String::as_str))
            ),
        ));
    }
    let result = splice::apply(text, splices)?;
    check::only_intended(&result, &after)?;
    Ok(result)
}

/// Finds the one block that defines an upstream.
fn find_upstream(text: &str, all: &[Directive], name: &str) -> Result<usize, EditError> {
    let defined: Vec<(usize, &str)> = all
        .iter()
        .enumerate()
        .filter(|(_, directive)| directive.name() == "upstream" && directive.body.is_some())
        .filter_map(|(index, directive)| Some((index, directive.args().first()?.value.as_str())))
        .collect();
    let mut named = defined
        .iter()
        .filter(|(_, other)| other.eq_ignore_ascii_case(name));
    match (named.next(), named.next()) {
        (Some(&(index, _)), None) => Ok(index),
        (Some(&(first, _)), Some(&(second, _))) => Err(EditError::new(
            Reason::Ambiguous,
            format!(
                "upstream `{name}` is defined twice, first on line {}",
                Place::of(text, all[first].span.start).line
            ),
        )
        .at(Place::of(text, all[second].span.start))
        .hint("nginx refuses this as well; take one of the two out")),
        (None, _) => Err(EditError::new(
            Reason::Missing,
            format!("no upstream `{name}` in this file"),
        )
        .hint(match includes(all).first() {
            Some((index, included)) => format!(
                "line {} includes `{included}`, it may be there; {}",
                Place::of(text, all[*index].span.start).line,
                did_you_mean(name, defined.iter().map(|(_, name)| *name), "here are")
            ),
            None => did_you_mean(name, defined.iter().map(|(_, name)| *name), "here are"),
        })),
    }
}

/// Lists what a block holds, refusing what another file could add to it.
fn children(text: &str, all: &[Directive], block: usize) -> Result<Vec<usize>, EditError> {
    let children: Vec<usize> = (0..all.len())
        .filter(|&index| all[index].parent == Some(block))
        .collect();
    for &child in &children {
        let directive = &all[child];
        let refused = if directive.name() == "include" {
            "an include inside the upstream: what it adds cannot be seen from here"
        } else if directive.body.is_some() {
            "a block inside the upstream"
        } else {
            continue;
        };
        return Err(EditError::new(Reason::Unsupported, refused)
            .at(Place::of(text, directive.span.start))
            .hint("write the upstream's servers into this file first, or edit by hand"));
    }
    Ok(children)
}

/// Tells whether a block already holds these servers, in this order, and nothing else.
fn is_so(all: &[Directive], children: &[usize], servers: &[String]) -> bool {
    children.len() == servers.len()
        && children.iter().zip(servers).all(|(&child, server)| {
            let directive = &all[child];
            directive.name() == "server"
                && directive.args().len() == 1
                && directive.args()[0].value == *server
        })
}

/// Lists the includes of a file with what they include.
fn includes(all: &[Directive]) -> Vec<(usize, &str)> {
    all.iter()
        .enumerate()
        .filter(|(_, directive)| directive.name() == "include")
        .filter_map(|(index, directive)| Some((index, directive.args().first()?.value.as_str())))
        .collect()
}

/// Writes the new servers into the list of what is meant to be there afterwards.
///
/// The indices of that list stay valid until the end: an old child becomes a directive without
/// words, and the servers are appended. [`check::only_intended`] puts both in order.
fn intend_servers(
    after: &mut Vec<Directive>,
    children: &[usize],
    block: usize,
    servers: &[String],
) {
    for &child in children {
        after[child].words.clear();
    }
    // Where an offset only decides an order, the end of the block comes after all it held.
    let end = after[block].body.as_ref().map_or(0, |body| body.end);
    for server in servers {
        let word = |value: &str| lex::Word {
            value: value.to_owned(),
            span: end..end,
        };
        after.push(Directive {
            words: vec![word("server"), word(server)],
            span: end..end,
            body: None,
            parent: Some(block),
        });
    }
}

/// Writes the new scheme into the list of what is meant to be there afterwards.
fn intend_scheme(after: &mut [Directive], moved: &[usize], scheme: Scheme) {
    for &index in moved {
        if let Some(target) = after[index].words.get_mut(1)
            && let Some((_, rest)) = target.value.split_once("://")
        {
            target.value = format!("{}{rest}", scheme.prefix());
        }
    }
}

/// A `proxy_pass` that names one of the upstreams.
struct Pass {
    directive: usize,
    target: lex::Word,
}

impl Pass {
    /// Finds the bytes of its scheme when that is not yet the one wanted.
    fn other_scheme(&self, text: &str, wanted: Scheme) -> Result<Option<Range<usize>>, EditError> {
        let scheme = self.target.value.find("://").map_or(0, |at| at + 3);
        if self.target.value[..scheme].eq_ignore_ascii_case(wanted.prefix()) {
            return Ok(None);
        }
        let raw = &text[self.target.span.clone()];
        let quote = usize::from(raw.starts_with(['"', '\'']));
        let range = self.target.span.start + quote..self.target.span.start + quote + scheme;
        // An escape inside the scheme would make the raw bytes longer than what they mean.
        if text.get(range.clone()) != Some(&self.target.value[..scheme]) {
            return Err(EditError::new(
                Reason::Unsupported,
                "a proxy_pass whose scheme is written with escapes",
            )
            .at(Place::of(text, self.target.span.start)));
        }
        Ok(Some(range))
    }
}

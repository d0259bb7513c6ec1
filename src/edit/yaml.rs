//! Sets one scalar of a YAML file, named by its path, and keeps every other byte.
//!
//! A parser that knows the span of each node finds the place, the new value is spliced in, and the
//! result is parsed again: all events must be the same but that one. Libraries that load and dump
//! lose comments and quotes; those that patch syntax trees dropped quotes, added final newlines,
//! and in one case lost a neighbour in a flow map.

mod path;
mod scalar;
#[cfg(test)]
mod tests;
mod tree;

use std::ops::Range;

pub use self::path::YamlPath;
pub use self::scalar::Scalar;

use self::scalar::Style;
use self::tree::{Kind, Node, Tree};
use super::error::{did_you_mean, list};
use super::{EditError, Place, Reason};

/// Which scalar to set, and to what.
#[derive(Debug, Clone, PartialEq)]
pub struct SetScalar {
    /// The keys that lead to it.
    pub path: YamlPath,
    /// What it is afterwards.
    pub value: Scalar,
}

/// Reads the scalar at a path, escapes resolved; an empty value (`ip:`) is an empty text.
///
/// # Errors
///
/// As [`set`], but never [`Reason::Unchanged`].
pub fn get(text: &str, path: &YamlPath) -> Result<String, EditError> {
    let tree = Tree::read(text)?;
    let target = find(text, &tree, path)?;
    match &tree.node(target).kind {
        Kind::Scalar { value, .. } => Ok(value.clone()),
        _ => Err(not_a_scalar(text, tree.node(target), path)),
    }
}

/// Sets the scalar at a path.
///
/// The old quotes stay where they can. A plain value stays plain as long as it remains of the same
/// type: `8080` becomes `8081`, but `no` in the place of a text becomes `"no"`.
///
/// # Errors
///
/// [`Reason::Malformed`] for what is not YAML (tabs as indentation, duplicate keys),
/// [`Reason::Missing`] with how far the path got, [`Reason::Ambiguous`] for a file of several
/// documents, [`Reason::Unsupported`] where anchors, aliases, merge keys, tags or block scalars mean
/// that more than this place would change, [`Reason::Request`] for an empty path or a value that
/// YAML cannot hold, and [`Reason::Unchanged`] when it is already so.
pub fn set(text: &str, edit: &SetScalar) -> Result<String, EditError> {
    let tree = Tree::read(text)?;
    let target = find(text, &tree, &edit.path)?;
    let node = tree.node(target);
    let Kind::Scalar { value: old, style } = &node.kind else {
        return Err(not_a_scalar(text, node, &edit.path));
    };
    let refuse = |what: &str, hint: &str| {
        Err(
            EditError::new(Reason::Unsupported, format!("`{}` {what}", edit.path))
                .at(Place::of(text, node.span.start))
                .hint(hint),
        )
    };
    if node.anchor.is_some() {
        return refuse(
            "carries an anchor, so that other places would change with it",
            "take the anchor out first, or set the places by hand",
        );
    }
    if node.tagged {
        return refuse("carries a tag", "take the tag out first, or set it by hand");
    }
    if *style == Style::Block {
        return refuse(
            "is a block of lines",
            "replace it as text instead, counted and anchored",
        );
    }
    if edit.value.is_already(old, *style) {
        return Err(EditError::new(
            Reason::Unchanged,
            format!("`{}` is already `{}`", edit.path, old.escape_debug()),
        )
        .at(Place::of(text, node.span.start)));
    }
    let written = edit.value.write(old, *style, node.in_flow)?;
    let (range, written) = if node.span.is_empty() {
        let at = after_colon(text, &tree, target, &edit.path)?;
        (at..at, format!(" {written}"))
    } else {
        (node.span.clone(), written)
    };
    let result = splice(text, &range, &written)?;
    only_intended(&result, &tree, target, edit)?;
    Ok(result)
}

fn splice(text: &str, range: &Range<usize>, written: &str) -> Result<String, EditError> {
    match (text.get(..range.start), text.get(range.end..)) {
        (Some(before), Some(after)) => Ok(format!("{before}{written}{after}")),
        _ => Err(EditError::new(
            Reason::Drift,
            "the place of the value lies outside the text",
        )),
    }
}

/// Parses the result again; every event but the one that was set must be as before.
fn only_intended(
    result: &str,
    before: &Tree,
    target: usize,
    edit: &SetScalar,
) -> Result<(), EditError> {
    let drift = |what: String| {
        EditError::new(Reason::Drift, what)
            .hint("set this value by hand, and report the file's form as a defect")
    };
    let after = Tree::read(result)
        .map_err(|error| drift(format!("the edited text can no longer be read: {error}")))?;
    let set = match after.nodes().get(target).map(|node| &node.kind) {
        Some(Kind::Scalar { value, style }) => edit.value.is_already(value, *style),
        _ => false,
    };
    if !set {
        return Err(drift(format!("`{}` would not hold its value", edit.path)));
    }
    if !before.same_but(&after, target) {
        return Err(drift(format!("more than `{}` would change", edit.path)));
    }
    Ok(())
}

/// Walks the path, refusing every form in which a change here would be a change elsewhere.
fn find(text: &str, tree: &Tree, path: &YamlPath) -> Result<usize, EditError> {
    let Some(mut at) = tree.root() else {
        return Err(EditError::new(
            Reason::Missing,
            "the file holds no YAML value",
        ));
    };
    for (depth, key) in path.keys().iter().enumerate() {
        let node = tree.node(at);
        let so_far = || match depth {
            0 => "the top of the file".to_owned(),
            _ => format!("`{}`", path.first(depth)),
        };
        let refuse = |reason, node: &Node, what: String| {
            EditError::new(reason, what).at(Place::of(text, node.span.start))
        };
        if let Some(alias) = node.anchor.and_then(|anchor| tree.alias_of(anchor)) {
            return Err(refuse(
                Reason::Unsupported,
                node,
                format!(
                    "{} is used again by an alias on line {}",
                    so_far(),
                    Place::of(text, alias.span.start).line
                ),
            )
            .hint("both places would change; write the second one out first"));
        }
        at = match &node.kind {
            Kind::Map(entries) => {
                if let Some((merge, _)) = entries.iter().find(|(key, _)| tree.is_merge(*key)) {
                    return Err(refuse(
                        Reason::Unsupported,
                        tree.node(*merge),
                        format!("{} merges another map", so_far()),
                    )
                    .hint("what the merge adds is not written here; set the value by hand"));
                }
                let keys = || entries.iter().filter_map(|(key, _)| tree.text_of(*key));
                match entries
                    .iter()
                    .find(|(it, _)| tree.text_of(*it) == Some(key))
                {
                    Some((_, value)) => *value,
                    None => {
                        return Err(refuse(
                            Reason::Missing,
                            node,
                            format!("no `{key}` in {}", so_far()),
                        )
                        .hint(did_you_mean(key, keys(), "the keys there")));
                    }
                }
            }
            Kind::Seq(items) => match key.parse::<usize>().ok().and_then(|at| items.get(at)) {
                Some(item) => *item,
                None => {
                    return Err(refuse(
                        Reason::Missing,
                        node,
                        format!("no item `{key}` in {}", so_far()),
                    )
                    .hint(format!(
                        "it is a list of {}, and its first item is `0`",
                        items.len()
                    )));
                }
            },
            Kind::Alias(_) => return Err(is_alias(text, node, &so_far())),
            Kind::Scalar { .. } => {
                return Err(refuse(
                    Reason::Missing,
                    node,
                    format!("{} is a single value, there is no `{key}` in it", so_far()),
                ));
            }
        };
    }
    Ok(at)
}

fn is_alias(text: &str, node: &Node, name: &str) -> EditError {
    EditError::new(
        Reason::Unsupported,
        format!("{name} is an alias, and what it stands for is written elsewhere"),
    )
    .at(Place::of(text, node.span.start))
    .hint("set the value where its anchor is, if all of its places are to change")
}

fn not_a_scalar(text: &str, node: &Node, path: &YamlPath) -> EditError {
    let found = match node.kind {
        Kind::Alias(_) => return is_alias(text, node, &format!("`{path}`")),
        Kind::Map(_) => "a map",
        Kind::Seq(_) => "a list",
        Kind::Scalar { .. } => "a single value",
    };
    EditError::new(Reason::Unsupported, format!("`{path}` is {found}"))
        .at(Place::of(text, node.span.start))
        .hint("only single values are set; lengthen the path")
}

/// Finds where the value of a key without one begins.
fn after_colon(
    text: &str,
    tree: &Tree,
    target: usize,
    path: &YamlPath,
) -> Result<usize, EditError> {
    let key = tree.nodes().iter().find_map(|node| match &node.kind {
        Kind::Map(entries) => entries
            .iter()
            .find(|(_, value)| *value == target)
            .map(|(key, _)| *key),
        _ => None,
    });
    let end = key.map(|key| tree.node(key).span.end);
    let colon = end.and_then(|end| {
        let rest = text.get(end..)?;
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest[blank..].starts_with(':').then_some(end + blank + 1)
    });
    colon.ok_or_else(|| {
        EditError::new(
            Reason::Unsupported,
            format!("`{path}` has no value, and no `key:` on its line"),
        )
        .at(Place::of(text, tree.node(target).span.start))
        .hint(format!(
            "write any value there by hand first; the path was {}",
            list(path.keys().iter().map(String::as_str))
        ))
    })
}

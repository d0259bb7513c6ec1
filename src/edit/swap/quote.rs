//! Words that a POSIX shell reads as exactly what they are.

use crate::edit::{EditError, Reason};

/// Quotes a value, so that a shell reads it as one word and nothing else.
///
/// Single quotes take everything literally but themselves (POSIX, "2.2.2 Single-Quotes"). Always
/// quoting, where a library leaves harmless words bare, makes the programs the same in shape.
pub(super) fn quote(value: &str) -> Result<String, EditError> {
    if value.contains('\0') {
        return Err(EditError::new(
            Reason::Request,
            "a value with a NUL byte, which no shell can hold",
        ));
    }
    Ok(format!("'{}'", value.replace('\'', r"'\''")))
}

/// Refuses a path that is not absolute, or that says the same place in a roundabout way.
pub(super) fn absolute(path: &str) -> Result<(), EditError> {
    let refuse = |why: &str| {
        Err(EditError::new(
            Reason::Request,
            format!("the path `{}` {why}", path.escape_debug()),
        )
        .hint("give it from the root, without `.`, `..`, `//` or a slash at its end"))
    };
    let Some(rest) = path.strip_prefix('/') else {
        return refuse("is not absolute");
    };
    if path.chars().any(char::is_control) {
        return refuse("holds a control character");
    }
    if rest.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return refuse("is not plain");
    }
    Ok(())
}

/// Splits an absolute path into its folder and its name.
pub(super) fn parent(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some(split) => split,
        None => ("/", path),
    }
}

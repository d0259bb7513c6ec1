//! Replaces literal text that must be there exactly as often as was said.

use super::{EditError, Place, Reason};

/// A counted, anchored replacement. Nothing in it is a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The text to look for; may span lines, may not be empty.
    pub find: String,
    /// What to put in its place; empty takes it out.
    pub replace: String,
    /// How often it must be there, within the anchors; at least once.
    pub count: usize,
    /// A line, blanks at its edges aside, below which to look; none looks from the beginning.
    pub after: Option<String>,
    /// A line, blanks at its edges aside, above which to look; none looks to the end.
    pub before: Option<String>,
}

/// Replaces each occurrence.
///
/// # Errors
///
/// [`Reason::Request`] for an empty text to find, a count of zero, or one that changes nothing;
/// [`Reason::Missing`] and [`Reason::Ambiguous`] for an anchor that is not there once, or a text
/// that is not there as often as was said, or would be there so often again, naming the lines; [`Reason::Unchanged`] when only the new
/// text is there, as often as was said, also where it holds the text to find.
pub fn replace(text: &str, edit: &Replacement) -> Result<String, EditError> {
    let refuse = |what: &str| Err(EditError::new(Reason::Request, what));
    if edit.find.is_empty() {
        return refuse("there is no text to find");
    }
    if edit.count == 0 {
        return refuse("a replacement that must be found zero times");
    }
    if edit.find == edit.replace {
        return refuse("a replacement by the same text");
    }
    let (start, end) = between(text, edit)?;
    let region = &text[start..end];
    let found = occurrences(region, &edit.find);
    if is_made(region, &found, edit) {
        return Err(already(edit));
    }
    refuse_overlaps(text, start, &found, edit)?;
    if found.len() != edit.count {
        return Err(miscounted(text, start, &found, region, edit));
    }
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for at in found {
        result.push_str(&text[done..start + at]);
        result.push_str(&edit.replace);
        done = start + at + edit.find.len();
    }
    result.push_str(&text[done..]);
    let region = &result[start..result.len() - (text.len() - end)];
    let again = occurrences(region, &edit.find);
    if again.len() == edit.count && !is_made(region, &again, edit) {
        return Err(EditError::new(
            Reason::Ambiguous,
            format!(
                "`{}` would be there again afterwards",
                edit.find.escape_debug()
            ),
        )
        .at(Place::of(&result, start + again[0]))
        .hint("nobody could tell that it was replaced; find a longer text"));
    }
    Ok(result)
}

/// Tells whether a text can be what the edit made: what was to be found stands nowhere but in the new text, and
/// the new text is there as often as was said or more often, since there may have been some before.
pub fn is_as_after(text: &str, edit: &Replacement) -> bool {
    let Ok((start, end)) = between(text, edit) else {
        return false;
    };
    let region = &text[start..end];
    let found = occurrences(region, &edit.find);
    let new = region.matches(&edit.replace).count();
    !edit.find.is_empty() && stand_within(region, &found, edit) && new >= edit.count
}

/// Finds where to look: the bytes between the anchors.
fn between(text: &str, edit: &Replacement) -> Result<(usize, usize), EditError> {
    let start = match &edit.after {
        Some(line) => anchor(text, 0, line)?.1,
        None => 0,
    };
    let end = match &edit.before {
        Some(line) => anchor(text, start, line)?.0,
        None => text.len(),
    };
    Ok((start, end))
}

/// Tells whether all that is found stands in what the edit makes of it, as often as was said. A text that holds
/// what it replaces would otherwise be replaced again and again: `core1` by `core1.example` with every try.
fn is_made(region: &str, found: &[usize], edit: &Replacement) -> bool {
    let new = region.matches(&edit.replace).count();
    edit.replace.contains(&edit.find) && new == edit.count && stand_within(region, found, edit)
}

/// Tells whether all these places of the text to find lie in places of the new text.
fn stand_within(region: &str, found: &[usize], edit: &Replacement) -> bool {
    let new: Vec<usize> = match found {
        [] => return true,
        _ => region
            .match_indices(&edit.replace)
            .map(|(at, _)| at)
            .collect(),
    };
    let within = |at: &usize| {
        let end = at + edit.find.len();
        new.iter()
            .any(|start| start <= at && end <= start + edit.replace.len())
    };
    found.iter().all(within)
}

fn already(edit: &Replacement) -> EditError {
    let what = format!("`{}` is already there", edit.replace.escape_debug());
    EditError::new(Reason::Unchanged, what)
}

/// Finds all occurrences, those that overlap included.
fn occurrences(region: &str, find: &str) -> Vec<usize> {
    let step = find.chars().next().map_or(1, char::len_utf8);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = region.get(from..).and_then(|rest| rest.find(find)) {
        found.push(from + at);
        from += at + step;
    }
    found
}

fn refuse_overlaps(
    text: &str,
    start: usize,
    found: &[usize],
    edit: &Replacement,
) -> Result<(), EditError> {
    match found
        .windows(2)
        .find(|pair| pair[1] < pair[0] + edit.find.len())
    {
        Some(pair) => Err(EditError::new(
            Reason::Ambiguous,
            format!("two occurrences of `{}` overlap", edit.find.escape_debug()),
        )
        .at(Place::of(text, start + pair[1]))
        .hint("find a longer text")),
        None => Ok(()),
    }
}

/// Finds the one line at or after an offset that is the anchor: its start, and the next one's.
fn anchor(text: &str, from: usize, wanted: &str) -> Result<(usize, usize), EditError> {
    let wanted = wanted.trim();
    let mut found = Vec::new();
    let mut start = from;
    for line in text[from..].split_inclusive('\n') {
        if !wanted.is_empty() && line.trim() == wanted {
            found.push((start, start + line.len()));
        }
        start += line.len();
    }
    let name = wanted.escape_debug();
    match found.as_slice() {
        [one] => Ok(*one),
        [] if wanted.is_empty() => Err(EditError::new(Reason::Request, "an anchor without text")),
        [] => Err(
            EditError::new(Reason::Missing, format!("no line reads `{name}`")).hint(
                "an anchor is a whole line, blanks at its edges aside; `before` is looked for \
                 below `after`",
            ),
        ),
        [first, second, ..] => Err(EditError::new(
            Reason::Ambiguous,
            format!(
                "{} lines read `{name}`, the first is line {}",
                found.len(),
                Place::of(text, first.0).line
            ),
        )
        .at(Place::of(text, second.0))
        .hint("choose a line that is there once")),
    }
}

fn miscounted(
    text: &str,
    start: usize,
    found: &[usize],
    region: &str,
    edit: &Replacement,
) -> EditError {
    const SHOWN: usize = 8;
    let name = edit.find.escape_debug();
    if found.is_empty() {
        if !edit.replace.is_empty() && occurrences(region, &edit.replace).len() == edit.count {
            return already(edit);
        }
        let missing = EditError::new(Reason::Missing, format!("`{name}` is not there"));
        return match edit.find.contains('\n')
            && !edit.find.contains('\r')
            && region.contains("\r\n")
        {
            true => missing.hint("the file's lines end in CR LF, the text to find in LF alone"),
            false => missing.hint("the text is taken literally, blanks and case included"),
        };
    }
    let mut lines: Vec<String> = found
        .iter()
        .take(SHOWN)
        .map(|at| Place::of(text, start + at).line.to_string())
        .collect();
    if found.len() > SHOWN {
        lines.push("…".to_owned());
    }
    EditError::new(
        Reason::Ambiguous,
        format!(
            "`{name}` is there {} times, not {}: lines {}",
            found.len(),
            edit.count,
            lines.join(", ")
        ),
    )
    .at(Place::of(text, start + found[0]))
    .hint("correct the count, or narrow the place with `after` and `before`")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[a]\nport = 1\nhost = x\n[b]\nport = 1\n";

    fn edit(find: &str, replace: &str, count: usize) -> Replacement {
        Replacement {
            find: find.to_owned(),
            replace: replace.to_owned(),
            count,
            after: None,
            before: None,
        }
    }

    #[test]
    fn text_is_replaced_as_often_as_was_said() {
        let edited = replace(FILE, &edit("port = 1", "port = $1 \\n", 2)).unwrap();
        assert_eq!(edited, FILE.replace("port = 1", "port = $1 \\n"));
        assert_eq!(replace("aé", &edit("é", "", 1)).unwrap(), "a");
    }

    #[test]
    fn anchors_narrow_the_place() {
        let below = Replacement {
            after: Some(" [b] ".to_owned()),
            ..edit("port = 1", "port = 2", 1)
        };
        assert_eq!(
            replace(FILE, &below).unwrap(),
            "[a]\nport = 1\nhost = x\n[b]\nport = 2\n"
        );
        let between = Replacement {
            after: Some("[a]".to_owned()),
            before: Some("[b]".to_owned()),
            ..edit("port = 1", "port = 2", 1)
        };
        assert_eq!(
            replace(FILE, &between).unwrap(),
            "[a]\nport = 2\nhost = x\n[b]\nport = 1\n"
        );
        for (after, reason) in [
            ("port = 1", Reason::Ambiguous),
            ("[c]", Reason::Missing),
            ("  ", Reason::Request),
        ] {
            let edit = Replacement {
                after: Some(after.to_owned()),
                ..edit("x", "y", 1)
            };
            assert_eq!(replace(FILE, &edit).unwrap_err().reason(), reason);
        }
    }

    #[test]
    fn another_count_is_refused_with_the_lines() {
        let error = replace(FILE, &edit("port = 1", "p", 1)).unwrap_err();
        assert_eq!(error.reason(), Reason::Ambiguous);
        assert!(
            error.to_string().contains("2 times, not 1: lines 2, 5"),
            "{error}"
        );
        for (text, edit, reason) in [
            (FILE, edit("nowhere", "y", 1), Reason::Missing),
            (FILE, edit("port = 2", "port = 1", 2), Reason::Unchanged),
            (FILE, edit("port = 2", "port = 1", 1), Reason::Missing),
            ("aaa", edit("aa", "b", 2), Reason::Ambiguous),
            (FILE, edit("", "b", 1), Reason::Request),
            (FILE, edit("a", "a", 1), Reason::Request),
            (FILE, edit("a", "b", 0), Reason::Request),
        ] {
            assert_eq!(
                replace(text, &edit).unwrap_err().reason(),
                reason,
                "{edit:?}"
            );
        }
        let error = replace("a\r\nb\r\n", &edit("a\nb", "c", 1)).unwrap_err();
        assert!(error.advice().unwrap().contains("CR LF"));
    }
}

//! Reads just enough Rust to find the modules that a file uses.

/// A source without its comments and without what stands in strings and characters; its lines stay.
pub fn bare(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let end = match c {
            '/' if chars.get(at + 1) == Some(&'/') => line_end(&chars, at),
            '/' if chars.get(at + 1) == Some(&'*') => comment_end(&chars, at),
            '"' => string_end(&chars, at),
            'r' if begins_raw(&chars, at) => raw_end(&chars, at),
            '\'' => character_end(&chars, at),
            _ => {
                out.push(c);
                at += 1;
                continue;
            }
        };
        out.extend(chars[at..end].iter().filter(|c| **c == '\n'));
        out.push(' ');
        at = end;
    }
    out
}

fn line_end(chars: &[char], from: usize) -> usize {
    let rest = &chars[from..];
    from + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())
}

fn comment_end(chars: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn string_end(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn begins_raw(chars: &[char], at: usize) -> bool {
    // An `r` inside a word, as in `for"`, begins nothing; `br` is taken with the `b` left over.
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    let after_b = at > 0 && chars[at - 1] == 'b';
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    (!in_word || after_b) && chars.get(at + 1 + hashes) == Some(&'"')
}

fn raw_end(chars: &[char], from: usize) -> usize {
    let hashes = chars[from + 1..].iter().take_while(|c| **c == '#').count();
    let mut at = from + 2 + hashes;
    while at < chars.len() {
        let closes = chars[at] == '"'
            && chars[at + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes;
        if closes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    chars.len()
}

/// The end of a character, or just behind the mark of a lifetime.
fn character_end(chars: &[char], from: usize) -> usize {
    match (chars.get(from + 1), chars.get(from + 2)) {
        (Some('\\'), _) => {
            let rest = chars.get(from + 3..).unwrap_or_default();
            from + 4 + rest.iter().position(|c| *c == '\'').unwrap_or(rest.len())
        }
        (Some(_), Some('\'')) => from + 3,
        _ => from + 1,
    }
    .min(chars.len())
}

/// The first names after the crate's root in every path of a bare source, each with its line; `depth` is how
/// many `super` lead from the file to the root.
pub fn roots(bare: &str, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in bare.match_indices("crate::") {
        if !continues_a_word(bare, at) {
            names(bare, at + "crate::".len(), &mut found);
        }
    }
    let up = "super::".repeat(depth);
    for (at, _) in bare.match_indices(&up) {
        let before = bare[..at].ends_with("super::");
        let after = bare[at + up.len()..].starts_with("super::");
        if !continues_a_word(bare, at) && !before && !after {
            names(bare, at + up.len(), &mut found);
        }
    }
    found.sort();
    found
}

fn continues_a_word(text: &str, at: usize) -> bool {
    // `$crate::` is the root too; `a_crate::` is not, and neither is `x::crate::`, which is no Rust.
    text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
}

/// The name at a place, or every first name of the group that begins there.
fn names(text: &str, at: usize, found: &mut Vec<(usize, String)>) {
    let rest = &text[at..];
    let Some(group) = rest.strip_prefix('{') else {
        let name: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        found.push((line(text, at), name));
        return;
    };
    let (mut depth, mut first) = (0_usize, true);
    let inside = at + 1;
    for (offset, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return,
            '}' => depth -= 1,
            ',' if depth == 0 => first = true,
            c if first && (c.is_alphabetic() || c == '_') => {
                first = false;
                names(text, inside + offset, found);
            }
            _ => {}
        }
    }
}

fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

//! How a value is written: plain where that is safe, quoted where it is not.

use crate::edit::{EditError, Reason};

/// The value to set.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A text, which stays of the type that is there: over a plain number it may be a number.
    Text(String),
    /// A whole number, written plain whatever was there.
    Integer(i64),
    /// `true` or `false`, written plain whatever was there.
    Boolean(bool),
}

/// How a scalar is written in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    /// `|` or `>`.
    Block,
}

/// What a loader takes a plain scalar for, where YAML 1.1 and 1.2 differ the one that is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Null,
    Boolean,
    Integer,
    Float,
    Timestamp,
    /// `<<` and `=`, which 1.1 gives a meaning of their own.
    Special,
}

impl Scalar {
    /// Tells whether a scalar already is this value, and of its type.
    pub(super) fn is_already(&self, value: &str, style: Style) -> bool {
        match self {
            Self::Text(text) => text == value && (style != Style::Plain || !text.is_empty()),
            Self::Integer(number) => style == Style::Plain && value == number.to_string(),
            Self::Boolean(yes) => style == Style::Plain && value == yes.to_string(),
        }
    }

    /// Writes the value to stand in the place of an old one.
    pub(super) fn write(
        &self,
        old: &str,
        style: Style,
        in_flow: bool,
    ) -> Result<String, EditError> {
        let text = match self {
            Self::Integer(number) => return Ok(number.to_string()),
            Self::Boolean(yes) => return Ok(yes.to_string()),
            Self::Text(text) => text,
        };
        if text.contains('\0') {
            return Err(EditError::new(Reason::Request, "a value with a NUL byte"));
        }
        let old = type_of(old);
        let same_type = match type_of(text) {
            Type::Text => true,
            Type::Null | Type::Special => false,
            new => new == old,
        };
        let one_line = text.chars().all(is_printable);
        Ok(match style {
            Style::Plain if same_type && one_line && is_plain_safe(text, in_flow) => text.clone(),
            Style::Single if one_line => single(text),
            Style::Plain if one_line && text.contains(['"', '\\']) => single(text),
            _ => double(text),
        })
    }
}

fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// YAML 1.2, section 5.7: the escapes of double quotes.
fn double(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            char if is_printable(char) => quoted.push(char),
            char => {
                let code = u32::from(char);
                quoted.push_str(&match code {
                    0..=0xff => format!("\\x{code:02x}"),
                    0x100..=0xffff => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                });
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Tells whether a character may stand in a quoted line as it is.
///
/// Narrower than YAML's own list: line and paragraph separators, the byte order mark and
/// non-characters are left to escapes, since loaders and editors differ about them.
fn is_printable(char: char) -> bool {
    !char.is_control()
        && !matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}')
        && u32::from(char) & 0xfffe != 0xfffe
}

/// Tells whether a plain scalar would mean exactly this text (YAML 1.2, section 7.3.3), type aside.
fn is_plain_safe(text: &str, in_flow: bool) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let starts_well = match first {
        '-' | '?' | ':' => text
            .chars()
            .nth(1)
            .is_some_and(|next| !next.is_whitespace() && !matches!(next, '-' | '?' | ':')),
        ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' => false,
        _ => true,
    };
    starts_well
        && !in_flow_trouble(text, in_flow)
        && text.trim() == text
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && !text.starts_with("...")
}

/// What ends a plain scalar between braces, or does so for some loaders: PyYAML stops at any `?`.
fn in_flow_trouble(text: &str, in_flow: bool) -> bool {
    in_flow && text.contains([',', '[', ']', '{', '}', ':', '?'])
}

/// Tells what a loader takes a plain scalar for: YAML 1.2's core schema (section 10.3.2), and the
/// types of 1.1 (<https://yaml.org/type/>) that loaders still know.
pub(super) fn type_of(text: &str) -> Type {
    const BOOLEANS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "y", "n"];
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if text.is_empty() || text == "~" || is("null") {
        return Type::Null;
    }
    if BOOLEANS.iter().any(|word| is(word)) {
        return Type::Boolean;
    }
    if text == "<<" || text == "=" {
        return Type::Special;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let radix = |prefix: &str, digit: fn(u8) -> bool| {
        unsigned.strip_prefix(prefix).is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|it| it == b'_' || digit(it))
        })
    };
    if radix("", |byte| byte.is_ascii_digit()) && !unsigned.starts_with('_')
        || radix("0x", |byte| byte.is_ascii_hexdigit())
        || radix("0o", |byte| matches!(byte, b'0'..=b'7'))
        || radix("0b", |byte| matches!(byte, b'0' | b'1'))
    {
        return Type::Integer;
    }
    if [".inf", ".nan"]
        .iter()
        .any(|word| unsigned.eq_ignore_ascii_case(word))
        || is_float(unsigned)
    {
        return Type::Float;
    }
    if is_sexagesimal(unsigned) {
        return Type::Integer;
    }
    if is_timestamp(text) {
        return Type::Timestamp;
    }
    Type::Text
}

fn is_digits(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'_')
}

fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let any_digit = mantissa.bytes().any(|byte| byte.is_ascii_digit());
    exponent_fits && any_digit && is_digits(whole) && is_digits(fraction)
}

/// `22:30`, which YAML 1.1 reads as minutes.
fn is_sexagesimal(unsigned: &str) -> bool {
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or_default();
    let mut any = false;
    let all = parts.all(|part| {
        any = true;
        let whole = part.split_once('.').map_or(part, |(whole, _)| whole);
        matches!(whole.len(), 1 | 2) && part.bytes().all(|it| it.is_ascii_digit() || it == b'.')
    });
    any && all && !first.is_empty() && is_digits(first)
}

/// `2026-01-31`, with or without a time.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..4).all(digit) && bytes.get(4) == Some(&b'-') && digit(5) && text[5..].contains('-')
}

//! Splits an nginx configuration into directives, each with the bytes it came from.
//!
//! Follows `ngx_conf_read_token` of nginx's `src/core/ngx_conf_file.c`, which is the only
//! definition there is: a `}` or a `#` inside a word belongs to the word, `${` does not open a
//! block, a backslash takes the next character with it, and after a closing quote only a blank, `;`,
//! `{` or `)` may follow.

use std::ops::Range;

use crate::edit::{EditError, Place, Reason};

/// A word of a directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// What nginx makes of it: without quotes, escapes resolved.
    pub value: String,
    /// The bytes it came from, quotes included.
    pub span: Range<usize>,
}

/// A directive with its words, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directive {
    /// Name and arguments; never empty.
    pub words: Vec<Word>,
    /// From the first byte of the name to after its `;` or `{`.
    pub span: Range<usize>,
    /// The bytes between its braces; none for a simple directive.
    pub body: Option<Range<usize>>,
    /// The directive whose block it stands in, by index.
    pub parent: Option<usize>,
}

impl Directive {
    pub(crate) fn name(&self) -> &str {
        self.words.first().map_or("", |word| &word.value)
    }

    pub(crate) fn args(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }
}

/// Reads all directives in the order of their beginnings.
pub(crate) fn read(text: &str) -> Result<Vec<Directive>, EditError> {
    Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
    }
    .read()
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Vec<Directive>, EditError> {
        if let Some(at) = self.text.find('\0') {
            return Err(self.malformed(at, "a NUL byte"));
        }
        let mut found: Vec<Directive> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'#' => self.skip_comment(),
                b';' | b'{' => {
                    let Some(first) = words.first() else {
                        return Err(self.unexpected(self.at, byte));
                    };
                    let start = first.span.start;
                    self.at += 1;
                    let block = byte == b'{';
                    found.push(Directive {
                        words: std::mem::take(&mut words),
                        span: start..self.at,
                        body: block.then_some(self.at..self.at),
                        parent: open.last().copied(),
                    });
                    if block {
                        open.push(found.len() - 1);
                        self.refuse_foreign_block(found.last())?;
                    }
                }
                b'}' => {
                    if !words.is_empty() {
                        return Err(self
                            .unexpected(self.at, byte)
                            .hint("a directive before it lacks its `;`"));
                    }
                    let Some(closed) = open.pop() else {
                        return Err(self
                            .unexpected(self.at, byte)
                            .hint("there is one `}` more than there are `{`"));
                    };
                    if let Some(body) = found[closed].body.as_mut() {
                        body.end = self.at;
                    }
                    self.at += 1;
                }
                _ => words.push(self.word()?),
            }
        }
        if let Some(word) = words.first() {
            return Err(self
                .malformed(word.span.start, "a directive that does not end")
                .hint("it lacks its `;` or its `{`"));
        }
        if let Some(&index) = open.last() {
            let start = found[index].span.start;
            return Err(self.malformed(start, "a block that is never closed").hint(
                "there is one `{` more than there are `}`; the block named here is the innermost",
            ));
        }
        Ok(found)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_comment(&mut self) {
        self.at = self.text[self.at..]
            .find('\n')
            .map_or(self.text.len(), |length| self.at + length);
    }

    /// Reads one word, its first byte being neither blank nor special.
    fn word(&mut self) -> Result<Word, EditError> {
        let start = self.at;
        match self.bytes[start] {
            quote @ (b'"' | b'\'') => self.quoted(start, quote),
            _ => Ok(self.bare(start)),
        }
    }

    fn quoted(&mut self, start: usize, quote: u8) -> Result<Word, EditError> {
        self.at += 1;
        loop {
            match self.peek() {
                None => {
                    return Err(self
                        .malformed(start, "a quote that is never closed")
                        .hint("everything from here to the end of the file is inside it"));
                }
                Some(b'\\') => self.at += 2,
                Some(byte) if byte == quote => break,
                Some(_) => self.at += 1,
            }
        }
        let value = unescape(&self.text[start + 1..self.at]);
        self.at += 1;
        match self.peek() {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' | b')') => Ok(Word {
                value,
                span: start..self.at,
            }),
            Some(byte) => Err(self
                .unexpected(self.at, byte)
                .hint("after a closing quote nginx wants a blank, `;` or `{`")),
        }
    }

    fn bare(&mut self, start: usize) -> Word {
        let mut after_dollar = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => {
                    self.at += 2;
                    after_dollar = false;
                    continue;
                }
                b'{' if after_dollar => {}
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' => break,
                _ => after_dollar = byte == b'$',
            }
            self.at += 1;
        }
        // A backslash may be the last byte of all. It may also have stepped into the middle of a
        // character, but no byte of one is special, so the word went on to a true boundary.
        self.at = self.at.min(self.text.len());
        Word {
            value: unescape(&self.text[start..self.at]),
            span: start..self.at,
        }
    }

    /// Refuses blocks that hold another language, in which braces mean something else.
    fn refuse_foreign_block(&self, opened: Option<&Directive>) -> Result<(), EditError> {
        match opened {
            Some(block) if block.name().ends_with("_by_lua_block") => Err(EditError::new(
                Reason::Unsupported,
                format!("a block of Lua in `{}`", block.name()),
            )
            .at(Place::of(self.text, block.span.start))
            .hint("move the Lua to a file of its own, or edit this file by hand")),
            _ => Ok(()),
        }
    }

    fn malformed(&self, at: usize, what: &str) -> EditError {
        EditError::new(Reason::Malformed, what).at(Place::of(self.text, at))
    }

    fn unexpected(&self, at: usize, byte: u8) -> EditError {
        self.malformed(at, &format!("an unexpected `{}`", byte.escape_ascii()))
    }
}

/// Resolves the escapes that nginx resolves; any other backslash stays.
fn unescape(raw: &str) -> String {
    let mut value = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(char) = chars.next() {
        let resolved = match (char, chars.peek()) {
            ('\\', Some(&next @ ('"' | '\'' | '\\'))) => Some(next),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('n')) => Some('\n'),
            _ => None,
        };
        match resolved {
            Some(resolved) => {
                chars.next();
                value.push(resolved);
            }
            None => value.push(char),
        }
    }
    value
}

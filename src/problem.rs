//! A problem with a place in a file and a hint, and how it is shown.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use unicode_width::UnicodeWidthChar;

/// The longest lines that are shown with a problem, in bytes; of longer ones only the place is told.
const SHOWN: usize = 64 * 1024;

/// A text file that problems point into.
#[derive(Debug)]
pub struct Source {
    /// The file's path as the operator gave it.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
}

impl Source {
    /// Line and column, both from 1, of a byte offset; columns count characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (line, before[start..].chars().count() + 1)
    }
}

/// Whether a problem stops the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but a careful author would look here.
    Warning,
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Whether it stops the work.
    pub severity: Severity,
    /// A lower-case fragment: `unknown key "verfy"`.
    pub message: String,
    /// The file, where one is at fault.
    pub source: Option<Arc<Source>>,
    /// The bytes at fault; an empty range at the start stands for the whole file.
    pub span: Range<usize>,
    /// Other places of the same file that belong to it, each with a few words; usually none.
    pub also: Vec<(Range<usize>, String)>,
    /// What to try; none where the message already says it.
    pub hint: Option<String>,
}

impl Problem {
    /// An error at a place of a file.
    pub fn error(source: &Arc<Source>, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            source: Some(source.clone()),
            span,
            also: Vec::new(),
            hint: None,
        }
    }

    /// A warning at a place of a file.
    pub fn warning(source: &Arc<Source>, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(source, span, message)
        }
    }

    /// An error that no file is at fault for.
    pub fn general(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            source: None,
            span: 0..0,
            also: Vec::new(),
            hint: None,
        }
    }

    /// Points at another place of the same file as well: where a name was used first.
    #[must_use]
    pub fn also(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.also.push((span, label.into()));
        self
    }

    /// Adds what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Line and column, both from 1; none where no file is at fault.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.source
            .as_ref()
            .map(|source| source.position(self.span.start))
    }

    /// The problem with its line, a caret and the hint, as compilers show it.
    pub fn render(&self, colour: Colour) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let renderer = match colour {
            Colour::Always => Renderer::styled(),
            Colour::Never => Renderer::plain(),
        };
        let message = visible(&self.message);
        let path = self
            .source
            .as_ref()
            .map(|s| visible(&s.path.display().to_string()));
        // The renderer copies source lines as they are, so control characters are taken out first;
        // they are replaced one byte for one byte to keep the span where it is. It gets the lines that
        // matter and no others, because it looks at all that it gets, for each problem anew.
        let text = self.source.as_ref().map(|source| {
            let (lines, first) = self.lines(source);
            (tame(&source.text[lines.clone()]), lines.start, first)
        });
        let title = level.primary_title(message.as_str());
        let labels: Vec<String> = self.also.iter().map(|(_, label)| visible(label)).collect();
        let mut group = match (&text, &path) {
            (Some((text, _, first)), Some(path)) if text.len() > SHOWN => {
                let (_, column) = self.position().unwrap_or_default();
                title.element(Origin::path(path.as_str()).line(*first).char_column(column))
            }
            (Some((text, from, first)), Some(path)) => {
                let within = |span: &Range<usize>| {
                    let start = span.start.saturating_sub(*from).min(text.len());
                    start..span.end.saturating_sub(*from).clamp(start, text.len())
                };
                let also = self.also.iter().zip(&labels).map(|((span, _), label)| {
                    AnnotationKind::Context
                        .span(within(span))
                        .label(label.as_str())
                });
                title.element(
                    Snippet::source(text.as_str())
                        .line_start(*first)
                        .path(path.as_str())
                        .annotation(AnnotationKind::Primary.span(within(&self.span)))
                        .annotations(also),
                )
            }
            _ => Group::with_title(title),
        };
        let hint = self.hint.as_deref().map(visible);
        if let (Some(hint), true) = (&hint, path.is_some()) {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        let mut said = renderer.render(&[group]).to_string();
        // Under a title alone the renderer would draw the margin of a source that is not there.
        if let (Some(hint), None) = (&hint, &path) {
            said.push_str(&format!("\n  = help: {hint}"));
        }
        said
    }
}

impl Problem {
    /// The bytes of the whole lines that this problem is about, and the number of the first, from 1.
    fn lines(&self, source: &Source) -> (Range<usize>, usize) {
        let text = source.text.as_bytes();
        let spans = || std::iter::once(&self.span).chain(self.also.iter().map(|(span, _)| span));
        let start = spans()
            .map(|span| span.start)
            .min()
            .unwrap_or(0)
            .min(text.len());
        let end = spans()
            .map(|span| span.end)
            .max()
            .unwrap_or(0)
            .clamp(start, text.len());
        let newline = |byte: &u8| *byte == b'\n';
        let from = text[..start]
            .iter()
            .rposition(newline)
            .map_or(0, |at| at + 1);
        let to = text[end..]
            .iter()
            .position(newline)
            .map_or(text.len(), |at| end + at + 1);
        let before = text[..from].iter().filter(|byte| newline(byte)).count();
        (from..to, before + 1)
    }
}

impl fmt::Display for Problem {
    /// One line: `runbook.toml:12:3: unknown key "verfy" (did you mean "verify"?)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(source), Some((line, column))) = (&self.source, self.position()) {
            write!(
                f,
                "{}:{line}:{column}: ",
                visible(&source.path.display().to_string())
            )?;
        }
        write!(f, "{}", visible(&self.message))?;
        if let Some(source) = &self.source {
            for (span, label) in &self.also {
                let (line, _) = source.position(span.start);
                write!(f, "; {} on line {line}", visible(label))?;
            }
        }
        match &self.hint {
            Some(hint) => write!(f, " ({})", visible(hint)),
            None => Ok(()),
        }
    }
}

/// Whether a rendering may carry colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// With SGR colours.
    Always,
    /// Text alone.
    Never,
}

/// Makes untrusted text safe to print on one line: control, bidirectional and zero-width characters
/// become `\u{…}` escapes, and so do the marks that are piled on a letter beyond the first few.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (c, shown) in seen(text) {
        if shown {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    out
}

/// How many marks may stand on one letter: more are drawn over the lines around it by many terminals.
const MARKS: usize = 3;

/// The characters of a text, each with whether it may be shown as it is.
pub fn seen(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut marks = 0;
    text.chars().map(move |c| {
        let hides = hidden(c);
        // What is hidden becomes letters, and the next mark would stand on those.
        marks = if !hides && c.width() == Some(0) {
            marks + 1
        } else {
            0
        };
        (c, !hides && marks <= MARKS)
    })
}

/// Whether a character can move the cursor, turn the reading direction or hide itself.
///
/// Unicode general category Cc, what is ignored by default (DerivedCoreProperties), the format characters that
/// have no shape of their own, line and paragraph separators, variation selectors and the tag block, after Unicode Standard Annex 9 and Technical Report 36.
pub fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

fn tame(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (c, shown) in seen(text) {
        if c == '\n' || c == '\t' || shown {
            out.push(c);
        } else {
            for _ in 0..c.len_utf8() {
                out.push('?');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_line_caret_and_hint() {
        let source = Arc::new(Source {
            path: "a.toml".into(),
            text: "title = \"x\"\nverfy = []\n".into(),
        });
        let problem =
            Problem::error(&source, 12..17, "unknown key `verfy`").hint("did you mean `verify`?");
        let text = problem.render(Colour::Never);
        assert!(text.contains("a.toml:2:1"), "{text}");
        assert!(text.contains("^^^^^"), "{text}");
        assert!(text.contains("did you mean `verify`?"), "{text}");
        assert_eq!(problem.position(), Some((2, 1)));
    }

    #[test]
    fn a_problem_far_down_shows_its_own_lines_and_their_numbers() {
        let source = Arc::new(Source {
            path: "a.toml".into(),
            text: format!("{}a = 1\nb = 2\n", "x = 0\n".repeat(100)),
        });
        let problem = Problem::error(&source, 606..607, "`b` and `a`").also(600..601, "the other");
        let text = problem.render(Colour::Never);
        for part in ["a.toml:102:1", "101 | a = 1", "102 | b = 2", "the other"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(!text.contains("x = 0"), "{text}");
    }

    #[test]
    fn of_an_endless_line_only_the_place_is_told() {
        let source = Arc::new(Source {
            path: "a.toml".into(),
            text: format!("a = 1\nb{}\n", "é".repeat(SHOWN)),
        });
        let problem = Problem::error(&source, 9..10, "it is long").hint("break it");
        let text = problem.render(Colour::Never);
        for part in ["it is long", "a.toml:2:3", "break it"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(text.len() < 200, "{text}");
    }

    #[test]
    fn nothing_hidden_in_a_file_reaches_the_terminal() {
        let source = Arc::new(Source {
            path: "\u{1b}[31m.toml".into(),
            text: "a = \"\u{1b}]52;c;eA==\u{7}\u{202e}\"\n".into(),
        });
        let problem = Problem::error(&source, 0..1, "bad \u{9b}1m");
        for text in [problem.render(Colour::Never), problem.to_string()] {
            assert!(text.chars().all(|c| c == '\n' || !hidden(c)), "{text:?}");
        }
    }
}

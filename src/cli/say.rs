//! The only writer of standard output and standard error.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;

use super::args::When;
use super::exit::{Aside, Exit, ReaderGone};
use super::terminal::Shown;
use crate::journal::JournalError;
use crate::problem::{Colour, Problem, visible};
use crate::report::EvidenceError;

/// Writes answers and talk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Say {
    when: When,
}

impl Say {
    pub fn new(when: When) -> Self {
        Self { when }
    }

    /// The same where a run is shown; in lines nothing has a colour.
    pub fn for_what_is(&self, shown: Shown) -> Self {
        match shown {
            Shown::Drawn => *self,
            Shown::InLines => Self { when: When::Never },
        }
    }

    /// Whether standard output takes colour.
    pub fn out_colour(&self) -> Colour {
        self.colour(io::stdout().is_terminal())
    }

    /// Whether standard error takes colour.
    pub fn err_colour(&self) -> Colour {
        self.colour(io::stderr().is_terminal())
    }

    fn colour(&self, terminal: bool) -> Colour {
        // https://no-color.org: set and not empty.
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        match self.when {
            When::Always => Colour::Always,
            When::Auto if terminal && !no_colour && !dumb => Colour::Always,
            When::Auto | When::Never => Colour::Never,
        }
    }

    /// Writes a piece of the answer. The text must be clean.
    pub fn answer(&self, text: &str) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderGone.into()),
            Err(error) => Err(error).context("write to standard output"),
        }
    }

    /// Writes a line of talk, or an indented few; untrusted characters in it are made visible.
    ///
    /// Nobody waits for talk: where standard error is gone, there is no place left to say so.
    pub fn talk(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{}", folded(text));
    }

    /// Writes what is wrong with the arguments. They stand in it as they came, so it is made visible like all that
    /// others wrote: a shell's `*` may have put the name of a file there.
    ///
    /// # Errors
    ///
    /// Standard error takes nothing.
    pub fn usage(text: &str) -> io::Result<()> {
        let mut err = io::stderr().lock();
        text.lines()
            .try_for_each(|line| writeln!(err, "{}", visible(line)))
    }

    /// Writes problems of files to standard error, with their lines and carets.
    pub fn problems(&self, problems: &[Problem]) {
        let colour = self.err_colour();
        for problem in problems {
            let _ = writeln!(io::stderr().lock(), "{}\n", problem.render(colour));
        }
    }

    /// Says an error with its causes and what to try; gives how the command ends.
    pub fn failure(&self, error: &anyhow::Error) -> Exit {
        if error.is::<ReaderGone>() {
            return Exit::Done;
        }
        let (red, blue, plain) = match self.err_colour() {
            Colour::Always => ("\u{1b}[1;31m", "\u{1b}[1;36m", "\u{1b}[0m"),
            Colour::Never => ("", "", ""),
        };
        let mut words: Vec<String> = Vec::new();
        for cause in error.chain() {
            let said = cause.to_string();
            // An aside has no words, and some errors already end in those of their source.
            if !said.is_empty() && words.last().is_none_or(|last| !last.ends_with(&said)) {
                words.push(said);
            }
        }
        let aside = error.downcast_ref::<Aside>();
        let mut err = io::stderr().lock();
        let mut lines = words.iter();
        let first = lines.next().map_or("it failed", String::as_str);
        let _ = writeln!(err, "{red}error{plain}: {}", folded(first));
        for cause in lines {
            let _ = writeln!(err, "  because: {}", folded(cause));
        }
        let hint = aside.and_then(|aside| aside.hint.as_deref());
        if let Some(hint) = hint.or_else(|| of_the_record(error)) {
            let _ = writeln!(err, "{blue}hint{plain}: {}", folded(hint));
        }
        aside.and_then(|aside| aside.exit).unwrap_or(Exit::Problems)
    }
}

/// What to try where a record is at fault, which nearly every command may meet.
fn of_the_record(error: &anyhow::Error) -> Option<&'static str> {
    error.chain().find_map(|cause| {
        // The evidence speaks with the journal's own voice and hides it from the chain.
        match cause.downcast_ref::<EvidenceError>() {
            Some(EvidenceError::Journal(error)) => error.hint(),
            Some(_) => None,
            None => cause.downcast_ref::<JournalError>()?.hint(),
        }
    })
}

/// Text of several lines, each clean and the later ones indented.
fn folded(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(visible).collect();
    lines.join("\n  ")
}

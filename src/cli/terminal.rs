//! What the terminal of this process can do, and so how a run is shown on it.

use std::fs;
use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::anyhow;

use super::exit::Advise;
use super::say::Say;
use crate::problem::visible;
use crate::tui::{Attention, Clipboard};

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// On a screen that is drawn.
    Drawn,
    /// In lines of text.
    InLines,
}

/// How terminals move their cursor that understand what the wizard writes, as terminfo(5) has it: `cup` of ECMA-48.
const CURSOR: &[u8] = b"\x1b[%i%p1%d;%p2%dH";

/// Kinds of terminals that do, for machines that have no terminfo of them.
const KNOWN: &[&str] = &[
    "xterm", "screen", "tmux", "linux", "rxvt", "vt100", "vt102", "vt220", "vt320", "vt420", "ansi",
];

impl Shown {
    /// Decides how a run is shown; says so where it is not what one would expect.
    ///
    /// # Errors
    ///
    /// There is no terminal to read from, and nobody asked for lines.
    pub fn decide(plain: bool, say: &Say) -> anyhow::Result<Self> {
        if plain {
            return Ok(Self::InLines);
        }
        if !std::io::stdin().is_terminal() {
            return Err(anyhow!("the wizard needs a terminal, and this is none"))
                .hint(
                    "give --plain to answer by lines over a pipe; without anybody, use `runsheet run --detach`, \
                     `--unattended` or `runsheet show`",
                )
                .usage();
        }
        let why = match std::env::var("TERM") {
            _ if !std::io::stdout().is_terminal() => "standard output is no terminal".to_owned(),
            Ok(term) if draws(&term) => return Ok(Self::Drawn),
            Ok(term) if !term.is_empty() => {
                format!(
                    "a terminal of the kind {} cannot be drawn on",
                    visible(&term)
                )
            }
            Ok(_) | Err(_) => "TERM does not say what kind of terminal this is".to_owned(),
        };
        say.talk(&format!(
            "{why}, so this is the wizard in lines, as with --plain"
        ));
        Ok(Self::InLines)
    }
}

/// Whether the terminal is of a kind that can be drawn on.
pub(super) fn is_drawn_on() -> bool {
    std::env::var("TERM").is_ok_and(|term| draws(&term))
}

/// Whether a kind of terminal understands what is drawn.
fn draws(term: &str) -> bool {
    // A name of terminfo, and nothing that leads out of its folders.
    let name = !term.is_empty()
        && term.len() <= 64
        && term
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b))
        && !term.starts_with('.');
    if !name || matches!(term, "dumb" | "unknown") {
        return false;
    }
    let known = |kind: &&str| {
        let rest = term.strip_prefix(*kind);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', '+']))
    };
    KNOWN.iter().any(known) || described(term)
}

/// Whether this machine has a description of a kind of terminal whose cursor is moved as we move it.
fn described(term: &str) -> bool {
    let Some(first) = term.chars().next() else {
        return false;
    };
    let own = std::env::var_os("TERMINFO").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".terminfo"));
    let shared = [
        "/etc/terminfo",
        "/lib/terminfo",
        "/usr/share/terminfo",
        "/usr/lib/terminfo",
    ];
    let folders = own.into_iter().chain(home).chain(shared.map(PathBuf::from));
    // The folder of a first letter, by itself or by its code where file names know no capitals.
    let files = folders.flat_map(|folder| {
        let code = format!("{:x}", u32::from(first));
        [
            folder.join(first.to_string()).join(term),
            folder.join(code).join(term),
        ]
    });
    let moves = |bytes: Vec<u8>| bytes.windows(CURSOR.len()).any(|part| part == CURSOR);
    // A description that cannot be read says nothing.
    files.filter_map(|file| fs::read(file).ok()).any(moves)
}

/// How somebody who looks away may be called on this terminal.
pub(super) fn attention(quiet: bool) -> Attention {
    match std::env::var("TERM").as_deref() {
        _ if quiet => Attention::Off,
        // A console has no title, and some show what they do not understand.
        Ok("linux" | "dumb" | "") | Err(_) => Attention::Bell,
        Ok(_) => Attention::BellAndTitle,
    }
}

/// Whether the terminal may have a clipboard that a program can ask for.
pub(super) fn clipboard() -> Clipboard {
    match std::env::var("TERM").as_deref() {
        _ if !std::io::stdout().is_terminal() => Clipboard::NoTerminal,
        // A console shows letters and has nothing beside them.
        Ok(term) if term != "linux" && draws(term) => Clipboard::OfTheTerminal,
        _ => Clipboard::NotOfThisKind,
    }
}

/// Whether the locale and the terminal show more than ASCII.
pub(super) fn takes_unicode() -> bool {
    // The first of these that is set counts (POSIX, 8.2).
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|variable| std::env::var(variable).ok())
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    // A bare Linux console has a font of 512 signs at most.
    let console = std::env::var("TERM").is_ok_and(|term| term == "linux" || term == "dumb");
    utf8 && !console
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_drawn_on_only_where_it_understands_that() {
        for term in [
            "xterm",
            "xterm-256color",
            "screen.xterm-256color",
            "tmux-256color",
            "linux",
            "vt220",
        ] {
            assert!(draws(term), "{term}");
        }
        for term in [
            "",
            "dumb",
            "unknown",
            "xtermite-of-nowhere",
            "../../etc/passwd",
            "x\u{1b}[2J",
            ".x",
        ] {
            assert!(!draws(term), "{term}");
        }
    }

    #[test]
    fn a_description_is_judged_by_how_the_cursor_is_moved() {
        assert!(!described("no-such-kind-of-terminal"));
        // Debian's ncurses-base has these two everywhere.
        if fs::metadata("/lib/terminfo/d/dumb").is_ok() {
            assert!(!described("dumb"), "it has no cursor to move");
            assert!(described("xterm"));
        }
    }
}

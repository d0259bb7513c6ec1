//! How things look: signs and styles, for terminals with and without colour and Unicode.

mod depth;

use ratatui::style::{Color, Modifier, Style};

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether colours may be used. Without them weight, inverse and words carry everything.
    pub colour: bool,
    /// Whether signs and lines beyond ASCII may be used.
    pub unicode: bool,
    /// Which colours of a program's output may be used; ours are of the sixteen always.
    pub depth: Depth,
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The sixteen of its theme.
    Sixteen,
    /// And the palette of 256.
    Palette,
    /// Any.
    Any,
}

/// The kinds of text that look different from plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing special.
    Plain,
    /// Beside the matter: labels, keys that are not urgent.
    Quiet,
    /// What the eye should find first.
    Strong,
    /// Well ended.
    Good,
    /// Ended badly, or dangerous.
    Bad,
    /// Wants care.
    Care,
    /// Where the cursor stands.
    Here,
    /// The production banner.
    Production,
    /// The rehearsal banner.
    Rehearsal,
    /// Something is wrong with the screen itself: not connected, link lost.
    Alarm,
    /// A line that a diff adds.
    Added,
    /// A line that a diff takes away.
    Removed,
}

/// The signs of the screen, in Unicode and in ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs {
    pub(super) proved: &'static str,
    pub(super) vacuous: &'static str,
    pub(super) unchecked: &'static str,
    pub(super) attested: &'static str,
    pub(super) skipped: &'static str,
    pub(super) failed: &'static str,
    pub(super) unknown: &'static str,
    pub(super) gate: &'static str,
    pub(super) running: &'static str,
    pub(super) proving: &'static str,
    pub(super) waiting: &'static str,
    pub(super) back: &'static str,
    pub(super) armed: &'static str,
    pub(super) open: &'static str,
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    pub(super) more: &'static str,
    /// A row goes on to the left, and to the right; one column each.
    pub(super) cut_left: &'static str,
    pub(super) cut_right: &'static str,
    pub(super) up: &'static str,
    pub(super) down: &'static str,
    pub(super) dot: &'static str,
    pub(super) prompt: &'static str,
    pub(super) full: &'static str,
    pub(super) empty: &'static str,
    pub(super) across: &'static str,
    pub(super) along: &'static str,
    pub(super) dash: &'static str,
}

const UNICODE: Signs = Signs {
    proved: "✔",
    vacuous: "≈",
    unchecked: "•",
    attested: "◆",
    skipped: "»",
    failed: "✘",
    unknown: "?",
    gate: "▶",
    running: "●",
    proving: "○",
    waiting: "·",
    back: "◀",
    armed: "◐",
    open: "▸",
    yes: "✔",
    no: "✘",
    more: "…",
    cut_left: "…",
    cut_right: "…",
    up: "▴",
    down: "▾",
    dot: " · ",
    prompt: "›",
    full: "█",
    empty: "░",
    across: "─",
    along: "│",
    dash: "–",
};

const ASCII: Signs = Signs {
    proved: "+",
    vacuous: "~",
    unchecked: "o",
    attested: "a",
    skipped: "s",
    failed: "x",
    unknown: "?",
    gate: ">",
    running: "*",
    proving: "=",
    waiting: ".",
    back: "<",
    armed: "%",
    open: ">",
    yes: "+",
    no: "x",
    more: "...",
    cut_left: "<",
    cut_right: ">",
    up: "^",
    down: "v",
    dot: " | ",
    prompt: ">",
    full: "#",
    empty: ".",
    across: "-",
    along: "|",
    dash: "-",
};

/// The signs as words, for lines that are read aloud. What always has its word beside it has no sign.
pub(super) const SPOKEN: Signs = Signs {
    proved: "",
    vacuous: "",
    unchecked: "",
    attested: "",
    skipped: "",
    failed: "",
    unknown: "cannot say:",
    gate: "",
    running: "",
    proving: "is asked:",
    waiting: "not asked yet:",
    back: "",
    armed: "",
    open: "",
    yes: "holds:",
    no: "does not hold:",
    ..ASCII
};

impl Look {
    /// Reads what the terminal can show from the environment: `NO_COLOR` (no-color.org: set and not empty),
    /// `TERM`, `COLORTERM`, and the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set (locale(7)).
    ///
    /// The Linux console speaks UTF-8, but its fonts miss most signs, so it gets ASCII.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let locale = set("LC_ALL")
            .or_else(|| set("LC_CTYPE"))
            .or_else(|| set("LANG"));
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Self {
            colour: set("NO_COLOR").is_none() && !is_monochrome(&term),
            unicode: utf8 && !matches!(term.as_str(), "linux" | "dumb"),
            depth: match set("COLORTERM").as_deref() {
                Some("truecolor" | "24bit") => Depth::Any,
                _ if term.ends_with("-direct") => Depth::Any,
                _ if term.contains("256color") => Depth::Palette,
                _ => Depth::Sixteen,
            },
        }
    }

    /// The same without colour, where none is wanted.
    #[must_use]
    pub fn with_colour_only_if(self, wanted: bool) -> Self {
        Self {
            colour: self.colour && wanted,
            ..self
        }
    }

    /// A colour of a program's output as this terminal has it: itself, or the one that is nearest.
    pub(super) fn shown(self, colour: vt100::Color) -> Option<Color> {
        depth::shown(colour, self.depth)
    }

    pub(super) fn signs(self) -> &'static Signs {
        if self.unicode { &UNICODE } else { &ASCII }
    }

    /// Turns the few characters of our own words that are not ASCII into such that are, where needed.
    pub(super) fn own(self, text: &str) -> String {
        if self.unicode {
            return text.to_owned();
        }
        text.replace(" · ", " | ")
            .replace('…', "...")
            .replace(['–', '—'], "-")
            .replace('→', "->")
            .replace('↑', "Up")
            .replace('↓', "Down")
    }

    /// Only colours out of the sixteen that a terminal's own theme gives, and of those only such as read on light and
    /// on dark: no white and no black but on a background of ours, and no yellow, which many terminals draw bright
    /// where it is bold.
    pub(super) fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        let colour =
            |style: Style, colour: Color| if self.colour { style.fg(colour) } else { style };
        let bold = plain.add_modifier(Modifier::BOLD);
        match tone {
            Tone::Plain => plain,
            Tone::Quiet => plain.add_modifier(Modifier::DIM),
            Tone::Strong => bold,
            Tone::Good => colour(plain, Color::Green),
            Tone::Bad => colour(bold, Color::Red),
            Tone::Care => colour(bold, Color::Magenta),
            Tone::Here | Tone::Rehearsal => plain.add_modifier(Modifier::REVERSED),
            Tone::Production if self.colour => bold.fg(Color::White).bg(Color::Red),
            Tone::Alarm if self.colour => bold.fg(Color::Black).bg(Color::Yellow),
            Tone::Production | Tone::Alarm => bold.add_modifier(Modifier::REVERSED),
            Tone::Added => colour(plain, Color::Green),
            Tone::Removed => colour(plain, Color::Red),
        }
    }
}

fn is_monochrome(term: &str) -> bool {
    matches!(term, "" | "dumb" | "vt100" | "vt220")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(variables: &[(&str, &str)]) -> Look {
        Look::from_env(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colour_and_unicode_follow_the_environment() {
        let term = ("TERM", "xterm-256color");
        let both = Look {
            colour: true,
            unicode: true,
            depth: Depth::Palette,
        };
        assert_eq!(look(&[term, ("LANG", "de_DE.UTF-8")]), both);
        assert!(!look(&[term, ("LANG", "C.UTF-8"), ("NO_COLOR", "1")]).colour);
        assert!(
            look(&[term, ("NO_COLOR", "")]).colour,
            "empty does not count"
        );
        assert!(!look(&[term, ("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]).unicode);
        assert!(!look(&[("TERM", "linux"), ("LANG", "C.UTF-8")]).unicode);
        assert!(!look(&[("TERM", "dumb"), ("LANG", "C.UTF-8")]).colour);
        assert_eq!(look(&[("TERM", "linux")]).depth, Depth::Sixteen);
        assert_eq!(look(&[term, ("COLORTERM", "24bit")]).depth, Depth::Any);
    }

    #[test]
    fn our_own_words_are_ascii_where_the_terminal_is() {
        let plain = Look {
            colour: false,
            unicode: false,
            depth: Depth::Sixteen,
        };
        assert!(plain.own("a · b… – → ↑").is_ascii());
        assert_eq!(
            Look {
                unicode: true,
                ..plain
            }
            .own("a · b…"),
            "a · b…"
        );
    }
}

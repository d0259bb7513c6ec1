//! What the check has to say about how a probe asks, and how long it has to hold.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::Probe;
use crate::problem::Severity;

/// A mistake or a risk in a probe, with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Whether it is refused or only pointed out.
    pub severity: Severity,
    /// Which bytes of the file it is about.
    pub span: Range<usize>,
    /// What is wrong, in a fragment.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Remark {
    /// A mistake.
    pub fn error(span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            span,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// A risk.
    pub fn warning(
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(span, message, hint)
        }
    }
}

/// What a probe must do beyond being true once, as it stands in a runbook.
#[derive(Debug, Default)]
pub struct Endurance {
    /// How long it may take in all.
    pub within: Option<Spanned<Duration>>,
    /// For how long on end it must be true.
    pub stable_for: Option<Spanned<Duration>>,
    /// Whether its number must not rise.
    pub falling: Option<Spanned<bool>>,
}

impl Endurance {
    /// Whether its number must not rise.
    pub fn is_falling(&self) -> bool {
        self.falling
            .as_ref()
            .is_some_and(|falling| *falling.get_ref())
    }

    /// What cannot work together.
    pub fn remarks(&self, probe: &dyn Probe) -> Vec<Remark> {
        let mut remarks = Vec::new();
        match (&self.stable_for, &self.within) {
            (Some(stable), None) => remarks.push(Remark::error(
                stable.span(),
                "`stable-for` without `within`",
                "say how long it may take in all: `within = \"5m\"`",
            )),
            (Some(stable), Some(within)) if stable.get_ref() >= within.get_ref() => {
                remarks.push(Remark::error(
                    stable.span(),
                    "nothing can hold for `stable-for` before the time of `within` is up",
                    "`within` counts from the first question: make it longer",
                ));
            }
            _ => {}
        }
        let Some(falling) = self.falling.as_ref().filter(|falling| *falling.get_ref()) else {
            return remarks;
        };
        if probe.aim().is_none() {
            remarks.push(Remark::error(
                falling.span(),
                format!(
                    "`falling` watches a number, and the probe `{}` gives none",
                    probe.kind()
                ),
                "use a `command` that prints one number",
            ));
        } else if self.within.is_none() {
            remarks.push(Remark::error(
                falling.span(),
                "`falling` without `within`",
                "one number neither falls nor rises: say how long to ask, `within = \"5m\"`",
            ));
        }
        remarks
    }
}

/// What must be so beyond being true once, as it follows on what a probe says; empty where it is nothing.
pub fn endures(stable_for: Duration, falling: bool) -> String {
    let mut words = String::new();
    if !stable_for.is_zero() {
        words.push_str(&format!(", for {} s on end", stable_for.as_secs_f64()));
    }
    if falling {
        words.push_str(", and never rises");
    }
    words
}

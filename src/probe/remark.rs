//! What the check has to say about how a probe asks.

use std::ops::Range;

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

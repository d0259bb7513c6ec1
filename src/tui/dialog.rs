//! What stands before the run: a question with a few answers, a text box, the palette, the help page.

use ratatui::style::{Modifier, Style};
use tui_textarea::{CursorMove, TextArea, WrapMode};

use super::clean;
use super::palette::Find;
use super::say;
use crate::names::{MachineName, StepId};
use crate::run::{Decision, Intent};

/// What stands before the run.
pub(super) enum Dialog {
    /// A question with a few answers.
    Choose(Choose),
    /// A text box.
    Write(Box<Write>),
    /// The palette.
    Find(Find),
    /// The field of the search in the output; what was typed is clean.
    Search(String),
    /// A page to read, scrolled down by some lines.
    Sheet(Sheet, usize),
}

/// A page to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sheet {
    /// Every key and every sign.
    Keys,
    /// What was found on the machines before the run.
    Machines,
}

/// A question with a few answers. The first is the harmless one and has the focus.
pub(super) struct Choose {
    pub(super) title: String,
    /// Clean lines above the answers.
    pub(super) lines: Vec<String>,
    pub(super) answers: Vec<(String, Then)>,
    pub(super) at: usize,
    /// Whether the answers after the first have numbers, from 1.
    pub(super) numbered: bool,
    /// The digit that was pressed last.
    pub(super) pressed: Option<u32>,
}

/// What an answer leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing.
    Close,
    /// A wish.
    Wish(Intent),
    /// A text box for the words that the wish needs.
    Write(Purpose),
}

/// A text box.
pub(super) struct Write {
    pub(super) purpose: Purpose,
    pub(super) area: TextArea<'static>,
}

/// What a text is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    Note {
        step: Option<StepId>,
    },
    SayDone {
        step: StepId,
        attempt: u32,
        lane: MachineName,
    },
    Reply {
        step: StepId,
        attempt: u32,
        proof: u16,
        yes: bool,
        /// What a yes must tell with it.
        evidence: Option<String>,
    },
    Attest {
        step: StepId,
        attempt: u32,
    },
    Skip {
        step: StepId,
    },
    Settle {
        step: StepId,
        attempt: u32,
        lane: MachineName,
        decision: Decision,
    },
    Suspend,
    End,
}

impl Purpose {
    /// The wish that a text for this makes.
    pub(super) fn intent(&self, text: String) -> Intent {
        match self.clone() {
            Self::Note { step } => Intent::Note { step, text },
            Self::SayDone {
                step,
                attempt,
                lane,
            } => Intent::SayDone {
                step,
                attempt,
                lane,
                note: text,
            },
            Self::Reply {
                step,
                attempt,
                proof,
                yes,
                evidence: _,
            } => Intent::Reply {
                step,
                attempt,
                proof,
                yes,
                note: text,
            },
            Self::Attest { step, attempt } => Intent::Attest {
                step,
                attempt,
                note: text,
            },
            Self::Skip { step } => Intent::Skip { step, reason: text },
            Self::Settle {
                step,
                attempt,
                lane,
                decision,
            } => Intent::Settle {
                step,
                attempt,
                lane,
                decision,
                reason: text,
            },
            Self::Suspend => Intent::Suspend { reason: text },
            Self::End => Intent::End { reason: text },
        }
    }

    /// The step that the text is about; none where it is about the run.
    pub(super) fn step(&self) -> Option<&StepId> {
        match self {
            Self::Note { step } => step.as_ref(),
            Self::SayDone { step, .. }
            | Self::Reply { step, .. }
            | Self::Attest { step, .. }
            | Self::Skip { step }
            | Self::Settle { step, .. } => Some(step),
            Self::Suspend | Self::End => None,
        }
    }

    /// Whether the wish may be sent without a word.
    pub(super) fn may_be_empty(&self) -> bool {
        match self {
            Self::SayDone { .. } => true,
            Self::Reply { yes, evidence, .. } => *yes && evidence.is_none(),
            _ => false,
        }
    }

    /// What stands above the box.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Note { step: Some(step) } => format!("A note about step {step}"),
            Self::Note { step: None } => "A note about the run".to_owned(),
            Self::SayDone { lane, .. } => format!("It is done, on {lane}. A note may stay empty."),
            Self::Reply {
                yes: true,
                evidence: Some(wanted),
                ..
            } => format!("Yes. Write down {}.", clean::line(wanted)),
            Self::Reply { yes: true, .. } => "Yes. What did you see? May stay empty.".to_owned(),
            Self::Reply { yes: false, .. } => "No. What did you see?".to_owned(),
            Self::Attest { step, .. } => format!("You vouch for step {step}. What did you see?"),
            Self::Skip { step } => format!("Skip step {step}. Why?"),
            Self::Settle { lane, decision, .. } => {
                format!("On {lane}: {}. How do you know?", say::decision(*decision))
            }
            Self::Suspend => "Suspend the run. Why, and until when?".to_owned(),
            Self::End => "End the run before its last step. Why?".to_owned(),
        }
    }

    /// What the record will say of it.
    pub(super) fn consequence(&self) -> &'static str {
        match self {
            Self::Note { .. } => {
                "It goes into the record under your name, and cannot be taken out again."
            }
            Self::SayDone { .. } => "The step's proof is asked next, where it has one.",
            Self::Reply { yes: true, .. } => "Your answer counts as proof.",
            Self::Reply { yes: false, .. } => "The step is then not proved, and stuck.",
            Self::Attest { .. } => {
                "The step counts as done on your word alone; the report says so."
            }
            Self::Skip { .. } => "Steps that need this one cannot be done either.",
            Self::Settle { .. } => {
                "The run goes on from there; the report says that you decided it."
            }
            Self::Suspend => {
                "Its engine leaves, and nothing goes on. Attaching takes it up again and asks the machines anew."
            }
            Self::End => {
                "Nothing is taken back by it, and nothing can be done in this run afterwards."
            }
        }
    }
}

impl Choose {
    /// A question whose first answer does nothing and has the focus.
    pub(super) fn new(title: String, lines: Vec<String>, harmless: &str) -> Self {
        Self {
            title,
            lines,
            answers: vec![(harmless.to_owned(), Then::Close)],
            at: 0,
            numbered: false,
            pressed: None,
        }
    }

    /// Adds an answer.
    #[must_use]
    pub(super) fn or(mut self, words: &str, then: Then) -> Self {
        self.answers.push((words.to_owned(), then));
        self
    }

    pub(super) fn previous(&mut self) {
        self.at = self
            .at
            .checked_sub(1)
            .unwrap_or(self.answers.len().saturating_sub(1));
    }

    /// Marks the answer of the number that was pressed; nothing where there is none.
    pub(super) fn mark(&mut self) {
        let number = self.pressed.and_then(|number| usize::try_from(number).ok());
        if let Some(number) = number.filter(|n| self.numbered && *n < self.answers.len()) {
            self.at = number;
        }
    }

    pub(super) fn next(&mut self) {
        self.at = (self.at + 1) % self.answers.len().max(1);
    }
}

impl Write {
    /// A text box, with the draft that was left in it the last time.
    pub(super) fn new(purpose: Purpose, draft: &str) -> Self {
        let mut area = TextArea::new(draft.split('\n').map(str::to_owned).collect());
        area.set_cursor_line_style(Style::new());
        area.set_cursor_style(Style::new().add_modifier(Modifier::REVERSED));
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_max_histories(200);
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Self { purpose, area }
    }

    /// Puts typed or pasted text in.
    pub(super) fn insert(&mut self, text: &str) {
        self.area.insert_str(clean::typed(text));
    }

    pub(super) fn text(&self) -> String {
        self.area.lines().join("\n")
    }
}

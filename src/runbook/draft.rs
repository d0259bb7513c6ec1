//! A runbook that was read and not checked yet: names are texts with places, and anything may be absent.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::condition::ConditionDraft;
use super::model::{Downtime, Gate, ParamKind};
use super::spread::{CaptureDraft, ForEachDraft};
use super::table::Text;
use crate::kinds::Action;
use crate::probe::{Endurance, Probe};
use crate::template::Template;

/// A runbook as it stands in its file. What is `None` was absent or wrong, and has been told.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) title: Option<Text>,
    pub(super) about: String,
    pub(super) window: Option<Duration>,
    pub(super) hosts: Vec<HostDraft>,
    pub(super) params: Vec<ParamDraft>,
    pub(super) phases: Vec<PhaseDraft>,
    pub(super) steps: Vec<StepDraft>,
}

#[derive(Debug)]
pub(super) struct HostDraft {
    pub(super) name: Text,
    pub(super) about: String,
}

#[derive(Debug)]
pub(super) struct ParamDraft {
    pub(super) name: Text,
    pub(super) ask: Option<Text>,
    pub(super) default: Option<Text>,
    pub(super) kind: Option<ParamKind>,
}

#[derive(Debug)]
pub(super) struct PhaseDraft {
    /// The place of its header.
    pub(super) span: Range<usize>,
    pub(super) id: Option<Text>,
    pub(super) title: Option<Text>,
}

#[derive(Debug)]
pub(super) struct StepDraft {
    /// The place of its header.
    pub(super) span: Range<usize>,
    pub(super) id: Option<Text>,
    pub(super) phase: Option<Text>,
    pub(super) title: Option<Text>,
    pub(super) about: String,
    pub(super) on: Vec<Text>,
    pub(super) action: Option<Box<dyn Action>>,
    pub(super) undo: UndoDraft,
    pub(super) gate: Option<Spanned<Gate>>,
    /// The words of a typed-back gate, to look its names up.
    pub(super) words: Option<Spanned<Template>>,
    pub(super) verify: Vec<ProbeDraft>,
    pub(super) estimate: Option<Duration>,
    pub(super) undo_estimate: Option<Spanned<Duration>>,
    pub(super) downtime: Option<Downtime>,
    pub(super) point_of_no_return: bool,
    pub(super) needs: Vec<Text>,
    pub(super) timeout: Option<Duration>,
    pub(super) when: Vec<ConditionDraft>,
    pub(super) capture: Option<CaptureDraft>,
    pub(super) for_each: Option<ForEachDraft>,
    pub(super) at_once: Option<Spanned<u16>>,
    pub(super) armed_until: Option<Text>,
    pub(super) confirm_within: Option<Spanned<Duration>>,
}

#[derive(Debug)]
pub(super) struct ProbeDraft {
    pub(super) probe: Box<dyn Probe>,
    pub(super) on: Option<Text>,
    pub(super) endurance: Endurance,
    pub(super) every: Option<Duration>,
}

#[derive(Debug)]
pub(super) enum UndoDraft {
    Action(Box<dyn Action>),
    Never(String),
    Nothing(String),
    Unsaid,
}

//! The names that steps give a value: what is made, by which step, and whether a use comes after it.

use std::collections::HashMap;
use std::ops::Range;

use toml::Spanned;

use super::check::is_taken;
use super::condition::ConditionDraft;
use super::draft::{Draft, StepDraft};
use super::model::ParamKind;
use super::parameters::check_value;
use super::table::{Reader, list};
use crate::kinds::Choice;
use crate::names::did_you_mean;

/// The longest value of an option, in bytes.
const VALUE: usize = 256;

/// A name that a step gives a value.
#[derive(Debug)]
pub(super) struct Made<'d> {
    /// The place of the step in the runbook.
    pub(super) step: usize,
    /// Where the name stands.
    pub(super) span: Range<usize>,
    /// What makes it, and so what it can be.
    pub(super) by: Maker<'d>,
}

/// What gives a name its value.
#[derive(Debug)]
pub(super) enum Maker<'d> {
    /// A choice between these values.
    Choice(Vec<&'d str>),
    /// The output of a command, as one value.
    Value,
    /// The output of a command, as a list.
    List,
}

impl Made<'_> {
    /// Whether it comes from output.
    pub(super) fn is_captured(&self) -> bool {
        matches!(self.by, Maker::Value | Maker::List)
    }
}

/// Finds every name that a step makes, and tells those that mean something already.
pub(super) fn collect<'d>(reader: &mut Reader, draft: &'d Draft) -> HashMap<&'d str, Made<'d>> {
    let mut made: HashMap<&str, Made<'_>> = HashMap::new();
    for (step, name, by) in draft.steps.iter().enumerate().flat_map(makes) {
        let (text, span) = (name.get_ref().as_str(), name.span());
        let param = draft.params.iter().find(|p| p.name.get_ref() == text);
        if is_taken(text) {
            reader
                .error(span, format!("a value cannot be called `{text}`"))
                .hint =
                Some("the variable of that name already means something to a shell".to_owned());
        } else if let Some(param) = param {
            let problem = reader.error(span, format!("`{text}` is a parameter already"));
            problem
                .also
                .push((param.name.span(), "the parameter".to_owned()));
            problem.hint = Some("give it another name".to_owned());
        } else if let Some(first) = made.get(text) {
            let also = (first.span.clone(), "the first".to_owned());
            let problem = reader.error(span, format!("`{text}` is given a value twice"));
            problem.also.push(also);
            problem.hint = Some("give one of them another name".to_owned());
        } else {
            made.insert(text, Made { step, span, by });
        }
    }
    made
}

type Making<'d> = (usize, &'d Spanned<crate::names::ParamName>, Maker<'d>);

fn makes((place, step): (usize, &StepDraft)) -> Vec<Making<'_>> {
    let choice = step.action.as_ref().and_then(|action| action.choice());
    let chosen = choice.map(|choice| {
        let values = choice.options.get_ref().iter();
        let values = values.map(|option| option.value.get_ref().as_str());
        (place, &choice.name, Maker::Choice(values.collect()))
    });
    let captured = step.capture.as_ref().map(|capture| {
        let by = if capture.lines {
            Maker::List
        } else {
            Maker::Value
        };
        (place, &capture.name, by)
    });
    chosen.into_iter().chain(captured).collect()
}

/// Checks that there is something to capture, and from one place.
pub(super) fn capture(reader: &mut Reader, step: &StepDraft) {
    let (Some(capture), Some(action)) = (&step.capture, &step.action) else {
        return;
    };
    let span = || capture.name.span();
    if !action.prints() {
        let message = format!(
            "a step of kind `{}` prints nothing to capture",
            action.kind()
        );
        reader.error(span(), message).hint =
            Some("capture from a `command`, or from `exec` and `inspect` of `docker`".to_owned());
    }
    if step.on.len() > 1 || step.for_each.is_some() {
        reader
            .error(
                span(),
                "a value is captured from one lane, and this step has several",
            )
            .hint = Some("make a step of its own of it, on one host".to_owned());
    }
}

/// Checks a choice by itself, and that its step says nothing that has no meaning for one.
pub(super) fn choice(reader: &mut Reader, step: &StepDraft, choice: &Choice) {
    let options = choice.options.get_ref();
    if options.len() < 2 {
        let message = match options.len() {
            0 => "a choice without an option",
            _ => "a choice of one option is none",
        };
        reader.error(choice.options.span(), message).hint =
            Some("write two options or more, or `do.note` for something to read".to_owned());
    }
    let mut seen: HashMap<&str, Range<usize>> = HashMap::new();
    for option in options {
        let (value, span) = (option.value.get_ref().as_str(), option.value.span());
        if let Some(why) = bad_value(value) {
            reader.error(span, format!("the value of an option {why}"));
        } else if let Some(first) = seen.get(value) {
            let first = first.clone();
            let problem = reader.error(span, format!("the option `{value}` is there twice"));
            problem.also.push((first, "the first".to_owned()));
        } else {
            seen.insert(value, span);
        }
    }
    let place = || step.id.as_ref().map_or(step.span.clone(), Spanned::span);
    let needless = [
        ("on", !step.on.is_empty()),
        (
            "undo",
            !matches!(step.undo, super::draft::UndoDraft::Unsaid),
        ),
        ("verify", !step.verify.is_empty()),
        ("timeout", step.timeout.is_some()),
        ("for-each", step.for_each.is_some()),
        ("point-of-no-return", step.point_of_no_return),
    ];
    for (key, _) in needless.iter().filter(|(_, said)| *said) {
        let message = format!("`{key}` means nothing for a choice: no machine is touched by it");
        reader.error(place(), message).hint =
            Some("take it out, or make a step of its own of it".to_owned());
    }
    if let Some(gate) = &step.gate
        && *gate.get_ref() != super::model::Gate::Confirm
    {
        reader
            .error(gate.span(), "a choice has no other gate than the choosing")
            .hint = Some(
            "leave `gate` out; a gate of its own can stand before the steps that follow".to_owned(),
        );
    }
}

fn bad_value(value: &str) -> Option<&'static str> {
    if value.trim().is_empty() {
        Some("is empty")
    } else if value.chars().any(char::is_control) {
        Some("has a control character in it")
    } else if value.starts_with('-') {
        Some("starts with a dash and would be read as an option")
    } else if value.len() > VALUE {
        Some("is longer than 256 bytes")
    } else {
        None
    }
}

/// Checks that what a condition asks for can be.
pub(super) fn values(
    reader: &mut Reader,
    condition: &ConditionDraft,
    (kind, by): (Option<&ParamKind>, Option<&Maker<'_>>),
) {
    let name = condition.name.get_ref();
    let among = |reader: &mut Reader, known: &[&str], what: &str| {
        for value in &condition.values {
            let text = value.get_ref().as_str();
            if known.contains(&text) {
                continue;
            }
            let hint = match did_you_mean(text, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it can be {}", list(known.iter().copied())),
            };
            let message = format!("`{text}` is not among the {what} of `{name}`");
            reader.error(value.span(), message).hint = Some(hint);
        }
    };
    match (kind, by) {
        (_, Some(Maker::Choice(values))) => among(reader, values, "options"),
        (Some(ParamKind::Choice(choices)), _) => {
            let known: Vec<&str> = choices.iter().map(String::as_str).collect();
            among(reader, &known, "choices");
        }
        (Some(ParamKind::Secret), _) => {
            let message = format!("`{name}` is a secret, and what a step hangs on is recorded");
            reader.error(condition.name.span(), message).hint =
                Some("let it hang on a parameter of another kind".to_owned());
        }
        (Some(kind), _) => {
            for value in &condition.values {
                if let Err(why) = check_value(kind, value.get_ref()) {
                    let message = format!("`{name}` is never `{}`: {why}", value.get_ref());
                    reader.error(value.span(), message);
                }
            }
        }
        (None, Some(_)) | (None, None) => {}
    }
}

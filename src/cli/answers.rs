//! The answers file of an unattended run: what may be said without a person, and nothing else.
//!
//! ```toml
//! format  = 1
//! approve = ["*"]                  # steps whose gate asks for a plain yes, or "*" for all of them
//!
//! [step.stop-nginx]
//! type = "stop pryvio_nginx"       # what to type, where the gate wants words
//!
//! [step.choose-way]
//! choose = "copy"                  # the value of the option to choose
//!
//! [step.lower-ttl]
//! done    = "set to 60 s"          # says that a step done by hand is done
//! answers = [                      # to the questions of its proof, in order or by their words
//!   { yes = true, note = "looked at it" },
//!   { question = "Is the data there?", yes = true, note = "ana's account" },
//! ]
//!
//! [step.cleanup]
//! attest = "not there in the lab"  # vouches for it where it is stuck
//! skip   = "not needed in the lab" # goes on without it
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use serde::Deserialize;
use toml::Spanned;

use super::exit::Advise;
use super::say::Say;
use crate::names::{StepId, did_you_mean};
use crate::problem::{Problem, Source};
use crate::run::Plan;

/// The format of answers files that this program reads.
const FORMAT: u32 = 1;

/// What stands for every step in `approve`.
const ALL: &str = "*";

/// What may be said without a person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answers {
    format: Spanned<u32>,
    #[serde(default)]
    approve: Vec<Spanned<String>>,
    #[serde(default)]
    step: BTreeMap<Spanned<String>, StepAnswers>,
}

/// What may be said of one step.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepAnswers {
    /// What to type at its gate.
    #[serde(rename = "type")]
    pub typed: Option<String>,
    /// The value of the option to choose.
    pub choose: Option<Spanned<String>>,
    /// Says that a step done by hand is done.
    pub done: Option<String>,
    /// Answers to the questions of its proof.
    #[serde(default)]
    pub answers: Vec<Reply>,
    /// Vouches for it where it is stuck.
    pub attest: Option<String>,
    /// Goes on without it, where it is at its gate or stuck.
    pub skip: Option<String>,
}

/// An answer to a question of a proof.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    /// The question's words; its place among the questions to a person where they are left out.
    pub question: Option<String>,
    /// The answer.
    pub yes: bool,
    /// What was seen.
    #[serde(default)]
    pub note: String,
}

impl Answers {
    /// What may be said of a step.
    pub fn of(&self, step: &StepId) -> Option<&StepAnswers> {
        self.step
            .iter()
            .find(|(id, _)| id.get_ref() == step.as_str())
            .map(|(_, answers)| answers)
    }

    /// Refuses a plan with a step that wants somebody at the keyboard, unless it is to be skipped.
    pub fn leave_no_keyboard_alone(&self, plan: &Plan) -> anyhow::Result<()> {
        let alone = |step: &&crate::run::PlannedStep| {
            let skipped = self.of(&step.id).is_some_and(|given| given.skip.is_some());
            step.interactive && !skipped
        };
        let Some(step) = plan.steps.iter().find(alone) else {
            return Ok(());
        };
        let id = &step.id;
        Err(anyhow!(
            "the run does not start: step {id} is interactive, and in an unattended run nobody is there to type"
        ))
        .hint(format!(
            "run it attended, or skip the step in the answers: [step.{id}] skip = \"why\""
        ))
    }

    /// Whether a plain yes may be said at a step's gate.
    pub fn approves(&self, step: &StepId) -> bool {
        self.approve
            .iter()
            .any(|id| id.get_ref() == ALL || id.get_ref() == step.as_str())
    }
}

impl StepAnswers {
    /// The answer to a question of the proof, which is the `place`th (from 0) that a person is asked.
    pub fn reply(&self, question: &str, place: usize) -> Option<&Reply> {
        let named = self
            .answers
            .iter()
            .find(|reply| reply.question.as_deref() == Some(question));
        let in_order = || {
            self.answers
                .get(place)
                .filter(|reply| reply.question.is_none())
        };
        named.or_else(in_order)
    }
}

/// Reads an answers file, and holds its steps against the plan's.
///
/// # Errors
///
/// A file that cannot be read or is no answers file, an id that is no step's, and an empty reason; each is shown
/// with its place in the file.
pub(super) fn read(path: &Path, plan: &Plan, say: &Say) -> anyhow::Result<Answers> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("read the answers in {}", path.display()))
        .hint("is the path right, and is it a text file?")
        .usage()?;
    parse(path, &text, plan)
        .map_err(|problems| {
            say.problems(&problems);
            anyhow!("{} cannot be used as it is", path.display())
        })
        .usage()
}

fn parse(path: &Path, text: &str, plan: &Plan) -> Result<Answers, Vec<Problem>> {
    let source = Arc::new(Source {
        path: path.to_owned(),
        text: text.to_owned(),
    });
    let answers: Answers = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        vec![Problem::error(&source, span, error.message())]
    })?;
    let mut problems = Vec::new();
    if *answers.format.get_ref() != FORMAT {
        let message = format!("format {} is not known here", answers.format.get_ref());
        let problem = Problem::error(&source, answers.format.span(), message);
        problems.push(problem.hint(format!("this version reads format {FORMAT}")));
    }
    let named = answers.approve.iter().filter(|id| id.get_ref() != ALL);
    for id in named.chain(answers.step.keys()) {
        let ids = || plan.steps.iter().map(|step| step.id.as_str());
        if !ids().any(|known| known == id.get_ref()) {
            let message = format!("the runbook has no step `{}`", id.get_ref());
            let problem = Problem::error(&source, id.span(), message);
            problems.push(match did_you_mean(id.get_ref(), ids()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem,
            });
        }
    }
    for (id, step) in &answers.step {
        let words = [("attest", &step.attest), ("skip", &step.skip)];
        for (key, words) in words {
            if words.as_ref().is_some_and(|words| words.trim().is_empty()) {
                let message = format!("`{key}` of `{}` needs a reason in words", id.get_ref());
                problems.push(Problem::error(&source, id.span(), message));
            }
        }
        if let Some(chosen) = &step.choose {
            problems.extend(no_option(&source, plan, id.get_ref(), chosen));
        }
        if step
            .answers
            .iter()
            .any(|reply| !reply.yes && reply.note.trim().is_empty())
        {
            let message = format!("a no to a question of `{}` needs a note", id.get_ref());
            problems.push(Problem::error(&source, id.span(), message));
        }
    }
    if problems.is_empty() {
        Ok(answers)
    } else {
        Err(problems)
    }
}

/// What is wrong with a value to choose; nothing where it is an option of that step.
fn no_option(
    source: &Arc<Source>,
    plan: &Plan,
    id: &str,
    chosen: &Spanned<String>,
) -> Option<Problem> {
    let step = plan.steps.iter().find(|step| step.id.as_str() == id)?;
    let Some(choice) = &step.choice else {
        let message = format!("step `{id}` is no choice");
        return Some(Problem::error(source, chosen.span(), message));
    };
    let values = || choice.options.iter().map(|option| option.value.as_str());
    let value = chosen.get_ref().as_str();
    if values().any(|known| known == value) {
        return None;
    }
    let message = format!("`{value}` is no option of step `{id}`");
    let hint = match did_you_mean(value, values()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "the options are {}",
            values().collect::<Vec<_>>().join(", ")
        ),
    };
    Some(Problem::error(source, chosen.span(), message).hint(hint))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Reads answers for a plan, and fails where they have a problem.
    pub fn answers(text: &str, plan: &Plan) -> Answers {
        let read = parse(Path::new("answers.toml"), text, plan);
        read.unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    #[test]
    fn an_answer_to_no_step_is_a_problem_with_its_place() {
        let plan = super::super::unattended::tests::plan();
        let text = "format = 2\napprove = [\"stop-ngnix\"]\n[step.nope]\nskip = \" \"\n";
        let problems = parse(Path::new("answers.toml"), text, &plan).unwrap_err();
        let said: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(
            said,
            [
                "answers.toml:1:10: format 2 is not known here (this version reads format 1)",
                "answers.toml:2:12: the runbook has no step `stop-ngnix` (did you mean `stop-nginx`?)",
                "answers.toml:3:7: the runbook has no step `nope`",
                "answers.toml:3:7: `skip` of `nope` needs a reason in words",
            ]
        );
        let unknown = parse(Path::new("a"), "format = 1\naprove = []\n", &plan).unwrap_err();
        assert!(unknown[0].to_string().starts_with("a:2:1: unknown field"));
    }
}

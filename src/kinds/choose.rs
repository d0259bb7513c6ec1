//! Something that the operator decides: one of several options, whose value later steps read by a name.
//!
//! ```toml
//! do.choose = { name = "WAY", ask = "How does the data travel?", options = [
//!   { value = "copy", title = "Copy it", means = "the old side stays; needs the space twice" },
//!   { value = "move", title = "Move it", means = "no way back after the first file" } ] }
//! ```

use serde::Deserialize;
use toml::Spanned;

use super::{Action, Exhibit, Kind, Mentions, Moment, Obstacle, OptionShown, Performer};
use super::{Proposal, Question, Reply, Scene};
use crate::names::ParamName;
use crate::template::{Template, TemplateError, Values};

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "choose",
    parse: |value| Ok(Box::new(Choose(Choice::deserialize(value)?))),
};

/// What the operator is to choose between.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Choice {
    /// The name that gets the chosen value.
    pub name: Spanned<ParamName>,
    /// The question.
    pub ask: Spanned<Template>,
    /// The options, in the order in which they are shown.
    pub options: Spanned<Vec<ChoiceOption>>,
}

/// One option of a choice.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ChoiceOption {
    /// The value that the name gets.
    pub value: Spanned<String>,
    /// What it is, in few words.
    pub title: Spanned<Template>,
    /// What follows from choosing it.
    pub means: Spanned<Template>,
}

impl Choice {
    /// The question with the run's values in it.
    ///
    /// # Errors
    ///
    /// A value that is missing or unsafe.
    pub fn asked(&self, values: &Values) -> Result<String, TemplateError> {
        self.ask.get_ref().fill(values)
    }

    /// The options with the run's values in them.
    ///
    /// # Errors
    ///
    /// A value that is missing or unsafe.
    pub fn shown(&self, values: &Values) -> Result<Vec<OptionShown>, TemplateError> {
        let options = self.options.get_ref().iter();
        options
            .map(|option| {
                Ok(OptionShown {
                    value: option.value.get_ref().clone(),
                    title: option.title.get_ref().fill(values)?,
                    means: option.means.get_ref().fill(values)?,
                })
            })
            .collect()
    }
}

/// The choice as an action: nobody does anything, the operator picks at the gate.
#[derive(Debug)]
struct Choose(Choice);

impl Action for Choose {
    fn kind(&self) -> &'static str {
        "choose"
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let values = self.0.options.get_ref().iter();
        let values: Vec<&str> = values.map(|o| o.value.get_ref().as_str()).collect();
        let asked = self.0.asked(scene.values)?;
        Ok(format!(
            "{asked} {}: {}",
            self.0.name.get_ref(),
            values.join(" or ")
        ))
    }

    fn performer(&self) -> Performer {
        Performer::Nobody
    }

    fn survey(&self, _: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        Ok(Vec::new())
    }

    fn propose(&self, moment: &Moment<'_>, _: &[Reply]) -> Result<Proposal, Obstacle> {
        let values = moment.scene.values;
        Ok(Proposal {
            exhibits: vec![Exhibit::Choice {
                ask: self.0.asked(values)?,
                options: self.0.shown(values)?,
            }],
            ..Proposal::default()
        })
    }

    fn derived_undo(&self) -> Option<Box<dyn Action>> {
        let name = self.0.name.get_ref().clone();
        Some(Box::new(Reopen { name }))
    }

    fn choice(&self) -> Option<&Choice> {
        Some(&self.0)
    }

    fn mentions(&self) -> Mentions<'_> {
        let options = self.0.options.get_ref().iter();
        let texts = options.flat_map(|option| [&option.title, &option.means]);
        Mentions {
            templates: std::iter::once(&self.0.ask).chain(texts).collect(),
            ..Mentions::default()
        }
    }
}

/// The way back from a choice: it is open again.
#[derive(Debug)]
struct Reopen {
    name: ParamName,
}

impl Action for Reopen {
    fn kind(&self) -> &'static str {
        "choose"
    }

    fn headline(&self, _: &Scene<'_>) -> Result<String, TemplateError> {
        Ok(format!("the choice of {} is open again", self.name))
    }

    fn performer(&self) -> Performer {
        Performer::Nobody
    }

    fn survey(&self, _: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        Ok(Vec::new())
    }

    fn propose(&self, _: &Moment<'_>, _: &[Reply]) -> Result<Proposal, Obstacle> {
        let text = format!(
            "Nothing is done to any machine. The choice of {} is open again.",
            self.name
        );
        Ok(Proposal {
            exhibits: vec![Exhibit::Text { text }],
            ..Proposal::default()
        })
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions::default()
    }
}

#[cfg(test)]
mod tests {
    use toml::de::ValueDeserializer;

    use super::*;
    use crate::kinds::testing::Stand;

    #[test]
    fn the_options_are_shown_with_their_values_in_place_and_nothing_runs() {
        let stand = Stand::new();
        let text = "{ name = 'WAY', ask = 'How does {{ROOT}} travel?', options = [\
                    { value = 'copy', title = 'Copy it', means = '{{ROOT}} stays' },\
                    { value = 'move', title = 'Move it', means = 'no way back' }] }";
        let action = (KIND.parse)(ValueDeserializer::parse(text).unwrap()).unwrap();
        let proposal = action.propose(&stand.moment(), &[]).unwrap();
        assert!(proposal.legs.is_empty());
        let [Exhibit::Choice { ask, options }] = proposal.exhibits.as_slice() else {
            panic!("a choice is shown as one");
        };
        assert_eq!(ask, "How does /var/pryv travel?");
        assert_eq!(
            (options[0].value.as_str(), options[0].means.as_str()),
            ("copy", "/var/pryv stays")
        );
        let undo = action.derived_undo().unwrap().propose(&stand.moment(), &[]);
        assert!(undo.unwrap().legs.is_empty());
    }
}

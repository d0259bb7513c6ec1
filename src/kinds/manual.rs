//! Something that the operator does by hand, and says when it is done.
//!
//! ```toml
//! do.manual.text = "Log on to the DNS provider and lower the TTL of core1 to 60 s."
//! ```

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Action, Exhibit, Kind, Mentions, Moment, Obstacle, Performer, Proposal, Question};
use super::{Reply, Scene, first_line};
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "manual",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<Manual, toml::de::Error> {
    Manual::deserialize(value)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Manual {
    text: Spanned<Template>,
}

impl Action for Manual {
    fn kind(&self) -> &'static str {
        "manual"
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        Ok(first_line(&self.text.get_ref().fill(scene.values)?))
    }

    fn performer(&self) -> Performer {
        Performer::Person
    }

    fn survey(&self, _: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        Ok(Vec::new())
    }

    fn propose(&self, moment: &Moment<'_>, _: &[Reply]) -> Result<Proposal, Obstacle> {
        let text = self.text.get_ref().fill(moment.scene.values)?;
        Ok(Proposal {
            exhibits: vec![Exhibit::Text { text }],
            ..Proposal::default()
        })
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions {
            templates: vec![&self.text],
            ..Mentions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::Stand;

    #[test]
    fn a_manual_step_shows_its_text_and_leaves_the_work_to_a_person() {
        let stand = Stand::new();
        let manual = parse(ValueDeserializer::parse("{ text = 'On {{ROOT}}' }").unwrap()).unwrap();
        let proposal = manual.propose(&stand.moment(), &[]).unwrap();
        assert_eq!(manual.performer(), Performer::Person);
        assert!(proposal.legs.is_empty());
        let text = "On /var/pryv".to_owned();
        assert_eq!(proposal.exhibits, [Exhibit::Text { text }]);
    }
}

//! Something to read. Nobody does anything.
//!
//! ```toml
//! do.note.text = "From here on, customers see the maintenance page."
//! ```

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Action, Exhibit, Kind, Mentions, Moment, Obstacle, Performer, Proposal, Question};
use super::{Reply, Scene, first_line};
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "note",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<Note, toml::de::Error> {
    Note::deserialize(value)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Note {
    text: Spanned<Template>,
}

impl Action for Note {
    fn kind(&self) -> &'static str {
        "note"
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        Ok(first_line(&self.text.get_ref().fill(scene.values)?))
    }

    fn performer(&self) -> Performer {
        Performer::Nobody
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
    fn a_note_shows_its_text_and_runs_nothing() {
        let stand = Stand::new();
        let note = parse(ValueDeserializer::parse("{ text = 'On {{ROOT}}' }").unwrap()).unwrap();
        let proposal = note.propose(&stand.moment(), &[]).unwrap();
        assert_eq!(note.performer(), Performer::Nobody);
        assert!(proposal.legs.is_empty());
        let text = "On /var/pryv".to_owned();
        assert_eq!(proposal.exhibits, [Exhibit::Text { text }]);
    }
}

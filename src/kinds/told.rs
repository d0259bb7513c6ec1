//! What a person is told: the words of a manual step and of a note.

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Action, Exhibit, Mentions, Moment, Obstacle, Performer, Proposal, Question};
use super::{Reply, Scene, first_line};
use crate::template::{Template, TemplateError};

/// Words, and who is to do what they say.
#[derive(Debug)]
pub(super) struct Told {
    kind: &'static str,
    performer: Performer,
    text: Spanned<Template>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    text: Spanned<Template>,
}

impl Told {
    pub(super) fn parse(
        kind: &'static str,
        performer: Performer,
        value: ValueDeserializer<'_>,
    ) -> Result<Box<dyn Action>, toml::de::Error> {
        let Keys { text } = Keys::deserialize(value)?;
        Ok(Box::new(Self {
            kind,
            performer,
            text,
        }))
    }
}

impl Action for Told {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        Ok(first_line(&self.text.get_ref().fill(scene.values)?))
    }

    fn performer(&self) -> Performer {
        self.performer
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
    use crate::kinds::{Kind, manual, note};

    fn shown(kind: &Kind) -> (Performer, Proposal) {
        let stand = Stand::new();
        let value = ValueDeserializer::parse("{ text = 'On {{ROOT}}' }").unwrap();
        let action = (kind.parse)(value).unwrap();
        assert_eq!(action.kind(), kind.name);
        let proposal = action.propose(&stand.moment(), &[]).unwrap();
        (action.performer(), proposal)
    }

    #[test]
    fn a_manual_step_is_a_person_s_and_a_note_nobody_s_and_neither_runs_anything() {
        let text = "On /var/pryv".to_owned();
        for (kind, performer) in [
            (manual::KIND, Performer::Person),
            (note::KIND, Performer::Nobody),
        ] {
            let (by, proposal) = shown(&kind);
            assert_eq!(by, performer);
            assert!(proposal.legs.is_empty());
            assert_eq!(proposal.exhibits, [Exhibit::Text { text: text.clone() }]);
        }
    }
}

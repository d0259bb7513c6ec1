//! A question to the operator, whose answer is recorded with a note.
//!
//! ```toml
//! verify = [{ person = "Log on to an account of {{USER}}: is the data there?" }]
//! ```

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Ask, Mentions, Probe, ProbeKind, Reply, Scene, Verdict};
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: ProbeKind = ProbeKind {
    name: "person",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<Person, toml::de::Error> {
    Person::deserialize(value)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Person {
    person: Spanned<Template>,
}

impl Probe for Person {
    fn kind(&self) -> &'static str {
        "person"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        self.person.get_ref().fill(scene.values)
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        Ok(Ask::Person(self.says(scene)?))
    }

    fn judge(&self, _: &Scene<'_>, _: &Reply) -> Verdict {
        Verdict::cannot_say("a person is asked, not a machine")
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions {
            templates: vec![&self.person],
            ..Mentions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::testing::{scene, source, values};

    #[test]
    fn a_person_is_asked_with_the_values_of_the_run() {
        let text = r#"{ person = "Is {{ROOT}} there on {{dest.address}}?" }"#;
        let probe = parse(ValueDeserializer::parse(text).unwrap()).unwrap();
        let (here, values) = (source(), values());
        assert_eq!(
            probe.ask(&scene(&here, &values)).unwrap(),
            Ask::Person("Is /var/pryv there on 10.0.0.2?".to_owned())
        );
    }
}

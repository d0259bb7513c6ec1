//! A question to the operator, whose answer is recorded with a note.
//!
//! ```toml
//! verify = [
//!   { person = "Log on to an account of {{USER}}: is the data there?" },
//!   { person = "Is the snapshot finished?", evidence = "its id and its size" },
//! ]
//! ```

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Ask, Mentions, Probe, ProbeKind, Remark, Reply, Scene, Verdict};
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
    /// What a yes must tell with it; nothing where it may come alone.
    evidence: Option<Spanned<Template>>,
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
            templates: std::iter::once(&self.person)
                .chain(&self.evidence)
                .collect(),
            ..Mentions::default()
        }
    }

    fn evidence(&self, scene: &Scene<'_>) -> Result<Option<String>, TemplateError> {
        let filled = self
            .evidence
            .as_ref()
            .map(|text| text.get_ref().fill(scene.values));
        filled.transpose()
    }

    fn remarks(&self) -> Vec<Remark> {
        let texts = std::iter::once(&self.person).chain(&self.evidence);
        texts
            .filter(|text| text.get_ref().source().trim().is_empty())
            .map(|text| Remark::error(text.span(), "a person is asked nothing", "write a question"))
            .collect()
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
        assert_eq!(probe.evidence(&scene(&here, &values)), Ok(None));
        let text = r#"{ person = "Is it there?", evidence = "the count in {{ROOT}}" }"#;
        let probe = parse(ValueDeserializer::parse(text).unwrap()).unwrap();
        assert_eq!(probe.remarks(), []);
        let wanted = Ok(Some("the count in /var/pryv".to_owned()));
        assert_eq!(probe.evidence(&scene(&here, &values)), wanted);
        let text = r#"{ person = " ", evidence = "" }"#;
        let probe = parse(ValueDeserializer::parse(text).unwrap()).unwrap();
        assert_eq!(probe.remarks().len(), 2);
    }
}

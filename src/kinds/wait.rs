//! Waits until a probe holds; changes nothing.
//!
//! ```toml
//! do.wait = { until = { tcp = "{{dest.address}}:443" }, within = "5m", every = "5s" }
//! ```
//!
//! The probe is asked on the machine of the step.

use std::time::Duration;

use serde::Deserialize;
use toml::de::ValueDeserializer;

use super::{Action, Awaited, Exhibit, Kind, Mentions, Moment, Obstacle, Performer, Proposal};
use super::{Question, Reply, Scene, first_line};
use crate::probe::{Ask, ProbeTable};
use crate::template::TemplateError;

/// The kind, for the list.
pub(super) const KIND: Kind = Kind {
    name: "wait",
    parse: |value| Ok(Box::new(parse(value)?)),
};

const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(Debug)]
struct Wait {
    awaited: Awaited,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    until: ProbeTable,
    within: Span,
    #[serde(default = "five_seconds")]
    every: Span,
}

fn five_seconds() -> Span {
    Span(Duration::from_secs(5))
}

/// A length of time, more than nothing and at most a week.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Span(Duration);

impl TryFrom<String> for Span {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let read: jiff::SignedDuration = text.parse().map_err(|_| {
            format!("`{text}` is not a length of time; write it like \"90s\" or \"1h 30m\"")
        })?;
        match Duration::try_from(read) {
            Ok(span) if !span.is_zero() && span <= LONGEST => Ok(Self(span)),
            _ => Err(format!("`{text}` is not between nothing and a week")),
        }
    }
}

fn parse(value: ValueDeserializer<'_>) -> Result<Wait, toml::de::Error> {
    let keys = Keys::deserialize(value)?;
    Ok(Wait {
        awaited: Awaited {
            probe: keys.until.probe()?,
            within: keys.within.0,
            every: keys.every.0,
        },
    })
}

impl Action for Wait {
    fn kind(&self) -> &'static str {
        "wait"
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let says = self.awaited.probe.says(scene)?;
        Ok(format!("wait until {}", first_line(&says)))
    }

    fn performer(&self) -> Performer {
        Performer::Watch
    }

    fn survey(&self, _: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        Ok(Vec::new())
    }

    fn propose(&self, moment: &Moment<'_>, _: &[Reply]) -> Result<Proposal, Obstacle> {
        let says = self.awaited.probe.says(&moment.scene)?;
        let (within, every) = (self.awaited.within, self.awaited.every);
        let mut exhibits = vec![Exhibit::Text {
            text: format!(
                "Wait until {says}. Asked every {} s, for {} s at most.",
                every.as_secs_f64(),
                within.as_secs_f64()
            ),
        }];
        if let Ask::Script(question) = self.awaited.probe.ask(&moment.scene)? {
            exhibits.push(Exhibit::Command {
                at: question.at,
                text: question.text.trim().to_owned(),
                env: question.env,
            });
        }
        Ok(Proposal {
            exhibits,
            ..Proposal::default()
        })
    }

    fn awaited(&self) -> Option<&Awaited> {
        Some(&self.awaited)
    }

    fn mentions(&self) -> Mentions<'_> {
        self.awaited.probe.mentions()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::Stand;

    fn wait(text: &str) -> Result<Wait, toml::de::Error> {
        parse(ValueDeserializer::parse(text).unwrap())
    }

    #[test]
    fn a_wait_shows_what_it_asks_and_runs_nothing() {
        let stand = Stand::new();
        let text = "{ until = { tcp = '{{dest.address}}:443' }, within = '2m', every = '1s' }";
        let action = wait(text).unwrap();
        let proposal = action.propose(&stand.moment(), &[]).unwrap();
        assert!(proposal.legs.is_empty());
        assert_eq!(action.performer(), Performer::Watch);
        assert_eq!(action.awaited().unwrap().within, Duration::from_secs(120));
        let Exhibit::Text { text } = &proposal.exhibits[0] else {
            panic!("a wait says what it waits for");
        };
        assert!(text.contains("10.0.0.2:443 takes connections"), "{text}");
    }

    #[test]
    fn a_mistake_in_the_probe_is_pointed_at_where_it_stands() {
        let text = "{ until = { tcp = 'a:1', fals = true }, within = '2m' }";
        let error = wait(text).unwrap_err();
        assert_eq!(&text[error.span().unwrap()], "fals");
        let text = "{ until = { tpc = 'a:1' }, within = '2m' }";
        let error = wait(text).unwrap_err();
        assert_eq!(&text[error.span().unwrap()], "{ tpc = 'a:1' }");
        let text = "{ until = { tcp = 'a:1' }, within = '2 moons' }";
        let error = wait(text).unwrap_err();
        assert_eq!(&text[error.span().unwrap()], "'2 moons'");
        assert!(wait("{ until = { tcp = 'a:1' }, within = '0s' }").is_err());
    }
}

//! Waits until a probe holds; changes nothing.
//!
//! ```toml
//! do.wait = { until = { tcp = "{{dest.address}}:443" }, within = "5m", every = "5s" }
//! ```
//!
//! The probe is asked on the machine of the step. With `stable-for` it must hold for so long on end, and
//! with `falling = true` the number it prints must not rise.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Action, Awaited, Exhibit, Kind, Mentions, Moment, Obstacle, Performer, Proposal};
use super::{Question, Reply, Scene, first_line};
use crate::probe::{Ask, Endurance, ProbeTable, endures};
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
    within: Spanned<Span>,
    #[serde(default = "five_seconds")]
    every: Span,
    stable_for: Option<Spanned<Span>>,
    falling: Option<Spanned<bool>>,
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
    let length = |span: Spanned<Span>| Spanned::new(span.span(), span.into_inner().0);
    let endurance = Endurance {
        within: Some(length(keys.within)),
        stable_for: keys.stable_for.map(length),
        falling: keys.falling,
    };
    let probe = keys.until.probe()?;
    let remarks = endurance.remarks(probe.as_ref());
    let falling = endurance.is_falling();
    let plain = |length: Option<Spanned<Duration>>| length.map(Spanned::into_inner);
    Ok(Wait {
        awaited: Awaited {
            probe,
            within: plain(endurance.within).unwrap_or_default(),
            every: keys.every.0,
            stable_for: plain(endurance.stable_for).unwrap_or_default(),
            falling,
            remarks,
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
        let endures = endures(self.awaited.stable_for, self.awaited.falling);
        let mut exhibits = vec![Exhibit::Text {
            text: format!(
                "Wait until {says}{endures}. Asked every {}, for {} at most.",
                lasting(every),
                lasting(within)
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

/// A time in the largest unit of which it is a whole number.
fn lasting(time: Duration) -> String {
    match (time.as_secs(), time.subsec_nanos()) {
        (0, _) | (_, 1..) => format!("{} s", time.as_secs_f64()),
        (seconds, 0) if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        (seconds, 0) if seconds % 60 == 0 => format!("{} min", seconds / 60),
        (seconds, 0) => format!("{seconds} s"),
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

    #[test]
    fn a_time_is_told_in_the_unit_that_fits_it() {
        let told = |millis| lasting(Duration::from_millis(millis));
        assert_eq!(
            [500, 1000, 90_000, 120_000, 3_600_000, 5_400_000, 0].map(told),
            ["0.5 s", "1 s", "90 s", "2 min", "1 h", "90 min", "0 s"]
        );
    }

    #[test]
    fn a_wait_says_how_long_it_must_hold_and_what_must_not_rise() {
        let stand = Stand::new();
        let lag = "until = { command = 'lag', at-most = 0 }, within = '2m'";
        let action = wait(&format!("{{ {lag}, stable-for = '30s', falling = true }}")).unwrap();
        assert!(action.awaited().unwrap().remarks.is_empty());
        let proposal = action.propose(&stand.moment(), &[]).unwrap();
        let Exhibit::Text { text } = &proposal.exhibits[0] else {
            panic!("a wait says what it waits for");
        };
        let wanted = "Wait until `lag` is at most 0, for 30 s on end, and never rises. Asked";
        assert!(text.starts_with(wanted), "{text}");
        let told = |keys: &str| {
            let action = wait(&format!("{{ {keys} }}")).unwrap();
            let remarks = &action.awaited().unwrap().remarks;
            remarks
                .iter()
                .map(|r| r.message.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&format!("{lag}, stable-for = '2m'")).len(), 1);
        assert_eq!(told(&format!("{lag}, stable-for = '119s'")).len(), 0);
        let tcp = "until = { tcp = 'a:1' }, within = '2m', falling";
        assert_eq!(told(&format!("{tcp} = true")).len(), 1);
        assert_eq!(told(&format!("{tcp} = false")).len(), 0);
    }
}

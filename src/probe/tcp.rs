//! Whether a port takes connections.
//!
//! ```toml
//! verify = [
//!   { tcp = "{{dest.address}}:443" },
//!   { tcp = "{{source.address}}:443", fails = true, on = "dest" },
//! ]
//! ```
//!
//! Asked from the bastion where the runbook does not say `on`.

use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::{Ask, Mentions, Place, Probe, ProbeKind, Question, Reply, Scene, Shell, Verdict};
use super::{complaint, one_line};
use crate::template::{Template, TemplateError};

/// The kind, for the list.
pub(super) const KIND: ProbeKind = ProbeKind {
    name: "tcp",
    parse: |value| Ok(Box::new(parse(value)?)),
};

fn parse(value: ValueDeserializer<'_>) -> Result<Tcp, toml::de::Error> {
    Tcp::deserialize(value)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Tcp {
    tcp: Spanned<Template>,
    #[serde(default)]
    fails: bool,
}

/// Prints `open`, `closed WHY` or `cannot WHY` in its last line.
///
/// bash speaks TCP itself, so it comes first; the netcats differ in every option but these; curl tells
/// by the time it took to connect, because its exit code is the same for a silent server as for none.
const TEXT: &str = r#"
LC_ALL=C; export LC_ALL
h=$RUNSHEET_TCP_HOST p=$RUNSHEET_TCP_PORT
if command -v bash >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then
    if said=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$h" "$p" 2>&1 </dev/null); then
        echo open
    else
        code=$?
        case $said in
        *refused*) echo 'closed refused' ;;
        *nreachable*|*'No route'*|*'timed out'*) echo 'closed unreachable' ;;
        *) if [ "$code" -eq 124 ]; then echo 'closed no answer in 5 s'
           else printf 'cannot %s\n' "$(printf %s "$said" | tr '\n' ' ')"; fi ;;
        esac
    fi
elif command -v nc >/dev/null 2>&1; then
    if said=$(nc -z -w 5 "$h" "$p" 2>&1 </dev/null); then
        echo open
    else
        case $said in
        *esol*|*'not known'*|*'bad address'*|*sage*|*'invalid option'*)
            printf 'cannot %s\n' "$(printf %s "$said" | tr '\n' ' ')" ;;
        *) echo 'closed no connection' ;;
        esac
    fi
elif command -v curl >/dev/null 2>&1; then
    case $h in *:*) h="[$h]" ;; esac
    took=$(curl -q -s -g -o /dev/null --noproxy '*' -w '%{time_connect}' --connect-timeout 5 \
        --max-time 6 --url "telnet://$h:$p" </dev/null)
    code=$?
    case $code in
    6) echo 'cannot resolve the name' ;;
    *) case $took in
       *[1-9]*) echo open ;;
       *) echo "closed curl exit $code" ;;
       esac ;;
    esac
else
    echo 'cannot ask: none of bash with timeout, nc and curl is there'
fi
"#;

impl Tcp {
    /// The host, without brackets, and the port.
    fn target(&self, scene: &Scene<'_>) -> Result<(String, String), TemplateError> {
        let text = self.tcp.get_ref().fill(scene.values)?;
        let bad = || TemplateError::Unsafe {
            name: one_line(text.as_bytes()),
            why: "is not host:port, such as 10.0.0.2:443 or [fd00::2]:443",
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let (host, colons) = match bracketed {
            Some(inner) => (inner, ":%"),
            None => (host, ""),
        };
        // bash takes the host as a part of a path, so a slash would move the port.
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c) || colons.contains(c);
        let number = port.parse::<u16>().is_ok_and(|n| n > 0);
        if host.is_empty() || host.starts_with('-') || !host.chars().all(fits) || !number {
            return Err(bad());
        }
        Ok((host.to_owned(), port.to_owned()))
    }
}

impl Probe for Tcp {
    fn kind(&self) -> &'static str {
        "tcp"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let text = self.tcp.get_ref().fill(scene.values)?;
        let verb = if self.fails { "refuses" } else { "takes" };
        Ok(format!("{text} {verb} connections"))
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        let (host, port) = self.target(scene)?;
        Ok(Ask::Script(Question {
            at: scene.here.clone(),
            shell: Shell::Sh,
            text: TEXT.to_owned(),
            env: vec![
                ("RUNSHEET_TCP_HOST".to_owned(), host),
                ("RUNSHEET_TCP_PORT".to_owned(), port),
            ],
        }))
    }

    fn judge(&self, _: &Scene<'_>, reply: &Reply) -> Verdict {
        if reply.code != 0 {
            return Verdict::cannot_say(complaint(reply));
        }
        let text = reply.text();
        let last = text.lines().last().unwrap_or_default();
        match last.split_once(' ') {
            None if last == "open" => Verdict::when(!self.fails, "open"),
            Some(("closed", why)) => {
                Verdict::when(self.fails, format!("closed: {}", one_line(why.as_bytes())))
            }
            Some(("cannot", why)) => {
                Verdict::cannot_say(format!("cannot {}", one_line(why.as_bytes())))
            }
            _ => Verdict::cannot_say(format!("not an answer: {}", one_line(last.as_bytes()))),
        }
    }

    fn usual_place(&self) -> Place {
        Place::Bastion
    }

    fn mentions(&self) -> Mentions<'_> {
        Mentions {
            templates: vec![&self.tcp],
            ..Mentions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Holds;
    use crate::probe::testing::Judged as _;
    use crate::probe::testing::{ask, scene, source, values};

    fn probe(text: &str) -> Tcp {
        parse(ValueDeserializer::parse(text).unwrap()).unwrap()
    }

    fn verdict(probe: &Tcp) -> Verdict {
        let (here, values) = (source(), values());
        match probe.ask(&scene(&here, &values)).unwrap() {
            Ask::Script(question) => probe.judged(&ask(&question, &values)),
            Ask::Person(_) => panic!("a port is asked of a machine"),
        }
    }

    #[test]
    fn an_open_port_is_told_from_a_closed_one_and_from_a_name_that_is_none() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = format!("{{ tcp = '127.0.0.1:{port}' }}");
        assert_eq!(verdict(&probe(&open)).holds, Holds::Yes);
        let fails = format!("{{ tcp = '127.0.0.1:{port}', fails = true }}");
        assert_eq!(verdict(&probe(&fails)).holds, Holds::No);
        drop(listener);
        let closed = verdict(&probe(&fails));
        assert_eq!(closed.holds, Holds::Yes, "{closed:?}");
        let nowhere = verdict(&probe("{ tcp = 'no-such-host.invalid:1', fails = true }"));
        assert_eq!(nowhere.holds, Holds::CannotSay, "{nowhere:?}");
    }

    #[test]
    fn a_target_that_is_not_host_and_port_is_refused() {
        let (here, values) = (source(), values());
        for bad in [
            "a", "a:", ":1", "a:0", "a:99999", "-a:1", "a/b:1", "a b:1", "::1:x",
        ] {
            let probe = probe(&format!("{{ tcp = '{bad}' }}"));
            assert!(probe.ask(&scene(&here, &values)).is_err(), "{bad}");
        }
        assert!(
            probe("{ tcp = '[::1]:22' }")
                .ask(&scene(&here, &values))
                .is_ok()
        );
    }

    #[test]
    fn a_machine_without_a_program_to_ask_with_cannot_say() {
        let (here, values) = (source(), values());
        let probe = probe("{ tcp = '127.0.0.1:1', fails = true }");
        let Ask::Script(mut question) = probe.ask(&scene(&here, &values)).unwrap() else {
            panic!("a port is asked of a machine");
        };
        question.text = format!("PATH=/nonexistent\n{}", question.text);
        assert_eq!(
            probe.judged(&ask(&question, &values)).holds,
            Holds::CannotSay
        );
    }
}

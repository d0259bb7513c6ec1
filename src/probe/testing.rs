//! What tests of probes and kinds share: words that break careless shell text, and a real shell.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Probe, Question, Reply, Scene, Verdict};
use crate::names::{HostName, MachineName, ParamName};
use crate::template::{Machine, Values};

/// Words that careless shell text would expand, split, run or take for an option.
pub(crate) const HOSTILE: &[&str] = &[
    "plain",
    "",
    "two words",
    "  ",
    "it's",
    "a \"quoted\" word",
    "$(touch owned)",
    "`touch owned`",
    "$HOME ${HOME}",
    "; touch owned #",
    "a\nb",
    "trailing\n",
    "-rf",
    "--",
    "*",
    "?[a-z]",
    "{a,b}",
    "~root",
    "\\",
    "\\n",
    "!history",
    "%s%n",
    "tab\there",
    "ä€𝄞",
];

/// Runs text in a real shell with an almost empty environment, in a home folder of its own.
pub(crate) fn run(shell: &str, text: &str, env: &[(String, String)]) -> Reply {
    let home = tempfile::tempdir().unwrap();
    run_at(home.path(), shell, text, env)
}

/// The same in a home folder that stays.
pub(crate) fn run_at(home: &Path, shell: &str, text: &str, env: &[(String, String)]) -> Reply {
    let output = Command::new(shell)
        .arg("-c")
        .arg(text)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .envs(env.iter().map(|(name, value)| (name, value)))
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!home.join("owned").exists(), "a value was run: {text}");
    Reply {
        code: output.status.code().unwrap_or(129),
        stdout: output.stdout,
        stderr: output.stderr,
        cut: false,
    }
}

/// Asks a question of a real shell, with the run's values in its environment.
pub(crate) fn ask(question: &Question, values: &Values) -> Reply {
    let mut env = values.environment();
    env.extend(question.env.iter().cloned());
    let shell = match question.shell {
        super::Shell::Sh => "dash",
        super::Shell::Bash => "bash",
    };
    run(shell, &question.text, &env)
}

/// What came back when nothing was wrong.
pub(crate) fn said(stdout: &str) -> Reply {
    Reply {
        code: 0,
        stdout: stdout.as_bytes().to_vec(),
        stderr: Vec::new(),
        cut: false,
    }
}

/// What came back when the question failed.
pub(crate) fn failed(code: i32, stderr: &str) -> Reply {
    Reply {
        code,
        stdout: Vec::new(),
        stderr: stderr.as_bytes().to_vec(),
        cut: false,
    }
}

/// Two hosts, `source` and `dest`, of one machine each, and a parameter `ROOT`.
pub(crate) fn values() -> Values {
    let mut values = Values::default();
    values.set_param(ParamName::new("ROOT").unwrap(), "/var/pryv".to_owned());
    for (host, address) in [("source", "10.0.0.1"), ("dest", "10.0.0.2")] {
        let host = HostName::new(host).unwrap();
        let machine = Machine {
            address: address.to_owned(),
            user: "root".to_owned(),
            port: 22,
            label: host.to_string(),
        };
        values.bind(host.clone(), MachineName::of(&host, 0), machine);
    }
    values
}

/// The machine called `source`.
pub(crate) fn source() -> MachineName {
    MachineName::new("source").unwrap()
}

/// A scene on a machine.
pub(crate) fn scene<'a>(here: &'a MachineName, values: &'a Values) -> Scene<'a> {
    Scene { here, values }
}

/// Judging with the values of [`values`], on `source`.
pub(crate) trait Judged {
    fn judged(&self, reply: &Reply) -> Verdict;
}

impl<P: Probe + ?Sized> Judged for P {
    fn judged(&self, reply: &Reply) -> Verdict {
        self.judge(&scene(&source(), &values()), reply)
    }
}

//! What is to be run: a shell program and the values it may use.

use thiserror::Error;

/// Which shell reads a script. Both are looked up in the `PATH` of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shell {
    /// `sh`, whatever that is there.
    Sh,
    /// `bash`.
    Bash,
}

impl Shell {
    /// The program's name.
    pub fn program(self) -> &'static str {
        match self {
            Self::Sh => "sh",
            Self::Bash => "bash",
        }
    }
}

/// A script that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotAScript {
    /// The name could not be exported, or would change the shell itself.
    #[error("{0:?} cannot be the name of an environment variable of a script")]
    Name(String),
    /// A shell cannot hold a zero byte.
    #[error("{0} holds a zero byte, which no shell can carry")]
    Nul(String),
    /// The script is longer than anything a person reads before saying yes.
    #[error("the script has {0} bytes, more than 8 MiB")]
    TooLong(usize),
}

/// A shell program with its environment, checked when it is made.
///
/// Neither the text nor a value ever stands in an argument list or in a file of the machine: both
/// go over standard input, as one line, and live in the memory of the shell that runs them.
#[derive(Clone, PartialEq, Eq)]
pub struct Script {
    shell: Shell,
    env: Vec<(String, String)>,
    text: String,
    terminal: bool,
}

/// Says everything but the values, which may be secrets.
impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Script")
            .field("shell", &self.shell)
            .field("env", &names)
            .field("text", &self.text)
            .finish()
    }
}

const LONGEST: usize = 8 * 1024 * 1024;

/// Names that bash keeps read-only, or that would make a shell read other files or other words.
const TAKEN: [&str; 9] = [
    "BASHOPTS",
    "BASH_ENV",
    "BASH_VERSINFO",
    "ENV",
    "EUID",
    "IFS",
    "PPID",
    "SHELLOPTS",
    "UID",
];

impl Script {
    /// A script without environment; never fails on text without zero bytes below 8 MiB.
    pub fn new(shell: Shell, text: impl Into<String>) -> Result<Self, NotAScript> {
        Self::with_env(shell, Vec::new(), text)
    }

    /// A script whose `env` is exported before its first line. Later pairs win over earlier ones.
    pub fn with_env(
        shell: Shell,
        env: Vec<(String, String)>,
        text: impl Into<String>,
    ) -> Result<Self, NotAScript> {
        let text = text.into();
        if text.contains('\0') {
            return Err(NotAScript::Nul("the text".into()));
        }
        let mut size = text.len();
        for (name, value) in &env {
            if !is_name(name) {
                return Err(NotAScript::Name(name.clone()));
            }
            if value.contains('\0') {
                return Err(NotAScript::Nul(format!("the value of {name}")));
            }
            size += name.len() + value.len();
        }
        if size > LONGEST {
            return Err(NotAScript::TooLong(size));
        }
        Ok(Self {
            shell,
            env,
            text,
            terminal: false,
        })
    }

    /// The same on a terminal of its own, on which can be typed while it runs. Only for steps: a question
    /// has none.
    #[must_use]
    pub fn on_a_terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Whether it gets a terminal.
    pub fn wants_terminal(&self) -> bool {
        self.terminal
    }

    /// The shell that reads it.
    pub fn shell(&self) -> Shell {
        self.shell
    }

    /// The names and values exported to it.
    pub fn env(&self) -> &[(String, String)] {
        &self.env
    }

    /// The program.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole program on one line without its newline, as `printf %b` of POSIX undoes it:
    /// a backslash is `\\`, a newline `\n`, and nothing else is changed.
    pub(super) fn line(&self) -> String {
        let mut line = String::with_capacity(self.text.len() + 64);
        let mut put = |part: &str| {
            for c in part.chars() {
                match c {
                    '\\' => line.push_str("\\\\"),
                    '\n' => line.push_str("\\n"),
                    c => line.push(c),
                }
            }
        };
        for (name, value) in &self.env {
            put(&format!("export {name}={}; ", quote(value)));
        }
        put(&self.text);
        line
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with("rs_")
        && !TAKEN.contains(&name)
}

/// Any bytes in a few printable characters, as `printf %b` of POSIX undoes it.
pub(super) fn printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(5 * bytes.len());
    for byte in bytes {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => out.push(char::from(*byte)),
            other => out.push_str(&format!("\\0{other:03o}")),
        }
    }
    out
}

/// Quotes any text without zero bytes as one word of a POSIX shell.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_change_the_shell_are_refused() {
        for bad in [
            "", "1A", "A-B", "A B", "A=B", "IFS", "BASH_ENV", "UID", "rs_b", "É",
        ] {
            let made = Script::with_env(Shell::Sh, vec![(bad.into(), String::new())], "true");
            assert_eq!(made, Err(NotAScript::Name(bad.into())));
        }
    }

    #[test]
    fn zero_bytes_are_refused_and_named() {
        assert!(Script::new(Shell::Sh, "a\0b").is_err());
        let made = Script::with_env(Shell::Sh, vec![("A".into(), "\0".into())], "");
        assert_eq!(made, Err(NotAScript::Nul("the value of A".into())));
    }

    #[test]
    fn a_script_is_one_line_whatever_it_holds() {
        let env = vec![("A".into(), "it's\n\\n".into())];
        let script = Script::with_env(Shell::Sh, env, "echo \"$A\"\n\\").unwrap();
        assert_eq!(script.line(), r#"export A='it'\\''s\n\\n'; echo "$A"\n\\"#);
    }

    #[test]
    fn any_bytes_are_a_few_printable_characters() {
        assert_eq!(printable(b"aZ9"), "aZ9");
        assert_eq!(
            printable(b"7\\ \n\x007\x1b\xff"),
            r"7\0134\0040\0012\00007\0033\0377"
        );
    }

    #[test]
    fn values_are_not_shown_by_debug() {
        let env = vec![("PASS".into(), "hunter2".into())];
        let script = Script::with_env(Shell::Bash, env, "true").unwrap();
        assert!(!format!("{script:?}").contains("hunter2"));
    }
}

//! Words of a command line, quoted so that a shell reads each as it is.

use crate::template::TemplateError;

/// Says that a word has a NUL byte in it, which no program can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a word with a NUL byte in it cannot be given to a program")]
pub struct NulByte;

impl From<NulByte> for TemplateError {
    fn from(_: NulByte) -> Self {
        Self::Unsafe {
            name: "a word of the command".to_owned(),
            why: "has a NUL byte in it",
        }
    }
}

/// Joins words to a command line that any POSIX shell takes apart into the same words.
///
/// Environment variables would be as safe, but a person has to read this line at a gate and must be
/// able to type it by hand; so fixed programs take variables, and command lines quoted words.
pub fn words<'a>(all: impl IntoIterator<Item = &'a str>) -> Result<String, NulByte> {
    let quoted: Result<Vec<String>, NulByte> = all.into_iter().map(word).collect();
    Ok(quoted?.join(" "))
}

fn word(text: &str) -> Result<String, NulByte> {
    // An equals sign in the first word would set a variable; in an option it is only one.
    let option = text.starts_with('-');
    let bare =
        |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,".contains(c) || (option && c == '=');
    if text.contains('\0') {
        return Err(NulByte);
    }
    if !text.is_empty() && text.chars().all(bare) {
        return Ok(text.to_owned());
    }
    // Not shlex: it changes between single and double quotes in the middle of a word, which is right
    // but hard to read aloud; between single quotes nothing at all is special.
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::testing::{HOSTILE, run};

    #[test]
    fn every_shell_reads_back_each_word_byte_for_byte() {
        for shell in ["dash", "bash"] {
            let mut line = vec!["printf", "%s\\0"];
            line.extend(HOSTILE);
            let text = words(line).unwrap();
            let reply = run(shell, &text, &[]);
            assert_eq!(reply.code, 0, "{shell}: {}", complaint_of(&reply));
            let mut wanted = Vec::new();
            for word in HOSTILE {
                wanted.extend_from_slice(word.as_bytes());
                wanted.push(0);
            }
            assert_eq!(reply.stdout, wanted, "{shell}: {text}");
        }
    }

    #[test]
    fn a_word_that_needs_no_quotes_is_left_as_it_is_typed() {
        let text = words(["docker", "stop", "pryvio_nginx"]).unwrap();
        assert_eq!(text, "docker stop pryvio_nginx");
        assert_eq!(words(["a\0b"]), Err(NulByte));
        assert_eq!(words([""]).unwrap(), "''");
    }

    fn complaint_of(reply: &crate::probe::Reply) -> String {
        crate::probe::complaint(reply)
    }
}

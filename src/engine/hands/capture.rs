//! Keeps what a step prints on standard output under a name.
//!
//! What a leg prints on both outputs is one stream. So that a warning does not become a value, the last leg of a
//! step that captures is run by a few lines of shell that hold its standard output back, and print it behind a
//! mark when it has ended. What is kept is data from outside: one line or many, without control characters,
//! and it is not believed to be anything else.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::Ground;
use crate::engine::output::open;
use crate::kinds::{Leg, Shell};
use crate::names::ParamName;
use crate::problem::visible;
use crate::run::LaneOutcome;
use crate::runbook::Capture;

/// The most that is kept of an output, in bytes. An environment variable of more than 128 KiB would keep every
/// later program from starting (execve(2), MAX_ARG_STRLEN).
const MOST: usize = 64 * 1024;

/// The longest value, and the longest item of a list, in bytes.
const LONGEST: usize = 4096;

/// Lets a leg print its standard output at its end, behind the mark of a name.
pub(super) fn wrap(leg: &mut Leg, name: &ParamName) {
    let shell = match leg.shell {
        Shell::Sh => "sh",
        Shell::Bash => "bash",
    };
    let text = format!(
        "rs_out=$({shell} -c \"$RUNSHEET_CAPTURE\")\nrs_code=$?\n\
         printf '\\n%s\\n%s\\n' \"$RUNSHEET_MARK\" \"$rs_out\"\nexit \"$rs_code\""
    );
    let own = std::mem::replace(&mut leg.text, text);
    leg.env.push(("RUNSHEET_CAPTURE".to_owned(), own));
    leg.env.push(("RUNSHEET_MARK".to_owned(), mark(name)));
}

fn mark(name: &ParamName) -> String {
    format!("-- standard output, captured as {name}:")
}

/// What becomes of a leg that ended well and printed into a file.
pub(super) async fn outcome(
    ground: &Ground,
    file: &str,
    wanted: Capture,
    code: i32,
) -> LaneOutcome {
    let path = ground.output.join(file);
    let mask = ground.mask.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let end = end_of(&path, &mark(&wanted.name))?;
        let lines = lines(&end, &wanted)?;
        match mask.may_have_hidden(&lines.join("\n")) {
            true => Err(
                "it has stars where a secret may have stood, and a secret is not kept".to_owned(),
            ),
            false => Ok(lines),
        }
    });
    match reading.await.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(lines) => LaneOutcome::Captured { code, lines },
        Err(why) => LaneOutcome::NotCaptured {
            code,
            why: ground.words(&why),
        },
    }
}

/// What stands behind the last mark in a file.
fn end_of(path: &Path, mark: &str) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| format!("read what it printed: {error}");
    let mut file = open(path, rustix::fs::OFlags::RDONLY).map_err(told)?;
    let length = file.metadata().map_err(told)?.len();
    // One byte more than may be kept, the mark, and the line ends around both.
    let reach = u64::try_from(MOST + mark.len() + 4).unwrap_or(u64::MAX);
    file.seek(SeekFrom::Start(length.saturating_sub(reach)))
        .map_err(told)?;
    let mut bytes = Vec::new();
    file.take(reach).read_to_end(&mut bytes).map_err(told)?;
    let mark = format!("\n{mark}\n");
    let at = bytes
        .windows(mark.len())
        .rposition(|piece| piece == mark.as_bytes());
    match at {
        Some(at) => Ok(bytes.split_off(at + mark.len())),
        None => Err(format!(
            "it printed more than {MOST} bytes on standard output"
        )),
    }
}

/// The value, or the items of the list, in what was printed.
fn lines(bytes: &[u8], wanted: &Capture) -> Result<Vec<String>, String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err("what it printed on standard output is not UTF-8".to_owned());
    };
    let lines: Vec<&str> = text
        .split('\n')
        .filter(|line| !line.trim().is_empty())
        .collect();
    for line in &lines {
        if line.chars().any(char::is_control) {
            let short: String = line.chars().take(60).collect();
            return Err(format!(
                "a line has a control character in it: {}",
                visible(&short)
            ));
        }
        if line.len() > LONGEST {
            return Err(format!("a line is longer than {LONGEST} bytes"));
        }
    }
    match (lines.as_slice(), wanted.lines) {
        ([], true) if wanted.may_be_empty => {}
        ([], true) => {
            return Err(
                "it printed nothing on standard output, and an empty list is not allowed"
                    .to_owned(),
            );
        }
        ([], false) => return Err("it printed nothing on standard output".to_owned()),
        ([_], false) | (_, true) => {}
        (many, false) => {
            return Err(format!(
                "it printed {} lines on standard output, and one value is wanted",
                many.len()
            ));
        }
    }
    Ok(lines.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(lines: bool, may_be_empty: bool) -> Capture {
        Capture {
            name: ParamName::new("X").unwrap(),
            lines,
            may_be_empty,
        }
    }

    #[test]
    fn one_line_is_a_value_and_everything_else_is_named() {
        let value = |text: &str| lines(text.as_bytes(), &capture(false, false));
        assert_eq!(
            value(" it's $(1) \"x\" \n"),
            Ok(vec![" it's $(1) \"x\" ".to_owned()])
        );
        for (text, why) in [
            ("", "it printed nothing on standard output"),
            ("\n \n", "it printed nothing on standard output"),
            (
                "a\nb\n",
                "it printed 2 lines on standard output, and one value is wanted",
            ),
            (
                "a\u{1b}[31m\n",
                "a line has a control character in it: a\\u{1b}[31m",
            ),
            ("a\r\n", "a line has a control character in it: a\\u{d}"),
        ] {
            assert_eq!(value(text), Err(why.to_owned()), "{text:?}");
        }
        assert!(value(&"x".repeat(LONGEST)).is_ok());
        assert!(value(&"x".repeat(LONGEST + 1)).is_err());
        let raw = lines(b"\xff\n", &capture(false, false));
        assert_eq!(
            raw,
            Err("what it printed on standard output is not UTF-8".to_owned())
        );
    }

    #[test]
    fn a_list_has_a_line_an_item_and_is_empty_only_where_that_is_allowed() {
        let list = |text: &str, empty| lines(text.as_bytes(), &capture(true, empty));
        assert_eq!(
            list("a\n\nb b\n", false),
            Ok(vec!["a".to_owned(), "b b".to_owned()])
        );
        assert_eq!(list("\n", true), Ok(Vec::new()));
        assert!(
            list("\n", false)
                .unwrap_err()
                .contains("empty list is not allowed")
        );
    }

    #[test]
    fn only_what_stands_behind_the_last_mark_counts_and_only_so_much() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mark = mark(&ParamName::new("X").unwrap());
        let write = |text: String| std::fs::write(&path, text).unwrap();
        write(format!("noise\n{mark}\nnot this\n\n{mark}\nthis\n"));
        assert_eq!(end_of(&path, &mark).unwrap(), b"this\n");
        write(format!("\n{mark}\n{}\n", "x".repeat(MOST)));
        assert_eq!(end_of(&path, &mark).unwrap().len(), MOST + 1);
        write(format!("\n{mark}\n{}\n", "x".repeat(MOST + 4)));
        assert!(
            end_of(&path, &mark)
                .unwrap_err()
                .contains("more than 65536 bytes")
        );
    }
}

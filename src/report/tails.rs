//! The ends of output files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use serde::Serialize;

use crate::journal::{OUTPUT, is_file_name};

/// How many lines of an output a report shows.
const LINES: usize = 20;

/// How many bytes of an output are read for them.
const BYTES: u64 = 16 * 1024;

/// The last lines of an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tail {
    /// The lines, without colours; what is not UTF-8 is replaced, and of a line that was written over in
    /// place only what stood there at the end is kept.
    pub lines: Vec<String>,
    /// Whether there is more before them.
    pub more: bool,
}

/// Reads the last lines of an output file of a run's folder.
///
/// # Errors
///
/// A name that is none, and a file that cannot be read; links are not followed, because a folder that somebody
/// sent must not make a report quote another file of this machine.
pub(super) fn read(folder: &Path, file: &str) -> io::Result<Tail> {
    if !is_file_name(file) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "this is not the name of an output",
        ));
    }
    let plain = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let run = rustix::fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
    let output = rustix::fs::openat(run, OUTPUT, plain | OFlags::DIRECTORY, Mode::empty())?;
    let mut file = File::from(rustix::fs::openat(output, file, plain, Mode::empty())?);
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other("this is not a regular file"));
    }
    let from = about.len().saturating_sub(BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(BYTES).read_to_end(&mut bytes)?;
    Ok(cut(&bytes, from > 0))
}

fn cut(bytes: &[u8], more_before: bool) -> Tail {
    let text = without_full_screens(&String::from_utf8_lossy(bytes));
    let mut lines: Vec<&str> = text.lines().collect();
    // The first line of a piece is seldom whole.
    if more_before && lines.len() > 1 {
        lines.remove(0);
    }
    let skipped = lines.len().saturating_sub(LINES);
    Tail {
        more: more_before || skipped > 0,
        lines: lines.into_iter().skip(skipped).map(settled).collect(),
    }
}

/// What stands for a full-screen program in a report.
const FULL_SCREEN: &str =
    "\n[a program drew on the whole screen here; the output file has all of it]\n";

/// Takes out what was drawn on the alternate screen (xterm's modes 47, 1047 and 1049), as editors do: outside of a
/// terminal nobody can read it. Where a piece begins in the middle of one, that is taken out too.
fn without_full_screens(text: &str) -> String {
    let find = |text: &str, end: char| {
        ["47", "1047", "1049"]
            .iter()
            .filter_map(|mode| {
                let sequence = format!("\u{1b}[?{mode}{end}");
                Some((text.find(&sequence)?, sequence.len()))
            })
            .min()
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    if let Some((end, length)) = find(rest, 'l')
        && find(rest, 'h').is_none_or(|(begin, _)| begin > end)
    {
        out.push_str(FULL_SCREEN);
        rest = &rest[end + length..];
    }
    while let Some((begin, _)) = find(rest, 'h') {
        let (before, drawn) = rest.split_at(begin);
        out.push_str(before);
        out.push_str(FULL_SCREEN);
        rest = find(drawn, 'l').map_or("", |(end, length)| &drawn[end + length..]);
    }
    out.push_str(rest);
    out
}

/// A line as it stood at its end: a progress bar writes over itself with carriage returns.
fn settled(line: &str) -> String {
    let line = without_colours(line);
    let mut parts = line.split('\r').filter(|part| !part.is_empty());
    let last = parts.next_back().unwrap_or_default();
    match parts.next() {
        Some(_) => format!("… {last}"),
        None => last.to_owned(),
    }
}

/// Takes out SGR and erase-in-line sequences (ECMA-48, 8.3.117 and 8.3.41), which colour and clear; every
/// other control stays, to be made visible.
fn without_colours(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        let (before, sequence) = rest.split_at(at);
        out.push_str(before);
        let body = &sequence[2..];
        let end = body.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':');
        match end.map(|end| body.split_at(end)) {
            Some((_, after)) if after.starts_with(['m', 'K']) => rest = &after[1..],
            _ => {
                out.push_str(&sequence[..2]);
                rest = body;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_progress_bar_is_shown_as_it_stood_last() {
        let tail = cut(b"\x1b[32mok\x1b[0m\n 1%\r 50%\r100%\nlast", false);
        assert_eq!(tail.lines, ["ok", "… 100%", "last"]);
        assert!(!tail.more);
    }

    #[test]
    fn what_an_editor_drew_is_not_quoted() {
        let note = FULL_SCREEN.trim();
        let text = b"one\r\n\x1b[?1049h\x1b[2J~\x1b[1;1Hx\x1b[?1049l\x1b[mtwo\n\x1b[?47hdead";
        assert_eq!(cut(text, false).lines, ["one", "", note, "two", "", note]);
        let middle = b"\x1b[3;1Hx\x1b[?1049ltwo\n";
        assert_eq!(cut(middle, false).lines, ["", note, "two"]);
        assert_eq!(cut(b"a [?1049h b", false).lines, ["a [?1049h b"]);
    }

    #[test]
    fn only_the_last_lines_are_kept_and_that_is_said() {
        let text: String = (0..100).map(|n| format!("line {n}\n")).collect();
        let tail = cut(text.as_bytes(), false);
        assert_eq!(tail.lines.len(), LINES);
        assert_eq!(tail.lines.last().unwrap(), "line 99");
        assert!(tail.more);
    }

    #[test]
    fn a_link_in_the_place_of_an_output_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(OUTPUT)).unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink("../secret", folder.path().join("output/a.1.b.0")).unwrap();
        assert!(read(folder.path(), "a.1.b.0").is_err());
        assert!(read(folder.path(), "../secret").is_err());
        std::fs::write(folder.path().join("output/a.1.b.1"), "seen\n").unwrap();
        assert_eq!(read(folder.path(), "a.1.b.1").unwrap().lines, ["seen"]);
    }
}

//! What a dry run says would be copied, before the copy and as its proof.

use super::Keys;
use super::line::{Line, Mode};
use crate::kinds::{Obstacle, Question, Reply, Shell};
use crate::probe::{Ask, Mentions, Probe, Scene, Verdict, complaint, one_line};
use crate::template::TemplateError;

/// Counts the changes on the spot and keeps the first twenty: a million file names need not travel.
///
/// A name cannot pretend to be a number: rsync writes a line end in a name as `\#012`, and puts eleven
/// letters and a blank before every name.
const COUNT: &str = r#"awk '
    /^[<>ch.][fdLDS][^ ]* / || /^\*deleting / {
        changes++
        if (/^\*deleting /) deleted++
        if (changes <= 20) print "change " $0
        next
    }
    /^Number of regular files transferred: / { print "files " $NF }
    /^Total transferred file size: / { print "bytes " $(NF - 1) }
    END { print "changes " changes + 0; print "deleted " deleted + 0 }'"#;

/// What the source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Folder,
    File,
}

/// What would be copied.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) source: Source,
    /// Things that differ, attributes of folders among them.
    pub(super) changes: u64,
    pub(super) deleted: u64,
    files: u64,
    pub(super) bytes: u64,
    /// The first changes, as rsync itemizes them.
    pub(super) first: Vec<String>,
}

fn script(line: &Line) -> Result<String, TemplateError> {
    let rsync = line.text(Mode::DryRun)?;
    // The exit code of a pipe is awk's, so rsync's goes around it.
    Ok(format!(
        r#"LC_ALL=C; export LC_ALL
for p in rsync awk; do
    command -v "$p" >/dev/null 2>&1 || {{ echo "$p is not there" >&2; exit 127; }}
done
if [ -d "$RUNSHEET_SOURCE" ]; then echo 'source folder'
elif [ -e "$RUNSHEET_SOURCE" ]; then echo 'source file'
else echo 'source missing'; exit 0; fi
exec 4>&1
code=$({{ {{ {rsync} 3>&- 4>&-
    echo "$?" >&3
}} | {COUNT} >&4 3>&- 4>&-; }} 3>&1)
exit "${{code:-99}}"
"#
    ))
}

/// Asks for a dry run on the machine that copies.
pub(super) fn question(line: &Line) -> Result<Question, TemplateError> {
    Ok(Question {
        at: line.here.clone(),
        shell: Shell::Sh,
        text: script(line)?,
        env: vec![("RUNSHEET_SOURCE".to_owned(), line.source.clone())],
    })
}

impl Report {
    /// Reads the answer.
    pub(super) fn read(line: &Line, reply: &Reply) -> Result<Self, Obstacle> {
        let doing = format!(
            "a dry run from {}:{} to {}",
            line.here,
            line.source,
            line.target_shown()
        );
        if reply.code != 0 {
            let obstacle = Obstacle::new(format!("{doing}: {}", complaint(reply)));
            return Err(match (reply.code, &line.login) {
                (127, _) => obstacle.hint(format!("install rsync on {}", line.here)),
                // Seen with 3.2.7: --mkpath makes no parents for a single file while --dry-run is on.
                (3, _) if reply.stdout.starts_with(b"source file") => obstacle.hint(format!(
                    "make the folder of {} in a step before; a dry run for one file needs it",
                    line.to_path
                )),
                (12 | 255, Some(login)) => obstacle.hint(format!(
                    "rsync must be installed on {}, and the key {} must log in to it; \
                     the step that makes the key comes first",
                    login.to, login.key
                )),
                _ => obstacle,
            });
        }
        match Self::parse(&reply.text()) {
            Some(report) => Ok(report),
            None if reply.stdout.starts_with(b"source missing") => {
                let what = format!("{} is not there on {}", line.source, line.here);
                Err(Obstacle::new(what).hint("was the step before it, which makes it, done?"))
            }
            None => {
                let said = one_line(&reply.stdout);
                Err(Obstacle::new(format!("{doing}: not an answer: {said}")))
            }
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let source = match lines.next()? {
            "source folder" => Source::Folder,
            "source file" => Source::File,
            _ => return None,
        };
        let (mut changes, mut deleted, mut files, mut bytes) = (None, None, None, None);
        let mut first = Vec::new();
        for line in lines {
            let (what, rest) = line.split_once(' ')?;
            let number = || rest.replace(',', "").parse::<u64>().ok();
            match what {
                "change" => first.push(one_line(rest.as_bytes())),
                "changes" => changes = number(),
                "deleted" => deleted = number(),
                "files" => files = number(),
                "bytes" => bytes = number(),
                _ => return None,
            }
        }
        Some(Self {
            source,
            changes: changes?,
            deleted: deleted?,
            files: files?,
            bytes: bytes?,
            first,
        })
    }

    pub(super) fn summary(&self) -> String {
        format!(
            "{} files, {} ({} things differ)",
            self.files,
            amount(self.bytes),
            self.changes
        )
    }

    pub(super) fn listing(&self) -> String {
        let mut text = self.first.join("\n");
        let more = self.changes.saturating_sub(self.first.len() as u64);
        if more > 0 {
            text.push_str(&format!("\n… and {more} more"));
        }
        text
    }
}

/// A number of bytes, exact and as people say it.
pub fn amount(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut size = bytes as f64;
    let mut unit = None;
    for name in UNITS {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = Some(name);
    }
    match unit {
        Some(unit) => format!("{size:.1} {unit} ({bytes} bytes)"),
        None => format!("{bytes} bytes"),
    }
}

/// The proof: a second dry run with the same options finds nothing to copy.
#[derive(Debug)]
pub(super) struct FindsNothing {
    pub(super) keys: Keys,
}

impl Probe for FindsNothing {
    fn kind(&self) -> &'static str {
        "rsync"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let line = Line::new(&self.keys, scene)?;
        let target = line.target_shown();
        Ok(format!("a dry run to {target} finds nothing to copy"))
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        Ok(Ask::Script(question(&Line::new(&self.keys, scene)?)?))
    }

    fn judge(&self, _: &Scene<'_>, reply: &Reply) -> Verdict {
        if reply.code != 0 {
            return Verdict::cannot_say(complaint(reply));
        }
        match Report::parse(&reply.text()) {
            Some(report) if report.changes == 0 => Verdict::yes("nothing differs"),
            Some(report) => {
                let first = report.first.first().map_or("", String::as_str);
                Verdict::no(format!("{} things differ, first {first}", report.changes))
            }
            None => Verdict::cannot_say(format!("not an answer: {}", one_line(&reply.stdout))),
        }
    }

    fn mentions(&self) -> Mentions<'_> {
        self.keys.mentions()
    }
}

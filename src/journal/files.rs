//! The files that the records of a journal commit to.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::OUTPUT;
use super::claim::{Claim, Place};
use super::error::JournalError;
use super::folder::Folder;
use super::hash::Hash;

/// Is how the files of a run compare with what its records say of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// How many times a record commits to a file.
    pub recorded: u64,
    /// Those that do not hold, in the order of the records.
    pub problems: Vec<FileProblem>,
    /// Names in `output/` that no record commits to, sorted; what is not plain ASCII in them is `?`. An
    /// attempt that has not ended has such a file, so they are no problem, but nothing is proved of them.
    pub unrecorded: Vec<String>,
    /// How many files `NAME.times` there are beside a recorded output `NAME`. They say when it came, and no
    /// record commits to them.
    pub times: u64,
}

/// Is one commitment that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// The record's line, counted from 1.
    pub line: u64,
    /// The file, relative to the run's folder; empty when the record does not name one properly.
    pub path: String,
    /// What is wrong.
    pub fault: FileFault,
}

/// Is how a file can differ from what was recorded; lengths are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// The record's own words about the file make no sense.
    Malformed,
    /// It is not there.
    Missing,
    /// It is a link, a folder, a pipe or a device.
    NotAFile,
    /// It has lost bytes.
    Shorter { recorded: u64, found: u64 },
    /// It has gained bytes.
    Longer { recorded: u64, found: u64 },
    /// It is as long as it was, with other bytes in it.
    Different { recorded: Hash, found: Hash },
    /// It could not be read; the text says why.
    Unreadable(String),
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.path.is_empty() {
            write!(f, "{} ", self.path)?;
        }
        match &self.fault {
            FileFault::Malformed => write!(f, "a file's name, length or digest is malformed"),
            FileFault::Missing => write!(f, "is missing"),
            FileFault::NotAFile => write!(f, "is not a regular file"),
            FileFault::Shorter { recorded, found } => {
                write!(f, "is shorter: {found} bytes, recorded {recorded}")
            }
            FileFault::Longer { recorded, found } => {
                write!(f, "is longer: {found} bytes, recorded {recorded}")
            }
            FileFault::Different { recorded, found } => {
                write!(f, "is different: sha256 {found}, recorded {recorded}")
            }
            FileFault::Unreadable(why) => write!(f, "cannot be read: {why}"),
        }
    }
}

/// Compares the files in a run's folder with claims, given with the lines they are on.
pub(super) fn compare(run: &Folder, claims: &[(u64, Claim)]) -> Result<Files, JournalError> {
    let mut files = Files::default();
    let output = match run.folder(OUTPUT) {
        Ok(output) => Some(output),
        // A run that recorded no output has no folder for it; a link in its place counts as none.
        Err(error) if is_absent(&error) => None,
        Err(error) => return Err(JournalError::io("open", &run.path_of(OUTPUT), error)),
    };
    let mut seen = HashMap::new();
    for (line, claim) in claims {
        files.recorded += 1;
        let (path, fault) = match claim {
            Claim::Malformed => (String::new(), Some(FileFault::Malformed)),
            Claim::File {
                place,
                name,
                bytes,
                sha256,
            } => {
                let (folder, path) = match place {
                    Place::Output => (output.as_ref(), format!("{OUTPUT}/{name}")),
                    Place::Run => (Some(run), name.clone()),
                };
                let found = seen
                    .entry((*place, name.as_str()))
                    .or_insert_with(|| look(folder, name));
                (path, difference(found, *bytes, *sha256))
            }
        };
        files.problems.extend(fault.map(|fault| FileProblem {
            line: *line,
            path,
            fault,
        }));
    }
    let recorded: HashSet<&[u8]> = seen
        .keys()
        .filter(|(place, _)| *place == Place::Output)
        .map(|(_, name)| name.as_bytes())
        .collect();
    if let Some(output) = &output {
        for name in output.names()? {
            let name = name.as_bytes();
            if recorded.contains(name) {
                continue;
            }
            match name.strip_suffix(b".times") {
                Some(of) if recorded.contains(of) => files.times += 1,
                _ => files.unrecorded.push(plain(name)),
            }
        }
    }
    Ok(files)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    ) || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Makes a name from a disk safe to show.
fn plain(name: &[u8]) -> String {
    name.iter()
        .map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '?',
        })
        .collect()
}

/// Gives a file's length and digest, or what kept it from being read.
fn look(folder: Option<&Folder>, name: &str) -> Result<(u64, Hash), FileFault> {
    let folder = folder.ok_or(FileFault::Missing)?;
    let unreadable = |error: io::Error| FileFault::Unreadable(error.to_string());
    let mut file = folder.read_file(name).map_err(|error| match error {
        JournalError::NotAFile { .. } => FileFault::NotAFile,
        JournalError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            FileFault::Missing
        }
        error => FileFault::Unreadable(error.to_string()),
    })?;
    let mut sum = Sha256::new();
    let mut length = 0;
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((length, Hash::finish(sum))),
            Ok(read) => {
                sum.update(&piece[..read]);
                length += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

fn difference(
    found: &Result<(u64, Hash), FileFault>,
    recorded: u64,
    sha256: Hash,
) -> Option<FileFault> {
    let (found, digest) = match found {
        Ok((found, digest)) => (*found, *digest),
        Err(fault) => return Some(fault.clone()),
    };
    if found < recorded {
        Some(FileFault::Shorter { recorded, found })
    } else if found > recorded {
        Some(FileFault::Longer { recorded, found })
    } else if digest != sha256 {
        Some(FileFault::Different {
            recorded: sha256,
            found: digest,
        })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::super::{Journal, verify_folder};
    use super::*;

    /// A run whose one record commits to `a` and `b` of three bytes each, and to a runbook.
    fn run() -> TempDir {
        let run = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .expect("a folder");
        let sha256 = Hash::of(b"abc");
        let record = format!(
            r#"{{"copy":{{"copy":"runbook.toml","bytes":3,"sha256":"{sha256}"}},"lanes":[
            {{"file":"a","bytes":3,"sha256":"{sha256}"}},{{"file":"b","bytes":3,"sha256":"{sha256}"}}]}}"#
        )
        .replace('\n', "");
        Journal::create(run.path())
            .and_then(|mut journal| journal.append(record.as_bytes()))
            .expect("recorded");
        fs::create_dir(run.path().join(OUTPUT)).expect("made");
        for name in ["output/a", "output/b", "runbook.toml"] {
            fs::write(run.path().join(name), "abc").expect("written");
        }
        run
    }

    fn problems(run: &TempDir) -> Vec<String> {
        let verdict = verify_folder(run.path(), None).expect("readable");
        let files = verdict.files.clone().expect("looked at");
        assert_eq!(files.recorded, 3);
        assert_eq!(verdict.is_ok(), files.problems.is_empty());
        files.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn files_as_recorded_are_no_problem() {
        assert_eq!(problems(&run()), [""; 0]);
    }

    #[test]
    fn every_way_a_file_can_differ_is_told() {
        let run = run();
        let at = |name: &str| run.path().join(name);
        fs::write(at("output/a"), "ab").expect("written");
        fs::write(at("output/b"), "abcd").expect("written");
        fs::write(at("runbook.toml"), "abd").expect("written");
        let told = problems(&run);
        assert!(told[0].starts_with("line 1: runbook.toml is different: sha256 "));
        assert_eq!(told[1], "line 1: output/a is shorter: 2 bytes, recorded 3");
        assert_eq!(told[2], "line 1: output/b is longer: 4 bytes, recorded 3");

        for name in ["output/a", "output/b", "runbook.toml"] {
            fs::remove_file(at(name)).expect("removed");
        }
        symlink("b", at("output/a")).expect("linked");
        fs::create_dir(at("output/b")).expect("made");
        assert_eq!(
            problems(&run),
            [
                "line 1: runbook.toml is missing",
                "line 1: output/a is not a regular file",
                "line 1: output/b is not a regular file",
            ]
        );

        fs::rename(at("output"), at("elsewhere")).expect("moved");
        symlink("elsewhere", at("output")).expect("linked");
        assert_eq!(problems(&run)[1], "line 1: output/a is missing");
    }

    #[test]
    fn a_pipe_in_place_of_an_output_does_not_hang_the_verifier() {
        let run = run();
        let path = run.path().join("output/a");
        fs::remove_file(&path).expect("removed");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .expect("a pipe");
        assert_eq!(problems(&run), ["line 1: output/a is not a regular file"]);
    }

    #[test]
    fn a_file_no_record_covers_is_told_with_a_harmless_name() {
        let run = run();
        fs::write(run.path().join("output/\u{1b}[31mé"), "").expect("written");
        let verdict = verify_folder(run.path(), None).expect("readable");
        assert!(verdict.is_ok());
        assert_eq!(verdict.files.expect("looked at").unrecorded, ["?[31m??"]);
    }
}

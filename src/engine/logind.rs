//! What systemd-logind is set to do with the processes of a user who logs out: logind.conf(5).
//!
//! It is asked over the bus where that answers, else its files are read as it reads them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Where its files are, the folder that wins first.
const FOLDERS: [&str; 4] = [
    "etc/systemd",
    "run/systemd",
    "usr/local/lib/systemd",
    "usr/lib/systemd",
];

/// Who keeps a user manager without a login: a file for each name.
const LINGER: &str = "var/lib/systemd/linger";

/// How long the bus may take, in seconds.
const PATIENCE: &str = "--timeout=3";

/// Whose processes are killed at logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kills {
    all: bool,
    /// Where it is not empty, theirs and nobody else's, whatever `all` says.
    only: Vec<String>,
    /// Where nobody set it, root.
    except: Option<Vec<String>>,
}

impl Kills {
    /// Whether those of this user are.
    pub fn those_of(&self, name: &str) -> bool {
        let in_list = |list: &[String]| list.iter().any(|known| known == name);
        let excluded = match &self.except {
            Some(names) => in_list(names),
            None => name == "root",
        };
        match self.only.as_slice() {
            _ if excluded => false,
            [] => self.all,
            names => in_list(names),
        }
    }

    /// Asks the system.
    pub fn find() -> Self {
        let files = Self::of_files(Path::new("/"));
        match Self::of_the_bus() {
            // The bus does not tell a list that nobody set from one that was set to be empty.
            Some(bus) if bus.except.as_ref().is_some_and(Vec::is_empty) => Self {
                except: files.except,
                ..bus
            },
            Some(bus) => bus,
            None => files,
        }
    }

    fn of_the_bus() -> Option<Self> {
        let said = bus(&[
            "org/freedesktop/login1",
            "org.freedesktop.login1.Manager",
            "KillUserProcesses",
            "KillOnlyUsers",
            "KillExcludeUsers",
        ])?;
        let mut lines = said.lines();
        Some(Self {
            all: flag(lines.next()?)?,
            only: strings(lines.next()?)?,
            except: Some(strings(lines.next()?)?),
        })
    }

    fn of_files(root: &Path) -> Self {
        // The main file has the defaults that it was built with as comments, which is all there is to see of them.
        let mut kills = Self {
            all: true,
            only: Vec::new(),
            except: None,
        };
        let main = FOLDERS
            .iter()
            .find_map(|folder| fs::read_to_string(root.join(folder).join("logind.conf")).ok());
        if let Some(text) = &main {
            let shown = text.replace("#Kill", "Kill");
            kills.all = Self { ..kills.clone() }.with(&shown).all;
            kills = kills.with(text);
        }
        for file in drop_ins(root) {
            if let Ok(text) = fs::read_to_string(file) {
                kills = kills.with(&text);
            }
        }
        kills
    }

    /// What a file makes of it.
    fn with(mut self, text: &str) -> Self {
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line;
            }
            let Some((key, value)) = line.split_once('=').filter(|_| section == "[Login]") else {
                continue;
            };
            match key.trim() {
                "KillUserProcesses" => self.all = truth(value.trim()).unwrap_or(self.all),
                "KillOnlyUsers" => add(&mut self.only, value),
                "KillExcludeUsers" => add(self.except.get_or_insert_default(), value),
                _ => {}
            }
        }
        self
    }
}

/// Whether a user's manager goes on without a login.
pub(super) fn lingers(uid: u32, name: &str) -> bool {
    let user = format!("org/freedesktop/login1/user/_{uid}");
    let asked = bus(&[&user, "org.freedesktop.login1.User", "Linger"]);
    let said = asked.as_deref().and_then(|said| flag(said.trim()));
    said.unwrap_or_else(|| Path::new("/").join(LINGER).join(name).exists())
}

/// The files beside the main one, in the order in which they count: by name, whatever folder they are in. Of
/// two of the same name, the one in the folder that wins is read.
fn drop_ins(root: &Path) -> Vec<PathBuf> {
    let mut found: BTreeMap<OsString, PathBuf> = BTreeMap::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(root.join(folder).join("logind.conf.d")) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if let Some(name) = path
                .file_name()
                .filter(|_| path.extension() == Some("conf".as_ref()))
            {
                found.entry(name.to_owned()).or_insert(path);
            }
        }
    }
    found.into_values().collect()
}

/// Adds names to a list; none empty it.
fn add(list: &mut Vec<String>, value: &str) {
    match value.trim() {
        "" => list.clear(),
        names => list.extend(names.split_whitespace().map(str::to_owned)),
    }
}

/// systemd.syntax(7): what is a yes and what is a no.
fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

/// Reads properties of an object of logind, one line each; none where nobody answers.
fn bus(words: &[&str]) -> Option<String> {
    let (object, rest) = words.split_first()?;
    let object = format!("/{object}");
    let mut args = vec![PATIENCE, "get-property", "org.freedesktop.login1", &object];
    args.extend(rest);
    duct::cmd("busctl", args)
        .stdin_null()
        .stderr_null()
        .read()
        .ok()
}

/// `b true`, as busctl(1) writes it.
fn flag(line: &str) -> Option<bool> {
    match line.trim() {
        "b true" => Some(true),
        "b false" => Some(false),
        _ => None,
    }
}

/// `as 2 "ana" "ben"`.
fn strings(line: &str) -> Option<Vec<String>> {
    let mut words = line.split_whitespace();
    (words.next()? == "as").then_some(())?;
    words.next()?.parse::<usize>().ok()?;
    Some(
        words
            .map(|word| word.trim_matches('"').to_owned())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and texts of files.
    type Files = &'static [(&'static str, &'static str)];

    fn files(files: Files) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn files_are_read_as_logind_reads_them() {
        // What it is about, the files, and whether ana's and root's processes are killed.
        type Row = (&'static str, Files, bool, bool);
        let table: &[Row] = &[
            ("no file at all: as it is built upstream", &[], true, false),
            (
                "Debian's own file, which shows its defaults as comments",
                &[(
                    "etc/systemd/logind.conf",
                    "[Login]\n#KillUserProcesses=no\n#KillExcludeUsers=root\n",
                )],
                false,
                false,
            ),
            (
                "set in the main file",
                &[(
                    "etc/systemd/logind.conf",
                    "[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n",
                )],
                true,
                false,
            ),
            (
                "another section is another matter",
                &[(
                    "etc/systemd/logind.conf",
                    "[Manager]\nKillUserProcesses=no\n",
                )],
                true,
                false,
            ),
            (
                "a drop-in comes after the main file",
                &[
                    (
                        "etc/systemd/logind.conf",
                        "[Login]\nKillUserProcesses=yes\n",
                    ),
                    (
                        "usr/lib/systemd/logind.conf.d/50-a.conf",
                        "[Login]\nKillUserProcesses=no\n",
                    ),
                ],
                false,
                false,
            ),
            (
                "drop-ins count by their names, not by their folders",
                &[
                    (
                        "etc/systemd/logind.conf.d/10-a.conf",
                        "[Login]\nKillUserProcesses=no\n",
                    ),
                    (
                        "usr/lib/systemd/logind.conf.d/90-b.conf",
                        "[Login]\nKillUserProcesses=on\n",
                    ),
                ],
                true,
                false,
            ),
            (
                "of one name, that of the administrator is read",
                &[
                    (
                        "etc/systemd/logind.conf.d/10-a.conf",
                        "[Login]\nKillUserProcesses=no\n",
                    ),
                    (
                        "usr/lib/systemd/logind.conf.d/10-a.conf",
                        "[Login]\nKillUserProcesses=yes\n",
                    ),
                ],
                false,
                false,
            ),
            (
                "what is no .conf is not read",
                &[(
                    "etc/systemd/logind.conf.d/10-a.conf.old",
                    "[Login]\nKillUserProcesses=no\n",
                )],
                true,
                false,
            ),
            (
                "excluded, and then root is not, unless it is named too",
                &[(
                    "etc/systemd/logind.conf",
                    "[Login]\nKillExcludeUsers=ben ana\n",
                )],
                false,
                true,
            ),
            (
                "only these, which counts for them even where all others are spared",
                &[(
                    "etc/systemd/logind.conf",
                    "[Login]\nKillUserProcesses=no\nKillOnlyUsers=ana\n",
                )],
                true,
                false,
            ),
            (
                "only others",
                &[("etc/systemd/logind.conf", "[Login]\nKillOnlyUsers=ben\n")],
                false,
                false,
            ),
            (
                "only these, and nobody excluded",
                &[(
                    "etc/systemd/logind.conf",
                    "[Login]\nKillOnlyUsers=ana root\nKillExcludeUsers=\n",
                )],
                true,
                true,
            ),
        ];
        for (what, given, ana, root) in table {
            let folder = files(given);
            let kills = Kills::of_files(folder.path());
            assert_eq!(kills.those_of("ana"), *ana, "{what}: {kills:?}");
            assert_eq!(kills.those_of("root"), *root, "{what}: {kills:?}");
        }
    }

    #[test]
    fn what_busctl_prints_is_read() {
        assert_eq!(flag("b true\n"), Some(true));
        assert_eq!(flag("s \"yes\""), None);
        assert_eq!(strings("as 0"), Some(Vec::new()));
        let two = vec!["root".to_owned(), "ana".to_owned()];
        assert_eq!(strings("as 2 \"root\" \"ana\""), Some(two));
        assert_eq!(strings("b true"), None);
    }
}

//! Login sessions whose end would be the end of an engine.
//!
//! There is no logind to log out of here, so its words are played: `busctl` and `systemd-run` are scripts of the
//! test. The place in a login session is real: a cgroup of that name.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::home::{Home, TWO_STEPS};

/// Where the tree of control groups is that systemd keeps.
const TREES: [&str; 2] = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

/// Says what the bus would say, and writes down what it was asked.
const BUSCTL: &str = r#"#!/bin/sh
echo "busctl $*" >>"$0.log"
case $* in
*Linger*) cat "${0%/*}/linger" ;;
*KillUserProcesses*) cat "${0%/*}/kills" ;;
*) exit 1 ;;
esac
"#;

/// Becomes the program, as `systemd-run --scope` does, unless it is told to refuse.
const RUN: &str = r#"#!/bin/sh
echo "systemd-run $*" >>"$0.log"
[ ! -e "${0%/*}/refuses" ] || exit 1
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"#;

/// A session of a user, in the tree of control groups.
struct Session {
    at: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

/// One session at a time: they share the folders above them, and the last to go takes those away.
static ALONE: Mutex<()> = Mutex::new(());

impl Session {
    fn of(uid: u32) -> Result<Self, String> {
        let name = format!("session-runsheet{}.scope", std::process::id());
        let tried = TREES.iter().map(|tree| {
            let at = Path::new(tree).join(format!("user.slice/user-{uid}.slice/{name}"));
            fs::create_dir_all(&at).map_err(|error| format!("{}: {error}", at.display()))?;
            match at.join("cgroup.procs").exists() {
                true => Ok(at),
                false => Err(format!("{}: it has no cgroup.procs", at.display())),
            }
        });
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut why = String::new();
        for found in tried {
            match found {
                Ok(at) => return Ok(Self { at, _alone: alone }),
                Err(error) => why = error,
            }
        }
        Err(why)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Folders of others are not empty, and stay.
        for folder in self.at.ancestors().take(3) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}

/// What is set on the machine that is played.
struct Played<'p> {
    kills: &'p str,
    linger: &'p str,
    refuses: bool,
    /// Whether a person of no rights logs in, and not root.
    person: bool,
}

/// Runs the two steps from a login session; gives what was said, and what the programs were called with. None,
/// and a word about it, where a session cannot be played.
fn walk_in_a_session(played: &Played<'_>) -> Option<(String, String)> {
    let nobody = 65_534;
    let uid = if played.person { nobody } else { 0 };
    let session = match Session::of(uid) {
        Ok(session) => session,
        Err(why) => {
            eprintln!(
                "SKIPPED: a login session could not be played without root and cgroups: {why}"
            );
            return None;
        }
    };
    let mut home = Home::with_two_steps();
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for (name, text) in [("busctl", BUSCTL), ("systemd-run", RUN)] {
        fs::write(bin.join(name), text).unwrap();
        fs::set_permissions(bin.join(name), Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(bin.join("kills"), played.kills).unwrap();
    fs::write(bin.join("linger"), played.linger).unwrap();
    if played.refuses {
        fs::write(bin.join("refuses"), "").unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    home.set("PATH", format!("{}:{path}", bin.display()));
    let drop_rights: &[&str] = match played.person {
        true => &[
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ],
        false => &["env"],
    };
    if played.person {
        let owner = format!("{nobody}:{nobody}");
        let given = Command::new("chown")
            .arg("-R")
            .arg(owner)
            .arg(home.path())
            .status();
        assert!(given.unwrap().success());
    }
    // Its secret goes in on standard input, through whatever stands between.
    let secret = "[params.WORD]\nask = \"A word\"\nkind = \"secret\"\n\n[[phase]]";
    home.write("two.toml", TWO_STEPS.replacen("[[phase]]", secret, 1));
    home.set("RUNSHEET_SECRET_WORD", SECRET);
    let said = home.walk_within(&session.at.join("cgroup.procs"), drop_rights);
    said.expect(0, &["ended, every step is settled"]);
    assert_eq!(home.counted(), (1, 1));
    let log = fs::read_to_string(bin.join("systemd-run.log")).unwrap_or_default();
    assert!(!log.contains(SECRET), "{log}");
    // The engine leaves the session before the session's folder can go.
    drop(home);
    Some((said.err, log))
}

const SECRET: &str = "a-word-for-nobody";

const WARNING: &str = "logging out ends the engine of this run";

#[test]
fn an_engine_is_started_in_a_scope_where_logging_out_would_end_it() {
    let played = Played {
        kills: "b true\nas 0\nas 1 \"ben\"\n",
        linger: "b false\n",
        refuses: false,
        person: false,
    };
    let Some((said, log)) = walk_in_a_session(&played) else {
        return;
    };
    assert!(!said.contains(WARNING), "{said}");
    let engine = log.lines().find(|line| line.contains(" engine "));
    let engine = engine.unwrap_or_else(|| panic!("no engine in a scope:\n{log}"));
    assert!(
        engine.starts_with("systemd-run --scope --quiet --collect -- /"),
        "{engine}"
    );

    let lingering = Played {
        linger: "b true\n",
        person: true,
        ..played
    };
    let (said, log) = walk_in_a_session(&lingering).unwrap();
    assert!(!said.contains(WARNING), "{said}");
    assert!(
        log.contains("systemd-run --user --scope --quiet --collect -- /"),
        "{log}"
    );
}

#[test]
fn where_no_scope_outlives_the_login_that_is_said_before_the_run_begins() {
    let ends = Played {
        kills: "b true\nas 0\nas 0\n",
        linger: "b false\n",
        refuses: false,
        person: true,
    };
    let Some((said, log)) = walk_in_a_session(&ends) else {
        return;
    };
    for words in [WARNING, "runsheet attach", "loginctl enable-linger"] {
        assert!(said.contains(words), "{words}:\n{said}");
    }
    assert_eq!(log, "", "no scope that would end too");

    let refused = Played {
        linger: "b true\n",
        refuses: true,
        ..ends
    };
    let (said, log) = walk_in_a_session(&refused).unwrap();
    assert!(
        said.contains(WARNING) && !log.contains(" engine "),
        "{said}\n{log}"
    );

    // The control: nothing is said and nothing done where logind leaves processes alone.
    let spared = Played {
        kills: "b false\nas 0\nas 0\n",
        ..refused
    };
    let (said, log) = walk_in_a_session(&spared).unwrap();
    assert!(!said.contains(WARNING) && log.is_empty(), "{said}\n{log}");
}

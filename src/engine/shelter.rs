//! Where an engine is to be started so that it lives on when whoever started it logs out.
//!
//! A session of its own (setsid) keeps it from the hang-up of a terminal. It does not keep it from
//! systemd-logind, which may be set to kill all that was started from a login session, and not from the end
//! of a user's manager, which comes with the last logout unless the user lingers: loginctl(1).

use std::ffi::OsString;
use std::process::{Command, Stdio};

use super::logind::{self, Kills};
use super::spawn::Program;

/// Where an engine finds shelter from a logout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelter {
    /// It needs none: no logout ends it where it is started.
    NotNeeded,
    /// In a scope of the system's manager: systemd-run(1).
    System,
    /// In a scope of the user's manager, which goes on without a login.
    User,
    /// Nowhere: logging out ends it.
    Nowhere,
}

/// What a process belongs to, after its cgroup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// To a login session of this user.
    Session(u32),
    /// To what the manager of this user has started.
    Manager(u32),
    /// To neither: a service, a cron job, a system without systemd.
    Elsewhere,
}

impl Place {
    fn of(cgroups: &str) -> Self {
        cgroups
            .lines()
            .filter_map(|line| {
                let mut parts = line.splitn(3, ':').skip(1);
                let (controllers, path) = (parts.next()?, parts.next()?);
                // The tree that systemd keeps: the only one, or the one of that name.
                let kept = controllers.is_empty() || controllers == "name=systemd";
                kept.then(|| Self::of_path(path))
            })
            .find(|place| *place != Place::Elsewhere)
            .unwrap_or(Place::Elsewhere)
    }

    fn of_path(path: &str) -> Self {
        let mut parts = path.split('/').skip_while(|part| *part != "user.slice");
        let mut number = |before: &str, after: &str| {
            let part = parts.find(|part| part.starts_with(before))?;
            part.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
        };
        let Some(uid) = number("user-", ".slice") else {
            return Place::Elsewhere;
        };
        let unit = path.split('/').nth(3).unwrap_or_default();
        match (unit.starts_with("session-"), unit.starts_with("user@")) {
            (true, _) => Place::Session(uid),
            (_, true) => Place::Manager(uid),
            _ => Place::Elsewhere,
        }
    }
}

impl Shelter {
    /// Looks for one, for a program that is started by this process.
    pub fn find() -> Self {
        let cgroups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let place = Place::of(&cgroups);
        let (Place::Session(uid) | Place::Manager(uid)) = place else {
            return Self::NotNeeded;
        };
        // A user without a name is in no list of names either.
        let name = duct::cmd!("id", "-nu", uid.to_string());
        let name = name.stdin_null().stderr_null().read().unwrap_or_default();
        let killed = || Kills::find().those_of(&name);
        let root = rustix::process::geteuid().is_root();
        let wanted = Self::decide(place, root, killed, || logind::lingers(uid, &name));
        match wanted.run_args() {
            Some(args) if !can_run(&args) => Self::Nowhere,
            _ => wanted,
        }
    }

    /// What is best where `place` is; `killed` says whether logind kills what a session of that user leaves,
    /// and `lingers` whether their manager outlives it. Asked only where it matters.
    ///
    /// The manager of a user who does not linger is no shelter: it ends at logout, whatever logind is set to.
    fn decide(
        place: Place,
        root: bool,
        killed: impl FnOnce() -> bool,
        lingers: impl FnOnce() -> bool,
    ) -> Self {
        let ends = match place {
            Place::Session(_) => killed(),
            Place::Manager(_) => true,
            Place::Elsewhere => false,
        };
        match ends {
            false => Self::NotNeeded,
            true if root => Self::System,
            true if lingers() => Self::User,
            true => Self::Nowhere,
        }
    }

    /// The program as it is to be started. Its words stay words: systemd-run(1) passes them on as they are.
    pub fn around(self, program: Program) -> Program {
        match self.run_args() {
            None => program,
            Some(mut args) => {
                args.push(program.path.into_os_string());
                args.extend(program.args);
                Program {
                    path: RUN.into(),
                    args,
                }
            }
        }
    }

    fn run_args(self) -> Option<Vec<OsString>> {
        // With --scope the program replaces systemd-run: it keeps its number and its standard input.
        let scope = ["--scope", "--quiet", "--collect", "--"];
        let whose: &[&str] = match self {
            Self::NotNeeded | Self::Nowhere => return None,
            Self::System => &[],
            Self::User => &["--user"],
        };
        Some(whose.iter().chain(&scope).map(OsString::from).collect())
    }
}

/// The program that starts others in a scope.
const RUN: &str = "systemd-run";

/// Whether a scope can be had now: nothing else shows that a manager answers and lets us.
fn can_run(args: &[OsString]) -> bool {
    let tried = Command::new(RUN)
        .args(args)
        .arg("true")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_process_is_read_from_its_cgroup() {
        let table = [
            (
                "0::/user.slice/user-1000.slice/session-4.scope",
                Place::Session(1000),
            ),
            (
                "0::/user.slice/user-0.slice/session-c2.scope",
                Place::Session(0),
            ),
            (
                "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope",
                Place::Manager(1000),
            ),
            ("0::/system.slice/run-r77.scope", Place::Elsewhere),
            ("0::/system.slice/cron.service", Place::Elsewhere),
            ("0::/", Place::Elsewhere),
            ("", Place::Elsewhere),
            (
                "4:memory:/user.slice/user-7.slice/session-9.scope\n1:name=systemd:/system.slice/ssh.service\n0::/",
                Place::Elsewhere,
            ),
            (
                "1:name=systemd:/user.slice/user-1000.slice/session-4.scope\n0::/",
                Place::Session(1000),
            ),
        ];
        for (cgroups, place) in table {
            assert_eq!(Place::of(cgroups), place, "{cgroups}");
        }
    }

    #[test]
    fn a_shelter_is_chosen_that_outlives_the_login() {
        let (session, manager) = (Place::Session(1000), Place::Manager(1000));
        // place, root, killed at logout, lingers
        let table = [
            (Place::Elsewhere, false, true, false, Shelter::NotNeeded),
            (session, false, false, false, Shelter::NotNeeded),
            (session, true, false, false, Shelter::NotNeeded),
            (session, true, true, false, Shelter::System),
            (session, true, true, true, Shelter::System),
            (session, false, true, true, Shelter::User),
            (session, false, true, false, Shelter::Nowhere),
            (manager, false, false, false, Shelter::Nowhere),
            (manager, false, false, true, Shelter::User),
            (manager, true, false, false, Shelter::System),
        ];
        for (place, root, killed, lingers, shelter) in table {
            let chosen = Shelter::decide(place, root, || killed, || lingers);
            assert_eq!(chosen, shelter, "{place:?} {root} {killed} {lingers}");
        }
    }

    #[test]
    fn the_words_of_the_engine_stand_behind_the_end_of_options() {
        let program = Program {
            path: "/opt/a b/runsheet".into(),
            args: vec!["--user".into(), "engine".into()],
        };
        let words = |shelter: Shelter| {
            let Program { path, args } = shelter.around(program.clone());
            std::iter::once(path.into_os_string())
                .chain(args)
                .map(|word| word.into_string().unwrap())
                .collect::<Vec<_>>()
                .join("|")
        };
        assert_eq!(words(Shelter::Nowhere), "/opt/a b/runsheet|--user|engine");
        assert_eq!(
            words(Shelter::User),
            "systemd-run|--user|--scope|--quiet|--collect|--|/opt/a b/runsheet|--user|engine"
        );
        assert!(words(Shelter::System).starts_with("systemd-run|--scope|"));
    }
}

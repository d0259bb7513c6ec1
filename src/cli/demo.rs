//! `runsheet demo`: the guided tour, in a sandbox of folders that stand for machines.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::args::{Bound, DemoArgs, Seat};
use super::exit::{Advise, Exit};
use super::prepared::prepare;
use super::run::start;
use super::say::Say;
use super::terminal::Shown;
use super::{attach, pick};
use crate::names::RunId;
use crate::paths::{Paths, private_folder};

const RUNBOOK: &str = include_str!("../../assets/demo/move-the-shop.toml");
const RUNBOOK_FILE: &str = "move-the-shop.toml";
const ENVIRONMENTS: &str = include_str!("../../assets/demo/environments.toml");

/// What stands for the sandbox's folder in the environments as they are shipped.
const PLACE: &str = "\"@SANDBOX@\"";

/// The file in a sandbox that names its run.
const RUN: &str = "run";

/// How many files the make-believe shop has, and how long each is, in bytes.
const FILES: u32 = 8;
const LENGTH: usize = 1 << 20;

/// Programs that the tour needs, with the Debian package that has each.
const PROGRAMS: [(&str, &str); 3] = [
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("rsync", "rsync"),
];

const SHOP_CONF: &str = "\
# The old machine's web server.
upstream shop {
    server 127.0.0.1:8080;
}

server {
    listen 80;
    location / {
        proxy_pass http://shop;
    }
}
";

const DIRECTORY: &str = "\
# Which machine has which shop. Ask before you change anything.
shops:
  main:
    ip: 192.0.2.10   # moves tonight
    port: 443
  second:
    ip: 192.0.2.11
    port: 443
";

pub(super) fn demo(args: &DemoArgs, say: &Say) -> anyhow::Result<Exit> {
    need_programs()?;
    let shown = match args.prepare {
        true => None,
        false => Some(Shown::decide(args.plain, say)?),
    };
    let say = &shown.map_or(*say, |shown| say.for_what_is(shown));
    let paths = Paths::of_user()?;
    let demos = paths.demo()?;
    for run in clean_up(&paths, &demos)? {
        say.talk(&format!(
            "an earlier tour is still open; `runsheet attach {run}` comes back to it"
        ));
    }
    let sandbox = make(&demos)?;
    say.talk(&format!(
        "the sandbox of this tour is {}",
        sandbox.display()
    ));
    let Some(shown) = shown else {
        let runbook = sandbox.join(RUNBOOK_FILE);
        say.answer(&format!("{}\n", runbook.display()))?;
        return Ok(Exit::Done);
    };
    let bound = Bound {
        file: sandbox.join(RUNBOOK_FILE),
        env: Some("sandbox".to_owned()),
        set: Vec::new(),
    };
    let prepared = prepare(&bound, say)?;
    let run = start(&prepared, &paths, crate::engine::Before::default(), say)?;
    write(&sandbox.join(RUN), run.as_str().as_bytes())?;
    let seat = Seat {
        name: None,
        watch: false,
        plain: args.plain,
        quiet: args.quiet,
        mouse: args.mouse,
    };
    attach::sit_down(&paths, &run, (&seat, shown), say)
}

fn need_programs() -> anyhow::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there =
        |program: &str| std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    let missing: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_there(program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programs: Vec<&str> = missing.iter().map(|(program, _)| *program).collect();
    let mut packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    Err(anyhow!(
        "the tour needs {}, which is not on this machine",
        programs.join(", ")
    ))
    .hint(format!("as root: apt-get install {}", packages.join(" ")))
}

/// Removes the sandboxes whose runs have ended, and names the runs of those that stay.
fn clean_up(paths: &Paths, demos: &Path) -> anyhow::Result<Vec<RunId>> {
    let listing = || format!("list {}", demos.display());
    let mut open = Vec::new();
    for entry in fs::read_dir(demos).with_context(listing)? {
        let sandbox = entry.with_context(listing)?.path();
        // A sandbox without a run's name is one that nobody got to walk through.
        let run = fs::read_to_string(sandbox.join(RUN))
            .ok()
            .and_then(|text| RunId::new(text).ok());
        let folded = run.map(|run| (pick::fold(paths, &run), run));
        match folded {
            Some((Ok(folded), run)) if folded.ending.is_none() => open.push(run),
            _ => fs::remove_dir_all(&sandbox)
                .with_context(|| format!("remove the sandbox {}", sandbox.display()))?,
        }
    }
    Ok(open)
}

/// Makes a fresh sandbox, private to this user.
fn make(demos: &Path) -> anyhow::Result<PathBuf> {
    let sandbox = tempfile::Builder::new()
        .prefix("tour-")
        .tempdir_in(demos)
        .with_context(|| format!("make a sandbox in {}", demos.display()))?
        .keep();
    for folder in ["old/data", "new/data"] {
        private_folder(&sandbox.join(folder))?;
    }
    for number in 1..=FILES {
        let file = sandbox.join(format!("old/data/orders-{number}.db"));
        write(&file, &noise(number))?;
    }
    write(&sandbox.join("old/open"), b"open\n")?;
    write(&sandbox.join("old/customers"), b"3\n")?;
    write(&sandbox.join("old/shop.conf"), SHOP_CONF.as_bytes())?;
    write(&sandbox.join("new/directory.yml"), DIRECTORY.as_bytes())?;
    write(&sandbox.join(RUNBOOK_FILE), RUNBOOK.as_bytes())?;
    let place = sandbox
        .to_str()
        .ok_or_else(|| anyhow!("{} is not UTF-8", sandbox.display()))
        .hint("set XDG_STATE_HOME to a folder whose name is")?;
    let place = toml::Value::String(place.to_owned()).to_string();
    let environments = ENVIRONMENTS.replace(PLACE, &place);
    write(&sandbox.join("environments.toml"), environments.as_bytes())?;
    Ok(sandbox)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(bytes)
    };
    write().with_context(|| format!("write {}", path.display()))
}

/// Bytes that do not compress, the same each time: xorshift32 (Marsaglia, 2003).
fn noise(seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let mut bytes = Vec::with_capacity(LENGTH);
    while bytes.len() < LENGTH {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::{bind, read_environments, read_runbook};

    #[test]
    fn the_tour_has_no_problem_and_fits_its_sandbox() {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = make(folder.path()).unwrap();
        let (runbook, warnings) = match read_runbook(&sandbox.join(RUNBOOK_FILE)) {
            Ok(read) => read,
            Err(problems) => panic!("{}", told(&problems)),
        };
        assert!(warnings.is_empty(), "{}", told(&warnings));
        let environments = match read_environments(&sandbox.join("environments.toml")) {
            Ok(environments) => environments,
            Err(problems) => panic!("{}", told(&problems)),
        };
        if let Err(problems) = bind(&runbook, &environments, "sandbox") {
            panic!("{}", told(&problems));
        }
    }

    fn told(problems: &[crate::problem::Problem]) -> String {
        problems
            .iter()
            .map(|problem| format!("{problem}\n"))
            .collect()
    }
}

//! The command line of a copy, for the dry run and for the copy itself.

use super::Keys;
use crate::kinds::ssh_login::Login;
use crate::kinds::the_machine;
use crate::names::MachineName;
use crate::probe::{Scene, words};
use crate::template::{Template, TemplateError};

/// A copy with its values in.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) here: MachineName,
    pub(super) source: String,
    pub(super) to_path: String,
    /// How the other machine is reached; none for a copy on this one.
    pub(super) login: Option<Login>,
    options: Vec<String>,
}

/// What a command line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    DryRun,
    Copy,
}

fn absolute(path: &Template, scene: &Scene<'_>) -> Result<String, TemplateError> {
    let path = path.fill(scene.values)?;
    let why = if !path.starts_with('/') {
        // A relative one with a colon in it would be another machine to rsync.
        "is not an absolute path"
    } else if path.split('/').any(|part| part == "..") {
        "has `..` in it"
    } else if path.chars().any(char::is_control) {
        "has a control character in it"
    } else {
        return Ok(path);
    };
    Err(TemplateError::Unsafe {
        name: crate::probe::one_line(path.as_bytes()),
        why,
    })
}

impl Line {
    pub(super) fn new(keys: &Keys, scene: &Scene<'_>) -> Result<Self, TemplateError> {
        let login = match &keys.to {
            None => None,
            Some(to) if the_machine(scene, to.get_ref())? == *scene.here => None,
            Some(to) => {
                let key = keys.key.as_ref().ok_or(TemplateError::Unsafe {
                    name: "key".to_owned(),
                    why: "is missing: a copy to another machine logs in with a key that `ssh-key` made",
                })?;
                let here = scene.here.clone();
                Some(Login::new(scene, here, to.get_ref(), key.get_ref())?)
            }
        };
        let mut options: Vec<String> = Vec::new();
        let mut flag = |on: bool, option: &str| {
            if on {
                options.push(option.to_owned());
            }
        };
        flag(keys.copy_links, "--copy-links");
        flag(keys.checksum, "--checksum");
        flag(keys.delete, "--delete");
        for pattern in &keys.exclude {
            let pattern = pattern.get_ref().fill(scene.values)?;
            options.push(format!("--exclude={pattern}"));
        }
        options.extend(keys.options.iter().map(|option| option.0.clone()));
        Ok(Self {
            here: scene.here.clone(),
            source: absolute(keys.path.get_ref(), scene)?,
            to_path: absolute(keys.to_path.get_ref(), scene)?,
            login,
            options,
        })
    }

    /// The machine that the copy goes to.
    pub(super) fn there(&self) -> &MachineName {
        self.login.as_ref().map_or(&self.here, |login| &login.to)
    }

    pub(super) fn target_shown(&self) -> String {
        match &self.login {
            Some(login) => format!("{}:{}", login.to, self.to_path),
            None => self.to_path.clone(),
        }
    }

    /// The last name of a path; empty for the root.
    pub(super) fn last_name(path: &str) -> &str {
        path.trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default()
    }

    /// The command line, quoted.
    ///
    /// `--protect-args` keeps the other machine's shell away from the path, `--mkpath` makes missing
    /// parents, `--partial` keeps what came over of a file when the link goes. `--no-inc-recursive`
    /// looks at everything first (about 100 bytes of memory a file), because the percentage is
    /// otherwise one of what has been found so far.
    pub(super) fn text(&self, mode: Mode) -> Result<String, TemplateError> {
        let mut all = vec!["rsync".to_owned()];
        let ours: &[&str] = match mode {
            Mode::DryRun => &[
                "--dry-run",
                "--itemize-changes",
                "--stats",
                "--no-human-readable",
            ],
            Mode::Copy => &["--partial", "--info=progress2", "--no-inc-recursive"],
        };
        all.extend(ours.iter().map(|&option| option.to_owned()));
        all.push("--mkpath".to_owned());
        all.extend(self.options.iter().cloned());
        let target = match &self.login {
            None => self.to_path.clone(),
            Some(login) => {
                all.push("--protect-args".to_owned());
                all.push("-e".to_owned());
                all.push(login.ssh());
                match login.address.contains(':') {
                    true => format!("[{}]:{}", login.address, self.to_path),
                    false => format!("{}:{}", login.address, self.to_path),
                }
            }
        };
        all.push("--".to_owned());
        all.push(self.source.clone());
        all.push(target);
        Ok(words(all.iter().map(String::as_str))?)
    }
}

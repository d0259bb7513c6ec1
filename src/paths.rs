//! Where things lie on this machine, after the XDG Base Directory Specification.

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::names::RunId;

/// The folders of one user.
#[derive(Debug, Clone)]
pub struct Paths {
    state: PathBuf,
    runtime: PathBuf,
}

/// Says which folder could not be had, and why.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// The account has no home folder, and nothing else was named.
    #[error("this account has no home folder; set XDG_STATE_HOME to a folder of its own")]
    NoHome,
    /// A folder could not be made or looked at.
    #[error("make the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder is there but somebody else could read it or change it.
    #[error(
        "the folder {} is not private to this account (owner {uid}, mode {mode:o}); \
         run `chmod 0700` on it, or move it away if it is not yours",
        path.display()
    )]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// Who owns it.
        uid: u32,
        /// Its permission bits.
        mode: u32,
    },
}

impl Paths {
    /// The folders of the user who runs this process.
    ///
    /// The state folder is `$XDG_STATE_HOME/runsheet`, usually `~/.local/state/runsheet`. Sockets go to
    /// `$XDG_RUNTIME_DIR/runsheet`; where that variable is unset, as it is for root, under su and under
    /// cron, to `/tmp/runsheet-UID`, which is only used while it is a private folder of this user. The
    /// state folder was not taken for sockets because `sun_path` ends at 108 bytes and homes can be deep.
    pub fn of_user() -> Result<Self, PathError> {
        let dirs = directories::ProjectDirs::from("", "", "runsheet").ok_or(PathError::NoHome)?;
        let state = dirs.state_dir().ok_or(PathError::NoHome)?.to_owned();
        let runtime = match dirs.runtime_dir() {
            Some(runtime) => runtime.to_owned(),
            None => {
                let uid = rustix::process::getuid().as_raw();
                std::env::temp_dir().join(format!("runsheet-{uid}"))
            }
        };
        Ok(Self { state, runtime })
    }

    /// The folders under two given roots, for tests and for a sandbox.
    pub fn under(state: PathBuf, runtime: PathBuf) -> Self {
        Self { state, runtime }
    }

    /// The folder of all runs, made private if it is not there.
    pub fn runs(&self) -> Result<PathBuf, PathError> {
        private_folder(&self.state.join("runs"))
    }

    /// The folder of one run; it is not made here, because only opening a run may make it.
    pub fn run(&self, run: &RunId) -> Result<PathBuf, PathError> {
        Ok(self.runs()?.join(run.as_str()))
    }

    /// The folder of receipts of actions on this machine, made private.
    pub fn spool(&self) -> Result<PathBuf, PathError> {
        private_folder(&self.state.join("spool"))
    }

    /// The folder of the demonstration's sandbox.
    pub fn demo(&self) -> Result<PathBuf, PathError> {
        private_folder(&self.state.join("demo"))
    }

    /// The socket of a run's engine, in a private folder.
    pub fn socket(&self, run: &RunId) -> Result<PathBuf, PathError> {
        // The whole id would be long for sun_path; its last part is random and unique per user.
        Ok(private_folder(&self.runtime)?.join(format!("{run}.sock")))
    }

    /// The folder of ssh control sockets, private and with a short name.
    pub fn links(&self) -> Result<PathBuf, PathError> {
        private_folder(&self.runtime.join("ssh"))
    }

    /// The folder of marks of screens that are up, made private. Terminals go with a logout as it does.
    pub fn screens(&self) -> Result<PathBuf, PathError> {
        private_folder(&self.screens_there())
    }

    /// The same folder where a screen was ever up; none where there is none that is private to this user.
    pub fn screens_if_any(&self) -> Option<PathBuf> {
        let folder = self.screens_there();
        folder.symlink_metadata().ok()?;
        private_folder(&folder).ok()
    }

    fn screens_there(&self) -> PathBuf {
        self.runtime.join("screens")
    }
}

/// Makes a folder of mode 0700 with its parents, or checks that the one there is this user's alone.
pub fn private_folder(path: &Path) -> Result<PathBuf, PathError> {
    let failed = |source| PathError::Folder {
        path: path.to_owned(),
        source,
    };
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    // symlink_metadata: a link put here by somebody else must not lead us into their folder. Asked before it is
    // told that the folder could not be made: of one that cannot be looked at, that says only that it exists.
    let meta = match (std::fs::symlink_metadata(path), made) {
        (_, Err(error)) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(failed(error));
        }
        (Ok(meta), Err(error)) if !meta.is_dir() => return Err(failed(error)),
        (meta, _) => meta.map_err(failed)?,
    };
    let mode = meta.mode() & 0o7777;
    if !meta.is_dir() || meta.uid() != rustix::process::geteuid().as_raw() || mode & 0o077 != 0 {
        return Err(PathError::NotPrivate {
            path: path.to_owned(),
            uid: meta.uid(),
            mode,
        });
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_that_others_can_read_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("a/b");
        private_folder(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(
            private_folder(&folder),
            Err(PathError::NotPrivate { .. })
        ));
    }

    #[test]
    fn a_link_in_the_place_of_a_folder_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let target = temp.path().join("target");
        private_folder(&target).unwrap();
        let link = temp.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(private_folder(&link).is_err());
    }

    #[test]
    fn to_look_for_marks_of_screens_makes_no_folder() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        let paths = Paths::under(at("state"), at("run"));
        assert_eq!(paths.screens_if_any(), None);
        assert!(!at("run").exists());
        assert_eq!(paths.screens().ok(), paths.screens_if_any());
        std::fs::set_permissions(at("run/screens"), std::fs::Permissions::from_mode(0o755))
            .unwrap();
        assert_eq!(paths.screens_if_any(), None, "others could write there");
    }
}

//! The socket of a run's engine.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::UnixListener;

use super::error::EngineError;

/// A bound socket. Dropped, it takes its name away, so that nobody waits at a door without a house.
pub(super) struct Socket {
    listener: Arc<UnixListener>,
    path: PathBuf,
}

impl Socket {
    /// Binds the socket of a run whose journal this process has locked.
    ///
    /// The lock says that no other engine lives, so a socket that is there is one of the dead and is
    /// removed. Without the lock in hand this must not be called.
    ///
    /// # Errors
    ///
    /// A path that is too long for a socket, and a folder that cannot be written.
    pub fn bind(path: &Path) -> Result<Self, EngineError> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(EngineError::io("remove the old socket", path)(error));
            }
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(path).map_err(EngineError::io("bind", path))?;
        // Nobody else gets into the folder, so there is no moment in which the mode matters; it is for
        // the folder that somebody opens later.
        std::fs::set_permissions(path, Permissions::from_mode(0o600))
            .map_err(EngineError::io("set the mode of", path))?;
        Ok(Self {
            listener: Arc::new(listener),
            path: path.to_owned(),
        })
    }

    /// Where connections are taken. The name stays with this.
    pub fn listener(&self) -> Arc<UnixListener> {
        self.listener.clone()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The journal is still locked here, so it is ours; if it has gone already, that is as well.
        let _ = std::fs::remove_file(&self.path);
    }
}

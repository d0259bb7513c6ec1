//! Stops this process by its terminal's key, where somebody can let it go on again.

use std::fs;
use std::io;

use rustix::process::{Pid, Signal, getpgid, getpgrp, getpid, getppid, getsid, kill_process};

/// Stops this process as SIGTSTP does whoever leaves that signal alone: not where no shell waits that could let it go on,
/// as in a window of tmux that runs this program and nothing else. It would stand there for ever.
///
/// # Errors
///
/// The signal cannot be sent.
pub(super) fn stop() -> io::Result<()> {
    match has_a_shell(getppid()) {
        true => Ok(kill_process(getpid(), Signal::STOP)?),
        false => Ok(()),
    }
}

/// Whether the first process above that is of another group is of the same session: what POSIX calls not orphaned.
fn has_a_shell(mut above: Option<Pid>) -> bool {
    let (group, session) = (getpgrp(), getsid(None));
    while let Some(pid) = above {
        if session.is_err() || getsid(Some(pid)) != session {
            return false;
        }
        if getpgid(Some(pid)) != Ok(group) {
            return true;
        }
        above = parent(pid);
    }
    false
}

/// The parent of a process, as proc(5) has it; none where that cannot be read.
fn parent(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name before it may have any character.
    let (_, rest) = stat.rsplit_once(')')?;
    let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
    Pid::from_raw(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_that_of_the_kernel_and_nobody_is_above_the_first_process() {
        assert_eq!(parent(getpid()), getppid());
        assert!(!has_a_shell(None));
        assert_eq!(Pid::from_raw(1).and_then(parent), None);
    }
}

//! Stops this process by its terminal's key, where somebody can let it go on again.

use std::io;

use rustix::process::{Signal, getpid, kill_process};

use crate::tui::stat::Stat;

/// Stops this process as SIGTSTP does whoever leaves that signal alone: not where no shell waits that could let it go on,
/// as in a window of tmux that runs this program and nothing else. It would stand there for ever.
///
/// # Errors
///
/// The signal cannot be sent.
pub(super) fn stop() -> io::Result<()> {
    match has_a_shell(Stat::of("self"), Stat::of) {
        true => Ok(kill_process(getpid(), Signal::STOP)?),
        false => Ok(()),
    }
}

/// Whether the first process above that is of another group is of the same session: what POSIX calls not orphaned.
fn has_a_shell(own: Option<Stat>, of: impl Fn(i32) -> Option<Stat>) -> bool {
    let Some(own) = own else {
        return false;
    };
    let mut above = own.parent;
    while above != 0 {
        let Some(stat) = of(above).filter(|stat| stat.session == own.session) else {
            return false;
        };
        if stat.group != own.group {
            return true;
        }
        above = stat.parent;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn stat(parent: i32, group: i32, session: i32) -> Stat {
        Stat {
            parent,
            group,
            session,
            terminal: 0,
            owner: 0,
            began: 0,
        }
    }

    #[test]
    fn only_a_shell_of_the_same_session_can_let_it_go_on() {
        // The process that started this one is of its job; above it is the shell, above that whoever opened the terminal.
        let of = |pid| match pid {
            30 => Some(stat(20, 40, 20)),
            20 => Some(stat(10, 20, 20)),
            10 => Some(stat(0, 10, 10)),
            _ => None,
        };
        let has = |own| has_a_shell(Some(own), of);
        assert!(has(stat(30, 40, 20)));
        assert!(!has(stat(10, 20, 20)), "the window's own program");
        assert!(!has(stat(0, 0, 0)), "entered from outside");
        assert!(!has(stat(99, 40, 20)), "cannot be read");
        assert!(!has_a_shell(None, of));
    }
}

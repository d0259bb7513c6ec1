//! What the kernel tells of a process, by which a terminal and its jobs can be told apart.

use std::fmt::Display;

/// The number, in proc(5), of the field behind the name: a process's state.
const STATE: usize = 3;

/// What `/proc/PID/stat` tells of a process (proc(5)).
///
/// Not getsid(2) and its like: of a session from outside a container they tell 0, which rustix takes for impossible.
/// Here 0 stands for whoever is outside, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// The device number of its terminal.
    pub(crate) terminal: u64,
    /// The process group that has its terminal.
    pub(crate) owner: i32,
    /// When it began, in clock ticks since the machine did.
    pub(crate) began: u64,
}

impl Stat {
    /// Of a process, by its number or as `self`; none of one that has ended, even if its parent has not heard of that
    /// yet, and where there is no `/proc`.
    pub(crate) fn of(pid: impl Display) -> Option<Self> {
        Self::read(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn read(text: &str) -> Option<Self> {
        // The name, in parentheses, is the program's own choice and may have some itself.
        let (_, fields) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let number = |field: usize| fields.get(field - STATE)?.parse::<i32>().ok();
        if matches!(*fields.first()?, "Z" | "X" | "x") {
            return None;
        }
        Some(Self {
            parent: number(4)?,
            group: number(5)?,
            session: number(6)?,
            // As a signed number, in the manual's own words a bit field.
            terminal: u64::from(number(7)?.cast_unsigned()),
            owner: number(8)?,
            began: fields.get(22 - STATE)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_it_calls_itself() {
        let rest = "1 7 6 34816 5 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 0 0";
        let read = |name: &str| Stat::read(&format!("7 ({name} {rest}"));
        let is = Stat {
            parent: 1,
            group: 7,
            session: 6,
            terminal: 34816,
            owner: 5,
            began: 9876,
        };
        assert_eq!(read("runsheet) S"), Some(is));
        assert_eq!(read("a) Z 1 (b) R").map(|stat| stat.began), Some(9876));
        assert_eq!(read("runsheet) Z"), None, "it has ended");
        for text in ["7 (runsheet) S 1", "7 (runsheet) ", ""] {
            assert_eq!(Stat::read(text), None);
        }
        let own = Stat::of("self").unwrap();
        assert_eq!(Stat::of(std::process::id()), Some(own));
        assert_eq!(Stat::of(0), None, "what is outside of a container");
    }
}

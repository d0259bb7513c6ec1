//! The place that a copy goes to: what is there, how much is free, and what would land where.

use super::dry_run::{Source, amount};
use super::line::Line;
use crate::kinds::{Obstacle, Question, Reply, Shell};
use crate::probe::{complaint, one_line};

/// Looks at the path itself and at the nearest folder above it that is there.
const TEXT: &str = r#"LC_ALL=C; export LC_ALL
p=$RUNSHEET_TARGET
printf 'user %s\n' "$(id -un)"
if [ -d "$p" ]; then echo 'path folder'
elif [ -e "$p" ] || [ -L "$p" ]; then echo 'path file'
else echo 'path absent'; fi
while [ ! -d "$p" ] && [ "$p" != / ]; do
    p=${p%/}
    p=${p%/*}
    p=${p:-/}
done
printf 'nearest %s\n' "$p"
if [ -w "$p" ]; then echo 'writable yes'; else echo 'writable no'; fi
df -P -k "$p" | tail -n 1 | sed 's/^/df /'
"#;

/// What the target's machine answered.
#[derive(Debug)]
pub(super) struct Target {
    path: There,
    pub(super) nearest: String,
    writable: bool,
    /// Free bytes of the file system, as far as `df` told.
    pub(super) free: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Folder,
    File,
    Absent,
}

/// Asks the machine that the copy goes to.
pub(super) fn question(line: &Line) -> Question {
    Question {
        at: line.there().clone(),
        shell: Shell::Sh,
        text: TEXT.to_owned(),
        env: vec![("RUNSHEET_TARGET".to_owned(), line.to_path.clone())],
    }
}

/// The free bytes in the last line of `df -P -k`; the field before the one that ends in `%`, because
/// the name of a file system may have blanks in it.
fn free(line: &str) -> Option<u64> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let capacity = fields.iter().position(|field| {
        field
            .strip_suffix('%')
            .is_some_and(|n| n.parse::<u32>().is_ok())
    })?;
    let kilobytes: u64 = fields.get(capacity.checked_sub(1)?)?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

impl Target {
    /// Reads the answer; the login must be the one that the copy uses.
    pub(super) fn read(line: &Line, reply: &Reply) -> Result<Self, Obstacle> {
        let there = line.there();
        let doing = format!("looking at {} on {there}", line.to_path);
        if reply.code != 0 {
            return Err(Obstacle::new(format!("{doing}: {}", complaint(reply))));
        }
        let text = reply.text();
        let (mut path, mut nearest, mut writable, mut space) = (None, None, None, None);
        for answer in text.lines() {
            match answer.split_once(' ') {
                Some(("user", user)) => {
                    if let Some(login) = line.login.as_ref().filter(|login| login.user != user) {
                        let seen = one_line(user.as_bytes());
                        let what = format!(
                            "the login on {there} is {seen}, but the environment says {}",
                            login.user
                        );
                        return Err(
                            Obstacle::new(what).hint("name the right user in the environment")
                        );
                    }
                }
                Some(("path", "folder")) => path = Some(There::Folder),
                Some(("path", "file")) => path = Some(There::File),
                Some(("path", "absent")) => path = Some(There::Absent),
                Some(("nearest", folder)) => nearest = Some(one_line(folder.as_bytes())),
                Some(("writable", said)) => writable = Some(said == "yes"),
                Some(("df", said)) => space = free(said),
                _ => {}
            }
        }
        match (path, nearest, writable) {
            (Some(path), Some(nearest), Some(writable)) => Ok(Self {
                path,
                nearest,
                writable,
                free: space,
            }),
            _ => {
                let said = one_line(text.as_bytes());
                Err(Obstacle::new(format!("{doing}: not an answer: {said}")))
            }
        }
    }

    /// Says what lands where, after rsync(1), USAGE; refuses a folder inside one of the same name.
    pub(super) fn lands(
        &self,
        line: &Line,
        source: Source,
        nest: bool,
    ) -> Result<String, Obstacle> {
        let (from, to) = (&line.source, line.target_shown());
        let name = Line::last_name(from);
        let target = line.to_path.trim_end_matches('/');
        match source {
            Source::Folder if self.path == There::File => Err(Obstacle::new(format!(
                "{to} is a file, and {from} is a folder"
            ))),
            Source::Folder if from.ends_with('/') => {
                Ok(format!("the contents of {from} go into {to}"))
            }
            Source::Folder if name == Line::last_name(&line.to_path) && !nest => {
                let what = format!("this would make {target}/{name}: {name} inside {name}");
                Err(Obstacle::new(what).hint(format!(
                    "write path = \"{from}/\" to copy the contents, or nest = true if it is meant"
                )))
            }
            Source::Folder => Ok(format!("the folder {from} becomes {target}/{name}")),
            Source::File if self.path == There::Folder || to.ends_with('/') => {
                Ok(format!("the file {from} becomes {target}/{name}"))
            }
            Source::File => Ok(format!("the file {from} becomes {to}")),
        }
    }

    pub(super) fn free_shown(&self) -> String {
        match self.free {
            Some(bytes) => format!("{} around {}", amount(bytes), self.nearest),
            None => "not told".to_owned(),
        }
    }

    /// What an operator should think of: room and rights.
    pub(super) fn warnings(&self, bytes: u64) -> Vec<String> {
        let mut all = Vec::new();
        match self.free {
            Some(free) if free < bytes => all.push(format!(
                "{} would be copied at most, and only {} are free there",
                amount(bytes),
                amount(free)
            )),
            None => all.push("how much is free there is not known".to_owned()),
            Some(_) => {}
        }
        if !self.writable {
            all.push(format!("the login user cannot write in {}", self.nearest));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::free;

    #[test]
    fn free_space_is_read_though_names_have_blanks() {
        let plain = "/dev/sda1 1000 400 600 40% /";
        let blanks = "//nas/my share 1000 400 600 40% /mnt/my share 10% full";
        assert_eq!(free(plain), Some(600 * 1024));
        assert_eq!(free(blanks), Some(600 * 1024));
        assert_eq!(free("df: nothing"), None);
        assert_eq!(free("1% x"), None);
    }
}

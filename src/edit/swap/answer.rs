//! Reads what the reading program answers. All of it is hostile: strict, or refused.

use super::{FileId, FileSeen, LIMIT, Stamp, sha256_hex};
use crate::edit::{EditError, Reason};

/// The type bits of a regular file (inode(7)).
pub(super) const REGULAR: u32 = 0o100_000;

const END: &[u8] = b"\nrunsheet-file-end\n";
const CHANGED: &[u8] = b"\nrunsheet-file-changed\n";

/// Reads the standard output of [`read_program`](super::read_program) for the path it was made for.
///
/// # Errors
///
/// [`Reason::Unsafe`], [`Reason::Missing`] and [`Reason::Host`] for what the program refused, in its
/// words; [`Reason::Changed`] for a file that changed while it was read; [`Reason::Unsupported`] for
/// content that is not UTF-8 or holds a NUL byte; [`Reason::Answer`] for anything else than the
/// answer that was asked for.
pub fn parse_read(path: &str, output: &[u8]) -> Result<FileSeen, EditError> {
    if let Some(rest) = output.strip_prefix(b"runsheet-refused ") {
        return Err(refusal(&String::from_utf8_lossy(rest)));
    }
    let mut lines = Lines { rest: output };
    if lines.next()? != "runsheet-file 1" {
        return Err(garbled("it does not begin as it should")
            .hint("does a login script of the host print something where no terminal is there?"));
    }
    let folder = lines.named("real")?.to_owned();
    let mut via = Vec::new();
    let mut line = lines.next()?;
    while let Some(link) = line.strip_prefix("via ") {
        via.push(link.to_owned());
        line = lines.next()?;
    }
    let folder_id = file_id(
        line.strip_prefix("folder ")
            .ok_or_else(|| garbled("no folder"))?,
    )?;
    let facts: Vec<&str> = lines.named("stat")?.split(' ').collect();
    let [id, owner, raw, links, size] = facts[..] else {
        return Err(garbled("its `stat` line"));
    };
    let (uid, gid) = pair(owner)?;
    let raw = u32::from_str_radix(raw, 16).map_err(|_| garbled("its file type"))?;
    let links: u64 = number(links)?;
    if raw & !0o7777 != REGULAR || links != 1 {
        return Err(EditError::new(
            Reason::Unsafe,
            format!("{path} is not a regular file with one name"),
        ));
    }
    let stamp = Stamp {
        path: path.to_owned(),
        folder,
        via,
        folder_id,
        file_id: file_id(id)?,
        uid,
        gid,
        mode: raw & 0o7777,
        links,
        size: number(size)?,
        sha256: lines.named("sha256")?.to_owned(),
    };
    let length: usize = number(lines.named("content")?)?;
    if !is_digest(&stamp.sha256) || length > LIMIT || stamp.size != length as u64 {
        return Err(garbled("its digest or its size"));
    }
    let content = content(path, lines.rest, length, &stamp.sha256)?;
    Ok(FileSeen { stamp, content })
}

fn content(path: &str, rest: &[u8], length: usize, sha256: &str) -> Result<String, EditError> {
    let changed = || {
        EditError::new(Reason::Changed, format!("{path} changed while it was read"))
            .hint("look again; if it keeps changing, find out who writes it")
    };
    if rest.ends_with(CHANGED) {
        return Err(changed());
    }
    let (bytes, end) = rest
        .split_at_checked(length)
        .ok_or_else(|| garbled("it breaks off"))?;
    if end != END {
        return Err(garbled("it does not end as it should"));
    }
    if sha256_hex(bytes) != sha256 {
        return Err(changed());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        EditError::new(
            Reason::Unsupported,
            format!(
                "{path} is not UTF-8 from byte {} on, in line {line}",
                error.valid_up_to()
            ),
        )
        .hint("edit it by hand, or convert it first")
    })?;
    if let Some(at) = text.find('\0') {
        return Err(EditError::new(
            Reason::Unsupported,
            format!("{path} holds a NUL byte, at byte {at}; it is not a text"),
        ));
    }
    Ok(text.to_owned())
}

fn refusal(rest: &str) -> EditError {
    let Some((kind, what)) = rest
        .strip_suffix('\n')
        .filter(|line| !line.contains('\n'))
        .and_then(|line| line.split_once(' '))
    else {
        return garbled("a refusal that is more or less than one line");
    };
    let (reason, hint) = match kind {
        "link" => (Reason::Unsafe, "name the file that the link leads to"),
        "kind" | "size" => (
            Reason::Unsafe,
            "edits are for configuration files of usual size",
        ),
        "links" => (
            Reason::Unsafe,
            "a rename would part its names; find the others with `find / -samefile`",
        ),
        "missing" => (Reason::Missing, "is the path right, and the host?"),
        "unreadable" => (Reason::Host, "is it readable by the user that logs in?"),
        "tool" => (Reason::Host, "install it, or make this edit by hand"),
        _ => return garbled("a refusal of an unknown kind"),
    };
    EditError::new(reason, what).hint(hint)
}

fn garbled(what: &str) -> EditError {
    EditError::new(
        Reason::Answer,
        format!("the host's answer is not what was asked for: {what}"),
    )
}

pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, EditError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| garbled("a number"))
}

fn pair<T: std::str::FromStr>(text: &str) -> Result<(T, T), EditError> {
    let (one, two) = text.split_once(':').ok_or_else(|| garbled("a pair"))?;
    Ok((number(one)?, number(two)?))
}

fn file_id(text: &str) -> Result<FileId, EditError> {
    let (device, inode) = pair(text)?;
    Ok(FileId { device, inode })
}

/// The lines before the content.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a str, EditError> {
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let end = end.ok_or_else(|| garbled("it breaks off"))?;
        let line = std::str::from_utf8(&self.rest[..end])
            .map_err(|_| garbled("a line that is not UTF-8"))?;
        self.rest = &self.rest[end + 1..];
        Ok(line)
    }

    fn named(&mut self, name: &str) -> Result<&'a str, EditError> {
        self.next()?
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or_else(|| garbled(&format!("no `{name}` where one belongs")))
    }
}

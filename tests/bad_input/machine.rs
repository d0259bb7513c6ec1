//! A folder of a machine as it is, to see that nothing of it changed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Each name with everything that can be known of it but the time it was looked at: bytes, owner, mode, times
/// of its last changes, links, inode.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine(BTreeMap<String, String>);

impl Machine {
    pub fn of(folder: &Path) -> Self {
        let mut all = BTreeMap::from([(".".to_owned(), picture(folder))]);
        let mut folders = vec![folder.to_owned()];
        while let Some(inside) = folders.pop() {
            for entry in fs::read_dir(&inside).unwrap() {
                let path = entry.unwrap().path();
                let meta = fs::symlink_metadata(&path).unwrap();
                let name = path.strip_prefix(folder).unwrap();
                all.insert(name.display().to_string(), picture(&path));
                if meta.is_dir() {
                    folders.push(path);
                }
            }
        }
        Self(all)
    }
}

fn picture(path: &Path) -> String {
    let meta = fs::symlink_metadata(path).unwrap();
    let kind = meta.file_type();
    let bytes = if kind.is_symlink() {
        fs::read_link(path).unwrap().into_os_string()
    } else if kind.is_file() {
        let bytes = fs::read(path).unwrap();
        format!("{}: {}", bytes.len(), bytes.escape_ascii()).into()
    } else if kind.is_fifo() {
        "a pipe".into()
    } else {
        "a folder".into()
    };
    format!(
        "{:o} {}:{} {} names, inode {}, modified {}.{}, changed {}.{}, {bytes:?}",
        meta.mode(),
        meta.uid(),
        meta.gid(),
        meta.nlink(),
        meta.ino(),
        meta.mtime(),
        meta.mtime_nsec(),
        meta.ctime(),
        meta.ctime_nsec(),
    )
}

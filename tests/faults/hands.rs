//! A file with its surroundings, and what the hands of others do to it in one moment each.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use runsheet::edit::swap::{FileId, Stamp, sha256_hex};
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use tempfile::TempDir;

/// What is in the file when it is shown.
pub const OLD: &str = "listen: 80 # old\nname: here";
/// What the edit makes of it.
pub const NEW: &str = "listen: 8080 # new\nname: here";

/// Folders of one try: `conf` has the file, `outside` what nobody may touch, `ready` what hands put in its place.
pub struct World {
    folder: TempDir,
    owner: (u32, u32),
}

/// Everything in a world, by its name: what it is, whose, with which mode, how many names, and what is in it.
#[derive(PartialEq, Eq, Clone)]
pub struct Picture(BTreeMap<String, String>);

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}

impl World {
    /// In memory where that can be had: syncing is not what is tried.
    pub fn new() -> Self {
        let shared = Path::new("/dev/shm");
        let mut builder = tempfile::Builder::new();
        builder.prefix("rs-swap-");
        let folder = match builder.tempdir_in(shared) {
            Ok(folder) => folder,
            Err(_) => builder.tempdir().unwrap(),
        };
        let me = (
            rustix::process::geteuid().as_raw(),
            rustix::process::getegid().as_raw(),
        );
        let owner = if me.0 == 0 { (4321, 1234) } else { me };
        let world = Self { folder, owner };
        for name in ["conf", "spare", "outside", "ready", "ready/folder"] {
            fs::create_dir(world.at(name)).unwrap();
        }
        world.file("conf/site.conf", OLD, 0o640);
        world.file("conf/neighbour", "mine", 0o600);
        world.file("spare/site.conf", OLD, 0o640);
        world.file("outside/victim", OLD, 0o640);
        world.file("outside/other", "not to be touched", 0o640);
        world.file("ready/theirs", "listen: 443 # theirs\n", 0o640);
        world.file("ready/twin", OLD, 0o640);
        world.file("ready/folder/in it", "theirs", 0o640);
        symlink("../outside/victim", world.at("ready/link")).unwrap();
        symlink("nowhere", world.at("ready/dangling")).unwrap();
        symlink("/dev/zero", world.at("ready/endless")).unwrap();
        symlink("outside", world.at("ready/way")).unwrap();
        world.file("outside/site.conf", OLD, 0o640);
        let pipe = world.at("ready/pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o640), 0).unwrap();
        chown(&pipe, Some(owner.0), Some(owner.1)).unwrap();
        world
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn target(&self) -> PathBuf {
        self.at("conf/site.conf")
    }

    /// The file as it is shown.
    pub fn stamp(&self) -> Stamp {
        let id = |meta: &fs::Metadata| FileId {
            device: meta.dev(),
            inode: meta.ino(),
        };
        let target = self.target();
        let meta = fs::metadata(&target).unwrap();
        let folder = fs::canonicalize(self.at("conf")).unwrap();
        Stamp {
            path: target.to_str().unwrap().to_owned(),
            folder_id: id(&fs::metadata(&folder).unwrap()),
            folder: folder.to_str().unwrap().to_owned(),
            via: Vec::new(),
            file_id: id(&meta),
            uid: meta.uid(),
            gid: meta.gid(),
            mode: meta.mode() & 0o7777,
            links: meta.nlink(),
            size: meta.len(),
            sha256: sha256_hex(&fs::read(&target).unwrap()),
        }
    }

    fn file(&self, name: &str, text: &str, mode: u32) {
        let path = self.at(name);
        fs::write(&path, text).unwrap();
        chown(&path, Some(self.owner.0), Some(self.owner.1)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    /// The files outside: which they are, and when anything about them was changed last.
    pub fn outside(&self) -> Vec<(u64, i64, i64)> {
        ["victim", "other", "site.conf"]
            .map(|name| {
                let meta = fs::metadata(self.at("outside").join(name)).unwrap();
                (meta.ino(), meta.ctime(), meta.ctime_nsec())
            })
            .into()
    }

    /// What is there now, all but the backups.
    pub fn picture(&self) -> Picture {
        let mut picture = BTreeMap::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.at(&folder)).unwrap() {
                let entry = entry.unwrap();
                let name = format!("{folder}{}", entry.file_name().to_string_lossy());
                if name == "kept" {
                    continue;
                }
                let meta = fs::symlink_metadata(entry.path()).unwrap();
                let kind = meta.file_type();
                let within = if kind.is_file() {
                    String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned()
                } else if kind.is_symlink() {
                    fs::read_link(entry.path()).unwrap().display().to_string()
                } else {
                    String::new()
                };
                let links = if kind.is_dir() { 0 } else { meta.nlink() };
                let (mode, uid, gid) = (meta.mode(), meta.uid(), meta.gid());
                let what = format!("{mode:o} {uid}:{gid} x{links} {within:?}");
                if kind.is_dir() {
                    folders.push(format!("{name}/"));
                }
                picture.insert(name, what);
            }
        }
        Picture(picture)
    }
}

/// What somebody else does, each in one call of the system, so that it comes before the edit or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    Overwrites,
    Appends,
    ReplacesByTheirs,
    /// The same content, owner and mode in another file: still what was shown.
    ReplacesByATwin,
    OpensToAll,
    SetsUserId,
    GivesAway,
    ReplacesByALink,
    ReplacesByADanglingLink,
    ReplacesByAnEndlessOne,
    ReplacesByAPipe,
    PutsAFolderThere,
    AddsAName,
    Removes,
    RenamesTheFile,
    RenamesTheFolder,
    ExchangesTheFolder,
    PutsALinkForTheFolder,
}

impl Hand {
    /// All that can be tried here; giving away takes root.
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Overwrites,
            Self::Appends,
            Self::ReplacesByTheirs,
            Self::ReplacesByATwin,
            Self::OpensToAll,
            Self::SetsUserId,
            Self::ReplacesByALink,
            Self::ReplacesByADanglingLink,
            Self::ReplacesByAnEndlessOne,
            Self::ReplacesByAPipe,
            Self::PutsAFolderThere,
            Self::AddsAName,
            Self::Removes,
            Self::RenamesTheFile,
            Self::RenamesTheFolder,
            Self::ExchangesTheFolder,
            Self::PutsALinkForTheFolder,
        ];
        match rustix::process::geteuid().is_root() {
            true => all.push(Self::GivesAway),
            false => eprintln!("SKIPPED: another owner can only be tried as root"),
        }
        all
    }

    /// Does it. Gives whether it wrote into a file that had lost its name before: the write was lost, as is
    /// every write into a file that stays open while another takes its name.
    pub fn strikes(self, world: &World) -> bool {
        let target = world.target();
        let rename = |from: &str| fs::rename(world.at(from), &target).unwrap();
        let exchange = |one: &str, two: &str| {
            let (one, two) = (world.at(one), world.at(two));
            renameat_with(CWD, one, CWD, two, RenameFlags::EXCHANGE).unwrap();
        };
        let opened = |append: bool| {
            let mut options = OpenOptions::new();
            match append {
                true => options.append(true).open(&target).unwrap(),
                false => options.write(true).open(&target).unwrap(),
            }
        };
        match self {
            Self::Overwrites => {
                let file = opened(false);
                file.write_all_at(b"THEIRS", 0).unwrap();
                return file.metadata().unwrap().nlink() == 0 || !same(&file, &target);
            }
            Self::Appends => {
                let mut file = opened(true);
                file.write_all(b"\ntheirs").unwrap();
                return file.metadata().unwrap().nlink() == 0 || !same(&file, &target);
            }
            Self::ReplacesByTheirs => rename("ready/theirs"),
            Self::ReplacesByATwin => rename("ready/twin"),
            Self::OpensToAll => {
                fs::set_permissions(&target, Permissions::from_mode(0o666)).unwrap()
            }
            Self::SetsUserId => {
                fs::set_permissions(&target, Permissions::from_mode(0o4755)).unwrap()
            }
            Self::GivesAway => lchown(&target, Some(7), Some(7)).unwrap(),
            Self::ReplacesByALink => rename("ready/link"),
            Self::ReplacesByADanglingLink => rename("ready/dangling"),
            Self::ReplacesByAnEndlessOne => rename("ready/endless"),
            Self::ReplacesByAPipe => rename("ready/pipe"),
            Self::PutsAFolderThere => exchange("ready/folder", "conf/site.conf"),
            Self::AddsAName => fs::hard_link(&target, world.at("ready/name")).unwrap(),
            Self::Removes => fs::remove_file(&target).unwrap(),
            Self::RenamesTheFile => fs::rename(&target, world.at("conf/moved")).unwrap(),
            Self::RenamesTheFolder => fs::rename(world.at("conf"), world.at("away")).unwrap(),
            Self::ExchangesTheFolder => exchange("conf", "spare"),
            Self::PutsALinkForTheFolder => exchange("conf", "ready/way"),
        }
        false
    }
}

fn same(file: &fs::File, path: &Path) -> bool {
    let there = fs::symlink_metadata(path);
    there.is_ok_and(|there| there.ino() == file.metadata().unwrap().ino())
}

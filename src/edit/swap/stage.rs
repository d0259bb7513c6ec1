//! A folder to run the programs in, for real.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::*;

/// The shells to run everything under: `sh`, and busybox where there is one.
pub(super) fn shells() -> Vec<Vec<&'static str>> {
    let mut shells = vec![vec!["sh"]];
    let busybox = Command::new("busybox").args(["sh", "-c", ":"]).status();
    if busybox.is_ok_and(|status| status.success()) {
        shells.push(vec!["busybox", "sh"]);
    } else {
        eprintln!("SKIPPED: no busybox here, the programs ran under sh only");
    }
    shells
}

pub(super) struct Stage {
    _dir: tempfile::TempDir,
    pub(super) root: PathBuf,
    pub(super) shell: Vec<&'static str>,
    /// A folder whose programs go before those of the host; none mostly.
    pub(super) programs: Option<PathBuf>,
}

impl Stage {
    pub(super) fn new(shell: &[&'static str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir(root.join("conf")).unwrap();
        Self {
            root,
            _dir: dir,
            programs: None,
            shell: shell.to_vec(),
        }
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.root.join(name).to_str().unwrap().to_owned()
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.root.join(name), content).unwrap();
        self.path(name)
    }

    /// Runs a program from standard input, as the transport does.
    pub(super) fn run(&self, program: &str) -> Output {
        let mut command = Command::new(self.shell[0]);
        if let Some(folder) = &self.programs {
            let host = std::env::var("PATH").unwrap();
            command.env("PATH", format!("{}:{host}", folder.display()));
        }
        let mut child = command
            .args(&self.shell[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(program.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    pub(super) fn read(&self, path: &str) -> Result<FileSeen, EditError> {
        parse_read(path, &self.run(&read_program(path).unwrap()).stdout)
    }

    pub(super) fn swap(&self, path: &str, content: &str) -> Swap {
        Swap {
            stamp: self.read(path).unwrap().stamp,
            content: content.to_owned(),
            backup: self.path("kept/away/file.1"),
            validate: None,
        }
    }

    pub(super) fn change(&self, program: &str) -> (SwapExit, String) {
        let output = self.run(program);
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let code = output.status.code().unwrap();
        match SwapExit::from_code(code) {
            Some(exit) => (exit, said),
            None => panic!("exit {code}: {said}"),
        }
    }

    pub(super) fn apply(&self, swap: &Swap) -> (SwapExit, String) {
        self.change(&swap_program(swap).unwrap())
    }

    pub(super) fn restore(&self, swap: &Swap) -> (SwapExit, String) {
        self.change(&restore_program(&back(swap)).unwrap())
    }

    /// Puts a shell script before a program of the host, which it can go on to as `"$real"`.
    pub(super) fn wrap(&mut self, program: &str, script: &str) {
        let folder = self.root.join("programs");
        fs::create_dir_all(&folder).unwrap();
        let real = std::env::var("PATH")
            .unwrap()
            .split(':')
            .map(|it| Path::new(it).join(program))
            .find(|it| it.exists())
            .unwrap();
        let text = format!("#!/bin/sh\nreal='{}'\n{script}\n", real.display());
        fs::write(folder.join(program), text).unwrap();
        fs::set_permissions(folder.join(program), fs::Permissions::from_mode(0o755)).unwrap();
        self.programs = Some(folder);
    }

    /// Everything in the file's folder, to see that nothing is left behind.
    pub(super) fn left(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.root.join("conf"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub(super) fn back(swap: &Swap) -> Restore {
    Restore {
        stamp: swap.stamp.clone(),
        expect_sha256: sha256_hex(swap.content.as_bytes()),
        backup: swap.backup.clone(),
        validate: None,
    }
}

pub(super) fn on_each_shell(play: impl Fn(&Stage)) {
    for shell in shells() {
        play(&Stage::new(&shell));
    }
}

pub(super) fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

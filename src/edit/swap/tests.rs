//! The programs, run for real in folders of their own.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;

use super::*;

/// The shells to run everything under: `sh`, and busybox where there is one.
fn shells() -> Vec<Vec<&'static str>> {
    let mut shells = vec![vec!["sh"]];
    let busybox = Command::new("busybox").args(["sh", "-c", ":"]).status();
    if busybox.is_ok_and(|status| status.success()) {
        shells.push(vec!["busybox", "sh"]);
    } else {
        eprintln!("SKIPPED: no busybox here, the programs ran under sh only");
    }
    shells
}

struct Stage {
    _root: tempfile::TempDir,
    root: PathBuf,
    shell: Vec<&'static str>,
}

impl Stage {
    fn new(shell: &[&'static str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir(root.join("conf")).unwrap();
        Self {
            root,
            _root: dir,
            shell: shell.to_vec(),
        }
    }

    fn path(&self, name: &str) -> String {
        self.root.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.root.join(name), content).unwrap();
        self.path(name)
    }

    /// Runs a program from standard input, as the transport does.
    fn run(&self, program: &str) -> Output {
        let mut child = Command::new(self.shell[0])
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

    fn read(&self, path: &str) -> Result<FileSeen, EditError> {
        parse_read(path, &self.run(&read_program(path).unwrap()).stdout)
    }

    fn swap(&self, path: &str, content: &str) -> Swap {
        Swap {
            stamp: self.read(path).unwrap().stamp,
            content: content.to_owned(),
            backup: self.path("kept/away/file.1"),
            validate: None,
        }
    }

    fn change(&self, program: &str) -> (SwapExit, String) {
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

    fn apply(&self, swap: &Swap) -> (SwapExit, String) {
        self.change(&swap_program(swap).unwrap())
    }

    fn restore(&self, swap: &Swap) -> (SwapExit, String) {
        self.change(&restore_program(&back(swap)).unwrap())
    }

    /// Everything in the file's folder, to see that nothing is left behind.
    fn left(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.root.join("conf"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn back(swap: &Swap) -> Restore {
    Restore {
        stamp: swap.stamp.clone(),
        expect_sha256: sha256_hex(swap.content.as_bytes()),
        backup: swap.backup.clone(),
        validate: None,
    }
}

fn on_each_shell(play: impl Fn(&Stage)) {
    for shell in shells() {
        play(&Stage::new(&shell));
    }
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_swap_keeps_owner_and_mode_and_its_restore_gives_the_same_bytes() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old\r\nno final newline");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let root = rustix::process::geteuid().is_root();
        if root {
            std::os::unix::fs::chown(&path, Some(4321), Some(1234)).unwrap();
        } else {
            eprintln!("SKIPPED: another owner can only be tried as root");
        }
        let mut swap = stage.swap(&path, "new\n");
        swap.validate = Some("printf 'fine at %s\\n' \"$(pwd)\"".to_owned());
        assert_eq!(swap.stamp.mode, 0o640);
        let (exit, said) = stage.apply(&swap);
        assert_eq!(exit, SwapExit::Done, "{said}");
        assert!(said.contains("fine at /\n"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
        assert_eq!(mode(&path), 0o640);
        if root {
            let meta = fs::metadata(&path).unwrap();
            assert_eq!((meta.uid(), meta.gid()), (4321, 1234));
        }
        assert_eq!(mode(stage.root.join("kept/away")), 0o700);
        assert_eq!(stage.left(), ["site.conf"]);

        let (exit, said) = stage.apply(&swap);
        assert_eq!(exit, SwapExit::Already, "{said}");
        let (exit, said) = stage.restore(&swap);
        assert_eq!(exit, SwapExit::Done, "{said}");
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "old\r\nno final newline"
        );
        assert_eq!(stage.read(&path).unwrap().stamp.owner(), swap.stamp.owner());
        assert_eq!(mode(&path), 0o640);
        assert_eq!(stage.restore(&swap).0, SwapExit::Already);
        assert_eq!(stage.left(), ["site.conf"]);
    });
}

#[test]
fn a_file_that_changed_since_it_was_shown_is_left_alone() {
    type Hand = fn(&Stage, &str);
    let hands: [(&str, Hand, SwapExit); 7] = [
        (
            "content",
            |_, path| fs::write(path, "theirs").unwrap(),
            SwapExit::Changed,
        ),
        (
            "mode",
            |_, path| fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap(),
            SwapExit::Changed,
        ),
        (
            "gone",
            |_, path| fs::remove_file(path).unwrap(),
            SwapExit::Changed,
        ),
        (
            "link",
            |stage, path| {
                fs::rename(path, stage.path("conf/real")).unwrap();
                symlink(stage.path("conf/real"), path).unwrap();
            },
            SwapExit::Unsafe,
        ),
        (
            "hard link",
            |stage, path| fs::hard_link(path, stage.path("other")).unwrap(),
            SwapExit::Unsafe,
        ),
        (
            "folder in its place",
            |_, path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            },
            SwapExit::Unsafe,
        ),
        (
            "another folder with the same file",
            |stage, path| {
                let content = fs::read(path).unwrap();
                fs::rename(stage.path("conf"), stage.path("moved")).unwrap();
                fs::create_dir(stage.path("conf")).unwrap();
                fs::write(path, content).unwrap();
            },
            SwapExit::Changed,
        ),
    ];
    on_each_shell(|stage| {
        for (name, hand, expected) in hands {
            let stage = Stage::new(&stage.shell);
            let path = stage.write("conf/site.conf", "old");
            let swap = stage.swap(&path, "new");
            hand(&stage, &path);
            let (exit, said) = stage.apply(&swap);
            assert_eq!(exit, expected, "{name}: {said}");
            assert_ne!(fs::read(&path).unwrap_or_default(), b"new", "{name}");
            assert!(!stage.root.join("kept").exists(), "{name}");
            assert!(stage.left().iter().all(|it| !it.starts_with('.')), "{name}");
        }
    });
}

#[test]
fn a_swap_whose_validation_fails_is_taken_back() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old");
        for (validate, word) in [
            ("echo no good; exit 3", "exit 3"),
            ("if", "validate: exit"),
            ("cd / && kill -9 $(sh -c 'echo $PPID')", "validate: exit"),
        ] {
            let mut swap = stage.swap(&path, "new");
            swap.backup = stage.path(&format!("kept/{}", validate.len()));
            swap.validate = Some(validate.to_owned());
            let (exit, said) = stage.apply(&swap);
            assert_eq!(exit, SwapExit::Restored, "{validate}: {said}");
            assert!(said.contains(word), "{said}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
            assert_eq!(stage.left(), ["site.conf"]);
        }
    });
}

#[test]
fn what_somebody_else_wrote_during_the_validation_is_not_taken_back() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old");
        let mut swap = stage.swap(&path, "new");
        swap.validate = Some(format!("printf theirs > '{path}'; false"));
        let (exit, said) = stage.apply(&swap);
        assert_eq!(exit, SwapExit::NotRestored, "{said}");
        assert!(said.contains("By hand: cp -p"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    });
}

#[test]
fn a_swap_without_a_safe_backup_changes_nothing() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old");
        let elsewhere = |backup: String| Swap {
            backup,
            ..stage.swap(&path, "new")
        };
        fs::create_dir(stage.path("kept")).unwrap();
        stage.write("kept/taken", "somebody's");
        stage.write("plain", "a file where a folder should be");
        symlink(stage.path("kept"), stage.path("linked")).unwrap();
        symlink(stage.path("conf"), stage.path("inside")).unwrap();
        for backup in ["kept/taken", "plain/x", "linked/x", "inside/deep/x"] {
            let (exit, said) = stage.apply(&elsewhere(stage.path(backup)));
            assert_eq!(exit, SwapExit::NoBackup, "{backup}: {said}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        }
        assert_eq!(
            fs::read_to_string(stage.path("kept/taken")).unwrap(),
            "somebody's"
        );
        let inside = elsewhere(stage.path("conf/x"));
        assert_eq!(swap_program(&inside).unwrap_err().reason(), Reason::Request);
    });
}

#[test]
fn a_restore_wants_the_edit_untouched_and_the_backup_whole() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old");
        let swap = stage.swap(&path, "new");
        assert_eq!(stage.apply(&swap).0, SwapExit::Done);
        fs::write(&swap.backup, "not what was kept").unwrap();
        assert_eq!(stage.restore(&swap).0, SwapExit::NoBackup);
        fs::remove_file(&swap.backup).unwrap();
        assert_eq!(stage.restore(&swap).0, SwapExit::NoBackup);
        fs::write(&swap.backup, "old").unwrap();
        fs::write(&path, "edited since").unwrap();
        assert_eq!(stage.restore(&swap).0, SwapExit::Changed);
        assert_eq!(fs::read_to_string(&path).unwrap(), "edited since");
        fs::write(&path, "new").unwrap();
        let unsound = Restore {
            validate: Some("false".to_owned()),
            ..back(&swap)
        };
        let (exit, said) = stage.change(&restore_program(&unsound).unwrap());
        assert_eq!(exit, SwapExit::RestoredUnsound, "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    });
}

#[test]
fn reading_refuses_by_name_what_an_edit_must_not_touch() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "text\n");
        symlink(&path, stage.path("conf/link")).unwrap();
        stage.write("conf/hard", "x");
        fs::hard_link(stage.path("conf/hard"), stage.path("conf/twin")).unwrap();
        stage.write("conf/large", vec![b'a'; LIMIT + 1]);
        stage.write("conf/latin", b"caf\xe9\n");
        stage.write("conf/nul", b"a\0b");
        for (name, reason, word) in [
            ("conf/link", Reason::Unsafe, "symbolic link"),
            ("conf/hard", Reason::Unsafe, "2 names"),
            ("conf/large", Reason::Unsafe, "4194305 bytes"),
            ("conf", Reason::Unsafe, "not a regular file"),
            ("conf/none", Reason::Missing, "not there"),
            ("none/none", Reason::Missing, "cannot enter"),
            ("conf/latin", Reason::Unsupported, "line 1"),
            ("conf/nul", Reason::Unsupported, "NUL"),
        ] {
            let error = stage.read(&stage.path(name)).unwrap_err();
            assert_eq!(error.reason(), reason, "{name}: {error}");
            assert!(error.what().contains(word), "{name}: {error}");
        }
    });
}

#[test]
fn a_folder_reached_through_a_link_is_told_and_resolved() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "text\n");
        symlink(stage.path("conf"), stage.path("way")).unwrap();
        let seen = stage.read(&stage.path("way/site.conf")).unwrap();
        assert_eq!(seen.stamp.via, [stage.path("way")]);
        assert_eq!(seen.stamp.folder, stage.path("conf"));
        let swap = stage.swap(&stage.path("way/site.conf"), "new");
        fs::remove_file(stage.path("way")).unwrap();
        fs::create_dir(stage.path("way")).unwrap();
        stage.write("way/site.conf", "text\n");
        assert_eq!(stage.apply(&swap).0, SwapExit::Changed);
        assert_eq!(fs::read_to_string(path).unwrap(), "text\n");
    });
}

#[test]
fn hostile_names_and_content_arrive_byte_for_byte() {
    const NASTY: [&str; 12] = [
        "-rf",
        "it's; $(touch owned) `touch owned`",
        "\\n \\\\ %s %d",
        "*?[a] {a,b} ~",
        "\"double\" $HOME ${x:-y}",
        "a b  c",
        "é Á 漢 \u{1f980} \u{81}\u{88}".trim_ascii(),
        "#",
        "!!",
        "'''",
        "=x",
        "EOF",
    ];
    on_each_shell(|stage| {
        for name in NASTY {
            let plain: String = name.chars().filter(|it| !it.is_control()).collect();
            let path = stage.write(&format!("conf/{plain}"), name);
            for content in NASTY {
                let content = format!("{content}\r\n\t{name}\n\n{content}");
                let mut swap = stage.swap(&path, &content);
                swap.backup = stage.path(&format!("kept $(x) 'q'/{plain}"));
                let (exit, said) = stage.apply(&swap);
                assert_eq!(exit, SwapExit::Done, "{name} {content}: {said}");
                assert_eq!(fs::read_to_string(&path).unwrap(), content);
                assert_eq!(stage.restore(&swap).0, SwapExit::Done);
                assert_eq!(fs::read_to_string(&path).unwrap(), name);
                fs::remove_file(&swap.backup).unwrap();
            }
            fs::remove_file(path).unwrap();
        }
        assert!(stage.left().is_empty(), "{:?}", stage.left());
    });
}

#[test]
fn a_cut_program_runs_nothing() {
    let stage = Stage::new(&["sh"]);
    let path = stage.write("conf/site.conf", "old");
    let program = swap_program(&stage.swap(&path, "new")).unwrap();
    for cut in (0..program.len() - "runsheet_edit </dev/null\n".len()).step_by(97) {
        stage.run(&program[..cut]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert!(!stage.root.join("kept").exists());
    }
}

#[test]
fn a_file_of_the_largest_size_is_swapped() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "é\n".repeat(LIMIT / 3));
        let seen = stage.read(&path).unwrap();
        let content = "'x\n".repeat(LIMIT / 3);
        let swap = stage.swap(&path, &content);
        assert_eq!(stage.apply(&swap).0, SwapExit::Done);
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
        assert_eq!(stage.restore(&swap).0, SwapExit::Done);
        assert_eq!(fs::read_to_string(&path).unwrap(), seen.content);
    });
}

#[test]
fn paths_that_are_not_plain_are_refused() {
    for path in [
        "", "etc/x", "/", "//x", "/a/../b", "/a/./b", "/a/", "/a\nb", "/a\0b", "-x",
    ] {
        let error = read_program(path).unwrap_err();
        assert_eq!(error.reason(), Reason::Request, "{path:?}");
    }
}

#[test]
fn a_forged_answer_is_refused() {
    let stage = Stage::new(&["sh"]);
    let path = stage.write("conf/site.conf", "text\n");
    let good = stage.run(&read_program(&path).unwrap()).stdout;
    let good = String::from_utf8(good).unwrap();
    assert!(parse_read(&path, good.as_bytes()).is_ok());
    for (find, replace) in [
        ("runsheet-file 1", "Welcome!\nrunsheet-file 1"),
        ("content 5", "content 4"),
        ("content 5", "content +5"),
        ("content 5", "content 99999999999999999999"),
        ("text\n", "TEXT\n"),
        ("-end\n", "-end\nmore"),
        ("-end\n", "-changed\n"),
        ("sha256 ", "sha256 0"),
        (" 81", " a1"),
        ("folder ", "folder x"),
    ] {
        let forged = good.replacen(find, replace, 1);
        assert_ne!(forged, good, "{find}");
        assert!(
            parse_read(&path, forged.as_bytes()).is_err(),
            "{find} {replace}"
        );
    }
    for cut in 0..good.len() {
        assert!(parse_read(&path, &good.as_bytes()[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn each_exit_code_is_read_back() {
    for exit in SwapExit::ALL {
        assert_eq!(SwapExit::from_code(exit.code()), Some(exit));
    }
    assert_eq!(SwapExit::from_code(1), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_swapped_and_restored_is_as_it_was(
        old in "(?s)[^\0]{0,80}",
        new in "(?s)[^\0]{0,80}",
        mode in 0o400_u32..0o1000,
    ) {
        prop_assume!(old != new);
        let stage = Stage::new(&["sh"]);
        let path = stage.write("conf/file", &old);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode | 0o400)).unwrap();
        let seen = stage.read(&path).unwrap();
        prop_assert_eq!(&seen.content, &old);
        let swap = stage.swap(&path, &new);
        prop_assert_eq!(stage.apply(&swap).0, SwapExit::Done);
        prop_assert_eq!(fs::read(&path).unwrap(), new.as_bytes());
        prop_assert_eq!(stage.restore(&swap).0, SwapExit::Done);
        prop_assert_eq!(fs::read(&path).unwrap(), old.as_bytes());
        prop_assert_eq!(stage.read(&path).unwrap().stamp.mode, mode | 0o400);
    }

    #[test]
    fn an_answer_of_any_bytes_is_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(parse_read("/x", &bytes).is_err());
        let framed = [b"runsheet-file 1\nreal /\n".as_slice(), &bytes].concat();
        prop_assert!(parse_read("/x", &framed).is_err());
    }
}
